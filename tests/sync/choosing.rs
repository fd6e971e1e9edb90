//! Choosing, the guard, and what a commit changes.

use hatrack::model::{Affiliation, EditGroup};
use hatrack::sync::{
    Decision, GUARD_USERS, Item, Prefer, ReadMark, Reason, RemovalGuard, changed_items,
    count_users_losing_hats,
};

use crate::sides::*;

#[test]
fn each_line_can_be_skipped() {
    let mut sides = Sides::known(P, |sides| {
        sides.member("terry", &[]);
    });
    sides
        .local_hat("terry", "t", Some("a"))
        .remote_hat("terry", "s", Some("a"));
    let mut plan = sides.merge();
    assert!(plan.decide(0, Decision::Skip) && plan.decide(1, Decision::Skip));
    assert!(plan.sending().changes.is_empty() && plan.edits_to_receive(sides.local()).is_empty());
    assert!(
        !plan.decide(0, Decision::Send),
        "what was changed there is not sent back"
    );
    assert!(!plan.decide(2, Decision::Skip), "there is no such line");
    assert_eq!(plan.counts().skipped, 2);
}

#[test]
fn preferred_side_applies_to_conflicts_only() {
    for (side, here, there) in [
        (Prefer::Local, "Here", "Here"),
        (Prefer::Server, "There", "There"),
    ] {
        let mut sides = Sides::known(P, |sides| {
            sides
                .member("terry", &[("t", "a T"), ("s", "a S")])
                .both_user("ann", Affiliation::Member);
        });
        sides
            .local_hat("terry", "t", Some("a Here"))
            .remote_hat("terry", "t", Some("a There"));
        sides.local_hat("terry", "s", Some("a Mine"));
        sides
            .local_user("ann", Affiliation::Admin)
            .remote_user("ann", Affiliation::Owner);
        let mut plan = sides.merge();
        plan.prefer(side);
        sides.receive(&plan);
        sides.send(&plan);
        let title = |user: &str, id: &str| {
            let there = sides.remote.users[&jid(user)].hats[&hat(id)].title.clone();
            (sides.here_hat(user, id).unwrap().title.clone(), there)
        };
        assert_eq!(title("terry", "t"), (Some(here.into()), Some(there.into())));
        assert_eq!(title("terry", "s"), (Some("Mine".into()), Some("Mine".into())));
        // An affiliation that is only shown cannot be sent: nothing happens to it.
        let ann = sides.here("ann").unwrap().affiliation;
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
fn pull_only_receives_and_replace_mirrors_the_server() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides
                .both_entry("t", "T")
                .member("terry", &[("t", "a T"), ("i", " I")]);
        });
        sides
            .local_hat("terry", "t", None)
            .local_hat("terry", "new", Some("a New"));
        sides.local_user("ann", Affiliation::Member);
        let mut plan = sides.merge();
        plan.receive_only();
        assert!(plan.sending().changes.is_empty());
        plan.replace();
        assert!(plan.sending().changes.is_empty());
        let before = sides.remote.clone();
        sides.receive(&plan);
        assert_eq!(sides.lines(), [""; 0]);
        assert_eq!(sides.remote, before);
        assert_eq!(sides.here("ann"), None);
        assert!(sides.here_hat("terry", "t").is_some() && sides.here_hat("terry", "new").is_none());
        assert!(
            sides.here_hat("terry", "i").is_some(),
            "what cannot be held there stays"
        );
    }
}

#[test]
fn items_in_flight_or_changed_since_read_are_not_received() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides
                .both_entry("t", "T")
                .both_entry("s", "S")
                .member("terry", &[("t", "a T"), ("s", "a S")]);
        });
        let (began, known) = (sides.local().unwrap().clone(), sides.base.clone());
        // A read that began before "t" was removed here, sent and confirmed still has it; "s" was removed there.
        let stale = sides.remote.clone();
        sides.local_hat("terry", "t", None);
        sides.carry_out();
        sides.remote = stale;
        sides.remote_hat("terry", "s", None);
        assert_eq!(
            sides.lines(),
            ["terry s: receive", "terry t: receive"],
            "without care"
        );
        let mark = |local, base| ReadMark { class, local, base };
        let then = mark(Some(&*began), known.as_ref());
        let now = sides.local().unwrap().clone();
        let now = mark(Some(&*now), sides.base.as_ref());
        let mut plan = sides.merge();
        plan.drop_lines(&|item| then.has_changed(&now, item));
        assert_eq!(
            plan.lines.iter().map(words).collect::<Vec<_>>(),
            ["terry s: receive"]
        );
        plan.drop_lines(&|item| item.hat() == Some(&hat("s")));
        assert!(plan.lines.is_empty());
        // The base stays where it was for them.
        let mut base = sides.base.clone().unwrap();
        sides.local_hat("terry", "t", Some("a T"));
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

