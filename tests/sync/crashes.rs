//! The outbox in random histories: commits, changes of others, lost answers, sessions that crash, and servers that
//! crash and lose changes that they have acknowledged.

use std::collections::BTreeMap;

use hatrack::sync::{Decision, SendState, local_value};
use proptest::prelude::*;
use proptest::sample::select;

use crate::faults::*;
use crate::session::*;
use crate::sides::*;
use crate::support::cases;

proptest! {
    #![proptest_config(cases(300))]

    /// In the end, both sides have the changes of items that only this account changed, without a conflict. Likewise,
    /// both sides have the changes of items that only others changed.
    #[test]
    fn no_change_is_lost_or_reverted(
        class in select(CLASSES.to_vec()), ops in prop::collection::vec(any_op(), 0..30),
    ) {
        let mut world = create_world(class);
        let mut committed = BTreeMap::new();
        let mut changed_remotely = BTreeMap::new();
        for op in &ops {
            world.step(op);
            let sides = &world.session.sides;
            match op {
                Op::Commit((user, id, _), _) => {
                    let item = item(user, id);
                    let value = local_value(class, sides.local().unwrap(), &item);
                    committed.insert(item, value);
                }
                Op::ChangeRemotely((user, id, _)) => {
                    let item = item(user, id);
                    changed_remotely.insert(item.clone(), sides.remote.value(&item));
                }
                _ => {}
            }
        }
        world.finish();
        let sides = &world.session.sides;
        for (item, value) in committed.iter().filter(|(item, _)| !world.changed_by_others.contains(item)) {
            let is_conflict = matches!(world.session.outbox.state(item), Some(SendState::Changed { .. }));
            prop_assert!(!is_conflict, "{:?}: {:?}", item, world.session.outbox);
            prop_assert_eq!(&local_value(class, sides.local().unwrap(), item), value, "{:?} in the file", item);
            prop_assert_eq!(&sides.remote.value(item), value, "{:?} on the server", item);
        }
        let by_others_only = changed_remotely.iter().filter(|(item, _)| !world.changed_by_account.contains(item));
        for (item, value) in by_others_only {
            prop_assert_eq!(&sides.remote.value(item), value, "{:?} on the server", item);
            prop_assert_eq!(&local_value(class, sides.local().unwrap(), item), value, "{:?} in the file", item);
        }
        let proposals = sides.merge().lines.iter().filter(|line| line.decision != Decision::Skip).count();
        prop_assert_eq!(proposals, 0);
    }
}
