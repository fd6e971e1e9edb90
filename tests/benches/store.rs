//! Speed of the store: opening and committing, compared with only writing the same bytes. S: 400 attachments, M: 80,000.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use divan::{Bencher, black_box};
use hatrack::model::{EditGroup, Jid, Wardrobe, read, write};
use hatrack::store::{Change, Store, StoreOptions};

fn main() {
    divan::main();
}

/// Rooms, and users in each room; every user has two hats.
const SIZES: [(usize, usize); 2] = [(10, 20), (200, 200)];

fn wardrobe((rooms, users): (usize, usize)) -> Wardrobe {
    let mut text = String::from("{\"version\":1,\"rooms\":{");
    for room in 0..rooms {
        let comma = if room == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}\"room{room:04}@conference.example.org\":{{\"users\":{{"
        );
        for user in 0..users {
            let comma = if user == 0 { "" } else { "," };
            let number = room * users + user;
            let _ = write!(
                text,
                "{comma}\"user{number:06}@example.org\":{{\"affiliation\":\"member\",\"hats\":{{"
            );
            for hat in 0..2 {
                let comma = if hat == 0 { "" } else { "," };
                let id = room * 8 + (user + hat) % 8;
                let _ = write!(
                    text,
                    "{comma}\"urn:uuid:164c41a2-7461-4cff-bdae-{id:012x}\":{{\"active\":true,\"required\":false,\"title\":\"Moderator on duty\"}}"
                );
            }
            text.push_str("}}");
        }
        text.push_str("}}");
    }
    text.push_str("}}");
    read::wardrobe(text.as_bytes()).unwrap_or_default()
}

/// Opens a data file of this size in a new folder on the disk of the build.
fn open_new(size: (usize, usize)) -> Option<(tempfile::TempDir, Store)> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).ok()?;
    let path = folder.path().join("hats.json");
    std::fs::write(&path, write::wardrobe(&wardrobe(size))).ok()?;
    let store = Store::open(&path, StoreOptions::default()).ok()?;
    Some((folder, store))
}

/// A change to one user in the middle of the wardrobe.
fn change(wardrobe: &mut Wardrobe, number: usize) -> Option<Change> {
    let (room_jid, room) = wardrobe.rooms().nth(wardrobe.rooms().len() / 2)?;
    let (user_jid, user) = room.users().get(number % room.users().len())?;
    let (hat, attachment) = user.hats.iter().next()?;
    let (room_jid, user_jid, hat): (Jid, Jid, _) = (room_jid.clone(), user_jid.clone(), hat.clone());
    let attachment = attachment.clone().with_active(!attachment.is_active());
    let group: EditGroup = wardrobe
        .add_user_hat(&user_jid, &room_jid, &hat, attachment)
        .ok()?;
    Some(group.into())
}

#[divan::bench(args = SIZES)]
fn bare_write(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    let bytes = write::wardrobe(&wardrobe(size));
    let Ok(folder) = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")) else {
        return;
    };
    bencher.bench_local(|| replace(folder.path(), &bytes).is_ok());
}

fn replace(folder: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = folder.join("temporary");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(temporary, folder.join("file"))?;
    File::open(folder)?.sync_all()
}

#[divan::bench(args = SIZES)]
fn commit(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    let Some((_folder, mut store)) = open_new(size) else {
        return;
    };
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        let change = change(&mut store.wardrobe().clone(), number)?;
        store.commit(&[change]).ok()
    });
}

#[divan::bench(args = SIZES)]
fn hundred_commits_at_once(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    let Some((_folder, mut store)) = open_new(size) else {
        return;
    };
    bencher.bench_local(|| {
        let mut draft = store.wardrobe().clone();
        let changes: Vec<Change> = (0..100).filter_map(|number| change(&mut draft, number)).collect();
        store.commit(&changes).ok()
    });
}

#[divan::bench(args = SIZES)]
fn first_commit_after_opening(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    let Some((_folder, store)) = open_new(size) else {
        return;
    };
    let path = store.paths().data.clone();
    bencher.bench_local(|| {
        let mut store = Store::open(&path, StoreOptions::default()).ok()?;
        let change = change(&mut store.wardrobe().clone(), 0)?;
        store.commit(&[change]).ok()
    });
}

#[divan::bench(args = SIZES)]
fn open(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    let Some((_folder, store)) = open_new(size) else {
        return;
    };
    let path = store.paths().data.clone();
    bencher.bench_local(|| black_box(Store::open(&path, StoreOptions::default()).is_ok()));
}
