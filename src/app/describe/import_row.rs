//! A row of an import in words.

use crate::exchange::{UnchangedItem, UnchangedPart};
use crate::model::{Affiliation, Jid, Wardrobe};

use super::{first_few, hat_name, hat_with_flags, quoted};

/// The effect of an import on the subject of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowOutcome {
    /// The subject is not imported, for the reason in the details.
    Skipped,
    /// The subject is new.
    Added,
    /// The subject exists and is changed.
    Changed,
    /// The subject is removed.
    Removed,
    /// The subject is already as in the file.
    Unchanged,
}

impl RowOutcome {
    /// The outcome as a word, in the imperative because nothing is imported yet.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skipped => "Skipped",
            Self::Added => "Add",
            Self::Changed => "Change",
            Self::Removed => "Remove",
            Self::Unchanged => "Unchanged",
        }
    }

    pub(super) fn of<T>(before: Option<&T>, after: Option<&T>) -> Self {
        match (before, after) {
            (None, _) => Self::Added,
            (Some(_), None) => Self::Removed,
            (Some(_), Some(_)) => Self::Changed,
        }
    }
}

/// A row of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// The outcome.
    pub outcome: RowOutcome,
    /// The subject: an address, a hat, or a part of the data file.
    pub subject: String,
    /// The details, such as the affiliation, the hats or the reason.
    pub details: String,
    /// The room, unless it is the subject.
    pub room: Option<Jid>,
    /// The effect in words that follow "would"; empty for a skipped or unchanged row.
    pub after_would: String,
    /// The lines of a table that describe the subject.
    pub lines: Vec<usize>,
}

impl ImportRow {
    /// The row as a phrase: `Add terry@example.org in courses@conference.example.org: member, "Teacher" (line 4)`.
    pub fn sentence(&self) -> String {
        format!(
            "{} {}{}",
            self.outcome.word(),
            self.without_outcome(),
            self.line_note()
        )
    }

    /// The subject with its room and the details.
    pub fn without_outcome(&self) -> String {
        let room = self
            .room
            .as_ref()
            .map_or(String::new(), |room| format!(" in {room}"));
        let details = if self.details.is_empty() {
            String::new()
        } else {
            format!(": {}", self.details)
        };
        format!("{}{room}{details}", self.subject)
    }

    /// The lines in few words: `line 4`, `lines 4, 7…`.
    pub fn lines_label(&self) -> String {
        match self.lines.as_slice() {
            [first, second, _, ..] => format!("lines {first}, {second}…"),
            lines => lines_phrase(lines),
        }
    }

    /// The lines, for the end of a sentence: ` (line 4)`, ` (lines 4, 7, 9 and 2 more)`; empty if there are none.
    pub fn line_note(&self) -> String {
        line_note(&self.lines)
    }
}

/// Lines for the end of a sentence: ` (line 4)`; empty if there are none.
pub fn line_note(lines: &[usize]) -> String {
    match lines_phrase(lines) {
        lines if lines.is_empty() => lines,
        lines => format!(" ({lines})"),
    }
}

/// `line 4`, `lines 4, 7, 9 and 2 more`; empty if there are none.
fn lines_phrase(lines: &[usize]) -> String {
    match lines {
        [] => String::new(),
        [line] => format!("line {line}"),
        lines => format!("lines {}", first_few(lines)),
    }
}

/// The subject of an unchanged item, and why it is unchanged.
pub(super) fn unchanged_parts(item: &UnchangedItem, wardrobe: &Wardrobe) -> (String, String) {
    let room = item.room.as_ref().and_then(|jid| wardrobe.room(jid));
    let user = || item.user.as_ref().map_or_else(String::new, Jid::to_string);
    match &item.part {
        UnchangedPart::Room => (
            item.room.as_ref().map_or_else(String::new, Jid::to_string),
            match room.and_then(|room| room.name.as_deref()) {
                Some(name) => format!("already named {}", quoted(name)),
                None => "already in the data file".into(),
            },
        ),
        UnchangedPart::CatalogHat(id) => {
            let hat = room.and_then(|room| room.catalog.get(id));
            let name = hat_name(id, hat.and_then(|hat| hat.title.as_deref()));
            (name, "already in the catalog".into())
        }
        UnchangedPart::User(Affiliation::None) => (user(), "already without an affiliation".into()),
        UnchangedPart::User(affiliation) => (user(), format!("already {affiliation}")),
        UnchangedPart::Hat(id) => {
            let hat = room.and_then(|room| room.user(item.user.as_ref()?)?.hats.get(id).zip(Some(room)));
            let name = hat.map_or_else(
                || hat_name(id, None),
                |(hat, room)| hat_with_flags(id, &hat.clone().with_title(room.title(id, hat))),
            );
            (user(), format!("already has {name}"))
        }
        UnchangedPart::HatSet(name) => (format!("hat set {name:?}"), "already in the data file".into()),
        UnchangedPart::Field(name) => (
            format!("data file field {name:?}"),
            "already in the data file".into(),
        ),
    }
}
