//! Two moderators, each with a data file, and someone on the server change the same hats for a while. In the end, both
//! files and the server are equal, and no acknowledged change is lost: its value is there, or a later change replaced
//! it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::at_once::open_screen;
use super::following::wait_for;
use super::site::Site;
use super::state::{Member, Titles};
use super::{ANA, ROOM, some_kinds};
use crate::pool::on_each;
use crate::server::{Kind, Server};

const USERS: usize = 4;
const HATS: usize = 3;
/// The pause between two changes on the server.
const PAUSE: Duration = Duration::from_millis(150);

/// How long changes are made.
fn duration() -> Duration {
    let is_long = std::env::var_os("HATRACK_LONG").is_some();
    Duration::from_secs(if is_long { 60 } else { 20 })
}

/// A user and a hat of the user.
type UserHat = (String, String);

/// A change of a user's hat to this title, or its removal.
#[derive(Debug, Clone)]
struct Change {
    hat: UserHat,
    title: Option<String>,
    began: Instant,
    /// When the change was acknowledged; `None` if it was not, or if it was only saved and may be sent later.
    acknowledged: Option<Instant>,
}

/// A generator of pseudo-random numbers, which are the same in each run.
struct Numbers(u64);

impl Numbers {
    /// Returns a number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// The changes of one writer.
struct Changes {
    writer: &'static str,
    kind: Kind,
    numbers: Numbers,
    all: Vec<Change>,
}

impl Changes {
    fn new(kind: Kind, writer: &'static str, seed: u64) -> Self {
        let (numbers, all) = (Numbers(seed), Vec::new());
        Self {
            writer,
            kind,
            numbers,
            all,
        }
    }

    /// Chooses the next change: the hat, and its new title or its removal.
    fn next(&mut self) -> (UserHat, Option<String>) {
        let hat = (
            format!("u{}@localhost", self.numbers.below(USERS)),
            format!("urn:x:{}", self.numbers.below(HATS)),
        );
        let title = match self.kind {
            // The title is in the catalog, so it is the same for all users.
            Kind::Ejabberd26 => hat.1.clone(),
            _ => format!("{} {}", self.writer, self.numbers.0),
        };
        let removes = self.numbers.below(3) == 0;
        (hat, (!removes).then_some(title))
    }

