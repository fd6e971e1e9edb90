//! Suggestions: existing hats or rooms that match the typed text, and the meaning of the text.

use std::sync::Arc;

use nucleo_matcher::pattern::CaseMatching;

use crate::model::{HatId, Jid, Room, Wardrobe};

use super::describe;
use super::existing::existing_hats;
pub use super::existing::{Existing, ExistingHat, hats_with_title};
use super::folding::{self, Word, Words};
use super::matching::{FuzzyMatcher, SearchTerms};

/// Minimum length, in bytes, of a text that is searched in IDs: a shorter text, such as the x of example.org, would
/// match IDs by accident.
const MIN_ID_MATCH: usize = 4;
/// Maximum length of a query, in bytes; only an exact ID can be longer.
const MAX_QUERY: usize = 256;

/// The kind of match between a text and an item, the closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    /// The text is the ID.
    Id,
    /// The text is a title.
    WholeTitle,
    /// A title begins with the text.
    BeginsTitle,
    /// A word of a title, or the ID, begins with the text.
    BeginsWord,
    /// A title contains the words of the text, or the ID contains the text.
    Contained,
    /// A title has the letters of the text, close together or at the beginnings of words: the text may contain a typing
    /// mistake. Used only if no item matches in another way.
    Similar,
}

impl Existing {
    /// The kind of match between a text and this item; `None` if they do not match. `whole` is the text as one word,
    /// `words` are its words.
    fn matches(&self, whole: &Word, words: &Words, text: &str) -> Option<Match> {
        let is_title = |title: &str| whole.is_all_of(title);
        if self.id() == text {
            return Some(Match::Id);
        }
        if self.titles().any(is_title) {
            return Some(Match::WholeTitle);
        }
        match self.titles().filter_map(|title| whole.rank(title)).max() {
            Some(folding::BEGINS_TEXT) => return Some(Match::BeginsTitle),
            Some(folding::BEGINS_WORD) => return Some(Match::BeginsWord),
            _ => {}
        }
        let by_id = (text.len() >= MIN_ID_MATCH)
            .then(|| whole.rank(self.id()))
            .flatten();
        if by_id == Some(folding::BEGINS_TEXT) {
            return Some(Match::BeginsWord);
        }
        let contained = self.titles().any(|title| words.rank(&[title]).is_some());
        (contained || by_id.is_some()).then_some(Match::Contained)
    }
}

/// The meaning of a text; `T` is an item.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Meaning<T> {
    /// This item.
    One(T),
    /// This item, which cannot be chosen, for example because the user already has the hat.
    Excluded(T),
    /// These items, which have the same title, perhaps only in some rooms.
    Several(Vec<T>),
    /// No existing item.
    #[default]
    Nothing,
}

