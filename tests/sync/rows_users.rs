//! The table: affiliations, and users who were removed on one side.

use hatrack::model::Affiliation;
use hatrack::sync::{Decision, Reason};

use crate::sides::*;

#[test]
fn shown_affiliation_is_received_and_never_sent() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.member("terry", &[]).member("ann", &[]);
        });
        sides
            .remote_user("terry", Affiliation::Admin)
            .local_user("ann", Affiliation::Admin);
        sides.remote_user("bob", Affiliation::Member);
        assert_eq!(
            sides.lines(),
            [
                "affiliation ann: left out (AffiliationsShown)",
                "affiliation bob: receive",
                "affiliation terry: receive"
            ]
        );
        sides.carry_out();
        assert_eq!(sides.here("terry").unwrap().affiliation, Affiliation::Admin);
        assert_eq!(sides.here("bob").unwrap().affiliation, Affiliation::Member);
        assert_eq!(sides.remote.users[&jid("ann")].affiliation, Affiliation::Member);
        // What is left out can be taken back.
        sides.receive(&sides.decided(Decision::Receive));
        assert_eq!(sides.lines(), [""; 0]);
    }
}

#[test]
fn managed_affiliation_follows_table() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.member("terry", &[]).member("ann", &[]).member("bob", &[]);
        })
        .managed();
        sides
            .remote_user("terry", Affiliation::Admin)
            .local_user("ann", Affiliation::Outcast);
        sides
            .remote_user("bob", Affiliation::Admin)
            .local_user("bob", Affiliation::Owner);
        assert_eq!(
            sides.lines(),
            [
                "affiliation ann: send",
                "affiliation bob: conflict",
                "affiliation terry: receive"
            ]
        );
        sides.carry_out();
        assert_eq!(sides.remote.users[&jid("ann")].affiliation, Affiliation::Outcast);
    }
}

#[test]
fn last_owner_is_never_removed() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.both_user("terry", Affiliation::Owner);
        })
        .managed();
        sides.local_user("owner", Affiliation::Member);
        assert_eq!(sides.lines(), ["affiliation owner: send"]);
        sides.local_user("terry", Affiliation::Member);
        assert_eq!(
            sides.lines(),
            [
                "affiliation owner: send",
                "affiliation terry: left out (LastOwner)"
            ]
        );
        sides.local_user("terry", Affiliation::None);
        assert_eq!(
            sides.lines(),
            ["affiliation owner: send", "user terry: left out (LastOwner)"]
        );
        sides.carry_out();
        // Neither when conflicts are chosen.
        let mut sides = Sides::known(class, |_| {}).managed();
        sides.local_user("owner", Affiliation::Member);
        sides.base.as_mut().unwrap().users.clear();
        assert_eq!(sides.lines(), ["affiliation owner: conflict"]);
        assert_eq!(
            sides.decided(Decision::Send).sending().left_out,
            [(0, Reason::LastOwner)]
        );
    }
}

#[test]
fn own_affiliation_is_never_changed() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.both_user("me", Affiliation::Owner);
        })
        .managed();
        sides.options.account = Some(jid("me"));
        sides.local_user("me", Affiliation::Member);
        assert_eq!(sides.lines(), ["affiliation me: left out (OwnAccount)"]);
        sides.local_user("me", Affiliation::None);
        assert_eq!(sides.lines(), ["user me: left out (OwnAccount)"]);
    }
}

#[test]
fn locally_removed_user_is_skipped_and_restorable_when_shown() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.both_entry("t", "T").member("terry", &[("t", "a T")]);
        });
        sides.local_user("terry", Affiliation::None);
        assert_eq!(sides.lines(), ["user terry: left out (AffiliationsShown)"]);
        assert!(sides.merge().sending().changes.is_empty());
        sides.receive(&sides.decided(Decision::Receive));
        assert_eq!(sides.here("terry").unwrap().affiliation, Affiliation::Member);
        assert!(sides.here_hat("terry", "t").unwrap().is_active());
        assert_eq!(sides.lines(), [""; 0]);
    }
}

#[test]
fn locally_removed_user_is_sent_whole_or_conflicts_when_managed() {
    for class in ALL {
        let removed = || {
            let mut sides = Sides::known(class, |sides| {
                sides
                    .both_entry("t", "T")
                    .both_entry("s", "S")
                    .member("terry", &[("t", "a T")]);
            })
            .managed();
            sides.local_user("terry", Affiliation::None);
            sides
        };
        let mut sides = removed();
        assert_eq!(sides.lines(), ["user terry: send"]);
        let plan = sides.merge();
        let sent = sides.send(&plan);
        let words: Vec<String> = sent.iter().map(change).collect();
        if class == P {
            assert_eq!(words, ["-affiliation terry"]);
            let hats = sent[0].expected_hats.as_ref().unwrap();
            assert_eq!(
                hats.get(&hat("t")),
                Some(&value("a T")),
                "the whole user is compared"
            );
        } else {
            assert_eq!(words, ["-terry t", "-affiliation terry"]);
        }
        assert!(!sides.remote.users.contains_key(&jid("terry")));
        sides.carry_out();

        // Anything that is not as it was known: a conflict.
        let mut sides = removed();
        sides.remote_hat("terry", "s", Some("a S"));
        assert_eq!(sides.lines(), ["user terry: conflict"]);
        let mut sides = removed();
        sides.remote_user("terry", Affiliation::Admin);
        assert_eq!(sides.lines(), ["user terry: conflict"]);
        sides.send(&sides.decided(Decision::Send));
        assert!(!sides.remote.users.contains_key(&jid("terry")));
    }
}

