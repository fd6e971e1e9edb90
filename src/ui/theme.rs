//! How things look: in sixteen colours, in none, in Unicode and in ASCII. Whatever a colour tells, a character tells too.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;
use sha1::{Digest as _, Sha1};

use super::text::{self, Charset};
use crate::app::spelled;
use crate::model::{HatId, Hue};

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Only the printable characters of ASCII.
    pub ascii: bool,
    /// The sixteen named colours; else only bold, reversed and underlined.
    pub colour: bool,
}

impl Default for Theme {
    fn default() -> Self {
        Self {
            ascii: false,
            colour: true,
        }
    }
}

impl Theme {
    /// The characters that texts are shown with.
    pub fn charset(self) -> Charset {
        if self.ascii {
            Charset::Ascii
        } else {
            Charset::Unicode
        }
    }

    /// One of two glyphs.
    fn glyph(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }

    /// A hat that is worn, or one that is not.
    pub fn hat_mark(self, worn: bool) -> &'static str {
        if worn {
            self.glyph("●", "*")
        } else {
            self.glyph("○", "o")
        }
    }

    /// A box that is ticked, or one that is not.
    pub fn tick(self, on: bool) -> &'static str {
        if on { "[x]" } else { "[ ]" }
    }

    /// Between two things on one line.
    pub fn dot(self) -> &'static str {
        self.glyph("·", "-")
    }

    /// Nothing is there.
    pub fn dash(self) -> &'static str {
        self.glyph("–", "-")
    }

    /// From a place into the one below it.
    pub fn below(self) -> &'static str {
        self.glyph("›", ">")
    }

    /// Something needs a look.
    pub fn warning_mark(self) -> &'static str {
        self.glyph("▲", "!")
    }

    /// Something leads somewhere.
    pub fn arrow(self) -> &'static str {
        self.glyph("→", "->")
    }

    /// A key's name; there are no arrows in ASCII.
    pub fn key_name(self, name: &str) -> String {
        if !self.ascii {
            return name.to_owned();
        }
        text::harmless_in(&spelled(name), Charset::Ascii).into_owned()
    }

    /// More follows below, more stands above.
    pub fn more(self, down: bool) -> &'static str {
        if down {
            self.glyph("▼", "v")
        } else {
            self.glyph("▲", "^")
        }
    }

    /// A full and an empty part of a bar.
    pub fn bar(self) -> [&'static str; 2] {
        [self.glyph("█", "#"), self.glyph("░", ".")]
    }

    /// The frame of a pane or overlay; the one that has the focus is drawn heavier.
    pub fn frame(self, focused: bool) -> border::Set<'static> {
        match (self.ascii, focused) {
            (false, true) => border::THICK,
            (false, false) => border::PLAIN,
            (true, true) => ASCII_FOCUSED,
            (true, false) => ASCII,
        }
    }

    fn tinted(self, colour: Color) -> Style {
        if self.colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    /// The frame's style.
    pub fn border(self, focused: bool) -> Style {
        if focused {
            self.tinted(Color::Cyan)
        } else {
            self.faint()
        }
    }

    /// The title in a frame.
    pub fn title(self, focused: bool) -> Style {
        if focused {
            self.tinted(Color::Cyan).add_modifier(Modifier::BOLD)
        } else {
            // It is written over the frame, which is faint.
            Style::new().remove_modifier(Modifier::DIM)
        }
    }

    /// The row that the keys act on, in the pane that has the focus or in another one.
    pub fn selected(self, focused: bool) -> Style {
        if focused {
            Style::new().add_modifier(Modifier::REVERSED)
        } else {
            Style::new().add_modifier(Modifier::BOLD)
        }
    }

    /// What is read first.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What is read last. Dim, as there are terminals on whose ground a dark grey is not seen at all.
    pub fn faint(self) -> Style {
        if self.colour {
            Style::new().add_modifier(Modifier::DIM)
        } else {
            Style::new()
        }
    }

    /// What went wrong.
    pub fn error(self) -> Style {
        self.tinted(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// What needs a look.
    pub fn warning(self) -> Style {
        self.tinted(Color::Yellow)
    }

    /// What went well.
    pub fn good(self) -> Style {
        self.tinted(Color::Green)
    }

    /// A key that can be pressed.
    pub fn key(self) -> Style {
        self.tinted(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Who may not be here.
    pub fn banned(self) -> Style {
        self.tinted(Color::Red)
    }

    /// A hat in its colour: the catalogue's hue, else the one that its id has by XEP-0392.
    pub fn hat(self, id: &HatId, hue: Option<&Hue>) -> Style {
        if !self.colour {
            return Style::new();
        }
        let degrees = hue
            .and_then(Hue::degrees)
            .unwrap_or_else(|| consistent_angle(text::beginning(id.as_str())));
        self.tinted(nearest(degrees))
    }
}

/// The angle, in degrees, of a text's colour in the `HSLuv` plane (XEP-0392, section 5.1).
pub fn consistent_angle(text: &str) -> f64 {
    let [low, high, ..] = <[u8; 20]>::from(Sha1::digest(text.as_bytes()));
    f64::from(u16::from_le_bytes([low, high])) / 65_536.0 * 360.0
}

/// The named colour that comes nearest to an angle in the `HSLuv` plane: red stands at 12 degrees there, yellow at 86,
/// green at 128, cyan at 192, blue at 266, magenta at 308. The dark blue of many terminals cannot be read on black.
fn nearest(degrees: f64) -> Color {
    match degrees {
        d if d < 49.0 => Color::Red,
        d if d < 107.0 => Color::Yellow,
        d if d < 160.0 => Color::Green,
        d if d < 229.0 => Color::Cyan,
        d if d < 287.0 => Color::LightBlue,
        d if d < 340.0 => Color::Magenta,
        _ => Color::Red,
    }
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
    fn the_catalogue_goes_before_the_id() {
        let theme = Theme::default();
        let hat = HatId::keep("Romeo");
        let hue = |text: &str| Hue::new(Json::new(text).unwrap());
        assert_eq!(theme.hat(&hat, None).fg, Some(Color::Magenta));
        assert_eq!(theme.hat(&hat, hue("128").as_ref()).fg, Some(Color::Green));
        assert_eq!(
            theme.hat(&hat, hue("\"banana\"").as_ref()).fg,
            Some(Color::Magenta)
        );
    }

    #[test]
    fn without_colour_there_is_none() {
        let theme = Theme {
            colour: false,
            ..Theme::default()
        };
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
            theme.hat(&HatId::keep("x:y"), None),
        ] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn in_ascii_every_glyph_is_ascii() {
        let theme = Theme {
            ascii: true,
            colour: true,
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
