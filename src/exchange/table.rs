//! Parses tables. All invalid rows are reported before anything is imported.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    Affiliation, Attachment, CatalogHat, Extra, HatId, Hats, InvalidJid, Jid, Room, User, Wardrobe,
    is_only_whitespace,
};

use super::cells::{CsvRow, CsvRows, unescape_cell, unescape_formulas};
use super::columns::{AtLine, COLUMNS, ColumnIndex, ColumnNames, TableColumn, parse_hue, quoted};
use super::lines::{TableLine, TableLines};
use super::parsed::{ImportErrors, ImportExtent, ParsedImport, Unverified, UnverifiedValue, decode_text};
use super::server_table;

/// The values of a room in the rows of a table.
#[derive(Default)]
struct RoomRows {
    name: Option<AtLine<Arc<str>>>,
    catalog: BTreeMap<HatId, AtLine<CatalogHat>>,
    users: BTreeMap<Jid, UserRows>,
}

/// The values of a user of a room in the rows of a table.
#[derive(Default)]
struct UserRows {
    /// The line of the first row.
    line: usize,
    affiliation: Option<AtLine<Affiliation>>,
    hats: BTreeMap<HatId, AtLine<Attachment>>,
}

#[derive(Default)]
struct TableReader {
    columns: ColumnIndex,
    /// Whether numbers may have a decimal comma, because commas are not separators.
    may_have_decimal_comma: bool,
    /// The rooms by address, which is `None` if the table has no column for rooms.
    rooms: BTreeMap<Option<Jid>, RoomRows>,
    errors: Vec<AtLine<String>>,
    unverified: Vec<Unverified>,
    lines: Vec<TableLine>,
}

/// Parses a table.
pub(super) fn read(bytes: &[u8], names: &ColumnNames) -> Result<ParsedImport, ImportErrors> {
    let text = decode_text(bytes)?;
    if names.is_empty() && server_table::is_affiliation_table(text) {
        return server_table::read(text);
    }
    let rows = CsvRows::new(text);
    let may_have_decimal_comma = rows.separator() != ',';
    let mut rows = rows.filter(|row| !matches!(row, Ok(row) if is_blank_row(row)));
    let head = rows.next().unwrap_or_else(|| {
        let columns = COLUMNS.join(",");
        Err((
            1,
            format!("the file is empty; the first row must name the columns: {columns}"),
        ))
    });
    let columns = head.and_then(|head| ColumnIndex::from_header(&head, names));
    let mut reader = TableReader {
        columns: columns.map_err(|error| ImportErrors::rows(vec![error]))?,
        may_have_decimal_comma,
        ..TableReader::default()
    };
    for row in rows {
        if let Err(error) = row.and_then(|row| reader.add_row(&row)) {
            reader.errors.push(error);
        }
    }
    if !reader.errors.is_empty() {
        return Err(ImportErrors::rows(reader.errors));
    }
    Ok(reader.finish())
}

/// Whether a row has only empty cells; spreadsheets write such rows.
fn is_blank_row(row: &CsvRow) -> bool {
    row.cells.iter().all(|cell| cell.trim().is_empty())
}

/// Texts that spreadsheets and people write for true, in lower case: numbers, marks, and words of common languages.
const TRUE: [&str; 33] = [
    "true",
    "yes",
    "y",
    "on",
    "x",
    "✓",
    "✔",
    "1",
    "wahr",
    "ja",
    "vrai",
    "oui",
    "verdadero",
    "sí",
    "si",
    "vero",
    "sì",
    "verdadeiro",
    "sim",
    "waar",
    "prawda",
    "tak",
    "истина",
    "да",
    "sant",
    "sand",
    "sann",
    "tosi",
    "kyllä",
    "pravda",
    "ano",
    "doğru",
    "evet",
];
/// Texts that spreadsheets and people write for false, in lower case.
const FALSE: [&str; 31] = [
    "false", "no", "n", "off", "0", "falsch", "nein", "faux", "non", "falso", "não", "onwaar", "nee",
    "fałsz", "nie", "ложь", "нет", "falskt", "nej", "falsk", "nei", "usann", "epätosi", "ei", "nepravda",
    "ne", "yanlış", "yanliş", "hayır", "hayir", "usand",
];

