//! Looking for a command, or for a room, a user or a hat anywhere, by a few letters.

use std::sync::Arc;

use nucleo_matcher::pattern::CaseMatching;

use crate::model::{HatId, Jid, Room, Wardrobe};

use super::command::Command;
use super::matching::{FuzzyMatcher, SearchTerms};
use super::offer::FinderItem;
use super::place::Place;
use super::text::TextInput;

/// How many users are looked at before the next key has its turn.
const CHUNK: usize = 2_000;
/// So many of the best are offered.
const MAX_MATCHES: usize = 200;

/// The overlay: what is typed, and what was found.
#[derive(Debug, Clone)]
pub struct Finder {
    /// What is typed.
    pub text: TextInput,
    /// The selected row.
    pub selected: usize,
    /// What is offered, best first.
    pub matches: Vec<FinderMatch>,
    /// How many matched, more than are offered perhaps.
    pub match_count: usize,
    terms: SearchTerms,
    scope: FinderScope,
}

/// What is looked among.
#[derive(Debug, Clone)]
enum FinderScope {
    Commands(Vec<FinderItem>),
    Help(Vec<FinderItem>),
    /// The rooms of the wardrobe, and how far they were looked at: room and user.
    Places {
        rooms: Arc<[(Jid, Arc<Room>)]>,
        at: (usize, usize),
    },
}

/// Something that was found.
#[derive(Debug, Clone)]
pub struct FinderMatch {
    /// What.
    pub item: FinderItem,
    score: u32,
}

impl Finder {
    /// Commands.
    pub(super) fn commands(commands: Vec<FinderItem>) -> Self {
        Self::new(FinderScope::Commands(commands))
    }

    /// Every command there is, and more to know.
    pub(super) fn help(all: Vec<FinderItem>) -> Self {
        Self::new(FinderScope::Help(all))
    }

    /// Everything in the wardrobe.
    pub(super) fn places(wardrobe: &Wardrobe) -> Self {
        let rooms = wardrobe.rooms().map(|(jid, room)| (jid.clone(), room.clone()));
        Self::new(FinderScope::Places {
            rooms: rooms.collect(),
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

    /// What is looked among, in words.
    pub fn title(&self) -> &'static str {
        match self.scope {
            FinderScope::Commands(_) => "Commands",
            FinderScope::Help(_) => "Help",
            FinderScope::Places { .. } => "Go to a room, a user or a hat",
        }
    }

    /// Whether it is the help.
    pub fn is_help(&self) -> bool {
        matches!(self.scope, FinderScope::Help(_))
    }

    /// What stands above a row: in the help, the first of each place has a heading, while all of it is shown.
    pub fn heading(&self, row: usize) -> Option<&'static str> {
        if !self.is_help() || !self.terms.is_empty() {
            return None;
        }
        let place = |row: usize| self.matches.get(row).and_then(|found| found.item.place());
        let before = row.checked_sub(1).and_then(place);
        place(row).filter(|here| Some(*here) != before).map(Place::title)
    }

    /// Whether there is more to look at.
    pub fn is_searching(&self) -> bool {
        match &self.scope {
            FinderScope::Commands(_) | FinderScope::Help(_) => false,
            FinderScope::Places { rooms, at } => at.0 < rooms.len(),
        }
    }

    /// Begins anew with what is typed now.
    pub(super) fn restart(&mut self) {
        self.terms = SearchTerms::of(&self.text.text(), CaseMatching::Smart);
        self.matches.clear();
        (self.match_count, self.selected) = (0, 0);
        if let FinderScope::Places { at, .. } = &mut self.scope {
            *at = (0, 0);
        }
        self.search_next_chunk();
    }

    /// Looks at some more.
    pub(super) fn search_next_chunk(&mut self) {
        let mut matching = FuzzyMatcher::new();
        let mut found = Vec::new();
        // In the help, whoever types a key asks what it does.
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
            // Nobody wants all of it at once: with nothing typed the rooms are offered.
            FinderScope::Places { rooms, at } => {
                search_places(&mut matching, &self.terms, rooms, at, &mut found);
            }
        }
        self.match_count += found.len();
        self.matches.append(&mut found);
        // Stable: what is as good comes in the order in which it was found.
        self.matches.sort_by_key(|found| std::cmp::Reverse(found.score));
        self.matches.truncate(MAX_MATCHES);
    }

    /// What is selected.
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
            // By its address as well as by its name.
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

/// How well words match texts together; the first text at least one of the words, as it is what is to be found.
fn score(matching: &mut FuzzyMatcher, terms: &SearchTerms, texts: &[&str]) -> Option<u32> {
    let (score, first) = terms.score(matching, texts, 1)?;
    first.then_some(score)
}
