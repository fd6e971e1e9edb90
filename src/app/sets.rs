//! The hat sets overlay: finds hat sets by their name or by the titles of their hats.

use std::cmp::Reverse;

use nucleo_matcher::pattern::CaseMatching;

use crate::model::{Hats, Wardrobe};

use super::matching::{FuzzyMatcher, SearchTerms};
use super::text::TextInput;

/// The hat sets overlay.
#[derive(Debug, Clone)]
pub struct SetsOverlay {
    /// The query.
    pub text: TextInput,
    /// The selected row; may exceed the number of rows.
    pub row: usize,
}

/// The name of a hat set, and its hats.
pub type NamedHats = (Box<str>, Hats);

impl SetsOverlay {
    pub(super) fn new() -> Self {
        Self {
            text: TextInput::new(""),
            row: 0,
        }
    }

    /// The hat sets that match the query, the best match first. The error says why the hat sets cannot be read.
    pub fn entries(&self, wardrobe: &Wardrobe) -> Result<Vec<NamedHats>, String> {
        let sets = wardrobe.hat_sets().map_err(|error| error.to_string())?;
        let terms = SearchTerms::of(&self.text.text(), CaseMatching::Smart);
        let mut matcher = FuzzyMatcher::new();
        let mut found = Vec::new();
        for (name, hats) in sets {
            let titles = hats.iter().filter_map(|(_, hat)| hat.title.as_deref());
            let texts: Vec<&str> = std::iter::once(&*name).chain(titles).collect();
            // A match in the name counts twice as much as a match in the title of a hat.
            if let Some((score, _)) = terms.score(&mut matcher, &texts, 2) {
                found.push((score, (name, hats)));
            }
        }
        // Stable: equal scores stay sorted by name.
        found.sort_by_key(|(score, _)| Reverse(*score));
        Ok(found.into_iter().map(|(_, entry)| entry).collect())
    }

    /// The selected row if there are `len` rows; `None` if there are none.
    pub fn selected(&self, len: usize) -> Option<usize> {
        (len > 0).then(|| self.row.min(len - 1))
    }
}
