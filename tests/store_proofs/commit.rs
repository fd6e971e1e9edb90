//! Commits one after the other: their effect on the files, and merging with the commits of others.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use hatrack::model::{self, Affiliation, Attachment, EditGroup, Jid};
use hatrack::store::{self, Change, HistoryQuery, Refreshed, Scope, Store, StoreOptions};

use super::common::*;

#[test]
fn opening_creates_nothing_and_first_commit_creates_all_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/hats.json");
    let store = open(&path, "alice");
    assert!(!store.snapshot().exists && store.snapshot().read_only.is_none());
    assert_eq!(files(folder.path()), [""; 0]);

    let (_folder, path, store) = sample();
    assert_eq!(
        files(path.parent().unwrap()),
        ["hats.history.jsonl", "hats.json", "hats.lock"]
    );
    for file in ["hats.json", "hats.history.jsonl", "hats.lock"] {
        let mode = path.with_file_name(file).metadata().unwrap().mode();
        assert_eq!(mode & 0o7777, 0o600, "{file}");
    }
    assert_eq!(path.parent().unwrap().metadata().unwrap().mode() & 0o7777, 0o700);
    assert_eq!(fs::read(&path).unwrap(), model::write::wardrobe(store.wardrobe()));
    let again = open(&path, "bob");
    assert_eq!(again.wardrobe(), store.wardrobe());
    assert_eq!(again.wardrobe().revision, 2);
    let report = store::check(&path);
    assert_eq!(
        (report.exit_code(), report.remarks, report.history_lines),
        (0, vec![], 2)
    );
}

#[test]
fn commit_adds_one_history_line_and_its_inverse_undoes_it() {
    let (_folder, _, mut store) = sample();
    let before = store.wardrobe().clone();
    assert_eq!(add_hat(&mut store, "a"), Ok(Some(3)));
    let entry = history(&store).remove(0);
    assert_eq!(
        (entry.revision, &*entry.actor, entry.outside),
        (3, "alice", false)
    );
    let undo = Change {
        group: entry.group.inverse(),
        undoes: Some(3),
        ..Change::default()
    };
    assert_eq!(store.find_undo().unwrap().undo, Some(entry));
    assert_eq!(commit(&mut store, undo), Ok(Some(4)));
    assert!(before.rooms().eq(store.wardrobe().rooms()));
    let found = store.find_undo().unwrap();
    assert_eq!(found.undo.map(|entry| entry.revision), Some(2), "the one before");
    assert_eq!(found.redo.map(|entry| entry.revision), Some(4));
    let revisions: Vec<u64> = history(&store).iter().map(|entry| entry.revision).collect();
    assert_eq!(revisions, [4, 3, 2, 1]);
}

#[test]
fn changes_are_written_once_with_a_revision_each() {
    let (_folder, path, mut store) = sample();
    let mut draft = store.wardrobe().clone();
    let mut changes: Vec<Change> = Vec::new();
    for name in ["a", "b", "c"] {
        let made = draft.add_user_hat(&terry(), &courses(), &hat(name), Attachment::default());
        changes.push(made.unwrap().into());
    }
    let wrong = changes[1].clone();
    changes.insert(2, wrong); // already in effect
    let mut other = draft.clone();
    other.rename_room(&courses(), Some("X")).unwrap();
    let conflict = other.rename_room(&courses(), Some("Y")).unwrap();
    changes.push(conflict.into());
    let inode = path.metadata().unwrap().ino();
    let results = store.commit(&changes).unwrap();
    assert_eq!(results[..4], [Ok(Some(3)), Ok(Some(4)), Ok(None), Ok(Some(5))]);
    assert_eq!(results[4].as_ref().unwrap_err().condition(), "conflict");
    assert_ne!(path.metadata().unwrap().ino(), inode);
    assert!(draft.rooms().eq(open(&path, "bob").wardrobe().rooms()));
    assert_eq!(history(&store).len(), 5);
}

