//! The encoding of requests and answers: records separated by `;`, words by spaces, and in a word `%XX` for every byte
//! except letters, digits and `.-_:/@=,+~`. The encoded text contains no syntax of Lua, XML or a line editor, and
//! cannot end the string that contains it.

use std::fmt::Write as _;

use crate::model::{Affiliation, HatId, Jid};
use crate::sync::{HatValue, ItemValue};

/// Maximum size of a hat ID, title, name, nickname or reason, in bytes. The Lua library has the same limit for the texts that
/// it reads.
pub(super) const MAX_TEXT_BYTES: usize = 16_384;

/// Encodes a text as one word.
pub(super) fn escape(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_:/@=,+~".contains(&byte) {
            word.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(word, "%{byte:02X}");
        }
    }
    word
}

/// Decodes a word; `None` if it is not UTF-8 or has invalid escapes.
pub(super) fn unescape(word: &str) -> Option<String> {
    if !word.contains('%') {
        return Some(word.to_owned());
    }
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The error for a word that does not have the expected form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidWord;

/// Encodes a hat as one word: flags (1 active, 2 required), `=`, title; `-` for no hat.
pub(super) fn hat_word(hat: Option<&HatValue>) -> String {
    hat.map_or_else(
        || "-".to_owned(),
        |hat| {
            let flags = u8::from(hat.active) + 2 * u8::from(hat.required);
            format!("{flags}={}", escape(hat.title.as_deref().unwrap_or_default()))
        },
    )
}

/// Decodes a hat; `None` for no hat.
pub(super) fn parse_hat(word: &str) -> Result<Option<HatValue>, InvalidWord> {
    if word == "-" {
        return Ok(None);
    }
    let (flags, title) = word.split_once('=').ok_or(InvalidWord)?;
    let flags = flags
        .parse()
        .ok()
        .filter(|flags: &u8| *flags < 4)
        .ok_or(InvalidWord)?;
    let title = unescape(title).ok_or(InvalidWord)?;
    Ok(Some(HatValue {
        active: flags & 1 != 0,
        required: flags & 2 != 0,
        title: (!title.is_empty()).then(|| title.into()),
    }))
}

/// Decodes the current value in an answer: an affiliation or a hat; `None` for the affiliation `none` and for no hat.
pub(super) fn parse_value(word: &str) -> Result<Option<ItemValue>, InvalidWord> {
    match Affiliation::from_name(word) {
        Some(affiliation) => Ok(ItemValue::affiliation(affiliation)),
        None => parse_hat(word).map(|hat| hat.map(ItemValue::Hat)),
    }
}

/// Decodes an address; `None` if it is invalid, or the server spells it differently from hatrack.
pub(super) fn parse_jid(word: &str) -> Option<Jid> {
    let spelled = unescape(word)?;
    Jid::parse(&spelled).ok().filter(|jid| jid.as_str() == spelled)
}

/// Decodes a hat ID; `None` if the word is invalid.
pub(super) fn parse_hat_id(word: &str) -> Option<HatId> {
    unescape(word).map(HatId::unchecked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_encode_any_text_safely() {
        for text in ["", "a b;c", "]]\"'\\%&<>\n\0", "書記 é", "%41"] {
            let word = escape(text);
            assert!(
                word.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"%.-_:/@=,+~".contains(&b)),
                "{word}"
            );
            assert_eq!(unescape(&word).as_deref(), Some(text));
        }
        for broken in ["%", "%4", "%4g", "%FF", "%C3("] {
            assert_eq!(unescape(broken), None, "{broken}");
        }
    }

    #[test]
    fn hats_round_trip_as_words() {
        let hat = HatValue {
            active: true,
            required: true,
            title: Some("A b".into()),
        };
        assert_eq!(hat_word(Some(&hat)), "3=A%20b");
        assert_eq!(parse_hat("3=A%20b"), Ok(Some(hat)));
        assert_eq!(parse_hat("0="), Ok(Some(HatValue::default())));
        assert_eq!(parse_hat("-"), Ok(None));
        for broken in ["", "4=", "1", "x=", "1=%F"] {
            assert_eq!(parse_hat(broken), Err(InvalidWord), "{broken}");
        }
        assert_eq!(parse_value("none"), Ok(None));
        assert_eq!(
            parse_value("owner"),
            Ok(Some(ItemValue::Affiliation(Affiliation::Owner)))
        );
    }
}
