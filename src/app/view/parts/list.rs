//! A list, its rows and their cells.

use std::borrow::Cow;

use crate::app::filter::Filter;
use crate::app::{MouseTarget, describe};
use crate::model::{HatId, Hue};

use super::{FULL_TEXT_LINES, Truncation, join_nonempty};

/// A list that creates its rows when they are visible.
pub struct ListView<'a> {
    /// Number of rows, including headings.
    pub len: usize,
    /// Index of the selected row; `None` if no row is selected.
    pub selected: Option<usize>,
    /// Index of the selected row among the selectable ones, and their number.
    pub position: (usize, usize),
    /// Creates the row with this index.
    pub row: Box<dyn Fn(usize) -> ListRow<'a> + 'a>,
    /// Rows narrower than this show short forms.
    pub narrow_below: u16,
    /// Whether rows can be marked.
    pub markable: bool,
    /// The filter whose matches are highlighted in filterable cells.
    pub filter: Option<&'a Filter>,
    /// The text shown when there are no rows.
    pub empty_lines: Vec<String>,
    /// The full text of the selected row, shown below the list if there is space.
    pub full_text: Option<String>,
    /// Whether long rows are wrapped in plain mode, because the list is read, not only searched. Only for short lists.
    pub wraps: bool,
}

/// A row of a list.
pub enum ListRow<'a> {
    /// A heading, which cannot be selected.
    Heading(&'static str),
    /// An item.
    Item(ItemRow<'a>),
}

/// A selectable row.
pub struct ItemRow<'a> {
    /// The cells from left to right.
    pub cells: Vec<RowCell<'a>>,
    /// Whether the row is marked.
    pub marked: bool,
    /// The target of a click on the row.
    pub mouse_target: MouseTarget,
}

/// A cell of a row.
pub struct RowCell<'a> {
    /// The content.
    pub content: CellContent<'a>,
    /// The width.
    pub width: CellWidth,
    /// Whether the content is right-aligned.
    pub right_aligned: bool,
    /// Blank columns before the cell.
    pub gap: u8,
    /// Minimum width of the row for the cell to be shown.
    pub min_row_width: u16,
    /// Whether the cell is left out if texts of the list would otherwise be cut too much.
    pub is_optional: bool,
    /// The heading of the column.
    pub heading: &'static str,
    /// The style.
    pub tone: Tone<'a>,
    /// The words for the cell in plain mode.
    pub spoken: SpokenText<'a>,
    /// Whether the filter searches the cell.
    pub is_filterable: bool,
    /// A text that replaces the content if the terminal cannot display most of its characters, such as the address of a
    /// room instead of its name.
    pub fallback: Option<Cow<'a, str>>,
}

/// The content of a cell.
pub enum CellContent<'a> {
    /// A text, and the position at which it is cut.
    Text(Cow<'a, str>, Truncation),
    /// A text and a short form for narrow rows.
    Abbreviated(Cow<'a, str>, Cow<'a, str>),
    /// A number, abbreviated to thousands or millions if necessary.
    Number(usize),
    /// A symbol.
    Glyph(Glyph),
    /// The names of keys.
    Keys(Cow<'a, str>),
}

/// A symbol; the theme defines its character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// A hat that is active, or defined in the catalog.
    Full,
    /// A hat that is active for some of several users or rooms.
    Mixed,
    /// A hat that is not active.
    Empty,
    /// A warning.
    Warning,
    /// No value, or an item that is left out, not available, or not in the catalog.
    Dash,
    /// A change that is sent to the server.
    Send,
    /// A change that is received from the server.
    Receive,
    /// A difference from the server.
    Differs,
    /// A user who is in a room now.
    Online,
    /// No symbol.
    Blank,
}