#[test]
fn independent_changes_merge_and_overlapping_ones_conflict() {
    let (_folder, path, mut alice) = sample();
    let mut bob = open(&path, "bob");
    assert_eq!(add_hat(&mut alice, "a"), Ok(Some(3)));
    assert_eq!(add_hat(&mut bob, "b"), Ok(Some(4)));
    assert_eq!(alice.refresh().unwrap(), Refreshed::Changed);
    assert_eq!(alice.refresh().unwrap(), Refreshed::Unchanged);
    assert_eq!(alice.wardrobe(), bob.wardrobe());

    // The same change twice is no conflict; a different one is.
    let titled = |title: &str| Attachment::default().with_title(Some(title));
    let change = build_change(&alice, |w| {
        w.add_user_hat(&terry(), &courses(), &hat("a"), titled("A"))
    });
    assert_eq!(commit(&mut bob, change.clone()), Ok(Some(5)));
    let other = build_change(&alice, |w| {
        w.add_user_hat(&terry(), &courses(), &hat("a"), titled("B"))
    });
    assert_eq!(commit(&mut alice, change), Ok(None));
    let bytes = fs::read(&path).unwrap();
    let error = commit(&mut alice, other).unwrap_err();
    assert!(
        error.to_string().ends_with("is now inactive, optional, \"A\""),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), bytes, "nothing was written");

    // A user who has been banned meanwhile gets no hat.
    let late = build_change(&alice, |w| {
        w.add_user_hat(&terry(), &courses(), &hat("c"), Attachment::default())
    });
    let ban = build_change(&bob, |w| {
        w.set_affiliation(&terry(), &courses(), Affiliation::Outcast)
    });
    assert_eq!(commit(&mut bob, ban), Ok(Some(6)));
    let error = commit(&mut alice, late).unwrap_err();
    assert!(matches!(error, model::EditError::NotAffiliated { .. }), "{error}");
}

#[test]
fn mode_and_owner_are_copied_to_all_files() {
    let (_folder, path, mut store) = sample();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(12), Some(34)).unwrap();
    }
    let before = path.metadata().unwrap();
    assert_eq!(add_hat(&mut store, "a"), Ok(Some(3)));
    // Those who cannot write need no access to the lock.
    let of_lock = before.mode() & !0o007;
    for (file, mode) in [
        ("hats.json", before.mode()),
        ("hats.history.jsonl", before.mode()),
        ("hats.lock", of_lock),
    ] {
        let now = path.with_file_name(file).metadata().unwrap();
        let is = (now.mode(), now.gid(), now.uid());
        assert_eq!(is, (mode, before.gid(), before.uid()), "{file}");
    }
}

#[test]
fn scope_hides_and_protects_other_rooms() {
    let (_folder, path, mut store) = sample();
    let other = jid("staff@conference.example.org");
    let change = build_change(&store, |w| w.add_room(&other, None));
    commit(&mut store, change).unwrap();
    let scope = Scope {
        rooms: Some(BTreeSet::from([other.clone()])),
        read_only: false,
        ..Scope::default()
    };
    let options = StoreOptions {
        actor: "carol".into(),
        scope,
        ..StoreOptions::default()
    };
    let mut carol = Store::open(&path, options.clone()).unwrap();
    assert!(carol.wardrobe().rooms().map(|(jid, _)| jid).eq([&other]));
    assert_eq!(history(&carol).len(), 1);
    let there = build_change(&store, |w| w.remove_room(&courses()));
    let nowhere = build_change(&store, |w| w.add_room(&jid("none@conference.example.org"), None));
    for change in [there, nowhere] {
        let room = change.group.0[0].room().unwrap().clone();
        assert_eq!(
            commit(&mut carol, change),
            Err(model::EditError::NoSuchRoom { room })
        );
    }
    let rename = build_change(&carol, |w| w.rename_room(&other, Some("Staff")));
    assert_eq!(commit(&mut carol, rename), Ok(Some(4)));
    assert!(
        open(&path, "bob").wardrobe().room(&courses()).is_some(),
        "the others stay"
    );

    let scope = Scope {
        rooms: None,
        read_only: true,
        ..Scope::default()
    };
    let mut viewer = Store::open(&path, StoreOptions { scope, ..options }).unwrap();
    let change = build_change(&viewer, |w| w.rename_room(&other, None));
    assert!(matches!(
        viewer.commit(&[change]),
        Err(store::StoreError::ReadOnly)
    ));
}

