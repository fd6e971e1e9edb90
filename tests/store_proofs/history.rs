//! The history for its readers: pages, filters, damage, other versions, forgetting, undo.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hatrack::model::{Affiliation, Attachment};
use hatrack::store::{
    Change, HistoryEntry, HistoryFilter, HistoryPage, HistoryQuery, SentChanges, SideFolder, Store, check,
    repair_history,
};
use jiff::Timestamp;

use super::common::*;

fn beside(path: &Path) -> PathBuf {
    path.with_file_name("hats.history.jsonl")
}

/// All pages with this limit.
fn pages(store: &Store, limit: usize, filter: &HistoryFilter) -> Vec<HistoryPage> {
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let filter = filter.clone();
        let page = store.history(&HistoryQuery { filter, from, limit }).unwrap();
        from = page.next;
        all.push(page);
        if from.is_none() {
            return all;
        }
    }
}

fn revisions(entries: &[HistoryEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.revision).collect()
}

#[test]
fn pages_have_no_gaps_or_repetitions() {
    let (_folder, _, mut store) = sample();
    for number in 0..20 {
        add_hat(&mut store, &format!("n{number}")).unwrap();
    }
    for limit in [1, 2, 7, 22, 100] {
        let pages = pages(&store, limit, &HistoryFilter::default());
        assert!(pages.iter().all(|page| page.entries.len() <= limit));
        let all: Vec<HistoryEntry> = pages.into_iter().flat_map(|page| page.entries).collect();
        assert_eq!(revisions(&all), (1..=22).rev().collect::<Vec<_>>(), "{limit}");
    }
}

#[test]
fn filters_match_inside_whole_rooms_and_users() {
    let (_folder, path, mut store) = sample();
    add_hat(&mut store, "a").unwrap(); // 3
    let mut bob = open(&path, "Bob");
    let staff = jid("staff@conference.example.org");
    let change = build_change(&bob, |w| w.add_room(&staff, None));
    commit(&mut bob, change).unwrap(); // 4
    let change = build_change(&bob, |w| w.remove_room(&courses()));
    commit(&mut bob, change).unwrap(); // 5: Terry and the hat with it
    let found = |filter: HistoryFilter| {
        let pages = pages(&store, 2, &filter);
        let all: Vec<HistoryEntry> = pages.into_iter().flat_map(|page| page.entries).collect();
        revisions(&all)
    };
    let all = HistoryFilter::default;
    assert_eq!(
        found(HistoryFilter {
            room: Some(courses()),
            ..all()
        }),
        [5, 3, 2, 1]
    );
    assert_eq!(
        found(HistoryFilter {
            room: Some(staff.clone()),
            ..all()
        }),
        [4]
    );
    assert_eq!(
        found(HistoryFilter {
            user: Some(terry()),
            ..all()
        }),
        [5, 3, 2]
    );
    assert_eq!(
        found(HistoryFilter {
            hat: Some(hat("a").into()),
            ..all()
        }),
        [5, 3]
    );
    assert_eq!(
        found(HistoryFilter {
            actor: Some("bo".into()),
            ..all()
        }),
        [5, 4]
    );
    assert_eq!(
        found(HistoryFilter {
            user: Some(terry()),
            room: Some(staff),
            ..all()
        }),
        [0; 0]
    );
}

