//! Suggestions: existing hats or rooms that match the typed text.

use std::collections::HashMap;
use std::sync::Arc;

use nucleo_matcher::pattern::CaseMatching;

use crate::model::{HatId, Hue, Jid, Room, Wardrobe};

use super::describe;
use super::matching::{FuzzyMatcher, SearchTerms, substring_atom};

/// Minimum length of a text that matches by ID alone: shorter ones, such as the x of example.org, match by accident.
const MIN_ID_MATCH: usize = 4;
/// Maximum length of a fuzzy query, in bytes.
const MAX_QUERY: usize = 256;

/// A hat that is in a catalog or attached to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingHat {
    /// The ID.
    pub id: HatId,
    /// The title.
    pub title: Option<Arc<str>>,
    /// Its titles in other rooms, which are searched as well.
    pub other_titles: Vec<Arc<str>>,
    /// Number of users with the hat, in all rooms.
    pub users: usize,
    /// Whether it exists in the form's room.
    pub in_room: bool,
    /// The hue in the first catalog that defines one.
    pub hue: Option<Hue>,
}

/// An existing item that is suggested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existing {
    /// A hat.
    Hat(ExistingHat),
    /// A room, with its address.
    Room(Jid, Arc<Room>),
}

impl Existing {
    /// The ID of the hat, or the address of the room.
    pub fn id(&self) -> &str {
        match self {
            Self::Hat(hat) => hat.id.as_str(),
            Self::Room(id, _) => id.as_str(),
        }
    }

    /// The title of the hat, or the name of the room, else the local part of its address.
    pub fn title(&self) -> Option<&str> {
        match self {
            Self::Hat(hat) => hat.title.as_deref(),
            Self::Room(jid, room) => {
                let name = room.name.as_deref().filter(|name| !name.trim().is_empty());
                name.or(jid.local())
            }
        }
    }

    /// Number of users with the hat or in the room.
    pub fn users(&self) -> usize {
        match self {
            Self::Hat(hat) => hat.users,
            Self::Room(_, room) => room.users().len(),
        }
    }

    /// All its titles.
    fn titles(&self) -> impl Iterator<Item = &str> {
        let also: &[Arc<str>] = match self {
            Self::Hat(hat) => &hat.other_titles,
            Self::Room(..) => &[],
        };
        self.title().into_iter().chain(also.iter().map(|title| &**title))
    }

    /// Whether a text matches one of its titles.
    fn matches_title(&self, text: &str) -> bool {
        let mut matching = FuzzyMatcher::new();
        let words = SearchTerms::of(text, CaseMatching::Ignore);
        self.titles()
            .any(|title| words.score(&mut matching, &[title], 1).is_some())
    }
}

/// The existing items, the matches of the typed text, and the selected match.
#[derive(Debug, Clone, Default)]
pub struct Suggestions {
    items: Arc<[Existing]>,
    matches: Vec<usize>,
    selected: Option<usize>,
}

/// All hats of all rooms, with the titles of the room `here` where it has them.
pub(super) fn existing_hats(
    wardrobe: &Wardrobe,
    here: Option<&Jid>,
) -> HashMap<HatId, ExistingHat, foldhash::fast::RandomState> {
    let mut all: HashMap<HatId, ExistingHat, foldhash::fast::RandomState> = HashMap::default();
    for (jid, room) in wardrobe.rooms() {
        let is_here = here == Some(jid);
        for hat in room.hats().iter() {
            let known = all.entry(hat.id.clone()).or_insert_with(|| ExistingHat {
                id: hat.id.clone(),
                title: None,
                other_titles: Vec::new(),
                users: 0,
                in_room: false,
                hue: None,
            });
            if known.hue.is_none() {
                known.hue = room.catalog.get(&hat.id).and_then(|hat| hat.hue.clone());
            }
            known.users += hat.user_count;
            known.in_room |= is_here;
            let mut title = hat.title.clone();
            if is_here || known.title.is_none() {
                // The room's own title has priority.
                std::mem::swap(&mut known.title, &mut title);
                if known.title.is_none() {
                    known.title = title.take();
                }
            }
            if let Some(title) = title
                && known.title.as_ref() != Some(&title)
                && !known.other_titles.contains(&title)
            {
                known.other_titles.push(title);
            }
        }
    }
    all
}

impl Suggestions {
    /// Suggests hats, except excluded ones: those of this room first, then by number of users.
    pub(super) fn hats(wardrobe: &Wardrobe, here: &Jid, left_out: impl Fn(&HatId) -> bool) -> Self {
        let all = existing_hats(wardrobe, Some(here));
        let mut known: Vec<ExistingHat> = all.into_values().filter(|known| !left_out(&known.id)).collect();
        known.sort_by(|a, b| {
            let rank = |hat: &ExistingHat| (!hat.in_room, std::cmp::Reverse(hat.users));
            rank(a)
                .cmp(&rank(b))
                .then_with(|| a.title.cmp(&b.title))
                .then_with(|| a.id.cmp(&b.id))
        });
        Self::new(known.into_iter().map(Existing::Hat))
    }

