//! The merge table: the catalog of ejabberd 25.10 and later, and titles.

use hatrack::model::{CatalogHat, Hue, Json};
use hatrack::sync::{CatalogValue, Decision, Note, Reason};

use crate::sides::*;

#[test]
fn catalog_stays_local_if_server_has_none() {
    for class in [PROSODY, EJABBERD_OLD] {
        let mut sides = Sides::compared(class, |_| {});
        sides.set_local_entry("t", Some(entry("Teacher", Some("120"))));
        assert_eq!(sides.lines(), [""; 0]);
        sides.update_base();
        assert!(sides.base.as_ref().unwrap().catalog.is_empty());
        let plan = sides.merge();
        assert!(sides.receive(&plan).is_empty());
    }
}

#[test]
fn catalog_entry_merges_title_and_hue_together() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides.set_both_entry("t", "Teacher");
    });
    sides.set_local_entry("t", Some(entry("Teacher", Some("120"))));
    assert_eq!(sides.lines(), ["entry t: send"]);
    let sent = sides.send(&sides.merge());
    let wanted = Some(hatrack::sync::ItemValue::Catalog(CatalogValue::new(
        "Teacher",
        Some("120"),
    )));
    assert_eq!((sent.len(), &sent[0].wanted), (1, &wanted));
    sides.carry_out();

    // Title and hue are one item, so a changed title on the server and a changed hue in the file are a conflict.
    sides.set_local_entry("t", Some(entry("Teacher", Some("240"))));
    sides.set_remote_entry("t", Some(CatalogValue::new("Prof", Some("120"))));
    assert_eq!(sides.lines(), ["entry t: conflict"]);
    sides.receive(&sides.decided(Decision::Receive));
    sides.carry_out();
    assert_eq!(
        sides.local().unwrap().catalog[&hat("t")],
        entry("Prof", Some("120"))
    );
}

#[test]
fn equal_hues_do_not_differ_and_invalid_hues_are_kept() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |_| {});
    let text = CatalogHat {
        hue: Hue::new(Json::new("\"120.0\"").unwrap()),
        ..entry("Teacher", None)
    };
    sides.set_local_entry("t", Some(text.clone()));
    sides.set_remote_entry("t", Some(CatalogValue::new("Teacher", Some("120"))));
    assert_eq!(sides.lines(), [""; 0]);
    sides.set_remote_entry("odd", Some(CatalogValue::new("Odd", Some("banana"))));
    sides.carry_out();
    let catalog = &sides.local().unwrap().catalog;
    assert_eq!(catalog[&hat("t")], text, "the hue is still written as a text");
    assert_eq!(catalog[&hat("odd")].hue, Hue::new(Json::string("banana")));
}

#[test]
fn implied_entry_is_defined_on_the_server_before_its_hat_is_sent() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides.add_member("terry", &[]);
    });
    sides.set_local_hat("terry", "t", Some("a Teacher"));
    assert_eq!(sides.lines(), ["implied t: send", "terry t: send"]);
    let plan = sides.merge();
    let sent = sides.send(&plan);
    assert_eq!(
        sent.iter().map(change_text).collect::<Vec<_>>(),
        ["+entry t", "+terry t"]
    );
    assert_eq!(
        sides.remote.catalog[&hat("t")],
        CatalogValue::new("Teacher", None)
    );
    // The implied entry is not recorded in the base, and causes no difference.
    sides.update_base();
    assert!(sides.base.as_ref().unwrap().catalog.is_empty());
    assert_eq!(sides.lines(), [""; 0]);
    // The implied entry is sent exactly if a hat that needs it is sent, whatever is decided about the entry's own line.
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides.add_member("terry", &[]);
    });
    sides.set_local_hat("terry", "t", Some("a Teacher"));
    let mut plan = sides.merge();
    plan.lines[0].decision = Decision::Skip;
    assert_eq!(plan.sending().changes.len(), 2);
    plan.lines[1].decision = Decision::Skip;
    assert!(plan.sending().changes.is_empty());
}

