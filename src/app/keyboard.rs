//! Maps letters of other keyboard layouts to the US key in the same position, for commands; where text is typed, only
//! together with Ctrl. Not needed for terminals that report key positions.

/// The letters of a layout and the US characters in the same positions, without and with Shift.
struct KeyboardLayout {
    letters: &'static str,
    us_keys: &'static str,
    us_shifted: &'static str,
}

const LAYOUTS: [KeyboardLayout; 3] = [
    // Russian, then the letters that only the Ukrainian and Belarusian layouts have.
    KeyboardLayout {
        letters: "йцукенгшщзхъфывапролджэячсмитьбюёіїєґў",
        us_keys: "qwertyuiop[]asdfghjkl;'zxcvbnm,.`s]'\\o",
        us_shifted: "QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>~S}\"|O",
    },
    KeyboardLayout {
        letters: "ςερτυθιοπασδφγηξκλζχψωβνμ",
        us_keys: "wertyuiopasdfghjklzxcvbnm",
        us_shifted: "WERTYUIOPASDFGHJKLZXCVBNM",
    },
    // Hebrew has no capitals.
    KeyboardLayout {
        letters: "קראטוןםפשדגכעיחלךזסבהנמצתץ",
        us_keys: "ertyuiopasdfghjklzxcvbnm,.",
        us_shifted: "ERTYUIOPASDFGHJKLZXCVBNM<>",
    },
];

/// The US character in the position of this letter, or that of a full-width character; `None` if the letter is in none of
/// these layouts. Letters of unlisted layouts, such as Serbian Cyrillic, get the position that they have in a listed one.
pub(super) fn us_layout_key(letter: char) -> Option<char> {
    // Full-width characters come from Chinese and Japanese input methods.
    if let '\u{ff01}'..='\u{ff5e}' = letter {
        return char::from_u32(u32::from(letter) - 0xfee0);
    }
    let mut lower = letter.to_lowercase();
    let (Some(lower), None) = (lower.next(), lower.next()) else {
        return None;
    };
    LAYOUTS.iter().find_map(|layout| {
        let index = layout.letters.chars().position(|known| known == lower)?;
        let row = if lower == letter {
            layout.us_keys
        } else {
            layout.us_shifted
        };
        row.chars().nth(index)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_letters_to_us_keys() {
        for layout in &LAYOUTS {
            let letters = layout.letters.chars().count();
            assert_eq!(layout.us_keys.chars().count(), letters);
            assert_eq!(layout.us_shifted.chars().count(), letters);
        }
        for (letter, us_key) in [
            ('в', 'd'),
            ('В', 'D'),
            ('Ж', ':'),
            ('і', 's'),
            ('ё', '`'),
            ('δ', 'd'),
            ('Ω', 'V'),
            ('ש', 'a'),
            ('ｄ', 'd'),
            ('？', '?'),
        ] {
            assert_eq!(us_layout_key(letter), Some(us_key), "{letter}");
        }
        for letter in ['d', '/', 'ß', 'é', '書', 'ђ'] {
            assert_eq!(us_layout_key(letter), None, "{letter}");
        }
    }
}
