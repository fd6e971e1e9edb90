//! How things look: in all colors or in none, in Unicode and in ASCII. Whatever a color tells, a character tells too.

use ratatui::style::Style;
use ratatui::symbols::border;
use sha1::{Digest as _, Sha1};

use super::text::{self, Charset};
use crate::app::spelled;
use crate::app::view::label;
use crate::model::{HatId, Hue};

mod palette;
mod role;

pub use palette::{Backdrop, BuiltinTheme, ColorDepth, Palette};
pub use role::StyleRole;

/// How things look on this terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Only the printable characters of ASCII.
    pub ascii: bool,
    /// The colors.
    pub palette: Palette,
}

impl Default for Theme {
    /// The sixteen named colors.
    fn default() -> Self {
        Self::new(ColorDepth::default(), Backdrop::default())
    }
}

impl Theme {
    /// The default theme for a terminal.
    pub fn new(depth: ColorDepth, ground: Backdrop) -> Self {
        Self {
            ascii: false,
            palette: Palette::new(BuiltinTheme::Default, depth, ground),
        }
    }
}

impl Theme {
    /// The characters that texts are shown with.
    pub fn charset(&self) -> Charset {
        if self.ascii {
            Charset::Ascii
        } else {
            Charset::Unicode
        }
    }

    /// One of two glyphs.
    fn glyph(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }

    /// A hat that is worn, or one that is not.
    pub fn hat_mark(&self, worn: bool) -> &'static str {
        if worn {
            self.glyph("●", "*")
        } else {
            self.glyph("○", "o")
        }
    }

    /// A hat that some of several users wear.
    pub fn part_mark(self) -> &'static str {
        self.glyph("◐", "~")
    }

    /// A row that is marked, or one that is not.
    pub fn mark(self, marked: bool) -> &'static str {
        if marked { self.glyph("✓", "+") } else { " " }
    }

    /// A box that is ticked, or one that is not.
    pub fn tick(&self, on: bool) -> &'static str {
        if on { "[x]" } else { "[ ]" }
    }

    /// Between two things on one line.
    pub fn dot(&self) -> &'static str {
        self.glyph("·", "-")
    }

    /// Nothing is there.
    pub fn dash(&self) -> &'static str {
        self.glyph("–", "-")
    }

    /// From a place into the one below it.
    pub fn below(&self) -> &'static str {
        self.glyph("›", ">")
    }

    /// Something needs a look.
    pub fn warning_mark(&self) -> &'static str {
        self.glyph("▲", "!")
    }

    /// Something leads somewhere.
    pub fn arrow(&self) -> &'static str {
        self.glyph("→", "->")
    }

    /// A key's name; there are no arrows in ASCII.
    pub fn key_name(&self, name: &str) -> String {
        if !self.ascii {
            return name.to_owned();
        }
        text::harmless_in(&spelled(name), Charset::Ascii).into_owned()
    }

    /// More follows below, more stands above.
    pub fn more(&self, down: bool) -> &'static str {
        if down {
            self.glyph("▼", "v")
        } else {
            self.glyph("▲", "^")
        }
    }

    /// A full and an empty part of a bar.
    pub fn bar(&self) -> [&'static str; 2] {
        [self.glyph("█", "#"), self.glyph("░", ".")]
    }

    /// The frame of a pane or overlay; the one that has the focus is drawn heavier.
    pub fn frame(&self, focused: bool) -> border::Set<'static> {
        match (self.ascii, focused) {
            (false, true) => border::THICK,
            (false, false) => border::PLAIN,
            (true, true) => ASCII_FOCUSED,
            (true, false) => ASCII,
        }
    }

    /// The frame's style.
    pub fn border(&self, focused: bool) -> Style {
        self.of(if focused {
            StyleRole::Border
        } else {
            StyleRole::BorderOther
        })
    }

    /// The title in a frame. It is written over the frame, of whose look nothing is left.
    pub fn title(&self, focused: bool) -> Style {
        let role = if focused {
            StyleRole::Title
        } else {
            StyleRole::TitleOther
        };
        Style::reset().patch(self.of(role))
    }

    /// The row that the keys act on, in the pane that has the focus or in another one.
    pub fn selected(&self, focused: bool) -> Style {
        self.of(if focused {
            StyleRole::Selected
        } else {
            StyleRole::SelectedOther
        })
    }

    /// The letters that a filter found, on top of any other style.
    pub fn matched(&self) -> Style {
        self.of(StyleRole::Matched)
    }

    /// What is read first.
    pub fn strong(&self) -> Style {
        self.of(StyleRole::Strong)
    }

    /// What is read last.
    pub fn faint(&self) -> Style {
        self.of(StyleRole::Faint)
    }

    /// What went wrong.
    pub fn error(&self) -> Style {
        self.of(StyleRole::Error)
    }

    /// What needs a look.
    pub fn warning(&self) -> Style {
        self.of(StyleRole::Warning)
    }

    /// What went well.
    pub fn good(&self) -> Style {
        self.of(StyleRole::Good)
    }

    /// A key that can be pressed.
    pub fn key(&self) -> Style {
        self.of(StyleRole::Key)
    }

    /// Who may not be here.
    pub fn banned(&self) -> Style {
        self.of(StyleRole::Banned)
    }

    fn of(&self, role: StyleRole) -> Style {
        self.palette.style(role)
    }

    /// A hat in its color: the catalog's hue, else the one that its id has by XEP-0392.
    pub fn hat(&self, id: &HatId, hue: Option<&Hue>) -> Style {
        let degrees = hue
            .and_then(Hue::degrees)
            .unwrap_or_else(|| consistent_angle(label::beginning(id.as_str())));
        self.palette.hat(degrees)
    }
}

