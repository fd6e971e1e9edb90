//! The fields of a form.

use std::borrow::Cow;

use crate::app::Spot;
use crate::app::text::TextInput;
use crate::model::{HatId, Hue};

use super::ListView;

/// The fields of a form.
pub struct FieldsView<'a> {
    /// The text above the fields.
    pub warning: Option<String>,
    /// From top to bottom.
    pub fields: Vec<FieldView<'a>>,
    /// The field with the focus.
    pub focus: usize,
    /// The existing hats or rooms that match what is typed.
    pub suggestions: Option<SuggestionsView<'a>>,
    /// How the hat will look and what will be stored.
    pub preview: Option<Preview<'a>>,
    /// What the focused field means, or how it is filled in.
    pub status: String,
    /// The keys that save and leave.
    pub keys: String,
}

/// Lines for suggestions: on a large screen, and at least where there is room for any.
pub const SUGGESTION_LINES: [u16; 2] = [10, 3];
/// Lines that show how a hat looks and what is stored.
pub const PREVIEW_LINES: u16 = 4;

impl FieldsView<'_> {
    /// At most so many suggestions are shown in so many lines while their list has the keys: so a page leaves none out.
    pub(super) fn page_size(&self, lines: u16) -> u16 {
        let [most, least] = SUGGESTION_LINES;
        let below = |field: &FieldView<'_>| u16::from(field.hint.is_some() || !field.problems.is_empty());
        let fields = self.fields.iter().map(|field| 1 + below(field));
        let mut needed = u16::from(self.warning.is_some()) + fields.sum::<u16>();
        if lines < needed + 1 + least {
            needed = 1;
        }
        // A blank line above and below the fields, where there is room for all.
        let blank = if lines > needed + least + PREVIEW_LINES + 2 {
            2
        } else {
            0
        };
        let rest = lines.saturating_sub(needed + blank);
        let preview = if self.preview.is_some() && rest > least + PREVIEW_LINES {
            PREVIEW_LINES
        } else {
            0
        };
        rest.saturating_sub(preview + 1).min(most)
    }
}

/// A field of a form.
pub struct FieldView<'a> {
    /// The word before it.
    pub label: &'static str,
    /// What it holds.
    pub value: ValueView<'a>,
    /// What is wrong with it, a paragraph each.
    pub problems: Cow<'a, [String]>,
    /// What to put there.
    pub hint: Option<String>,
    /// A title in the color that is typed.
    pub sample: Option<(String, HatId, Option<Hue>)>,
    /// What a click on it means.
    pub spot: Option<Spot>,
}

/// What a field holds.
pub enum ValueView<'a> {
    /// A line of text.
    Text(&'a TextInput),
    /// Yes, no, or mixed; and what that means.
    Checkbox(Option<bool>, String),
    /// One of these words, beside each other.
    Choice(Vec<&'a str>, usize),
    /// One of these phrases, a line each.
    ChoiceLines(&'a [String], usize),
}

/// The list of existing hats or rooms below their field.
pub struct SuggestionsView<'a> {
    /// What is listed.
    pub title: &'static str,
    /// The rows.
    pub list: ListView<'a>,
    /// Whether the keys go into the field.
    pub field_has_keys: bool,
}

/// How a hat will look.
pub struct Preview<'a> {
    /// Whose hat it is.
    pub user: &'a str,
    /// The hat as chat programs show it.
    pub appearance: HatAppearance,
    /// What will be stored; `None` while it is not known which hat it is.
    pub stored: Option<String>,
}

/// What other people see of a hat.
pub enum HatAppearance {
    /// It is not known which hat it is.
    Unknown,
    /// Nobody sees it.
    Inactive,
    /// Its title, in its color.
    Hat(String, HatId, Option<Hue>),
}
