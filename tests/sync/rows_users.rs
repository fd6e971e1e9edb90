//! The merge table: affiliations, and users who were removed on one side.

use hatrack::model::Affiliation;
use hatrack::sync::{Decision, Reason};

use crate::sides::*;

#[test]
fn shown_affiliation_is_received_and_never_sent() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides.add_member("terry", &[]).add_member("ann", &[]);
        });
        sides
            .set_remote_user("terry", Affiliation::Admin)
            .set_local_user("ann", Affiliation::Admin);
        sides.set_remote_user("bob", Affiliation::Member);
        assert_eq!(
            sides.lines(),
            [
                "affiliation ann: left out (AffiliationsShown)",
                "affiliation bob: receive",
                "affiliation terry: receive"
            ]
        );
        sides.carry_out();
        assert_eq!(
            sides.user_in_file("terry").unwrap().affiliation,
            Affiliation::Admin
        );
        assert_eq!(
            sides.user_in_file("bob").unwrap().affiliation,
            Affiliation::Member
        );
        assert_eq!(sides.remote.users[&jid("ann")].affiliation, Affiliation::Member);
        // A line that is left out can be received, which reverts the change in the file.
        sides.receive(&sides.decided(Decision::Receive));
        assert_eq!(sides.lines(), [""; 0]);
    }
}

#[test]
fn managed_affiliation_follows_table() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .add_member("terry", &[])
                .add_member("ann", &[])
                .add_member("bob", &[]);
        })
        .with_managed_affiliations();
        sides
            .set_remote_user("terry", Affiliation::Admin)
            .set_local_user("ann", Affiliation::Outcast);
        sides
            .set_remote_user("bob", Affiliation::Admin)
            .set_local_user("bob", Affiliation::Owner);
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
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides.set_both_user("terry", Affiliation::Owner);
        })
        .with_managed_affiliations();
        sides.set_local_user("owner", Affiliation::Member);
        assert_eq!(sides.lines(), ["affiliation owner: send"]);
        sides.set_local_user("terry", Affiliation::Member);
        assert_eq!(
            sides.lines(),
            [
                "affiliation owner: send",
                "affiliation terry: left out (LastOwner)"
            ]
        );
        sides.set_local_user("terry", Affiliation::None);
        assert_eq!(
            sides.lines(),
            ["affiliation owner: send", "user terry: left out (LastOwner)"]
        );
        sides.carry_out();
        // The same rule applies if the file's value is chosen in a conflict.
        let mut sides = Sides::compared(class, |_| {}).with_managed_affiliations();
        sides.set_local_user("owner", Affiliation::Member);
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
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides.set_both_user("me", Affiliation::Owner);
        })
        .with_managed_affiliations();
        sides.options.account = Some(jid("me"));
        sides.set_local_user("me", Affiliation::Member);
        assert_eq!(sides.lines(), ["affiliation me: left out (OwnAccount)"]);
        sides.set_local_user("me", Affiliation::None);
        assert_eq!(sides.lines(), ["user me: left out (OwnAccount)"]);
    }
}

#[test]
fn user_removed_from_the_file_is_left_out_and_can_be_received_if_affiliations_are_shown() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "T")
                .add_member("terry", &[("t", "a T")]);
        });
        sides.set_local_user("terry", Affiliation::None);
        assert_eq!(sides.lines(), ["user terry: left out (AffiliationsShown)"]);
        assert!(sides.merge().sending().changes.is_empty());
        sides.receive(&sides.decided(Decision::Receive));
        assert_eq!(
            sides.user_in_file("terry").unwrap().affiliation,
            Affiliation::Member
        );
        assert!(sides.hat_in_file("terry", "t").unwrap().is_active());
        assert_eq!(sides.lines(), [""; 0]);
    }
}

#[test]
fn user_removed_from_the_file_is_removed_on_the_server_or_conflicts_if_affiliations_are_managed() {
    for class in CLASSES {
        let removed = || {
            let mut sides = Sides::compared(class, |sides| {
                sides
                    .set_both_entry("t", "T")
                    .set_both_entry("s", "S")
                    .add_member("terry", &[("t", "a T")]);
            })
            .with_managed_affiliations();
            sides.set_local_user("terry", Affiliation::None);
            sides
        };
        let mut sides = removed();
        assert_eq!(sides.lines(), ["user terry: send"]);
        let plan = sides.merge();
        let sent = sides.send(&plan);
        let changes: Vec<String> = sent.iter().map(change_text).collect();
        if class == PROSODY {
            assert_eq!(changes, ["-affiliation terry"]);
            let hats = sent[0].expected_hats.as_ref().unwrap();
            assert_eq!(
                hats.get(&hat("t")),
                Some(&value("a T")),
                "the user's hats are expected, too"
            );
        } else {
            assert_eq!(changes, ["-terry t", "-affiliation terry"]);
        }
        assert!(!sides.remote.users.contains_key(&jid("terry")));
        sides.carry_out();

        // Any change of the user on the server since is a conflict.
        let mut sides = removed();
        sides.set_remote_hat("terry", "s", Some("a S"));
        assert_eq!(sides.lines(), ["user terry: conflict"]);
        let mut sides = removed();
        sides.set_remote_user("terry", Affiliation::Admin);
        assert_eq!(sides.lines(), ["user terry: conflict"]);
        sides.send(&sides.decided(Decision::Send));
        assert!(!sides.remote.users.contains_key(&jid("terry")));
    }
}

