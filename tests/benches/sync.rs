//! Merging a room of 10,000 users with the same room on a server, compared with only walking over the two lists of users.

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

/// A room of members with two hats each, the same on both sides, and its base.
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
        let remote_hat = |(id, attachment): (&hatrack::model::HatId, &hatrack::model::Attachment)| {
            Some((id.clone(), class.normal_hat(&HatValue::of(attachment))?))
        };
        let remote_user = RemoteUser {
            affiliation: user.affiliation,
            hats: user.hats.iter().filter_map(remote_hat).collect(),
            ..RemoteUser::default()
        };
        remote.users.insert(jid.clone(), remote_user);
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

/// The least work that a merge can do: finds the users who are missing on the server or have another number of hats there.
#[divan::bench]
fn bare_walk(bencher: Bencher) {
    let Some(sides) = sides(ServerClass::Prosody) else {
        return;
    };
    bencher.bench(|| {
        let users = black_box(&sides.local).users().iter();
        let differs = users.filter(|(jid, user)| {
            let remote_user = sides.remote.users.get(jid);
            remote_user.is_none_or(|remote| remote.hats.len() != user.hats.len())
        });
        differs.count()
    });
}

#[divan::bench(args = CLASSES)]
fn merge_equal_rooms(bencher: Bencher, class: ServerClass) {
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

/// All users have lost a hat on the server, so the plan has a line for each of them.
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

/// The first pull of the room into a data file without it, including the edits.
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

/// The first comparison with a server on which no user has hats: computes what is sent. The merge is not measured.
#[divan::bench]
fn send_20_000_hats(bencher: Bencher) {
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
fn record_common_values(bencher: Bencher) {
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
