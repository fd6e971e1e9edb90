//! The table: what a class holds; base, file and server of an item; hats that are sent and received.

use hatrack::model::{Affiliation, Edit, HatRule};
use hatrack::sync::{Decision, HatValue, Reason, ServerClass};

use crate::sides::*;

#[test]
fn class_normalizes_hats() {
    let hats = ["", "a", "r", "ar", "a Teacher", "r Teacher"].map(value);
    let normal = |class: ServerClass| hats.clone().map(|hat| class.normal_hat(&hat));
    assert_eq!(normal(P), hats.clone().map(Some));
    let titled = Some(HatValue::titled("Teacher"));
    let bare = Some(HatValue::assigned());
    assert_eq!(normal(E1), [None, bare.clone(), None, bare.clone(), titled, None]);
    assert_eq!(normal(E2), [None, bare.clone(), None, bare.clone(), bare, None]);
    assert_eq!(ALL.map(ServerClass::holds_catalog), [false, false, true]);
}

#[test]
fn local_equals_remote_advances_base() {
    for class in ALL {
        let mut sides = Sides::known(class, |_| {});
        sides
            .both_entry("t", "Teacher")
            .member("terry", &[("t", "a Teacher")]);
        assert_eq!(sides.lines(), [""; 0], "{class:?}");
        sides.settle();
        let base = sides.base.clone().unwrap();
        let known = base.users[&jid("terry")].hats[&hat("t")].clone();
        assert_eq!(known, class.normal_hat(&value("a Teacher")));
        assert_eq!(base.catalog.len(), usize::from(class == E2));
        assert_eq!(base.users[&jid("terry")].affiliation, Affiliation::Member);
    }
}

#[test]
fn unsupported_and_unknown_values_are_untouched() {
    let unknown = hatrack::model::Json::new("\"2027-01-31T18:00:00Z\"").unwrap();
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides
                .both_entry("t", "Teacher")
                .member("terry", &[("t", "a Teacher")]);
        });
        let mut with_end = sides.here_hat("terry", "t").unwrap().clone();
        with_end.extra.insert("until", unknown.clone());
        if class != P {
            with_end.required = Some(true);
        }
        let room = room();
        sides
            .file
            .add_user_hat(&jid("terry"), &room, &hat("t"), with_end)
            .unwrap();
        assert_eq!(sides.lines(), [""; 0], "{class:?}");
        // Something else of it changes on the server, where it can.
        if class != E2 {
            sides.remote_hat("terry", "t", Some("a Prof"));
            sides.carry_out();
            let here = sides.here_hat("terry", "t").unwrap();
            assert_eq!(here.title.as_deref(), Some("Prof"));
            assert_eq!(here.extra.get("until"), Some(&unknown));
            assert_eq!(here.is_required(), class != P);
        }
    }
}

#[test]
fn base_equals_remote_sends() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.both_entry("t", "Teacher").both_entry("s", "Student");
            sides.member("terry", &[("t", "a Teacher")]);
        });
        sides
            .local_hat("terry", "t", None)
            .local_hat("terry", "s", Some("a Student"));
        assert_eq!(sides.lines(), ["terry s: send", "terry t: send"]);
        let sent = sides.send(&sides.merge());
        // Removals before additions.
        assert_eq!(
            sent.iter().map(change).collect::<Vec<_>>(),
            ["-terry t", "+terry s"]
        );
        sides.carry_out();
        assert!(sides.remote.users[&jid("terry")].hats.contains_key(&hat("s")));
    }
    let mut sides = Sides::known(P, |sides| {
        sides.member("terry", &[("t", "a Teacher")]);
    });
    sides.local_hat("terry", "t", Some("ar Head teacher"));
    let sent = sides.send(&sides.merge());
    assert_eq!(sent.iter().map(change).collect::<Vec<_>>(), ["~terry t"]);
    assert_eq!(
        sides.remote.users[&jid("terry")].hats[&hat("t")],
        value("ar Head teacher")
    );
}

#[test]
fn base_equals_local_receives() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.both_entry("t", "Teacher").both_entry("s", "Student");
            sides.member("terry", &[("t", "a Teacher")]);
        });
        sides
            .remote_hat("terry", "t", None)
            .remote_hat("terry", "s", Some("a Student"));
        assert_eq!(sides.lines(), ["terry s: receive", "terry t: receive"]);
        let before = sides.remote.clone();
        sides.carry_out();
        assert_eq!(sides.remote, before, "the server is not touched");
        assert_eq!(sides.here_hat("terry", "t"), None);
        let own = (class != E2).then_some("Student");
        let here = sides.here_hat("terry", "s").unwrap();
        assert_eq!((here.is_active(), here.title.as_deref()), (true, own));
    }
}

