//! Text for the terminal's clipboard, by the escape sequence OSC 52. Whether the terminal takes it cannot be known: say
//! "sent to the terminal's clipboard", never "copied".

/// What terminals take at most, in bytes of the encoded text.
const MOST: usize = 74_994;

/// The sequence that asks the terminal to put a text into its clipboard; `None` when it is longer than terminals take.
pub fn sequence(text: &str) -> Option<Vec<u8>> {
    let encoded = base64(text.as_bytes());
    (encoded.len() <= MOST).then(|| [b"\x1b]52;c;", encoded.as_bytes(), b"\x07"].concat())
}

/// Base64 with padding (RFC 4648 section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, index| {
            bits << 8 | u32::from(group.get(index).copied().unwrap_or(0))
        });
        for index in 0..4 {
            let digit = DIGITS
                .get((bits >> (18 - 6 * index) & 63) as usize)
                .copied()
                .unwrap_or(b'=');
            encoded.push(if index > group.len() {
                '='
            } else {
                char::from(digit)
            });
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_its_document_says() {
        let table = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("🎩>?", "8J+OqT4/"),
        ];
        for (text, encoded) in table {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn nothing_in_a_text_can_end_the_sequence() {
        let sequence = sequence("a\x07b\x1b\\c").unwrap();
        let inner = sequence
            .strip_prefix(b"\x1b]52;c;")
            .unwrap()
            .strip_suffix(b"\x07")
            .unwrap();
        assert!(inner.iter().all(u8::is_ascii_graphic));
    }

    #[test]
    fn too_much_is_refused() {
        assert!(sequence(&"x".repeat(56_244)).is_some());
        assert!(sequence(&"x".repeat(56_247)).is_none());
    }
}
