//! The contents of each pane and overlay, derived from the state. [`crate::ui`] draws them in boxes or writes them as
//! plain lines.
//!
//! A view contains raw text; the code that shows the text sanitizes it. Rows are created only when they are visible.

use super::{Pane, State};

pub(super) mod catalog;
pub(super) mod details;
mod empty;
pub(super) mod finder;
pub(super) mod form;
pub(super) mod history;
pub(super) mod history_entry;
pub(super) mod history_values;
pub(super) mod import_preview;
pub mod label;
mod panes;
mod parts;
pub(super) mod plan;
pub(super) mod prompt;
pub(super) mod question;
pub(super) mod report;
pub(super) mod rollback;
pub mod screen;
pub(super) mod server_details;
pub(super) mod servers;
pub(super) mod sets;
pub(super) mod themes;

pub use parts::{
    Body, CellContent, CellWidth, Details, FULL_TEXT_LINES, FieldView, FieldsView, Glyph, HatAppearance,
    Heading, InputView, ItemRow, ListRow, ListView, PREVIEW_LINES, Preview, QuestionParagraph, Remark,
    RowCell, RowCount, SUGGESTION_LINES, SpokenText, StoredHat, SuggestionsView, Swatch, TitleName, Tone,
    Truncation, ValueView, View,
};

/// Returns the contents of a pane.
pub fn pane(state: &State, pane: Pane) -> View<'_> {
    panes::view(state, pane)
}
