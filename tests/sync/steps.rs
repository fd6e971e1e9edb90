//! Random changes of a room in the file and on the server.

use std::collections::BTreeMap;

use hatrack::model::Affiliation;
use hatrack::sync::{Item, ItemValue, ServerClass, local_value};
use proptest::prelude::*;
use proptest::sample::select;

use crate::sides::*;

pub(crate) const USERS: [&str; 4] = ["ann", "bob", "cem", "dee"];
pub(crate) const HATS: [&str; 3] = ["t", "s", "u"];

/// A change in the file or on the server.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    User(&'static str, Affiliation),
    Hat(&'static str, &'static str, Option<&'static str>),
    Entry(&'static str, Option<&'static str>),
    Name(Option<&'static str>),
}

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    let user = || select(USERS.to_vec());
    let hat = || select(HATS.to_vec());
    let text = select(vec![
        None,
        Some("a T"),
        Some("a S"),
        Some("ar T"),
        Some(" T"),
        Some("a"),
        Some("r"),
    ]);
    let affiliation = select(vec![
        Affiliation::Member,
        Affiliation::Member,
        Affiliation::Admin,
        Affiliation::Outcast,
        Affiliation::None,
    ]);
    prop_oneof![
        2 => (user(), affiliation).prop_map(|(user, affiliation)| Step::User(user, affiliation)),
        6 => (user(), hat(), text).prop_map(|(user, hat, text)| Step::Hat(user, hat, text)),
        1 => (hat(), select(vec![None, Some("T"), Some("S")])).prop_map(|(hat, title)| Step::Entry(hat, title)),
        1 => select(vec![None, Some("Courses"), Some("Lessons")]).prop_map(Step::Name),
    ]
}

/// Makes a change in the file, as far as it is possible there.
pub(crate) fn change_locally(sides: &mut Sides, step: &Step) {
    match step {
        Step::User(user, affiliation) => drop(Some(sides.set_local_user(user, *affiliation).class)),
        // hatrack adds hats only to users with an affiliation.
        Step::Hat(user, hat, text) => {
            if text.is_none()
                || sides
                    .user_in_file(user)
                    .is_some_and(|user| user.affiliation.is_affiliated())
            {
                sides.set_local_hat(user, hat, *text);
            }
        }
        Step::Entry(id, title) => {
            if title.is_some() || sides.local().unwrap().catalog.contains_key(&hat(id)) {
                sides.set_local_entry(id, title.map(|title| entry(title, Some("120"))));
            }
        }
        Step::Name(name) => drop(sides.file.rename_room(&room(), *name).unwrap()),
    }
}

/// Makes a change on the server, as far as it is possible there.
pub(crate) fn change_remotely(sides: &mut Sides, step: &Step) {
    let class = sides.class;
    match step {
        Step::User(user, affiliation) => drop(Some(sides.set_remote_user(user, *affiliation).class)),
        Step::Hat(user, hat, text) => {
            let is_listed = sides.remote.users.contains_key(&jid(user));
            let has_title = class != EJABBERD_OLD || text.is_none_or(|text| text.contains(' '));
            if (is_listed || class != PROSODY) && has_title {
                sides.set_remote_hat(user, hat, *text);
            }
        }
        Step::Entry(id, Some(title)) if class == EJABBERD_CATALOG => {
            sides.set_remote_entry(id, Some(hatrack::sync::CatalogValue::new(title, Some("120"))));
        }
        Step::Entry(id, None) if class == EJABBERD_CATALOG => {
            // Removing an entry also removes the hat from all users.
            sides.set_remote_entry(id, None);
            for user in USERS {
                sides.set_remote_hat(user, id, None);
            }
        }
        Step::Entry(..) => {}
        Step::Name(name) => sides.remote.name = name.map(Into::into),
    }
}

pub(crate) fn any_class() -> impl Strategy<Value = ServerClass> {
    select(CLASSES.to_vec())
}

/// A compared room for which the same steps were taken on both sides. `manage`: whether changed affiliations are sent.
pub(crate) fn compared_sides(class: ServerClass, common: &[Step], manage: bool) -> Sides {
    let sides = Sides::compared(class, |sides| {
        for step in common {
            change_locally(sides, step);
            change_remotely(sides, step);
        }
    });
    if manage {
        sides.with_managed_affiliations()
    } else {
        sides
    }
}

/// Fewer than `limit` random steps.
pub(crate) fn any_steps(limit: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any_step(), 0..limit)
}

/// The values of all possible items in the base, in the file and on the server, in the form that the server stores.
pub(crate) fn all_items(sides: &Sides) -> BTreeMap<Item, [Option<ItemValue>; 3]> {
    let mut all = std::collections::BTreeSet::new();
    for user in USERS {
        all.insert(Item::Affiliation { user: jid(user) });
        for id in HATS {
            all.insert(Item::Hat {
                user: jid(user),
                hat: hat(id),
            });
        }
    }
    all.extend(HATS.map(|id| Item::Catalog { hat: hat(id) }));
    let value = |item: Item| {
        let base = sides.base.as_ref().and_then(|base| base.value(&item));
        let local = local_value(sides.class, sides.local().unwrap(), &item);
        let remote = sides.remote.value(&item);
        (item, [base, local, remote])
    };
    all.into_iter().map(value).collect()
}

/// Like [`compared_sides`], then changed in the file (`ours`) and on the server (`theirs`).
pub(crate) fn changed_sides(
    class: ServerClass,
    common: &[Step],
    manage: bool,
    ours: &[Step],
    theirs: &[Step],
) -> Sides {
    let mut sides = compared_sides(class, common, manage);
    for step in ours {
        change_locally(&mut sides, step);
    }
    for step in theirs {
        change_remotely(&mut sides, step);
    }
    sides
}
