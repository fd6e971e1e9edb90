//! The merge table: the form in which a class stores values; the merge of an item; hats that are sent and received.

use hatrack::model::{Affiliation, Edit, HatRule};
use hatrack::sync::{Decision, HatValue, Reason, ServerClass};

use crate::sides::*;

#[test]
fn class_normalizes_hats() {
    let hats = ["", "a", "r", "ar", "a Teacher", "r Teacher"].map(value);
    let normal = |class: ServerClass| hats.clone().map(|hat| class.normal_hat(&hat));
    assert_eq!(normal(PROSODY), hats.clone().map(Some));
    let titled = Some(HatValue::titled("Teacher"));
    let untitled = Some(HatValue::assigned());
    assert_eq!(
        normal(EJABBERD_OLD),
        [None, untitled.clone(), None, untitled.clone(), titled, None]
    );
    assert_eq!(
        normal(EJABBERD_CATALOG),
        [None, untitled.clone(), None, untitled.clone(), untitled, None]
    );
    assert_eq!(CLASSES.map(ServerClass::holds_catalog), [false, false, true]);
}

#[test]
fn value_that_both_sides_have_is_recorded_in_the_base() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |_| {});
        sides
            .set_both_entry("t", "Teacher")
            .add_member("terry", &[("t", "a Teacher")]);
        assert_eq!(sides.lines(), [""; 0], "{class:?}");
        sides.update_base();
        let base = sides.base.clone().unwrap();
        let recorded = base.users[&jid("terry")].hats[&hat("t")].clone();
        assert_eq!(recorded, class.normal_hat(&value("a Teacher")));
        assert_eq!(base.catalog.len(), usize::from(class == EJABBERD_CATALOG));
        assert_eq!(base.users[&jid("terry")].affiliation, Affiliation::Member);
    }
}

#[test]
fn values_that_the_server_cannot_store_are_untouched() {
    let until = hatrack::model::Json::new("\"2027-01-31T18:00:00Z\"").unwrap();
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "Teacher")
                .add_member("terry", &[("t", "a Teacher")]);
        });
        let mut with_end = sides.hat_in_file("terry", "t").unwrap().clone();
        with_end.extra.insert("until", until.clone());
        if class != PROSODY {
            with_end.required = Some(true);
        }
        let room = room();
        sides
            .file
            .add_user_hat(&jid("terry"), &room, &hat("t"), with_end)
            .unwrap();
        assert_eq!(sides.lines(), [""; 0], "{class:?}");
        // If hats have their own titles on the server, the title changes there.
        if class != EJABBERD_CATALOG {
            sides.set_remote_hat("terry", "t", Some("a Prof"));
            sides.carry_out();
            let local = sides.hat_in_file("terry", "t").unwrap();
            assert_eq!(local.title.as_deref(), Some("Prof"));
            assert_eq!(local.extra.get("until"), Some(&until));
            assert_eq!(local.is_required(), class != PROSODY);
        }
    }
}

#[test]
fn local_change_is_sent() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "Teacher")
                .set_both_entry("s", "Student");
            sides.add_member("terry", &[("t", "a Teacher")]);
        });
        sides
            .set_local_hat("terry", "t", None)
            .set_local_hat("terry", "s", Some("a Student"));
        assert_eq!(sides.lines(), ["terry s: send", "terry t: send"]);
        let sent = sides.send(&sides.merge());
        // Removals are sent before additions.
        assert_eq!(
            sent.iter().map(change_text).collect::<Vec<_>>(),
            ["-terry t", "+terry s"]
        );
        sides.carry_out();
        assert!(sides.remote.users[&jid("terry")].hats.contains_key(&hat("s")));
    }
    let mut sides = Sides::compared(PROSODY, |sides| {
        sides.add_member("terry", &[("t", "a Teacher")]);
    });
    sides.set_local_hat("terry", "t", Some("ar Head teacher"));
    let sent = sides.send(&sides.merge());
    assert_eq!(sent.iter().map(change_text).collect::<Vec<_>>(), ["~terry t"]);
    assert_eq!(
        sides.remote.users[&jid("terry")].hats[&hat("t")],
        value("ar Head teacher")
    );
}

