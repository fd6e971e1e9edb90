//! The built-in themes, for dark and light backgrounds and any number of colors.

use ratatui::style::{Color, Modifier, Style};

use super::role::{ROLES, StyleRole};
use crate::ui::color;

/// The number of colors of the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColorDepth {
    /// No colors: only bold, reverse and underline.
    None,
    /// The sixteen named colors, whose appearance depends on the terminal.
    #[default]
    Ansi16,
    /// 256 colors, of which all but the first sixteen are the same everywhere.
    Ansi256,
    /// 24-bit colors.
    TrueColor,
}

/// The terminal's background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Backdrop {
    /// Black or nearly black.
    Dark,
    /// White or nearly white.
    Light,
    /// Not known.
    #[default]
    Unknown,
}

impl Backdrop {
    /// Returns the luminances of the two extreme backgrounds of this kind. For `Dark` and `Light`, text that is
    /// readable on both is also readable on every background between them; for `Unknown`, this is not guaranteed.
    /// Precomputed because they are needed for every hat on the screen.
    const fn luminances(self) -> [f64; 2] {
        const DARK: f64 = 0.029_556_834;
        const LIGHT: f64 = 0.775_822_218;
        match self {
            Self::Dark => [0.0, DARK],
            Self::Light => [1.0, LIGHT],
            Self::Unknown => [0.0, 1.0],
        }
    }
}

/// The built-in themes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum BuiltinTheme {
    /// Few colors, only where they carry meaning.
    #[default]
    Default,
    /// Contrast of at least 7:1, nothing faint.
    HighContrast,
    /// No colors, even if the terminal has them.
    Mono,
}

/// The styles of all roles, and the colors of hats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    styles: [Style; ROLES],
    depth: ColorDepth,
    hats: HatColors,
}

/// The way in which hats are colored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HatColors {
    /// Without color.
    Plain,
    /// With one of the sixteen named colors.
    Named,
    /// With the hat's hue at this lightness (0 to 100). If there are only 256 colors, with the nearest one whose contrast with
    /// the backdrop is at least the last number divided by 10 (45 means 4.5).
    Lightness(u8, Backdrop, u8),
}

/// The colors of a theme; [`Color::Reset`] means no color.
#[derive(Debug, Clone, Copy)]
struct ThemeColors {
    accent: Color,
    success: Color,
    warning: Color,
    error: Color,
    /// Less important text; `None`: dim instead of a color.
    faint: Option<Color>,
}

const ANSI16: ThemeColors = ThemeColors {
    accent: Color::Cyan,
    success: Color::Green,
    warning: Color::Yellow,
    error: Color::Red,
    faint: None,
};

const UNCOLORED: ThemeColors = ThemeColors {
    accent: Color::Reset,
    success: Color::Reset,
    warning: Color::Reset,
    error: Color::Reset,
    faint: Some(Color::Reset),
};

/// Creates theme colors from the 256 colors. These are used even if more colors are available, because their escape
/// sequences are shorter, which matters on a slow connection. If `faint` is `None`, less important text has no color.
const fn indexed(accent: u8, success: u8, warning: u8, error: u8, faint: Option<u8>) -> ThemeColors {
    ThemeColors {
        accent: Color::Indexed(accent),
        success: Color::Indexed(success),
        warning: Color::Indexed(warning),
        error: Color::Indexed(error),
        faint: match faint {
            Some(faint) => Some(Color::Indexed(faint)),
            None => UNCOLORED.faint,
        },
    }
}

const DARK: ThemeColors = indexed(80, 114, 221, 210, Some(247));
const LIGHT: ThemeColors = indexed(24, 22, 94, 124, Some(241));
const DARK_STRONG: ThemeColors = indexed(159, 157, 229, 224, None);
const LIGHT_STRONG: ThemeColors = ThemeColors {
    // None of the greens among the 256 colors is dark enough.
    success: UNCOLORED.success,
    ..indexed(18, 18, 53, 52, None)
};

