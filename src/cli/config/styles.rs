//! Parses and formats the styles of a theme, such as `"#ff8700 bold"` or `"bright-red on 236"`.

use ratatui::style::{Color, Modifier, Style};

use crate::app::describe::closest_match;

/// The named colors: those of the 16-color palette in the order of their numbers, then `default`.
const COLORS: [(&str, Color); 17] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
    ("default", Color::Reset),
];

const MODIFIERS: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
    ("crossed-out", Modifier::CROSSED_OUT),
];

/// Parses a style: a text color, `on` with a background color, and modifiers, all optional; `plain` is the empty style.
pub(super) fn read(text: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let modifier = MODIFIERS.iter().find(|(name, _)| *name == word);
        if let Some((_, modifier)) = modifier {
            style = style.add_modifier(*modifier);
        } else if word == "on" {
            let Some(background) = words.next() else {
                return Err("missing color after \"on\"".into());
            };
            style = style.bg(color(background)?);
        } else if word != "plain" {
            if style.fg.is_some() {
                return Err(format!(
                    "second color {word:?}; write \"on {word}\" for the background"
                ));
            }
            style = style.fg(color(word)?);
        }
    }
    Ok(style)
}

fn color(word: &str) -> Result<Color, String> {
    if let Some(digits) = word.strip_prefix('#') {
        return hexadecimal(digits)
            .ok_or_else(|| format!("invalid color {word:?}: expected # and six hexadecimal digits"));
    }
    if let Ok(number) = word.parse::<u8>() {
        let named = COLORS.get(usize::from(number)).filter(|_| number < 16);
        return Ok(named.map_or(Color::Indexed(number), |(_, color)| *color));
    }
    let found = COLORS.iter().find(|(name, _)| *name == word);
    found.map(|(_, color)| *color).ok_or_else(|| {
        let names = COLORS.iter().map(|(name, _)| *name);
        let names = names.chain(MODIFIERS.iter().map(|(name, _)| *name));
        let suggestion = closest_match(word, names).map_or_else(
            || "expected a name such as red or bright-red, a number up to 255, or #rrggbb".to_owned(),
            |nearest| format!("did you mean {nearest:?}?"),
        );
        format!("unknown color {word:?}; {suggestion}")
    })
}

fn hexadecimal(digits: &str) -> Option<Color> {
    if digits.len() != 6 || !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some(Color::Rgb(red, green, blue))
}

/// Formats a style so that [`read`] parses it back.
pub(super) fn format(style: Style) -> String {
    let name = |color: Color| {
        let named = COLORS.iter().find(|(_, other)| *other == color);
        named.map_or_else(
            || color.to_string().to_lowercase(),
            |(name, _)| (*name).to_owned(),
        )
    };
    let mut words: Vec<String> = style.fg.map(name).into_iter().collect();
    words.extend(style.bg.map(|color| format!("on {}", name(color))));
    let modifiers = MODIFIERS
        .iter()
        .filter(|(_, modifier)| style.add_modifier.contains(*modifier));
    words.extend(modifiers.map(|(name, _)| (*name).to_owned()));
    if words.is_empty() {
        words.push("plain".into());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatted_styles_parse_back() {
        for (text, style) in [
            ("plain", Style::new()),
            ("red", Style::new().fg(Color::Red)),
            (
                "cyan bold",
                Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD),
            ),
            (
                "#ff8700 on 236 dim underlined",
                Style::new()
                    .fg(Color::Rgb(255, 135, 0))
                    .bg(Color::Indexed(236))
                    .add_modifier(Modifier::DIM | Modifier::UNDERLINED),
            ),
            (
                "default on bright-white",
                Style::new().fg(Color::Reset).bg(Color::White),
            ),
            ("reversed", Style::new().add_modifier(Modifier::REVERSED)),
        ] {
            assert_eq!(read(text), Ok(style));
            assert_eq!(format(style), text);
        }
        assert_eq!(read("9"), read("bright-red"), "numbers below 16 are named colors");
        assert_eq!(read(" bold  red "), read("red bold"));
    }

    #[test]
    fn rejects_invalid_styles() {
        for (text, expected) in [
            ("rde", "unknown color \"rde\"; did you mean \"red\"?"),
            ("blod", "did you mean \"bold\"?"),
            ("octarine", "expected a name such as red"),
            ("#12345", "six hexadecimal digits"),
            ("#12345é", "six hexadecimal digits"),
            ("256", "unknown color \"256\""),
            ("red on", "after \"on\""),
            ("red blue", "second color \"blue\""),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
