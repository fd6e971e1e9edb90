//! Merging a room of 10,000 users with a server's, against a bare walk over the same two lists in the same minute.

use std::sync::Arc;

use divan::{Bencher, black_box};
use hatrack::model::{Affiliation, Jid, Room, Wardrobe, read};
use hatrack::sync::{Base, HatValue, MergeOptions, RemoteRoom, RemoteUser, RoomRead, ServerClass, merge};

const USERS: u32 = 10_000;
const CLASSES: [ServerClass; 3] = [
    ServerClass::Prosody,
    ServerClass::EjabberdOld,
    ServerClass::EjabberdCatalog,
];

fn main() {
    divan::main();
}

/// A room of members with two hats each, on both sides; and what is known of it.
struct Sides {
    room: Jid,
    local: Arc<Room>,
    remote: Arc<RemoteRoom>,
    base: Base,
}

fn sides(class: ServerClass) -> Option<Sides> {
    let mut text = String::from("{\"version\":1,\"rooms\":{\"r@c.example\":{\"users\":{");
    for user in 0..USERS {
        use std::fmt::Write as _;
        let comma = if user == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}\"user{user:06}@example.org\":{{\"affiliation\":\"member\",\"hats\":{{\
             \"urn:hat:0\":{{\"active\":true,\"title\":\"Teacher\"}},\"urn:hat:1\":{{\"active\":true,\"title\":\"Tutor\"}}}}}}"
        );
    }
    text.push_str("}}}}");
    let wardrobe: Wardrobe = read::wardrobe(text.as_bytes()).ok()?;
    let (room, local) = wardrobe.rooms().next()?;
    let mut remote = RemoteRoom::default();
    for (jid, user) in local.users() {
        let held = |(id, attachment): (&hatrack::model::HatId, &hatrack::model::Attachment)| {
            Some((id.clone(), class.normal_hat(&HatValue::of(attachment))?))
        };
        let there = RemoteUser {
            affiliation: user.affiliation,
            hats: user.hats.iter().filter_map(held).collect(),
            ..RemoteUser::default()
        };
        remote.users.insert(jid.clone(), there);
    }
    let mut base = Base::new("bench", class, room);
    base.record_common_values(local, &remote, jiff::Timestamp::now(), &|_| false);
    Some(Sides {
        room: room.clone(),
        local: local.clone(),
        remote: Arc::new(remote),
        base,
    })
}

/// As little as anybody can do: who is on one side only.
#[divan::bench]
fn bare_walk(bencher: Bencher) {
    let Some(sides) = sides(ServerClass::Prosody) else {
        return;
    };
    bencher.bench(|| {
        let users = black_box(&sides.local).users().iter();
        let differs = users.filter(|(jid, user)| {
            let there = sides.remote.users.get(jid);
            there.is_none_or(|there| there.hats.len() != user.hats.len())
        });
        differs.count()
    });
}

#[divan::bench(args = CLASSES)]
fn merge_the_same(bencher: Bencher, class: ServerClass) {
    let Some(sides) = sides(class) else { return };
    let read = RoomRead::Read(sides.remote.clone());
    let options = MergeOptions::default();
    bencher.bench(|| {
        merge(
            &sides.room,
            Ok(Some(&sides.base)),
            Some(&sides.local),
            black_box(&read),
            class,
            &options,
        )
    });
}

/// A line for each user: all lost a hat on the server.
#[divan::bench(args = CLASSES)]
fn merge_10_000_lines(bencher: Bencher, class: ServerClass) {
    let Some(sides) = sides(class) else { return };
    let mut remote = (*sides.remote).clone();
    for user in remote.users.values_mut() {
        user.hats.pop_last();
    }
    let read = RoomRead::Read(Arc::new(remote));
    let options = MergeOptions::default();
    bencher.bench(|| {
        merge(
            &sides.room,
            Ok(Some(&sides.base)),
            Some(&sides.local),
            black_box(&read),
            class,
            &options,
        )
    });
}

/// The first pull: nothing is here. With the edits.
#[divan::bench(args = CLASSES)]
fn receive_a_whole_room(bencher: Bencher, class: ServerClass) {
    let Some(sides) = sides(class) else { return };
    let read = RoomRead::Read(sides.remote.clone());
    let options = MergeOptions {
        is_requested: true,
        ..MergeOptions::default()
    };
    bencher.bench(|| {
        merge(&sides.room, Ok(None), None, black_box(&read), class, &options).edits_to_receive(None)
    });
}

/// All users gain a hat here, and nobody has an affiliation but there: all is sent.
#[divan::bench]
fn send_10_000_hats(bencher: Bencher) {
    let class = ServerClass::Prosody;
    let Some(sides) = sides(class) else { return };
    let mut remote = (*sides.remote).clone();
    for user in remote.users.values_mut() {
        user.hats.clear();
        user.affiliation = Affiliation::Admin;
    }
    let read = RoomRead::Read(Arc::new(remote));
    let options = MergeOptions::default();
    let plan = merge(&sides.room, Ok(None), Some(&sides.local), &read, class, &options);
    bencher.bench(|| black_box(&plan).sending());
}

#[divan::bench]
fn settle(bencher: Bencher) {
    let Some(sides) = sides(ServerClass::Prosody) else {
        return;
    };
    bencher
        .with_inputs(|| sides.base.clone())
        .bench_values(|mut base| {
            base.record_common_values(&sides.local, &sides.remote, jiff::Timestamp::now(), &|_| false);
            base
        });
}

#[divan::bench]
fn base_to_bytes_and_back(bencher: Bencher) {
    let Some(sides) = sides(ServerClass::Prosody) else {
        return;
    };
    bencher.bench(|| Base::read(&black_box(&sides.base).to_bytes(), &sides.room));
}
