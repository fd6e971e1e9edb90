//! `hatrack complete`: prints the candidates for the word at the cursor of a command line, from the definition of the
//! command line, the data file, the history and the configuration. The scripts in `assets/completions` call it.
//!
//! The command writes no files. A file with errors only leads to fewer candidates. Addresses, IDs and titles are
//! untrusted, so candidates that a shell could execute or that could affect a terminal are quoted or left out.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::args::{CompleteArgs, CompletionRequest};
use super::config::{ConfigFiles, ConfiguredServer};
use super::context::SessionContext;
use super::failure::Failure;
use super::output::Output;
use crate::model::{HatId, Jid, Room, Wardrobe, read};
use crate::store::{self, HistoryFilter, HistoryQuery, Scope};
use crate::ui::text;

mod bash_line;
mod partial_command;

use partial_command::{ExpectedValue, PartialCommand};

/// The maximum number of revisions that are offered; these are the newest ones.
const MAX_REVISIONS: usize = 20;
/// The maximum width of a description, in terminal columns.
const MAX_DESCRIPTION_WIDTH: usize = 60;

/// A value that could complete the word at the cursor, and the value's description.
type Candidate = (String, String);

pub(super) fn run(args: &CompleteArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    // Completion reads files that the completed line names, which a restricted session must not do.
    context.require_unrestricted("complete")?;
    let (line, typed) = match (args.request, args.typed.as_slice()) {
        (CompletionRequest::Bash, [line, word]) => {
            let typed = bash_line::TypedLine::parse(line, word);
            (PartialCommand::parse(&typed.words, &typed.current), Some(typed))
        }
        (CompletionRequest::Words, [_, words @ .., current]) => {
            let current = current.trim_start_matches(['"', '\'']);
            (PartialCommand::parse(words, current), None)
        }
        _ => return Ok(()),
    };
    for expected in &line.expected {
        if matches!(expected, ExpectedValue::Files) {
            // An empty value (no candidate is empty) tells the script to complete file names.
            return out.raw_line("\tfiles");
        }
    }
    let mut offered: Vec<Candidate> = Vec::new();
    for expected in &line.expected {
        let all = candidates(expected, &line, context);
        // An untrusted value that starts with a dash would be an option, such as --actor.
        let is_trusted = matches!(expected, ExpectedValue::OneOf(_)) || line.no_options;
        offered.extend(
            all.into_iter()
                .filter(|(value, _)| is_trusted || !value.starts_with('-')),
        );
    }
    for (value, description) in offered {
        let is_completion = value.starts_with(&line.current) && !value.is_empty();
        if !is_completion || text::sanitize(&value) != value {
            continue;
        }
        match &typed {
            Some(typed) => {
                if let Some(text) = typed.insertion(&value) {
                    out.raw_line(&text)?;
                }
            }
            None => out.raw_line(&format!("{value}\t{}", short_description(&description)))?,
        }
    }
    Ok(())
}

/// Returns the first line of a description, sanitized and cut to [`MAX_DESCRIPTION_WIDTH`] columns.
fn short_description(description: &str) -> String {
    let first_line = description.lines().next().unwrap_or_default();
    text::cut(
        &text::sanitize(first_line),
        MAX_DESCRIPTION_WIDTH,
        text::Charset::Unicode,
    )
    .into_owned()
}

fn candidates(expected: &ExpectedValue, line: &PartialCommand, context: &SessionContext) -> Vec<Candidate> {
    match expected {
        ExpectedValue::Files => Vec::new(),
        ExpectedValue::OneOf(all) => all.clone(),
        ExpectedValue::Revisions => {
            let wardrobe = load_wardrobe(line, context).unwrap_or_default();
            revisions(&data_file(line, context), &wardrobe, &context.zone())
        }
        ExpectedValue::Servers => servers(line, context),
        expected => load_wardrobe(line, context)
            .map_or_else(Vec::new, |wardrobe| candidates_from(expected, &wardrobe)),
    }
}

/// Returns the data file that the completed line names, otherwise that of this session.
fn data_file(line: &PartialCommand, context: &SessionContext) -> PathBuf {
    let Some(named) = &line.file else {
        return context.file.clone();
    };
    store::expand_home(Path::new(named))
}