/// Parses a boolean in lower case; `None` if the text is not a boolean. Spreadsheets also write the numbers 1 and 0
/// with decimals.
fn parse_boolean(text: &str) -> Option<bool> {
    let number = text.replacen(',', ".", 1).parse::<f64>().ok();
    let is = |words: &[&str], value: f64| {
        words.contains(&text) || number.is_some_and(|number| number.total_cmp(&value).is_eq())
    };
    match (is(&TRUE, 1.0), is(&FALSE, 0.0)) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// Finds the cells of a row by column.
struct RowCells<'a>(&'a CsvRow<'a>, ColumnIndex);

impl RowCells<'_> {
    fn raw(&self, column: TableColumn) -> &str {
        let cell = self
            .1
            .position(column)
            .and_then(|position| self.0.cells.get(position));
        cell.map_or("", |cell| cell)
    }

    /// The cell without trimming; empty if the column or the cell is missing.
    fn untrimmed(&self, column: TableColumn) -> Cow<'_, str> {
        unescape_formulas(self.raw(column))
    }

    /// The trimmed cell; empty if the column or the cell is missing.
    fn cell(&self, column: TableColumn) -> Cow<'_, str> {
        unescape_formulas(self.raw(column).trim())
    }

    /// The cell of a value that may start or end with spaces.
    fn with_outer_space(&self, column: TableColumn) -> Cow<'_, str> {
        unescape_cell(self.raw(column))
    }

    /// The name of the first of these columns with a non-empty cell.
    fn first_filled(&self, columns: &[TableColumn]) -> Option<&'static str> {
        columns
            .iter()
            .find(|column| !self.cell(**column).is_empty())
            .and_then(|column| COLUMNS.get(*column as usize).copied())
    }

    fn parse_bool(&self, column: TableColumn) -> Result<Option<bool>, String> {
        let text = self.cell(column);
        match text.to_lowercase().as_str() {
            "" => Ok(None),
            lower => parse_boolean(lower).map(Some).ok_or_else(|| {
                format!(
                    "{} is {}, expected true or false (or yes, no, 1, 0)",
                    COLUMNS.get(column as usize).unwrap_or(&""),
                    quoted(&text)
                )
            }),
        }
    }

    /// The address of the room; `None` if the table has no column for rooms.
    fn room(&self) -> Result<Option<Jid>, String> {
        match (self.1.has(TableColumn::Room), self.cell(TableColumn::Room)) {
            (false, _) => Ok(None),
            (true, room) if room.is_empty() => Err("Enter the room's address".into()),
            (true, room) => Jid::parse_room_input(&room)
                .map(Some)
                .map_err(|error| address_error("room", &error)),
        }
    }

    fn title(&self) -> Option<Arc<str>> {
        Some(self.untrimmed(TableColumn::Title))
            .filter(|title| !title.is_empty())
            .map(|title| title.as_ref().into())
    }
}

impl TableReader {
    fn add_row(&mut self, row: &CsvRow) -> Result<(), AtLine<String>> {
        let line = row.line;
        let width = self.columns.width;
        // Spreadsheets omit empty cells at the end of a row; empty cells beyond the columns are ignored.
        if row.cells.iter().skip(width).any(|cell| !cell.trim().is_empty()) {
            let cells = row.cells.len();
            let message = format!("{cells} cells, expected {width} (missing quotation mark?)");
            return Err((line, message));
        }
        self.add_cells(line, &RowCells(row, self.columns))
            .map_err(|message| (line, message))
    }

    fn add_cells(&mut self, line: usize, cells: &RowCells) -> Result<(), String> {
        let (user, hat) = (
            cells.cell(TableColumn::User),
            cells.with_outer_space(TableColumn::Hat),
        );
        let room_jid = cells.room()?;
        let room = self.rooms.entry(room_jid.clone()).or_default();
        let needs = |column: &str, needed: &str| Err(format!("{column} needs a {needed} in the same row"));
        let hat_id = HatId::unchecked(&*hat);
        let mut add_unverified = |value| {
            self.unverified.push(Unverified {
                line,
                room: room_jid.clone(),
                hat: hat_id.clone(),
                value,
            });
        };
        let blank_title = cells.title().filter(|title| is_only_whitespace(title));
        if !hat.is_empty() && !hat_id.is_uri() {
            add_unverified(UnverifiedValue::HatId);
        }
        if user.is_empty() {
            self.lines
                .push(TableLine::new(room_jid.as_ref(), None, &hat_id, line));
            if let Some(column) = cells.first_filled(&[
                TableColumn::Affiliation,
                TableColumn::Active,
                TableColumn::Required,
            ]) {
                return needs(column, "user");
            }
            if hat.is_empty() {
                if let Some(column) = cells.first_filled(&[TableColumn::Hue]) {
                    return needs(column, "hat");
                }
                return match cells.title() {
                    Some(name) => set_once(&mut room.name, line, name, "the room's name"),
                    None => Ok(()),
                };
            }
            let hue_text = &*cells.with_outer_space(TableColumn::Hue);
            let with_point = hue_text.replacen(',', ".", 1);
            let is_number = self.may_have_decimal_comma
                && parse_hue(&with_point).is_some_and(|hue| hue.degrees().is_some());
            let hue_cell = if is_number { with_point.as_str() } else { hue_text };
            let is_angle = parse_hue(hue_cell).is_none_or(|hue| hue.degrees().is_some());
            if !is_angle {
                add_unverified(UnverifiedValue::Hue(hue_cell.to_owned()));
            }
            if let Some(title) = blank_title {
                add_unverified(UnverifiedValue::BlankTitle(None, title));
            }
            let entry = CatalogHat {
                title: cells.title(),
                hue: parse_hue(hue_cell),
                extra: Extra::default(),
            };
            return insert_once(&mut room.catalog, hat_id, line, entry, "the catalog hat");
        }
        if cells.first_filled(&[TableColumn::Hue]).is_some() {
            return Err("hue applies to catalog hats only: leave the user empty".into());
        }
        let user_jid = Jid::parse_input(&user).map_err(|error| address_error("user", &error))?;
        self.lines
            .push(TableLine::new(room_jid.as_ref(), Some(&user_jid), &hat_id, line));
        if let (Some(title), false) = (blank_title, hat.is_empty()) {
            add_unverified(UnverifiedValue::BlankTitle(Some(user_jid.clone()), title));
        }
        let user = room.users.entry(user_jid).or_insert_with(|| UserRows {
            line,
            ..UserRows::default()
        });
        let affiliation = cells.cell(TableColumn::Affiliation);
        if !affiliation.is_empty() {
            let parsed = Affiliation::from_name(&affiliation.to_lowercase());
            let parsed = parsed.ok_or_else(|| {
                let found = quoted(&affiliation);
                format!("affiliation is {found}, expected owner, admin, member, outcast or none")
            })?;
            set_once(&mut user.affiliation, line, parsed, "the user's affiliation")?;
        }
        let (active, required) = (
            cells.parse_bool(TableColumn::Active)?,
            cells.parse_bool(TableColumn::Required)?,
        );
        if hat.is_empty() {
            return match cells.first_filled(&[TableColumn::Title, TableColumn::Active, TableColumn::Required])
            {
                Some(column) => needs(column, "hat"),
                None => Ok(()),
            };
        }
        let attachment = Attachment {
            active,
            required,
            title: cells.title(),
            extra: Extra::default(),
        };
        insert_once(&mut user.hats, hat_id, line, attachment, "the user's hat")
    }