#[test]
fn read_errors_do_not_reveal_rooms_out_of_scope() {
    let (_folder, path, mut store) = sample();
    let other = jid("staff@conference.example.org");
    let change = build_change(&store, |w| w.add_room(&other, None));
    commit(&mut store, change).unwrap();
    let options = StoreOptions {
        scope: Scope {
            rooms: Some(BTreeSet::from([other])),
            read_only: false,
            ..Scope::default()
        },
        ..options_for("carol")
    };
    let mut carol = Store::open(&path, options.clone()).unwrap();
    // Damage lines about both rooms.
    let beside = path.with_file_name("hats.history.jsonl");
    let lines = fs::read_to_string(&beside).unwrap();
    fs::write(&beside, lines.replace("{\"revision\":", "{\"revision\" ")).unwrap();
    let unreadable = |store: &Store| {
        let limit = usize::MAX;
        let query = HistoryQuery {
            limit,
            ..HistoryQuery::default()
        };
        store.history(&query).unwrap().unreadable
    };
    assert_eq!((unreadable(&store), unreadable(&carol)), (3, 1));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("terry@example.org", "terry@@secret")).unwrap();
    let told = [
        Store::open(&path, options).unwrap_err(),
        carol.refresh().unwrap_err(),
        carol.refresh().unwrap_err(),
        carol.commit(&[Change::default()]).unwrap_err(),
    ];
    for error in told.map(|error| error.to_string()) {
        assert!(
            error.ends_with("cannot be read; ask your administrator"),
            "{error}"
        );
    }
    assert!(store.refresh().unwrap_err().to_string().contains("secret"));
}

/// Some of many changes in a large room are already in effect: each is checked by itself. (This would take forever if
/// each copied the room.) The error of a conflict about a whole room does not contain all of it.
#[test]
fn applies_only_missing_edits_in_a_large_room() {
    let (_folder, path, _) = sample();
    let users: Vec<Jid> = (0..20_000)
        .map(|n| jid(&format!("u{n:05}@example.org")))
        .collect();
    let all: Vec<String> = users
        .iter()
        .map(|user| format!("\"{user}\":{{\"affiliation\":\"member\"}}"))
        .collect();
    let room = courses();
    fs::write(
        &path,
        format!(
            "{{\"version\":1,\"rooms\":{{\"{room}\":{{\"users\":{{{}}}}}}}}}",
            all.join(",")
        ),
    )
    .unwrap();
    let mut store = open(&path, "alice");
    let mut draft = store.wardrobe().clone();
    let mut add_hat = |user: &Jid| {
        draft
            .add_user_hat(user, &room, &hat("a"), Attachment::default())
            .unwrap()
    };
    let one = add_hat(&users[0]);
    let many = EditGroup(users[1..4000].iter().flat_map(|user| add_hat(user).0).collect());
    let whole = EditGroup([one.0.clone(), many.0].concat());
    let removal = build_change(&store, |w| w.remove_room(&courses()));
    assert_eq!(commit(&mut store, one.into()), Ok(Some(4)));
    assert_eq!(commit(&mut store, whole.into()), Ok(Some(5)));
    assert_eq!(history(&store)[0].group.0.len(), 3999);
    let conflict = commit(&mut store, removal).unwrap_err();
    assert_eq!(conflict.condition(), "conflict");
    assert!(conflict.to_string().len() < 1000);
}
