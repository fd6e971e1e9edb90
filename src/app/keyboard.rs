//! Maps letters of other keyboard layouts to the US key in the same position, for commands where no text is typed.
//! Terminals that report key positions do not need it.

/// The letters of a layout and the US characters in the same positions, without and with Shift.
struct KeyboardLayout {
    letters: &'static str,
    places: &'static str,
    shifted: &'static str,
}

const LAYOUTS: [KeyboardLayout; 3] = [
    // Russian, with the Ukrainian and Belarusian letters that share positions.
    KeyboardLayout {
        letters: "йцукенгшщзхъфывапролджэячсмитьбюёіїєґў",
        places: "qwertyuiop[]asdfghjkl;'zxcvbnm,.`s]'\\o",
        shifted: "QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>~S}\"|O",
    },
    KeyboardLayout {
        letters: "ςερτυθιοπασδφγηξκλζχψωβνμ",
        places: "wertyuiopasdfghjklzxcvbnm",
        shifted: "WERTYUIOPASDFGHJKLZXCVBNM",
    },
    // Hebrew has no capitals.
    KeyboardLayout {
        letters: "קראטוןםפשדגכעיחלךזסבהנמצתץ",
        places: "ertyuiopasdfghjklzxcvbnm,.",
        shifted: "ERTYUIOPASDFGHJKLZXCVBNM<>",
    },
];

/// The US character in the position of this letter; `None` if unknown. Letters with several positions (Serbian Cyrillic)
/// use the most common one.
pub(super) fn us_layout_key(letter: char) -> Option<char> {
    // Full-width letters come from Chinese and Japanese input methods.
    if let '\u{ff01}'..='\u{ff5e}' = letter {
        return char::from_u32(u32::from(letter) - 0xfee0);
    }
    let mut lower = letter.to_lowercase();
    let (Some(lower), None) = (lower.next(), lower.next()) else {
        return None;
    };
    LAYOUTS.iter().find_map(|layout| {
        let index = layout.letters.chars().position(|there| there == lower)?;
        let row = if lower == letter {
            layout.places
        } else {
            layout.shifted
        };
        row.chars().nth(index)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn highlights_every_matched_character() {
        for layout in &LAYOUTS {
            let letters = layout.letters.chars().count();
            assert_eq!(layout.places.chars().count(), letters);
            assert_eq!(layout.shifted.chars().count(), letters);
        }
        for (letter, there) in [
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
            assert_eq!(us_layout_key(letter), Some(there), "{letter}");
        }
        for letter in ['d', '/', 'ß', 'é', '書', 'ђ'] {
            assert_eq!(us_layout_key(letter), None, "{letter}");
        }
    }
}