#[test]
fn remote_change_is_received() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "Teacher")
                .set_both_entry("s", "Student");
            sides.add_member("terry", &[("t", "a Teacher")]);
        });
        sides
            .set_remote_hat("terry", "t", None)
            .set_remote_hat("terry", "s", Some("a Student"));
        assert_eq!(sides.lines(), ["terry s: receive", "terry t: receive"]);
        let before = sides.remote.clone();
        sides.carry_out();
        assert_eq!(sides.remote, before, "nothing is sent");
        assert_eq!(sides.hat_in_file("terry", "t"), None);
        let own_title = (class != EJABBERD_CATALOG).then_some("Student");
        let local = sides.hat_in_file("terry", "s").unwrap();
        assert_eq!((local.is_active(), local.title.as_deref()), (true, own_title));
    }
}

#[test]
fn disjoint_changes_merge() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "Teacher")
                .set_both_entry("s", "Student");
            sides.add_member("terry", &[]);
        });
        sides
            .set_local_hat("terry", "t", Some("a Teacher"))
            .set_remote_hat("terry", "s", Some("a Student"));
        assert_eq!(sides.lines(), ["terry s: receive", "terry t: send"]);
        sides.carry_out();
        assert_eq!(sides.user_in_file("terry").unwrap().hats.len(), 2);
        assert_eq!(sides.remote.users[&jid("terry")].hats.len(), 2);
    }
}

#[test]
fn conflict_is_untouched_until_resolved() {
    for class in [PROSODY, EJABBERD_OLD] {
        let changed = || {
            let mut sides = Sides::compared(class, |sides| {
                sides.add_member("terry", &[("t", "a Teacher")]);
            });
            sides
                .set_local_hat("terry", "t", Some("a Here"))
                .set_remote_hat("terry", "t", Some("a There"));
            sides
        };
        let sides = changed();
        assert_eq!(sides.lines(), ["terry t: conflict"]);
        let plan = sides.merge();
        assert!(plan.edits_to_receive(sides.local()).is_empty() && plan.sending().changes.is_empty());

        let mut sides = changed();
        sides.send(&sides.decided(Decision::Send));
        assert_eq!(
            sides.remote.users[&jid("terry")].hats[&hat("t")].title.as_deref(),
            Some("Here")
        );

        let mut sides = changed();
        sides.receive(&sides.decided(Decision::Receive));
        assert_eq!(
            sides.hat_in_file("terry", "t").unwrap().title.as_deref(),
            Some("There")
        );
    }
    // One hat is removed in the file and changed on the server, and another the other way round.
    let mut sides = Sides::compared(PROSODY, |sides| {
        sides.add_member("terry", &[("t", "a"), ("s", "a")]);
    });
    sides
        .set_local_hat("terry", "t", None)
        .set_remote_hat("terry", "t", Some("a There"));
    sides
        .set_remote_hat("terry", "s", None)
        .set_local_hat("terry", "s", Some("a Here"));
    assert_eq!(sides.lines(), ["terry s: conflict", "terry t: conflict"]);
    sides.send(&sides.decided(Decision::Send));
    let remote_hats = &sides.remote.users[&jid("terry")].hats;
    assert_eq!(
        (remote_hats.get(&hat("t")), remote_hats.get(&hat("s"))),
        (None, Some(&value("a Here")))
    );
}

#[test]
fn without_base_missing_items_are_copied_and_nothing_is_deleted() {
    for class in CLASSES {
        let mut sides = Sides::never_compared(class);
        sides
            .set_both_user("owner", Affiliation::Owner)
            .set_both_user("terry", Affiliation::Member);
        sides
            .set_both_entry("t", "Teacher")
            .set_both_entry("s", "Student");
        sides
            .set_local_hat("terry", "t", Some("a Teacher"))
            .set_remote_hat("terry", "s", Some("a Student"));
        let plan = sides.merge();
        assert!(
            plan.is_first_comparison,
            "the plan reports this, because deleted items can come back"
        );
        assert_eq!(sides.lines(), ["terry s: receive", "terry t: send"]);
        sides.carry_out();
        assert!(!sides.merge().is_first_comparison);
        assert_eq!(sides.user_in_file("terry").unwrap().hats.len(), 2);
    }
}

