//! What a view is made of.

use std::borrow::Cow;

use crate::app::text::TextInput;

mod fields;
mod list;

pub use fields::{
    FieldView, FieldsView, HatAppearance, PREVIEW_LINES, Preview, SUGGESTION_LINES, SuggestionsView,
    ValueView,
};
pub use list::{CellContent, CellWidth, Glyph, ItemRow, ListRow, ListView, RowCell, SpokenText, Tone};

/// Lines for the whole of the selected row below a list, where there is room for them.
const FULL_TEXT_LINES: u16 = 4;

/// What a pane or an overlay shows.
pub struct View<'a> {
    /// Its title and what it is about.
    pub heading: Heading<'a>,
    /// The most columns and rows that an overlay needs; panes fill their place.
    pub size: (u16, u16),
    /// The line that is typed above the body.
    pub input: Option<InputView<'a>>,
    /// Remarks above the body, a line each.
    pub remarks: Vec<Remark>,
    /// The content.
    pub body: Body<'a>,
    /// The whole of what is selected, in the line below the panes.
    pub details: Option<Details<'a>>,
}

impl View<'_> {
    /// How many rows further or back a page is in the list of an overlay of so many lines: as many as are shown, and
    /// headings between them are none.
    pub(crate) fn page_rows(&self, lines: u16, down: bool) -> usize {
        let around = 2 + u16::from(self.input.is_some());
        let remarks = u16::try_from(self.remarks.len()).unwrap_or(u16::MAX);
        let body = self
            .size
            .1
            .min(lines)
            .saturating_sub(around)
            .saturating_sub(remarks);
        let rows = match &self.body {
            Body::List(list) => list.selectable_rows(body.saturating_sub(list.full_text_lines(body)), down),
            Body::Fields(fields) => usize::from(fields.page_size(body)),
            Body::Question(_) => 1,
        };
        rows.max(1)
    }
}

/// The title of a pane or overlay.
#[derive(Default)]
pub struct Heading<'a> {
    /// What is listed or done.
    pub title: Cow<'a, str>,
    /// How many rows there are.
    pub count: Option<RowCount<'a>>,
    /// What it is about, the outermost first: the room, the user.
    pub subjects: Vec<TitleName<'a>>,
    /// Title and subject as a phrase: `Users of Courses`.
    pub spoken: String,
    /// Something is being worked out or waited for.
    pub busy: bool,
}

/// A name that may have to be cut.
pub struct TitleName<'a> {
    /// The name.
    pub text: Cow<'a, str>,
    /// Where it is cut when it is too long.
    pub truncation: Truncation,
}

/// Where a text is cut when it is too long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Truncation {
    /// At its end.
    #[default]
    End,
    /// In its middle: for URIs, whose ends tell most.
    Middle,
    /// As an address: first the domain, at its end.
    Address,
}

/// How many rows a list has.
#[derive(Default)]
pub struct RowCount<'a> {
    /// Rows that are shown.
    pub shown: usize,
    /// More follow that were not read yet.
    pub has_more: bool,
    /// While the list is filtered: how many rows there are without the filter.
    pub total: Option<usize>,
    /// The filter's text, unless it is being typed.
    pub filter: Option<Cow<'a, str>>,
    /// Marked rows.
    pub marked: usize,
    /// The order of the rows: `by name`.
    pub sort_order: Option<&'static str>,
    /// The noun for a row where the title does not name it.
    pub noun: Option<&'static str>,
}

/// A line that is typed.
pub struct InputView<'a> {
    /// What is typed, with its cursor.
    pub text: &'a TextInput,
    /// What can be typed, shown while nothing is.
    pub hint: &'static str,
}

/// A line above the body.
pub struct Remark {
    /// The sentence.
    pub text: String,
    /// It tells of a failure.
    pub is_error: bool,
}

/// The content of a view.
pub enum Body<'a> {
    /// Rows, one of which is selected.
    List(ListView<'a>),
    /// Paragraphs and the keys that answer.
    Question(Vec<QuestionParagraph>),
    /// The fields of a form.
    Fields(Box<FieldsView<'a>>),
}

/// A paragraph of a question.
pub struct QuestionParagraph {
    /// The text; empty: a blank line.
    pub text: String,
    /// Emphasized.
    pub strong: bool,
}

/// The whole of what is selected.
pub struct Details<'a> {
    /// An address, an id, a sentence.
    pub main: Cow<'a, str>,
    /// Where it is cut.
    pub cut: Truncation,
    /// More about it.
    pub remarks: Vec<Cow<'a, str>>,
}

impl Details<'_> {
    /// The sentence of a row, and what it does not say already.
    pub fn sentence(&self, sentence: &str) -> String {
        // The row has the short form; this is the full one.
        let said = sentence
            .split(", ")
            .filter(|part| self.main.len() == part.len() || !self.main.starts_with(&format!("{part}:")));
        let said: Vec<&str> = said.collect();
        let parts = std::iter::once(&self.main).chain(&self.remarks);
        let more = parts.map(Cow::as_ref).filter(|part| !said.contains(part));
        join_nonempty(said.iter().copied().chain(more).map(Cow::Borrowed))
    }
}

/// Parts that are not empty, as an enumeration.
pub(in crate::app) fn join_nonempty<'a>(parts: impl IntoIterator<Item = Cow<'a, str>>) -> String {
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}
