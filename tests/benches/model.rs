//! Speed of the model at two sizes: S is 10 rooms × 20 users × 2 hats; M is 200 × 200 × 2, a large real service.

use std::fmt::Write as _;

use divan::{Bencher, black_box};
use hatrack::model::{Affiliation, Attachment, EditGroup, HatId, Jid, Room, User, Wardrobe, read, write};

/// Rooms, and users in each room.
const SIZES: [(u32, u32); 2] = [(10, 20), (200, 200)];

fn main() {
    divan::main();
}

/// A data file of this size in canonical form. Each room has eight hats, of which each user has two.
fn file((rooms, users): (u32, u32)) -> String {
    const AFFILIATIONS: [&str; 4] = ["owner", "admin", "member", "outcast"];
    let mut text = String::from("{\n  \"version\": 1,\n  \"revision\": 7,\n  \"rooms\": {");
    for room in 0..rooms {
        let comma = if room == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}\n    \"room{room:04}@conference.example.org\": {{\n      \"users\": {{"
        );
        for user in 0..users {
            let comma = if user == 0 { "" } else { "," };
            let number = room * users + user;
            let affiliation = AFFILIATIONS.get(number as usize % 4).unwrap_or(&"none");
            let _ = write!(
                text,
                "{comma}\n        \"user{number:06}@example.org\": {{\n          \"affiliation\": \"{affiliation}\",\n          \"hats\": {{"
            );
            for hat in 0..2 {
                let comma = if hat == 0 { "" } else { "," };
                let id = hat * 4 + number % 4;
                let active = number % 3 > 0;
                let _ = write!(
                    text,
                    "{comma}\n            \"urn:uuid:{room:08x}-7461-4cff-bdae-{id:012x}\": {{\n              \"active\": {active},\n              \"required\": false,\n              \"title\": \"Première visite {id}\"\n            }}"
                );
            }
            text.push_str("\n          }\n        }");
        }
        text.push_str("\n      }\n    }");
    }
    text.push_str("\n  }\n}\n");
    text
}

fn wardrobe(size: (u32, u32)) -> Wardrobe {
    read::wardrobe(file(size).as_bytes()).unwrap_or_default()
}

/// A room in the middle, and an affiliated user of it.
fn middle(wardrobe: &Wardrobe) -> Option<(Jid, Jid)> {
    let (jid, room) = wardrobe.rooms().nth(wardrobe.rooms().len() / 2)?;
    let member = |(jid, user): &(Jid, User)| user.affiliation.is_affiliated().then(|| jid.clone());
    Some((jid.clone(), room.users().iter().find_map(member)?))
}

/// Adds a hat to the user whom `middle` returns.
fn add_hat(wardrobe: &mut Wardrobe) -> EditGroup {
    let hat = HatId::unchecked("http://example.com/hats/new");
    let Some((room, user)) = middle(wardrobe) else {
        return EditGroup::default();
    };
    wardrobe
        .add_user_hat(&user, &room, &hat, Attachment::default())
        .unwrap_or_default()
}

/// Reads canonical text with the fast parser, on one thread.
fn parse_canonical(text: &str) -> Option<Wardrobe> {
    let head = read::document_head(text.as_bytes())?;
    let rooms = read::rooms_chunk(text.strip_prefix(head)?)?;
    let tail = text.get(text.len() - rooms.remaining()..)?;
    read::join_chunks(head, vec![rooms], tail)
}

#[divan::bench(args = SIZES)]
fn parse(bencher: Bencher, size: (u32, u32)) {
    let text = file(size);
    assert!(parse_canonical(&text).is_some(), "the text is not canonical");
    bencher.bench(|| parse_canonical(black_box(&text)));
}

#[divan::bench(args = SIZES)]
fn parse_any_form(bencher: Bencher, size: (u32, u32)) {
    let text = file(size);
    bencher.bench(|| read::wardrobe(black_box(text.as_bytes())));
}

#[divan::bench(args = SIZES)]
fn write_all(bencher: Bencher, size: (u32, u32)) {
    let wardrobe = wardrobe(size);
    bencher.bench(|| write::wardrobe(black_box(&wardrobe)));
}

#[divan::bench(args = SIZES)]
fn apply(bencher: Bencher, size: (u32, u32)) {
    let wardrobe = wardrobe(size);
    let group = add_hat(&mut wardrobe.clone());
    bencher
        .with_inputs(|| wardrobe.clone())
        .bench_values(|mut wardrobe| {
            let _ = wardrobe.apply(black_box(&group));
            wardrobe
        });
}

#[divan::bench(args = SIZES)]
fn undo(bencher: Bencher, size: (u32, u32)) {
    let mut wardrobe = wardrobe(size);
    let group = add_hat(&mut wardrobe);
    bencher
        .with_inputs(|| wardrobe.clone())
        .bench_values(|mut wardrobe| {
            let _ = wardrobe.apply(&black_box(&group).inverse());
            wardrobe
        });
}

/// Changes all users of a room in one group.
#[divan::bench(args = SIZES)]
fn apply_to_a_whole_room(bencher: Bencher, size: (u32, u32)) {
    let wardrobe = wardrobe(size);
    let Some((room, _)) = middle(&wardrobe) else {
        return;
    };
    let users = wardrobe
        .room(&room)
        .map(|room| room.users().to_vec())
        .unwrap_or_default();
    let mut changed = wardrobe.clone();
    for (user, _) in users {
        let _ = changed.set_affiliation(&user, &room, Affiliation::Admin);
    }
    let group = wardrobe.diff(&changed);
    bencher
        .with_inputs(|| wardrobe.clone())
        .bench_values(|mut wardrobe| {
            let _ = wardrobe.apply(black_box(&group));
            wardrobe
        });
}

/// Computes the hats of one room.
#[divan::bench(args = SIZES)]
fn hats_of_a_room(bencher: Bencher, size: (u32, u32)) {
    let wardrobe = wardrobe(size);
    let first = wardrobe
        .rooms()
        .next()
        .map(|(_, room)| (**room).clone())
        .unwrap_or_default();
    // The hats of `first` were never computed, so its clones have no cached hats.
    bencher
        .with_inputs(|| first.clone())
        .bench_values(|room: Room| room.hats().len());
}

/// Diff after one change, with all other rooms shared.
#[divan::bench(args = SIZES)]
fn diff_after_a_change(bencher: Bencher, size: (u32, u32)) {
    let wardrobe = wardrobe(size);
    let mut changed = wardrobe.clone();
    add_hat(&mut changed);
    bencher.bench(|| black_box(&wardrobe).diff(black_box(&changed)));
}

/// Diff without shared rooms, as after parsing a file twice.
#[divan::bench(args = SIZES)]
fn diff_of_two_readings(bencher: Bencher, size: (u32, u32)) {
    let (one, mut other) = (wardrobe(size), wardrobe(size));
    add_hat(&mut other);
    bencher.bench(|| black_box(&one).diff(black_box(&other)));
}
