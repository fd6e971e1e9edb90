//! Parses lists of addresses: one per line, or separated by commas, semicolons or spaces; also `xmpp:` URIs and names
//! with the address in angle brackets, `Jane Doe <jane@example.org>`.

use std::collections::BTreeSet;

use super::describe;
use crate::model::{InvalidJid, Jid, Wardrobe};

/// Maximum number of addresses that are accepted at once.
pub const MAX_ADDRESSES: usize = 20_000;

/// The result of parsing a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The addresses, each once, sorted as in the data file.
    pub all: BTreeSet<Jid>,
    /// Number of repeated addresses.
    pub duplicates: usize,
    /// Entries that are not addresses of users.
    pub invalid: Vec<InvalidAddress>,
}

/// An entry of a list that is not the address of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidAddress {
    /// Line, from 1.
    pub line: usize,
    /// The entry as written.
    pub text: String,
    /// The reason why the entry is invalid.
    pub reason: String,
}

impl Addresses {
    /// The message that says why the list cannot be added to these rooms; `None` if it can. A list with an invalid
    /// address cannot be added.
    pub(super) fn problem(&self, rooms: &[Jid], wardrobe: &Wardrobe) -> Option<String> {
        let shows_line_numbers = self.invalid.iter().any(|entry| entry.line > 1);
        let describe_entry = |entry: &InvalidAddress| {
            let line = if shows_line_numbers {
                format!("line {}: ", entry.line)
            } else {
                String::new()
            };
            format!(
                "{line}\"{}\" ({})",
                describe::truncated(&entry.text),
                entry.reason
            )
        };
        let invalid: Vec<String> = self.invalid.iter().map(describe_entry).collect();
        if !invalid.is_empty() {
            let first = describe::first_few(&invalid);
            return Some(format!("Nothing added. Invalid addresses: {first}"));
        }
        if self.all.len() > MAX_ADDRESSES {
            let count = self.all.len();
            return Some(format!("Too many addresses: {count} (limit {MAX_ADDRESSES})"));
        }
        let is_in_rooms = |jid| rooms.iter().all(|room| wardrobe.user(room, jid).is_some());
        let all_in_rooms = self.all.iter().all(is_in_rooms);
        let rooms_phrase = match rooms {
            [_] => "this room",
            _ => "all of these rooms",
        };
        all_in_rooms.then(|| format!("All of these users are already in {rooms_phrase}"))
    }
}

/// Whether a text is a list: more than one entry has an `@`.
pub fn is_list(text: &str) -> bool {
    let with_at = text.split(is_separator).filter(|part| part.contains('@'));
    with_at.take(2).count() > 1
}

/// Parses a text with exactly one address, which may be a domain. If this fails, the error is the one from parsing the
/// whole text as an address.
pub fn parse_single(text: &str) -> Result<Jid, InvalidJid> {
    let text = text.trim_matches(is_separator);
    Jid::parse_input(text).or_else(|error| {
        let list = parse_list(text);
        match (list.all.first(), list.all.len(), list.invalid.len()) {
            (Some(jid), 1, 0) => Ok(jid.clone()),
            _ => Err(error),
        }
    })
}

/// Parses a list.
pub fn parse_list(text: &str) -> Addresses {
    let mut found = Addresses::default();
    for (index, line) in text.lines().enumerate() {
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('<') {
            let Some((inside, after)) = after.split_once('>') else {
                break;
            };
            parse_words(&mut found, (index + 1, before), true);
            push(&mut found, index + 1, inside.trim());
            rest = after;
        }
        // A name precedes its address, so there are no names after the last address in angle brackets.
        parse_words(&mut found, (index + 1, rest), false);
    }
    found
}

fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, ',' | ';')
}

/// Parses the separated addresses in a part of a line. `may_be_name`: words without an `@` are parts of a name and are
/// skipped.
fn parse_words(found: &mut Addresses, (line, text): (usize, &str), may_be_name: bool) {
    for word in text.split_whitespace() {
        // In `xmpp:a@example.org?message;body=Hello`, the parameters have the same separators as addresses.
        let mut in_query = false;
        for part in word.split(is_separator).filter(|part| !part.is_empty()) {
            let is_address = part.contains('@');
            if is_address || !(may_be_name || in_query) {
                push(found, line, part);
            }
            in_query = part.contains('?') || (in_query && !is_address);
        }
    }
}

/// Adds an entry to the addresses, or to the invalid entries.
fn push(found: &mut Addresses, line: usize, text: &str) {
    match parse_user(text) {
        Ok(jid) if found.all.contains(&jid) => found.duplicates += 1,
        Ok(jid) => drop(found.all.insert(jid)),
        Err(reason) => found.invalid.push(InvalidAddress {
            line,
            text: text.into(),
            reason,
        }),
    }
}