#[test]
fn disjoint_changes_merge() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.both_entry("t", "Teacher").both_entry("s", "Student");
            sides.member("terry", &[]);
        });
        sides
            .local_hat("terry", "t", Some("a Teacher"))
            .remote_hat("terry", "s", Some("a Student"));
        assert_eq!(sides.lines(), ["terry s: receive", "terry t: send"]);
        sides.carry_out();
        assert_eq!(sides.here("terry").unwrap().hats.len(), 2);
        assert_eq!(sides.remote.users[&jid("terry")].hats.len(), 2);
    }
}

#[test]
fn conflict_is_untouched_until_resolved() {
    for class in [P, E1] {
        let changed = || {
            let mut sides = Sides::known(class, |sides| {
                sides.member("terry", &[("t", "a Teacher")]);
            });
            sides
                .local_hat("terry", "t", Some("a Here"))
                .remote_hat("terry", "t", Some("a There"));
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
            sides.here_hat("terry", "t").unwrap().title.as_deref(),
            Some("There")
        );
    }
    // Removed on one side, changed on the other.
    let mut sides = Sides::known(P, |sides| {
        sides.member("terry", &[("t", "a"), ("s", "a")]);
    });
    sides
        .local_hat("terry", "t", None)
        .remote_hat("terry", "t", Some("a There"));
    sides
        .remote_hat("terry", "s", None)
        .local_hat("terry", "s", Some("a Here"));
    assert_eq!(sides.lines(), ["terry s: conflict", "terry t: conflict"]);
    sides.send(&sides.decided(Decision::Send));
    let there = &sides.remote.users[&jid("terry")].hats;
    assert_eq!(
        (there.get(&hat("t")), there.get(&hat("s"))),
        (None, Some(&value("a Here")))
    );
}

#[test]
fn without_base_missing_items_are_copied_and_nothing_is_deleted() {
    for class in ALL {
        let mut sides = Sides::unknown(class);
        sides
            .both_user("owner", Affiliation::Owner)
            .both_user("terry", Affiliation::Member);
        sides.both_entry("t", "Teacher").both_entry("s", "Student");
        sides
            .local_hat("terry", "t", Some("a Teacher"))
            .remote_hat("terry", "s", Some("a Student"));
        let plan = sides.merge();
        assert!(
            plan.first_contact,
            "it can bring back what was deleted, which is reported"
        );
        assert_eq!(sides.lines(), ["terry s: receive", "terry t: send"]);
        sides.carry_out();
        assert!(!sides.merge().first_contact);
        assert_eq!(sides.here("terry").unwrap().hats.len(), 2);
    }
}

#[test]
fn without_base_different_items_conflict() {
    for class in [P, E1] {
        let mut sides = Sides::unknown(class);
        sides.both_user("terry", Affiliation::Member);
        sides
            .local_hat("terry", "t", Some("a Here"))
            .remote_hat("terry", "t", Some("a There"));
        assert_eq!(sides.lines(), ["terry t: conflict"]);
        // It stays one when others are known meanwhile.
        sides.settle();
        assert_eq!(sides.lines(), ["terry t: conflict"]);
    }
    let mut sides = Sides::unknown(E2);
    sides.local_entry("t", Some(entry("Here", None)));
    sides.remote_entry("t", Some(hatrack::sync::CatalogValue::new("There", None)));
    sides
        .remote_user("terry", Affiliation::Member)
        .local_user("terry", Affiliation::Owner);
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
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.both_entry("t", "Teacher");
        });
        sides
            .local_user("terry", Affiliation::Member)
            .local_hat("terry", "t", Some("a Teacher"));
        let hat_line = if class == P {
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
        assert_eq!(sent, usize::from(class != P), "chosen, it goes where it can");
        // Where affiliations are managed, it goes after the affiliation.
        let mut sides = sides.managed();
        assert_eq!(sides.lines(), ["affiliation terry: send", "terry t: send"]);
        let sent = sides.send(&sides.merge());
        assert_eq!(
            sent.iter().map(change).collect::<Vec<_>>(),
            ["+affiliation terry", "+terry t"]
        );
    }
}

