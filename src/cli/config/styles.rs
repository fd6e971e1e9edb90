//! Styles as a theme has them: `"#ff8700 bold"`, `"bright-red on 236"`.

use ratatui::style::{Color, Modifier, Style};

use crate::app::describe::closest_match;

/// The colors that have names, by their number.
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

/// Reads a style: a color, `on` and another one, and any of the modifiers; `plain` is none of it.
pub(super) fn read(text: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let modifier = MODIFIERS.iter().find(|(name, _)| *name == word);
        if let Some((_, modifier)) = modifier {
            style = style.add_modifier(*modifier);
        } else if word == "on" {
            let Some(behind) = words.next() else {
                return Err("after \"on\" stands the color behind the text".into());
            };
            style = style.bg(color(behind)?);
        } else if word != "plain" {
            if style.fg.is_some() {
                return Err(format!(
                    "{word:?} is a second color; one behind the text is \"on {word}\""
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
            .ok_or_else(|| format!("{word:?} is no color: it is # and six digits from 0 to f"));
    }
    if let Ok(number) = word.parse::<u8>() {
        let named = COLORS.get(usize::from(number)).filter(|_| number < 16);
        return Ok(named.map_or(Color::Indexed(number), |(_, color)| *color));
    }
    let found = COLORS.iter().find(|(name, _)| *name == word);
    found.map(|(_, color)| *color).ok_or_else(|| {
        let names = COLORS.iter().map(|(name, _)| *name);
        let names = names.chain(MODIFIERS.iter().map(|(name, _)| *name));
        let guess = closest_match(word, names).map_or_else(
            || "it is a name such as red or bright-red, a number up to 255, or #rrggbb".to_owned(),
            |nearest| format!("did you mean {nearest:?}?"),
        );
        format!("no color is called {word:?}; {guess}")
    })
}

fn hexadecimal(digits: &str) -> Option<Color> {
    if digits.len() != 6 || !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some(Color::Rgb(red, green, blue))
}

/// A style as [`read`] reads it.
pub(super) fn written(style: Style) -> String {
    let name = |color: Color| {
        let named = COLORS.iter().find(|(_, there)| *there == color);
        named.map_or_else(
            || color.to_string().to_lowercase(),
            |(name, _)| (*name).to_owned(),
        )
    };
    let mut words: Vec<String> = style.fg.map(name).into_iter().collect();
    words.extend(style.bg.map(|color| format!("on {}", name(color))));
    let on = MODIFIERS
        .iter()
        .filter(|(_, modifier)| style.add_modifier.contains(*modifier));
    words.extend(on.map(|(name, _)| (*name).to_owned()));
    if words.is_empty() {
        words.push("plain".into());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
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
            assert_eq!(written(style), text);
        }
        assert_eq!(read("9"), read("bright-red"), "a number below 16 is a name");
        assert_eq!(read(" bold  red "), read("red bold"));
    }

    #[test]
    fn what_is_no_style_is_said() {
        for (text, says) in [
            ("rde", "no color is called \"rde\"; did you mean \"red\"?"),
            ("blod", "did you mean \"bold\"?"),
            ("octarine", "it is a name such as red"),
            ("#12345", "six digits"),
            ("#12345é", "six digits"),
            ("256", "no color is called \"256\""),
            ("red on", "after \"on\""),
            ("red blue", "\"blue\" is a second color"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(says), "{text}: {said}");
        }
    }
}
