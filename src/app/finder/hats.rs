//! The hats themselves, as *Go to* finds them by their titles; a user's hat is found with the user.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::app::existing::existing_hats;
use crate::app::matching::{FuzzyMatcher, SearchTerms};
use crate::app::offer::FinderItem;
use crate::model::{HatId, Wardrobe};

use super::FinderMatch;

/// A hat that users have, with the number of these users and of the rooms in which they have it.
#[derive(Debug, Clone)]
pub(super) struct SearchedHat {
    id: HatId,
    /// All titles, first the one in the Hats view; empty for a hat that is always untitled, which is never found.
    titles: Vec<Arc<str>>,
    users: usize,
    rooms: usize,
}

/// The hats that users have, sorted by ID.
pub(super) fn searched_hats(wardrobe: &Wardrobe) -> Arc<[SearchedHat]> {
    type Titles = HashSet<Arc<str>, foldhash::fast::RandomState>;
    let mut used: HashMap<HatId, (usize, Titles), foldhash::fast::RandomState> = HashMap::default();
    for (_, room) in wardrobe.rooms() {
        for hat in room.hats().iter().filter(|hat| hat.user_count > 0) {
            let (rooms, titles) = used.entry(hat.id.clone()).or_default();
            *rooms += 1;
            let attachments = hat.users(room).filter_map(|(_, user)| user.hats.get(&hat.id));
            titles.extend(attachments.filter_map(|attachment| attachment.title.clone()));
        }
    }
    let hats = existing_hats(wardrobe, None).into_values().filter_map(|hat| {
        let (rooms, mut of_users) = used.remove(&hat.id)?;
        // The title of the Hats view is the first.
        let mut titles: Vec<Arc<str>> = hat.title.into_iter().chain(hat.other_titles).collect();
        for title in &titles {
            of_users.remove(title);
        }
        let mut others: Vec<Arc<str>> = of_users.into_iter().collect();
        others.sort();
        titles.extend(others);
        Some(SearchedHat {
            id: hat.id,
            titles,
            users: hat.users,
            rooms,
        })
    });
    let mut hats: Vec<SearchedHat> = hats.collect();
    hats.sort_by(|one, other| one.id.cmp(&other.id));
    hats.into()
}

/// Searches the titles of hats. A hat comes directly before its users with the same title.
pub(super) fn search_hats(
    matcher: &mut FuzzyMatcher,
    terms: &SearchTerms,
    hats: &[SearchedHat],
    found: &mut Vec<FinderMatch>,
) {
    for hat in hats {
        let scored = hat.titles.iter().enumerate().filter_map(|(index, title)| {
            let score = super::score(matcher, terms, &[title])?;
            Some((score, std::cmp::Reverse(index), title))
        });
        let Some((score, _, found_title)) = scored.max() else {
            continue;
        };
        let title = hat.titles.first().unwrap_or(found_title);
        let item = FinderItem::Hat {
            id: hat.id.clone(),
            title: title.clone(),
            other_title: (found_title != title).then(|| found_title.clone()),
            users: hat.users,
            rooms: hat.rooms,
        };
        found.push(FinderMatch::of_destination(item, score + 1));
    }
}
