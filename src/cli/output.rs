//! Standard output: sanitized lines, aligned tables, JSON and CSV.

use std::io::{self, IsTerminal, Write};

use super::failure::Failure;
use crate::app::describe;
use crate::ui::text;

/// Standard output, or another writer: in tests, and for `export --output` to a named pipe or device.
pub struct Output<'a> {
    writer: &'a mut dyn Write,
    /// The name of the writer in errors.
    name: String,
    is_terminal: bool,
    /// Whether the command has saved a change.
    has_saved: bool,
    /// Whether the first write error is kept in `failure` until the end.
    keeps_going: bool,
    failure: Option<Failure>,
}

/// Returns the message for a saved change: its summary, which is a phrase in the past tense, with the revision.
pub(super) fn saved_text(summary: &str, revision: u64) -> String {
    let summary = describe::capitalized(summary);
    if summary.ends_with(')') {
        format!("{summary} as revision {revision}")
    } else {
        format!("{summary} (revision {revision})")
    }
}

/// The maximum width to which the columns of a table are aligned, in terminal columns. A longer cell is not cut and shifts
/// only the rest of its row.
const MAX_COLUMN_WIDTH: usize = 48;

impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("terminal", &self.is_terminal)
            .finish_non_exhaustive()
    }
}

impl<'a> Output<'a> {
    /// Creates an output that is named `standard output` in errors. CSV is sanitized only on a terminal.
    pub fn new(writer: &'a mut dyn Write, is_terminal: bool) -> Self {
        Self {
            writer,
            name: "standard output".into(),
            is_terminal,
            has_saved: false,
            keeps_going: false,
            failure: None,
        }
    }

    /// Sets the name of the writer in errors.
    pub(super) fn with_name(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// Makes later calls keep the first write error until [`Self::finish`] instead of returning it: the rest of the work
    /// must be done even if nobody reads the output.
    pub(super) fn keep_going(&mut self) {
        self.keeps_going = true;
    }

    /// Flushes the writer if the command succeeded, and combines the result with the write error that was kept, if there is
    /// one. The error of the command has priority, unless it has no message and the write error is not a closed pipe.
    pub(super) fn finish(&mut self, result: Result<(), Failure>) -> Result<(), Failure> {
        let result = result.and_then(|()| self.flush());
        match (result, self.failure.take()) {
            (Err(failure), Some(kept)) if failure.message.is_empty() && kept.code != 0 => Err(kept),
            (Ok(()), Some(kept)) => Err(kept),
            (result, _) => result,
        }
    }

    /// Notes that a change has been saved. Later write errors mention this.
    pub(super) fn mark_saved(&mut self) {
        self.has_saved = true;
    }

    /// Prints a line for people, sanitized.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        let written = writeln!(self.writer, "{}", text::sanitize(line));
        self.write_result(written)
    }

    /// Prints a line unchanged. The caller must have sanitized it.
    pub(super) fn raw_line(&mut self, line: &str) -> Result<(), Failure> {
        let written = writeln!(self.writer, "{line}");
        self.write_result(written)
    }

    /// Prints a table with aligned columns: first the head, then the rows. Cells are not cut, but columns that `head` does
    /// not have are left out.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        self.aligned_table(head, true, rows, MAX_COLUMN_WIDTH)
    }

    /// Prints further rows of a table whose head is already printed.
    pub fn more_rows(&mut self, head: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        self.aligned_table(head, false, rows, MAX_COLUMN_WIDTH)
    }

    /// Like [`Self::table`], with columns as wide as their cells.
    pub fn wide_table(&mut self, head: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        self.aligned_table(head, true, rows, usize::MAX)
    }

    fn aligned_table(
        &mut self,
        head: &[&str],
        prints_head: bool,
        rows: &[Vec<String>],
        max_width: usize,
    ) -> Result<(), Failure> {
        let clean = |row: &[String]| -> Vec<String> {
            row.iter().map(|cell| text::sanitize(cell).into_owned()).collect()
        };
        let rows: Vec<Vec<String>> = rows.iter().map(|row| clean(row)).collect();
        let mut widths: Vec<usize> = head.iter().map(|cell| text::width(cell)).collect();
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(text::width(cell).min(max_width));
            }
        }
        let head: Vec<String> = head.iter().map(|&cell| cell.into()).collect();
        for row in std::iter::once(&head).filter(|_| prints_head).chain(&rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let mut cell = cell.clone();
                text::pad(&mut cell, *width);
                cell.push_str("  ");
                line.push_str(&cell);
            }
            let written = writeln!(self.writer, "{}", line.trim_end());
            self.write_result(written)?;
        }
        Ok(())
    }

    /// Prints JSON. Characters that could affect a terminal are escaped as `\u…`, also if the output is not a terminal, as
    /// this does not change the value.
    pub fn json(&mut self, json: &[u8]) -> Result<(), Failure> {
        let written = match std::str::from_utf8(json) {
            Ok(text) => self.writer.write_all(text::escape_json(text).as_bytes()),
            Err(_) => self.writer.write_all(json),
        };
        self.write_result(written)
    }

    /// Prints CSV byte for byte, as CSV has no standard escapes; on a terminal, prints sanitized CSV instead. Returns
    /// whether characters were replaced.
    pub fn csv(&mut self, table: &[u8]) -> Result<bool, Failure> {
        let text = match std::str::from_utf8(table) {
            Ok(text) if self.is_terminal => text,
            _ => {
                let written = self.writer.write_all(table);
                return self.write_result(written).map(|()| false);
            }
        };
        text.lines().try_for_each(|line| self.line(line))?;
        Ok(text.lines().any(|line| text::sanitize(line) != line))
    }

    /// Prints a warning on standard error, after flushing the output.
    pub fn warn(&mut self, line: &str) -> Result<(), Failure> {
        self.flush()?;
        // A failure to print a warning cannot be reported.
        let _ = writeln!(io::stderr(), "hatrack: {}", text::sanitize(line));
        Ok(())
    }

    /// Flushes the writer.
    pub fn flush(&mut self) -> Result<(), Failure> {
        let flushed = self.writer.flush();
        self.write_result(flushed)
    }

    /// Turns a write error into a failure, or keeps it after [`Self::keep_going`]. A closed pipe is a failure with exit
    /// code 0 and without a message.
    fn write_result(&mut self, written: io::Result<()>) -> Result<(), Failure> {
        let Err(error) = written else { return Ok(()) };
        let failure = if error.kind() == io::ErrorKind::BrokenPipe {
            Failure::with_code(0, "")
        } else {
            let saved = if self.has_saved {
                "the change is saved, but hatrack "
            } else {
                ""
            };
            Failure::error(format!("{saved}cannot write to {}: {error}", self.name))
        };
        if self.keeps_going {
            self.failure.get_or_insert(failure);
            return Ok(());
        }
        Err(failure)
    }
}