#[test]
fn user_removed_on_the_server_with_a_changed_hat_is_one_conflict() {
    for class in CLASSES {
        let changed = || {
            let mut sides = Sides::compared(class, |sides| {
                sides
                    .set_both_entry("t", "T")
                    .set_both_entry("s", "S")
                    .add_member("terry", &[("t", "a T")]);
            });
            sides
                .set_remote_user("terry", Affiliation::None)
                .set_local_hat("terry", "s", Some("a S"));
            sides
        };
        let mut sides = changed();
        assert_eq!(sides.lines(), ["user terry: conflict (AffiliationsShown)"]);
        sides.receive(&sides.decided(Decision::Receive));
        if class == PROSODY {
            assert_eq!(sides.user_in_file("terry"), None);
        } else {
            let local = sides.user_in_file("terry").unwrap();
            assert_eq!((local.affiliation, local.hats.len()), (Affiliation::None, 1));
        }
        assert_eq!(sides.lines(), [""; 0]);

        let mut sides = changed().with_managed_affiliations();
        assert_eq!(sides.lines(), ["user terry: conflict"]);
        sides.send(&sides.decided(Decision::Send));
        let remote = &sides.remote.users[&jid("terry")];
        assert_eq!((remote.affiliation, remote.hats.len()), (Affiliation::Member, 2));
        assert_eq!(sides.lines(), [""; 0]);
    }
}

#[test]
fn user_removed_on_the_server_with_a_conflicting_hat_is_one_conflict() {
    for class in [EJABBERD_OLD, EJABBERD_CATALOG] {
        let mut sides = Sides::compared(class, |sides| {
            sides.set_both_entry("t", "T").add_member("terry", &[]);
        });
        // The hat is inactive in the file and was added on the server. The base does not have it.
        sides.set_local_hat("terry", "t", Some("r Mine"));
        sides
            .set_remote_hat("terry", "t", Some("a T"))
            .set_remote_user("terry", Affiliation::None);
        assert_eq!(sides.lines(), ["user terry: conflict (AffiliationsShown)"]);
    }
}

#[test]
fn user_removed_on_prosody_is_removed_from_the_file_with_all_hats() {
    let mut sides = Sides::compared(PROSODY, |sides| {
        sides.add_member("terry", &[("t", "a T"), ("s", " S")]);
    });
    sides.set_remote_user("terry", Affiliation::None);
    assert_eq!(sides.lines(), ["user terry: receive"]);
    sides.carry_out();
    assert_eq!(sides.user_in_file("terry"), None);
}

#[test]
fn user_removed_on_ejabberd_keeps_active_hats() {
    for class in [EJABBERD_OLD, EJABBERD_CATALOG] {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "T")
                .add_member("terry", &[("t", "a T"), ("s", " S")])
                .add_member("ann", &[("s", " S")]);
        });
        sides
            .set_remote_user("terry", Affiliation::None)
            .set_remote_user("ann", Affiliation::None);
        assert_eq!(
            sides.lines(),
            ["affiliation ann: receive", "affiliation terry: receive"]
        );
        sides.carry_out();
        assert_eq!(
            sides.user_in_file("ann"),
            None,
            "a user without active hats is removed"
        );
        let terry = sides.user_in_file("terry").unwrap();
        assert_eq!((terry.affiliation, terry.hats.len()), (Affiliation::None, 2));

        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "T")
                .add_member("terry", &[("t", "a T"), ("s", " S")]);
        });
        sides
            .set_remote_hat("terry", "t", None)
            .set_remote_user("terry", Affiliation::None);
        assert_eq!(sides.lines(), ["affiliation terry: receive", "terry t: receive"]);
        sides.carry_out();
        assert_eq!(sides.user_in_file("terry"), None);
    }
}

#[test]
fn local_only_affiliation_is_skipped_or_sent() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |_| {});
        sides.set_local_user("terry", Affiliation::Member);
        assert_eq!(sides.lines(), ["affiliation terry: left out (AffiliationsShown)"]);
        let mut sides = sides.with_managed_affiliations();
        assert_eq!(sides.lines(), ["affiliation terry: send"]);
        sides.carry_out();
        assert_eq!(sides.remote.users[&jid("terry")].affiliation, Affiliation::Member);
    }
}