/// Parses the address of a user in a list. Rejects a domain: it is an address, too, but in a list, it is more likely a
/// word that is not meant as an address.
///
/// Errors: the reason, as a clause.
fn parse_user(text: &str) -> Result<Jid, String> {
    let text = text.trim_matches(['"', '\'']);
    match Jid::parse_input(text) {
        Ok(jid) if jid.local().is_some() && is_plausible_domain(jid.domain()) => Ok(jid),
        Ok(jid) if jid.local().is_some() => Err("invalid domain".into()),
        Ok(_) => Err("not user@domain".into()),
        Err(InvalidJid { reason, .. }) => Err(reason),
    }
}

/// Whether a domain has only the usual characters. In a list, other characters are usually from the text around the
/// address.
fn is_plausible_domain(domain: &str) -> bool {
    let usual =
        |character: char| character.is_alphanumeric() || ".-:[]".contains(character) || !character.is_ascii();
    domain.chars().all(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_valid(text: &str) -> Vec<String> {
        let found = parse_list(text);
        assert_eq!(found.invalid, [], "{text}");
        found.all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn accepts_any_separators() {
        let expected = ["a@example.org", "b@example.org", "c@example.org"];
        for text in [
            "a@example.org\nb@example.org\r\nc@example.org\n",
            "a@example.org b@example.org\tc@example.org",
            "a@example.org, b@example.org; c@example.org,",
            "c@example.org/phone\n\n  B@EXAMPLE.org\na@example.org",
            "xmpp:a@example.org XMPP:b@example.org?message xmpp:c@example.org?join",
            "\"Doe, Jane\" <a@example.org>, Bob <xmpp:b@example.org>; c@example.org",
            "'a@example.org' \"b@example.org\" <\"c@example.org\">",
            "<a@example.org><b@example.org> <c@example.org>",
            "mailto:a@example.org?subject=Hi;body=x,MAILTO:b@example.org xmpp:c@example.org?message;body=Hi,you",
            "a@EXAMPLE.org. <xmpp:b@example.org?message;body=x>, c@example。org",
        ] {
            assert_eq!(parse_valid(text), expected, "{text}");
        }
        assert_eq!(parse_valid("xmpp:caf%C3%A9@example.org"), ["café@example.org"]);
    }

    #[test]
    fn reports_lines_of_invalid_addresses() {
        let found = parse_list(
            "a@example.org\nfoo bar@\n\nexample.org xmpp:%zz@x xmpp:%ff@x A@example.org <b@example.org\n(d@example.org)\nA <a@example.org> Grace Hopper",
        );
        let invalid: Vec<_> = found
            .invalid
            .iter()
            .map(|entry| (entry.line, entry.text.as_str()))
            .collect();
        let expected = [
            (2, "foo"),
            (2, "bar@"),
            (4, "example.org"),
            (4, "xmpp:%zz@x"),
            (4, "xmpp:%ff@x"),
            (4, "<b@example.org"),
            (5, "(d@example.org)"),
            (6, "Grace"),
            (6, "Hopper"),
        ];
        assert_eq!(invalid, expected);
        assert_eq!((found.all.len(), found.duplicates), (1, 2));
    }

    #[test]
    fn single_address_is_not_a_list() {
        for text in [
            "",
            "a@example.org",
            "example.org",
            "a@example.org/x@y",
            "Jane <a@example.org>",
        ] {
            assert!(!is_list(text), "{text}");
        }
        assert!(is_list("a@example.org,b@example.org"));
        assert!(is_list("a@example.org/phone b@example.org/phone"));
        let single = |text| parse_single(text).map(|jid| jid.to_string()).ok();
        assert_eq!(single(" Jane <a@example.org> ").as_deref(), Some("a@example.org"));
        assert_eq!(single("xmpp:a@example.org").as_deref(), Some("a@example.org"));
        assert_eq!(single("a@example.org,").as_deref(), Some("a@example.org"));
        assert_eq!(single("example.org").as_deref(), Some("example.org"));
        assert_eq!(single("two words"), None);
    }

    proptest::proptest! {
        #[test]
        fn invalid_addresses_have_existing_line_numbers(text in "[a-z@<>;, \\n%:?é]{0,60}") {
            let found = parse_list(&text);
            let lines = text.lines().count();
            proptest::prop_assert!(found.invalid.iter().all(|entry| (1..=lines).contains(&entry.line)));
        }
    }
}