    /// Notes a change that was made or saved.
    fn note(&mut self, hat: UserHat, title: Option<String>, began: Instant, is_acknowledged: bool) {
        let acknowledged = is_acknowledged.then(Instant::now);
        self.all.push(Change {
            hat,
            title,
            began,
            acknowledged,
        });
    }
}

/// Makes changes with commands of hatrack until `is_over`.
fn moderate(site: &Site, mut changes: Changes, is_over: &AtomicBool) -> Vec<Change> {
    while !is_over.load(Ordering::SeqCst) {
        let (hat, title) = changes.next();
        let began = Instant::now();
        let output = match &title {
            Some(title) => site.run(&["add", ROOM, &hat.0, &hat.1, "--title", title, "--active"]),
            None => site.run(&["remove", ROOM, &hat.0, &hat.1]),
        };
        assert!([0, 1, 5, 7].contains(&output.code), "{output:?}");
        let is_sent = output.out.contains("Sent ");
        if output.code == 5 {
            // Someone else changed the hat meanwhile.
            resolve_with_server_state(site);
        } else if is_sent || output.code == 7 {
            changes.note(hat, title, began, is_sent && output.code == 0);
        }
    }
    changes.all
}

fn resolve_with_server_state(site: &Site) {
    site.run_ok(&["pull", "--replace", ROOM]);
}

/// Makes changes on the server, without hatrack, until `is_over`.
fn change_on_server(server: &Server, mut changes: Changes, is_over: &AtomicBool) -> Vec<Change> {
    while !is_over.load(Ordering::SeqCst) {
        let (hat, title) = changes.next();
        let began = Instant::now();
        match &title {
            Some(title) => server.add_hats(ROOM, &hat.0, &[(&hat.1, title)]),
            None => server.remove_hats(ROOM, &hat.0, &[&hat.1]),
        }
        changes.note(hat, title, began, true);
        std::thread::sleep(PAUSE);
    }
    changes.all
}

/// The titles of all hats of the users that are changed.
fn hats(kind: Kind, mut of_user: impl FnMut(&str) -> Titles) -> BTreeMap<UserHat, String> {
    let mut hats = BTreeMap::new();
    for user in (0..USERS).map(|number| format!("u{number}@localhost")) {
        for (id, title) in of_user(&user) {
            // With a catalog, the title is always the same (see `Changes::next`), but the file's catalog may lack it.
            let title = if kind == Kind::Ejabberd26 {
                id.clone()
            } else {
                title
            };
            hats.insert((user.clone(), id), title);
        }
    }
    hats
}

/// Asserts that each hat has the value of a change that no acknowledged change replaced: none began after the change
/// was acknowledged.
fn assert_no_acknowledged_change_is_lost(all: &[Change], now: &BTreeMap<UserHat, String>) {
    let hats: BTreeSet<&UserHat> = all.iter().map(|change| &change.hat).chain(now.keys()).collect();
    for hat in hats {
        let of_hat = || all.iter().filter(|change| change.hat == *hat);
        let title = now.get(hat);
        let mut with_this_value = of_hat().filter(|change| change.title.as_ref() == title);
        let is_last = |change: &Change| {
            let mut acknowledged = of_hat().filter(|other| other.acknowledged.is_some());
            acknowledged.all(|other| change.acknowledged.is_none_or(|at| other.began <= at))
        };
        let was_never_there = title.is_none() && of_hat().all(|change| change.acknowledged.is_none());
        assert!(
            was_never_there || with_this_value.any(is_last),
            "{hat:?} is {title:?} after {:#?}",
            of_hat().collect::<Vec<_>>()
        );
    }
}

#[test]
fn two_data_files_and_the_server_agree_in_the_end() {
    on_each(some_kinds(), |server| {
        let mut names: Vec<String> = (0..USERS).map(|number| format!("u{number}@localhost")).collect();
        // These users keep their hats, so that removals of all other hats are not held back as those of a whole room.
        names.extend((0..3).map(|number| format!("still{number}@localhost")));
        let mut members: Vec<Member<'_>> = names
            .iter()
            .map(|name| (name.as_str(), "member", &[][..]))
            .collect();
        for member in &mut members[USERS..] {
            member.2 = &[("urn:x:still", "Still")];
        }
        members.push((ANA, "owner", &[]));
        server.create_room(ROOM, &members);
        let sites = [Site::send_at_once(server), Site::send_at_once(server)];
        let mut screens = sites.each_ref().map(|site| {
            site.run_ok(&["pull"]);
            open_screen(site)
        });
        let is_over = AtomicBool::new(false);
        let kind = server.kind;
        let [one, other] = &sites;
        let all: Vec<Change> = std::thread::scope(|scope| {
            let (server, is_over): (&Server, _) = (server, &is_over);
            let one = scope.spawn(move || moderate(one, Changes::new(kind, "one", 1), is_over));
            let other = scope.spawn(move || moderate(other, Changes::new(kind, "other", 2), is_over));
            let there =
                scope.spawn(move || change_on_server(server, Changes::new(kind, "there", 3), is_over));
            std::thread::sleep(duration());
            is_over.store(true, Ordering::SeqCst);
            let writers = [one, other, there].into_iter();
            writers.flat_map(|writer| writer.join().unwrap()).collect()
        });
        let of_server = || {
            let mut all = server.all_hats(ROOM);
            hats(kind, |user| all.remove(user).unwrap_or_default())
        };
        let of_file = |site: &Site| hats(kind, |user| site.titles(ROOM, user));
        // The screens follow the room, so the files become equal to the server without a command.
        for site in &sites {
            wait_for("a file differs from the server", || of_file(site) == of_server());
        }
        let there = of_server();
        for stage in &mut screens {
            stage.press("q");
            assert_eq!(stage.end(), 0);
        }
        for site in &sites {
            site.run_ok(&["plan"]).prints("No differences in 1 room");
            assert_eq!(of_file(site), there);
        }
        assert_eq!(of_server(), there);
        let acknowledged = all.iter().filter(|change| change.acknowledged.is_some()).count();
        println!("{kind:?}: {} changes, {acknowledged} acknowledged", all.len());
        assert!(
            acknowledged > 20,
            "{acknowledged} changes are too few to prove anything"
        );
        assert_no_acknowledged_change_is_lost(&all, &there);
    });
}