impl BuiltinTheme {
    fn colors(self, depth: ColorDepth, backdrop: Backdrop) -> ThemeColors {
        match (self, depth, backdrop) {
            (Self::Mono, ..) | (_, ColorDepth::None, _) => UNCOLORED,
            (Self::Default, ColorDepth::Ansi256 | ColorDepth::TrueColor, Backdrop::Dark) => DARK,
            (Self::Default, ColorDepth::Ansi256 | ColorDepth::TrueColor, Backdrop::Light) => LIGHT,
            (Self::HighContrast, ColorDepth::Ansi256 | ColorDepth::TrueColor, Backdrop::Dark) => DARK_STRONG,
            (Self::HighContrast, ColorDepth::Ansi256 | ColorDepth::TrueColor, Backdrop::Light) => {
                LIGHT_STRONG
            }
            (Self::Default, ..) => ANSI16,
            // With sixteen colors, or on an unknown background, the contrast is unknown.
            (Self::HighContrast, ..) => UNCOLORED,
        }
    }

    fn hats(self, depth: ColorDepth, backdrop: Backdrop) -> HatColors {
        match (self, depth, backdrop) {
            (Self::Mono, ..)
            | (_, ColorDepth::None, _)
            | (Self::HighContrast, ColorDepth::Ansi16, _)
            | (Self::HighContrast, _, Backdrop::Unknown) => HatColors::Plain,
            (Self::Default, ColorDepth::Ansi16, _) => HatColors::Named,
            (Self::Default, _, Backdrop::Dark) => HatColors::Lightness(72, backdrop, 45),
            (Self::Default, _, Backdrop::Light) => HatColors::Lightness(38, backdrop, 45),
            // This lightness has the same contrast on black and on white. The minimum contrast is lower, because few of
            // the 256 colors have this lightness.
            (Self::Default, _, Backdrop::Unknown) => HatColors::Lightness(49, backdrop, 40),
            (Self::HighContrast, _, Backdrop::Dark) => HatColors::Lightness(82, backdrop, 70),
            (Self::HighContrast, _, Backdrop::Light) => HatColors::Lightness(28, backdrop, 70),
        }
    }
}

impl Palette {
    /// Creates a built-in theme for a terminal.
    pub fn new(theme: BuiltinTheme, depth: ColorDepth, backdrop: Backdrop) -> Self {
        let colors = theme.colors(depth, backdrop);
        let colored = |color: Color| match color {
            Color::Reset => Style::new(),
            color => Style::new().fg(color),
        };
        let bold = |color: Color| colored(color).add_modifier(Modifier::BOLD);
        // Dim, because dark gray is invisible on the background of some terminals.
        let faint = colors
            .faint
            .map_or(Style::new().add_modifier(Modifier::DIM), colored);
        let style = |role: StyleRole| match role {
            StyleRole::Border => colored(colors.accent),
            StyleRole::BorderInactive | StyleRole::Faint => faint,
            StyleRole::Title | StyleRole::Key => bold(colors.accent),
            StyleRole::TitleInactive => Style::new(),
            StyleRole::Selected => Style::new().add_modifier(Modifier::REVERSED),
            StyleRole::SelectedInactive | StyleRole::Strong => bold(Color::Reset),
            StyleRole::Matched => Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            StyleRole::Success => colored(colors.success),
            StyleRole::Warning => colored(colors.warning),
            StyleRole::Error => bold(colors.error),
            StyleRole::Banned => colored(colors.error),
        };
        Self {
            styles: StyleRole::ALL.map(|(role, ..)| style(role)),
            depth,
            hats: theme.hats(depth, backdrop),
        }
    }

