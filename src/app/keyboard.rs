//! Maps a letter of another keyboard layout to the character that its key has on the US layout, so that commands can be
//! run without changing the layout. Used only if the terminal does not report this character itself.

/// The letters of a layout and the US characters in the same positions, without and with Shift.
struct KeyboardLayout {
    letters: &'static str,
    us_unshifted: &'static str,
    us_shifted: &'static str,
}

const LAYOUTS: [KeyboardLayout; 3] = [
    // The Russian layout, followed by letters that only the Ukrainian and Belarusian layouts have.
    KeyboardLayout {
        letters: "йцукенгшщзхъфывапролджэячсмитьбюёіїєґў",
        us_unshifted: "qwertyuiop[]asdfghjkl;'zxcvbnm,.`s]'\\o",
        us_shifted: "QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>~S}\"|O",
    },
    // The Greek layout.
    KeyboardLayout {
        letters: "ςερτυθιοπασδφγηξκλζχψωβνμ",
        us_unshifted: "wertyuiopasdfghjklzxcvbnm",
        us_shifted: "WERTYUIOPASDFGHJKLZXCVBNM",
    },
    // The Hebrew layout, which has no upper case letters.
    KeyboardLayout {
        letters: "קראטוןםפשדגכעיחלךזסבהנמצתץ",
        us_unshifted: "ertyuiopasdfghjklzxcvbnm,.",
        us_shifted: "ERTYUIOPASDFGHJKLZXCVBNM<>",
    },
];

/// The US character on the key of a letter. For a full-width character, the same character in normal width. `None` if
/// the letter is in none of the listed layouts. A letter of another layout, such as the Serbian one, is looked up in
/// the listed layouts, too.
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
        let us_characters = if lower == letter {
            layout.us_unshifted
        } else {
            layout.us_shifted
        };
        us_characters.chars().nth(index)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_letters_to_us_keys() {
        for layout in &LAYOUTS {
            let letters = layout.letters.chars().count();
            assert_eq!(layout.us_unshifted.chars().count(), letters);
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
