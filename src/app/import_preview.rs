//! The preview of an import: a row for each item that the import adds, changes, removes, skips or leaves
//! unchanged.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::State;
use super::describe::ImportRows;
use crate::exchange::{ImportErrors, ImportOptions, ParsedImport};
use crate::model::{Jid, Wardrobe};
use crate::sync::room_with_changed_affiliation;

/// The preview overlay.
#[derive(Debug, Clone)]
pub struct ImportPreview {
    /// The path of the file, as typed.
    pub path: String,
    /// Names the target of the import: `terry@example.org in courses@conference.example.org`, `2 rooms`.
    pub destination: String,
    /// The changes to the current data, and what is skipped.
    pub rows: ImportRows,
    /// The selected row.
    pub selected: usize,
    /// The rooms in which the import changes affiliations.
    affiliation_rooms: BTreeSet<Jid>,
    parsed: Arc<ParsedImport>,
    options: ImportOptions,
}

impl ImportPreview {
    /// Plans the import; times in its rows are in `zone`. Fails if the import does not fit the data.
    pub(super) fn new(
        (path, destination): (&str, &str),
        parsed: ParsedImport,
        options: ImportOptions,
        wardrobe: &Wardrobe,
        zone: TimeZone,
    ) -> Result<Self, ImportErrors> {
        let rows = ImportRows::new(parsed.plan(wardrobe, &options)?, wardrobe, zone);
        Ok(Self {
            path: path.into(),
            destination: destination.into(),
            affiliation_rooms: affiliation_rooms(&rows),
            rows,
            selected: 0,
            parsed: Arc::new(parsed),
            options,
        })
    }

    /// Plans the import again after the data changed.
    pub(super) fn replan(&mut self, wardrobe: &Wardrobe) -> Result<(), ImportErrors> {
        self.rows = self
            .rows
            .with_plan(self.parsed.plan(wardrobe, &self.options)?, wardrobe);
        self.affiliation_rooms = affiliation_rooms(&self.rows);
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
        Ok(())
    }

    /// The reason why the file cannot be imported: it changes affiliations that are only received from a server. `None`
    /// if it changes no such affiliations.
    pub(super) fn affiliation_problem(&self, state: &State) -> Option<String> {
        let mut rooms = self.affiliation_rooms.iter();
        rooms.find_map(|room| state.servers.affiliation_problem(room))
    }
}

/// Finds the rooms in which the import changes affiliations.
fn affiliation_rooms(rows: &ImportRows) -> BTreeSet<Jid> {
    let edits = rows.plan().group.0.iter();
    edits.filter_map(room_with_changed_affiliation).cloned().collect()
}