/// A row of the suggestions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Suggestion<'a> {
    /// An existing item.
    Existing(&'a Existing),
    /// A new hat with this title.
    NewHat(&'a str),
}

/// The existing items, the matches of the typed text, and the selected match.
#[derive(Debug, Clone, Default)]
pub struct Suggestions {
    items: Arc<[Existing]>,
    /// Number of items that can be chosen. They come first; the text is compared with the other items, too, but these
    /// are not listed.
    available_count: usize,
    /// The indices of the matching items, the closest match first. Includes items that cannot be chosen.
    matches: Vec<(Match, usize)>,
    /// Number of matching items that can be chosen.
    listed_count: usize,
    /// The meaning of the text, with indices of items.
    meaning: Meaning<usize>,
    /// Whether a new hat can be suggested.
    offers_new: bool,
    /// The title of the new hat that is offered.
    new_title: Option<String>,
    selected: Option<usize>,
}

impl Suggestions {
    /// Suggests hats, except excluded ones: those in `room` first, then the others, each sorted by number of users
    /// (highest first). `offers_new`: also suggests a new hat with the typed title.
    pub(super) fn hats(
        wardrobe: &Wardrobe,
        room: &Jid,
        offers_new: bool,
        is_excluded: impl Fn(&HatId) -> bool,
    ) -> Self {
        let all = existing_hats(wardrobe, Some(room));
        let mut hats: Vec<ExistingHat> = all.into_values().collect();
        hats.sort_by_cached_key(|hat| {
            (
                !hat.in_preferred_room,
                std::cmp::Reverse(hat.users),
                folding::sort_key(hat.title.as_deref().unwrap_or_default()),
                hat.id.clone(),
            )
        });
        let (excluded, available) = hats.into_iter().partition(|hat| is_excluded(&hat.id));
        let items = |hats: Vec<ExistingHat>| hats.into_iter().map(Existing::Hat).collect();
        Self::new(items(available), items(excluded), offers_new)
    }

    /// Suggests rooms, except excluded ones, sorted by name.
    pub(super) fn rooms(wardrobe: &Wardrobe, is_excluded: impl Fn(&Room) -> bool) -> Self {
        let mut rooms: Vec<_> = wardrobe.rooms().collect();
        rooms.sort_by_cached_key(|(jid, room)| describe::room_sort_key(jid, room));
        let rooms = rooms
            .into_iter()
            .map(|(jid, room)| Existing::Room(jid.clone(), room.clone()));
        let (excluded, available) =
            rooms.partition(|room| matches!(room, Existing::Room(_, room) if is_excluded(room)));
        Self::new(available, excluded, false)
    }

    fn new(mut available: Vec<Existing>, excluded: Vec<Existing>, offers_new: bool) -> Self {
        let count = available.len();
        available.extend(excluded);
        let mut suggestions = Self {
            items: available.into(),
            available_count: count,
            offers_new,
            ..Self::default()
        };
        suggestions.search("");
        suggestions
    }

    /// Searches for a text in titles and IDs.
    pub(super) fn search(&mut self, text: &str) {
        self.selected = None;
        let text = text.trim();
        self.matches = self.find(text);
        self.matches.sort_by_key(|(kind, _)| *kind);
        self.listed_count = self
            .matches
            .iter()
            .filter(|(_, index)| *index < self.available_count)
            .count();
        self.meaning = self.find_meaning();
        let is_new = self.offers_new && !text.is_empty() && !looks_like_uri(text);
        self.new_title = is_new.then(|| text.to_owned());
    }

    /// Finds the items that match a text; without a text, all items that can be chosen.
    fn find(&self, text: &str) -> Vec<(Match, usize)> {
        if text.is_empty() {
            return (0..self.available_count)
                .map(|index| (Match::Contained, index))
                .collect();
        }
        let items = self.items.iter().enumerate();
        if text.len() > MAX_QUERY {
            return items
                .filter(|(_, item)| item.id() == text)
                .map(|(index, _)| (Match::Id, index))
                .collect();
        }
        let (whole, words) = (Word::new(text), Words::of(text));
        let matching = items.filter_map(|(index, item)| Some((item.matches(&whole, &words, text)?, index)));
        let found: Vec<_> = matching.collect();
        if !found.is_empty() {
            return found;
        }
        let (terms, mut matcher) = (SearchTerms::of(text, CaseMatching::Ignore), FuzzyMatcher::new());
        let mut similar: Vec<(u32, usize)> = Vec::new();
        for (index, item) in self.items.iter().enumerate().take(self.available_count) {
            let scores = item
                .titles()
                .filter_map(|title| terms.score(&mut matcher, &[title], 1));
            if let Some((score, _)) = scores.max() {
                similar.push((score, index));
            }
        }
        similar.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
        similar
            .into_iter()
            .map(|(_, index)| (Match::Similar, index))
            .collect()
    }

    /// Determines the meaning of the text. A text that matches several items with the same title means all of them,
    /// unless the text is the ID of one.
    fn find_meaning(&self) -> Meaning<usize> {
        let closest = self.matches.first().map(|(kind, _)| *kind);
        // If no new item can be made, a text that only one item contains means this item.
        let is_only = !self.offers_new && self.matches.len() == 1;
        let is_close =
            |closest: &Match| *closest <= Match::BeginsWord || (*closest == Match::Contained && is_only);
        let Some(closest) = closest.filter(is_close) else {
            return Meaning::Nothing;
        };
        let close = self.matches.iter().take_while(|(kind, _)| *kind == closest);
        let close: Vec<usize> = close.map(|(_, index)| *index).collect();
        let available = close.iter().find(|index| **index < self.available_count);
        let Some(index) = available.or(close.first()).copied() else {
            return Meaning::Nothing;
        };
        let found = self.items.get(index);
        let has_same_title = |(other_index, other): &(usize, &Existing)| {
            found.is_some_and(|found| other.has_title_of(found))
                // The title that the text matches may be one that the item has in another room.
                || (closest == Match::WholeTitle && close.contains(other_index))
        };
        let items = self.items.iter().enumerate();
        let same: Vec<usize> = items.filter(has_same_title).map(|(index, _)| index).collect();
        match available {
            _ if same.len() > 1 && closest != Match::Id => Meaning::Several(same),
            Some(_) => Meaning::One(index),
            None => Meaning::Excluded(index),
        }
    }

    /// The meaning of the text.
    pub(super) fn meaning(&self) -> Meaning<&Existing> {
        let item = |index: &usize| self.items.get(*index);
        match &self.meaning {
            Meaning::One(index) => item(index).map_or(Meaning::Nothing, Meaning::One),
            Meaning::Excluded(index) => item(index).map_or(Meaning::Nothing, Meaning::Excluded),
            Meaning::Several(all) => Meaning::Several(all.iter().filter_map(item).collect()),
            Meaning::Nothing => Meaning::Nothing,
        }
    }

    /// Whether a new hat is offered in the first row, because the text means no existing hat.
    fn is_new_first(&self) -> bool {
        self.new_title.is_some() && self.meaning == Meaning::Nothing
    }

    /// The title of the new hat, if the text means a new hat.
    pub(super) fn new_hat(&self) -> Option<&str> {
        self.new_title.as_deref().filter(|_| self.is_new_first())
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.listed_count + usize::from(self.new_title.is_some())
    }

    /// Number of existing items among the rows.
    pub fn existing_count(&self) -> usize {
        self.listed_count
    }

    /// Number of existing items that can be chosen, matching or not.
    pub fn available_count(&self) -> usize {
        self.available_count
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The selected row, while the list has the focus.
    pub fn selected(&self) -> Option<usize> {
        self.selected
    }

    pub(super) fn select(&mut self, row: Option<usize>) {
        self.selected = row.filter(|row| *row < self.len());
    }

    /// The suggestion in a row; `None` if there is no such row.
    pub fn get(&self, row: usize) -> Option<Suggestion<'_>> {
        let new = self.new_title.as_deref();
        let new_row = new.map(|_| if self.is_new_first() { 0 } else { self.listed_count });
        if new_row == Some(row) {
            return new.map(Suggestion::NewHat);
        }
        let row = row - usize::from(new_row.is_some_and(|new_row| new_row < row));
        let mut listed = self
            .matches
            .iter()
            .filter(|(_, index)| *index < self.available_count);
        let (_, index) = listed.nth(row)?;
        self.items.get(*index).map(Suggestion::Existing)
    }
}

/// Whether a text looks like a URI, or the beginning of one, rather than a title.
fn looks_like_uri(text: &str) -> bool {
    text.contains("://") || text.to_lowercase().starts_with("urn:")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLES: [&str; 7] = [
        "Teacher",
        "Teacher's Assistant",
        "Oboe, and tea on Thursdays, a hat of no other name",
        "書記",
        "Première visite",
        "Twin",
        "twin",
    ];

    /// The suggestions for a text; the first `excluded` hats cannot be chosen.
    fn suggestions_for(text: &str, excluded: usize) -> Suggestions {
        let hats = TITLES.iter().enumerate().map(|(index, title)| {
            Existing::Hat(ExistingHat {
                id: HatId::unchecked(format!("urn:x:{index}")),
                title: Some((*title).into()),
                other_titles: Vec::new(),
                users: 1,
                room_names: vec!["Courses".into()],
                rooms: 1,
                in_preferred_room: true,
                hue: None,
            })
        });
        let mut excluded_hats: Vec<Existing> = hats.collect();
        let available = excluded_hats.split_off(excluded);
        let mut suggestions = Suggestions::new(available, excluded_hats, true);
        suggestions.search(text);
        suggestions
    }

    /// The rows for a text; that of a new hat begins with a plus.
    fn rows(text: &str) -> Vec<String> {
        let suggestions = suggestions_for(text, 0);
        let row = |row| match suggestions.get(row).unwrap() {
            Suggestion::Existing(item) => item.title().unwrap().to_owned(),
            Suggestion::NewHat(title) => format!("+ {title}"),
        };
        (0..suggestions.len()).map(row).collect()
    }

    /// The meaning of a text in words: the title of a hat, after `not` if the hat cannot be chosen; the number of hats;
    /// or `new`.
    fn meaning_of(text: &str, excluded: usize) -> String {
        match suggestions_for(text, excluded).meaning() {
            Meaning::One(item) => item.title().unwrap().to_owned(),
            Meaning::Excluded(item) => format!("not {}", item.title().unwrap()),
            Meaning::Several(items) => format!("{} hats", items.len()),
            Meaning::Nothing => "new".into(),
        }
    }

    #[test]
    fn closest_match_comes_first() {
        assert_eq!(rows("teacher"), ["Teacher", "Teacher's Assistant", "+ teacher"]);
        assert_eq!(rows("assi"), ["Teacher's Assistant", "+ assi"]);
        assert_eq!(rows("premiere"), ["Première visite", "+ premiere"]);
        assert_eq!(rows("書"), ["書記", "+ 書"]);
        assert_eq!(rows("urn:x:3"), ["書記"]);
        assert_eq!(
            rows("tea thu"),
            ["+ tea thu", "Oboe, and tea on Thursdays, a hat of no other name"]
        );
        assert_eq!(rows("").len(), TITLES.len());
    }

    #[test]
    fn new_hat_comes_first_unless_a_hat_is_meant() {
        assert_eq!(rows("Proctor"), ["+ Proctor"]);
        assert_eq!(rows("sistan"), ["+ sistan", "Teacher's Assistant"]);
        // A text with a typing mistake still finds similar hats.
        assert_eq!(rows("Teachr"), ["+ Teachr", "Teacher", "Teacher's Assistant"]);
        assert_eq!(rows("oansrm"), ["+ oansrm"]);
        assert_eq!(rows("http://x y"), Vec::<String>::new());
    }

    #[test]
    fn text_means_the_closest_hat_that_begins_with_it() {
        assert_eq!(meaning_of("t", 0), "Teacher");
        assert_eq!(meaning_of("TEACHER", 0), "Teacher");
        assert_eq!(meaning_of("teacher'", 0), "Teacher's Assistant");
        assert_eq!(
            meaning_of("tea on", 0),
            "Oboe, and tea on Thursdays, a hat of no other name"
        );
        assert_eq!(meaning_of("eacher", 0), "new");
        assert_eq!(meaning_of("x", 0), "new");
        assert_eq!(meaning_of("urn:x", 0), "Teacher");
        assert_eq!(meaning_of("urn:x:3", 0), "書記");
    }

    #[test]
    fn text_with_several_hats_of_one_title_means_all_of_them() {
        assert_eq!(meaning_of("twin", 0), "2 hats");
        assert_eq!(meaning_of("tw", 0), "2 hats");
        assert_eq!(meaning_of("urn:x:5", 0), "Twin", "the ID tells them apart");
        assert_eq!(meaning_of("teacher", 6), "not Teacher", "the user has it");
        assert_eq!(meaning_of("twin", 6), "2 hats", "the user has one of them");
    }

    #[test]
    fn excluded_hat_is_not_mistaken_for_a_new_one() {
        assert_eq!(meaning_of("teacher", 1), "not Teacher");
        assert_eq!(meaning_of("teach", 1), "Teacher's Assistant");
        assert_eq!(meaning_of("teach", 2), "not Teacher");
    }
}