#[test]
fn damaged_lines_are_skipped_reported_and_moved_by_repair() {
    let (_folder, path, mut store) = sample();
    add_hat(&mut store, "a").unwrap();
    let text = fs::read_to_string(beside(&path)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // A line of another version, with unrecognized members and kinds of edits.
    let other = lines[1]
        .replace("{\"revision\":2,", "{\"revision\":2,\"mood\":1.50,")
        .replace("\"edits\":[", "\"edits\":[{\"fly\":{}},");
    let cut = lines[1].trim_start_matches("{\"re");
    let damaged = format!(
        "{}\n{}\nrubbish\n\u{0}\u{0}\n{other}\n{}\n",
        lines[0], cut, lines[2]
    );
    fs::write(beside(&path), &damaged).unwrap();

    let page = pages(&store, 100, &HistoryFilter::default()).remove(0);
    assert_eq!((revisions(&page.entries), page.unreadable), (vec![3, 1], 4));
    let report = check(&path);
    assert_eq!(report.exit_code(), 1);
    assert!(
        report.errors.iter().any(|error| error.contains("line 3")),
        "{:?}",
        report.errors
    );
    assert_eq!(
        fs::read_to_string(beside(&path)).unwrap(),
        damaged,
        "check changes nothing"
    );
    assert_eq!(add_hat(&mut store, "b"), Ok(Some(4)), "writing goes on");

    // The new history has the mode of the data file.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let repaired = repair_history(&path).unwrap();
    assert_eq!((repaired.kept, repaired.moved), (4, 3));
    let copy = fs::read_to_string(repaired.moved_to.unwrap()).unwrap();
    assert_eq!(copy, format!("{cut}\nrubbish\n\u{0}\u{0}\n"));
    let kept = fs::read_to_string(beside(&path)).unwrap();
    assert!(
        kept.starts_with(&format!("{}\n{other}\n{}\n", lines[0], lines[2])),
        "to the byte: {kept}"
    );
    assert_eq!(beside(&path).metadata().unwrap().mode() & 0o777, 0o640);
    assert_eq!(check(&path).exit_code(), 0);
    assert_eq!(
        repair_history(&path).unwrap().moved_to,
        None,
        "nothing more to do"
    );
}

#[test]
fn forget_removes_old_lines_and_keeps_the_rest_to_the_byte() {
    let (_folder, path, mut store) = sample();
    let text = fs::read_to_string(beside(&path)).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    let time = |line: &str, time: &str| {
        let entry: HistoryEntry = serde_json::from_str(line).unwrap();
        line.replace(&entry.time.to_string(), time)
            .replace("\"edits\"", "\"new\": [1.0], \"edits\"")
    };
    lines[0] = time(&lines[0], "2020-01-01T00:00:00Z");
    lines.insert(1, "rubbish of those days".into());
    lines[2] = time(&lines[2], "2024-01-01T00:00:00Z");
    fs::write(beside(&path), format!("{}\n", lines.join("\n"))).unwrap();
    let before = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(store.forget(before("2019-01-01T00:00:00Z")).unwrap(), 0);
    assert_eq!(store.forget(before("2022-01-01T00:00:00Z")).unwrap(), 2);
    assert_eq!(
        fs::read_to_string(beside(&path)).unwrap(),
        format!("{}\n", lines[2])
    );
    assert_eq!(add_hat(&mut store, "a"), Ok(Some(3)), "revisions go on");
    assert_eq!(store.forget(Timestamp::MAX).unwrap(), 2);
    assert_eq!(add_hat(&mut store, "b"), Ok(Some(4)));
    assert_clean(&path);
}

#[test]
fn reads_long_history_from_the_end() {
    let (_folder, path, mut store) = sample();
    add_hat(&mut store, "a").unwrap();
    let last = fs::read_to_string(beside(&path))
        .unwrap()
        .lines()
        .next_back()
        .unwrap()
        .to_string();
    // A hole as long as a history of many millions of lines: reading all of it would take forever.
    let file = fs::File::options().write(true).open(beside(&path)).unwrap();
    file.set_len(1 << 40).unwrap();
    let end = format!("\n{last}\n{last}\n");
    std::os::unix::fs::FileExt::write_all_at(&file, end.as_bytes(), 1 << 40).unwrap();
    let page = store
        .history(&HistoryQuery {
            limit: 2,
            ..HistoryQuery::default()
        })
        .unwrap();
    assert_eq!((page.entries.len(), page.unreadable), (2, 0));
    assert_eq!(store.find_undo().unwrap().undo.unwrap().revision, 3);
    assert_eq!(add_hat(&mut store, "b"), Ok(Some(4)));
}

/// Undo and redo as in a session, step by step.
#[test]
fn undo_and_redo_walk_over_own_changes() {
    let (_folder, path, mut alice) = sample();
    let mut bob = open(&path, "bob");
    add_hat(&mut alice, "a").unwrap(); // 3
    add_hat(&mut bob, "x").unwrap(); // 4
    alice.refresh().unwrap();
    add_hat(&mut alice, "b").unwrap(); // 5
    let found = |store: &Store| {
        let found = store.find_undo().unwrap();
        (
            found.undo.map(|entry| entry.revision),
            found.redo.map(|entry| entry.revision),
        )
    };
    let undo = |store: &mut Store| {
        let entry = store.find_undo().unwrap().undo.unwrap();
        let change = Change {
            group: entry.group.inverse(),
            undoes: Some(entry.revision),
            ..Change::default()
        };
        commit(store, change).unwrap().unwrap()
    };
    let redo = |store: &mut Store| {
        let entry = store.find_undo().unwrap().redo.unwrap();
        let change = Change {
            group: entry.group.inverse(),
            redoes: Some(entry.revision),
            ..Change::default()
        };
        commit(store, change).unwrap().unwrap()
    };
    assert_eq!(found(&alice), (Some(5), None));
    assert_eq!(undo(&mut alice), 6); // of 5
    assert_eq!(found(&alice), (Some(3), Some(6)));
    assert_eq!(undo(&mut alice), 7); // of 3
    assert_eq!(
        (hats_in_file(&path), found(&alice)),
        (vec!["x".to_string()], (Some(2), Some(7)))
    );
    assert_eq!(redo(&mut alice), 8);
    assert_eq!(
        (hats_in_file(&path).len(), found(&alice)),
        (2, (Some(8), Some(6)))
    );
    assert_eq!(redo(&mut alice), 9);
    assert_eq!(
        (hats_in_file(&path), found(&alice)),
        (vec!["a".into(), "b".into(), "x".into()], (Some(9), None))
    );
    // Undo again, over the redos.
    assert_eq!((undo(&mut alice), undo(&mut alice)), (10, 11));
    assert_eq!(
        (hats_in_file(&path), found(&alice)),
        (vec!["x".to_string()], (Some(2), Some(11)))
    );
    // A new change by the same actor ends redo; one by another does not.
    add_hat(&mut bob, "y").unwrap(); // 12
    assert_eq!(found(&alice), (Some(2), Some(11)));
    alice.refresh().unwrap();
    add_hat(&mut alice, "c").unwrap(); // 13
    assert_eq!(found(&alice), (Some(13), None));
    assert_eq!(found(&bob), (Some(12), None));
    // The next session continues where this one ended; undoing what another actor has changed since is a conflict.
    drop(alice);
    let mut alice = open(&path, "alice");
    assert_eq!(undo(&mut alice), 14);
    let entry = alice.find_undo().unwrap().undo.unwrap();
    assert_eq!(entry.revision, 2);
    let change = build_change(&bob, |w| {
        w.set_affiliation(&terry(), &courses(), Affiliation::Admin)
    });
    commit(&mut bob, change).unwrap();
    let back = Change {
        group: entry.group.inverse(),
        undoes: Some(2),
        ..Change::default()
    };
    assert_eq!(commit(&mut alice, back).unwrap_err().condition(), "conflict");
}

#[test]
fn snapshot_says_whether_the_actor_certainly_has_nothing_to_undo() {
    let (_folder, path, mut alice) = sample();
    let mut bob = open(&path, "bob");
    assert!(bob.snapshot().has_nothing_to_undo, "only alice changed anything");
    assert!(!alice.snapshot().has_nothing_to_undo);
    add_hat(&mut bob, "x").unwrap();
    assert!(!bob.snapshot().has_nothing_to_undo);
    let entry = bob.find_undo().unwrap().undo.unwrap();
    let undo = Change {
        group: entry.group.inverse(),
        undoes: Some(entry.revision),
        ..Change::default()
    };
    commit(&mut bob, undo).unwrap();
    assert!(bob.snapshot().has_nothing_to_undo, "it is undone");
    assert!(open(&path, "carol").snapshot().has_nothing_to_undo);
    // A history that is too long to be read after each commit says nothing.
    alice.refresh().unwrap();
    let change = build_change(&alice, |w| w.rename_room(&courses(), Some(&"x".repeat(2 << 20))));
    commit(&mut alice, change).unwrap();
    assert!(!open(&path, "carol").snapshot().has_nothing_to_undo);
}

/// A commit of any size is found, also behind the commits of others.
#[test]
fn undo_finds_commits_of_any_size() {
    let folder = memory_folder();
    let path = folder.path().join("hats.json");
    let mut alice = open(&path, "alice");
    create_sample(&mut alice);
    let name = "x".repeat(33 << 20);
    let change = build_change(&alice, |w| w.rename_room(&courses(), Some(&name)));
    commit(&mut alice, change).unwrap(); // 3
    let change = build_change(&alice, |w| w.rename_room(&courses(), Some("Courses")));
    let mut bob = open(&path, "bob");
    commit(&mut bob, change).unwrap(); // 4: has the long name too
    for number in 0..5 {
        add_hat(&mut bob, &format!("n{number}")).unwrap();
    }
    alice.refresh().unwrap();
    let undo = |store: &Store| store.find_undo().unwrap().undo.map(|entry| entry.revision);
    assert_eq!(
        undo(&alice),
        Some(2),
        "3 is undone already: its name is the one before"
    );
    let change = build_change(&bob, |w| w.rename_room(&courses(), Some(&name)));
    commit(&mut bob, change).unwrap();
    alice.refresh().unwrap();
    assert_eq!(undo(&alice), Some(3));
    let page = HistoryQuery {
        limit: 1,
        ..HistoryQuery::default()
    };
    assert_eq!(revisions(&alice.history(&page).unwrap().entries), [10]);
    assert_eq!(
        alice.history_entry(3).unwrap().map(|entry| entry.revision),
        Some(3)
    );
}

/// Part of a commit, or all of it, was reverted by hand: undo continues with the rest.
#[test]
fn undo_skips_commits_already_undone() {
    let (_folder, path, mut alice) = sample();
    let both = build_change(&alice, |w| {
        let mut both = w.add_user_hat(&terry(), &courses(), &hat("a"), Attachment::default())?;
        both.0.extend(
            w.add_user_hat(&terry(), &courses(), &hat("b"), Attachment::default())?
                .0,
        );
        Ok(both)
    });
    assert_eq!(commit(&mut alice, both), Ok(Some(3)));
    let mut bob = open(&path, "bob");
    let take = |store: &mut Store, name: &str| {
        let change = build_change(store, |w| w.remove_user_hat(&terry(), &courses(), &hat(name)));
        commit(store, change).unwrap();
    };
    take(&mut bob, "a");
    let found = |store: &mut Store| {
        store.refresh().unwrap();
        store.find_undo().unwrap().undo.unwrap()
    };
    let entry = found(&mut alice);
    assert_eq!(entry.revision, 3, "the rest of it");
    let undo = Change {
        group: entry.group.inverse(),
        undoes: Some(3),
        ..Change::default()
    };
    let mut probe = alice.wardrobe().clone();
    assert_eq!(probe.apply_remaining(&undo.group).unwrap().0.len(), 1);
    take(&mut bob, "b");
    assert_eq!(found(&mut alice).revision, 2, "nothing is left of it");
    add_hat(&mut bob, "b").unwrap();
    alice.refresh().unwrap();
    assert_eq!(commit(&mut alice, undo), Ok(Some(7)));
    assert_eq!(hats_in_file(&path), [""; 0]);
    assert_eq!(history(&alice)[0].group.0.len(), 1);
}

#[test]
fn records_what_a_server_changed_as_done_by_the_server() {
    let (_folder, _, mut store) = sample();
    add_hat(&mut store, "a").unwrap(); // 3
    let change = Change {
        actor: Some("server:example".into()),
        ..hat_change(&store, "b")
    };
    assert_eq!(commit(&mut store, change), Ok(Some(4)));
    let entry = history(&store).remove(0);
    assert_eq!((entry.revision, &*entry.actor), (4, "server:example"));
    let found = store.find_undo().unwrap();
    assert_eq!(
        found.undo.map(|entry| entry.revision),
        Some(3),
        "it is not the session's own"
    );
}

#[test]
fn records_what_a_server_was_sent_without_changing_the_file() {
    let (_folder, path, mut store) = sample();
    add_hat(&mut store, "a").unwrap(); // 3
    let before = hats_in_file(&path);
    let sent = hat_change(&store, "b").group;
    let change = Change {
        sent: Some(SentChanges {
            server: "example".into(),
            changes: sent.clone(),
        }),
        ..Change::default()
    };
    assert_eq!(commit(&mut store, change), Ok(Some(4)));
    assert_eq!(hats_in_file(&path), before);
    let entry = history(&store).remove(0);
    assert_eq!((entry.revision, entry.group.is_empty()), (4, true));
    assert_eq!(entry.sent.unwrap().changes, sent);
    // It is nothing to undo, and it is found by what was sent.
    assert_eq!(store.find_undo().unwrap().undo.unwrap().revision, 3);
    let query = HistoryQuery {
        filter: HistoryFilter {
            hat: sent.0[0].hat().cloned().map(Into::into),
            ..HistoryFilter::default()
        },
        from: None,
        limit: 10,
    };
    assert_eq!(store.history(&query).unwrap().entries.len(), 1);
    add_hat(&mut store, "c").unwrap();
    assert!(history(&store).iter().all(|entry| !entry.outside));
}

#[test]
fn forgets_what_servers_had_when_an_older_data_file_was_put_back() {
    for put_back in [true, false] {
        let (_folder, path, mut store) = sample();
        let known = SideFolder::next_to(&path, "servers", "example").unwrap();
        let backup = fs::read(&path).unwrap();
        add_hat(&mut store, "a").unwrap();
        known.update("base", 10, |_| Some(b"base".to_vec())).unwrap();
        if put_back {
            fs::write(&path, backup).unwrap();
        }
        add_hat(&mut store, "b").unwrap();
        let left = known.read("base", 10).unwrap();
        assert_eq!(left.is_none(), put_back);
    }
}
