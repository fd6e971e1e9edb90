//! The fields of a form.

use std::borrow::Cow;

use crate::app::MouseTarget;
use crate::app::text::TextInput;
use crate::model::{HatId, Hue};

use super::ListView;

/// The fields of a form.
pub struct FieldsView<'a> {
    /// A warning above the fields.
    pub warning: Option<String>,
    /// The fields from top to bottom.
    pub fields: Vec<FieldView<'a>>,
    /// Index of the focused field.
    pub focus: usize,
    /// The existing hats or rooms that match the input.
    pub suggestions: Option<SuggestionsView<'a>>,
    /// A preview of the hat in chat and of the JSON that will be stored.
    pub preview: Option<Preview<'a>>,
    /// The text for screen readers about the focused field: its problem, meaning or hint, or a change that someone else
    /// made in the meantime.
    pub status: String,
    /// A sentence about the keys that save and cancel; if empty, the plain screen names the keys in its heading.
    pub keys_sentence: String,
}

/// Maximum and minimum number of lines for suggestions.
pub const SUGGESTION_LINES: [u16; 2] = [10, 3];
/// Number of lines of the preview.
pub const PREVIEW_LINES: u16 = 4;

impl FieldsView<'_> {
    /// Returns the number of suggestions that are shown in this many lines while their list has the focus. A page moves
    /// by this number, so that it skips no suggestion.
    pub(super) fn page_size(&self, lines: u16) -> u16 {
        let [max, min] = SUGGESTION_LINES;
        let below = |field: &FieldView<'_>| u16::from(field.hint.is_some() || !field.problems.is_empty());
        let fields = self.fields.iter().map(|field| 1 + below(field));
        let mut needed = u16::from(self.warning.is_some()) + fields.sum::<u16>();
        // On a small screen, the focused list replaces all fields except its own.
        if lines < needed + 1 + min {
            needed = 1;
        }
        // A blank line above and below the fields, if there is space.
        let blank = if lines > needed + min + PREVIEW_LINES + 2 {
            2
        } else {
            0
        };
        let rest = lines.saturating_sub(needed + blank);
        let preview = if self.preview.is_some() && rest > min + PREVIEW_LINES {
            PREVIEW_LINES
        } else {
            0
        };
        rest.saturating_sub(preview + 1).min(max)
    }
}

/// A field of a form.
pub struct FieldView<'a> {
    /// The label.
    pub label: &'static str,
    /// The value.
    pub value: ValueView<'a>,
    /// Problems, one paragraph each.
    pub problems: Cow<'a, [String]>,
    /// A hint about the input.
    pub hint: Option<String>,
    /// A sample title in the typed hue.
    pub sample: Option<(String, HatId, Option<Hue>)>,
    /// Colors to choose from.
    pub swatches: Vec<Swatch>,
    /// The mouse target.
    pub mouse_target: Option<MouseTarget>,
}

/// A color to choose.
pub struct Swatch {
    /// The name.
    pub name: &'static str,
    /// The hue.
    pub hue: Hue,
    /// Whether this color is chosen.
    pub is_chosen: bool,
}

/// The value of a field.
pub enum ValueView<'a> {
    /// A line of text.
    Text(&'a TextInput),
    /// Several lines of text.
    Lines(&'a TextInput),
    /// A text that is not shown, such as a password.
    Secret {
        /// Number of typed characters.
        typed: usize,
        /// Number of characters before the cursor.
        cursor: usize,
    },
    /// Whether the box is checked (`None`: mixed), the text next to it, and a short form of this text.
    Checkbox(Option<bool>, String, &'static str),
    /// Options side by side, and the index of the chosen one.
    Choice(Vec<&'a str>, usize),
    /// Options one per line, and the index of the chosen one.
    ChoiceLines(&'a [String], usize),
}

/// The list of existing hats or rooms below their field.
pub struct SuggestionsView<'a> {
    /// The heading.
    pub title: &'static str,
    /// Number of existing items among the rows.
    pub count: usize,
    /// Number of existing items, including those that do not match.
    pub total: usize,
    /// The rows.
    pub list: ListView<'a>,
    /// Whether the focus is in this list or in its field, and not in another field.
    pub has_focus: bool,
}

/// A preview of a hat.
pub struct Preview<'a> {
    /// The local part of the user's address.
    pub user: &'a str,
    /// The hat as shown in chat.
    pub appearance: HatAppearance,
    /// What will be stored; `None` while the hat is not known.
    pub stored: Option<StoredHat>,
    /// How many of several users are skipped, and why: `skipped: 1 user already has it`; else empty.
    pub skipped: String,
}

/// A hat as it will be stored.
pub struct StoredHat {
    /// The ID, as JSON.
    pub id: String,
    /// The attachment, as JSON.
    pub value: String,
}

/// The appearance of a hat to other users.
pub enum HatAppearance {
    /// The hat is not known yet.
    Unknown,
    /// The hat is not shown.
    Inactive,
    /// The title of a new hat, whose color is not known yet.
    New(String),
    /// The title, ID and hue of the hat.
    Hat(String, HatId, Option<Hue>),
}
