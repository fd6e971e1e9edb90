//! Changes by others to the same file are reported when they happen, if they concern this screen.

use hatrack::model::Affiliation;

use super::session::Session;
use super::{ROOM, TERRY, jid, open, wardrobe};

#[test]
fn notice_names_the_actor_of_a_removal_and_the_new_selection() {
    let mut session = open();
    session.keys("Enter Down");
    assert_eq!(session.state.user().unwrap().0.as_str(), TERRY);
    session.change_by("alice@203.0.113.7", |wardrobe| {
        wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::None)
    });
    assert_eq!(
        session.notice(),
        "alice removed terry@example.org (member) from courses@conference.example.org with 1 hat. \
         terry@example.org is no longer listed; mallory@example.net is selected now"
    );
    // The next key that would change something does not act on the new selection.
    session.keys("d");
    assert!(session.notice().starts_with("Canceled: "), "{}", session.notice());
}

#[test]
fn error_stays_before_changes_by_others() {
    let mut session = open();
    session.keys("Enter Down F9");
    assert_eq!(session.notice(), "F9 has no binding here (? to show all keys)");
    let add = |user: &str| {
        let user = jid(user);
        move |wardrobe: &mut hatrack::model::Wardrobe| {
            wardrobe.set_affiliation(&user, &jid(ROOM), Affiliation::Member)
        }
    };
    session.change_by("alice", add("kim@example.org"));
    assert_eq!(
        session.notice(),
        "F9 has no binding here (? to show all keys). \
         alice added kim@example.org to courses@conference.example.org as member"
    );
    session.change_by("bob", add("bob@example.org"));
    assert_eq!(
        session.notice(),
        "F9 has no binding here (? to show all keys). \
         bob added bob@example.org to courses@conference.example.org as member"
    );
    session.change_by("bob", add("ana@example.org"));
    assert_eq!(
        session.notice(),
        "F9 has no binding here (? to show all keys). \
         bob: 2 changes, last: added ana@example.org to courses@conference.example.org as member (H for the history)"
    );
    session.change_by("bob", add("walt@example.org"));
    assert_eq!(
        session.notice(),
        "F9 has no binding here (? to show all keys). \
         bob: 3 changes, last: added walt@example.org to courses@conference.example.org as member (H for the history)"
    );
}

#[test]
fn selection_stays_when_another_user_is_removed() {
    let mut session = open();
    session.keys("Enter Down");
    session.change_by("alice", |wardrobe| {
        wardrobe.set_affiliation(&jid("mallory@example.net"), &jid(ROOM), Affiliation::None)
    });
    assert_eq!(
        session.notice(),
        "alice removed mallory@example.net (outcast) from courses@conference.example.org"
    );
    assert_eq!(session.state.user().unwrap().0.as_str(), TERRY);
}

#[test]
fn changes_in_other_rooms_are_not_reported() {
    let mut wardrobe = wardrobe();
    let staff = jid("staff@conference.example.org");
    wardrobe.add_room(&staff, None).unwrap();
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("Enter");
    let add = |user: &str| {
        let user = jid(user);
        move |wardrobe: &mut hatrack::model::Wardrobe| {
            wardrobe.set_affiliation(&user, &jid("staff@conference.example.org"), Affiliation::Member)
        }
    };
    session.change_by("alice", add("kim@example.org"));
    assert_eq!(session.notice(), "");
    session.keys("Left Down");
    session.change_by("terry", add("bob@example.org"));
    assert_eq!(
        session.notice(),
        "terry (another session) added bob@example.org to staff@conference.example.org as member"
    );
}

/// This ends when a key removes the notice.
#[test]
fn changes_by_one_actor_are_reported_together() {
    let mut session = open();
    session.keys("Enter");
    let set = |user: &str, affiliation| {
        let user = jid(user);
        move |wardrobe: &mut hatrack::model::Wardrobe| {
            wardrobe.set_affiliation(&user, &jid(ROOM), affiliation)
        }
    };
    session.change_by("alice", set("kim@example.org", Affiliation::Member));
    session.change_by("alice@203.0.113.7", set(TERRY, Affiliation::Admin));
    let first = "alice added kim@example.org to courses@conference.example.org as member; ";
    let notice = session.notice().to_owned();
    assert!(notice.starts_with(first) && notice.contains(TERRY), "{notice}");
    session.change_by("alice", set("bob@example.org", Affiliation::Member));
    let last = "added bob@example.org to courses@conference.example.org as member";
    assert_eq!(
        session.notice(),
        format!("alice: 3 changes, last: {last} (H for the history)")
    );
    // Changes by another actor, and changes after the next key, are reported alone.
    session.change_by("bob", set("bob@example.org", Affiliation::Admin));
    assert!(session.notice().starts_with("bob "), "{}", session.notice());
    assert!(!session.notice().contains("kim"), "{}", session.notice());
    session.keys("Down");
    session.change_by("bob", set("bob@example.org", Affiliation::Owner));
    assert!(!session.notice().contains(';'), "{}", session.notice());
    // The notice of the session's own change replaces the report.
    session.keys("+");
    session.text("teacher");
    session.keys("Enter");
    let own = session.notice().to_owned();
    assert!(own.starts_with("Added"), "{own}");
}

/// The second change removes the selected row.
#[test]
fn lost_selection_does_not_hide_the_earlier_change() {
    let mut session = open();
    session.keys("Enter Down");
    let set = |user: &str, affiliation| {
        let user = jid(user);
        move |wardrobe: &mut hatrack::model::Wardrobe| {
            wardrobe.set_affiliation(&user, &jid(ROOM), affiliation)
        }
    };
    session.change_by("alice", set("prof@example.org", Affiliation::Admin));
    session.change_by("alice", set(TERRY, Affiliation::None));
    let notice = session.notice().to_owned();
    let before = notice.find("prof@example.org");
    let lost = notice.find("terry@example.org is no longer listed");
    assert!(before.is_some() && lost > before, "{notice}");
    session.keys("d");
    assert!(session.notice().starts_with("Canceled: "), "{}", session.notice());
}