/// A room in which so many users have a hat, and one more who keeps it.
fn crowd(users: usize) -> Sides {
    Sides::known(P, |sides| {
        for number in 0..users {
            sides.member(&format!("u{number:02}"), &[("t", "a T")]);
        }
        sides.member("keeps", &[("t", "a T")]);
    })
}

fn lose(sides: &mut Sides, users: std::ops::Range<usize>) {
    for number in users {
        sides.remote_hat(&format!("u{number:02}"), "t", None);
    }
}

#[test]
fn guard_holds_from_the_21st_user_within_an_hour() {
    let mut guard = RemovalGuard::default();
    let mut sides = crowd(40);
    let mut held_at = |sides: &Sides, at: i64| {
        let mut plan = sides.merge();
        let held = guard.hold(&mut plan, sides.local().unwrap(), minute(at));
        (held, plan)
    };
    lose(&mut sides, 0..15);
    let (held, plan) = held_at(&sides, 0);
    assert_eq!(held, 0);
    // The same loss seen again is not counted again.
    assert_eq!(held_at(&sides, 1).0, 0);
    sides.receive(&plan);
    sides.settle();
    lose(&mut sides, 15..22);
    let (held, mut plan) = held_at(&sides, 59);
    assert_eq!((held, plan.counts().receive, plan.counts().held), (2, 5, 2));
    let words: Vec<String> = plan.lines.iter().map(words).collect();
    assert_eq!(words[5], "u20 t: receive (Held), not chosen");
    // Recorded with the base, it stays held when the hour is over, until somebody chooses.
    let mut base = sides.base.clone().unwrap();
    base.held = plan.held();
    sides.base = Some(base);
    assert_eq!(sides.merge().counts().held, 2);
    assert!(!plan.accepts_removals());
    plan.accept_removals();
    assert!(plan.accepts_removals());
    assert_eq!((plan.counts().held, plan.held().len()), (0, 0));
    sides.receive(&plan);
    sides.settle();
    // An hour after the first ones there is room again.
    lose(&mut sides, 22..38);
    let (held, _) = held_at(&sides, 61);
    assert_eq!(held, 16 - 15, "5 of the hour are counted still");
}

#[test]
fn replacing_a_room_takes_no_more_hats_than_the_guard_lets_pass() {
    let mut sides = crowd(22);
    lose(&mut sides, 0..22);
    sides.local_hat("keeps", "s", Some("a S"));
    for taken in [false, true] {
        let mut plan = sides.merge();
        RemovalGuard::default().hold(&mut plan, sides.local().unwrap(), minute(0));
        if taken {
            plan.accept_removals();
        }
        plan.replace();
        let held = if taken { 0 } else { 2 };
        assert_eq!((plan.counts().receive, plan.counts().held), (23 - held, held));
        assert_eq!(plan.held().len(), held);
        let mut after = sides.clone();
        after.receive(&plan);
        assert_eq!(after.here_hat("u21", "t").is_some(), !taken);
        assert_eq!(after.here_hat("keeps", "s"), None, "it is not on the server");
    }
}

