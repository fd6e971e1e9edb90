//! Colors of hats as people write them: by name, as `#c33`, or as a hue. Only the hue is used; the brightness depends
//! on the background of the terminal (XEP-0392).

use crate::model::Hue;

/// The colors that the form shows, each with its name and an RGB color of this hue.
pub const SWATCHES: [(&str, Rgb); 9] = [
    ("red", (0xff, 0x00, 0x00)),
    ("orange", (0xff, 0x80, 0x00)),
    ("yellow", (0xff, 0xff, 0x00)),
    ("green", (0x00, 0xff, 0x00)),
    ("cyan", (0x00, 0xff, 0xff)),
    ("blue", (0x00, 0x00, 0xff)),
    ("purple", (0x80, 0x00, 0xff)),
    ("magenta", (0xff, 0x00, 0xff)),
    ("pink", (0xff, 0x00, 0x80)),
];

/// Other accepted names of colors.
const COLOR_SYNONYMS: [(&str, Rgb); 7] = [
    ("brown", (0xff, 0x80, 0x00)),
    ("gold", (0xff, 0xd7, 0x00)),
    ("lime", (0x80, 0xff, 0x00)),
    ("turquoise", (0x00, 0xff, 0xc0)),
    ("teal", (0x00, 0x80, 0x80)),
    ("sky", (0x00, 0x80, 0xff)),
    ("violet", (0x80, 0x00, 0xff)),
];

/// Red, green and blue, 0 to 255.
pub type Rgb = (u8, u8, u8);

/// Describes the accepted texts, as a noun phrase.
pub const EXPECTED: &str = "a color such as red or #c33, or a hue from 0 to 360";

/// A color with a lower saturation, in percent, is a gray, whose hue is not visible.
const MIN_SATURATION: f64 = 8.0;

/// Parses a color name, a code such as `#c33` or `#cc3333`, or a hue in degrees.
///
/// Errors: why the text is none of these or has no hue, as a sentence without its period.
pub fn parse(text: &str) -> Result<Hue, String> {
    let text = text.trim();
    if let Some(hue) = Hue::parse(text) {
        return Ok(hue);
    }
    let rgb = match text.strip_prefix('#') {
        Some(digits) => parse_hexadecimal(digits),
        None => parse_name(text),
    };
    let rgb = rgb.ok_or_else(|| format!("Expected {EXPECTED}"))?;
    degrees(rgb)
        .and_then(|degrees| Hue::parse(&degrees.to_string()))
        .ok_or_else(|| "A gray has no hue: choose another color".into())
}

/// The name of the color with this hue, else the hue as text.
pub fn name(hue: &Hue) -> &str {
    let text = hue.as_json().as_str().trim_matches('"');
    color_name(text).unwrap_or(text)
}

/// Describes a hue, given as JSON text, for a sentence: `color red` or `hue 120`.
pub(super) fn describe(hue: &str) -> String {
    let hue = hue.trim_matches('"');
    match color_name(hue) {
        Some(name) => format!("color {name}"),
        None => format!("hue {hue}"),
    }
}

fn color_name(hue: &str) -> Option<&'static str> {
    let degrees = Hue::parse(hue)?.degrees();
    let mut names = SWATCHES.iter().map(|(name, _)| *name);
    names.find(|name| parse(name).is_ok_and(|named| named.degrees() == degrees))
}

/// The name of the color of [`SWATCHES`] that is `step` places after the one that a text means (before it if `step` is
/// negative), wrapping around. If the text means none of these colors, the first one, or the last one if `step` is
/// negative.
pub(super) fn neighbor(text: &str, step: isize) -> &'static str {
    let current = parse(text).ok();
    let is_current = |(name, _): &(&str, Rgb)| current.is_some() && parse(name).ok() == current;
    let length = SWATCHES.len();
    let next = match SWATCHES.iter().position(is_current) {
        Some(index) => index
            .checked_add_signed(step)
            .map_or(length - 1, |index| index % length),
        None if step > 0 => 0,
        None => length - 1,
    };
    SWATCHES.get(next).map_or("", |(name, _)| name)
}

fn parse_name(name: &str) -> Option<Rgb> {
    let name = name.to_lowercase();
    let mut all = SWATCHES.iter().chain(&COLOR_SYNONYMS);
    all.find(|(known, _)| *known == name).map(|(_, rgb)| *rgb)
}

fn parse_hexadecimal(digits: &str) -> Option<Rgb> {
    if !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    match digits.len() {
        6 => Some((red, green, blue)),
        3 => {
            let double = |shift: u32| u8::try_from((number >> shift & 0xf) * 0x11).unwrap_or_default();
            Some((double(8), double(4), double(0)))
        }
        _ => None,
    }
}

/// The hue of a color in whole degrees of `HSLuv`; `None` for a gray.
fn degrees((red, green, blue): Rgb) -> Option<f64> {
    let part = |byte: u8| f64::from(byte) / 255.0;
    let (hue, saturation, _) = hsluv::rgb_to_hsluv(part(red), part(green), part(blue));
    (saturation >= MIN_SATURATION).then(|| hue.round().rem_euclid(360.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hue(text: &str) -> Result<String, String> {
        parse(text).map(|hue| hue.as_json().as_str().to_owned())
    }

    #[test]
    fn names_codes_and_numbers_are_hues() {
        for (text, degrees) in [
            ("red", "12"),
            (" Red ", "12"),
            ("#f00", "12"),
            ("#FF0000", "12"),
            ("#c33", "12"),
            ("green", "128"),
            ("blue", "266"),
            ("128", "128"),
            ("12.5", "12.5"),
            ("0", "0"),
            ("360", "360"),
        ] {
            assert_eq!(hue(text).as_deref(), Ok(degrees), "{text}");
        }
    }

    #[test]
    fn rejects_other_text_and_grays() {
        for text in [
            "", "reddish", "#", "#12", "#12345", "#1234567", "#ggg", "361", "-1", "f00", "#é12",
        ] {
            assert_eq!(hue(text), Err(format!("Expected {EXPECTED}")), "{text}");
        }
        for text in ["#000", "#fff", "#808080", "#828180"] {
            assert!(hue(text).unwrap_err().starts_with("A gray"), "{text}");
        }
    }

    #[test]
    fn hues_of_named_colors_are_shown_by_name() {
        for (json, shown, sentence) in [
            ("12", "red", "color red"),
            ("\"12\"", "red", "color red"),
            ("12.0", "red", "color red"),
            ("13", "13", "hue 13"),
            ("\"banana\"", "banana", "hue banana"),
        ] {
            let hue = Hue::new(crate::model::Json::new(json).unwrap()).unwrap();
            assert_eq!(
                (name(&hue), &*describe(hue.as_json().as_str())),
                (shown, sentence),
                "{json}"
            );
        }
    }

    #[test]
    fn swatches_have_different_hues() {
        let all: std::collections::BTreeSet<String> =
            SWATCHES.iter().map(|(name, _)| hue(name).unwrap()).collect();
        assert_eq!(all.len(), SWATCHES.len());
    }
}
