//! A list, its rows and their cells.

use std::borrow::Cow;

use crate::app::filter::Filter;
use crate::app::{Spot, words};
use crate::model::{HatId, Hue};

use super::{Cut, WHOLE, listed};

/// Rows, made when they are seen.
pub struct List<'a> {
    /// How many there are, headings included.
    pub len: usize,
    /// The selected row, by its place among all.
    pub selected: Option<usize>,
    /// The place of the selected row among those that can be selected, and how many of these there are.
    pub position: (usize, usize),
    /// Makes a row.
    pub row: Box<dyn Fn(usize) -> Row<'a> + 'a>,
    /// Rows of fewer columns show short forms.
    pub narrow: u16,
    /// Whether rows can be marked.
    pub markable: bool,
    /// The filter whose matches are highlighted in the cells called names.
    pub filter: Option<&'a Filter>,
    /// What is said where there are no rows.
    pub empty: Vec<String>,
    /// The selected row in full, below the list where there is room.
    pub whole: Option<String>,
}

/// A row of a list.
pub enum Row<'a> {
    /// A heading, which cannot be selected.
    Heading(&'static str),
    /// An item.
    Item(Item<'a>),
}

/// A row that can be selected.
pub struct Item<'a> {
    /// From left to right.
    pub cells: Vec<Cell<'a>>,
    /// Whether it is marked.
    pub marked: bool,
    /// What a click on it means.
    pub spot: Spot,
}

/// A part of a row.
pub struct Cell<'a> {
    /// What it holds.
    pub content: Content<'a>,
    /// Its width.
    pub width: Width,
    /// Aligned to the right.
    pub right: bool,
    /// Blank columns before it.
    pub gap: u8,
    /// Shown only on rows of at least so many columns.
    pub from: u16,
    /// The heading of its column.
    pub heading: &'static str,
    /// How it looks.
    pub tone: Tone<'a>,
    /// What a sentence says in its place.
    pub spoken: Spoken<'a>,
    /// Whether the filter looks for matches in it.
    pub is_name: bool,
}

/// What a cell holds.
pub enum Content<'a> {
    /// A text, and where it is cut.
    Text(Cow<'a, str>, Cut),
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
    Half,
    /// A hat that is not.
    Empty,
    /// Something needs a look.
    Warning,
    /// There is nothing.
    Dash,
}

/// The width of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// As its content, but no more than half of what is left.
    Content,
    /// So many columns, but no more than a third of the row.
    Exactly(u16),
    /// So many columns, in narrow rows fewer.
    Narrowing {
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

/// What a sentence says in the place of a cell.
pub enum Spoken<'a> {
    /// The cell's text.
    Text,
    /// Nothing.
    Nothing,
    /// The number with this noun.
    Count(&'static str),
    /// Something else.
    Words(Cow<'a, str>),
    /// Two things, put together only where somebody listens: a screen of rows is made for each key.
    Both(Cow<'a, str>, Cow<'a, str>),
}

impl<'a> Cell<'a> {
    pub(in crate::app) fn new(content: Content<'a>) -> Self {
        Self {
            content,
            width: Width::Content,
            right: false,
            gap: 1,
            from: 0,
            heading: "",
            tone: Tone::Plain,
            spoken: Spoken::Text,
            is_name: false,
        }
    }

    /// A text, cut at its end.
    pub(in crate::app) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Content::Text(text.into(), Cut::End))
    }

    /// An address.
    pub(in crate::app) fn address(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Content::Text(text.into(), Cut::Address))
    }

    /// A text with a short form for narrow rows.
    pub(in crate::app) fn abbreviated(text: impl Into<Cow<'a, str>>, short: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Content::Abbreviated(text.into(), short.into()))
    }

    /// A number of things, aligned to the right.
    pub(in crate::app) fn number(number: usize, noun: &'static str) -> Self {
        Self {
            right: true,
            spoken: Spoken::Count(noun),
            ..Self::new(Content::Number(number))
        }
    }

    /// A sign, of which a sentence says nothing.
    pub(in crate::app) fn glyph(glyph: Glyph) -> Self {
        Self::new(Content::Glyph(glyph)).silent()
    }

    /// The filter looks for matches in it; it takes what the others leave.
    pub(in crate::app) fn name(self) -> Self {
        Self {
            is_name: true,
            ..self.width(Width::Share(1))
        }
    }

    pub(in crate::app) fn width(self, width: Width) -> Self {
        Self { width, ..self }
    }

    pub(in crate::app) fn cut(self, cut: Cut) -> Self {
        match self.content {
            Content::Text(text, _) => Self {
                content: Content::Text(text, cut),
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
            spoken: Spoken::Words(words.into()),
            ..self
        }
    }

    pub(in crate::app) fn spoken_both(
        self,
        first: impl Into<Cow<'a, str>>,
        second: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self {
            spoken: Spoken::Both(first.into(), second.into()),
            ..self
        }
    }

    pub(in crate::app) fn silent(self) -> Self {
        Self {
            spoken: Spoken::Nothing,
            ..self
        }
    }

    fn words(&self) -> Cow<'_, str> {
        match (&self.spoken, &self.content) {
            (Spoken::Words(words), _) => words.as_ref().into(),
            (Spoken::Both(first, second), _) => format!("{first}, {second}").into(),
            (Spoken::Nothing, _) | (_, Content::Glyph(_)) => "".into(),
            (Spoken::Count(noun), Content::Number(number)) => words::no_or(*number, noun).into(),
            (_, Content::Number(number)) => number.to_string().into(),
            (_, Content::Text(text, _) | Content::Abbreviated(text, _) | Content::Keys(text)) => {
                text.as_ref().into()
            }
        }
    }
}

impl Item<'_> {
    /// The row as one sentence.
    pub fn sentence(&self) -> String {
        let cells = self.cells.iter().map(Cell::words);
        let marked = self.marked.then_some(Cow::Borrowed("marked"));
        listed(cells.chain(marked))
    }
}

impl Row<'_> {
    /// The row as one sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Heading(heading) => format!("{heading}:"),
            Self::Item(item) => item.sentence(),
        }
    }
}

impl<'a> List<'a> {
    /// How many of so many lines the whole of the selected row has: on a small screen a row holds few words, and there
    /// the whole of it is needed most.
    pub fn below(&self, lines: u16) -> u16 {
        if self.whole.is_some() && lines >= WHOLE + 3 {
            WHOLE
        } else {
            0
        }
    }

    /// How many of the next rows, or of those before, within so many lines can be selected.
    pub(super) fn items(&self, lines: u16, down: bool) -> usize {
        let (at, lines) = (self.selected.unwrap_or_default(), usize::from(lines));
        let rows = if down {
            at + 1..(at + 1 + lines).min(self.len)
        } else {
            at.saturating_sub(lines)..at
        };
        rows.filter(|row| matches!((self.row)(*row), Row::Item(_)))
            .count()
    }

    pub(in crate::app) fn new(
        len: usize,
        selected: Option<usize>,
        row: impl Fn(usize) -> Row<'a> + 'a,
    ) -> Self {
        Self {
            len,
            selected,
            position: (selected.unwrap_or_default(), len),
            row: Box::new(row),
            narrow: 0,
            markable: false,
            filter: None,
            empty: Vec::new(),
            whole: None,
        }
    }
}
