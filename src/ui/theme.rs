//! How things look: in all colors or in none, in Unicode and in ASCII. Whatever a color tells, a character tells too.

use ratatui::style::Style;
use ratatui::symbols::border;
use sha1::{Digest as _, Sha1};

use super::text::{self, Charset};
use crate::app::spell_arrows;
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
    pub fn mixed_mark(self) -> &'static str {
        self.glyph("◐", "~")
    }

    /// A row that is marked, or one that is not.
    pub fn mark(self, marked: bool) -> &'static str {
        if marked { self.glyph("✓", "+") } else { " " }
    }

    /// A box that is ticked, or one that is not.
    pub fn checkbox(&self, on: bool) -> &'static str {
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
    pub fn breadcrumb(&self) -> &'static str {
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
        text::sanitize_for(&spell_arrows(name), Charset::Ascii).into_owned()
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
        self.style(if focused {
            StyleRole::Border
        } else {
            StyleRole::BorderInactive
        })
    }

    /// The title in a frame. It is written over the frame, of whose look nothing is left.
    pub fn title(&self, focused: bool) -> Style {
        let role = if focused {
            StyleRole::Title
        } else {
            StyleRole::TitleInactive
        };
        Style::reset().patch(self.style(role))
    }

    /// The row that the keys act on, in the pane that has the focus or in another one.
    pub fn selected(&self, focused: bool) -> Style {
        self.style(if focused {
            StyleRole::Selected
        } else {
            StyleRole::SelectedInactive
        })
    }

    /// The letters that a filter found, on top of any other style.
    pub fn matched(&self) -> Style {
        self.style(StyleRole::Matched)
    }

    /// What is read first.
    pub fn strong(&self) -> Style {
        self.style(StyleRole::Strong)
    }

    /// What is read last.
    pub fn faint(&self) -> Style {
        self.style(StyleRole::Faint)
    }

    /// What went wrong.
    pub fn error(&self) -> Style {
        self.style(StyleRole::Error)
    }

    /// What needs a look.
    pub fn warning(&self) -> Style {
        self.style(StyleRole::Warning)
    }

    /// What went well.
    pub fn success(&self) -> Style {
        self.style(StyleRole::Success)
    }

    /// A key that can be pressed.
    pub fn key(&self) -> Style {
        self.style(StyleRole::Key)
    }

    /// Who may not be here.
    pub fn banned(&self) -> Style {
        self.style(StyleRole::Banned)
    }

    fn style(&self, role: StyleRole) -> Style {
        self.palette.style(role)
    }

    /// A hat in its color: the catalog's hue, else the one that its id has by XEP-0392.
    pub fn hat(&self, id: &HatId, hue: Option<&Hue>) -> Style {
        let degrees = hue
            .and_then(Hue::degrees)
            .unwrap_or_else(|| consistent_angle(label::bounded_prefix(id.as_str())));
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
    fn angle_matches_xep_test_vectors() {
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
    fn catalog_hue_overrides_id_hue() {
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
    fn colorless_theme_has_no_colors() {
        let theme = Theme::new(ColorDepth::None, Backdrop::Dark);
        for style in [
            theme.border(true),
            theme.title(true),
            theme.selected(true),
            theme.faint(),
            theme.error(),
            theme.warning(),
            theme.success(),
            theme.key(),
            theme.banned(),
            theme.hat(&HatId::unchecked("x:y"), None),
        ] {
            let none = |color| matches!(color, None | Some(Color::Reset));
            assert!(none(style.fg) && none(style.bg), "{style:?}");
        }
    }

    #[test]
    fn ascii_theme_has_ascii_glyphs() {
        let theme = Theme {
            ascii: true,
            ..Theme::default()
        };
        let mut all = vec![
            theme.hat_mark(true),
            theme.hat_mark(false),
            theme.checkbox(true),
            theme.dot(),
            theme.dash(),
            theme.breadcrumb(),
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
