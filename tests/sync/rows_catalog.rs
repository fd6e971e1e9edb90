//! The table: the catalog of ejabberd 25.10 and later; titles.

use hatrack::model::{Attachment, CatalogHat, Hue, Json};
use hatrack::sync::{CatalogValue, Decision, Note, Reason};

use crate::sides::*;

#[test]
fn catalog_stays_local_if_server_has_none() {
    for class in [P, E1] {
        let mut sides = Sides::known(class, |_| {});
        sides.local_entry("t", Some(entry("Teacher", Some("120"))));
        assert_eq!(sides.lines(), [""; 0]);
        sides.settle();
        assert!(sides.base.as_ref().unwrap().catalog.is_empty());
        let plan = sides.merge();
        assert!(sides.receive(&plan).is_empty());
    }
}

#[test]
fn catalog_entry_merges_title_and_hue_together() {
    let mut sides = Sides::known(E2, |sides| {
        sides.both_entry("t", "Teacher");
    });
    sides.local_entry("t", Some(entry("Teacher", Some("120"))));
    assert_eq!(sides.lines(), ["entry t: send"]);
    let sent = sides.send(&sides.merge());
    let wanted = Some(hatrack::sync::ItemValue::Catalog(CatalogValue::new(
        "Teacher",
        Some("120"),
    )));
    assert_eq!((sent.len(), &sent[0].wanted), (1, &wanted));
    sides.carry_out();

    // A change of the title there and of the hue here is a conflict: they belong together.
    sides.local_entry("t", Some(entry("Teacher", Some("240"))));
    sides.remote_entry("t", Some(CatalogValue::new("Prof", Some("120"))));
    assert_eq!(sides.lines(), ["entry t: conflict"]);
    sides.receive(&sides.decided(Decision::Receive));
    sides.carry_out();
    assert_eq!(
        sides.local().unwrap().catalog[&hat("t")],
        entry("Prof", Some("120"))
    );
}

#[test]
fn catalog_hues_are_normalized_and_odd_ones_kept() {
    let mut sides = Sides::known(E2, |_| {});
    let text = CatalogHat {
        hue: Hue::new(Json::new("\"120.0\"").unwrap()),
        ..entry("Teacher", None)
    };
    sides.local_entry("t", Some(text.clone()));
    sides.remote_entry("t", Some(CatalogValue::new("Teacher", Some("120"))));
    assert_eq!(sides.lines(), [""; 0]);
    sides.remote_entry("odd", Some(CatalogValue::new("Odd", Some("banana"))));
    sides.carry_out();
    let catalog = &sides.local().unwrap().catalog;
    assert_eq!(catalog[&hat("t")], text, "written as it was");
    assert_eq!(catalog[&hat("odd")].hue, Hue::new(Json::string("banana")));
}

#[test]
fn implied_entry_missing_remotely_is_defined_before_hat() {
    let mut sides = Sides::known(E2, |sides| {
        sides.member("terry", &[]);
    });
    sides.local_hat("terry", "t", Some("a Teacher"));
    assert_eq!(sides.lines(), ["implied t: send", "terry t: send"]);
    let plan = sides.merge();
    let sent = sides.send(&plan);
    assert_eq!(
        sent.iter().map(change).collect::<Vec<_>>(),
        ["+entry t", "+terry t"]
    );
    assert_eq!(
        sides.remote.catalog[&hat("t")],
        CatalogValue::new("Teacher", None)
    );
    // It never makes a base, and is never received or deleted here.
    sides.settle();
    assert!(sides.base.as_ref().unwrap().catalog.is_empty());
    assert_eq!(sides.lines(), [""; 0]);
    // Whatever is decided about its own line, it goes with the hat that needs it, and not without one.
    let mut sides = Sides::known(E2, |sides| {
        sides.member("terry", &[]);
    });
    sides.local_hat("terry", "t", Some("a Teacher"));
    let mut plan = sides.merge();
    plan.lines[0].decision = Decision::Skip;
    assert_eq!(plan.sending().changes.len(), 2);
    plan.lines[1].decision = Decision::Skip;
    assert!(plan.sending().changes.is_empty());
}

