//! How servers of each class apply changes. Real servers were observed to behave like this.

use hatrack::model::Affiliation;
use hatrack::sync::{
    Condition, Item, ItemChange, ItemOutcome, ItemValue, Refusal, RemoteRoom, RemoteUser, ServerClass,
};

/// Applies a change if the server has the expected value, and returns the outcome.
///
/// Panics if hatrack should not have sent the change.
pub(crate) fn apply(room: &mut RemoteRoom, class: ServerClass, change: &ItemChange) -> ItemOutcome {
    let saved = class == ServerClass::Prosody;
    let actual = room.value(&change.item);
    if actual == change.wanted {
        return ItemOutcome::Done { saved };
    }
    let hats_differ = || {
        let expected = change.expected_hats.as_ref();
        let remote_user = change.item.user().and_then(|user| room.users.get(user));
        expected.is_some_and(|expected| remote_user.is_none_or(|remote_user| remote_user.hats != *expected))
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
                "the entry of a hat that users have was removed"
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
            let remote_user = room.users.entry(user.clone()).or_default();
            remote_user.affiliation = match value {
                Some(ItemValue::Affiliation(affiliation)) => *affiliation,
                _ => Affiliation::None,
            };
            if remote_user.affiliation == Affiliation::None && class.removes_hats_with_affiliation() {
                remote_user.hats.clear();
            }
        }
        (Item::Hat { user, hat }, None) => {
            if let Some(remote_user) = room.users.get_mut(user) {
                remote_user.hats.remove(hat);
            }
        }
        (Item::Hat { user, hat }, Some(ItemValue::Hat(value))) => {
            assert_eq!(
                class.normal_hat(value).as_ref(),
                Some(value),
                "a hat was sent that the server cannot store"
            );
            let users_with_hats = room.users.values().filter(|user| !user.hats.is_empty()).count();
            let remote_user = room.users.entry(user.clone()).or_default();
            if remote_user.affiliation == Affiliation::None && !class.allows_unaffiliated() {
                return refused(Condition::ItemNotFound);
            }
            if let Some(limits) = class.limits()
                && !remote_user.hats.contains_key(hat)
                && (remote_user.hats.len() >= limits.hats_of_user
                    || remote_user.hats.is_empty() && users_with_hats >= limits.users_with_hats)
            {
                return refused(Condition::NotAllowed);
            }
            if class.needs_title() && class.holds_own_titles() && value.title.is_none() {
                return refused(Condition::NotAcceptable);
            }
            remote_user.hats.insert(hat.clone(), value.clone());
        }
        (item, value) => panic!("{item:?} is not {value:?}"),
    }
    room.users.retain(|_, user| *user != RemoteUser::default());
    ItemOutcome::Done { saved }
}