/// Whether standard output is a terminal.
pub(super) fn is_stdout_terminal() -> bool {
    io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::write;

    fn printed(terminal: bool, print: impl FnOnce(&mut Output)) -> String {
        let mut bytes = Vec::new();
        print(&mut Output::new(&mut bytes, terminal));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn wide_table_aligns_long_cells() {
        let long = "x".repeat(2 * MAX_COLUMN_WIDTH);
        let rows = [vec![long, "y".into()], vec!["x".into(), "y".into()]];
        let table = printed(false, |out| out.wide_table(&["PATH", "STATE"], &rows).unwrap());
        let columns: Vec<usize> = table
            .lines()
            .map(|line| line.rfind(['S', 'y']).unwrap())
            .collect();
        assert_eq!(columns, [2 * MAX_COLUMN_WIDTH + 2; 3]);
    }

    #[test]
    fn aligns_columns_and_sanitizes_cells() {
        let rows = [
            vec!["帽子".into(), "x".into()],
            vec!["a\u{1b}[31mb".into(), "y".into()],
            vec![String::new(), String::new()],
        ];
        let table = printed(false, |out| out.table(&["TITLE", "HAT"], &rows).unwrap());
        assert_eq!(table, "TITLE    HAT\n帽子     x\na␛[31mb  y\n\n");
    }

    #[test]
    fn long_cells_shift_only_their_own_row() {
        let long = "x".repeat(100_000);
        let rows = [vec![long.clone(), "a".into()], vec!["y".into(), "b".into()]];
        let table = printed(false, |out| out.table(&["TITLE", "HAT"], &rows).unwrap());
        let short = |cell: &str, next: &str| format!("{cell:48}  {next}\n");
        assert_eq!(
            table,
            format!("{}{long}  a\n{}", short("TITLE", "HAT"), short("y", "b"))
        );
    }

    #[test]
    fn escapes_json_without_changing_its_value() {
        let json = "{\n  \"a\u{9b}31m\": \"b\u{202e}c 帽子 \u{e0041}\u{7f} e\u{301}\"\n}\n";
        for terminal in [false, true] {
            let shown = printed(terminal, |out| out.json(json.as_bytes()).unwrap());
            assert_eq!(
                shown,
                "{\n  \"a\\u009b31m\": \"b\\u202ec 帽子 \\udb40\\udc41\\u007f e\u{301}\"\n}\n"
            );
            let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            assert_eq!(value(&shown), value(json));
        }
    }

    proptest::proptest! {
        /// Any text in JSON parses back, and no control character of it reaches the terminal.
        #[test]
        fn json_output_never_has_control_characters(text in "[\\x00-\\x7f\u{80}-\u{9f}\u{ad}\u{200b}-\u{206f}\u{feff}é帽\\PC]{0,20}") {
            let shown = printed(true, |out| out.json(write::compact(&text).as_bytes()).unwrap());
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
            let is_unsafe = |c: char| c.is_control() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
            proptest::prop_assert!(!shown.contains(is_unsafe), "{}", shown);
        }

        /// No control characters in CSV reach the terminal.
        #[test]
        fn csv_on_terminals_never_has_control_characters(text in "[\\x00-\\x7f\u{80}-\u{9f}\u{202a}-\u{202e}é帽]{0,20}") {
            let shown = printed(true, |out| {
                out.csv(text.as_bytes()).unwrap();
            });
            let is_unsafe = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}'));
            proptest::prop_assert!(!shown.contains(is_unsafe), "{}", shown);
            let piped = printed(false, |out| {
                out.csv(text.as_bytes()).unwrap();
            });
            proptest::prop_assert_eq!(piped, text);
        }
    }

    #[test]
    fn write_error_names_the_writer() {
        let mut full: &mut [u8] = &mut [];
        let mut out = Output::new(&mut full, false).with_name("hats.csv".into());
        let failure = out.line("x").unwrap_err();
        assert!(
            failure.message.starts_with("cannot write to hats.csv: "),
            "{failure}"
        );
    }

    #[test]
    fn closed_pipe_is_not_an_error() {
        struct OutputClosed;
        impl Write for OutputClosed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let failure = Output::new(&mut OutputClosed, false).line("x").unwrap_err();
        assert_eq!((failure.code, failure.message.as_str()), (0, ""));
        let mut closed = OutputClosed;
        let mut out = Output::new(&mut closed, false);
        out.keep_going();
        out.line("x").unwrap();
        out.warn("x").unwrap();
        let unsent = Failure::with_code(7, "");
        assert_eq!(out.finish(Err(unsent)).unwrap_err().code, 7);
    }
}