/// The width of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellWidth {
    /// As wide as the content, at most half of the remaining space.
    Content,
    /// A number of columns, at most a third of the row.
    Fixed(u16),
    /// A number of columns that depends on whether the row is narrow.
    Adaptive {
        /// Width in narrow rows.
        narrow: u16,
        /// Width in other rows.
        wide: u16,
    },
    /// A share of the space that other cells leave.
    Share(u16),
    /// The space that remains if no other cell is cut; the cell is removed if this space is too small.
    Spare,
}

/// The style of a cell. On the selected row, the style of the selection replaces all of these except two: it is added
/// to [`Self::Hat`], and it does not affect [`Self::Swatch`].
#[derive(Clone, Copy)]
pub enum Tone<'a> {
    /// The default.
    Plain,
    /// Less important.
    Faint,
    /// A banned user.
    Banned,
    /// A warning.
    Warning,
    /// A good state, such as a user who is online.
    Good,
    /// The color of a hat.
    Hat(&'a HatId, Option<&'a Hue>),
    /// The color of a hat as a sample, the same on the selected row.
    Swatch(&'a HatId, Option<&'a Hue>),
}

/// The words for a cell in plain mode.
pub enum SpokenText<'a> {
    /// The cell's text.
    Text,
    /// Nothing.
    Nothing,
    /// The number with this noun.
    Count(&'static str),
    /// Other words.
    Words(Cow<'a, str>),
    /// Two parts with a comma between them. They are joined only in plain mode, because all visible rows are created
    /// for each key.
    Two(Cow<'a, str>, Cow<'a, str>),
}

impl<'a> RowCell<'a> {
    pub(in crate::app) fn new(content: CellContent<'a>) -> Self {
        Self {
            content,
            width: CellWidth::Content,
            right_aligned: false,
            gap: 1,
            min_row_width: 0,
            is_optional: false,
            heading: "",
            tone: Tone::Plain,
            spoken: SpokenText::Text,
            is_filterable: false,
            fallback: None,
        }
    }

    /// Sets the text that replaces the content if the terminal cannot display most of its characters.
    pub(in crate::app) fn fallback(self, fallback: impl Into<Cow<'a, str>>) -> Self {
        Self {
            fallback: Some(fallback.into()),
            ..self
        }
    }

    /// Creates a cell with a text that is cut at its end.
    pub(in crate::app) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(CellContent::Text(text.into(), Truncation::End))
    }

    /// Creates a cell with an address.
    pub(in crate::app) fn address(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(CellContent::Text(text.into(), Truncation::Address))
    }

    /// Creates a cell with a text and its short form for narrow rows.
    pub(in crate::app) fn abbreviated(text: impl Into<Cow<'a, str>>, short: impl Into<Cow<'a, str>>) -> Self {
        Self::new(CellContent::Abbreviated(text.into(), short.into()))
    }

    /// Creates a cell with a right-aligned number and the noun for it in plain mode.
    pub(in crate::app) fn number(number: usize, noun: &'static str) -> Self {
        Self {
            right_aligned: true,
            spoken: SpokenText::Count(noun),
            ..Self::new(CellContent::Number(number))
        }
    }

    /// Creates a cell with a symbol, without words in plain mode.
    pub(in crate::app) fn glyph(glyph: Glyph) -> Self {
        Self::new(CellContent::Glyph(glyph)).silent()
    }

    /// Marks the cell as filterable. The cell gets a share of the remaining space.
    pub(in crate::app) fn filterable(self) -> Self {
        Self {
            is_filterable: true,
            ..self.width(CellWidth::Share(1))
        }
    }

    pub(in crate::app) fn width(self, width: CellWidth) -> Self {
        Self { width, ..self }
    }

    pub(in crate::app) fn gap(self, gap: u8) -> Self {
        Self { gap, ..self }
    }

    pub(in crate::app) fn heading(self, heading: &'static str) -> Self {
        Self { heading, ..self }
    }

    pub(in crate::app) fn tone(self, tone: Tone<'a>) -> Self {
        Self { tone, ..self }
    }

    pub(in crate::app) fn spoken(self, words: impl Into<Cow<'a, str>>) -> Self {
        Self {
            spoken: SpokenText::Words(words.into()),
            ..self
        }
    }

    pub(in crate::app) fn spoken_two(
        self,
        first: impl Into<Cow<'a, str>>,
        second: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self {
            spoken: SpokenText::Two(first.into(), second.into()),
            ..self
        }
    }

    pub(in crate::app) fn silent(self) -> Self {
        Self {
            spoken: SpokenText::Nothing,
            ..self
        }
    }

    fn spoken_text(&self) -> Cow<'_, str> {
        match (&self.spoken, &self.content) {
            (SpokenText::Words(words), _) => words.as_ref().into(),
            (SpokenText::Two(first, second), _) => format!("{first}, {second}").into(),
            (SpokenText::Nothing, _) | (_, CellContent::Glyph(_)) => "".into(),
            (SpokenText::Count(noun), CellContent::Number(number)) => {
                describe::count_or_no(*number, noun).into()
            }
            (_, CellContent::Number(number)) => number.to_string().into(),
            (_, CellContent::Text(text, _) | CellContent::Abbreviated(text, _) | CellContent::Keys(text)) => {
                text.as_ref().into()
            }
        }
    }
}

