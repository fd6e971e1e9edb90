//! A small wardrobe in a temporary folder, and helpers to change and inspect it.

use std::fs;
use std::path::{Path, PathBuf};

use hatrack::model::{self, Affiliation, Attachment, EditGroup, HatId, Jid, Wardrobe};
use hatrack::store::{Change, HistoryEntry, HistoryQuery, Store, StoreOptions, check};

pub(crate) fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

pub(crate) fn courses() -> Jid {
    jid("courses@conference.example.org")
}

pub(crate) fn terry() -> Jid {
    jid("terry@example.org")
}

pub(crate) fn hat(name: &str) -> HatId {
    HatId::parse(&format!("urn:x:{name}")).unwrap()
}

pub(crate) fn options_for(actor: &str) -> StoreOptions {
    StoreOptions {
        actor: actor.into(),
        ..StoreOptions::default()
    }
}

pub(crate) fn open(path: &Path, actor: &str) -> Store {
    Store::open(path, options_for(actor)).unwrap()
}

/// The change that an operation makes to the wardrobe of a store.
pub(crate) fn build_change(
    store: &Store,
    make: impl FnOnce(&mut Wardrobe) -> Result<EditGroup, model::EditError>,
) -> Change {
    make(&mut store.wardrobe().clone()).unwrap().into()
}

pub(crate) fn commit(store: &mut Store, change: Change) -> Result<Option<u64>, model::EditError> {
    store.commit(&[change]).unwrap().remove(0)
}

/// A change that adds a hat to Terry, based on the wardrobe of a store.
pub(crate) fn hat_change(store: &Store, name: &str) -> Change {
    build_change(store, |w| {
        w.add_user_hat(&terry(), &courses(), &hat(name), Attachment::default())
    })
}

pub(crate) fn add_hat(store: &mut Store, name: &str) -> Result<Option<u64>, model::EditError> {
    let change = hat_change(store, name);
    commit(store, change)
}

/// The names of Terry's hats.
pub(crate) fn hats(wardrobe: &Wardrobe) -> Vec<String> {
    let terry = wardrobe.user(&courses(), &terry());
    let hats = terry.iter().flat_map(|user| user.hats.iter());
    hats.map(|(id, _)| id.as_str().trim_start_matches("urn:x:").to_string())
        .collect()
}

/// The names of Terry's hats in a data file.
pub(crate) fn hats_in_file(path: &Path) -> Vec<String> {
    hats(&model::read::wardrobe(&fs::read(path).unwrap()).unwrap())
}

/// A temporary folder with a wardrobe of one room and one user, made in two commits.
pub(crate) fn sample() -> (tempfile::TempDir, PathBuf, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/hats.json");
    let mut store = open(&path, "alice");
    create_sample(&mut store);
    (folder, path, store)
}

/// Commits the room and the user of the sample.
pub(crate) fn create_sample(store: &mut Store) {
    let change = build_change(store, |w| w.add_room(&courses(), Some("Courses")));
    assert_eq!(commit(store, change), Ok(Some(1)));
    let change = build_change(store, |w| {
        w.set_affiliation(&terry(), &courses(), Affiliation::Member)
    });
    assert_eq!(commit(store, change), Ok(Some(2)));
}

/// The whole history, newest first; asserts that every line is readable.
pub(crate) fn history(store: &Store) -> Vec<HistoryEntry> {
    let query = HistoryQuery {
        limit: usize::MAX,
        ..HistoryQuery::default()
    };
    let page = store.history(&query).unwrap();
    assert_eq!((page.unreadable, page.next), (0, None));
    page.entries
}

/// The names of the files in a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Asserts that nothing is wrong or left over, and that the history has no gaps and ends with the revision of the file.
pub(crate) fn assert_clean(path: &Path) {
    let report = check(path);
    assert!(report.unreadable.is_none(), "{:?}", report.unreadable);
    assert_eq!((report.errors, report.remarks), (vec![], vec![]));
    let folder = path.parent().unwrap();
    assert_eq!(files(folder), ["hats.history.jsonl", "hats.json", "hats.lock"]);
    let store = open(path, "check");
    let revisions: Vec<u64> = history(&store).iter().rev().map(|entry| entry.revision).collect();
    assert_eq!(revisions.last().copied(), Some(store.wardrobe().revision));
    let first = revisions[0];
    assert!(
        revisions
            .iter()
            .copied()
            .eq(first..first + revisions.len() as u64),
        "{revisions:?}"
    );
}

/// A folder in memory if possible, for tests that write much and do not depend on a disk.
pub(crate) fn memory_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// The number of rounds of a test: `many` in the long run.
pub(crate) fn rounds(few: usize, many: usize) -> usize {
    let long = std::env::var_os("HATRACK_LONG").is_some_and(|value| value == "1");
    if long { many } else { few }
}
