//! A simulated server of each class: what it does with a change, as the real ones were seen to do.

use hatrack::model::Affiliation;
use hatrack::sync::{
    Condition, Item, ItemChange, ItemOutcome, ItemValue, Refusal, RemoteRoom, RemoteUser, ServerClass,
};

/// Makes a change where the server has what is expected.
pub(crate) fn apply(room: &mut RemoteRoom, class: ServerClass, change: &ItemChange) -> ItemOutcome {
    let saved = class == ServerClass::Prosody;
    let actual = room.value(&change.item);
    if actual == change.wanted {
        return ItemOutcome::Done { saved };
    }
    let hats_differ = || {
        let expected = change.expected_hats.as_ref();
        let there = change.item.user().and_then(|user| room.users.get(user));
        expected.is_some_and(|expected| there.is_none_or(|there| there.hats != *expected))
    };
    if actual != change.expected || hats_differ() {
        return ItemOutcome::Changed { actual };
    }
    let refused = |condition| ItemOutcome::Refused(Refusal::new(condition));
    match (&change.item, &change.wanted) {
        (Item::Catalog { .. }, _) if !class.holds_catalog() => {
            return refused(Condition::FeatureNotImplemented);
        }
        (Item::Catalog { hat }, None) => {
            assert!(
                !room.users.values().any(|user| user.hats.contains_key(hat)),
                "an entry was removed that users have"
            );
            room.catalog.remove(hat);
        }
        (Item::Catalog { hat }, Some(ItemValue::Catalog(entry))) => {
            if entry.title.is_none() || hat.as_str().is_empty() {
                return refused(Condition::NotAcceptable);
            }
            room.catalog.insert(hat.clone(), entry.clone());
        }
        (Item::Affiliation { user }, value) => {
            let there = room.users.entry(user.clone()).or_default();
            there.affiliation = match value {
                Some(ItemValue::Affiliation(affiliation)) => *affiliation,
                _ => Affiliation::None,
            };
            if there.affiliation == Affiliation::None && class.removes_hats_with_affiliation() {
                there.hats.clear();
            }
        }
        (Item::Hat { user, hat }, None) => {
            if let Some(there) = room.users.get_mut(user) {
                there.hats.remove(hat);
            }
        }
        (Item::Hat { user, hat }, Some(ItemValue::Hat(value))) => {
            assert_eq!(
                class.normal_hat(value).as_ref(),
                Some(value),
                "what cannot be held was sent"
            );
            let wearers = room.users.values().filter(|user| !user.hats.is_empty()).count();
            let there = room.users.entry(user.clone()).or_default();
            if there.affiliation == Affiliation::None && !class.allows_unaffiliated() {
                return refused(Condition::ItemNotFound);
            }
            if let Some(limits) = class.limits()
                && !there.hats.contains_key(hat)
                && (there.hats.len() >= limits.hats_of_user
                    || there.hats.is_empty() && wearers >= limits.users_with_hats)
            {
                return refused(Condition::NotAllowed);
            }
            if class.needs_title() && class.holds_own_titles() && value.title.is_none() {
                return refused(Condition::NotAcceptable);
            }
            there.hats.insert(hat.clone(), value.clone());
        }
        (item, value) => panic!("{item:?} is not {value:?}"),
    }
    room.users.retain(|_, user| *user != RemoteUser::default());
    ItemOutcome::Done { saved }
}
