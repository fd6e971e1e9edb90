//! Faults of the machine itself: a full disk, a read-only mount, system calls that fail or in which the process is
//! killed, and the power cut. They need root, or tools; in the gate they must run wherever the machine allows it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use hatrack::store::{Disk, StoreError, StoreEvent, StoreProblem, StoreRequest, StoreWorker};

use super::child::{Voice, said, start, wrapped};
use super::common::*;
use super::skip::skipped;

/// Runs a command; whether it succeeded, and what it said if not.
pub(crate) fn run<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> Result<(), String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new(program)
        .args(arguments)
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    output
        .status
        .success()
        .then_some(())
        .ok_or(format!("{program}: {said}"))
}

/// A mounted folder; unmounted in the end.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// `None`: this cannot be here, which was said.
    pub(crate) fn new(folder: &Path, options: &[&str]) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skipped(false, "only root can mount");
            return None;
        }
        let mut arguments: Vec<&OsStr> = options.iter().map(OsStr::new).collect();
        arguments.push(folder.as_os_str());
        match run("mount", &arguments) {
            Ok(()) => Some(Self(folder.to_path_buf())),
            Err(why) => {
                skipped(true, &format!("this machine does not allow it: {why}"));
                None
            }
        }
    }

    fn end(&self) -> Result<(), String> {
        run("umount", &[&self.0])
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if self.end().is_err() {
            let _ = run("umount", &[OsStr::new("-l"), self.0.as_os_str()]);
        }
    }
}

#[test]
fn a_disk_that_is_full_loses_nothing_and_takes_the_change_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::new(folder.path(), &["-t", "tmpfs", "-o", "size=256k", "none"]) else {
        return;
    };
    let path = folder.path().join("hats.json");
    let mut store = open(&path, "alice");
    begin(&mut store);
    let filler = folder.path().join("filler");
    // From no room at all to room for some of it.
    for room in 0..6 {
        let mut bytes = vec![0; 300_000 - room * 4096];
        while fs::write(&filler, &bytes).is_err() && bytes.len() > 4096 {
            bytes.truncate(bytes.len() - 4096);
        }
        if room > 0 {
            let length = filler.metadata().unwrap().len();
            fs::File::options()
                .write(true)
                .open(&filler)
                .unwrap()
                .set_len(length - room as u64 * 4096)
                .unwrap();
        }
        let before = fs::read(&path).unwrap();
        let change = giving(&store, &format!("n{room}"));
        match store.commit(std::slice::from_ref(&change)) {
            Ok(_) => assert!(room > 0),
            Err(error) => {
                assert!(error.to_string().contains("the disk is full"), "{error}");
                assert_eq!(fs::read(&path).unwrap(), before);
                fs::remove_file(&filler).unwrap();
                assert!(commit(&mut store, change).is_ok());
            }
        }
        let _ = fs::remove_file(&filler);
        assert_eq!(hats_in(&path).len(), room + 1);
        assert_clean(&path);
    }
}

#[test]
fn on_a_read_only_mount_it_is_a_viewer_that_says_so() {
    let (folder, path, _) = begun();
    let real = path.parent().unwrap().to_str().unwrap();
    let at = folder.path().join("mounted");
    fs::create_dir(&at).unwrap();
    let Some(mount) = Mount::new(&at, &["--bind", real]) else {
        return;
    };
    let mut store = open(&at.join("hats.json"), "alice");
    assert_eq!(store.snapshot().read_only, None);
    run(
        "mount",
        &[OsStr::new("-o"), OsStr::new("remount,bind,ro"), at.as_os_str()],
    )
    .unwrap();
    let reason = store.snapshot().read_only.unwrap();
    assert!(reason.contains("the file system is read-only"), "{reason}");
    assert!(open(&at.join("hats.json"), "bob").snapshot().read_only.is_some());
    let change = giving(&store, "a");
    let error = store.commit(&[change]).unwrap_err();
    assert!(error.to_string().contains("read-only"), "{error}");
    drop(mount);
    assert_eq!(give(&mut open(&path, "alice"), "a"), Ok(Some(3)));
    assert_clean(&path);
}

