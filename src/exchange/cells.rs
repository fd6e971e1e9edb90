//! Parses and writes CSV cells (RFC 4180). Parsing is strict: a misplaced quotation mark is an error with its line, so
//! that it cannot swallow the following rows.

use std::borrow::Cow;

/// A row of cells, and the number of its first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CsvRow<'a> {
    pub(super) line: usize,
    pub(super) cells: Vec<Cow<'a, str>>,
}

/// Iterates over the rows of a text. An error is the last item, because the start of the next row is unknown.
#[derive(Debug, Clone)]
pub(super) struct CsvRows<'a> {
    rest: &'a str,
    line: usize,
    separator: char,
}

/// The possible separators.
const SEPARATORS: [char; 3] = [',', ';', '\t'];

impl<'a> CsvRows<'a> {
    /// Creates the iterator and detects the separator: the declared one, else the most frequent one in the first line
    /// that is not empty, because spreadsheets in many countries write `;`.
    pub(super) fn new(text: &'a str) -> Self {
        let start = text.trim_start_matches(['\n', '\r']);
        let first_line = start.split(['\n', '\r']).next().unwrap_or_default();
        if let Some((separator, rest)) = declared_separator(text) {
            return Self {
                rest,
                line: 2,
                separator,
            };
        }
        let separator = SEPARATORS
            .into_iter()
            .rev()
            .max_by_key(|separator| first_line.matches(*separator).count())
            .unwrap_or(',');
        Self {
            rest: text,
            line: 1,
            separator,
        }
    }

    /// The separator between cells.
    pub(super) fn separator(&self) -> char {
        self.separator
    }

    fn read_row(&mut self) -> Result<CsvRow<'a>, (usize, String)> {
        let line = self.line;
        let mut cells = Vec::new();
        loop {
            cells.push(self.read_cell()?);
            let mut rest = self.rest.chars();
            match rest.next() {
                Some(next) if next == self.separator => self.rest = rest.as_str(),
                Some('\r') => {
                    self.rest = rest.as_str().strip_prefix('\n').unwrap_or(rest.as_str());
                    break;
                }
                _ => {
                    self.rest = rest.as_str();
                    break;
                }
            }
        }
        self.line += 1;
        Ok(CsvRow { line, cells })
    }

    fn read_cell(&mut self) -> Result<Cow<'a, str>, (usize, String)> {
        let ends = [self.separator, '\n', '\r'];
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let end = self.rest.find(ends).unwrap_or(self.rest.len());
            let (cell, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
            if cell.contains('"') {
                let message = "quotation mark inside a cell: quote the whole cell and double the mark";
                return Err((self.line, message.into()));
            }
            self.rest = rest;
            return Ok(Cow::Borrowed(cell));
        };
        let (opening_line, mut rest, mut cell) = (self.line, quoted, Cow::Borrowed(""));
        loop {
            let Some((before, after)) = rest.split_once('"') else {
                return Err((opening_line, "unclosed quotation mark".into()));
            };
            self.line += count_line_breaks(before);
            if cell.is_empty() {
                cell = Cow::Borrowed(before);
            } else {
                cell.to_mut().push_str(before);
            }
            rest = after;
            let Some(after) = rest.strip_prefix('"') else {
                break;
            };
            cell.to_mut().push('"');
            rest = after;
        }
        if !rest.is_empty() && !rest.starts_with(ends) {
            let message = "text after a closing quotation mark; double a mark inside a cell";
            return Err((self.line, message.into()));
        }
        self.rest = rest;
        Ok(cell)
    }
}

/// Parses a first line such as `sep=;`, in which a spreadsheet declares its separator. Returns the separator and the
/// following text; `None` without such a line.
fn declared_separator(text: &str) -> Option<(char, &str)> {
    let (line, rest) = text.split_once('\n')?;
    // The line may be quoted, and padded to the width of the other rows.
    let line = line.trim_end_matches('\r').replace('"', "").to_ascii_lowercase();
    let mut declared = line.strip_prefix("sep=")?.chars();
    let separator = declared.next().filter(|declared| SEPARATORS.contains(declared))?;
    declared
        .all(|more| more == separator)
        .then_some((separator, rest))
}

fn count_line_breaks(text: &str) -> usize {
    text.matches('\n').count() + text.replace("\r\n", "").matches('\r').count()
}

