//! `hatrack complete`: what could stand next on a command line. The scripts in `assets/completions` ask it, so that what is
//! offered follows from the definition of the command line and from the data file.
//!
//! Nothing is written, nothing is said when something is wrong, and nothing is offered that a shell could run or a
//! terminal obey: addresses and ids come from outside.

use std::path::{Path, PathBuf};

use super::args::{CompleteArgs, CompletionRequest};
use super::context::SessionContext;
use super::failure::Failure;
use super::output::Output;
use crate::model::{HatId, Jid, Room, Wardrobe, read};
use crate::store::{self, HistoryFilter, HistoryQuery, Scope};
use crate::ui::text;

mod bash;
mod line;

use line::{ExpectedValue, PartialCommand};

/// So many of the newest revisions are offered.
const REVISIONS: usize = 20;
/// No longer is what is said of a candidate, in columns.
const LONGEST: usize = 60;

/// Something that could stand there, and what it is.
type Candidate = (String, String);

pub(super) fn run(args: &CompleteArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    // It reads whatever file the typed line names.
    place.unrestricted("complete")?;
    let (line, typed) = match (args.how, args.typed.as_slice()) {
        (CompletionRequest::Bash, [line, word]) => {
            let typed = bash::TypedLine::of(line, word);
            (PartialCommand::of(&typed.words, &typed.current), Some(typed))
        }
        (CompletionRequest::Words, [_, words @ .., current]) => {
            let current = current.trim_start_matches(['"', '\'']);
            (PartialCommand::of(words, current), None)
        }
        _ => return Ok(()),
    };
    for wanted in &line.wanted {
        if matches!(wanted, ExpectedValue::Files) {
            // A line without a value; no candidate is empty.
            return out.plain("\tfiles");
        }
    }
    let mut offered: Vec<Candidate> = Vec::new();
    for wanted in &line.wanted {
        let all = candidates(wanted, &line, place);
        // What came from outside and begins with a dash would be an option there, such as another actor.
        let is_own = matches!(wanted, ExpectedValue::These(_)) || line.no_options;
        offered.extend(
            all.into_iter()
                .filter(|(value, _)| is_own || !value.starts_with('-')),
        );
    }
    for (value, what) in offered {
        let begins = value.starts_with(&line.current) && !value.is_empty();
        if !begins || text::sanitize(&value) != value {
            continue;
        }
        match &typed {
            Some(typed) => {
                if let Some(text) = typed.insertion(&value) {
                    out.plain(&text)?;
                }
            }
            None => out.plain(&format!("{value}\t{}", said(&what)))?,
        }
    }
    Ok(())
}

/// What is said of a candidate: short, on one line, harmless.
fn said(what: &str) -> String {
    let first = what.lines().next().unwrap_or_default();
    text::cut(&text::sanitize(first), LONGEST, text::Charset::Unicode).into_owned()
}

fn candidates(wanted: &ExpectedValue, line: &PartialCommand, place: &SessionContext) -> Vec<Candidate> {
    match wanted {
        ExpectedValue::Files => Vec::new(),
        ExpectedValue::These(all) => all.clone(),
        ExpectedValue::Revisions => revisions(&file(line, place)),
        wanted => data(line, place).map_or_else(Vec::new, |wardrobe| of_data(wanted, &wardrobe)),
    }
}

/// The data file that the line is about.
fn file(line: &PartialCommand, place: &SessionContext) -> PathBuf {
    let Some(named) = &line.file else {
        return place.file.clone();
    };
    store::expanded(Path::new(named))
}

/// What is in it, as far as the line sees it; `None` where it cannot be read.
fn data(line: &PartialCommand, place: &SessionContext) -> Option<Wardrobe> {
    let bytes = store::read_only_file(&file(line, place)).ok()?;
    let wardrobe = read::wardrobe(&bytes).ok()?;
    if line.limits.is_empty() {
        return Some(wardrobe);
    }
    let seen = wardrobe
        .rooms()
        .filter(|(jid, _)| line.limits.contains(*jid))
        .map(|(jid, room)| (jid.clone(), room.clone()));
    Some(Wardrobe::of_rooms(seen.collect()))
}

fn of_data(wanted: &ExpectedValue, wardrobe: &Wardrobe) -> Vec<Candidate> {
    let rooms = |only: &Option<Jid>| {
        let seen = wardrobe
            .rooms()
            .filter(|(jid, _)| only.as_ref().is_none_or(|only| only == *jid));
        seen.map(|(_, room)| room.clone()).collect::<Vec<_>>()
    };
    match wanted {
        ExpectedValue::Rooms => wardrobe
            .rooms()
            .map(|(jid, room)| (jid.to_string(), room.name.as_deref().unwrap_or_default().into()))
            .collect(),
        ExpectedValue::Users(room) => {
            let users = rooms(room).into_iter().flat_map(|room| {
                let of = room.users().iter();
                let all: Vec<Candidate> = of
                    .map(|(jid, user)| (jid.to_string(), user.affiliation.to_string()))
                    .collect();
                all
            });
            once_each(users.collect())
        }
        ExpectedValue::Hats(room, Some(user)) => {
            let mut all = Vec::new();
            for room in rooms(room) {
                all.extend(hats_of(&room, user));
            }
            once_each(all)
        }
        ExpectedValue::Hats(room, None) => {
            let known = rooms(room)
                .into_iter()
                .flat_map(|room| room.known_hats().to_vec());
            let titled = known.map(|hat| {
                let title = hat.title.as_deref().unwrap_or_default().to_owned();
                (hat.id.to_string(), title)
            });
            once_each(titled.collect())
        }
        ExpectedValue::Sets => {
            let sets = wardrobe.sets().unwrap_or_default();
            let of = |(name, hats): (Box<str>, crate::model::Hats)| {
                (name.into(), crate::app::describe::count(hats.len(), "hat"))
            };
            sets.into_iter().map(of).collect()
        }
        ExpectedValue::Files | ExpectedValue::Revisions | ExpectedValue::These(_) => Vec::new(),
    }
}

fn hats_of(room: &Room, user: &Jid) -> Vec<Candidate> {
    let hats = room.user(user).map(|user| user.hats.iter());
    let titled = |(id, hat): (&HatId, &crate::model::Attachment)| {
        let title = room.title(id, hat).unwrap_or_default();
        (id.to_string(), title.to_owned())
    };
    hats.into_iter().flatten().map(titled).collect()
}

/// Of candidates that are one, the first.
fn once_each(mut all: Vec<Candidate>) -> Vec<Candidate> {
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all.dedup_by(|(a, _), (b, _)| a == b);
    all
}

/// The newest revisions, and what was done in them.
fn revisions(file: &Path) -> Vec<Candidate> {
    let query = HistoryQuery {
        filter: HistoryFilter::default(),
        from: None,
        limit: REVISIONS,
    };
    let page = store::history_of(file, &Scope::default(), &query);
    let entries = page.map(|page| page.entries).unwrap_or_default();
    let of = |entry: &store::HistoryEntry| {
        let words = crate::app::describe::group(&entry.group);
        (entry.revision.to_string(), words)
    };
    entries.iter().map(of).collect()
}