/// Whether strace works here; says why not.
pub(crate) fn strace() -> bool {
    if let Err(why) = run("strace", &["-V"]) {
        skipped(false, &why);
        return false;
    }
    match run("strace", &["-o", "/dev/null", "true"]) {
        Ok(()) => true,
        Err(why) => {
            skipped(true, &format!("this machine does not allow tracing: {why}"));
            false
        }
    }
}

/// A commit of one hat by a process in which something is injected into one of the system calls on the files of the
/// store, `calls`. Gives what was acknowledged, whether the process came to its end, and whether it made so many calls at all.
pub(crate) fn injected(
    path: &Path,
    writer: usize,
    calls: &str,
    what: &str,
) -> (BTreeSet<String>, bool, bool) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(log.path());
    for name in [
        "hats.json",
        "hats.lock",
        "hats.history.jsonl",
        ".hats.json.hatrack-tmp",
    ] {
        command.arg("-P").arg(path.with_file_name(name));
    }
    command.arg("-P").arg(path.parent().unwrap());
    command
        .arg("-e")
        .arg(format!("inject={calls}:{what}"))
        .arg(std::env::current_exe().unwrap());
    wrapped(&mut command, "commit once", path, writer);
    let mut child = command.spawn().unwrap();
    let saved = said(&mut child).into_iter().collect();
    let done = child.wait().unwrap().success();
    let log = fs::read_to_string(log.path()).unwrap();
    (
        saved,
        done,
        log.contains("INJECTED") || log.contains("killed by SIGKILL"),
    )
}

/// Each system call of a commit on any of its files fails, in several ways; and the process is killed in each.
#[test]
fn system_calls_fail_or_the_process_is_killed_in_them() {
    if !strace() {
        return;
    }
    let (_folder, path, _) = begun();
    let mut acknowledged = BTreeSet::new();
    let mut writer = 0;
    for what in ["signal=KILL", "error=EIO", "error=ENOSPC", "error=EACCES"] {
        for when in 1.. {
            let before = hats_in(&path).len();
            let (saved, done, reached) = injected(&path, writer, "all", &format!("{what}:when={when}"));
            writer += 1;
            assert_eq!(done, !saved.is_empty(), "{what} {when}");
            acknowledged.extend(saved);
            let now: BTreeSet<String> = hats_in(&path).into_iter().collect();
            assert!(
                now.len() <= before + 1 && now.is_superset(&acknowledged),
                "{what} {when}: lost"
            );
            drop(open(&path, "next"));
            assert_clean(&path);
            if !reached {
                assert!(done && when > 20, "{what}: a commit has more calls than {when}");
                break;
            }
        }
    }
    give(&mut open(&path, "last"), "last").unwrap();
    assert_clean(&path);
}

/// Killed exactly at the n-th rename of a process that commits without pause.
#[test]
fn killed_exactly_at_a_rename() {
    if !strace() {
        return;
    }
    for when in [1, 2, 5] {
        let (_folder, path, _) = begun();
        let mut tracer = Command::new("strace");
        tracer.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
        tracer.arg(format!("inject=/rename.*:signal=KILL:when={when}"));
        tracer.arg(std::env::current_exe().unwrap());
        wrapped(&mut tracer, "commit 25", &path, 0);
        let mut child = tracer.spawn().unwrap();
        let saved = said(&mut child);
        assert!(!child.wait().unwrap().success());
        assert_eq!(saved.len(), when - 1);
        // The signal comes when the call is done, or instead of it.
        let there = hats_in(&path).len();
        assert!(there == when - 1 || there == when, "{there}");
        assert_eq!(give(&mut open(&path, "next"), "next"), Ok(Some(there as u64 + 3)));
        assert_clean(&path);
    }
}

/// An image of a file system, mounted.
struct Image {
    kind: &'static str,
    file: PathBuf,
    at: PathBuf,
}

impl Image {
    fn new(kind: &'static str, folder: &Path) -> Option<Self> {
        let image = folder.join("image");
        let at = folder.join("mounted");
        fs::create_dir(&at).unwrap();
        // The least that both kinds take.
        fs::File::create(&image).unwrap().set_len(320 << 20).unwrap();
        let mut arguments = vec![
            OsStr::new(if kind == "ext4" { "-F" } else { "-f" }),
            OsStr::new("-q"),
        ];
        arguments.push(image.as_os_str());
        if let Err(why) = run(&format!("mkfs.{kind}"), &arguments) {
            skipped(false, &why);
            return None;
        }
        Some(Self {
            kind,
            file: image,
            at,
        })
    }