#[test]
fn without_base_different_items_conflict() {
    for class in [PROSODY, EJABBERD_OLD] {
        let mut sides = Sides::never_compared(class);
        sides.set_both_user("terry", Affiliation::Member);
        sides
            .set_local_hat("terry", "t", Some("a Here"))
            .set_remote_hat("terry", "t", Some("a There"));
        assert_eq!(sides.lines(), ["terry t: conflict"]);
        // It stays a conflict after the common values were recorded.
        sides.update_base();
        assert_eq!(sides.lines(), ["terry t: conflict"]);
    }
    let mut sides = Sides::never_compared(EJABBERD_CATALOG);
    sides.set_local_entry("t", Some(entry("Here", None)));
    sides.set_remote_entry("t", Some(hatrack::sync::CatalogValue::new("There", None)));
    sides
        .set_remote_user("terry", Affiliation::Member)
        .set_local_user("terry", Affiliation::Owner);
    assert_eq!(
        sides.lines(),
        [
            "entry t: conflict",
            "affiliation terry: conflict (AffiliationsShown)"
        ]
    );
}

#[test]
fn hat_of_missing_remote_user_is_skipped_or_offered() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides.set_both_entry("t", "Teacher");
        });
        sides
            .set_local_user("terry", Affiliation::Member)
            .set_local_hat("terry", "t", Some("a Teacher"));
        let hat_line = if class == PROSODY {
            "terry t: left out (NotAffiliated)"
        } else {
            "terry t: send (NotAffiliated), not chosen"
        };
        assert_eq!(
            sides.lines(),
            ["affiliation terry: left out (AffiliationsShown)", hat_line]
        );
        assert!(sides.merge().sending().changes.is_empty());
        let mut plan = sides.merge();
        plan.lines[1].decision = Decision::Send;
        let sent = plan.sending().changes.len();
        assert_eq!(
            sent,
            usize::from(class != PROSODY),
            "ejabberd accepts the hat if it is chosen"
        );
        // If affiliations are managed, the hat is sent after the affiliation.
        let mut sides = sides.with_managed_affiliations();
        assert_eq!(sides.lines(), ["affiliation terry: send", "terry t: send"]);
        let sent = sides.send(&sides.merge());
        assert_eq!(
            sent.iter().map(change_text).collect::<Vec<_>>(),
            ["+affiliation terry", "+terry t"]
        );
    }
}

#[test]
fn hat_beyond_limit_is_not_sent() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides.add_member("terry", &[]);
        });
        for number in 0..12 {
            sides.set_both_entry(&format!("{number:02}"), "T");
            sides.set_local_hat("terry", &format!("{number:02}"), Some("a T"));
        }
        let left = sides
            .merge()
            .lines
            .iter()
            .filter(|line| line.reason == Some(Reason::LimitOfUser))
            .count();
        assert_eq!(left, if class == PROSODY { 0 } else { 2 });
        sides.carry_out();

        let mut sides = Sides::compared(class, |sides| {
            sides.set_both_entry("t", "T").set_both_entry("s", "S");
            for number in 0..105 {
                sides.set_both_user(&format!("u{number:03}"), Affiliation::Member);
            }
            sides.set_both_hat("u104", "s", "a S");
        });
        for number in 0..105 {
            sides.set_local_hat(&format!("u{number:03}"), "t", Some("a T"));
        }
        let left = sides
            .merge()
            .lines
            .iter()
            .filter(|line| line.reason == Some(Reason::LimitOfRoom))
            .count();
        assert_eq!(left, if class == PROSODY { 0 } else { 5 });
        sides.carry_out();
        // If a hat is removed, another user's hat can be sent.
        if class != PROSODY {
            sides.set_local_hat("u000", "t", None);
            sides.carry_out();
            assert_eq!(
                sides
                    .remote
                    .users
                    .values()
                    .filter(|user| !user.hats.is_empty())
                    .count(),
                100
            );
        }
    }
}

#[test]
fn hat_with_unsendable_text_is_not_sent() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides.add_member("terry", &[]);
        });
        sides
            .set_both_entry("ok", "T")
            .set_both_entry("bad\u{1}", "T")
            .set_both_entry("nul", "T");
        sides.set_local_hat("terry", "ok", Some("a 書記 <\"&'>\t🎩"));
        sides.set_local_hat("terry", "bad\u{1}", Some("a T"));
        sides.set_local_hat("terry", "nul", Some("a T\u{0}"));
        let refused = |id: &str| format!("terry {id}: left out (TextRefused)");
        let mut expected = vec![refused("bad\u{1}"), refused("nul"), "terry ok: send".into()];
        if class == EJABBERD_CATALOG {
            expected[1] = "terry nul: send".into(); // without the title
        }
        assert_eq!(sides.lines(), expected);
    }
    assert!(!PROSODY.accepts_text("\u{fffe}") && PROSODY.accepts_text("\u{fffd}\n"));
}

