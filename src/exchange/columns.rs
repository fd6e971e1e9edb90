//! The columns of a table, and the representation of hues.

use std::borrow::Cow;

use super::cells::CsvRow;
use crate::model::{Hue, Json};

/// Names of the columns, in the order of exports.
pub(super) const COLUMNS: [&str; 8] = [
    "room",
    "user",
    "affiliation",
    "hat",
    "title",
    "active",
    "required",
    "hue",
];

/// The position of each column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ColumnIndex {
    positions: [Option<usize>; COLUMNS.len()],
    /// Number of cells in a row.
    pub(super) width: usize,
}

/// A column.
#[derive(Clone, Copy)]
pub(super) enum TableColumn {
    Room,
    User,
    Affiliation,
    Hat,
    Title,
    Active,
    Required,
    Hue,
}

/// A value with the line of its row.
pub(super) type AtLine<T> = (usize, T);

impl ColumnIndex {
    pub(super) fn from_header(head: &CsvRow) -> Result<Self, AtLine<String>> {
        let mut columns = Self {
            width: head.cells.len(),
            ..Self::default()
        };
        let line = head.line;
        for (place, cell) in head.cells.iter().enumerate() {
            let name = cell.trim().to_lowercase();
            // A separator at the end of each row adds a column without a name.
            if name.is_empty() {
                continue;
            }
            let known = COLUMNS.iter().position(|column| *column == name);
            let Some(slot) = known.and_then(|known| columns.positions.get_mut(known)) else {
                let all = COLUMNS.join(", ");
                return Err((line, format!("unknown column {cell:?}; the columns are {all}")));
            };
            if slot.replace(place).is_some() {
                return Err((line, format!("duplicate column {name}")));
            }
        }
        if !columns.has(TableColumn::Room) {
            let all = COLUMNS.join(",");
            return Err((
                line,
                format!("missing column room; the first row must name the columns: {all}"),
            ));
        }
        Ok(columns)
    }

    pub(super) fn has(&self, column: TableColumn) -> bool {
        self.position(column).is_some()
    }

    pub(super) fn position(&self, column: TableColumn) -> Option<usize> {
        self.positions.get(column as usize).copied().flatten()
    }
}

/// The text of a hue in a cell: the number, or the text without its quotes.
pub(super) fn hue_text(hue: &Hue) -> String {
    let json = hue.as_json().as_str();
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

/// Parses the text of a hue: a JSON number, else any text.
pub(super) fn parse_hue(text: &str) -> Option<Hue> {
    if text.is_empty() {
        return None;
    }
    let number = Json::new(text).ok().and_then(Hue::new);
    let hue = number.or_else(|| Hue::new(Json::string(text)))?;
    // A text in quotes must keep them.
    if hue_text(&hue) == text {
        Some(hue)
    } else {
        Hue::new(Json::string(text))
    }
}

/// A text for an error message: shortened, with invisible characters escaped.
pub(super) fn quoted(text: &str) -> String {
    let short: Cow<str> = match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    };
    format!("{short:?}")
}
