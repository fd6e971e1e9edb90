//! The preview of an import: a row for each thing that it adds, changes, removes or skips.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::describe::ImportRows;
use crate::exchange::{ImportErrors, ImportOptions, ParsedImport};
use crate::model::Wardrobe;

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
        Ok(Self {
            path: path.into(),
            into: into.into(),
            rows: ImportRows::new(given.plan(now, &options)?, zone),
            selected: 0,
            given: Arc::new(given),
            options,
        })
    }

    /// Plans it again after the data changed.
    pub(super) fn replan(&mut self, now: &Wardrobe) -> Result<(), ImportErrors> {
        self.rows = self.rows.with_plan(self.given.plan(now, &self.options)?);
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
        Ok(())
    }
}
