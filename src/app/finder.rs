//! The finder: searches commands, or rooms, users and hats.

use std::sync::Arc;

use nucleo_matcher::pattern::CaseMatching;

use crate::model::{HatId, Jid, Room, Wardrobe};

use super::command::Command;
use super::describe;
use super::matching::{FuzzyMatcher, SearchTerms};
use super::offer::FinderItem;
use super::place::Place;
use super::text::TextInput;

/// Users searched before the next key is handled.
const CHUNK: usize = 2_000;
/// Most matches that are listed.
const MAX_MATCHES: usize = 200;

/// The finder overlay: the query and its matches.
#[derive(Debug, Clone)]
pub struct Finder {
    /// The query.
    pub text: TextInput,
    /// The selected row.
    pub selected: usize,
    /// The listed matches, best first.
    pub matches: Vec<FinderMatch>,
    /// Number of all matches, which may exceed those listed.
    pub match_count: usize,
    terms: SearchTerms,
    scope: FinderScope,
}

/// What is searched.
#[derive(Debug, Clone)]
enum FinderScope {
    Commands(Vec<FinderItem>),
    Help(Vec<FinderItem>),
    /// The rooms of the wardrobe, and the search position: indices of room and user.
    Places {
        rooms: Arc<[(Jid, Arc<Room>)]>,
        at: (usize, usize),
    },
}

/// A match.
#[derive(Debug, Clone)]
pub struct FinderMatch {
    /// The item.
    pub item: FinderItem,
    score: u32,
}

impl Finder {
    /// Searches commands.
    pub(super) fn commands(commands: Vec<FinderItem>) -> Self {
        Self::new(FinderScope::Commands(commands))
    }

    /// Searches all commands and notes.
    pub(super) fn help(all: Vec<FinderItem>) -> Self {
        Self::new(FinderScope::Help(all))
    }

    /// Searches the wardrobe.
    pub(super) fn places(wardrobe: &Wardrobe) -> Self {
        let rooms = wardrobe.rooms().map(|(jid, room)| (jid.clone(), room.clone()));
        let mut rooms: Vec<_> = rooms.collect();
        rooms.sort_by_cached_key(|(jid, room)| describe::room_sort_key(jid, room));
        Self::new(FinderScope::Places {
            rooms: rooms.into(),
            at: (0, 0),
        })
    }

    fn new(among: FinderScope) -> Self {
        let mut finder = Self {
            text: TextInput::new(""),
            selected: 0,
            matches: Vec::new(),
            match_count: 0,
            terms: SearchTerms::default(),
            scope: among,
        };
        finder.search_next_chunk();
        finder
    }