    fn mount(&self) -> Option<Mount> {
        Mount::new(
            &self.at,
            &["-o", "loop", "-t", self.kind, self.file.to_str().unwrap()],
        )
    }
}

/// The power is cut at a random moment while a process commits: everything in memory is lost, and what the disk has is
/// what there is. Nothing that was acknowledged may be missing.
#[test]
fn the_power_is_cut() {
    for kind in ["ext4", "xfs"] {
        let folder = tempfile::tempdir().unwrap();
        let Some(image) = Image::new(kind, folder.path()) else {
            continue;
        };
        let path = image.at.join("data/hats.json");
        let mut acknowledged = BTreeSet::new();
        for round in 0..rounds(8, 40) {
            let Some(mount) = image.mount() else {
                return;
            };
            if round == 0 {
                begin(&mut open(&path, "alice"));
                run("sync", &["-f", image.at.to_str().unwrap()]).unwrap();
            }
            let mut child = start("commit without end", &path, round);
            let mut voice = Voice::of(&mut child);
            acknowledged.extend(voice.next());
            std::thread::sleep(Duration::from_micros((round as u64 * 7919) % 60_000));
            // Whoever has no power says nothing any more. (While a file system is being shut down, the kernel may let the
            // syncing of a folder succeed that has come too late.)
            kill_process(Pid::from_child(&child), Signal::STOP).unwrap();
            if let Err(why) = run("xfs_io", &["-x", "-c", "shutdown", image.at.to_str().unwrap()]) {
                let _ = (child.kill(), child.wait());
                skipped(true, &format!("this machine cannot cut the power: {why}"));
                return;
            }
            let _ = child.kill();
            acknowledged.extend(voice.rest());
            child.wait().unwrap();
            mount.end().unwrap();
            std::mem::forget(mount);

            let mount = image.mount().unwrap();
            drop(open(&path, "next"));
            let there: BTreeSet<String> = hats_in(&path).into_iter().collect();
            let lost: Vec<_> = acknowledged.difference(&there).collect();
            assert!(lost.is_empty(), "{kind}, round {round}: lost {lost:?}");
            give(&mut open(&path, "next"), &format!("next.{round}")).unwrap();
            assert_clean(&path);
            drop(mount);
        }
        assert!(
            acknowledged.len() > 8,
            "{kind}: too few commits to prove anything"
        );
    }
}

/// While the disk is slow, the keeper answers what needs no disk, and ends in time.
#[test]
fn a_lock_that_somebody_holds_is_waited_for_no_longer_than_said() {
    let (_folder, path, mut store) = begun();
    let lock = fs::File::open(path.with_file_name("hats.lock")).unwrap();
    lock.lock().unwrap();
    let disk = Disk {
        patience: Duration::from_millis(50),
        ..Disk::default()
    };
    let mut waiting =
        hatrack::store::Store::open_with(&path, named("bob"), disk.clone(), &|_, _| ()).unwrap();
    let change = giving(&waiting, "a");
    let error = waiting.commit(std::slice::from_ref(&change)).unwrap_err();
    assert!(
        matches!(error, StoreError::Locked { .. }) && error.exit_code() == 5,
        "{error}"
    );
    let (send, events) = std::sync::mpsc::channel();
    let keeper = StoreWorker::start_on(disk, path.clone(), named("bob"), move |event| {
        drop(send.send(event));
    })
    .unwrap();
    keeper.request(StoreRequest::Commit { id: 1, change });
    assert!(matches!(events.recv().unwrap(), StoreEvent::Opened(_)));
    assert!(matches!(
        events.recv().unwrap(),
        StoreEvent::Trouble(Some(StoreProblem::CannotWrite(_)))
    ));
    lock.unlock().unwrap();
    assert_eq!(events.recv().unwrap(), StoreEvent::Trouble(None));
    assert!(matches!(events.recv().unwrap(), StoreEvent::Committed { .. }));
    assert!(keeper.stop());
    store.refresh().unwrap();
    assert_eq!(hats(store.wardrobe()), ["a"]);
}
