//! What holds for all rooms, servers and histories.

use std::sync::Arc;

use hatrack::sync::{Base, Decision, Item, MergeOptions, Prefer, RemoteRoom, RoomRead, Subject, merge};
use proptest::prelude::*;

use crate::sides::*;
use crate::steps::*;
use crate::support::cases;

proptest! {
    #![proptest_config(cases(400))]

    /// What is proposed, done; then nothing more is proposed, whatever was there before. But an entry that hats implied is
    /// there only then, and received where a user has the hat without a title.
    #[test]
    fn merging_twice_is_idempotent(
        class in class(), manage in any::<bool>(), known in any::<bool>(),
        common in steps(12), ours in steps(6), theirs in steps(6),
    ) {
        let mut sides = changed(class, &common, manage, &ours, &theirs);
        if !known {
            sides.base = None;
        }
        let mut plan = sides.merge();
        for _ in 0..=usize::from(plan.lines.iter().any(|line| line.implied)) {
            sides.receive(&plan);
            sides.send(&plan);
            sides.settle();
            plan = sides.merge();
        }
        let again = sides.merge();
        let left: Vec<String> = again.lines.iter().filter(|line| line.decision != Decision::Skip).map(words).collect();
        prop_assert_eq!(left, Vec::<String>::new(), "{:?}", sides);
        prop_assert!(again.edits_to_receive(sides.local()).is_empty());
        let base = sides.base.clone();
        sides.settle();
        prop_assert_eq!(&sides.base, &base);
        let bytes = base.as_ref().unwrap().to_bytes();
        prop_assert_eq!(Base::read(&bytes, &room()).ok(), base);
    }

    /// Whatever only one side changed is on both sides after, or is still a line of the plan, or is where it was; and
    /// what nobody changed is as it was.
    #[test]
    fn one_sided_changes_never_disappear(
        class in class(), manage in any::<bool>(),
        common in steps(12), ours in steps(6), theirs in steps(6),
    ) {
        let mut sides = changed(class, &common, manage, &ours, &theirs);
        let before = items(&sides);
        let plan = sides.merge();
        sides.receive(&plan);
        sides.send(&plan);
        for (item, [_, l, r]) in items(&sides) {
            let [b, had_l, had_r] = &before[&item];
            // DefineOutcome because a hat that was sent needs it.
            let implied = |line: &hatrack::sync::Line| line.implied && line.subject == Subject::Item(item.clone());
            if plan.first_contact || plan.lines.iter().any(implied) {
                continue;
            }
            if had_l == b && had_r != b {
                prop_assert!(r == *had_r, "{:?} was changed there, and undone: {:?}", item, plan.lines);
            }
            if had_r == b && had_l != b {
                // Hats of a user who was removed there go with them only where nothing of theirs was changed here.
                prop_assert!(l == *had_l, "{:?} was changed here, and undone: {:?}", item, plan.lines);
            }
            if had_l == b && had_r == b {
                prop_assert!(l == *had_l && r == *had_r, "{:?} was changed by nobody", item);
            }
        }
        for line in &plan.lines {
            prop_assert!(line.base != line.local || line.local != line.remote, "{:?}", line);
        }
    }

    /// A plan of which nothing is chosen does nothing; whatever is chosen is allowed to be done by the server.
    #[test]
    fn any_choice_can_be_applied(
        class in class(), manage in any::<bool>(), known in any::<bool>(),
        common in steps(12), ours in steps(6), theirs in steps(6), choice in prop::collection::vec(0..3_usize, 40),
    ) {
        let mut sides = changed(class, &common, manage, &ours, &theirs);
        if !known {
            sides.base = None;
        }
        let mut plan = sides.merge();
        for (number, choice) in choice.iter().enumerate() {
            plan.decide(number, [Decision::Send, Decision::Receive, Decision::Skip][*choice]);
        }
        sides.receive(&plan);
        sides.send(&plan); // asserts that the server takes all of it
        sides.settle();
        let again = sides.merge();
        prop_assert!(again.lines.iter().all(|line| line.subject != Subject::Name || line.decision != Decision::Send));
    }

    /// Two files and one server: changed at random, synchronized at random, conflicts chosen; then all agree.
    #[test]
    fn two_files_converge_through_one_server(
        class in class(),
        runs in prop::collection::vec((0..3_usize, step(), any::<bool>(), any::<bool>()), 0..30),
    ) {
        let mut first = begun(class, &[], true);
        let mut second = begun(class, &[], true);
        for (who, step, sync, local) in &runs {
            match who {
                0 => here(&mut first, step),
                1 => here(&mut second, step),
                _ => {
                    there(&mut first, step);
                    second.remote = first.remote.clone();
                }
            }
            if *sync {
                let file = if *local { &mut first } else { &mut second };
                round(file, *local);
                let remote = file.remote.clone();
                (first.remote, second.remote) = (remote.clone(), remote);
            }
        }
        let mut rounds = 0;
        loop {
            let before = first.remote.clone();
            let mut quiet = !round(&mut first, false);
            second.remote = first.remote.clone();
            quiet &= !round(&mut second, false);
            first.remote = second.remote.clone();
            if quiet && before == first.remote {
                break;
            }
            rounds += 1;
            prop_assert!(rounds < 8, "they never agree: {:?}\n{:?}", first.lines(), second.lines());
        }
        // What is left is left out by rule, or offered, and nothing else differs.
        for sides in [&first, &second] {
            for line in &sides.merge().lines {
                prop_assert!(line.reason.is_some(), "{:?}", line);
            }
        }
        let held = |sides: &Sides| {
            let lines = sides.merge().lines;
            let open = move |item: &Item| lines.iter().any(|line| match &line.subject {
                Subject::Item(there) => there == item,
                Subject::User(user) => item.user() == Some(user),
                Subject::Name => false,
            });
            let values = items(sides).into_iter().filter(move |(item, _)| !open(item));
            values.map(|(item, [_, l, r])| (item, l, r)).collect::<Vec<_>>()
        };
        for (item, l, r) in held(&first).into_iter().chain(held(&second)) {
            // An entry that users' hats imply is not in the file.
            if !matches!(item, Item::Catalog { .. }) {
                prop_assert_eq!(l, r, "{:?}", item);
            }
        }
    }
}

/// Synchronizes a file with the server, choosing a side of what both changed; gives whether anything was done.
fn round(sides: &mut Sides, local: bool) -> bool {
    let mut plan = sides.merge();
    plan.prefer(if local { Prefer::Local } else { Prefer::Server });
    let received = sides.receive(&plan);
    let sent = sides.send(&plan);
    sides.settle();
    !received.is_empty() || !sent.is_empty()
}

#[test]
fn parses_any_bytes() {
    proptest!(cases(200), |(bytes in prop::collection::vec(any::<u8>(), 0..200))| {
        let _ = Base::read(&bytes, &room());
    });
    let remote = Arc::new(RemoteRoom::default());
    let plan = merge(
        &room(),
        Ok(None),
        None,
        &RoomRead::Read(remote),
        P,
        &MergeOptions::default(),
    );
    assert!(plan.lines.is_empty());
}