    /// Suggests rooms, except excluded ones, by name.
    pub(super) fn rooms(wardrobe: &Wardrobe, left_out: impl Fn(&Room) -> bool) -> Self {
        let rooms = wardrobe.rooms().filter(|(_, room)| !left_out(room));
        let mut rooms: Vec<_> = rooms.collect();
        rooms.sort_by_cached_key(|(jid, room)| describe::room_sort_key(jid, room));
        Self::new(
            rooms
                .into_iter()
                .map(|(jid, room)| Existing::Room(jid.clone(), room.clone())),
        )
    }

    fn new(known: impl Iterator<Item = Existing>) -> Self {
        let known: Arc<[Existing]> = known.collect();
        Self {
            matches: (0..known.len()).collect(),
            items: known,
            selected: None,
        }
    }

    /// Searches for a text in titles and IDs.
    pub(super) fn search(&mut self, text: &str) {
        self.selected = None;
        let text = text.trim();
        if text.is_empty() {
            self.matches = (0..self.items.len()).collect();
            return;
        }
        if text.len() > MAX_QUERY {
            // Only an exact ID can match.
            let is = |one: &Existing| one.id() == text;
            self.matches = self.items.iter().position(is).into_iter().collect();
            return;
        }
        let by_words = SearchTerms::of(text, CaseMatching::Ignore);
        // IDs are matched by substring only.
        let in_id = substring_atom(text, CaseMatching::Ignore);
        let mut matching = FuzzyMatcher::new();
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for (at, one) in self.items.iter().enumerate() {
            let mut by_title = None;
            for title in one.titles() {
                let score = by_words.score(&mut matching, &[title], 1);
                by_title = by_title.max(score.map(|(score, _)| score));
            }
            let by_id = matching.score_substring(&in_id, one.id()).map(|score| score / 2);
            if let Some(score) = by_title.max(by_id) {
                scored.push((score, at));
            }
        }
        scored.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
        self.matches = scored.into_iter().map(|(_, at)| at).collect();
    }

    /// Number of matches.
    pub fn len(&self) -> usize {
        self.matches.len()
    }

    /// Whether nothing matches.
    pub fn is_empty(&self) -> bool {
        self.matches.is_empty()
    }

    /// The selected row, while the list has the focus.
    pub fn selected(&self) -> Option<usize> {
        self.selected
    }

    pub(super) fn select(&mut self, row: Option<usize>) {
        self.selected = row.filter(|row| *row < self.matches.len());
    }

    /// The item of a row.
    pub fn get(&self, row: usize) -> Option<&Existing> {
        self.items.get(*self.matches.get(row)?)
    }

    /// The best match of a text that does not look like a URI.
    pub(super) fn best_match(&self, text: &str) -> Option<&Existing> {
        let like_a_uri = text.contains("://") || text.trim_start().to_lowercase().starts_with("urn:");
        if text.trim().is_empty() || like_a_uri {
            return None;
        }
        self.get(0)
            .filter(|best| text.trim().len() >= MIN_ID_MATCH || best.matches_title(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is known, with this typed.
    fn typed(text: &str) -> Suggestions {
        let titles = [
            "Teacher",
            "Teacher's Assistant",
            "Oboe, and tea on Thursdays, a hat of no other name",
            "書記",
            "Première visite",
        ];
        let known = |(at, title): (usize, &&str)| {
            Existing::Hat(ExistingHat {
                id: HatId::unchecked(format!("urn:x:{at}")),
                title: Some((*title).into()),
                other_titles: Vec::new(),
                users: 1,
                in_room: true,
                hue: None,
            })
        };
        let mut suggestions = Suggestions::new(titles.iter().enumerate().map(known));
        suggestions.search(text);
        suggestions
    }

    /// The titles that are offered for a text, best first.
    fn offered(text: &str) -> Vec<String> {
        let suggestions = typed(text);
        let title = |at: &usize| suggestions.items[*at].title().map(Into::into);
        suggestions.matches.iter().filter_map(title).collect()
    }

    /// The title of the hat that a text means.
    fn best(text: &str) -> Option<String> {
        typed(text).best_match(text)?.title().map(Into::into)
    }

    #[test]
    fn best_match_comes_first() {
        assert_eq!(offered("teacher").first().unwrap(), "Teacher");
        assert_eq!(offered("ta").first().unwrap(), "Teacher's Assistant");
        assert_eq!(offered("assnt"), ["Teacher's Assistant"]);
        assert_eq!(offered("premiere"), ["Première visite"]);
        assert_eq!(offered("書"), ["書記"]);
        assert_eq!(offered("urn:x:3"), ["書記"]);
        assert_eq!(best("x"), None, "in the ids alone");
        assert_eq!(best("t").as_deref(), Some("Teacher"));
        assert_eq!(best("x:0"), None);
        assert_eq!(best("n:x:0").as_deref(), Some("Teacher"));
        assert_eq!(
            offered("tea thu"),
            ["Oboe, and tea on Thursdays, a hat of no other name"]
        );
    }

    #[test]
    fn rejects_scattered_letters() {
        assert_eq!(offered("no hat of that name"), Vec::<String>::new());
        assert_eq!(offered("oansrm"), Vec::<String>::new());
    }
}
