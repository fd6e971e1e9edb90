//! Decisions about the lines of a plan, the guard against removals of many hats, and the items that a commit changes.

use hatrack::model::{Affiliation, EditGroup};
use hatrack::sync::{
    Decision, GUARD_USERS, Item, Prefer, ReadMark, Reason, RemovalGuard, changed_items,
    count_users_losing_hats,
};

use crate::sides::*;

#[test]
fn each_line_can_be_skipped() {
    let mut sides = Sides::compared(PROSODY, |sides| {
        sides.add_member("terry", &[]);
    });
    sides
        .set_local_hat("terry", "t", Some("a"))
        .set_remote_hat("terry", "s", Some("a"));
    let mut plan = sides.merge();
    assert!(plan.decide(0, Decision::Skip) && plan.decide(1, Decision::Skip));
    assert!(plan.sending().changes.is_empty() && plan.edits_to_receive(sides.local()).is_empty());
    assert!(
        !plan.decide(0, Decision::Send),
        "a change on the server cannot be sent back"
    );
    assert!(!plan.decide(2, Decision::Skip), "the plan has only two lines");
    assert_eq!(plan.counts().skipped, 2);
}

#[test]
fn preferred_side_applies_to_conflicts_only() {
    for (side, expected_title) in [(Prefer::Local, "Here"), (Prefer::Server, "There")] {
        let mut sides = Sides::compared(PROSODY, |sides| {
            sides
                .add_member("terry", &[("t", "a T"), ("s", "a S")])
                .set_both_user("ann", Affiliation::Member);
        });
        sides
            .set_local_hat("terry", "t", Some("a Here"))
            .set_remote_hat("terry", "t", Some("a There"));
        sides.set_local_hat("terry", "s", Some("a Mine"));
        sides
            .set_local_user("ann", Affiliation::Admin)
            .set_remote_user("ann", Affiliation::Owner);
        let mut plan = sides.merge();
        plan.prefer(side);
        sides.receive(&plan);
        sides.send(&plan);
        let titles = |user: &str, id: &str| {
            let remote = sides.remote.users[&jid(user)].hats[&hat(id)].title.clone();
            (sides.hat_in_file(user, id).unwrap().title.clone(), remote)
        };
        assert_eq!(
            titles("terry", "t"),
            (Some(expected_title.into()), Some(expected_title.into()))
        );
        assert_eq!(titles("terry", "s"), (Some("Mine".into()), Some("Mine".into())));
        // The file's affiliation cannot be sent, so this conflict stays if the file is preferred.
        let ann = sides.user_in_file("ann").unwrap().affiliation;
        assert_eq!(
            ann,
            if side == Prefer::Local {
                Affiliation::Admin
            } else {
                Affiliation::Owner
            }
        );
        assert_eq!(sides.remote.users[&jid("ann")].affiliation, Affiliation::Owner);
    }
}

#[test]
fn receive_only_sends_nothing_and_replace_mirrors_the_server() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "T")
                .add_member("terry", &[("t", "a T"), ("i", " I")]);
        });
        sides
            .set_local_hat("terry", "t", None)
            .set_local_hat("terry", "new", Some("a New"));
        sides.set_local_user("ann", Affiliation::Member);
        let mut plan = sides.merge();
        plan.receive_only();
        assert!(plan.sending().changes.is_empty());
        plan.replace();
        assert!(plan.sending().changes.is_empty());
        let before = sides.remote.clone();
        sides.receive(&plan);
        assert_eq!(sides.lines(), [""; 0]);
        assert_eq!(sides.remote, before);
        assert_eq!(sides.user_in_file("ann"), None);
        assert!(sides.hat_in_file("terry", "t").is_some() && sides.hat_in_file("terry", "new").is_none());
        assert!(
            sides.hat_in_file("terry", "i").is_some(),
            "a hat that the server cannot store stays in the file"
        );
    }
}

#[test]
fn items_in_flight_or_changed_since_read_are_not_received() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "T")
                .set_both_entry("s", "S")
                .add_member("terry", &[("t", "a T"), ("s", "a S")]);
        });
        let (local_before, base_before) = (sides.local().unwrap().clone(), sides.base.clone());
        // A read that began before the removal of "t" was made, sent and confirmed still has "t". In addition, "s" was
        // removed on the server.
        let stale = sides.remote.clone();
        sides.set_local_hat("terry", "t", None);
        sides.carry_out();
        sides.remote = stale;
        sides.set_remote_hat("terry", "s", None);
        assert_eq!(
            sides.lines(),
            ["terry s: receive", "terry t: receive"],
            "without checking what has changed since the read"
        );
        let mark = |local, base| ReadMark { class, local, base };
        let then = mark(Some(&*local_before), base_before.as_ref());
        let now = sides.local().unwrap().clone();
        let now = mark(Some(&*now), sides.base.as_ref());
        let mut plan = sides.merge();
        plan.drop_lines(&|item| then.has_changed(&now, item));
        assert_eq!(
            plan.lines.iter().map(line_text).collect::<Vec<_>>(),
            ["terry s: receive"]
        );
        plan.drop_lines(&|item| item.hat() == Some(&hat("s")));
        assert!(plan.lines.is_empty());
        // The values of such items are not recorded in the base.
        let mut base = sides.base.clone().unwrap();
        sides.set_local_hat("terry", "t", Some("a T"));
        base.record_common_values(
            sides.local().unwrap(),
            &sides.remote,
            jiff::Timestamp::now(),
            &|item| item.hat() == Some(&hat("t")),
        );
        let item = Item::Hat {
            user: jid("terry"),
            hat: hat("t"),
        };
        assert_eq!(base.value(&item), None);
    }
}

