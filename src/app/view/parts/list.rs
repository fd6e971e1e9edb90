//! A list, its rows and their cells.

use std::borrow::Cow;

use crate::app::filter::Filter;
use crate::app::{Spot, describe};
use crate::model::{HatId, Hue};

use super::{FULL_TEXT_LINES, Truncation, join_nonempty};

/// Rows, made when they are seen.
pub struct ListView<'a> {
    /// How many there are, headings included.
    pub len: usize,
    /// The selected row, by its place among all.
    pub selected: Option<usize>,
    /// The place of the selected row among those that can be selected, and how many of these there are.
    pub position: (usize, usize),
    /// Makes a row.
    pub row: Box<dyn Fn(usize) -> ListRow<'a> + 'a>,
    /// Rows of fewer columns show short forms.
    pub narrow_below: u16,
    /// Whether rows can be marked.
    pub markable: bool,
    /// The filter whose matches are highlighted in the cells called names.
    pub filter: Option<&'a Filter>,
    /// The text shown when there are no rows.
    pub empty: Vec<String>,
    /// The selected row in full, below the list where there is room.
    pub full_text: Option<String>,
}

/// A row of a list.
pub enum ListRow<'a> {
    /// A heading, which cannot be selected.
    Heading(&'static str),
    /// An item.
    Item(ItemRow<'a>),
}

/// A row that can be selected.
pub struct ItemRow<'a> {
    /// From left to right.
    pub cells: Vec<RowCell<'a>>,
    /// Whether it is marked.
    pub marked: bool,
    /// What a click on it means.
    pub spot: Spot,
}

/// A part of a row.
pub struct RowCell<'a> {
    /// What it holds.
    pub content: CellContent<'a>,
    /// Its width.
    pub width: CellWidth,
    /// Aligned to the right.
    pub right_aligned: bool,
    /// Blank columns before it.
    pub gap: u8,
    /// Shown only on rows of at least so many columns.
    pub min_row_width: u16,
    /// The heading of its column.
    pub heading: &'static str,
    /// How it looks.
    pub tone: Tone<'a>,
    /// What a sentence says in its place.
    pub spoken: SpokenText<'a>,
    /// Whether the filter looks for matches in it.
    pub is_filterable: bool,
}

/// What a cell holds.
pub enum CellContent<'a> {
    /// A text, and where it is cut.
    Text(Cow<'a, str>, Truncation),
    /// A text and a short form for narrow rows.
    Abbreviated(Cow<'a, str>, Cow<'a, str>),
    /// A number, in thousands or millions where it is too long.
    Number(usize),
    /// A sign.
    Glyph(Glyph),
    /// The names of keys.
    Keys(Cow<'a, str>),
}

/// A sign, for which the theme has a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// A hat that is active, or defined in the catalog.
    Full,
    /// A hat that is active for some.
    Mixed,
    /// A hat that is not.
    Empty,
    /// Something needs a look.
    Warning,
    /// There is nothing.
    Dash,
}

/// The width of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellWidth {
    /// As its content, but no more than half of what is left.
    Content,
    /// So many columns, but no more than a third of the row.
    Fixed(u16),
    /// So many columns, in narrow rows fewer.
    Adaptive {
        /// In narrow rows.
        narrow: u16,
        /// In all others.
        wide: u16,
    },
    /// A share of what the others leave.
    Share(u16),
}

/// How a cell looks; a selected row overrides all but the swatch.
#[derive(Clone, Copy)]
pub enum Tone<'a> {
    /// As usual.
    Plain,
    /// Less important.
    Faint,
    /// A banned user.
    Banned,
    /// Something needs a look.
    Warning,
    /// In the color of a hat.
    Hat(&'a HatId, Option<&'a Hue>),
    /// The same, on the selected row too.
    Swatch(&'a HatId, Option<&'a Hue>),
}

/// How a sentence in plain mode words a cell.
pub enum SpokenText<'a> {
    /// The cell's text.
    Text,
    /// Nothing.
    Nothing,
    /// The number with this noun.
    Count(&'static str),
    /// Something else.
    Words(Cow<'a, str>),
    /// Two things, put together only where somebody listens: a screen of rows is made for each key.
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
            heading: "",
            tone: Tone::Plain,
            spoken: SpokenText::Text,
            is_filterable: false,
        }
    }

    /// A text, cut at its end.
    pub(in crate::app) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(CellContent::Text(text.into(), Truncation::End))
    }

    /// An address.
    pub(in crate::app) fn address(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(CellContent::Text(text.into(), Truncation::Address))
    }

    /// A text with a short form for narrow rows.
    pub(in crate::app) fn abbreviated(text: impl Into<Cow<'a, str>>, short: impl Into<Cow<'a, str>>) -> Self {
        Self::new(CellContent::Abbreviated(text.into(), short.into()))
    }

    /// A number of things, aligned to the right.
    pub(in crate::app) fn number(number: usize, noun: &'static str) -> Self {
        Self {
            right_aligned: true,
            spoken: SpokenText::Count(noun),
            ..Self::new(CellContent::Number(number))
        }
    }

    /// A sign, of which a sentence says nothing.
    pub(in crate::app) fn glyph(glyph: Glyph) -> Self {
        Self::new(CellContent::Glyph(glyph)).silent()
    }

    /// The filter looks for matches in it; it takes what the others leave.
    pub(in crate::app) fn filterable(self) -> Self {
        Self {
            is_filterable: true,
            ..self.width(CellWidth::Share(1))
        }
    }

    pub(in crate::app) fn width(self, width: CellWidth) -> Self {
        Self { width, ..self }
    }

    pub(in crate::app) fn truncated(self, cut: Truncation) -> Self {
        match self.content {
            CellContent::Text(text, _) => Self {
                content: CellContent::Text(text, cut),
                ..self
            },
            _ => self,
        }
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
    /// The row as one sentence.
    pub fn sentence(&self) -> String {
        let cells = self.cells.iter().map(RowCell::spoken_text);
        let marked = self.marked.then_some(Cow::Borrowed("marked"));
        join_nonempty(cells.chain(marked))
    }
}

impl ListRow<'_> {
    /// The row as one sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Heading(heading) => format!("{heading}:"),
            Self::Item(item) => item.sentence(),
        }
    }
}

impl<'a> ListView<'a> {
    /// How many of so many lines the whole of the selected row has: on a small screen a row holds few words, and there
    /// the whole of it is needed most.
    pub fn full_text_lines(&self, lines: u16) -> u16 {
        if self.full_text.is_some() && lines >= FULL_TEXT_LINES + 3 {
            FULL_TEXT_LINES
        } else {
            0
        }
    }

    /// How many of the next rows, or of those before, within so many lines can be selected.
    pub(super) fn selectable_rows(&self, lines: u16, down: bool) -> usize {
        let (at, lines) = (self.selected.unwrap_or_default(), usize::from(lines));
        let rows = if down {
            at + 1..(at + 1 + lines).min(self.len)
        } else {
            at.saturating_sub(lines)..at
        };
        rows.filter(|row| matches!((self.row)(*row), ListRow::Item(_)))
            .count()
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
            empty: Vec::new(),
            full_text: None,
        }
    }
}