#[test]
fn missing_entry_of_a_hat_on_the_server_is_offered() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides
            .add_member("terry", &[("t", "a Teacher")])
            .add_member("ann", &[]);
    });
    assert_eq!(sides.lines(), ["implied t: send (NotDefined), not chosen"]);
    assert!(sides.merge().sending().changes.is_empty());
    let mut chosen = sides.clone();
    chosen.send(&sides.decided(Decision::Send));
    assert_eq!(chosen.lines(), [""; 0]);
    // If another user's hat is sent, the entry is sent automatically.
    sides.set_local_hat("ann", "t", Some("a Teacher"));
    assert_eq!(sides.lines(), ["implied t: send", "ann t: send"]);
    sides.carry_out();
    assert_eq!(sides.lines(), [""; 0]);
}

#[test]
fn implied_entry_that_the_server_has_is_no_difference() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides.add_member("terry", &[]);
    });
    sides.set_remote_entry("t", Some(CatalogValue::new("Prof", Some("120"))));
    sides.set_both_hat("terry", "t", "a Teacher");
    assert_eq!(sides.lines(), [""; 0]);
    // An entry that is removed from the file while users have the hat is implied, so it is not removed on the server.
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides
            .set_both_entry("t", "Teacher")
            .add_member("terry", &[("t", "a")]);
    });
    sides.set_local_entry("t", None);
    assert_eq!(sides.lines(), [""; 0]);
    sides.set_local_hat("terry", "t", None);
    assert_eq!(
        sides.lines(),
        ["entry t: send", "terry t: send"],
        "no user in the file has the hat"
    );
    let sent = sides.send(&sides.merge());
    assert_eq!(
        sent.iter().map(change_text).collect::<Vec<_>>(),
        ["-terry t", "-entry t"]
    );
}

/// The file does not have the hat's entry, because the title of the user's hat is enough. Then someone adds the hat to
/// another user on the server.
#[test]
fn entry_of_a_received_hat_is_received_although_it_was_implied() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides.add_member("terry", &[]).add_member("ann", &[]);
    });
    sides.set_local_hat("terry", "t", Some("a Teacher"));
    sides.carry_out();
    assert!(sides.local().unwrap().catalog.is_empty());
    sides.set_remote_hat("ann", "t", Some("a"));
    assert_eq!(sides.lines(), ["entry t: receive", "ann t: receive"]);
    sides.carry_out();
    let title = |user: &str| {
        let local = sides.local().unwrap();
        local
            .title(&hat("t"), sides.hat_in_file(user, "t").unwrap())
            .map(ToOwned::to_owned)
    };
    assert_eq!(
        ["terry", "ann"].map(title),
        [Some("Teacher".to_owned()), Some("Teacher".into())]
    );
    assert!(sides.base.as_ref().unwrap().catalog.contains_key(&hat("t")));
    assert_eq!(sides.lines(), [""; 0]);
}

/// The hat was received before without its entry.
#[test]
fn entry_of_a_hat_without_a_title_is_received_although_it_was_implied() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides.add_member("terry", &[("t", "a")]);
    });
    sides.set_remote_entry("t", Some(CatalogValue::new("Teacher", None)));
    assert_eq!(sides.lines(), ["entry t: receive"]);
    sides.carry_out();
    assert_eq!(sides.local().unwrap().catalog[&hat("t")], entry("Teacher", None));
    assert_eq!(sides.lines(), [""; 0]);
}

#[test]
fn catalog_removal_is_sent_only_if_hat_is_unused() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides
            .set_both_entry("t", "Teacher")
            .add_member("terry", &[])
            .add_member("ann", &[]);
    });
    sides.set_local_entry("t", None);
    assert_eq!(sides.lines(), ["entry t: send"]);
    // A user whose address is unreadable has this hat, or a hat whose ID is unreadable.
    for id in [Some(hat("t")), None] {
        let mut with_unreadable = sides.clone();
        with_unreadable.remote.unreadable.skip_hat(id);
        assert_eq!(with_unreadable.lines(), ["entry t: left out (StillUsed)"]);
    }
    let mut with_unreadable = sides.clone();
    with_unreadable.remote.unreadable.skip_hat(Some(hat("u")));
    assert_eq!(with_unreadable.lines(), ["entry t: send"]);
    sides.set_local_hat("terry", "t", Some(" Teacher"));
    assert_eq!(
        sides.lines(),
        ["entry t: left out (StillUsed)"],
        "an inactive hat in the file counts, too"
    );
    sides
        .set_local_hat("terry", "t", None)
        .set_remote_hat("ann", "t", Some("a"));
    sides.options.is_requested = false;
    assert_eq!(sides.lines(), ["entry t: left out (StillUsed)", "ann t: receive"]);
    // If the removal of the last user's hat is skipped, the entry stays, too.
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides
            .set_both_entry("t", "Teacher")
            .add_member("terry", &[("t", "a")]);
    });
    sides.set_local_hat("terry", "t", None).set_local_entry("t", None);
    let mut plan = sides.merge();
    assert_eq!(plan.sending().changes.len(), 2);
    plan.lines[1].decision = Decision::Skip;
    assert_eq!(plan.sending().left_out, [(0, Reason::StillUsed)]);
}

