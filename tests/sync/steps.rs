//! What people do to a room, here and on the server, at random.

use std::collections::BTreeMap;

use hatrack::model::Affiliation;
use hatrack::sync::{Item, ItemValue, ServerClass, local_value};
use proptest::prelude::*;
use proptest::sample::select;

use crate::sides::*;

pub(crate) const USERS: [&str; 4] = ["ann", "bob", "cem", "dee"];
pub(crate) const HATS: [&str; 3] = ["t", "s", "u"];

/// A change that somebody makes, here or on the server.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    User(&'static str, Affiliation),
    Hat(&'static str, &'static str, Option<&'static str>),
    Entry(&'static str, Option<&'static str>),
    Name(Option<&'static str>),
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
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

pub(crate) fn here(sides: &mut Sides, step: &Step) {
    match step {
        Step::User(user, affiliation) => drop(Some(sides.local_user(user, *affiliation).class)),
        // The operations give hats to the affiliated only.
        Step::Hat(user, hat, text) => {
            if text.is_none()
                || sides
                    .here(user)
                    .is_some_and(|user| user.affiliation.is_affiliated())
            {
                sides.local_hat(user, hat, *text);
            }
        }
        Step::Entry(id, title) => {
            if title.is_some() || sides.local().unwrap().catalog.contains_key(&hat(id)) {
                sides.local_entry(id, title.map(|title| entry(title, Some("120"))));
            }
        }
        Step::Name(name) => drop(sides.file.rename_room(&room(), *name).unwrap()),
    }
}

pub(crate) fn there(sides: &mut Sides, step: &Step) {
    let class = sides.class;
    match step {
        Step::User(user, affiliation) => drop(Some(sides.remote_user(user, *affiliation).class)),
        Step::Hat(user, hat, text) => {
            let known = sides.remote.users.contains_key(&jid(user));
            let titled = class != E1 || text.is_none_or(|text| text.contains(' '));
            if (known || class != P) && titled {
                sides.remote_hat(user, hat, *text);
            }
        }
        Step::Entry(id, Some(title)) if class == E2 => {
            sides.remote_entry(id, Some(hatrack::sync::CatalogValue::new(title, Some("120"))));
        }
        Step::Entry(id, None) if class == E2 => {
            // Destroying an entry takes the hat from all who have it.
            sides.remote_entry(id, None);
            for user in USERS {
                sides.remote_hat(user, id, None);
            }
        }
        Step::Entry(..) => {}
        Step::Name(name) => sides.remote.name = name.map(Into::into),
    }
}

pub(crate) fn class() -> impl Strategy<Value = ServerClass> {
    select(ALL.to_vec())
}

/// Both sides begin with the same; then each is changed.
pub(crate) fn begun(class: ServerClass, common: &[Step], manage: bool) -> Sides {
    let sides = Sides::known(class, |sides| {
        for step in common {
            here(sides, step);
            there(sides, step);
        }
    });
    if manage { sides.managed() } else { sides }
}

pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..most)
}

/// All that both sides have, as the server would hold it.
pub(crate) fn items(sides: &Sides) -> BTreeMap<Item, [Option<ItemValue>; 3]> {
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

/// Both sides as they are known, and then changed by us and by them.
pub(crate) fn changed(
    class: ServerClass,
    common: &[Step],
    manage: bool,
    ours: &[Step],
    theirs: &[Step],
) -> Sides {
    let mut sides = begun(class, common, manage);
    for step in ours {
        here(&mut sides, step);
    }
    for step in theirs {
        there(&mut sides, step);
    }
    sides
}