#[test]
fn implied_entry_of_invisible_remote_hats_is_offered() {
    let mut sides = Sides::known(E2, |sides| {
        sides.member("terry", &[("t", "a Teacher")]).member("ann", &[]);
    });
    assert_eq!(sides.lines(), ["implied t: send (NotDefined), not chosen"]);
    assert!(sides.merge().sending().changes.is_empty());
    let mut chosen = sides.clone();
    chosen.send(&sides.decided(Decision::Send));
    assert_eq!(chosen.lines(), [""; 0]);
    // It goes by itself with another user's hat.
    sides.local_hat("ann", "t", Some("a Teacher"));
    assert_eq!(sides.lines(), ["implied t: send", "ann t: send"]);
    sides.carry_out();
    assert_eq!(sides.lines(), [""; 0]);
}

#[test]
fn implied_entry_existing_remotely_needs_nothing() {
    let mut sides = Sides::known(E2, |sides| {
        sides.member("terry", &[]);
    });
    sides.remote_entry("t", Some(CatalogValue::new("Prof", Some("120"))));
    sides.both_hat("terry", "t", "a Teacher");
    assert_eq!(sides.lines(), [""; 0]);
    // Removed from the catalog here while users have the hat: implied, so never "deleted here".
    let mut sides = Sides::known(E2, |sides| {
        sides.both_entry("t", "Teacher").member("terry", &[("t", "a")]);
    });
    sides.local_entry("t", None);
    assert_eq!(sides.lines(), [""; 0]);
    sides.local_hat("terry", "t", None);
    assert_eq!(
        sides.lines(),
        ["entry t: send", "terry t: send"],
        "nobody has it here any more"
    );
    let sent = sides.send(&sides.merge());
    assert_eq!(
        sent.iter().map(change).collect::<Vec<_>>(),
        ["-terry t", "-entry t"]
    );
}

/// Somebody else gives a hat that is known here by the own titles of others.
#[test]
fn entry_of_received_hat_is_received_although_it_was_implied() {
    let mut sides = Sides::known(E2, |sides| {
        sides.member("terry", &[]).member("ann", &[]);
    });
    sides.local_hat("terry", "t", Some("a Teacher"));
    sides.carry_out();
    assert!(sides.local().unwrap().catalog.is_empty());
    sides.remote_hat("ann", "t", Some("a"));
    assert_eq!(sides.lines(), ["entry t: receive", "ann t: receive"]);
    sides.carry_out();
    let title = |user: &str| {
        let local = sides.local().unwrap();
        local
            .title(&hat("t"), sides.here_hat(user, "t").unwrap())
            .map(ToOwned::to_owned)
    };
    assert_eq!(
        ["terry", "ann"].map(title),
        [Some("Teacher".to_owned()), Some("Teacher".into())]
    );
    assert!(sides.base.as_ref().unwrap().catalog.contains_key(&hat("t")));
    assert_eq!(sides.lines(), [""; 0]);
}

/// The same where the hat was received before without its entry.
#[test]
fn entry_of_hat_without_title_is_received_although_it_was_implied() {
    let mut sides = Sides::known(E2, |sides| {
        sides.member("terry", &[("t", "a")]);
    });
    sides.remote_entry("t", Some(CatalogValue::new("Teacher", None)));
    assert_eq!(sides.lines(), ["entry t: receive"]);
    sides.carry_out();
    assert_eq!(sides.local().unwrap().catalog[&hat("t")], entry("Teacher", None));
    assert_eq!(sides.lines(), [""; 0]);
}

