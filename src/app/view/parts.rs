//! The parts of a view.

use std::borrow::Cow;

use crate::app::text::TextInput;

mod fields;
mod list;

pub use fields::{
    FieldView, FieldsView, HatAppearance, PREVIEW_LINES, Preview, SUGGESTION_LINES, StoredHat,
    SuggestionsView, Swatch, ValueView,
};
pub use list::{CellContent, CellWidth, Glyph, ItemRow, ListRow, ListView, RowCell, SpokenText, Tone};

/// Number of lines for the full text of the selected row, if there is space.
pub const FULL_TEXT_LINES: u16 = 4;

/// The content of a pane or overlay.
pub struct View<'a> {
    /// The title and the subject.
    pub heading: Heading<'a>,
    /// Maximum width and height of an overlay; panes fill their area.
    pub size: (u16, u16),
    /// The text input above the body.
    pub input: Option<InputView<'a>>,
    /// Remarks above the body; long ones are wrapped.
    pub remarks: Vec<Remark>,
    /// The body.
    pub body: Body<'a>,
    /// Details of the selection, shown in the line below the panes.
    pub details: Option<Details<'a>>,
}

impl View<'_> {
    /// Returns the number of rows in the next (`down`) or previous page of an overlay in an area of this many lines, if
    /// every remark takes one line; at least 1. Headings are not counted. `plain_width`: the width if the screen is plain
    /// text, where long rows may be wrapped.
    pub(crate) fn page_rows(&self, lines: u16, down: bool, plain_width: Option<u16>) -> usize {
        let fixed_lines = 2 + u16::from(self.input.is_some());
        let remarks = u16::try_from(self.remarks.len()).unwrap_or(u16::MAX);
        let body = self
            .size
            .1
            .min(lines)
            .saturating_sub(fixed_lines)
            .saturating_sub(remarks);
        let rows = match &self.body {
            Body::List(list) if list.wraps && plain_width.is_some() => {
                list.wrapped_rows(body, plain_width.unwrap_or_default(), down)
            }
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
    /// The list or the action, such as `Users` or `Add hat`.
    pub title: Cow<'a, str>,
    /// The number of rows.
    pub count: Option<RowCount<'a>>,
    /// The subjects, outermost first: the room, the user.
    pub subjects: Vec<TitleName<'a>>,
    /// Title and subjects as a phrase: `Users in Courses`.
    pub spoken: String,
    /// Whether work is in progress.
    pub busy: bool,
}

/// A name that can be cut.
pub struct TitleName<'a> {
    /// The name.
    pub text: Cow<'a, str>,
    /// The position at which the text is cut if it is too long.
    pub truncation: Truncation,
    /// An address that is shown instead if the terminal cannot display most of the name.
    pub fallback: Option<&'a str>,
}

impl<'a> TitleName<'a> {
    pub(in crate::app) fn new(text: impl Into<Cow<'a, str>>, truncation: Truncation) -> Self {
        Self {
            text: text.into(),
            truncation,
            fallback: None,
        }
    }
}

impl From<String> for TitleName<'_> {
    fn from(text: String) -> Self {
        Self::new(text, Truncation::End)
    }
}

/// The position at which a text that is too long is cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Truncation {
    /// At the end.
    #[default]
    End,
    /// In the middle: for URIs, whose ends matter most.
    Middle,
    /// As an address: first the end of the domain.
    Address,
}

/// The number of rows of a list.
#[derive(Default)]
pub struct RowCount<'a> {
    /// Number of rows listed.
    pub shown: usize,
    /// Whether more rows have not been loaded yet.
    pub has_more: bool,
    /// With a filter: the number of rows without the filter.
    pub total: Option<usize>,
    /// The text of the filter, unless it is being typed.
    pub filter: Option<Cow<'a, str>>,
    /// Number of marked rows, shown or hidden by a filter.
    pub marked: usize,
    /// Number of marked rows that the filter hides.
    pub hidden_marks: usize,
    /// The sort order, such as `by name`.
    pub sort_order: Option<&'static str>,
    /// The short form of the sort order, if this is not the default of the pane.
    pub non_default_order: Option<&'static str>,
    /// The noun for a row, such as `user`, if the title does not name the rows.
    pub noun: Option<&'static str>,
}

/// A text input.
pub struct InputView<'a> {
    /// The text and its cursor.
    pub text: &'a TextInput,
    /// The hint shown while the text is empty.
    pub hint: &'static str,
}

/// A remark above the body.
pub struct Remark {
    /// The sentence.
    pub text: String,
    /// Whether the remark is an error.
    pub is_error: bool,
    /// The text for screen readers, if `text` changes all the time.
    pub spoken: Option<String>,
}

impl Remark {
    pub(in crate::app) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_error: false,
            spoken: None,
        }
    }

    pub(in crate::app) fn error(text: impl Into<String>) -> Self {
        Self {
            is_error: true,
            ..Self::new(text)
        }
    }

    /// Creates a remark about progress. `spoken` is the text for screen readers, which stays the same while `text`
    /// changes.
    pub(in crate::app) fn progress(text: impl Into<String>, spoken: impl Into<String>) -> Self {
        Self {
            spoken: Some(spoken.into()),
            ..Self::new(text)
        }
    }
}

/// The content of a view.
pub enum Body<'a> {
    /// A list with a selection.
    List(ListView<'a>),
    /// A question.
    Question(Vec<QuestionParagraph>),
    /// The fields of a form.
    Fields(Box<FieldsView<'a>>),
}

/// A paragraph of a question.
pub struct QuestionParagraph {
    /// The text; empty for a blank line.
    pub text: String,
    /// Whether the text is emphasized.
    pub strong: bool,
}

/// Details of the selection.
pub struct Details<'a> {
    /// An address, an ID or a sentence.
    pub main: Cow<'a, str>,
    /// The position at which the text is cut if it is too long.
    pub truncation: Truncation,
    /// Further facts.
    pub remarks: Vec<Cow<'a, str>>,
}

impl Details<'_> {
    /// Completes the sentence of a row with the details that the sentence does not contain.
    pub fn sentence(&self, sentence: &str) -> String {
        // The row may contain the short form of the main text.
        let spoken_parts = sentence
            .split(", ")
            .filter(|part| self.main.len() == part.len() || !self.main.starts_with(&format!("{part}:")));
        let spoken_parts: Vec<&str> = spoken_parts.collect();
        let parts = std::iter::once(&self.main).chain(&self.remarks);
        let more = parts.map(Cow::as_ref).filter(|part| !spoken_parts.contains(part));
        join_nonempty(spoken_parts.iter().copied().chain(more).map(Cow::Borrowed))
    }
}

/// Joins the parts that are not empty with commas.
pub(in crate::app) fn join_nonempty<'a>(parts: impl IntoIterator<Item = Cow<'a, str>>) -> String {
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}
