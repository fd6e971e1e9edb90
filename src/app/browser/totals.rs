//! Totals over all rooms, shown in every frame.

use std::collections::{BTreeSet, HashSet};

use crate::model::{Jid, Wardrobe};

use super::memberships::MembershipChange;

/// Above this number of lookups of changed users, counting all users again is faster.
const MAX_LOOKUPS: usize = 100_000;

/// Totals over all rooms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Number of users; a user in two rooms counts once.
    pub users: usize,
    /// Number of attachments.
    pub attachments: usize,
    /// Whether the rooms have more than one domain.
    pub several_domains: bool,
}

impl Totals {
    /// The totals of the wardrobe `now`. `self`: the totals of `before`; `changes`: those between the two wardrobes.
    pub(super) fn updated(self, (before, now): (&Wardrobe, &Wardrobe), changes: &[MembershipChange]) -> Self {
        let first = now.rooms().next().map(|(jid, _)| jid.domain());
        Self {
            users: self.users(before, now, changes),
            attachments: now.attachment_count(),
            several_domains: now.rooms().any(|(jid, _)| Some(jid.domain()) != first),
        }
    }

    /// Counts the users of the wardrobe `now`. After a few changes, looks up only the changed users.
    fn users(self, before: &Wardrobe, now: &Wardrobe, changes: &[MembershipChange]) -> usize {
        let rooms = before.rooms().len() + now.rooms().len();
        if changes.len().saturating_mul(rooms) > MAX_LOOKUPS {
            let all = now.rooms().flat_map(|(_, room)| room.users());
            let users: HashSet<&Jid, foldhash::fast::RandomState> = all.map(|(user, _)| user).collect();
            return users.len();
        }
        let is_in = |wardrobe: &Wardrobe, user| wardrobe.rooms().any(|(_, room)| room.user(user).is_some());
        let changed_users: BTreeSet<&Jid> = changes.iter().map(|change| &change.user).collect();
        changed_users.into_iter().fold(self.users, |users, user| {
            users + usize::from(is_in(now, user)) - usize::from(is_in(before, user))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::memberships;
    use super::*;
    use crate::model::Affiliation;

    /// A wardrobe with these memberships, each given by the numbers of its room and user.
    fn wardrobe(members: &[(u8, u16)]) -> Wardrobe {
        let mut wardrobe = Wardrobe::default();
        for (room, user) in members {
            let room = Jid::parse(&format!("r{room}@c.example.org")).unwrap();
            let user = Jid::parse(&format!("u{user}@example.org")).unwrap();
            let _ = wardrobe.add_room(&room, None);
            wardrobe
                .set_affiliation(&user, &room, Affiliation::Member)
                .unwrap();
        }
        wardrobe
    }

    fn user_count(members: &[(u8, u16)]) -> usize {
        members
            .iter()
            .map(|(_, user)| user)
            .collect::<BTreeSet<_>>()
            .len()
    }

    fn updated(totals: Totals, before: &Wardrobe, now: &Wardrobe) -> Totals {
        totals.updated((before, now), &memberships::changes(before, now))
    }

    proptest! {
        #[test]
        fn counts_each_user_once(
            before in prop::collection::vec((0..6_u8, 0..12_u16), 0..40),
            after in prop::collection::vec((0..6_u8, 0..12_u16), 0..40),
        ) {
            let (none, old, new) = (Wardrobe::default(), wardrobe(&before), wardrobe(&after));
            let totals = updated(Totals::default(), &none, &old);
            prop_assert_eq!(totals.users, user_count(&before));
            prop_assert_eq!(updated(totals, &old, &new).users, user_count(&after));
        }
    }

    #[test]
    fn counts_all_users_again_after_many_changes() {
        let members: Vec<(u8, u16)> = (0..250)
            .flat_map(|room| (0..3).map(move |user| (room, user)))
            .collect();
        assert!(members.len() * 250 > MAX_LOOKUPS);
        let totals = updated(Totals::default(), &Wardrobe::default(), &wardrobe(&members));
        assert_eq!(totals.users, 3);
    }
}
