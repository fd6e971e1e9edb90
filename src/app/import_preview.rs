//! The preview of an import: a row for each thing that it adds, changes, removes or skips.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::State;
use super::describe::ImportRows;
use crate::exchange::{ImportErrors, ImportOptions, ParsedImport};
use crate::model::{Jid, Wardrobe};
use crate::sync::changes_affiliation;

/// The preview overlay.
#[derive(Debug, Clone)]
pub struct ImportPreview {
    /// The path of the file, as typed.
    pub path: String,
    /// What it is imported into: `terry@example.org in courses@conference.example.org`, `2 rooms`.
    pub into: String,
    /// What it does with the current data.
    pub rows: ImportRows,
    /// The selected row.
    pub selected: usize,
    /// The rooms in which it changes affiliations.
    affiliations: BTreeSet<Jid>,
    given: Arc<ParsedImport>,
    options: ImportOptions,
}

impl ImportPreview {
    /// Plans the import; times in its rows are in `zone`. Fails if it does not fit the data.
    pub(super) fn new(
        (path, into): (&str, &str),
        given: ParsedImport,
        options: ImportOptions,
        now: &Wardrobe,
        zone: TimeZone,
    ) -> Result<Self, ImportErrors> {
        let rows = ImportRows::new(given.plan(now, &options)?, now, zone);
        Ok(Self {
            path: path.into(),
            into: into.into(),
            affiliations: changed_affiliations(&rows),
            rows,
            selected: 0,
            given: Arc::new(given),
            options,
        })
    }

    /// Plans it again after the data changed.
    pub(super) fn replan(&mut self, now: &Wardrobe) -> Result<(), ImportErrors> {
        self.rows = self.rows.with_plan(self.given.plan(now, &self.options)?, now);
        self.affiliations = changed_affiliations(&self.rows);
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
        Ok(())
    }

    /// Why it cannot be imported, if it changes affiliations that a server only shows.
    pub(super) fn affiliation_problem(&self, state: &State) -> Option<String> {
        let mut rooms = self.affiliations.iter();
        rooms.find_map(|room| state.servers.affiliation_problem(room))
    }
}

fn changed_affiliations(rows: &ImportRows) -> BTreeSet<Jid> {
    let edits = rows.plan().group.0.iter();
    edits.filter_map(changes_affiliation).cloned().collect()
}
