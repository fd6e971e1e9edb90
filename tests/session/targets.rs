//! Which rows a command changes, and what its question says about them.

use hatrack::app::Confirm;
use hatrack::app::form::{Form, FormSubject};
use hatrack::model::{Affiliation, CatalogHat, Wardrobe};

use super::session::Session;
use super::{ROOM, hat, jid, open, wardrobe};

const STAFF: &str = "staff@conference.example.org";

fn with_empty_room() -> Wardrobe {
    let mut wardrobe = wardrobe();
    wardrobe.add_room(&jid(STAFF), Some("Staff")).unwrap();
    wardrobe
}

fn define_hats(wardrobe: &mut Wardrobe, room: &str, ids: &[&str]) {
    for id in ids {
        let defined = CatalogHat {
            title: Some("Defined".into()),
            ..CatalogHat::default()
        };
        wardrobe.define_hat(&jid(room), &hat(id), defined, false).unwrap();
    }
}

fn consequence(session: &Session) -> &str {
    &session.state.top_as::<Confirm>().unwrap().consequence
}

#[test]
fn edit_opens_the_marked_room_even_if_another_is_selected() {
    let mut session = Session::open(with_empty_room(), (100, 30));
    session.keys("Space k e");
    let form = session.state.top_as::<Form>().unwrap();
    let FormSubject::EditRoom { room, .. } = &form.subject else {
        panic!("{:?}", form.subject);
    };
    assert_eq!(room, &jid(ROOM));
    session.keys("Esc j e");
    let form = session.state.top_as::<Form>().unwrap();
    assert!(matches!(&form.subject, FormSubject::EditRoom { room, .. } if room == &jid(ROOM)));
}

#[test]
fn removing_a_room_with_only_a_catalog_names_the_catalog() {
    let mut wardrobe = with_empty_room();
    define_hats(&mut wardrobe, STAFF, &["urn:x:a", "urn:x:b"]);
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("j d");
    assert_eq!(
        consequence(&session),
        "This also removes the catalog (2 hats). You can undo this in one step."
    );
}

#[test]
fn removing_rooms_lists_only_what_they_have() {
    let mut wardrobe = with_empty_room();
    define_hats(&mut wardrobe, ROOM, &["urn:x:a"]);
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("* d");
    assert_eq!(
        consequence(&session),
        "This also removes 3 users, 1 hat and the catalogs (1 hat). You can undo this in one step."
    );
    let mut wardrobe = Wardrobe::default();
    for room in [ROOM, STAFF] {
        wardrobe.add_room(&jid(room), None).unwrap();
    }
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("* d");
    assert_eq!(consequence(&session), "You can undo this in one step.");
}

#[test]
fn adding_a_user_to_another_room_says_that_the_filter_hides_the_users() {
    let mut wardrobe = with_empty_room();
    wardrobe
        .set_affiliation(&jid("zoe@example.org"), &jid(STAFF), Affiliation::Member)
        .unwrap();
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("w w / x y z Enter A");
    assert_eq!(session.notice(), "The filter hides 4 users (Esc to clear it)");
    let mut session = open();
    session.keys("w w A");
    assert!(
        session.state.top_as::<Form>().is_none(),
        "all users are in all rooms"
    );
}
