//! The lines of a table, by what their rows describe.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::model::{HatId, Jid};

/// A row of a table: what it describes, and its line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TableLine {
    /// The room; `None` if the table names none.
    pub(super) room: Option<Jid>,
    pub(super) user: Option<Jid>,
    pub(super) hat: Option<HatId>,
    pub(super) line: usize,
}

impl TableLine {
    /// An empty ID means no hat.
    pub(super) fn new(room: Option<&Jid>, user: Option<&Jid>, hat: &HatId, line: usize) -> Self {
        Self {
            room: room.cloned(),
            user: user.cloned(),
            hat: (!hat.as_str().is_empty()).then(|| hat.clone()),
            line,
        }
    }
}

/// The lines of a table. Empty for other files, in which an item has no line of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableLines {
    /// Sorted, so that the lines of an item are found quickly in a large table.
    sorted: Arc<[TableLine]>,
    names_rooms: bool,
}

impl TableLines {
    /// `names_rooms`: the table has a column for rooms.
    pub(super) fn new(mut lines: Vec<TableLine>, names_rooms: bool) -> Self {
        lines.sort_unstable();
        Self {
            sorted: lines.into(),
            names_rooms,
        }
    }

    /// The lines with the IDs of hats that are given by something else; `id` returns the ID, or `None` if it is the same.
    pub(super) fn with_ids(&self, id: impl Fn(Option<&Jid>, &HatId) -> Option<HatId>) -> Self {
        let lines = self.sorted.iter().map(|line| {
            let resolved = line.hat.as_ref().and_then(|hat| id(line.room.as_ref(), hat));
            TableLine {
                hat: resolved.or_else(|| line.hat.clone()),
                ..line.clone()
            }
        });
        Self::new(lines.collect(), self.names_rooms)
    }

    /// The lines of a room (without a user and a hat), of a hat of its catalog (without a user), of a user (without a
    /// hat), or of a user's hat.
    pub fn of(&self, room: &Jid, user: Option<&Jid>, hat: Option<&HatId>) -> Vec<usize> {
        let key = (self.room(room), user, hat);
        self.matching(|line| (line.room.as_ref(), line.user.as_ref(), line.hat.as_ref()).cmp(&key))
    }

    /// The lines of a user and of all the user's hats, in the order of the file.
    pub fn of_user(&self, room: &Jid, user: &Jid) -> Vec<usize> {
        let key = (self.room(room), Some(user));
        let mut lines = self.matching(|line| (line.room.as_ref(), line.user.as_ref()).cmp(&key));
        lines.sort_unstable();
        lines
    }

    /// The room of the lines about this room.
    fn room<'a>(&self, room: &'a Jid) -> Option<&'a Jid> {
        self.names_rooms.then_some(room)
    }

    /// The lines that compare as equal; `compare` must follow the order of the lines.
    fn matching(&self, compare: impl Fn(&TableLine) -> Ordering) -> Vec<usize> {
        let start = self.sorted.partition_point(|line| compare(line).is_lt());
        let found = self.sorted.iter().skip(start);
        let found = found.take_while(|line| compare(line).is_eq());
        found.map(|line| line.line).collect()
    }
}
