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

/// The position of each column in the rows of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ColumnIndex {
    positions: [Option<usize>; COLUMNS.len()],
    /// Number of cells in a full row.
    pub(super) width: usize,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl TableColumn {
    const ALL: [Self; COLUMNS.len()] = [
        Self::Room,
        Self::User,
        Self::Affiliation,
        Self::Hat,
        Self::Title,
        Self::Active,
        Self::Required,
        Self::Hue,
    ];

    fn from_name(name: &str) -> Option<Self> {
        let position = COLUMNS.iter().position(|column| *column == name)?;
        Self::ALL.get(position).copied()
    }
}

/// The names of the columns in a table that hatrack did not export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNames(Vec<(TableColumn, String)>);

/// The reason why names of columns are invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidColumnNames {
    /// Not of the form `user=Email`.
    #[error("{} must be COLUMN=NAME, such as user=Email", quoted(.0))]
    NoName(String),
    /// No such column.
    #[error("unknown column {}; the columns are {}", quoted(.0), COLUMNS.join(", "))]
    Unknown(String),
    /// A column given twice.
    #[error("the column {0} is given twice")]
    Twice(String),
}

impl ColumnNames {
    /// Parses `user=Email,hat=Role`. A comma belongs to a name unless the text between this comma and the next one
    /// contains `=`.
    pub fn parse(text: &str) -> Result<Self, InvalidColumnNames> {
        let mut names = Self::default();
        names.add(text)?;
        Ok(names)
    }

    /// Adds more names, in the same form.
    pub fn add(&mut self, text: &str) -> Result<(), InvalidColumnNames> {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        for piece in text.split(',') {
            match (piece.split_once('='), pairs.last_mut()) {
                (Some((column, name)), _) => pairs.push((column.trim(), name.to_owned())),
                (None, Some((_, name))) => {
                    name.push(',');
                    name.push_str(piece);
                }
                (None, None) => return Err(InvalidColumnNames::NoName(piece.to_owned())),
            }
        }
        for (column, name) in pairs {
            let Some(known) = TableColumn::from_name(column) else {
                return Err(InvalidColumnNames::Unknown(column.to_owned()));
            };
            let name = name.trim();
            if name.is_empty() {
                return Err(InvalidColumnNames::NoName(format!("{column}=")));
            }
            if self.0.iter().any(|(other, _)| *other == known) {
                return Err(InvalidColumnNames::Twice(column.to_owned()));
            }
            self.0.push((known, name.to_owned()));
        }
        Ok(())
    }

    /// Whether no names are given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A value with the line of its row.
pub(super) type AtLine<T> = (usize, T);

impl ColumnIndex {
    pub(super) fn from_header(head: &CsvRow, names: &ColumnNames) -> Result<Self, AtLine<String>> {
        let mut columns = Self {
            width: head.cells.len(),
            ..Self::default()
        };
        let line = head.line;
        if !names.0.is_empty() {
            return columns.with_names(head, names);
        }
        for (position, cell) in head.cells.iter().enumerate() {
            let name = cell.trim().to_lowercase();
            // A separator at the end of each row adds a column without a name.
            if name.is_empty() {
                continue;
            }
            let known = COLUMNS.iter().position(|column| *column == name);
            let Some(slot) = known.and_then(|known| columns.positions.get_mut(known)) else {
                let column_names = COLUMNS.join(", ");
                let message = format!(
                    "unknown column {}; the columns are {column_names}. If yours have other names: --map user={}",
                    quoted(cell),
                    quoted(cell)
                );
                return Err((line, message));
            };
            if slot.replace(position).is_some() {
                return Err((line, format!("duplicate column {name}")));
            }
        }
        columns.require_identifying_column(line)
    }

    /// Finds the columns by the given names; other columns are ignored.
    fn with_names(mut self, head: &CsvRow, names: &ColumnNames) -> Result<Self, AtLine<String>> {
        for (column, name) in &names.0 {
            let is_named = |cell: &Cow<str>| cell.trim().to_lowercase() == name.to_lowercase();
            let mut positions = head.cells.iter().enumerate().filter(|(_, cell)| is_named(cell));
            let Some((position, _)) = positions.next() else {
                let cells: Vec<String> = head.cells.iter().map(|cell| quoted(cell.trim())).collect();
                let message = format!("no column {}; the columns are {}", quoted(name), cells.join(", "));
                return Err((head.line, message));
            };
            if positions.next().is_some() {
                return Err((head.line, format!("duplicate column {}", quoted(name))));
            }
            if let Some(slot) = self.positions.get_mut(*column as usize) {
                *slot = Some(position);
            }
        }
        self.require_identifying_column(head.line)
    }

    /// Requires a column for rooms, users or hats.
    fn require_identifying_column(self, line: usize) -> Result<Self, AtLine<String>> {
        if self.has(TableColumn::Room) || self.has(TableColumn::User) || self.has(TableColumn::Hat) {
            return Ok(self);
        }
        let column_names = COLUMNS.join(",");
        let message =
            format!("missing column room or user; the first row must name the columns: {column_names}");
        Err((line, message))
    }

    /// Creates the index of a list from a server, which has exactly these columns and no header.
    pub(super) fn of<'a>(columns: impl IntoIterator<Item = &'a TableColumn>) -> Self {
        let mut index = Self::default();
        for (position, column) in columns.into_iter().enumerate() {
            if let Some(slot) = index.positions.get_mut(*column as usize) {
                *slot = Some(position);
                index.width = position + 1;
            }
        }
        index
    }

    pub(super) fn has(&self, column: TableColumn) -> bool {
        self.position(column).is_some()
    }

    pub(super) fn position(&self, column: TableColumn) -> Option<usize> {
        self.positions.get(column as usize).copied().flatten()
    }
}

/// The text of a hue in a cell: the number, or the string without its JSON quotes.
pub(super) fn hue_text(hue: &Hue) -> String {
    let json = hue.as_json().as_str();
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

/// Parses the text of a hue: a JSON number, else any text. `None` if the text is empty.
pub(super) fn parse_hue(text: &str) -> Option<Hue> {
    if text.is_empty() {
        return None;
    }
    let number = Json::new(text).ok().and_then(Hue::new);
    let hue = number.or_else(|| Hue::new(Json::string(text)))?;
    // A text in quotes must keep its quotes.
    if hue_text(&hue) == text {
        Some(hue)
    } else {
        Hue::new(Json::string(text))
    }
}

/// A text for an error message: in quotes, shortened to 60 characters, with invisible characters escaped.
pub(super) fn quoted(text: &str) -> String {
    let short: Cow<str> = match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    };
    format!("{short:?}")
}
