//! Text comparison that ignores case and accents, and compares numbers by value. It does not depend on the language, so
//! that all moderators of a data file see the same order.

use std::cmp::Ordering;

use unicode_segmentation::UnicodeSegmentation;

use crate::model::folding::{fold, fold_into};

/// The rank of a word that occurs only inside a word of the text. A higher rank is a better match.
pub(super) const CONTAINED: u32 = 1;
/// The rank of a word with which a word of the text begins.
pub(super) const BEGINS_WORD: u32 = 2;
/// The rank of a word with which the text begins.
pub(super) const BEGINS_TEXT: u32 = 3;

/// A word to find in texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word(String);

impl Word {
    /// Folds the word.
    pub(super) fn new(word: &str) -> Self {
        Self(fold(word).into_owned())
    }

    /// The rank of the word in a text; `None` if the text does not contain it.
    pub(super) fn rank(&self, text: &str) -> Option<u32> {
        let text = fold(text);
        let mut best = None;
        for start in memchr::memmem::find_iter(text.as_bytes(), &self.0) {
            let before = text.get(..start).and_then(|before| before.chars().next_back());
            let rank = match before {
                None => return Some(BEGINS_TEXT),
                Some(before) if before.is_alphanumeric() => CONTAINED,
                Some(_) => BEGINS_WORD,
            };
            best = best.max(Some(rank));
        }
        best
    }

    /// Whether the word is the whole text, apart from white space around it.
    pub(super) fn is_all_of(&self, text: &str) -> bool {
        fold(text.trim()) == self.0.as_str()
    }

    /// Appends the positions at which a text contains the word, as grapheme indices, which may repeat. For an empty
    /// word, appends nothing.
    pub(super) fn positions(&self, text: &str, positions: &mut Vec<u32>) {
        if self.0.is_empty() {
            return;
        }
        let (mut folded, mut grapheme_of) = (String::new(), Vec::new());
        for (index, grapheme) in (0_u32..).zip(text.graphemes(true)) {
            fold_into(grapheme, &mut folded);
            grapheme_of.resize(folded.len(), index);
        }
        for start in memchr::memmem::find_iter(folded.as_bytes(), &self.0) {
            positions.extend(grapheme_of.get(start..start + self.0.len()).unwrap_or_default());
        }
    }
}

/// The words of a query; a text, or several texts of one item together, must contain all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words(Vec<Word>);

impl Words {
    /// The words of a text, separated by white space.
    pub(super) fn of(text: &str) -> Self {
        Self(text.split_whitespace().map(Word::new).collect())
    }

    /// The sum of the best ranks of the words in these texts; `None` if they do not contain all words, `Some(0)` if
    /// there are no words.
    pub(super) fn rank(&self, texts: &[&str]) -> Option<u32> {
        self.0.iter().try_fold(0, |sum, word| {
            let best = texts.iter().filter_map(|text| word.rank(text)).max()?;
            Some(sum + best)
        })
    }
}

/// A key by which texts are sorted: folded, and with numbers by value.
pub(super) fn sort_key(text: &str) -> Box<[u8]> {
    let folded = fold(text);
    let (mut key, mut rest) = (Vec::with_capacity(folded.len()), folded.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        if !first.is_ascii_digit() {
            key.push(*first);
            rest = after;
            continue;
        }
        let (digits, after) = take_number(rest);
        // Without leading zeros, the longer number is the larger one.
        key.push(b'0');
        key.extend(u32::try_from(digits.len()).unwrap_or(u32::MAX).to_be_bytes());
        key.extend(digits);
        rest = after;
    }
    key.into()
}

/// Splits a text that begins with a number into the digits of the number, without leading zeros, and the rest.
fn take_number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    let (digits, after) = text.split_at(end.unwrap_or(text.len()));
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    (digits.get(zeros..).unwrap_or_default(), after)
}

/// Compares texts by [`sort_key`], and texts with equal keys by their bytes. Builds no keys for ASCII texts.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let by_key = if one.is_ascii() && other.is_ascii() {
        compare_ascii(one.as_bytes(), other.as_bytes())
    } else {
        sort_key(one).cmp(&sort_key(other))
    };
    by_key.then_with(|| one.cmp(other))
}

