//! Several processes on one file, some of which are killed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hatrack::model::HatId;

use super::child::{SavedNames, command, saved_names, start, wrapped};
use super::common::*;

/// Asserts that all confirmed hats are in the file.
fn assert_all_there(path: &Path, acknowledged: &BTreeSet<String>) {
    let there: BTreeSet<String> = hats_in_file(path).into_iter().collect();
    let lost: Vec<_> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "acknowledged, and lost: {lost:?}");
}

/// A process that commits without pause is killed at any moment: what was confirmed is saved, and nothing is torn.
#[test]
fn killed_at_random_moments() {
    let (_folder, path, _) = sample();
    let mut acknowledged = BTreeSet::new();
    let mut far = 0;
    for round in 0..rounds(200, 1000) {
        let mut child = start("commit without end", &path, 0);
        let mut output = SavedNames::new(&mut child);
        // Every other round wait for its first commit; otherwise it may be killed before that.
        if round % 2 == 0 {
            acknowledged.extend(output.next());
        }
        std::thread::sleep(Duration::from_micros((round as u64 * 7919) % 20_000));
        child.kill().unwrap();
        let saved = output.rest();
        child.wait().unwrap();
        far += usize::from(!saved.is_empty());
        acknowledged.extend(saved);
        // The next start removes what is left over.
        drop(open(&path, "next"));
        assert_all_there(&path, &acknowledged);
        let temporary = path.with_file_name(".hats.json.hatrack-tmp");
        assert!(!temporary.exists(), "round {round}");
        let report = hatrack::store::check(&path);
        assert_eq!((report.exit_code(), report.errors), (0, vec![]), "round {round}");
    }
    assert!(far > 20, "the kills came too early to prove anything: {far}");
    add_hat(&mut open(&path, "last"), "last").unwrap();
    assert_clean(&path);
}

/// Killed before each operation of a commit.
#[test]
fn killed_at_every_operation() {
    let (_folder, path, _) = sample();
    let mut acknowledged = BTreeSet::new();
    let mut at = 0;
    loop {
        let mut child = start("killed at", &path, at);
        let saved = saved_names(&mut child);
        let ended = child.wait().unwrap();
        let done = ended.success();
        assert_eq!(done, !saved.is_empty());
        acknowledged.extend(saved);
        drop(open(&path, "next"));
        assert_all_there(&path, &acknowledged);
        assert_clean(&path);
        if done {
            break;
        }
        at += 1;
        assert!(at < 200);
    }
    assert!(at > 10, "a commit has more operations than {at}");
}

/// 8 processes × 250 commits: all saved, in one order, revisions without a gap.
#[test]
fn eight_processes_lose_no_commits() {
    let (_folder, path, _) = sample();
    together(
        &path,
        (0..8).map(|writer| command("commit 250", &path, writer)),
        250,
    );
}

/// Runs writers concurrently and checks the result.
fn together(path: &Path, writers: impl Iterator<Item = Command>, each: usize) {
    let children: Vec<_> = writers.map(|mut command| command.spawn().unwrap()).collect();
    let count = children.len();
    for mut child in children {
        assert_eq!(saved_names(&mut child).len(), each);
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(hats_in_file(path).len(), count * each);
    assert_clean(path);
    // The history has one hat per line, with those of each writer in order.
    let mut next: BTreeMap<String, usize> = BTreeMap::new();
    for entry in history(&open(path, "reader")).iter().rev().skip(2) {
        assert!(!entry.outside && entry.group.0.len() == 1, "{entry:?}");
        let name = entry.group.0[0]
            .hat()
            .map(HatId::as_str)
            .unwrap()
            .trim_start_matches("urn:x:");
        let (writer, number) = name.split_once('.').unwrap();
        let expected = next.entry(writer.to_string()).or_default();
        assert_eq!(number.parse::<usize>().unwrap(), *expected, "{writer}");
        *expected += 1;
    }
    assert_eq!(next.into_values().collect::<Vec<_>>(), vec![each; count]);
}

/// Two users who share a group, on a group-writable file.
#[test]
fn two_users_share_a_group_writable_file() {
    if !rustix::process::geteuid().is_root() {
        super::skip::skipped(false, "only root can act as two users");
        return;
    }
    let (folder, path, _) = sample();
    // Ids that need no account.
    let (one, two, group) = (54_321, 54_322, 54_300);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for folder in [path.parent().unwrap(), path.parent().unwrap().parent().unwrap()] {
        chown(folder, Some(one), Some(group)).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o2770)).unwrap();
    }
    for file in ["hats.json", "hats.history.jsonl", "hats.lock"] {
        let file = path.with_file_name(file);
        chown(&file, Some(one), Some(group)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o660)).unwrap();
    }
    // The test binary may be in a folder that only root can enter.
    let program = super::child::copy_of_test_binary(folder.path());
    let writers = [one, two]
        .into_iter()
        .cycle()
        .take(4)
        .enumerate()
        .map(|(writer, user)| {
            let mut command = Command::new("setpriv");
            command.args([
                &format!("--reuid={user}"),
                &format!("--regid={group}"),
                "--clear-groups",
                "--",
            ]);
            command.arg(&program).current_dir("/");
            wrapped(&mut command, "commit 25", &path, writer);
            command
        });
    together(&path, writers, 25);
    for file in ["hats.json", "hats.history.jsonl", "hats.lock"] {
        let now = path.with_file_name(file).metadata().unwrap();
        assert_eq!((now.mode() & 0o777, now.gid()), (0o660, group), "{file}");
    }
}