impl ItemRow<'_> {
    /// Returns the row as one sentence.
    pub fn sentence(&self) -> String {
        let cells = self.cells.iter().map(RowCell::spoken_text);
        let marked = self.marked.then_some(Cow::Borrowed("marked"));
        join_nonempty(cells.chain(marked))
    }
}

impl ListRow<'_> {
    /// Returns the row as one sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Heading(heading) => format!("{heading}:"),
            Self::Item(item) => item.sentence(),
        }
    }
}

impl<'a> ListView<'a> {
    /// Returns the number of lines for the full text of the selected row in a list of this many lines.
    pub fn full_text_lines(&self, lines: u16) -> u16 {
        match (&self.full_text, lines) {
            (None, _) | (Some(_), ..5) => 0,
            (Some(_), 5..7) => FULL_TEXT_LINES - 1,
            (Some(_), 7..) => FULL_TEXT_LINES,
        }
    }

    /// Returns the number of selectable rows in the next (or previous) `lines` lines.
    pub(super) fn selectable_rows(&self, lines: u16, down: bool) -> usize {
        let (selected, lines) = (self.selected.unwrap_or_default(), usize::from(lines));
        let rows = if down {
            selected + 1..(selected + 1 + lines).min(self.len)
        } else {
            selected.saturating_sub(lines)..selected
        };
        rows.filter(|row| matches!((self.row)(*row), ListRow::Item(_)))
            .count()
    }

    /// Returns the number of selectable rows in the next (or previous) `lines` lines if long rows are wrapped. The lines of
    /// a row are estimated generously, so that no row is skipped.
    pub(super) fn wrapped_rows(&self, lines: u16, width: u16, down: bool) -> usize {
        let (selected, lines) = (self.selected.unwrap_or_default(), usize::from(lines));
        let columns = usize::from(width).saturating_mul(2).div_ceil(3).max(1);
        let mut taken = 0;
        let fits = |row: &usize| {
            let letters = (self.row)(*row).sentence().chars().count();
            taken += letters.div_ceil(columns).max(1);
            taken <= lines
        };
        let is_item = |row: &usize| matches!((self.row)(*row), ListRow::Item(_));
        if down {
            (selected + 1..self.len).take_while(fits).filter(is_item).count()
        } else {
            (0..selected).rev().take_while(fits).filter(is_item).count()
        }
    }

    pub(in crate::app) fn new(
        len: usize,
        selected: Option<usize>,
        row: impl Fn(usize) -> ListRow<'a> + 'a,
    ) -> Self {
        Self {
            len,
            selected,
            position: (selected.unwrap_or_default(), len),
            row: Box::new(row),
            narrow_below: 0,
            markable: false,
            filter: None,
            empty_lines: Vec::new(),
            full_text: None,
            wraps: false,
        }
    }
}
