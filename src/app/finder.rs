//! The finder: searches commands, or rooms, users and hats.

use std::sync::Arc;

use nucleo_matcher::pattern::CaseMatching;

use crate::model::{HatId, Jid, Room, Wardrobe};

use super::command::Command;
use super::describe;
use super::matching::{FuzzyMatcher, SearchTerms};
use super::offer::FinderItem;
use super::place::Place;
use super::presence::Presence;
use super::text::TextInput;

/// Users searched before the next key is handled.
const CHUNK: usize = 2_000;
/// Most rooms, users and hats that are listed.
const MAX_MATCHES: usize = 200;
/// What a command gains of which the text has all words of the query.
const WHOLE_WORDS: u32 = 10_000;

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
    /// The rooms of the wardrobe, who is there, and the search position: indices of room and user.
    Places {
        rooms: Arc<[(Jid, Arc<Room>)]>,
        presence: Presence,
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
    pub(super) fn places(wardrobe: &Wardrobe, presence: &Presence) -> Self {
        let rooms = wardrobe.rooms().map(|(jid, room)| (jid.clone(), room.clone()));
        let mut rooms: Vec<_> = rooms.collect();
        rooms.sort_by_cached_key(|(jid, room)| describe::room_sort_key(jid, room));
        Self::new(FinderScope::Places {
            rooms: rooms.into(),
            presence: presence.clone(),
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
            FinderScope::Places { rooms, at, .. } => at.0 < rooms.len(),
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
        let query = self.text.text().trim().to_owned();
        match &mut self.scope {
            FinderScope::Commands(all) | FinderScope::Help(all) => {
                for what in all.iter() {
                    let (bonus, text, keys, by_name) = match what {
                        FinderItem::Command(offer) => {
                            let Command {
                                title,
                                help,
                                synonyms,
                                ..
                            } = offer.command;
                            let synonyms_text = synonyms.join(" ");
                            let text = format!("{title} {help} {synonyms_text}");
                            // Remarks in parentheses are not what the command does.
                            let action = help.split_once(" (").map_or(*help, |(action, _)| action);
                            let bonus = word_bonus(title, &format!("{action} {synonyms_text}"), &query);
                            let is_name = |name: &str| name.eq_ignore_ascii_case(&query);
                            let named = synonyms.iter().chain([title]).any(|name| is_name(name));
                            (bonus, text, offer.keys.as_str(), named)
                        }
                        FinderItem::Note(note) => (0, note.help.to_owned(), note.example, false),
                        FinderItem::Place { .. } => continue,
                    };
                    let by_text = score(&mut matching, &self.terms, &[&text]).map(|score| score + bonus);
                    let by_key = keys
                        .split(", ")
                        .any(|key| typed.as_deref() == Some(key))
                        .then_some(u32::MAX);
                    // What a command is called goes before what only contains the word.
                    let by_name = by_name.then_some(u32::MAX - 1);
                    if let Some(score) = by_key.or(by_name).or(by_text) {
                        let what = what.clone();
                        found.push(FinderMatch { item: what, score });
                    }
                }
            }
            // An empty query lists only the rooms.
            FinderScope::Places { rooms, presence, at } => {
                let among = (&**rooms, &*presence);
                search_places(&mut matching, &self.terms, among, at, &mut found);
            }
        }
        self.match_count += found.len();
        self.matches.append(&mut found);
        // Stable: equal scores keep the order in which they were found.
        self.matches.sort_by_key(|found| std::cmp::Reverse(found.score));
        if self.goes_to_places() {
            self.matches.truncate(MAX_MATCHES);
        }
    }

    /// The selected item.
    pub fn selected_item(&self) -> Option<&FinderItem> {
        self.matches.get(self.selected).map(|found| &found.item)
    }
}

fn search_places(
    matching: &mut FuzzyMatcher,
    terms: &SearchTerms,
    (rooms, presence): (&[(Jid, Arc<Room>)], &Presence),
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
            nickname: None,
        };
        let name = room.name.as_deref().unwrap_or_default();
        let put = |matching: &mut FuzzyMatcher,
                   found: &mut Vec<FinderMatch>,
                   bonus: u32,
                   what: FinderItem,
                   texts: &[&str]| {
            if let Some(score) = score(matching, terms, texts) {
                let score = score + bonus;
                found.push(FinderMatch { item: what, score });
            }
        };
        if *user_at == 0 {
            left = left.saturating_sub(1);
            // Match the address as well as the name.
            put(matching, found, 2, place(None, None), &[&format!("{name} {jid}")]);
        }
        if terms.is_empty() {
            (*room_at, *user_at) = (*room_at + 1, 0);
            continue;
        }
        for (user, there) in room.users().iter().skip(*user_at).take(left) {
            let by_nickname = presence.occupant(jid, user).and_then(|occupant| {
                let scored = occupant.all_nicknames().filter_map(|nickname| {
                    let score = score(matching, terms, &[nickname, user.as_str(), name])?;
                    Some((score, Arc::from(nickname)))
                });
                scored.max_by_key(|(score, _)| *score)
            });
            let by_address = score(matching, terms, &[user.as_str(), name]);
            let (found_score, found_nickname) = match by_nickname {
                Some((score, nickname)) if Some(score) > by_address => (Some(score), Some(nickname)),
                _ => (by_address, None),
            };
            if let Some(score) = found_score {
                let item = FinderItem::Place {
                    room: jid.clone(),
                    snapshot: room.clone(),
                    user: Some(user.clone()),
                    hat: None,
                    nickname: found_nickname,
                };
                found.push(FinderMatch {
                    item,
                    score: score + 1,
                });
            }
            for (id, attachment) in there.hats.iter() {
                let title = room.title(id, attachment).unwrap_or_default();
                put(
                    matching,
                    found,
                    0,
                    place(Some(user), Some(id)),
                    &[title, user.as_str(), name],
                );
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

/// What a command gains if it has all words of the query, and more if its title has the first.
fn word_bonus(title: &str, action: &str, query: &str) -> u32 {
    let first = query.split_whitespace().next().unwrap_or_default();
    // The beginning of a word says little.
    match first.chars().count() > 2 && has_words(action, query) {
        true if has_words(title, first) => 2 * WHOLE_WORDS,
        true => WHOLE_WORDS,
        false => 0,
    }
}

/// Whether every word of a query begins a word of the text.
fn has_words(text: &str, query: &str) -> bool {
    let text = text.to_lowercase();
    let words = || text.split(|c: char| !c.is_alphanumeric());
    let mut query = query.split_whitespace().map(str::to_lowercase);
    query.all(|part| words().any(|word| word.starts_with(&part)))
}

/// The score of the terms over several texts; at least one term must match the first, which is the item itself.
fn score(matching: &mut FuzzyMatcher, terms: &SearchTerms, texts: &[&str]) -> Option<u32> {
    let (score, first) = terms.score(matching, texts, 1)?;
    first.then_some(score)
}