impl<'a> Iterator for CsvRows<'a> {
    type Item = Result<CsvRow<'a>, (usize, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let row = self.read_row();
        if row.is_err() {
            self.rest = "";
        }
        Some(row)
    }
}

/// Appends a row to `out`.
pub(super) fn write_row<'a>(out: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let cell = escape_formulas(cell);
        if cell.contains(['"', '\n', '\r', ',', ';', '\t']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}

/// Characters that start a formula in a spreadsheet. A formula can do more than show text.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// Characters after which a spreadsheet with another separator may start a new cell, ignoring the quotation marks of
/// the cell that contains them.
const CELL_BREAKS: [char; 4] = [';', '\t', '\n', '\r'];

/// Whether a cell that starts with this text would be a formula, or looks like an escaped formula. `is_start` tells
/// whether the text is at the start of its cell.
fn begins_formula(text: &str, is_start: bool) -> bool {
    let text = text.trim_start_matches('\'');
    // Some spreadsheets skip whitespace at the start of a cell.
    text.starts_with(FORMULA_STARTS) || (is_start && text.starts_with(['\t', '\r', '\n']))
}

/// Splits a text into pieces, each of which a spreadsheet may take for the start of a cell. Each piece has a flag that
/// tells whether it is the first.
fn pieces(text: &str) -> impl Iterator<Item = (bool, &str)> {
    (text.split_inclusive(CELL_BREAKS).enumerate()).map(|(index, piece)| (index == 0, piece))
}

/// Escapes with an apostrophe each piece that a spreadsheet would take for a formula, and each piece that looks like an
/// escaped formula, so that every text can be restored.
fn escape_formulas(text: &str) -> Cow<'_, str> {
    if !pieces(text).any(|(is_start, piece)| begins_formula(piece, is_start)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 2);
    for (is_start, piece) in pieces(text) {
        if begins_formula(piece, is_start) {
            out.push('\'');
        }
        out.push_str(piece);
    }
    Cow::Owned(out)
}

/// Reverts [`escape_formulas`].
pub(super) fn unescape_formulas(text: &str) -> Cow<'_, str> {
    let unescaped = |is_start: bool, piece| -> Option<&str> {
        str::strip_prefix(piece, '\'').filter(|rest| begins_formula(rest, is_start))
    };
    if !pieces(text).any(|(is_start, piece)| unescaped(is_start, piece).is_some()) {
        return Cow::Borrowed(text);
    }
    let all = pieces(text).map(|(is_start, piece)| unescaped(is_start, piece).unwrap_or(piece));
    Cow::Owned(all.collect())
}

/// Whether a text starts or ends with whitespace, ignoring apostrophes at its start.
fn has_outer_space(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    text.trim().len() != text.len()
}

