//! The outbox under random histories: commits, another writer, answers that are lost, sessions that crash, servers that
//! fall over and lose what they acknowledged.

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

    /// What this account committed and nobody else touched is on the server in the end, whatever was lost on the way; what
    /// only others changed is in the file; and no question is asked of anybody about what only they changed.
    #[test]
    fn no_change_is_lost_or_undone(
        class in select(ALL.to_vec()), ops in prop::collection::vec(op(), 0..30),
    ) {
        let mut world = begun(class);
        let mut wanted = BTreeMap::new();
        let mut given = BTreeMap::new();
        for op in &ops {
            world.step(op);
            let sides = &world.session.sides;
            match op {
                Op::Mine((user, id, _), _) => {
                    let item = item(user, id);
                    let value = local_value(class, sides.local().unwrap(), &item);
                    wanted.insert(item, value);
                }
                Op::Theirs((user, id, _)) => {
                    let item = item(user, id);
                    given.insert(item.clone(), sides.remote.value(&item));
                }
                _ => {}
            }
        }
        world.rest();
        let sides = &world.session.sides;
        for (item, value) in wanted.iter().filter(|(item, _)| !world.theirs.contains(item)) {
            let asked = matches!(world.session.outbox.state(item), Some(SendState::Changed { .. }));
            prop_assert!(!asked, "{:?}: {:?}", item, world.session.outbox);
            prop_assert_eq!(&local_value(class, sides.local().unwrap(), item), value, "{:?} here", item);
            prop_assert_eq!(&sides.remote.value(item), value, "{:?} there", item);
        }
        for (item, value) in given.iter().filter(|(item, _)| !world.mine.contains(item)) {
            prop_assert_eq!(&sides.remote.value(item), value, "{:?} there", item);
            prop_assert_eq!(&local_value(class, sides.local().unwrap(), item), value, "{:?} here", item);
        }
        let open = sides.merge().lines.iter().filter(|line| line.decision != Decision::Skip).count();
        prop_assert_eq!(open, 0);
    }
}
