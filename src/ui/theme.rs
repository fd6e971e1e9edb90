//! Styles and glyphs, for any number of colors, in Unicode and ASCII. A color is never the only carrier of information:
//! a character always shows it, too.

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

/// The appearance on this terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Whether only printable ASCII is used.
    pub ascii: bool,
    /// The colors.
    pub palette: Palette,
}

impl Default for Theme {
    /// Creates the default theme in the sixteen named colors, for an unknown background.
    fn default() -> Self {
        Self::new(ColorDepth::default(), Backdrop::default())
    }
}

impl Theme {
    /// Creates the default theme for a terminal.
    pub fn new(depth: ColorDepth, backdrop: Backdrop) -> Self {
        Self {
            ascii: false,
            palette: Palette::new(BuiltinTheme::Default, depth, backdrop),
        }
    }
}

impl Theme {
    /// Returns the character set for texts.
    pub fn charset(&self) -> Charset {
        if self.ascii {
            Charset::Ascii
        } else {
            Charset::Unicode
        }
    }

    /// Selects the glyph that the terminal can show.
    fn glyph(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }

    /// Returns the glyph of an active or inactive hat.
    pub fn hat_mark(&self, active: bool) -> &'static str {
        if active {
            self.glyph("●", "*")
        } else {
            self.glyph("○", "o")
        }
    }

    /// Returns the glyph of a hat that is active for some of several users.
    pub fn mixed_mark(self) -> &'static str {
        self.glyph("◐", "~")
    }

    /// Returns the mark of a row, or a space if it is not marked.
    pub fn mark(self, marked: bool) -> &'static str {
        if marked { self.glyph("✓", "+") } else { " " }
    }

    /// Returns a checked or unchecked checkbox.
    pub fn checkbox(&self, checked: bool) -> &'static str {
        if checked { "[x]" } else { "[ ]" }
    }

    /// Returns the symbol of an option of a choice, chosen or not.
    pub fn option(&self, chosen: bool) -> &'static str {
        if chosen { self.glyph("(•)", "(*)") } else { "( )" }
    }

    /// Returns the separator between items on a line.
    pub fn dot(&self) -> &'static str {
        self.glyph("·", "-")
    }

    /// Returns the glyph of an empty value.
    pub fn dash(&self) -> &'static str {
        self.glyph("–", "-")
    }

    /// Returns the separator between breadcrumbs.
    pub fn breadcrumb(&self) -> &'static str {
        self.glyph("›", ">")
    }

    /// Returns the glyph of a warning.
    pub fn warning_mark(&self) -> &'static str {
        self.glyph("▲", "!")
    }

    /// Returns the glyph for sending to a server, or for receiving from it.
    pub fn direction(&self, to_server: bool) -> &'static str {
        if to_server {
            self.glyph("→", ">")
        } else {
            self.glyph("←", "<")
        }
    }

    /// Returns the glyph of an item that differs from the server.
    pub fn differs_mark(&self) -> &'static str {
        self.glyph("≠", "#")
    }

    /// Returns the glyph of a user who is in the room.
    pub fn online_mark(&self) -> &'static str {
        self.glyph("•", "*")
    }

    /// Returns an arrow to a result.
    pub fn arrow(&self) -> &'static str {
        self.glyph("→", "->")
    }

    /// Returns the name of a key; in ASCII, words replace its arrows.
    pub fn key_name(&self, name: &str) -> String {
        if !self.ascii {
            return name.to_owned();
        }
        text::sanitize_for(&spell_arrows(name), Charset::Ascii).into_owned()
    }

    /// Returns the glyph for more rows below or above.
    pub fn more(&self, down: bool) -> &'static str {
        if down {
            self.glyph("▼", "v")
        } else {
            self.glyph("▲", "^")
        }
    }

    /// Returns a full and an empty segment of a progress bar.
    pub fn bar(&self) -> [&'static str; 2] {
        [self.glyph("█", "#"), self.glyph("░", ".")]
    }

    /// Returns the border characters of a pane or overlay, heavier if focused.
    pub fn frame(&self, focused: bool) -> border::Set<'static> {
        match (self.ascii, focused) {
            (false, true) => border::THICK,
            (false, false) => border::PLAIN,
            (true, true) => ASCII_BORDER_FOCUSED,
            (true, false) => ASCII_BORDER,
        }
    }

    /// Returns the style of a border.
    pub fn border(&self, focused: bool) -> Style {
        self.style(if focused {
            StyleRole::Border
        } else {
            StyleRole::BorderInactive
        })
    }

    /// Returns the style of a title in a border; it overrides the style of the border.
    pub fn title(&self, focused: bool) -> Style {
        let role = if focused {
            StyleRole::Title
        } else {
            StyleRole::TitleInactive
        };
        Style::reset().patch(self.style(role))
    }

    /// Returns the style of the selected row, in the focused pane or another one.
    pub fn selected(&self, focused: bool) -> Style {
        self.style(if focused {
            StyleRole::Selected
        } else {
            StyleRole::SelectedInactive
        })
    }

    /// Returns the style of text that matches the filter, added to the other style of the text.
    pub fn matched(&self) -> Style {
        self.style(StyleRole::Matched)
    }

    /// Returns the style of emphasized text.
    pub fn strong(&self) -> Style {
        self.style(StyleRole::Strong)
    }

    /// Returns the style of less important text.
    pub fn faint(&self) -> Style {
        self.style(StyleRole::Faint)
    }

    /// Returns the style of errors.
    pub fn error(&self) -> Style {
        self.style(StyleRole::Error)
    }

    /// Returns the style of warnings.
    pub fn warning(&self) -> Style {
        self.style(StyleRole::Warning)
    }

    /// Returns the style of success.
    pub fn success(&self) -> Style {
        self.style(StyleRole::Success)
    }

    /// Returns the style of key names.
    pub fn key(&self) -> Style {
        self.style(StyleRole::Key)
    }

    /// Returns the style of banned users.
    pub fn banned(&self) -> Style {
        self.style(StyleRole::Banned)
    }

    fn style(&self, role: StyleRole) -> Style {
        self.palette.style(role)
    }

    /// Returns the style of a hat of this hue; of 0 degrees if the hue is not a number.
    pub fn hue(&self, hue: &Hue) -> Style {
        self.palette.hat(hue.degrees().unwrap_or_default())
    }

    /// Returns the style of a hat. The hue is the one in the catalog, else it is derived from the ID (XEP-0392).
    pub fn hat(&self, id: &HatId, hue: Option<&Hue>) -> Style {
        let degrees = hue
            .and_then(Hue::degrees)
            .unwrap_or_else(|| consistent_angle(label::bounded_prefix(id.as_str())));
        self.palette.hat(degrees)
    }
}

/// Returns the hue angle of a text, in degrees, in `HSLuv` (XEP-0392, section 5.1).
pub fn consistent_angle(text: &str) -> f64 {
    let [low, high, ..] = <[u8; 20]>::from(Sha1::digest(text.as_bytes()));
    f64::from(u16::from_le_bytes([low, high])) / 65_536.0 * 360.0
}

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

const ASCII_BORDER_FOCUSED: border::Set<'static> = border::Set {
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
            theme.option(true),
            theme.option(false),
            theme.dot(),
            theme.dash(),
            theme.breadcrumb(),
            theme.warning_mark(),
            theme.online_mark(),
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
