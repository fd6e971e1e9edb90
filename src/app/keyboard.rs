//! Where the letters of other keyboard layouts are: which key of the standard layout is at the same place. Only for
//! places where no text is typed; terminals that tell the place themselves need none of it.

/// The rows of a layout and what is at the same places on the standard layout (US), without and with Shift.
struct KeyboardLayout {
    letters: &'static str,
    places: &'static str,
    shifted: &'static str,
}

const LAYOUTS: [KeyboardLayout; 3] = [
    // Russian, with the letters that Ukrainian and Belarusian have in the places of others.
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

/// What the key that types this letter has on the standard layout; `None`: it is not known.
///
/// Letters that are in several places, as the Cyrillic ones of Serbian, are taken where most people have them.
pub(super) fn us_layout_key(letter: char) -> Option<char> {
    // Full-width letters, as an input method for Chinese or Japanese leaves them, are at the places of the others.
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
    fn every_letter_has_a_place() {
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
