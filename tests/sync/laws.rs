//! Properties that hold for all rooms, servers and sequences of changes.

use std::sync::Arc;

use hatrack::sync::{Base, Decision, Item, MergeOptions, Prefer, RemoteRoom, RoomRead, Subject, merge};
use proptest::prelude::*;

use crate::sides::*;
use crate::steps::*;
use crate::support::cases;

proptest! {
    #![proptest_config(cases(400))]

    /// After the proposals of a plan were carried out, the next plan has no proposals. If entries are implied, a second
    /// plan is needed: an entry that was sent is received if a user has the hat without a title.
    #[test]
    fn merging_twice_is_idempotent(
        class in any_class(), manage in any::<bool>(), has_base in any::<bool>(),
        common in any_steps(12), ours in any_steps(6), theirs in any_steps(6),
    ) {
        let mut sides = changed_sides(class, &common, manage, &ours, &theirs);
        if !has_base {
            sides.base = None;
        }
        let mut plan = sides.merge();
        for _ in 0..=usize::from(plan.lines.iter().any(|line| line.implied)) {
            sides.receive(&plan);
            sides.send(&plan);
            sides.update_base();
            plan = sides.merge();
        }
        let proposals: Vec<String> =
            plan.lines.iter().filter(|line| line.decision != Decision::Skip).map(line_text).collect();
        prop_assert_eq!(proposals, Vec::<String>::new(), "{:?}", sides);
        prop_assert!(plan.edits_to_receive(sides.local()).is_empty());
        let base = sides.base.clone();
        sides.update_base();
        prop_assert_eq!(&sides.base, &base);
        let bytes = base.as_ref().unwrap().to_bytes();
        prop_assert_eq!(Base::read(&bytes, &room()).ok(), base);
    }

    /// Carrying out the proposals does not revert a change that only one side made, and does not change an item that
    /// neither side has changed.
    #[test]
    fn one_sided_changes_never_disappear(
        class in any_class(), manage in any::<bool>(),
        common in any_steps(12), ours in any_steps(6), theirs in any_steps(6),
    ) {
        let mut sides = changed_sides(class, &common, manage, &ours, &theirs);
        let before = all_items(&sides);
        let plan = sides.merge();
        sides.receive(&plan);
        sides.send(&plan);
        for (item, [_, local, remote]) in all_items(&sides) {
            let [base, local_before, remote_before] = &before[&item];
            // An implied entry is defined because a hat that is sent needs it.
            let is_implied = |line: &hatrack::sync::Line| line.implied && line.subject == Subject::Item(item.clone());
            if plan.is_first_comparison || plan.lines.iter().any(is_implied) {
                continue;
            }
            if local_before == base && remote_before != base {
                prop_assert!(remote == *remote_before, "change on the server reverted: {:?} {:?}", item, plan.lines);
            }
            if remote_before == base && local_before != base {
                prop_assert!(local == *local_before, "change in the file reverted: {:?} {:?}", item, plan.lines);
            }
            if local_before == base && remote_before == base {
                prop_assert!(local == *local_before && remote == *remote_before, "neither side changed {:?}", item);
            }
        }
        for line in &plan.lines {
            prop_assert!(line.base != line.local || line.local != line.remote, "{:?}", line);
        }
    }

    /// With any decisions that the lines allow, the server makes all changes that the plan sends.
    #[test]
    fn any_choice_can_be_applied(
        class in any_class(), manage in any::<bool>(), has_base in any::<bool>(),
        common in any_steps(12), ours in any_steps(6), theirs in any_steps(6),
        choice in prop::collection::vec(0..3_usize, 40),
    ) {
        let mut sides = changed_sides(class, &common, manage, &ours, &theirs);
        if !has_base {
            sides.base = None;
        }
        let mut plan = sides.merge();
        for (number, choice) in choice.iter().enumerate() {
            plan.decide(number, [Decision::Send, Decision::Receive, Decision::Skip][*choice]);
        }
        sides.receive(&plan);
        sides.send(&plan); // asserts that the server makes all changes
        sides.update_base();
        let next_plan = sides.merge();
        let sends_name = |line: &hatrack::sync::Line| line.subject == Subject::Name && line.decision == Decision::Send;
        prop_assert!(!next_plan.lines.iter().any(sends_name));
    }

    /// Two files and one server are changed and synchronized at random, and conflicts are resolved. In the end, all
    /// agree.
    #[test]
    fn two_files_converge_through_one_server(
        class in any_class(),
        runs in prop::collection::vec((0..3_usize, any_step(), any::<bool>(), any::<bool>()), 0..30),
    ) {
        let mut first = compared_sides(class, &[], true);
        let mut second = compared_sides(class, &[], true);
        for (place, step, synchronizes, is_first) in &runs {
            match place {
                0 => change_locally(&mut first, step),
                1 => change_locally(&mut second, step),
                _ => {
                    change_remotely(&mut first, step);
                    second.remote = first.remote.clone();
                }
            }
            if *synchronizes {
                let file = if *is_first { &mut first } else { &mut second };
                synchronize(file, *is_first);
                let remote = file.remote.clone();
                (first.remote, second.remote) = (remote.clone(), remote);
            }
        }
        let mut rounds = 0;
        loop {
            let before = first.remote.clone();
            let mut is_unchanged = !synchronize(&mut first, false);
            second.remote = first.remote.clone();
            is_unchanged &= !synchronize(&mut second, false);
            first.remote = second.remote.clone();
            if is_unchanged && before == first.remote {
                break;
            }
            rounds += 1;
            prop_assert!(rounds < 8, "no agreement: {:?}\n{:?}", first.lines(), second.lines());
        }
        // All remaining lines are left out or only offered, with a reason.
        for sides in [&first, &second] {
            for line in &sides.merge().lines {
                prop_assert!(line.reason.is_some(), "{:?}", line);
            }
        }
        // All other items are equal in each file and on the server.
        let items_without_line = |sides: &Sides| {
            let lines = sides.merge().lines;
            let has_line = move |item: &Item| lines.iter().any(|line| match &line.subject {
                Subject::Item(other) => other == item,
                Subject::User(user) => item.user() == Some(user),
                Subject::Name => false,
            });
            let values = all_items(sides).into_iter().filter(move |(item, _)| !has_line(item));
            values.map(|(item, [_, local, remote])| (item, local, remote)).collect::<Vec<_>>()
        };
        for (item, local, remote) in items_without_line(&first).into_iter().chain(items_without_line(&second)) {
            // An implied entry is not in the file.
            if !matches!(item, Item::Catalog { .. }) {
                prop_assert_eq!(local, remote, "{:?}", item);
            }
        }
    }
}

/// Synchronizes a file with the server, and resolves conflicts with the value of the file or of the server. Returns
/// whether anything was received or sent.
fn synchronize(sides: &mut Sides, prefers_file: bool) -> bool {
    let mut plan = sides.merge();
    plan.prefer(if prefers_file {
        Prefer::Local
    } else {
        Prefer::Server
    });
    let received = sides.receive(&plan);
    let sent = sides.send(&plan);
    sides.update_base();
    !received.is_empty() || !sent.is_empty()
}

#[test]
fn any_bytes_can_be_read_as_a_base_without_a_panic() {
    proptest!(cases(200), |(bytes in prop::collection::vec(any::<u8>(), 0..200))| {
        let _ = Base::read(&bytes, &room());
    });
    let remote = Arc::new(RemoteRoom::default());
    let plan = merge(
        &room(),
        Ok(None),
        None,
        &RoomRead::Read(remote),
        PROSODY,
        &MergeOptions::default(),
    );
    assert!(plan.lines.is_empty());
}
