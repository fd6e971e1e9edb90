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

mod hats;

use hats::{SearchedHat, search_hats, searched_hats};

/// Number of rooms and users that are searched before the next key is handled.
const CHUNK: usize = 2_000;
/// Maximum number of rooms, users and hats that are listed.
const MAX_MATCHES: usize = 200;
/// Bonus for a command if every word of the query is the start of a word in its description or synonyms.
const WORDS_BONUS: u32 = 10_000;

/// The finder overlay: the query and its matches.
#[derive(Debug, Clone)]
pub struct Finder {
    /// The query.
    pub text: TextInput,
    /// The selected row.
    pub selected: usize,
    /// The listed matches, best first.
    pub matches: Vec<FinderMatch>,
    /// Number of all matches; may be larger than the number of those listed.
    pub match_count: usize,
    terms: SearchTerms,
    scope: FinderScope,
}

/// What is searched: the items themselves, or the rooms from which the items are made.
#[derive(Debug, Clone)]
enum FinderScope {
    /// Commands.
    Commands(Vec<FinderItem>),
    /// Commands and notes.
    Help(Vec<FinderItem>),
    /// Rooms, users and hats.
    GoTo {
        rooms: Arc<[(Jid, Arc<Room>)]>,
        presence: Presence,
        wardrobe: Wardrobe,
        /// The hats of the wardrobe; `None` before the first query, because collecting them takes time.
        hats: Option<Arc<[SearchedHat]>>,
        /// The position at which the search continues: the indices of a room and of a user in this room.
        position: (usize, usize),
    },
}

/// An item that matches the query.
#[derive(Debug, Clone)]
pub struct FinderMatch {
    /// The item.
    pub item: FinderItem,
    rank: MatchRank,
}

/// The rank of a match; a higher one is a better match. Among equally good matches, commands that can be used come
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct MatchRank {
    quality: u32,
    is_usable: bool,
    score: u32,
}

impl Finder {
    /// Creates a finder that searches commands.
    pub(super) fn commands(commands: Vec<FinderItem>) -> Self {
        Self::new(FinderScope::Commands(commands))
    }

    /// Creates a finder that searches all commands and notes.
    pub(super) fn help(all: Vec<FinderItem>) -> Self {
        Self::new(FinderScope::Help(all))
    }

    /// Creates a finder that searches the rooms, users and hats of the wardrobe; users also by nickname.
    pub(super) fn go_to(wardrobe: &Wardrobe, presence: &Presence) -> Self {
        let rooms = wardrobe.rooms().map(|(jid, room)| (jid.clone(), room.clone()));
        let mut rooms: Vec<_> = rooms.collect();
        rooms.sort_by_cached_key(|(jid, room)| describe::room_sort_key(jid, room));
        Self::new(FinderScope::GoTo {
            rooms: rooms.into(),
            presence: presence.clone(),
            wardrobe: wardrobe.clone(),
            hats: None,
            position: (0, 0),
        })
    }

    fn new(scope: FinderScope) -> Self {
        let mut finder = Self {
            text: TextInput::new(""),
            selected: 0,
            matches: Vec::new(),
            match_count: 0,
            terms: SearchTerms::default(),
            scope,
        };
        finder.search_next_chunk();
        finder
    }