/// The angle, in degrees, of a text's color in the `HSLuv` plane (XEP-0392, section 5.1).
pub fn consistent_angle(text: &str) -> f64 {
    let [low, high, ..] = <[u8; 20]>::from(Sha1::digest(text.as_bytes()));
    f64::from(u16::from_le_bytes([low, high])) / 65_536.0 * 360.0
}

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

const ASCII_FOCUSED: border::Set<'static> = border::Set {
    top_left: "#",
    top_right: "#",
    bottom_left: "#",
    bottom_right: "#",
    vertical_left: "#",
    vertical_right: "#",
    horizontal_top: "=",
    horizontal_bottom: "=",
};

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;
    use crate::model::Json;

    #[test]
    fn angles_are_those_of_the_xep() {
        // XEP-0392, section 13.2 (test vectors).
        for (text, angle) in [
            ("Romeo", 327.255_249),
            ("juliet@capulet.lit", 209.410_400),
            ("😺", 331.199_341),
            ("council", 359.994_507),
            ("Board", 171.430_664),
        ] {
            assert!((consistent_angle(text) - angle).abs() < 1e-5, "{text}");
        }
    }

    #[test]
    fn the_catalog_goes_before_the_id() {
        let theme = Theme::default();
        let hat = HatId::unchecked("Romeo");
        let hue = |text: &str| Hue::new(Json::new(text).unwrap());
        assert_eq!(theme.hat(&hat, None).fg, Some(Color::Magenta));
        assert_eq!(theme.hat(&hat, hue("128").as_ref()).fg, Some(Color::Green));
        assert_eq!(
            theme.hat(&hat, hue("\"banana\"").as_ref()).fg,
            Some(Color::Magenta)
        );
    }

    #[test]
    fn without_color_there_is_none() {
        let theme = Theme::new(ColorDepth::None, Backdrop::Dark);
        for style in [
            theme.border(true),
            theme.title(true),
            theme.selected(true),
            theme.faint(),
            theme.error(),
            theme.warning(),
            theme.good(),
            theme.key(),
            theme.banned(),
            theme.hat(&HatId::unchecked("x:y"), None),
        ] {
            let none = |color| matches!(color, None | Some(Color::Reset));
            assert!(none(style.fg) && none(style.bg), "{style:?}");
        }
    }

    #[test]
    fn in_ascii_every_glyph_is_ascii() {
        let theme = Theme {
            ascii: true,
            ..Theme::default()
        };
        let mut all = vec![
            theme.hat_mark(true),
            theme.hat_mark(false),
            theme.tick(true),
            theme.dot(),
            theme.dash(),
            theme.below(),
            theme.warning_mark(),
            theme.arrow(),
            theme.more(true),
            theme.more(false),
            theme.charset().ellipsis(),
        ];
        all.extend(theme.bar());
        for frame in [theme.frame(true), theme.frame(false)] {
            all.extend([frame.top_left, frame.vertical_left, frame.horizontal_top]);
        }
        assert!(all.iter().all(|glyph| glyph.is_ascii()), "{all:?}");
        assert_ne!(theme.hat_mark(true), theme.hat_mark(false));
    }
}