#[test]
fn catalog_removal_is_sent_only_if_hat_is_unused() {
    let mut sides = Sides::known(E2, |sides| {
        sides
            .both_entry("t", "Teacher")
            .member("terry", &[])
            .member("ann", &[]);
    });
    sides.local_entry("t", None);
    assert_eq!(sides.lines(), ["entry t: send"]);
    // Users whom nobody here can name.
    for id in [Some(hat("t")), None] {
        let mut odd = sides.clone();
        odd.remote.unreadable.skip_hat(id);
        assert_eq!(odd.lines(), ["entry t: left out (StillUsed)"]);
    }
    let mut odd = sides.clone();
    odd.remote.unreadable.skip_hat(Some(hat("u")));
    assert_eq!(odd.lines(), ["entry t: send"]);
    sides.local_hat("terry", "t", Some(" Teacher"));
    assert_eq!(sides.lines(), ["entry t: left out (StillUsed)"], "inactive here");
    sides
        .local_hat("terry", "t", None)
        .remote_hat("ann", "t", Some("a"));
    sides.options.is_requested = false;
    assert_eq!(sides.lines(), ["entry t: left out (StillUsed)", "ann t: receive"]);
    // Where the removal of the last user's hat is not chosen, the entry stays, too.
    let mut sides = Sides::known(E2, |sides| {
        sides.both_entry("t", "Teacher").member("terry", &[("t", "a")]);
    });
    sides.local_hat("terry", "t", None).local_entry("t", None);
    let mut plan = sides.merge();
    assert_eq!(plan.sending().changes.len(), 2);
    plan.lines[1].decision = Decision::Skip;
    assert_eq!(plan.sending().left_out, [(0, Reason::StillUsed)]);
}

#[test]
fn catalog_removal_is_sent_if_server_took_hat_from_its_last_user() {
    let mut sides = Sides::known(E2, |sides| {
        sides.both_entry("t", "Teacher").member("terry", &[("t", "a")]);
    });
    sides.local_entry("t", None).remote_hat("terry", "t", None);
    assert_eq!(sides.lines(), ["entry t: send", "terry t: receive"]);
}

#[test]
fn catalog_entry_with_unsendable_title_is_skipped() {
    let mut sides = Sides::known(E2, |_| {});
    sides.local_entry("none", Some(CatalogHat::default()));
    sides.local_entry("text", Some(entry("\u{1b}", None)));
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
    let mut sides = Sides::known(E2, |sides| {
        sides.both_entry("t", "Teacher");
        sides
            .member("terry", &[("t", "a Teacher")])
            .member("ann", &[("t", "a Ms Ann")])
            .member("bob", &[("t", "a")]);
    });
    sides.remote_entry("t", Some(CatalogValue::new("Prof", None)));
    sides.carry_out();
    let title = |user: &str| sides.here_hat(user, "t").unwrap().title.clone();
    assert_eq!(
        ["terry", "ann", "bob"].map(title),
        [None, Some("Ms Ann".into()), None]
    );
    assert_eq!(sides.local().unwrap().catalog[&hat("t")], entry("Prof", None));
}

#[test]
fn received_catalog_removal_keeps_hats() {
    let mut sides = Sides::known(E2, |sides| {
        sides.both_entry("t", "Teacher");
        sides
            .member("terry", &[("t", "a")])
            .member("ann", &[])
            .local_hat("ann", "t", Some("r Ann"));
    });
    sides.remote_entry("t", None).remote_hat("terry", "t", None);
    assert_eq!(sides.lines(), ["entry t: receive", "terry t: receive"]);
    sides.carry_out();
    assert_eq!(sides.here_hat("terry", "t"), None);
    assert_eq!(
        sides.here_hat("ann", "t"),
        Some(&attachment("r Ann")),
        "the inactive one stays"
    );
}

#[test]
fn hat_is_not_sent_if_its_entry_was_removed_remotely() {
    let mut sides = Sides::known(E2, |sides| {
        sides.both_entry("t", "Teacher").member("terry", &[]);
    });
    sides.remote_entry("t", None).local_hat("terry", "t", Some("a"));
    assert_eq!(
        sides.lines(),
        ["entry t: conflict", "terry t: left out (NotDefined)"]
    );
}

#[test]
fn differing_own_title_is_noted_and_never_sent() {
    let mut sides = Sides::known(E2, |sides| {
        sides.both_entry("t", "Teacher");
        sides
            .member("terry", &[("t", "a Teacher")])
            .member("ann", &[("t", "a Ms Ann")]);
    });
    let plan = sides.merge();
    assert!(plan.lines.is_empty() && plan.is_settled());
    let note = Note::OwnTitle {
        user: jid("ann"),
        hat: hat("t"),
        title: "Ms Ann".into(),
    };
    assert_eq!(plan.notes, [note]);
    sides.local_hat("terry", "t", Some("a Other"));
    assert_eq!(sides.lines(), [""; 0]);
    let _ = Attachment::default();
}
