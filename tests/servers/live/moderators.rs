//! Two moderators with a data file each, and somebody on the server itself, change the same hats for a while. Then all agree,
//! and no acknowledged change is lost: it is there, or another one came after it.

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
/// The pause between two changes by somebody on the server.
const PAUSE: Duration = Duration::from_millis(150);

fn how_long() -> Duration {
    let is_long = std::env::var_os("HATRACK_LONG").is_some();
    Duration::from_secs(if is_long { 60 } else { 20 })
}

/// A user and a hat.
type Of = (String, String);

/// A change of a user's hat to this title, or its removal.
#[derive(Debug, Clone)]
struct Change {
    of: Of,
    title: Option<String>,
    began: Instant,
    /// When it was acknowledged. `None`: it was not, or it was saved and may be sent later.
    acknowledged: Option<Instant>,
}

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// What somebody changes, and as what.
struct Changes {
    who: &'static str,
    kind: Kind,
    numbers: Numbers,
    all: Vec<Change>,
}

impl Changes {
    fn of(kind: Kind, who: &'static str, seed: u64) -> Self {
        let (numbers, all) = (Numbers(seed), Vec::new());
        Self {
            who,
            kind,
            numbers,
            all,
        }
    }

    fn next(&mut self) -> (Of, Option<String>) {
        let of = (
            format!("u{}@localhost", self.numbers.below(USERS)),
            format!("urn:x:{}", self.numbers.below(HATS)),
        );
        let title = match self.kind {
            // The title is that of the catalog.
            Kind::Ejabberd26 => of.1.clone(),
            _ => format!("{} {}", self.who, self.numbers.0),
        };
        let removes = self.numbers.below(3) == 0;
        (of, (!removes).then_some(title))
    }

    fn note(&mut self, of: Of, title: Option<String>, began: Instant, is_acknowledged: bool) {
        let acknowledged = is_acknowledged.then(Instant::now);
        self.all.push(Change {
            of,
            title,
            began,
            acknowledged,
        });
    }
}

/// A moderator's commands, until it is over.
fn moderate(site: &Site, mut changes: Changes, is_over: &AtomicBool) -> Vec<Change> {
    while !is_over.load(Ordering::SeqCst) {
        let (of, title) = changes.next();
        let began = Instant::now();
        let ran = match &title {
            Some(title) => site.run(&["add", ROOM, &of.0, &of.1, "--title", title, "--active"]),
            None => site.run(&["remove", ROOM, &of.0, &of.1]),
        };
        assert!([0, 1, 5, 7].contains(&ran.code), "{ran:?}");
        let is_sent = ran.out.contains("Sent ");
        if ran.code == 5 {
            // Others changed it meanwhile.
            take_theirs(site);
        } else if is_sent || ran.code == 7 {
            changes.note(of, title, began, is_sent && ran.code == 0);
        }
    }
    changes.all
}

fn take_theirs(site: &Site) {
    site.run_ok(&["pull", "--replace", ROOM]);
}

/// Changes by the server's own means.
fn change_there(server: &Server, mut changes: Changes, is_over: &AtomicBool) -> Vec<Change> {
    while !is_over.load(Ordering::SeqCst) {
        let (of, title) = changes.next();
        let began = Instant::now();
        match &title {
            Some(title) => server.add_hats(ROOM, &of.0, &[(&of.1, title)]),
            None => server.remove_hats(ROOM, &of.0, &[&of.1]),
        }
        changes.note(of, title, began, true);
        std::thread::sleep(PAUSE);
    }
    changes.all
}

/// The titles of all hats of these users.
fn hats(kind: Kind, mut of_user: impl FnMut(&str) -> Titles) -> BTreeMap<Of, String> {
    let mut hats = BTreeMap::new();
    for user in (0..USERS).map(|number| format!("u{number}@localhost")) {
        for (id, title) in of_user(&user) {
            // What has a title in the file need not have it in the file's catalog.
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

/// No change that was acknowledged began after the one that made a hat what it is.
fn is_accounted_for(all: &[Change], now: &BTreeMap<Of, String>) {
    let items: BTreeSet<&Of> = all.iter().map(|change| &change.of).chain(now.keys()).collect();
    for of in items {
        let of_item = || all.iter().filter(|change| change.of == *of);
        let title = now.get(of);
        let mut made_it = of_item().filter(|change| change.title.as_ref() == title);
        let not_after = |change: &Change| {
            let mut acknowledged = of_item().filter(|other| other.acknowledged.is_some());
            acknowledged.all(|other| change.acknowledged.is_none_or(|at| other.began <= at))
        };
        let was_never_there = title.is_none() && of_item().all(|change| change.acknowledged.is_none());
        assert!(
            was_never_there || made_it.any(not_after),
            "{of:?} is {title:?} after {:#?}",
            of_item().collect::<Vec<_>>()
        );
    }
}

#[test]
fn two_data_files_and_the_server_agree_in_the_end() {
    on_each(some_kinds(), |server| {
        let mut names: Vec<String> = (0..USERS).map(|number| format!("u{number}@localhost")).collect();
        // So many keep their hat that no loss of the others is one of a whole room.
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
            let one = scope.spawn(move || moderate(one, Changes::of(kind, "one", 1), is_over));
            let other = scope.spawn(move || moderate(other, Changes::of(kind, "other", 2), is_over));
            let there = scope.spawn(move || change_there(server, Changes::of(kind, "there", 3), is_over));
            std::thread::sleep(how_long());
            is_over.store(true, Ordering::SeqCst);
            let writers = [one, other, there].into_iter();
            writers.flat_map(|writer| writer.join().unwrap()).collect()
        });
        let of_server = || {
            let mut worn = server.all_hats(ROOM);
            hats(kind, |user| worn.remove(user).unwrap_or_default())
        };
        let of_file = |site: &Site| hats(kind, |user| site.titles(ROOM, user));
        // By following alone.
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
        assert!(acknowledged > 20, "{acknowledged} changes prove nothing");
        is_accounted_for(&all, &there);
    });
}
