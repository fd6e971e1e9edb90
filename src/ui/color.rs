//! Color computations: hues (XEP-0392), contrast (WCAG), and the nearest color that the terminal has.

use ratatui::style::Color;

pub use crate::app::hat_color::Rgb;

/// The levels of the 6 × 6 × 6 color cube in the 256 colors.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
/// The same levels in linear light, precomputed because they are needed for every hat on the screen.
const LINEAR_LEVELS: [f64; 6] = [
    0.0,
    0.114_435_374,
    0.242_281_122,
    0.428_690_497,
    0.679_542_470,
    1.0,
];

/// The sixteen named colors as xterm shows them. Other terminals differ, so these values are used only to find the
/// nearest named color.
const NAMED_COLORS: [(Color, Rgb); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::Gray, (229, 229, 229)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 0, 0)),
    (Color::LightGreen, (0, 255, 0)),
    (Color::LightYellow, (255, 255, 0)),
    (Color::LightBlue, (92, 92, 255)),
    (Color::LightMagenta, (255, 0, 255)),
    (Color::LightCyan, (0, 255, 255)),
    (Color::White, (255, 255, 255)),
];

/// Converts a color component to linear light, 0 to 1.
fn linear(component: u8) -> f64 {
    let component = f64::from(component) / 255.0;
    if component <= 0.04045 {
        component / 12.92
    } else {
        ((component + 0.055) / 1.055).powf(2.4)
    }
}

/// Returns the relative luminance of a color, 0 to 1.
pub fn luminance((red, green, blue): Rgb) -> f64 {
    relative_luminance(linear(red), linear(green), linear(blue))
}

fn relative_luminance(red: f64, green: f64, blue: f64) -> f64 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Returns the contrast ratio of two luminances, 1 to 21; at 4.5 or more, text is readable.
pub fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Returns the components of one of the 256 colors; `None` for the first 16, which are different in each terminal.
pub fn indexed_rgb(index: u8) -> Option<Rgb> {
    let level = |number: u8| LEVELS.get(usize::from(number % 6)).copied().unwrap_or_default();
    match index {
        0..16 => None,
        16..232 => {
            let cube_index = index - 16;
            Some((level(cube_index / 36), level(cube_index / 6), level(cube_index)))
        }
        232.. => {
            let gray = 8 + 10 * (index - 232);
            Some((gray, gray, gray))
        }
    }
}

fn distance(one: Rgb, other: Rgb) -> i32 {
    let square = |one: u8, other: u8| (i32::from(one) - i32::from(other)).pow(2);
    // The eye is most sensitive to green and least to blue.
    3 * square(one.0, other.0) + 4 * square(one.1, other.1) + 2 * square(one.2, other.2)
}

/// Returns the nearest of the 256 colors.
pub fn nearest_of_256(wanted: Rgb) -> Color {
    let all = (16..=255).filter_map(|index| indexed_rgb(index).map(|rgb| (index, rgb)));
    let nearest = all.min_by_key(|(_, rgb)| distance(*rgb, wanted));
    nearest.map_or(Color::Reset, |(index, _)| Color::Indexed(index))
}

/// Returns the nearest color of the cube, without grays, whose luminance is accepted; [`Color::Reset`] if there is
/// none.
pub fn nearest_of_cube(wanted: Rgb, is_accepted: impl Fn(f64) -> bool) -> Color {
    let light = |level: u8| LINEAR_LEVELS.get(usize::from(level)).copied().unwrap_or_default();
    let mut nearest = (i32::MAX, Color::Reset);
    for index in 16..232 {
        let Some(rgb) = indexed_rgb(index) else { continue };
        let (cube_index, difference) = (index - 16, distance(rgb, wanted));
        let (red, green, blue) = (cube_index / 36, cube_index / 6 % 6, cube_index % 6);
        if difference < nearest.0
            && !(red == green && green == blue)
            && is_accepted(relative_luminance(light(red), light(green), light(blue)))
        {
            nearest = (difference, Color::Indexed(index));
        }
    }
    nearest.1
}

/// Returns the nearest named color.
pub fn nearest_of_16(wanted: Rgb) -> Color {
    let nearest = NAMED_COLORS.iter().min_by_key(|(_, rgb)| distance(*rgb, wanted));
    nearest.map_or(Color::Reset, |(color, _)| *color)
}

/// Returns the most saturated color of this hue in degrees and lightness from 0 to 100, both in `HSLuv`, as XEP-0392
/// derives colors. Its luminance depends only on the lightness.
pub fn from_hue(degrees: f64, lightness: f64) -> Rgb {
    let (red, green, blue) = hsluv::hsluv_to_rgb(degrees, 100.0, lightness);
    (to_byte(red), to_byte(green), to_byte(blue))
}

/// Converts a color component from 0–1 to a byte.
fn to_byte(component: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and 255"
    )]
    let byte = (component.clamp(0.0, 1.0) * 255.0).round() as u8;
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hue_matches_xep_test_vectors() {
        // XEP-0392, section 13.2: at full saturation and half lightness.
        for (degrees, (red, green, blue)) in [
            (327.255_249, (0.865, 0.000, 0.686)),
            (209.410_400, (0.000, 0.515, 0.573)),
            (331.199_341, (0.872, 0.000, 0.659)),
            (359.994_507, (0.918, 0.000, 0.394)),
            (171.430_664, (0.000, 0.527, 0.457)),
        ] {
            let got = from_hue(degrees, 50.0);
            for (part, wanted) in [(got.0, red), (got.1, green), (got.2, blue)] {
                assert!(
                    (f64::from(part) / 255.0 - wanted).abs() < 0.005,
                    "{degrees}: {got:?}"
                );
            }
        }
    }

    #[test]
    fn contrast_matches_wcag() {
        let contrast_of = |one, other| contrast(luminance(one), luminance(other));
        assert!((contrast_of((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
        assert!((contrast_of((119, 119, 119), (255, 255, 255)) - 4.48).abs() < 0.005);
        assert!((contrast_of((10, 20, 30), (10, 20, 30)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn indexed_colors_are_cube_and_grays() {
        for (level, known) in LEVELS.into_iter().zip(LINEAR_LEVELS) {
            assert!((linear(level) - known).abs() < 1e-8, "{level}");
        }
        assert_eq!(indexed_rgb(15), None);
        assert_eq!(indexed_rgb(16), Some((0, 0, 0)));
        assert_eq!(indexed_rgb(208), Some((255, 135, 0)));
        assert_eq!(indexed_rgb(231), Some((255, 255, 255)));
        assert_eq!(indexed_rgb(232), Some((8, 8, 8)));
        assert_eq!(indexed_rgb(255), Some((238, 238, 238)));
        for index in 16..=255 {
            let rgb = indexed_rgb(index).unwrap();
            let nearest = nearest_of_256(rgb);
            assert!(matches!(nearest, Color::Indexed(index) if indexed_rgb(index) == Some(rgb)));
        }
        assert_eq!(nearest_of_16((250, 10, 5)), Color::LightRed);
        assert_eq!(nearest_of_cube((200, 10, 5), |_| false), Color::Reset);
        assert_eq!(nearest_of_cube((200, 10, 5), |_| true), Color::Indexed(160));
        assert_eq!(
            nearest_of_cube((200, 10, 5), |luminance| luminance > 0.22),
            Color::Indexed(197)
        );
    }
}