    fn finish(self) -> ParsedImport {
        let mut parsed = ParsedImport::of(ImportExtent::Document(Wardrobe::default()));
        parsed.columns = Some(self.columns);
        let has_rooms = self.columns.has(TableColumn::Room);
        parsed.unverified = self.unverified;
        parsed.lines = TableLines::new(self.lines, has_rooms);
        let (mut rooms, mut content) = (Vec::new(), None);
        for (jid, rows) in self.rooms {
            let mut users = Vec::new();
            for (user, rows) in rows.users {
                if rows.affiliation.is_none() {
                    parsed
                        .missing_affiliations
                        .insert((jid.clone(), user.clone()), rows.line);
                }
                let hats: Hats = rows.hats.into_iter().map(|(id, (_, hat))| (id, hat)).collect();
                let user_content = User {
                    affiliation: rows
                        .affiliation
                        .map(|(_, affiliation)| affiliation)
                        .unwrap_or_default(),
                    hats,
                    extra: Extra::default(),
                };
                users.push((user, user_content));
            }
            let mut room = Room::default().with_users(users).unwrap_or_default();
            room.name = rows.name.map(|(_, name)| name);
            room.catalog = rows.catalog.into_iter().map(|(id, (_, hat))| (id, hat)).collect();
            match jid {
                Some(jid) => rooms.push((jid, Arc::new(room))),
                None => content = Some(room),
            }
        }
        parsed.content = if has_rooms {
            ImportExtent::Document(Wardrobe::from_rooms(rooms))
        } else {
            ImportExtent::Room(Box::new(content.unwrap_or_default()))
        };
        parsed
    }
}

/// Sets a value that several rows may repeat, but not contradict. `subject` names the value in the error.
fn set_once<T: PartialEq>(
    slot: &mut Option<AtLine<T>>,
    line: usize,
    value: T,
    subject: &str,
) -> Result<(), String> {
    match slot {
        Some((line, existing)) if *existing != value => Err(format!("{subject} differs from line {line}")),
        Some(_) => Ok(()),
        None => {
            *slot = Some((line, value));
            Ok(())
        }
    }
}

/// Inserts a value that several rows may repeat, but not contradict. `subject` names the value in the error.
fn insert_once<T: PartialEq>(
    entries: &mut BTreeMap<HatId, AtLine<T>>,
    hat: HatId,
    line: usize,
    value: T,
    subject: &str,
) -> Result<(), String> {
    match entries.get(&hat) {
        Some((line, existing)) if *existing != value => Err(format!("{subject} differs from line {line}")),
        Some(_) => Ok(()),
        None => {
            entries.insert(hat, (line, value));
            Ok(())
        }
    }
}

fn address_error(column: &str, error: &InvalidJid) -> String {
    let InvalidJid {
        text,
        expected,
        reason,
    } = error;
    format!("{column} {} is not {expected}: {reason}", quoted(text))
}