/// Returns the servers of the configuration that the completed line names, otherwise of this session's configuration.
fn servers(line: &PartialCommand, context: &SessionContext) -> Vec<Candidate> {
    let files = match &line.config {
        // No session reads its configuration from standard input.
        Some(named) if store::is_dash(Path::new(named)) => return Vec::new(),
        Some(named) => ConfigFiles {
            named: Some(store::expand_home(Path::new(named))),
            user: None,
            ..context.config.clone()
        },
        None => context.config.clone(),
    };
    let Ok(config) = files.load() else {
        return Vec::new();
    };
    let candidate = |server: ConfiguredServer| {
        let entry = server.settings.entry;
        let services: Vec<&str> = entry.services.iter().map(Jid::as_str).collect();
        (entry.name.to_string(), services.join(", "))
    };
    config.servers.into_iter().map(candidate).collect()
}

/// Reads the data file; `None` if it cannot be read. If the completed line has `--room`, returns only the given rooms.
fn load_wardrobe(line: &PartialCommand, context: &SessionContext) -> Option<Wardrobe> {
    let bytes = store::read_regular_file(&data_file(line, context)).ok()?;
    let wardrobe = read::wardrobe(&bytes).ok()?;
    if line.rooms.is_empty() {
        return Some(wardrobe);
    }
    let visible = wardrobe
        .rooms()
        .filter(|(jid, _)| line.rooms.contains(*jid))
        .map(|(jid, room)| (jid.clone(), room.clone()));
    Some(Wardrobe::from_rooms(visible.collect()))
}

fn candidates_from(expected: &ExpectedValue, wardrobe: &Wardrobe) -> Vec<Candidate> {
    let rooms = |only: &Option<Jid>| {
        let visible = wardrobe
            .rooms()
            .filter(|(jid, _)| only.as_ref().is_none_or(|only| only == *jid));
        visible.map(|(_, room)| room.clone()).collect::<Vec<_>>()
    };
    match expected {
        ExpectedValue::Rooms => wardrobe
            .rooms()
            .map(|(jid, room)| (jid.to_string(), room.name.as_deref().unwrap_or_default().into()))
            .collect(),
        ExpectedValue::Users(room) => {
            let users = rooms(room).into_iter().flat_map(|room| {
                let candidates = room
                    .users()
                    .iter()
                    .map(|(jid, user)| (jid.to_string(), user.affiliation.to_string()));
                candidates.collect::<Vec<Candidate>>()
            });
            sorted_unique(users.collect())
        }
        ExpectedValue::Hats(room, Some(user)) => {
            let mut all = Vec::new();
            for room in rooms(room) {
                all.extend(hats_of(&room, user));
            }
            sorted_unique(all)
        }
        ExpectedValue::Hats(room, None) => {
            let existing = rooms(room).into_iter().flat_map(|room| room.hats().to_vec());
            let with_titles = existing.map(|hat| {
                let title = hat.title.as_deref().unwrap_or_default().to_owned();
                (hat.id.to_string(), title)
            });
            sorted_unique(with_titles.collect())
        }
        ExpectedValue::Sets => {
            let sets = wardrobe.hat_sets().unwrap_or_default();
            let candidate = |(name, hats): (Box<str>, crate::model::Hats)| {
                (name.into(), crate::app::describe::count(hats.len(), "hat"))
            };
            sets.into_iter().map(candidate).collect()
        }
        ExpectedValue::Files
        | ExpectedValue::Revisions
        | ExpectedValue::Servers
        | ExpectedValue::OneOf(_) => Vec::new(),
    }
}

fn hats_of(room: &Room, user: &Jid) -> Vec<Candidate> {
    let hats = room.user(user).map(|user| user.hats.iter());
    let with_titles = |(id, hat): (&HatId, &crate::model::Attachment)| {
        let title = room.title(id, hat).unwrap_or_default();
        (id.to_string(), title.to_owned())
    };
    hats.into_iter().flatten().map(with_titles).collect()
}

/// Sorts candidates by value and removes duplicates.
fn sorted_unique(mut all: Vec<Candidate>) -> Vec<Candidate> {
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all.dedup_by(|(a, _), (b, _)| a == b);
    all
}

/// Returns the newest revisions with descriptions of their changes, newest first.
fn revisions(file: &Path, wardrobe: &Wardrobe, zone: &TimeZone) -> Vec<Candidate> {
    let query = HistoryQuery {
        filter: HistoryFilter::default(),
        from: None,
        limit: MAX_REVISIONS,
    };
    let page = store::read_history(file, &Scope::default(), &query);
    let entries = page.map(|page| page.entries).unwrap_or_default();
    let candidate = |entry: &store::HistoryEntry| {
        let description = crate::app::describe::group(&entry.group, wardrobe, zone);
        (entry.revision.to_string(), description)
    };
    entries.iter().map(candidate).collect()
}