    /// Title of the overlay.
    pub fn title(&self) -> &'static str {
        match self.scope {
            FinderScope::Commands(_) => "Commands",
            FinderScope::Help(_) => "Help",
            FinderScope::GoTo { .. } => "Go to a room, user or hat",
        }
    }

    /// The action of Enter, as one word.
    pub fn verb(&self) -> &'static str {
        match self.scope {
            FinderScope::Commands(_) | FinderScope::Help(_) => "Run",
            FinderScope::GoTo { .. } => "Go",
        }
    }

    /// Whether the finder searches rooms, users and hats.
    pub fn is_go_to(&self) -> bool {
        matches!(self.scope, FinderScope::GoTo { .. })
    }

    /// Whether the finder is the help.
    pub fn is_help(&self) -> bool {
        matches!(self.scope, FinderScope::Help(_))
    }

    /// The heading above a row: in the help without a query, a row has one if its place differs from that of the row
    /// before, and the first row always has one. `None` for other rows.
    pub fn heading(&self, row: usize) -> Option<&'static str> {
        if !self.is_help() || !self.terms.is_empty() {
            return None;
        }
        let place_of = |row: usize| self.matches.get(row).and_then(|found| found.item.place());
        let before = row.checked_sub(1).and_then(place_of);
        place_of(row)
            .filter(|place| Some(*place) != before)
            .map(Place::title)
    }

    /// Whether the search is incomplete.
    pub fn is_searching(&self) -> bool {
        match &self.scope {
            FinderScope::Commands(_) | FinderScope::Help(_) => false,
            FinderScope::GoTo { rooms, position, .. } => position.0 < rooms.len(),
        }
    }

    /// Starts the search again with the current query.
    pub(super) fn restart(&mut self) {
        self.terms = SearchTerms::of(&self.text.text(), CaseMatching::Smart);
        self.matches.clear();
        (self.match_count, self.selected) = (0, 0);
        if let FinderScope::GoTo { position, .. } = &mut self.scope {
            *position = (0, 0);
        }
        self.search_next_chunk();
    }

    /// Searches the next [`CHUNK`] of rooms and users; commands and notes are all searched at once.
    pub(super) fn search_next_chunk(&mut self) {
        let mut matcher = FuzzyMatcher::new();
        let mut found = Vec::new();
        // In the help, typing a key finds its command.
        let typed_key = self.is_help().then(|| self.text.text());
        let typed_key = typed_key.filter(|typed| !typed.is_empty());
        let query = without_articles(self.text.text().trim());
        let other_terms = SearchTerms::of(&query, CaseMatching::Smart);
        // Without a query, the help lists the commands of each place under its heading.
        let merges = !self.is_help() || !self.terms.is_empty();
        match &mut self.scope {
            FinderScope::Commands(all) | FinderScope::Help(all) => {
                for item in all.iter() {
                    let (bonus, text, typed_forms, is_exact_name) = match item {
                        FinderItem::Command(offer) => {
                            let Command {
                                title,
                                help,
                                synonyms,
                                ..
                            } = offer.command;
                            let synonyms_text = synonyms.join(" ");
                            let text = format!("{title} {help} {synonyms_text}");
                            // Remarks in parentheses do not describe the action.
                            let action = help.split_once(" (").map_or(*help, |(action, _)| action);
                            let bonus = word_bonus(title, &format!("{action} {synonyms_text}"), &query);
                            let is_query = |name: &str| name.eq_ignore_ascii_case(&query);
                            let is_exact_name = synonyms.iter().chain([title]).any(|name| is_query(name));
                            (bonus, text, offer.keys.as_str(), is_exact_name)
                        }
                        FinderItem::Note(note) => (0, note.help.to_owned(), note.example, false),
                        FinderItem::Destination { .. } | FinderItem::Hat { .. } => continue,
                    };
                    let by_text = score(&mut matcher, &self.terms, &[&text])
                        .or_else(|| score(&mut matcher, &other_terms, &[&text]));
                    let is_key = typed_forms
                        .split(", ")
                        .any(|form| typed_key.as_deref() == Some(form));
                    let quality = match by_text {
                        _ if is_key => u32::MAX,
                        // A command with this title or synonym comes before commands that only contain the word.
                        _ if is_exact_name => u32::MAX - 1,
                        // Without a bonus, the score itself is the quality.
                        Some(score) if bonus == 0 => score.min(WORDS_BONUS - 1),
                        Some(_) => bonus,
                        None => continue,
                    };
                    let rank = MatchRank {
                        quality,
                        // Without a query, all ranks are equal, so that the order is kept.
                        is_usable: self.terms.is_empty() || item.is_usable(),
                        score: by_text.unwrap_or_default(),
                    };
                    let item = item.clone();
                    found.push(FinderMatch { item, rank });
                }
                if merges {
                    merge_commands(&mut found);
                }
            }
            // An empty query lists only the rooms.
            FinderScope::GoTo {
                rooms,
                presence,
                wardrobe,
                hats,
                position,
            } => {
                if *position == (0, 0) && !self.terms.is_empty() {
                    let hats = hats.get_or_insert_with(|| searched_hats(wardrobe));
                    search_hats(&mut matcher, &self.terms, hats, &mut found);
                }
                let searched = (&**rooms, &*presence);
                search_destinations(&mut matcher, &self.terms, searched, position, &mut found);
            }
        }
        self.match_count += found.len();
        self.matches.append(&mut found);
        // Stable: equal ranks keep the order in which they were found.
        self.matches.sort_by_key(|found| std::cmp::Reverse(found.rank));
        if self.is_go_to() {
            self.matches.truncate(MAX_MATCHES);
        }
    }

    /// The selected item.
    pub fn selected_item(&self) -> Option<&FinderItem> {
        self.matches.get(self.selected).map(|found| &found.item)
    }
}

impl FinderMatch {
    fn of_destination(item: FinderItem, score: u32) -> Self {
        let rank = MatchRank {
            quality: score,
            is_usable: true,
            score,
        };
        Self { item, rank }
    }
}

/// A query for commands without its articles, which may differ from those in the descriptions: `remove hat` for
/// `remove a hat`. A query of only articles is returned unchanged.
fn without_articles(query: &str) -> String {
    let is_article = |word: &&str| {
        ["a", "an", "the"]
            .iter()
            .any(|article| word.eq_ignore_ascii_case(article))
    };
    let words = query.split_whitespace();
    let words: Vec<&str> = words.filter(|word| !is_article(word)).collect();
    if words.is_empty() {
        return query.to_owned();
    }
    words.join(" ")
}