#[test]
fn remotely_removed_user_with_changed_hat_is_one_conflict() {
    for class in ALL {
        let changed = || {
            let mut sides = Sides::known(class, |sides| {
                sides
                    .both_entry("t", "T")
                    .both_entry("s", "S")
                    .member("terry", &[("t", "a T")]);
            });
            sides
                .remote_user("terry", Affiliation::None)
                .local_hat("terry", "s", Some("a S"));
            sides
        };
        let mut sides = changed();
        assert_eq!(sides.lines(), ["user terry: conflict (AffiliationsShown)"]);
        sides.receive(&sides.decided(Decision::Receive));
        if class == P {
            assert_eq!(sides.here("terry"), None);
        } else {
            let here = sides.here("terry").unwrap();
            assert_eq!((here.affiliation, here.hats.len()), (Affiliation::None, 1));
        }
        assert_eq!(sides.lines(), [""; 0]);

        let mut sides = changed().managed();
        assert_eq!(sides.lines(), ["user terry: conflict"]);
        sides.send(&sides.decided(Decision::Send));
        let there = &sides.remote.users[&jid("terry")];
        assert_eq!((there.affiliation, there.hats.len()), (Affiliation::Member, 2));
        assert_eq!(sides.lines(), [""; 0]);
    }
}

#[test]
fn remotely_removed_user_with_conflicting_hat_is_one_conflict() {
    for class in [E1, E2] {
        let mut sides = Sides::known(class, |sides| {
            sides.both_entry("t", "T").member("terry", &[]);
        });
        // Inactive here, given there: nothing is known of it.
        sides.local_hat("terry", "t", Some("r Mine"));
        sides
            .remote_hat("terry", "t", Some("a T"))
            .remote_user("terry", Affiliation::None);
        assert_eq!(sides.lines(), ["user terry: conflict (AffiliationsShown)"]);
    }
}

#[test]
fn remotely_removed_user_is_removed_whole_on_prosody() {
    let mut sides = Sides::known(P, |sides| {
        sides.member("terry", &[("t", "a T"), ("s", " S")]);
    });
    sides.remote_user("terry", Affiliation::None);
    assert_eq!(sides.lines(), ["user terry: receive"]);
    sides.carry_out();
    assert_eq!(sides.here("terry"), None);
}

#[test]
fn remotely_removed_ejabberd_user_keeps_active_hats() {
    for class in [E1, E2] {
        let mut sides = Sides::known(class, |sides| {
            sides
                .both_entry("t", "T")
                .member("terry", &[("t", "a T"), ("s", " S")])
                .member("ann", &[("s", " S")]);
        });
        sides
            .remote_user("terry", Affiliation::None)
            .remote_user("ann", Affiliation::None);
        assert_eq!(
            sides.lines(),
            ["affiliation ann: receive", "affiliation terry: receive"]
        );
        sides.carry_out();
        assert_eq!(sides.here("ann"), None, "no active hat is left");
        let terry = sides.here("terry").unwrap();
        assert_eq!((terry.affiliation, terry.hats.len()), (Affiliation::None, 2));

        let mut sides = Sides::known(class, |sides| {
            sides
                .both_entry("t", "T")
                .member("terry", &[("t", "a T"), ("s", " S")]);
        });
        sides
            .remote_hat("terry", "t", None)
            .remote_user("terry", Affiliation::None);
        assert_eq!(sides.lines(), ["affiliation terry: receive", "terry t: receive"]);
        sides.carry_out();
        assert_eq!(sides.here("terry"), None);
    }
}

#[test]
fn local_only_affiliation_is_skipped_or_sent() {
    for class in ALL {
        let mut sides = Sides::known(class, |_| {});
        sides.local_user("terry", Affiliation::Member);
        assert_eq!(sides.lines(), ["affiliation terry: left out (AffiliationsShown)"]);
        let mut sides = sides.managed();
        assert_eq!(sides.lines(), ["affiliation terry: send"]);
        sides.carry_out();
        assert_eq!(sides.remote.users[&jid("terry")].affiliation, Affiliation::Member);
    }
}