#[test]
fn hat_beyond_limit_is_not_sent() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.member("terry", &[]);
        });
        for number in 0..12 {
            sides.both_entry(&format!("{number:02}"), "T");
            sides.local_hat("terry", &format!("{number:02}"), Some("a T"));
        }
        let left = sides
            .merge()
            .lines
            .iter()
            .filter(|line| line.reason == Some(Reason::LimitOfUser))
            .count();
        assert_eq!(left, if class == P { 0 } else { 2 });
        sides.carry_out();

        let mut sides = Sides::known(class, |sides| {
            sides.both_entry("t", "T").both_entry("s", "S");
            for number in 0..105 {
                sides.both_user(&format!("u{number:03}"), Affiliation::Member);
            }
            sides.both_hat("u104", "s", "a S");
        });
        for number in 0..105 {
            sides.local_hat(&format!("u{number:03}"), "t", Some("a T"));
        }
        let left = sides
            .merge()
            .lines
            .iter()
            .filter(|line| line.reason == Some(Reason::LimitOfRoom))
            .count();
        assert_eq!(left, if class == P { 0 } else { 5 });
        sides.carry_out();
        // A hat that goes makes room for another.
        if class != P {
            sides.local_hat("u000", "t", None);
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
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.member("terry", &[]);
        });
        sides
            .both_entry("ok", "T")
            .both_entry("bad\u{1}", "T")
            .both_entry("nul", "T");
        sides.local_hat("terry", "ok", Some("a 書記 <\"&'>\t🎩"));
        sides.local_hat("terry", "bad\u{1}", Some("a T"));
        sides.local_hat("terry", "nul", Some("a T\u{0}"));
        let refused = |id: &str| format!("terry {id}: left out (TextRefused)");
        let mut expected = vec![refused("bad\u{1}"), refused("nul"), "terry ok: send".into()];
        if class == E2 {
            expected[1] = "terry nul: send".into(); // the title stays here
        }
        assert_eq!(sides.lines(), expected);
    }
    assert!(!P.accepts_text("\u{fffe}") && P.accepts_text("\u{fffd}\n"));
}

#[test]
fn hat_without_title_is_not_sent_to_ejabberd() {
    let mut sides = Sides::known(E1, |sides| {
        sides.member("terry", &[]);
    });
    sides.local_hat("terry", "t", Some("a"));
    assert_eq!(sides.lines(), ["terry t: left out (NeedsTitle)"]);
    // The title that people read here may be the catalog's.
    sides.local_entry("t", Some(entry("Teacher", None)));
    assert_eq!(sides.lines(), ["terry t: send"]);
    sides.carry_out();
    assert_eq!(sides.here_hat("terry", "t").unwrap().title, None);

    let mut sides = Sides::known(E2, |sides| {
        sides.member("terry", &[]);
    });
    sides.local_hat("terry", "t", Some("a"));
    assert_eq!(sides.lines(), ["terry t: left out (NeedsTitle)"]);
    let mut sides = Sides::known(P, |sides| {
        sides.member("terry", &[]);
    });
    sides.local_hat("terry", "t", Some("a"));
    assert_eq!(sides.lines(), ["terry t: send"]);
}

#[test]
fn received_new_hat_has_supported_fields() {
    for (class, title) in [(P, Some("Teacher")), (E1, Some("Teacher")), (E2, None)] {
        let mut sides = Sides::known(class, |sides| {
            sides.member("terry", &[]);
        });
        sides
            .remote_hat("terry", "t", Some("ar Teacher"))
            .remote_hat("terry", "u", Some("r"));
        let plan = sides.merge();
        let group = sides.receive(&plan);
        let here = sides.here_hat("terry", "t").unwrap();
        assert_eq!(here.active, Some(true));
        assert_eq!(here.required, (class == P).then_some(true));
        assert_eq!(here.title.as_deref(), title);
        assert_eq!(
            sides.here_hat("terry", "u").is_some(),
            class == P,
            "ejabberd has no inactive hat"
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
    let mut sides = Sides::known(P, |sides| {
        sides.member("terry", &[("t", "a Teacher")]);
    });
    let written = hatrack::model::Attachment {
        required: Some(false),
        ..sides.here_hat("terry", "t").unwrap().clone()
    };
    sides
        .file
        .add_user_hat(&jid("terry"), &room(), &hat("t"), written.clone())
        .unwrap();
    sides.remote_hat("terry", "t", Some(" Teacher"));
    sides.carry_out();
    let now = hatrack::model::Attachment {
        active: Some(false),
        ..written
    };
    assert_eq!(
        sides.here_hat("terry", "t"),
        Some(&now),
        "`required` is written as it was"
    );
}

#[test]
fn received_removal_removes_whole_attachment() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.member("terry", &[("t", "a Teacher")]);
        });
        sides.remote_hat("terry", "t", None);
        assert_eq!(sides.lines(), ["terry t: receive"]);
        let plan = sides.merge();
        let group = sides.receive(&plan);
        assert_eq!(sides.here_hat("terry", "t"), None);
        sides.file.apply(&group.inverse()).unwrap();
        assert_eq!(
            sides.here_hat("terry", "t"),
            Some(&attachment("a Teacher")),
            "the history has it"
        );
    }
}

