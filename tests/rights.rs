//! Rights of sessions: a permitted group changes nothing beyond them, and every change within them is permitted.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

#[cfg(test)]
mod support;

use std::collections::BTreeSet;

use hatrack::model::{Affiliation, Attachment, HatId, Jid, Rights, User, Wardrobe};
use proptest::prelude::*;
use support::{affiliation, attachment, cases, hat_id, some_of, wardrobe};

/// Rights, some of them to hats that the wardrobe has.
fn rights(wardrobe: &Wardrobe) -> impl Strategy<Value = Rights> + use<> {
    let rooms = wardrobe.rooms().flat_map(|(_, room)| room.hats().iter());
    let hats: Vec<HatId> = rooms.map(|hat| hat.id.clone()).collect();
    let only_hats =
        (some_of(hats), hat_id()).prop_map(|(some, other)| some.into_iter().chain([other]).collect());
    (prop::option::of(only_hats), any::<bool>()).prop_map(|(only_hats, no_affiliations)| Rights {
        only_hats,
        no_affiliations,
    })
}

/// The parts of a wardrobe that the rights do not include, as text.
fn parts_beyond(wardrobe: &Wardrobe, rights: &Rights) -> Vec<String> {
    let mut parts = Vec::new();
    if rights.only_hats.is_some() {
        parts.push(format!("{:?}", wardrobe.extra));
    }
    for (jid, room) in wardrobe.rooms() {
        if rights.only_hats.is_some() {
            parts.push(format!(
                "{jid} {:?} {:?} {:?}",
                room.name, room.catalog, room.extra
            ));
        }
        for (user, member) in room.users() {
            parts.extend(parts_of_user_beyond(jid, user, member, rights));
        }
    }
    parts
}

fn parts_of_user_beyond(room: &Jid, user: &Jid, member: &User, rights: &Rights) -> Vec<String> {
    let mut parts = Vec::new();
    if rights.no_affiliations && member.affiliation != Affiliation::None {
        parts.push(format!("{room} {user} {}", member.affiliation));
    }
    if let Some(hats) = &rights.only_hats {
        let others = member.hats.iter().filter(|(id, _)| !hats.contains(*id));
        parts.extend(others.map(|(id, hat)| format!("{room} {user} {id} {hat:?}")));
        if !member.extra.is_empty() {
            parts.push(format!("{room} {user} {:?}", member.extra));
        }
    }
    parts
}

/// The wardrobe with other hats and affiliations, as far as the rights include them.
fn changed(
    wardrobe: &Wardrobe,
    rights: &Rights,
    (new, attachment): (&HatId, &Attachment),
    affiliation: Affiliation,
) -> Wardrobe {
    let mut next = wardrobe.clone();
    let is_allowed = |hat: &HatId| rights.only_hats.as_ref().is_none_or(|hats| hats.contains(hat));
    for (jid, room) in wardrobe.rooms() {
        for (user, member) in room.users() {
            let removable: BTreeSet<&HatId> = member
                .hats
                .iter()
                .map(|(id, _)| id)
                .filter(|id| is_allowed(id))
                .collect();
            for hat in removable {
                next.force_remove_hat(user, jid, hat).unwrap();
            }
            if is_allowed(new) && member.affiliation.is_affiliated() {
                next.add_user_hat(user, jid, new, attachment.clone()).unwrap();
            }
            let removes = affiliation == Affiliation::None;
            if !rights.no_affiliations && !removes {
                next.set_affiliation(user, jid, affiliation).unwrap();
            }
        }
    }
    next
}

fn wardrobes_and_rights() -> impl Strategy<Value = (Wardrobe, Wardrobe, Rights)> {
    (wardrobe(), wardrobe()).prop_flat_map(|(one, other)| {
        let rights = rights(&one);
        (Just(one), Just(other), rights)
    })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn permitted_groups_change_nothing_beyond_the_rights((one, other, rights) in wardrobes_and_rights()) {
        let group = one.diff(&other);
        if parts_beyond(&one, &rights) != parts_beyond(&other, &rights) {
            prop_assert!(rights.permit(&group).is_err(), "{rights:?}: {group:?}");
        }
    }

    #[test]
    fn changes_within_the_rights_are_permitted_and_can_be_undone(
        (one, _, rights) in wardrobes_and_rights(), new in hat_id(), attachment in attachment(), affiliation in affiliation()
    ) {
        let mut rights = rights;
        if let Some(hats) = &mut rights.only_hats {
            hats.insert(new.clone());
        }
        let next = changed(&one, &rights, (&new, &attachment), affiliation);
        let group = one.diff(&next);
        prop_assert!(rights.permit(&group).is_ok(), "{:?}: {rights:?}: {group:?}", rights.permit(&group));
        prop_assert!(rights.permit(&group.inverse()).is_ok());
        prop_assert_eq!(parts_beyond(&one, &rights), parts_beyond(&next, &rights));
    }
}

#[test]
fn a_group_is_refused_as_a_whole() {
    let jid = |text: &str| Jid::parse(text).unwrap();
    let (room, user) = (jid("r@c.example"), jid("kim@example.org"));
    let (mine, other) = (HatId::unchecked("urn:x:mine"), HatId::unchecked("urn:x:other"));
    let mut wardrobe = Wardrobe::default();
    wardrobe.add_room(&room, Some("Room")).unwrap();
    wardrobe
        .set_affiliation(&user, &room, Affiliation::Member)
        .unwrap();
    let rights = Rights {
        only_hats: Some([mine.clone()].into()),
        no_affiliations: false,
    };
    let mut group = wardrobe
        .add_user_hat(&user, &room, &mine, Attachment::default())
        .unwrap();
    assert!(rights.permit(&group).is_ok());
    group.0.extend(
        wardrobe
            .add_user_hat(&user, &room, &other, Attachment::default())
            .unwrap()
            .0,
    );
    assert_eq!(
        rights.permit(&group).unwrap_err().to_string(),
        "this session may only change the hat urn:x:mine; this would change the hat urn:x:other"
    );
    // Removing the user would also remove the other hat, and removing the room more than hats.
    let removal = wardrobe
        .clone()
        .set_affiliation(&user, &room, Affiliation::None)
        .unwrap();
    assert!(rights.permit(&removal).is_err());
    let removal = wardrobe.clone().remove_room(&room).unwrap();
    assert!(rights.permit(&removal).is_err());
    let rename = wardrobe.rename_room(&room, None).unwrap();
    assert!(rights.permit(&rename).is_err());
    let no_affiliations = Rights {
        only_hats: None,
        no_affiliations: true,
    };
    assert!(no_affiliations.permit(&rename).is_ok());
    assert!(no_affiliations.permit(&group).is_ok());
    assert!(no_affiliations.permit(&removal).is_err());
}
