//! Text comparison that ignores case and accents. The result does not depend on the user's language, so that a title
//! matches the same hats for all moderators.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use nucleo_matcher::chars;
use unicode_normalization::UnicodeNormalization;

use super::{HatId, Room};

/// Converts a text to lower case without accents. Folding the result again changes nothing.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    Cow::Owned(folded)
}

/// Appends the folded text.
pub(crate) fn fold_into(text: &str, folded: &mut String) {
    let is_accent = |character: &char| matches!(character, '\u{300}'..='\u{36f}');
    for character in text.nfkd().filter(|character| !is_accent(character)) {
        for lower in character.to_lowercase().filter(|lower| !is_accent(lower)) {
            match lower {
                'ß' => folded.push_str("ss"),
                'æ' => folded.push_str("ae"),
                'œ' => folded.push_str("oe"),
                'þ' => folded.push_str("th"),
                // `normalize` also replaces letters that Unicode does not decompose, such as ø, đ and ł.
                other => folded.extend(chars::normalize(other).to_lowercase()),
            }
        }
    }
}

/// A title to search for, without differences in case, accents and surrounding whitespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedTitle(String);

impl FoldedTitle {
    /// Folds a title.
    pub fn new(title: &str) -> Self {
        Self(fold(title.trim()).into_owned())
    }

    /// Whether a title matches. An empty title, or one of only whitespace, never matches.
    pub fn matches(&self, title: &str) -> bool {
        !self.0.is_empty() && fold(title.trim()) == self.0.as_str()
    }

    /// The hats in these rooms whose title matches, each with its title in the first of the rooms in which it matches.
    pub fn hats<'a>(&self, rooms: impl IntoIterator<Item = &'a Room>) -> BTreeMap<HatId, Arc<str>> {
        let mut found = BTreeMap::new();
        for hat in rooms.into_iter().flat_map(|room| room.hats().iter()) {
            if let Some(title) = hat.title.as_ref().filter(|title| self.matches(title)) {
                found.entry(hat.id.clone()).or_insert_with(|| title.clone());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn title_matches_in_any_case_with_and_without_accents() {
        for (given, title) in [
            ("teacher", "Teacher"),
            (" PREMIERE visite ", "Premi\u{e8}re visite"),
            ("Stra\u{df}e", "STRASSE"),
            ("e\u{301}", "\u{c9}"),
        ] {
            assert!(FoldedTitle::new(given).matches(title), "{given}: {title}");
        }
        for (given, title) in [("Teach", "Teacher"), ("", ""), (" ", "  "), ("a b", "a  b")] {
            assert!(!FoldedTitle::new(given).matches(title), "{given}: {title}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn folded_text_stays_folded(text in "\\PC{0,12}") {
            let folded = fold(&text).into_owned();
            prop_assert_eq!(fold(&folded), folded.as_str());
        }
    }
}
