//! Tests of documents next to the data file and of private ones.

use super::*;

/// IDs for which no account or group needs to exist.
const GROUP: u32 = 54_320;
const ALICE: u32 = 54_321;
const BOB: u32 = 54_322;

fn create_data_file(mode: u32) -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("hats.json");
    std::fs::write(&data, "{}").unwrap();
    std::fs::set_permissions(&data, Permissions::from_mode(mode)).unwrap();
    (home, data)
}

fn put(folder: &SideFolder, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    folder.update(name, 100, |_| Some(bytes.to_vec()))
}

#[test]
fn lock_note_ends_with_the_lock_and_invalid_notes_are_ignored() {
    let (home, data) = create_data_file(0o660);
    let folder = SideFolder::next_to(&data, "servers", "one").unwrap();
    assert_eq!(folder.lock_note("a"), None);
    let lock = folder.lock("a", Duration::ZERO).unwrap().unwrap();
    assert_eq!(folder.lock_note("a"), None, "empty");
    lock.note().unwrap().set(b"a long note").unwrap();
    lock.note().unwrap().set(b"short").unwrap();
    assert_eq!(folder.lock_note("a").unwrap(), b"short");
    assert!(
        folder.lock("a", Duration::ZERO).unwrap().is_none(),
        "it stays locked"
    );
    lock.note().unwrap().set(&[b'x'; MAX_NOTE_BYTES + 1]).unwrap();
    assert_eq!(folder.lock_note("a"), None, "too long");
    drop(lock);
    assert_eq!(folder.lock_note("a"), None);
    let lock_path = home.path().join("hats.servers/one/a.lock");
    std::os::unix::fs::symlink(&data, lock_path).unwrap();
    assert_eq!(folder.lock_note("a"), None, "a link");
}

#[test]
fn documents_get_the_access_of_the_data_file_unless_they_are_private() {
    for (mode, folder_mode) in [(0o660, 0o770), (0o600, 0o700), (0o644, 0o755)] {
        let (home, data) = create_data_file(mode);
        let folder = SideFolder::next_to(&data, "servers", "one").unwrap();
        assert_eq!(folder.read("a", 100).unwrap(), None);
        assert!(
            !home.path().join("hats.servers").exists(),
            "reading creates nothing"
        );
        put(&folder, "a", b"first").unwrap();
        put(&folder, "a", b"text").unwrap();
        assert_eq!(folder.read("a", 100).unwrap().unwrap(), b"text");
        let mode_of = |path: &str| home.path().join(path).metadata().unwrap().mode() & 0o777;
        assert_eq!(mode_of("hats.servers/one/a"), mode);
        assert_eq!(
            (mode_of("hats.servers"), mode_of("hats.servers/one")),
            (folder_mode, folder_mode)
        );
        let state = home.path().join("x/state");
        let private = SideFolder::private(&state, "outbox");
        put(&private, "a", b"text").unwrap();
        assert_eq!(
            (
                mode_of("x/state"),
                mode_of("x/state/outbox"),
                mode_of("x/state/outbox/a")
            ),
            (0o700, 0o700, 0o600)
        );
        folder.update("a", 100, |_| None).unwrap();
        let left = std::fs::read_dir(home.path().join("hats.servers/one")).unwrap();
        assert_eq!(left.count(), 0, "nothing is left");
    }
}