/// A room in which this number of users, and one more called `keeps`, have the hat `t`.
fn room_with_users(users: usize) -> Sides {
    Sides::compared(PROSODY, |sides| {
        for number in 0..users {
            sides.add_member(&format!("u{number:02}"), &[("t", "a T")]);
        }
        sides.add_member("keeps", &[("t", "a T")]);
    })
}

/// Removes the hat `t` from these users on the server.
fn remove_remotely(sides: &mut Sides, users: std::ops::Range<usize>) {
    for number in users {
        sides.set_remote_hat(&format!("u{number:02}"), "t", None);
    }
}

#[test]
fn guard_holds_removals_from_the_21st_user_within_an_hour() {
    let mut guard = RemovalGuard::default();
    let mut sides = room_with_users(40);
    let mut held_at = |sides: &Sides, at: i64| {
        let mut plan = sides.merge();
        let held = guard.hold(&mut plan, sides.local().unwrap(), after_minutes(at));
        (held, plan)
    };
    remove_remotely(&mut sides, 0..15);
    let (held, plan) = held_at(&sides, 0);
    assert_eq!(held, 0);
    // The same users are not counted again.
    assert_eq!(held_at(&sides, 1).0, 0);
    sides.receive(&plan);
    sides.update_base();
    remove_remotely(&mut sides, 15..22);
    let (held, mut plan) = held_at(&sides, 59);
    assert_eq!((held, plan.counts().receive, plan.counts().held), (2, 5, 2));
    let lines: Vec<String> = plan.lines.iter().map(line_text).collect();
    assert_eq!(lines[5], "u20 t: receive (Held), not chosen");
    // Held removals are recorded in the base, so they stay held after the hour, until someone decides.
    let mut base = sides.base.clone().unwrap();
    base.held = plan.held();
    sides.base = Some(base);
    assert_eq!(sides.merge().counts().held, 2);
    assert!(!plan.accepts_removals());
    plan.accept_removals();
    assert!(plan.accepts_removals());
    assert_eq!((plan.counts().held, plan.held().len()), (0, 0));
    sides.receive(&plan);
    sides.update_base();
    // One hour after the first removals, those are no longer counted.
    remove_remotely(&mut sides, 22..38);
    let (held, _) = held_at(&sides, 61);
    assert_eq!(held, 16 - 15, "5 users of the last hour are still counted");
}

#[test]
fn replace_receives_only_the_removals_that_the_guard_does_not_hold() {
    let mut sides = room_with_users(22);
    remove_remotely(&mut sides, 0..22);
    sides.set_local_hat("keeps", "s", Some("a S"));
    for is_accepted in [false, true] {
        let mut plan = sides.merge();
        RemovalGuard::default().hold(&mut plan, sides.local().unwrap(), after_minutes(0));
        if is_accepted {
            plan.accept_removals();
        }
        plan.replace();
        let held = if is_accepted { 0 } else { 2 };
        assert_eq!((plan.counts().receive, plan.counts().held), (23 - held, held));
        assert_eq!(plan.held().len(), held);
        let mut after = sides.clone();
        after.receive(&plan);
        assert_eq!(after.hat_in_file("u21", "t").is_some(), !is_accepted);
        assert_eq!(
            after.hat_in_file("keeps", "s"),
            None,
            "a hat that is not on the server is removed"
        );
    }
}