/// Escapes with an apostrophe a text that starts or ends with whitespace, because imports trim cells.
pub(super) fn escape_outer_space(text: &str) -> Cow<'_, str> {
    if has_outer_space(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Reverts [`escape_outer_space`]; `None` if the text was not escaped.
fn unescape_outer_space(text: &str) -> Option<&str> {
    text.strip_prefix('\'').filter(|text| has_outer_space(text))
}

/// The value of a cell: an escaped text unchanged, any other text trimmed.
pub(super) fn unescape_cell(cell: &str) -> Cow<'_, str> {
    let whole = unescape_formulas(cell);
    match unescape_outer_space(&whole) {
        Some(text) => Cow::Owned(text.to_owned()),
        None => unescape_formulas(cell.trim()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Cells = (usize, Vec<String>);

    fn rows(text: &str) -> Result<Vec<Cells>, (usize, String)> {
        let plain = |row: CsvRow| (row.line, row.cells.iter().map(|cell| (**cell).into()).collect());
        CsvRows::new(text).map(|row| row.map(plain)).collect()
    }

    fn row(line: usize, cells: &[&str]) -> Cells {
        (line, cells.iter().map(|cell| (*cell).into()).collect())
    }

    #[test]
    fn rows_have_their_first_line() {
        let text = "a,b\r\n\"1\n2\",\"say \"\"x\"\"\"\n\n,\"\"\rz";
        let expected = vec![
            row(1, &["a", "b"]),
            row(2, &["1\n2", "say \"x\""]),
            row(4, &[""]),
            row(5, &["", ""]),
            row(6, &["z"]),
        ];
        assert_eq!(rows(text).unwrap(), expected);
        assert_eq!(rows("a;b,c;d\n1;2").unwrap()[1], row(2, &["1", "2"]));
        assert_eq!(rows("a\tb\n").unwrap(), [row(1, &["a", "b"])]);
    }

    #[test]
    fn reads_separator_declaration() {
        for (first, separator) in [
            ("sep=;\r\n", ';'),
            ("SEP=,\n", ','),
            ("\"sep=;\"\n", ';'),
            ("sep=\t\n", '\t'),
            ("sep=;;;;\n", ';'),
        ] {
            let text = format!("{first}a,b{separator}c\n");
            let cells: Vec<&str> = "a,b".split(separator).chain(["c"]).collect();
            assert_eq!(rows(&text).unwrap(), [row(2, &cells)], "{first:?}");
        }
        // Other first lines are not declarations.
        assert_eq!(rows("sep=x\na").unwrap()[0], row(1, &["sep=x"]));
        assert_eq!(rows("sep=;").unwrap(), [row(1, &["sep=", ""])]);
    }

    #[test]
    fn rejects_misplaced_quotation_marks() {
        for (text, line, message) in [
            ("a,b\n1,\"open\n2,3\n", 2, "unclosed"),
            ("a,b\n\"1\n\"x,2", 3, "text after"),
            ("a,b\n1,2\"\n", 2, "inside a cell"),
        ] {
            let error = rows(text).unwrap_err();
            assert!(
                error.0 == line && error.1.contains(message),
                "{text:?}: {error:?}"
            );
        }
    }

    proptest! {
        /// Written rows are read back unchanged, here and by a common CSV reader, whatever they contain.
        #[test]
        fn rows_round_trip(all in prop::collection::vec(prop::collection::vec("[-a'=+@,;\"\r\n\t ＝書]{0,6}", 2..4), 0..6)) {
            // The first line determines the separator.
            let mut text = "room,user,hat\r\n".to_owned();
            for cells in &all {
                write_row(&mut text, cells.iter().map(|cell| &**cell));
            }
            let restored: Vec<Vec<String>> = rows(&text).unwrap().into_iter().skip(1)
                .map(|(_, cells)| cells.iter().map(|cell| unescape_formulas(cell).into_owned()).collect())
                .collect();
            prop_assert_eq!(&restored, &all);
            let mut other = ::csv::ReaderBuilder::new();
            let other = other.flexible(true).from_reader(text.as_bytes()).into_records()
                .map(|row| row.unwrap().iter().map(|cell| unescape_formulas(cell).into_owned()).collect())
                .collect::<Vec<Vec<String>>>();
            prop_assert_eq!(&other, &all);
            // No cell is a formula, whatever a spreadsheet takes for separators and quotation marks.
            for (_, cells) in rows(&text).unwrap() {
                for cell in cells {
                    prop_assert!(!cell.starts_with(['\t', '\r', '\n']), "{:?}", cell);
                    prop_assert!(cell.split(CELL_BREAKS).all(|part| !part.starts_with(FORMULA_STARTS)), "{:?}", cell);
                }
            }
        }

        /// Escaped text is never a formula and is restored exactly; text that was never escaped stays the same.
        #[test]
        fn formula_escape_is_reversible(text in "[-a'=+@,;\"\r\n\t ＝\u{a0}]{0,12}") {
            let escaped = escape_formulas(&text);
            prop_assert!(escaped.split(CELL_BREAKS).all(|part| !part.starts_with(FORMULA_STARTS)), "{:?}", escaped);
            let (restored, unescaped) = (unescape_formulas(&escaped), unescape_formulas(&text));
            prop_assert_eq!(&*restored, &*text);
            if unescaped == text {
                prop_assert!(escaped == text || escape_formulas(&unescaped) == escaped);
            }
            let written = escape_formulas(&escape_outer_space(&text)).into_owned();
            prop_assert_eq!(unescape_cell(&written), text.as_str());
            // Whitespace that people add around a cell is ignored.
            if text.trim() == text && !text.is_empty() && !has_outer_space(&text) {
                let spaced = format!(" {} ", escape_formulas(&text));
                prop_assert_eq!(unescape_cell(&spaced), text.as_str());
            }
        }
    }
}