#[test]
fn links_special_files_and_too_long_documents_are_neither_read_nor_written() {
    let (home, data) = create_data_file(0o660);
    let folder = SideFolder::next_to(&data, "servers", "one").unwrap();
    put(&folder, "a", b"text").unwrap();
    assert!(folder.read("a", 3).is_err());
    assert!(put(&folder, "a", &[b'x'; 101]).is_err());
    assert_eq!(folder.read("a", 100).unwrap().unwrap(), b"text");
    put(&folder, "a", &[b'x'; 100]).unwrap();
    assert_eq!(folder.read("a", 100).unwrap().unwrap().len(), 100);
    let document_path = |name: &str| home.path().join("hats.servers/one").join(name);
    let secret = home.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    std::os::unix::fs::symlink(&secret, document_path("b")).unwrap();
    assert!(folder.read("b", 100).is_err());
    put(&folder, "b", b"text").unwrap(); // the link is replaced, not followed
    std::os::unix::fs::symlink(&secret, document_path("c.hatrack-tmp")).unwrap();
    assert!(put(&folder, "c", b"text").is_err());
    rustix::fs::mknodat(CWD, document_path("d"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
    assert!(folder.read("d", 100).is_err());
    assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
    for (name, subfolder) in [("hats.servers", "two"), ("hats.servers/three", "three")] {
        let link = home.path().join(name);
        if name == "hats.servers" {
            std::fs::rename(&link, home.path().join("away")).unwrap();
        } else {
            std::fs::remove_file(home.path().join("hats.servers")).unwrap();
            std::fs::rename(home.path().join("away"), home.path().join("hats.servers")).unwrap();
        }
        std::os::unix::fs::symlink(home.path(), &link).unwrap();
        let folder = SideFolder::next_to(&data, "servers", subfolder).unwrap();
        assert!(folder.read("secret", 100).is_err(), "{name}");
        assert!(put(&folder, "secret", b"x").is_err(), "{name}");
    }
    assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
}

/// If someone who may write the folder gives another file the name of a lock, that file is not written.
#[test]
fn lock_never_writes_to_another_file() {
    let (home, data) = create_data_file(0o660);
    let folder = SideFolder::next_to(&data, "servers", "one").unwrap();
    drop(folder.lock("a", Duration::ZERO).unwrap().unwrap());
    let document_path = |name: &str| home.path().join("hats.servers/one").join(name);
    let secret = home.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    std::fs::hard_link(&secret, document_path("a.lock")).unwrap();
    let lock = folder.lock("a", Duration::from_secs(30)).unwrap().unwrap();
    lock.note().unwrap().set(b"note").unwrap();
    assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
    assert_eq!(folder.lock_note("a").unwrap(), b"note");
    drop(lock);
    std::os::unix::fs::symlink(&secret, document_path("b.lock")).unwrap();
    rustix::fs::mknodat(
        CWD,
        document_path("c.lock"),
        rustix::fs::FileType::Fifo,
        Mode::RUSR,
        0,
    )
    .unwrap();
    for name in ["b", "c"] {
        assert!(folder.lock(name, Duration::ZERO).is_err(), "{name}");
        assert!(
            document_path(&format!("{name}.lock")).symlink_metadata().is_ok(),
            "{name}"
        );
    }
    assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
}

/// Runs a function in a thread with the permissions of this account and group.
fn as_account<T: Send>(user: u32, group: u32, run: impl FnOnce() -> T + Send) -> T {
    use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
    let act = || {
        let (user, group) = (rustix::fs::Uid::from_raw(user), rustix::fs::Gid::from_raw(group));
        set_thread_groups(&[]).unwrap();
        set_thread_res_gid(group, group, group).unwrap();
        set_thread_res_uid(user, user, user).unwrap();
        run()
    };
    std::thread::scope(|scope| scope.spawn(act).join().unwrap())
}

#[test]
fn accounts_that_may_write_the_data_file_share_documents_and_locks() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root can act as several accounts.
    }
    for owner in [0, ALICE] {
        let (home, data) = create_data_file(0o660);
        std::fs::set_permissions(home.path(), Permissions::from_mode(0o2770)).unwrap();
        for path in [home.path(), &data] {
            std::os::unix::fs::chown(path, Some(owner), Some(GROUP)).unwrap();
        }
        let folder = SideFolder::next_to(&data, "servers", "one").unwrap();
        for (number, user) in [ALICE, BOB, 0, BOB, ALICE].into_iter().enumerate() {
            let text = format!("{number}");
            as_account(user, GROUP, || put(&folder, "a", text.as_bytes())).unwrap();
            let read = || folder.read("a", 100).unwrap().unwrap();
            for reader in [ALICE, BOB] {
                assert_eq!(as_account(reader, GROUP, read), text.as_bytes());
            }
        }
        for (holder, other) in [(ALICE, BOB), (BOB, ALICE), (0, BOB)] {
            let held_lock = as_account(holder, GROUP, || folder.lock("a", Duration::ZERO));
            let held_lock = held_lock.unwrap().unwrap();
            let second_lock = as_account(other, GROUP, || folder.lock("a", Duration::from_millis(20)));
            assert!(second_lock.unwrap().is_none(), "locked, not refused");
            // The process that holds it is killed: the file stays.
            let lock = home.path().join("hats.servers/one/a.lock");
            let mode = lock.metadata().unwrap().mode() & 0o777;
            assert_eq!((mode, lock.metadata().unwrap().gid()), (0o660, GROUP));
            held_lock.file.unlock().unwrap();
            std::mem::forget(held_lock);
            let second_lock = as_account(other, GROUP, || folder.lock("a", Duration::ZERO).map(drop));
            second_lock.unwrap();
        }
        let stranger = as_account(BOB + 1, BOB + 1, || put(&folder, "a", b"x"));
        assert!(stranger.is_err());
    }
}

#[test]
fn concurrent_updates_lose_nothing_and_a_lock_has_one_holder() {
    let (home, data) = create_data_file(0o600);
    let folder = SideFolder::next_to(&data, "servers", "one").unwrap();
    std::thread::scope(|scope| {
        for session in 0..4 {
            let folder = folder.clone();
            scope.spawn(move || {
                for _ in 0..20 {
                    let add = |document: Result<Option<Vec<u8>>, _>| {
                        let mut document = document.unwrap().unwrap_or_default();
                        document.push(session);
                        Some(document)
                    };
                    folder.update("a", 100, add).unwrap();
                }
            });
        }
    });
    assert_eq!(folder.read("a", 100).unwrap().unwrap().len(), 80);
    let held_lock = folder.lock("a", Duration::ZERO).unwrap().unwrap();
    assert!(folder.lock("a", Duration::from_millis(20)).unwrap().is_none());
    drop(held_lock);
    assert!(folder.lock("a", Duration::ZERO).unwrap().is_some());
    let left = std::fs::read_dir(home.path().join("hats.servers/one")).unwrap();
    assert_eq!(left.count(), 1, "only the document is left");
}