#[test]
fn hat_without_title_is_not_sent_to_ejabberd() {
    let mut sides = Sides::compared(EJABBERD_OLD, |sides| {
        sides.add_member("terry", &[]);
    });
    sides.set_local_hat("terry", "t", Some("a"));
    assert_eq!(sides.lines(), ["terry t: left out (NeedsTitle)"]);
    // Without its own title, the hat is sent with the title of the file's catalog.
    sides.set_local_entry("t", Some(entry("Teacher", None)));
    assert_eq!(sides.lines(), ["terry t: send"]);
    sides.carry_out();
    assert_eq!(sides.hat_in_file("terry", "t").unwrap().title, None);

    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides.add_member("terry", &[]);
    });
    sides.set_local_hat("terry", "t", Some("a"));
    assert_eq!(sides.lines(), ["terry t: left out (NeedsTitle)"]);
    let mut sides = Sides::compared(PROSODY, |sides| {
        sides.add_member("terry", &[]);
    });
    sides.set_local_hat("terry", "t", Some("a"));
    assert_eq!(sides.lines(), ["terry t: send"]);
}

#[test]
fn received_new_hat_has_the_fields_that_the_server_stores() {
    for (class, title) in [
        (PROSODY, Some("Teacher")),
        (EJABBERD_OLD, Some("Teacher")),
        (EJABBERD_CATALOG, None),
    ] {
        let mut sides = Sides::compared(class, |sides| {
            sides.add_member("terry", &[]);
        });
        sides
            .set_remote_hat("terry", "t", Some("ar Teacher"))
            .set_remote_hat("terry", "u", Some("r"));
        let plan = sides.merge();
        let group = sides.receive(&plan);
        let local = sides.hat_in_file("terry", "t").unwrap();
        assert_eq!(local.active, Some(true));
        assert_eq!(local.required, (class == PROSODY).then_some(true));
        assert_eq!(local.title.as_deref(), title);
        assert_eq!(
            sides.hat_in_file("terry", "u").is_some(),
            class == PROSODY,
            "ejabberd does not store inactive hats"
        );
        for edit in &group.0 {
            assert!(
                matches!(
                    edit,
                    Edit::Hat {
                        rule: HatRule::AnyUser,
                        ..
                    }
                ),
                "{edit:?}"
            );
        }
    }
}

#[test]
fn received_hat_changes_only_differing_fields() {
    let mut sides = Sides::compared(PROSODY, |sides| {
        sides.add_member("terry", &[("t", "a Teacher")]);
    });
    let written = hatrack::model::Attachment {
        required: Some(false),
        ..sides.hat_in_file("terry", "t").unwrap().clone()
    };
    sides
        .file
        .add_user_hat(&jid("terry"), &room(), &hat("t"), written.clone())
        .unwrap();
    sides.set_remote_hat("terry", "t", Some(" Teacher"));
    sides.carry_out();
    let expected = hatrack::model::Attachment {
        active: Some(false),
        ..written
    };
    assert_eq!(
        sides.hat_in_file("terry", "t"),
        Some(&expected),
        "`required` is still written as false"
    );
}

#[test]
fn received_removal_removes_the_whole_attachment() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides.add_member("terry", &[("t", "a Teacher")]);
        });
        sides.set_remote_hat("terry", "t", None);
        assert_eq!(sides.lines(), ["terry t: receive"]);
        let plan = sides.merge();
        let group = sides.receive(&plan);
        assert_eq!(sides.hat_in_file("terry", "t"), None);
        sides.file.apply(&group.inverse()).unwrap();
        assert_eq!(
            sides.hat_in_file("terry", "t"),
            Some(&attachment("a Teacher")),
            "undo restores the attachment"
        );
    }
}