    /// Returns the style of a role.
    pub fn style(&self, role: StyleRole) -> Style {
        // The array has an element for each role.
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// Replaces the style of a role, reduced to the colors that the terminal has.
    pub fn set(&mut self, role: StyleRole, style: Style) {
        let (fg, bg) = (style.fg.map(|fg| self.fit(fg)), style.bg.map(|bg| self.fit(bg)));
        if let Some(slot) = self.styles.get_mut(role as usize) {
            *slot = Style { fg, bg, ..style };
        }
    }

    /// Returns the nearest color that the terminal has.
    fn fit(&self, color: Color) -> Color {
        let rgb = match color {
            Color::Rgb(red, green, blue) => Some((red, green, blue)),
            Color::Indexed(index) => color::indexed_rgb(index),
            _ => None,
        };
        match (self.depth, rgb) {
            (ColorDepth::None, _) => Color::Reset,
            (ColorDepth::Ansi16, Some(rgb)) => color::nearest_of_16(rgb),
            (ColorDepth::Ansi256, Some(rgb)) => color::nearest_of_256(rgb),
            _ => color,
        }
    }

    /// Returns the style of a hat with this hue angle in `HSLuv`.
    pub fn hat(&self, degrees: f64) -> Style {
        let color = match self.hats {
            HatColors::Plain => return Style::new(),
            HatColors::Named => named(degrees),
            HatColors::Lightness(lightness, backdrop, min_contrast) => {
                let wanted = color::from_hue(degrees, f64::from(lightness));
                if self.depth == ColorDepth::TrueColor {
                    // The luminance, and so the contrast, depends only on the lightness.
                    Color::Rgb(wanted.0, wanted.1, wanted.2)
                } else {
                    let backgrounds = backdrop.luminances();
                    let min_contrast = f64::from(min_contrast) / 10.0;
                    let is_readable = |luminance| {
                        backgrounds
                            .iter()
                            .all(|background| color::contrast(luminance, *background) >= min_contrast)
                    };
                    color::nearest_of_cube(wanted, is_readable)
                }
            }
        };
        Style::new().fg(color)
    }
}

/// Returns the named color nearest to a hue angle in `HSLuv`: red is at 12 degrees, yellow at 86, green at 128, cyan at
/// 192, blue at 266, magenta at 308. The dark blue of many terminals is unreadable on black.
fn named(degrees: f64) -> Color {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::color::Rgb;

    const BUILTINS: [BuiltinTheme; 3] = [
        BuiltinTheme::Default,
        BuiltinTheme::HighContrast,
        BuiltinTheme::Mono,
    ];
    const DEPTHS: [ColorDepth; 4] = [
        ColorDepth::None,
        ColorDepth::Ansi16,
        ColorDepth::Ansi256,
        ColorDepth::TrueColor,
    ];
    const BACKDROPS: [Backdrop; 3] = [Backdrop::Dark, Backdrop::Light, Backdrop::Unknown];

    fn rgb(color: Color) -> Option<Rgb> {
        match color {
            Color::Rgb(red, green, blue) => Some((red, green, blue)),
            Color::Indexed(index) => color::indexed_rgb(index),
            _ => None,
        }
    }

    /// Returns the two extreme backgrounds of this kind.
    fn extremes(backdrop: Backdrop) -> [Rgb; 2] {
        match backdrop {
            Backdrop::Dark => [(0, 0, 0), (48, 48, 48)],
            Backdrop::Light => [(255, 255, 255), (228, 228, 228)],
            Backdrop::Unknown => [(0, 0, 0), (255, 255, 255)],
        }
    }

    /// Returns the least contrast of a style with the backgrounds of this kind; `None` if the color of the style is not
    /// known.
    fn least_contrast(style: Style, backdrop: Backdrop) -> Option<f64> {
        let fg = rgb(style.fg?)?;
        let contrast = |background| color::contrast(color::luminance(fg), color::luminance(background));
        let contrasts = extremes(backdrop).map(contrast);
        Some(contrasts[0].min(contrasts[1]))
    }

    #[test]
    fn roles_match_their_index() {
        for (index, (role, ..)) in StyleRole::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, index);
        }
    }

    #[test]
    fn precomputed_luminances_are_correct() {
        for backdrop in BACKDROPS {
            for (rgb, known) in extremes(backdrop).into_iter().zip(backdrop.luminances()) {
                assert!((color::luminance(rgb) - known).abs() < 1e-8, "{backdrop:?}");
            }
        }
    }

    #[test]
    fn roles_are_readable() {
        for (theme, wanted) in [(BuiltinTheme::Default, 4.5), (BuiltinTheme::HighContrast, 7.0)] {
            for depth in [ColorDepth::Ansi256, ColorDepth::TrueColor] {
                for backdrop in [Backdrop::Dark, Backdrop::Light] {
                    let palette = Palette::new(theme, depth, backdrop);
                    for (role, name, _) in StyleRole::ALL {
                        let style = palette.style(role);
                        assert!(
                            style.bg.is_none() && !style.add_modifier.contains(Modifier::DIM),
                            "{name}"
                        );
                        // Without a color, the terminal's default applies.
                        if style.fg.is_some() {
                            let contrast = least_contrast(style, backdrop).unwrap();
                            assert!(contrast >= wanted, "{theme:?} {backdrop:?} {name}: {contrast}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn hat_colors_are_readable_and_distinct() {
        let all = [
            (BuiltinTheme::Default, Backdrop::Dark, 4.5),
            (BuiltinTheme::Default, Backdrop::Light, 4.5),
            (BuiltinTheme::HighContrast, Backdrop::Dark, 7.0),
            (BuiltinTheme::HighContrast, Backdrop::Light, 7.0),
        ];
        for (theme, backdrop, wanted) in all {
            for depth in [ColorDepth::Ansi256, ColorDepth::TrueColor] {
                let palette = Palette::new(theme, depth, backdrop);
                let mut colors = std::collections::BTreeSet::new();
                for degrees in 0..360 {
                    let style = palette.hat(f64::from(degrees));
                    let contrast = least_contrast(style, backdrop).unwrap();
                    assert!(
                        contrast >= wanted,
                        "{theme:?} {depth:?} {backdrop:?} {degrees}: {contrast}"
                    );
                    colors.insert(rgb(style.fg.unwrap()).unwrap());
                }
                let distinct = if depth == ColorDepth::TrueColor { 150 } else { 8 };
                assert!(
                    colors.len() >= distinct,
                    "{theme:?} {depth:?} {backdrop:?}: {colors:?}"
                );
            }
        }
    }

    #[test]
    fn hats_are_readable_on_unknown_backdrop() {
        for (depth, wanted) in [(ColorDepth::TrueColor, 4.4), (ColorDepth::Ansi256, 4.0)] {
            let palette = Palette::new(BuiltinTheme::Default, depth, Backdrop::Unknown);
            for degrees in 0..360 {
                let contrast = least_contrast(palette.hat(f64::from(degrees)), Backdrop::Unknown).unwrap();
                assert!(contrast >= wanted, "{depth:?} {degrees}: {contrast}");
            }
        }
    }

    #[test]
    fn respects_color_depth() {
        for theme in BUILTINS {
            for (depth, backdrop) in DEPTHS
                .into_iter()
                .flat_map(|depth| BACKDROPS.map(|backdrop| (depth, backdrop)))
            {
                let mut palette = Palette::new(theme, depth, backdrop);
                palette.set(
                    StyleRole::Error,
                    Style::new().fg(Color::Rgb(1, 200, 3)).bg(Color::Indexed(200)),
                );
                let mut styles: Vec<Style> = StyleRole::ALL.map(|(role, ..)| palette.style(role)).into();
                styles.extend((0..360).map(|degrees| palette.hat(f64::from(degrees))));
                for color in styles.iter().flat_map(|style| [style.fg, style.bg]).flatten() {
                    let fits = match color {
                        Color::Reset => true,
                        Color::Rgb(..) => depth == ColorDepth::TrueColor,
                        Color::Indexed(_) => depth >= ColorDepth::Ansi256,
                        _ => depth >= ColorDepth::Ansi16,
                    };
                    assert!(fits, "{theme:?} {depth:?} {backdrop:?}: {color}");
                }
            }
        }
    }
}