/// Keeps one of several commands that do the same with the same key in different places: the first that can be used, or
/// the first if none can be.
fn merge_commands(found: &mut Vec<FinderMatch>) {
    let mut merged: Vec<FinderMatch> = Vec::with_capacity(found.len());
    for next in found.drain(..) {
        match merged.iter_mut().find(|kept| {
            // A typed key finds only commands with this key.
            let has_typed_key = |found: &FinderMatch| found.rank.quality == u32::MAX;
            kept.item.does_same(&next.item) && has_typed_key(kept) == has_typed_key(&next)
        }) {
            Some(kept) => {
                // The name of either may match the query better.
                let quality = kept.rank.quality.max(next.rank.quality);
                if next.item.is_usable() && !kept.item.is_usable() {
                    *kept = next;
                }
                kept.rank.quality = quality;
            }
            None => merged.push(next),
        }
    }
    *found = merged;
}

/// Searches the next [`CHUNK`] of rooms and users, with the hats of these users, and advances the position.
fn search_destinations(
    matcher: &mut FuzzyMatcher,
    terms: &SearchTerms,
    (rooms, presence): (&[(Jid, Arc<Room>)], &Presence),
    (next_room, next_user): &mut (usize, usize),
    found: &mut Vec<FinderMatch>,
) {
    let mut remaining = CHUNK;
    while let (Some((jid, room)), true) = (rooms.get(*next_room), remaining > 0) {
        let destination = |user: Option<&Jid>, hat: Option<&HatId>| FinderItem::Destination {
            room: jid.clone(),
            snapshot: room.clone(),
            user: user.cloned(),
            hat: hat.cloned(),
            nickname: None,
        };
        let name = room.name.as_deref().unwrap_or_default();
        let add_match = |matcher: &mut FuzzyMatcher,
                         found: &mut Vec<FinderMatch>,
                         bonus: u32,
                         item: FinderItem,
                         texts: &[&str]| {
            if let Some(score) = score(matcher, terms, texts) {
                found.push(FinderMatch::of_destination(item, score + bonus));
            }
        };
        if *next_user == 0 {
            // At least one user is searched in the same chunk: a search that continues at user 0 would search the room
            // again.
            remaining = remaining.saturating_sub(1).max(1);
            // The name and the address are one text: the query may have words of both.
            add_match(
                matcher,
                found,
                2,
                destination(None, None),
                &[&format!("{name} {jid}")],
            );
        }
        if terms.is_empty() {
            (*next_room, *next_user) = (*next_room + 1, 0);
            continue;
        }
        for (user, user_data) in room.users().iter().skip(*next_user).take(remaining) {
            let by_nickname = presence.occupant(jid, user).and_then(|occupant| {
                let scored = occupant.all_nicknames().filter_map(|nickname| {
                    let score = score(matcher, terms, &[nickname, user.as_str(), name])?;
                    Some((score, Arc::from(nickname)))
                });
                scored.max_by_key(|(score, _)| *score)
            });
            let by_address = score(matcher, terms, &[user.as_str(), name]);
            let (user_score, matched_nickname) = match by_nickname {
                Some((score, nickname)) if Some(score) > by_address => (Some(score), Some(nickname)),
                _ => (by_address, None),
            };
            if let Some(score) = user_score {
                let item = FinderItem::Destination {
                    room: jid.clone(),
                    snapshot: room.clone(),
                    user: Some(user.clone()),
                    hat: None,
                    nickname: matched_nickname,
                };
                found.push(FinderMatch::of_destination(item, score + 1));
            }
            for (id, attachment) in user_data.hats.iter() {
                let title = room.title(id, attachment).unwrap_or_default();
                add_match(
                    matcher,
                    found,
                    0,
                    destination(Some(user), Some(id)),
                    &[title, user.as_str(), name],
                );
            }
        }
        *next_user += remaining;
        if *next_user < room.users().len() {
            return;
        }
        remaining = remaining.saturating_sub(room.users().len());
        (*next_room, *next_user) = (*next_room + 1, 0);
    }
}

/// The bonus of a command for a query whose first word has at least three letters: [`WORDS_BONUS`] if every word of the
/// query is the start of a word in the description or synonyms, twice that if the first word is also the start of a
/// word in the title. Else 0.
fn word_bonus(title: &str, description_and_synonyms: &str, query: &str) -> u32 {
    let first = query.split_whitespace().next().unwrap_or_default();
    // Too many words begin with the same one or two letters.
    match first.chars().count() > 2 && has_words(description_and_synonyms, query) {
        true if has_words(title, first) => 2 * WORDS_BONUS,
        true => WORDS_BONUS,
        false => 0,
    }
}

/// Whether every word of a query is the start of a word in the text.
fn has_words(text: &str, query: &str) -> bool {
    let text = text.to_lowercase();
    let words = || text.split(|c: char| !c.is_alphanumeric());
    let mut query = query.split_whitespace().map(str::to_lowercase);
    query.all(|part| words().any(|word| word.starts_with(&part)))
}

/// The score of the terms in several texts. `None` if a term matches none of the texts, or if no term matches the first
/// text, which describes the item itself.
fn score(matcher: &mut FuzzyMatcher, terms: &SearchTerms, texts: &[&str]) -> Option<u32> {
    let (score, matches_first) = terms.score(matcher, texts, 1)?;
    matches_first.then_some(score)
}