#[test]
fn guard_holds_when_all_users_of_a_room_with_hats_lose_one() {
    for (users, held) in [(1, 0), (2, 3)] {
        let mut sides = crowd(users);
        lose(&mut sides, 0..users);
        sides.remote_hat("keeps", "t", None);
        let mut plan = sides.merge();
        let mut guard = RemovalGuard::default();
        assert_eq!(
            guard.hold(&mut plan, sides.local().unwrap(), minute(0)),
            held,
            "{users}"
        );
    }
    // One after the other, too.
    let mut sides = crowd(2);
    let mut guard = RemovalGuard::default();
    for (number, expected) in [(0, 0), (1, 0)] {
        lose(&mut sides, number..number + 1);
        let mut plan = sides.merge();
        assert_eq!(guard.hold(&mut plan, sides.local().unwrap(), minute(0)), expected);
        sides.receive(&plan);
        sides.settle();
    }
    sides.remote_hat("keeps", "t", None);
    let mut plan = sides.merge();
    assert_eq!(guard.hold(&mut plan, sides.local().unwrap(), minute(0)), 1);
    assert_eq!(plan.lines[0].reason, Some(Reason::Held));
    // Users who are removed with their hats count as well; changes and new hats never.
    let mut sides = crowd(2);
    for user in ["u00", "u01", "keeps"] {
        sides.remote_user(user, Affiliation::None);
    }
    let mut plan = sides.merge();
    assert_eq!(
        RemovalGuard::default().hold(&mut plan, sides.local().unwrap(), minute(0)),
        3
    );
    let mut sides = crowd(30);
    for number in 0..30 {
        sides.remote_hat(&format!("u{number:02}"), "t", Some(" Other"));
        sides.remote_hat(&format!("u{number:02}"), "new", Some("a New"));
    }
    let mut plan = sides.merge();
    assert_eq!(
        RemovalGuard::default().hold(&mut plan, sides.local().unwrap(), minute(0)),
        0
    );
}

#[test]
fn guard_forgets_nothing_when_the_clock_runs_backwards() {
    let mut sides = crowd(40);
    let mut guard = RemovalGuard::default();
    lose(&mut sides, 0..GUARD_USERS);
    let mut plan = sides.merge();
    assert_eq!(guard.hold(&mut plan, sides.local().unwrap(), minute(500)), 0);
    sides.receive(&plan);
    sides.settle();
    lose(&mut sides, 20..21);
    let mut plan = sides.merge();
    assert_eq!(guard.hold(&mut plan, sides.local().unwrap(), minute(0)), 1);
}

/// The items that a change of the file changes.
fn changes(sides: &Sides, made: impl FnOnce(&mut Sides)) -> Vec<String> {
    let mut after = sides.clone();
    made(&mut after);
    let group: EditGroup = sides.file.diff(&after.file);
    let [before, after] = [sides, &after].map(|sides| sides.local().map(|room| &**room));
    let changed = changed_items(sides.class, &room(), &group, before, after);
    let words = changed.iter().map(|changed| {
        let change_of = hatrack::sync::ItemChange::new(
            changed.item.clone(),
            changed.before.clone(),
            changed.after.clone(),
        );
        change(&change_of)
    });
    words.collect()
}

#[test]
fn commit_lists_changed_items_in_server_form() {
    for class in ALL {
        let sides = Sides::known(class, |sides| {
            sides
                .both_entry("t", "T")
                .member("terry", &[("t", "a"), ("s", "a S")]);
        });
        let removed = changes(&sides, |sides| {
            sides.local_user("terry", Affiliation::None);
        });
        // Without a title of its own, the older ejabberd is sent the catalog's.
        assert_eq!(removed, ["-affiliation terry", "-terry s", "-terry t"]);
        let required = changes(&sides, |sides| {
            sides.local_hat("terry", "s", Some("ar S"));
        });
        assert_eq!(required.len(), usize::from(class == P));
        let off = changes(&sides, |sides| {
            sides.local_hat("terry", "s", Some(" S"));
        });
        assert_eq!(off, [if class == P { "~terry s" } else { "-terry s" }]);
        let retitled = changes(&sides, |sides| {
            sides.local_entry("t", Some(entry("T2", None)));
        });
        let expected: &[&str] = match class {
            P => &[],
            E1 => &["~terry t"],
            E2 => &["~entry t"],
        };
        assert_eq!(retitled, expected, "{class:?}");
        let gone = changes(&sides, |sides| {
            sides.file.remove_room(&room()).unwrap();
        });
        assert_eq!(gone, [""; 0], "no room is destroyed on a server");
    }
}

#[test]
fn counts_users_who_lose_hats() {
    let sides = crowd(30);
    let mut after = sides.clone();
    for number in 0..25 {
        after.local_hat(&format!("u{number:02}"), "t", None);
    }
    after
        .local_user("u26", Affiliation::None)
        .local_hat("u27", "t", Some("ar T"));
    let group = sides.file.diff(&after.file);
    let [before, after] = [&sides, &after].map(|sides| sides.local().map(|room| &**room));
    assert_eq!(
        count_users_losing_hats(&changed_items(P, &room(), &group, before, after)),
        26
    );
}