#[test]
fn catalog_removal_is_sent_if_the_last_user_lost_the_hat_on_the_server() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides
            .set_both_entry("t", "Teacher")
            .add_member("terry", &[("t", "a")]);
    });
    sides
        .set_local_entry("t", None)
        .set_remote_hat("terry", "t", None);
    assert_eq!(sides.lines(), ["entry t: send", "terry t: receive"]);
}

#[test]
fn catalog_entry_whose_title_cannot_be_sent_is_left_out() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |_| {});
    sides.set_local_entry("none", Some(CatalogHat::default()));
    sides.set_local_entry("text", Some(entry("\u{1b}", None)));
    assert_eq!(
        sides.lines(),
        [
            "entry none: left out (NeedsTitle)",
            "entry text: left out (TextRefused)"
        ]
    );
}

#[test]
fn received_catalog_title_drops_equal_own_titles() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides.set_both_entry("t", "Teacher");
        sides
            .add_member("terry", &[("t", "a Teacher")])
            .add_member("ann", &[("t", "a Ms Ann")])
            .add_member("bob", &[("t", "a")]);
    });
    sides.set_remote_entry("t", Some(CatalogValue::new("Prof", None)));
    sides.carry_out();
    let title = |user: &str| sides.hat_in_file(user, "t").unwrap().title.clone();
    assert_eq!(
        ["terry", "ann", "bob"].map(title),
        [None, Some("Ms Ann".into()), None]
    );
    assert_eq!(sides.local().unwrap().catalog[&hat("t")], entry("Prof", None));
}

#[test]
fn received_catalog_removal_keeps_inactive_hats() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides.set_both_entry("t", "Teacher");
        sides
            .add_member("terry", &[("t", "a")])
            .add_member("ann", &[])
            .set_local_hat("ann", "t", Some("r Ann"));
    });
    sides
        .set_remote_entry("t", None)
        .set_remote_hat("terry", "t", None);
    assert_eq!(sides.lines(), ["entry t: receive", "terry t: receive"]);
    sides.carry_out();
    assert_eq!(sides.hat_in_file("terry", "t"), None);
    assert_eq!(
        sides.hat_in_file("ann", "t"),
        Some(&attachment("r Ann")),
        "the inactive hat stays"
    );
}

#[test]
fn hat_is_not_sent_if_its_entry_was_removed_on_the_server() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides.set_both_entry("t", "Teacher").add_member("terry", &[]);
    });
    sides
        .set_remote_entry("t", None)
        .set_local_hat("terry", "t", Some("a"));
    assert_eq!(
        sides.lines(),
        ["entry t: conflict", "terry t: left out (NotDefined)"]
    );
}

#[test]
fn title_that_differs_from_the_catalog_is_noted_and_not_sent() {
    let mut sides = Sides::compared(EJABBERD_CATALOG, |sides| {
        sides.set_both_entry("t", "Teacher");
        sides
            .add_member("terry", &[("t", "a Teacher")])
            .add_member("ann", &[("t", "a Ms Ann")]);
    });
    let plan = sides.merge();
    assert!(plan.lines.is_empty() && plan.is_settled());
    let note = Note::OwnTitle {
        user: jid("ann"),
        hat: hat("t"),
        title: "Ms Ann".into(),
    };
    assert_eq!(plan.notes, [note]);
    sides.set_local_hat("terry", "t", Some("a Other"));
    assert_eq!(sides.lines(), [""; 0]);
}