fn compare_ascii(mut one: &[u8], mut other: &[u8]) -> Ordering {
    loop {
        let ((a, rest_of_one), (b, rest_of_other)) = match (one.split_first(), other.split_first()) {
            (Some(one), Some(other)) => (one, other),
            (one, other) => return one.is_some().cmp(&other.is_some()),
        };
        let by_first = if a.is_ascii_digit() && b.is_ascii_digit() {
            let ((a, after_a), (b, after_b)) = (take_number(one), take_number(other));
            (one, other) = (after_a, after_b);
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        } else {
            (one, other) = (rest_of_one, rest_of_other);
            let fold_byte = |byte: &u8| {
                if byte.is_ascii_digit() {
                    b'0'
                } else {
                    byte.to_ascii_lowercase()
                }
            };
            fold_byte(a).cmp(&fold_byte(b))
        };
        if by_first.is_ne() {
            return by_first;
        }
    }
}

/// Compares addresses: the part before the `@`, then the domain.
pub(super) fn compare_addresses(one: &str, other: &str) -> Ordering {
    fn parts(address: &str) -> (&str, &str) {
        address.split_once('@').unwrap_or(("", address))
    }
    let ((one, domain), (other, other_domain)) = (parts(one), parts(other));
    compare(one, other).then_with(|| compare(domain, other_domain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(mut texts: Vec<&str>) -> Vec<&str> {
        texts.sort_by(|one, other| compare(one, other));
        texts
    }

    fn positions(word: &str, text: &str) -> Vec<u32> {
        let mut positions = Vec::new();
        Word::new(word).positions(text, &mut positions);
        positions
    }

    #[test]
    fn folds_case_and_accents_in_both_texts() {
        for (word, text) in [
            ("zoe", "Zoé"),
            ("ZOÉ", "zoe"),
            ("e\u{301}", "É"),
            ("lodz", "Łódź"),
            ("strasse", "STRAßE"),
            ("αθηνα", "Αθήνα"),
            ("елка", "Ёлка"),
            ("full", "ｆｕｌｌ"),
            ("istanbul", "İstanbul"),
        ] {
            assert_eq!(Word::new(word).rank(text), Some(BEGINS_TEXT), "{word} in {text}");
        }
        // Both ways of writing a Japanese letter with a voicing mark are treated alike.
        assert_eq!(
            Word::new("か").rank("が").is_some(),
            Word::new("か").rank("か\u{3099}").is_some()
        );
    }

    #[test]
    fn ranks_words_by_their_position() {
        let rank = |text: &str| Word::new("tea").rank(text);
        assert_eq!(rank("Teacher"), Some(BEGINS_TEXT));
        assert_eq!(rank("Green tea"), Some(BEGINS_WORD));
        assert_eq!(rank("steam, tea"), Some(BEGINS_WORD));
        assert_eq!(rank("Steam"), Some(CONTAINED));
        assert_eq!(rank("t-e-a"), None);
        let words = Words::of("tea thu");
        assert_eq!(words.rank(&["Tea on Thursdays"]), Some(5));
        assert_eq!(words.rank(&["tea", "Thursday"]), Some(6));
        assert_eq!(words.rank(&["tea"]), None);
        assert_eq!(Words::of(" ").rank(&["tea"]), Some(0));
    }

    #[test]
    fn positions_are_grapheme_indices() {
        assert_eq!(positions("ro", "prof@x"), [1, 2]);
        assert_eq!(positions("e", "Zo\u{e9} Le"), [2, 5]);
        assert_eq!(positions("ss", "Straße"), [4, 4]);
        assert!(positions("zzz", "prof").is_empty());
    }

    #[test]
    fn sorts_without_case_and_accents_and_numbers_by_value() {
        assert_eq!(
            sorted(vec![
                "Room 10", "room 2", "Zoo", "Room", "Ärzte", "Bar", "apple", "Room 02"
            ]),
            [
                "apple", "Ärzte", "Bar", "Room", "Room 02", "room 2", "Room 10", "Zoo"
            ]
        );
        let mut addresses = vec!["user10@a", "user2@b", "user2@a", "user@z", "example.org"];
        addresses.sort_by(|one, other| compare_addresses(one, other));
        assert_eq!(
            addresses,
            ["example.org", "user@z", "user2@a", "user2@b", "user10@a"]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn keys_and_comparisons_agree(one in "[a-zA-Z0-9 .@é]{0,8}", other in "[a-zA-Z0-9 .@é]{0,8}") {
            let by_key = sort_key(&one).cmp(&sort_key(&other));
            prop_assert_eq!(compare(&one, &other), by_key.then_with(|| one.cmp(&other)));
        }
    }
}