#[test]
fn hat_that_is_inactive_in_the_file_becomes_active_or_conflicts() {
    for class in [EJABBERD_OLD, EJABBERD_CATALOG] {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "Teacher")
                .add_member("terry", &[("t", "r Mine")]);
        });
        assert_eq!(
            sides.lines(),
            [""; 0],
            "a hat that is inactive in the file does not exist on ejabberd"
        );
        sides.set_remote_hat("terry", "t", Some("a Teacher"));
        assert_eq!(sides.lines(), ["terry t: receive"]);
        sides.carry_out();
        let local = sides.hat_in_file("terry", "t").unwrap();
        let title = if class == EJABBERD_OLD { "Teacher" } else { "Mine" };
        assert_eq!(*local, attachment(&format!("ar {title}")));

        let mut sides = Sides::never_compared(class);
        sides.set_both_user("terry", Affiliation::Member);
        sides
            .set_local_hat("terry", "t", Some("r Mine"))
            .set_remote_hat("terry", "t", Some("a Teacher"));
        assert!(
            sides.lines().contains(&"terry t: conflict".to_owned()),
            "{:?}",
            sides.lines()
        );
        sides.update_base();
        assert!(
            sides.lines().contains(&"terry t: conflict".to_owned()),
            "it stays a conflict"
        );
    }
}

#[test]
fn deactivated_hat_is_removed_from_ejabberd() {
    for class in [EJABBERD_OLD, EJABBERD_CATALOG] {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "Teacher")
                .add_member("terry", &[("t", "a Teacher")]);
        });
        sides.set_local_hat("terry", "t", Some(" Teacher"));
        assert_eq!(sides.lines(), ["terry t: send"]);
        sides.carry_out();
        assert_eq!(sides.hat_in_file("terry", "t"), Some(&attachment(" Teacher")));
        assert!(sides.remote.users[&jid("terry")].hats.is_empty());
    }
}

#[test]
fn unaffiliated_users_with_hats_are_received_and_removals_sent() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |_| {});
        sides
            .set_remote_user("banned", Affiliation::Outcast)
            .set_remote_hat("banned", "t", Some("a T"));
        if class != PROSODY {
            sides.set_remote_hat("stranger", "t", Some("a T"));
        }
        sides.set_remote_entry(
            "t",
            (class == EJABBERD_CATALOG).then(|| hatrack::sync::CatalogValue::new("T", None)),
        );
        sides.carry_out();
        assert!(sides.hat_in_file("banned", "t").is_some());
        assert_eq!(sides.hat_in_file("stranger", "t").is_some(), class != PROSODY);

        sides.set_local_hat("banned", "t", None);
        let mut expected = vec!["banned t: send"];
        if class != PROSODY {
            sides.set_local_hat("stranger", "t", None);
            expected.push("stranger t: send");
        }
        assert_eq!(sides.lines(), expected);
        sides.carry_out();
        assert!(!sides.remote.users.contains_key(&jid("stranger")));
        assert!(sides.remote.users[&jid("banned")].hats.is_empty());
    }
}

#[test]
fn unreadable_items_on_the_server_are_skipped_and_do_not_count_as_deleted() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides.set_both_entry("t", "T");
            sides
                .add_member("terry", &[("t", "a T")])
                .add_member("ann", &[("t", "a T")])
                .add_member("bob", &[("t", "a T")]);
        });
        sides
            .set_remote_hat("terry", "t", None)
            .set_remote_hat("ann", "t", None);
        sides.remote.users.remove(&jid("bob"));
        sides.remote.catalog.clear();
        let unreadable = &mut sides.remote.unreadable;
        unreadable.count = 4;
        unreadable.hats.insert((jid("terry"), hat("t")));
        unreadable.hats_of.insert(jid("ann"));
        unreadable.users.insert(jid("bob"));
        unreadable.catalog.insert(hat("t"));
        assert_eq!(sides.lines(), [""; 0]);
        assert_eq!(sides.merge().unreadable, 4);
        let before = sides.base.clone();
        sides.update_base();
        assert_eq!(sides.base, before, "their values stay in the base");
    }
}

#[test]
fn items_missing_from_an_incomplete_read_do_not_count_as_deleted() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "T")
                .set_both_entry("s", "S")
                .add_member("terry", &[("t", "a T"), ("s", "a S")]);
        });
        let complete = sides.remote.clone();
        sides.remote.coverage.hats = false;
        sides.set_remote_hat("terry", "t", None);
        assert_eq!(sides.lines(), [""; 0]);
        sides.remote.coverage.affiliations = false;
        sides.remote.coverage.catalog = false;
        sides.remote.users.clear();
        sides.remote.catalog.clear();
        assert_eq!(sides.lines(), [""; 0]);
        let before = sides.base.clone();
        sides.update_base();
        assert_eq!(sides.base, before);
        sides.remote = complete;
        assert_eq!(sides.lines(), [""; 0]);
    }
}