    /// Title of the overlay.
    pub fn title(&self) -> &'static str {
        match self.scope {
            FinderScope::Commands(_) => "Commands",
            FinderScope::Help(_) => "Help",
            FinderScope::Places { .. } => "Go to a room, user or hat",
        }
    }

    /// What Enter does with the selected item, as one word.
    pub fn verb(&self) -> &'static str {
        match self.scope {
            FinderScope::Commands(_) | FinderScope::Help(_) => "Run",
            FinderScope::Places { .. } => "Go",
        }
    }

    /// Whether it searches rooms, users and hats.
    pub fn goes_to_places(&self) -> bool {
        matches!(self.scope, FinderScope::Places { .. })
    }

    /// Whether it is the help.
    pub fn is_help(&self) -> bool {
        matches!(self.scope, FinderScope::Help(_))
    }

    /// Heading above a row: in the help without a query, the first row of each place has one.
    pub fn heading(&self, row: usize) -> Option<&'static str> {
        if !self.is_help() || !self.terms.is_empty() {
            return None;
        }
        let place = |row: usize| self.matches.get(row).and_then(|found| found.item.place());
        let before = row.checked_sub(1).and_then(place);
        place(row).filter(|here| Some(*here) != before).map(Place::title)
    }

    /// Whether the search is incomplete.
    pub fn is_searching(&self) -> bool {
        match &self.scope {
            FinderScope::Commands(_) | FinderScope::Help(_) => false,
            FinderScope::Places { rooms, at } => at.0 < rooms.len(),
        }
    }

    /// Starts the search again with the current query.
    pub(super) fn restart(&mut self) {
        self.terms = SearchTerms::of(&self.text.text(), CaseMatching::Smart);
        self.matches.clear();
        (self.match_count, self.selected) = (0, 0);
        if let FinderScope::Places { at, .. } = &mut self.scope {
            *at = (0, 0);
        }
        self.search_next_chunk();
    }

    /// Searches the next chunk.
    pub(super) fn search_next_chunk(&mut self) {
        let mut matching = FuzzyMatcher::new();
        let mut found = Vec::new();
        // In the help, typing a key finds its command.
        let typed = self.is_help().then(|| self.text.text());
        let typed = typed.filter(|typed| !typed.is_empty());
        match &mut self.scope {
            FinderScope::Commands(all) | FinderScope::Help(all) => {
                for what in all.iter() {
                    let (text, keys) = match what {
                        FinderItem::Command(offer) => {
                            let Command {
                                title,
                                help,
                                synonyms,
                                ..
                            } = offer.command;
                            let text = format!("{title} {help} {}", synonyms.join(" "));
                            (text, offer.keys.as_str())
                        }
                        FinderItem::Note(note) => (note.help.to_owned(), note.example),
                        FinderItem::Place { .. } => continue,
                    };
                    let by_text = score(&mut matching, &self.terms, &[&text]);
                    let by_key = keys
                        .split(", ")
                        .any(|key| typed.as_deref() == Some(key))
                        .then_some(u32::MAX);
                    if let Some(score) = by_key.or(by_text) {
                        let what = what.clone();
                        found.push(FinderMatch { item: what, score });
                    }
                }
            }
            // An empty query lists only the rooms.
            FinderScope::Places { rooms, at } => {
                search_places(&mut matching, &self.terms, rooms, at, &mut found);
            }
        }
        self.match_count += found.len();
        self.matches.append(&mut found);
        // Stable: equal scores keep the order in which they were found.
        self.matches.sort_by_key(|found| std::cmp::Reverse(found.score));
        self.matches.truncate(MAX_MATCHES);
    }

    /// The selected item.
    pub fn selected_item(&self) -> Option<&FinderItem> {
        self.matches.get(self.selected).map(|found| &found.item)
    }
}

fn search_places(
    matching: &mut FuzzyMatcher,
    terms: &SearchTerms,
    rooms: &Arc<[(Jid, Arc<Room>)]>,
    (room_at, user_at): &mut (usize, usize),
    found: &mut Vec<FinderMatch>,
) {
    let mut left = CHUNK;
    while let (Some((jid, room)), true) = (rooms.get(*room_at), left > 0) {
        let place = |user: Option<&Jid>, hat: Option<&HatId>| FinderItem::Place {
            room: jid.clone(),
            snapshot: room.clone(),
            user: user.cloned(),
            hat: hat.cloned(),
        };
        let name = room.name.as_deref().unwrap_or_default();
        let mut put = |bonus: u32, what: FinderItem, texts: &[&str]| {
            if let Some(score) = score(matching, terms, texts) {
                let score = score + bonus;
                found.push(FinderMatch { item: what, score });
            }
        };
        if *user_at == 0 {
            left = left.saturating_sub(1);
            // Match the address as well as the name.
            put(2, place(None, None), &[&format!("{name} {jid}")]);
        }
        if terms.is_empty() {
            (*room_at, *user_at) = (*room_at + 1, 0);
            continue;
        }
        for (user, there) in room.users().iter().skip(*user_at).take(left) {
            put(1, place(Some(user), None), &[user.as_str(), name]);
            for (id, attachment) in there.hats.iter() {
                let title = room.title(id, attachment).unwrap_or_default();
                put(0, place(Some(user), Some(id)), &[title, user.as_str(), name]);
            }
        }
        *user_at += left;
        if *user_at < room.users().len() {
            return;
        }
        left = left.saturating_sub(room.users().len());
        (*room_at, *user_at) = (*room_at + 1, 0);
    }
}

/// Score of the terms over several texts; at least one term must match the first, which is the item itself.
fn score(matching: &mut FuzzyMatcher, terms: &SearchTerms, texts: &[&str]) -> Option<u32> {
    let (score, first) = terms.score(matching, texts, 1)?;
    first.then_some(score)
}
