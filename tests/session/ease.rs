//! Key counts of common tasks with 200 rooms and 40,000 users.

use hatrack::app::finder::Finder;
use hatrack::model::{Affiliation, Attachment, HatId, Jid, Wardrobe};

use super::session::Session;
use super::{hat, jid};

/// 200 rooms with 200 users each, five of whom have hats; one of the rooms has only 20 users, without hats. Terry is in
/// another room.
fn large_wardrobe() -> Wardrobe {
    let mut wardrobe = Wardrobe::default();
    let hats: Vec<(HatId, Attachment)> = ["Teacher", "Proctor", "On call", "Librarian", "First aid"]
        .into_iter()
        .enumerate()
        .map(|(index, title)| {
            let attachment = Attachment::default().with_title(Some(title)).with_active(true);
            (hat(&format!("urn:x:hat-{index}")), attachment)
        })
        .collect();
    for room in 0..200 {
        let address = jid(&format!("room{room:03}@conference.example.org"));
        let name = if room == 77 {
            "Physics for Poets".to_owned()
        } else {
            format!("Room {room}")
        };
        wardrobe.add_room(&address, Some(&name)).unwrap();
        let users = if room == 77 { 20 } else { 200 };
        for user in 0..users {
            let member = jid(&format!("user{:05}@example.org", room * 200 + user));
            wardrobe
                .set_affiliation(&member, &address, Affiliation::Member)
                .unwrap();
            if user % 40 == 0 && room != 77 {
                let (id, attachment) = hats[user / 40].clone();
                wardrobe.add_user_hat(&member, &address, &id, attachment).unwrap();
            }
        }
    }
    let room = jid("room123@conference.example.org");
    wardrobe
        .set_affiliation(&jid("terry@example.org"), &room, Affiliation::Member)
        .unwrap();
    wardrobe
}

/// Presses the keys, and returns their number.
fn press_and_count(session: &mut Session, keys: &str) -> usize {
    session.keys(keys);
    assert!(session.state.overlays().is_empty(), "{}", session.notice());
    keys.split_whitespace().count()
}

fn has_teacher(session: &Session, room: &str, user: &Jid) -> bool {
    let user = session.state.wardrobe().user(&jid(room), user);
    user.is_some_and(|user| user.hats.get(&hat("urn:x:hat-0")).is_some())
}

#[test]
fn adds_existing_hat_within_ten_keys_and_undoes_in_one() {
    let mut session = Session::open(large_wardrobe(), (100, 30));
    let before = session.state.wardrobe().clone();
    let keys = press_and_count(&mut session, "Ctrl-P t e r r Enter + t e Enter");
    assert!(keys <= 10);
    assert!(has_teacher(
        &session,
        "room123@conference.example.org",
        &jid("terry@example.org")
    ));
    session.keys("u");
    assert!(session.state.wardrobe().rooms().eq(before.rooms()));
}

#[test]
fn adds_existing_hat_to_twenty_users_within_fourteen_keys() {
    let mut session = Session::open(large_wardrobe(), (100, 30));
    let keys = press_and_count(&mut session, "Ctrl-P p h y s Enter Enter * + t e Enter y");
    assert!(keys <= 14);
    let with_hat = (0..20)
        .filter(|number| {
            let user = jid(&format!("user{:05}@example.org", 77 * 200 + number));
            has_teacher(&session, "room077@conference.example.org", &user)
        })
        .count();
    assert_eq!(with_hat, 20);
    session.keys("u");
    assert!(!has_teacher(
        &session,
        "room077@conference.example.org",
        &jid("user15400@example.org")
    ));
}

/// Every command of the panes is found in the palette by its description, without its key.
#[test]
fn every_action_is_reachable_without_its_key() {
    use hatrack::app::command::COMMANDS;
    use hatrack::app::place::Place;
    let is_in_panes = |place| {
        matches!(
            place,
            Place::Panes
                | Place::Lists
                | Place::Everywhere
                | Place::Rooms
                | Place::Users
                | Place::Hats
                | Place::AllHats
                | Place::UsersWithHat
                | Place::RoomsWithHat
                | Place::AllUsers
                | Place::RoomsOfUser
        )
    };
    for command in COMMANDS.iter().filter(|command| is_in_panes(command.place)) {
        if command.id.name() == "palette" {
            continue;
        }
        let mut session = super::open();
        session.keys(":");
        session.text(command.help);
        let Some(finder) = session.state.top_as::<Finder>() else {
            panic!("no palette")
        };
        // Commands that do the same by the same key in different places are one row.
        let found = finder.matches.iter().any(|found| {
            matches!(&found.item, hatrack::app::offer::FinderItem::Command(offer) if offer.command.help == command.help)
        });
        assert!(found, "{}", command.id);
    }
}