#[test]
fn guard_holds_when_all_users_of_a_room_with_hats_lose_one() {
    for (users, held) in [(1, 0), (2, 3)] {
        let mut sides = room_with_users(users);
        remove_remotely(&mut sides, 0..users);
        sides.set_remote_hat("keeps", "t", None);
        let mut plan = sides.merge();
        let mut guard = RemovalGuard::default();
        assert_eq!(
            guard.hold(&mut plan, sides.local().unwrap(), after_minutes(0)),
            held,
            "{users}"
        );
    }
    // The guard also holds if the users lose their hats one after the other.
    let mut sides = room_with_users(2);
    let mut guard = RemovalGuard::default();
    for (number, expected) in [(0, 0), (1, 0)] {
        remove_remotely(&mut sides, number..number + 1);
        let mut plan = sides.merge();
        assert_eq!(
            guard.hold(&mut plan, sides.local().unwrap(), after_minutes(0)),
            expected
        );
        sides.receive(&plan);
        sides.update_base();
    }
    sides.set_remote_hat("keeps", "t", None);
    let mut plan = sides.merge();
    assert_eq!(guard.hold(&mut plan, sides.local().unwrap(), after_minutes(0)), 1);
    assert_eq!(plan.lines[0].reason, Some(Reason::Held));
    // Users who are removed with their hats count, too.
    let mut sides = room_with_users(2);
    for user in ["u00", "u01", "keeps"] {
        sides.set_remote_user(user, Affiliation::None);
    }
    let mut plan = sides.merge();
    assert_eq!(
        RemovalGuard::default().hold(&mut plan, sides.local().unwrap(), after_minutes(0)),
        3
    );
    // Changed and new hats do not count.
    let mut sides = room_with_users(30);
    for number in 0..30 {
        sides.set_remote_hat(&format!("u{number:02}"), "t", Some(" Other"));
        sides.set_remote_hat(&format!("u{number:02}"), "new", Some("a New"));
    }
    let mut plan = sides.merge();
    assert_eq!(
        RemovalGuard::default().hold(&mut plan, sides.local().unwrap(), after_minutes(0)),
        0
    );
}

#[test]
fn guard_forgets_no_removals_when_the_clock_is_set_back() {
    let mut sides = room_with_users(40);
    let mut guard = RemovalGuard::default();
    remove_remotely(&mut sides, 0..GUARD_USERS);
    let mut plan = sides.merge();
    assert_eq!(
        guard.hold(&mut plan, sides.local().unwrap(), after_minutes(500)),
        0
    );
    sides.receive(&plan);
    sides.update_base();
    remove_remotely(&mut sides, 20..21);
    let mut plan = sides.merge();
    assert_eq!(guard.hold(&mut plan, sides.local().unwrap(), after_minutes(0)), 1);
}

/// The changes of items that a change of the file causes, in the form of [`change_text`].
fn item_changes(sides: &Sides, change: impl FnOnce(&mut Sides)) -> Vec<String> {
    let mut after = sides.clone();
    change(&mut after);
    let group: EditGroup = sides.file.diff(&after.file);
    let [before, after] = [sides, &after].map(|sides| sides.local().map(|room| &**room));
    let changed = changed_items(sides.class, &room(), &group, before, after);
    let texts = changed.iter().map(|changed| {
        let change = hatrack::sync::ItemChange::new(
            changed.item.clone(),
            changed.before.clone(),
            changed.after.clone(),
        );
        change_text(&change)
    });
    texts.collect()
}

#[test]
fn changed_items_of_a_commit_have_the_form_that_the_server_stores() {
    for class in CLASSES {
        let sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "T")
                .add_member("terry", &[("t", "a"), ("s", "a S")]);
        });
        let removed = item_changes(&sides, |sides| {
            sides.set_local_user("terry", Affiliation::None);
        });
        assert_eq!(removed, ["-affiliation terry", "-terry s", "-terry t"]);
        let required = item_changes(&sides, |sides| {
            sides.set_local_hat("terry", "s", Some("ar S"));
        });
        assert_eq!(required.len(), usize::from(class == PROSODY));
        let deactivated = item_changes(&sides, |sides| {
            sides.set_local_hat("terry", "s", Some(" S"));
        });
        assert_eq!(
            deactivated,
            [if class == PROSODY { "~terry s" } else { "-terry s" }]
        );
        let title_changed = item_changes(&sides, |sides| {
            sides.set_local_entry("t", Some(entry("T2", None)));
        });
        // On the older ejabberd, hats without their own titles have the title of the file's catalog.
        let expected: &[&str] = match class {
            PROSODY => &[],
            EJABBERD_OLD => &["~terry t"],
            EJABBERD_CATALOG => &["~entry t"],
        };
        assert_eq!(title_changed, expected, "{class:?}");
        let room_removed = item_changes(&sides, |sides| {
            sides.file.remove_room(&room()).unwrap();
        });
        assert_eq!(
            room_removed, [""; 0],
            "removing a room from the file changes no items"
        );
    }
}

#[test]
fn users_who_lose_hats_are_counted() {
    let sides = room_with_users(30);
    let mut after = sides.clone();
    for number in 0..25 {
        after.set_local_hat(&format!("u{number:02}"), "t", None);
    }
    after
        .set_local_user("u26", Affiliation::None)
        .set_local_hat("u27", "t", Some("ar T"));
    let group = sides.file.diff(&after.file);
    let [before, after] = [&sides, &after].map(|sides| sides.local().map(|room| &**room));
    assert_eq!(
        count_users_losing_hats(&changed_items(PROSODY, &room(), &group, before, after)),
        26
    );
}