#[test]
fn locally_inactive_remote_hat_becomes_active_or_conflicts() {
    for class in [E1, E2] {
        let mut sides = Sides::known(class, |sides| {
            sides
                .both_entry("t", "Teacher")
                .member("terry", &[("t", "r Mine")]);
        });
        assert_eq!(sides.lines(), [""; 0], "an inactive hat is rightly not there");
        sides.remote_hat("terry", "t", Some("a Teacher"));
        assert_eq!(sides.lines(), ["terry t: receive"]);
        sides.carry_out();
        let here = sides.here_hat("terry", "t").unwrap();
        let title = if class == E1 { "Teacher" } else { "Mine" };
        assert_eq!(*here, attachment(&format!("ar {title}")));

        let mut sides = Sides::unknown(class);
        sides.both_user("terry", Affiliation::Member);
        sides
            .local_hat("terry", "t", Some("r Mine"))
            .remote_hat("terry", "t", Some("a Teacher"));
        assert!(
            sides.lines().contains(&"terry t: conflict".to_owned()),
            "{:?}",
            sides.lines()
        );
        sides.settle();
        assert!(
            sides.lines().contains(&"terry t: conflict".to_owned()),
            "it stays one"
        );
    }
}

#[test]
fn deactivated_hat_is_removed_from_ejabberd() {
    for class in [E1, E2] {
        let mut sides = Sides::known(class, |sides| {
            sides
                .both_entry("t", "Teacher")
                .member("terry", &[("t", "a Teacher")]);
        });
        sides.local_hat("terry", "t", Some(" Teacher"));
        assert_eq!(sides.lines(), ["terry t: send"]);
        sides.carry_out();
        assert_eq!(sides.here_hat("terry", "t"), Some(&attachment(" Teacher")));
        assert!(sides.remote.users[&jid("terry")].hats.is_empty());
    }
}

#[test]
fn unaffiliated_users_with_hats_are_received_and_removals_sent() {
    for class in ALL {
        let mut sides = Sides::known(class, |_| {});
        sides
            .remote_user("banned", Affiliation::Outcast)
            .remote_hat("banned", "t", Some("a T"));
        if class != P {
            sides.remote_hat("stranger", "t", Some("a T"));
        }
        sides.remote_entry(
            "t",
            (class == E2).then(|| hatrack::sync::CatalogValue::new("T", None)),
        );
        sides.carry_out();
        assert!(sides.here_hat("banned", "t").is_some());
        assert_eq!(sides.here_hat("stranger", "t").is_some(), class != P);

        sides.local_hat("banned", "t", None);
        let mut expected = vec!["banned t: send"];
        if class != P {
            sides.local_hat("stranger", "t", None);
            expected.push("stranger t: send");
        }
        assert_eq!(sides.lines(), expected);
        sides.carry_out();
        assert!(!sides.remote.users.contains_key(&jid("stranger")));
        assert!(sides.remote.users[&jid("banned")].hats.is_empty());
    }
}

#[test]
fn unreadable_remote_items_are_skipped_and_never_deletions() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.both_entry("t", "T");
            sides
                .member("terry", &[("t", "a T")])
                .member("ann", &[("t", "a T")])
                .member("bob", &[("t", "a T")]);
        });
        sides.remote_hat("terry", "t", None).remote_hat("ann", "t", None);
        sides.remote.users.remove(&jid("bob"));
        sides.remote.catalog.clear();
        let odd = &mut sides.remote.unreadable;
        odd.count = 4;
        odd.hats.insert((jid("terry"), hat("t")));
        odd.hats_of.insert(jid("ann"));
        odd.users.insert(jid("bob"));
        odd.catalog.insert(hat("t"));
        assert_eq!(sides.lines(), [""; 0]);
        assert_eq!(sides.merge().unreadable, 4);
        let before = sides.base.clone();
        sides.settle();
        assert_eq!(sides.base, before, "what is known of them stays");
    }
}

#[test]
fn incomplete_read_never_means_deletion() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides
                .both_entry("t", "T")
                .both_entry("s", "S")
                .member("terry", &[("t", "a T"), ("s", "a S")]);
        });
        let whole = sides.remote.clone();
        sides.remote.coverage.hats = false;
        sides.remote_hat("terry", "t", None);
        assert_eq!(sides.lines(), [""; 0]);
        sides.remote.coverage.affiliations = false;
        sides.remote.coverage.catalog = false;
        sides.remote.users.clear();
        sides.remote.catalog.clear();
        assert_eq!(sides.lines(), [""; 0]);
        let before = sides.base.clone();
        sides.settle();
        assert_eq!(sides.base, before);
        sides.remote = whole;
        assert_eq!(sides.lines(), [""; 0]);
    }
}
