//! Faults of the machine: a full disk, a read-only mount, system calls that fail or during which the process is killed,
//! and power loss. They need root or tools, and are skipped where these are missing.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use hatrack::store::{Disk, StoreError, StoreEvent, StoreProblem, StoreRequest, StoreWorker};

use super::child::{SavedNames, saved_names, start, wrapped};
use super::common::*;
use super::skip::skipped;

/// Runs a command; the error is its output.
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

/// A mounted folder, unmounted on drop.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// `None` if mounting is not possible; that is reported as a skip.
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
fn full_disk_loses_nothing_and_saves_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::new(folder.path(), &["-t", "tmpfs", "-o", "size=256k", "none"]) else {
        return;
    };
    let path = folder.path().join("hats.json");
    let mut store = open(&path, "alice");
    create_sample(&mut store);
    let filler = folder.path().join("filler");
    // From no space at all to space for a part of the files.
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
        let change = hat_change(&store, &format!("n{room}"));
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
        assert_eq!(hats_in_file(&path).len(), room + 1);
        assert_clean(&path);
    }
}

#[test]
fn read_only_mount_is_reported() {
    let (folder, path, _) = sample();
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
    let change = hat_change(&store, "a");
    let error = store.commit(&[change]).unwrap_err();
    assert!(error.to_string().contains("read-only"), "{error}");
    drop(mount);
    assert_eq!(add_hat(&mut open(&path, "alice"), "a"), Ok(Some(3)));
    assert_clean(&path);
}

/// Whether strace works here; if not, reports a skip.
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

/// A commit of one hat by a process in which a fault is injected into one of the system calls `calls` on the files of
/// the store. Returns what was saved, whether the process succeeded, and whether the fault was reached.
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
    let saved = saved_names(&mut child).into_iter().collect();
    let done = child.wait().unwrap().success();
    let log = fs::read_to_string(log.path()).unwrap();
    (
        saved,
        done,
        log.contains("INJECTED") || log.contains("killed by SIGKILL"),
    )
}

/// Each system call of a commit on its files fails in several ways, and the process is killed in each.
#[test]
fn survives_failing_system_calls_and_kills() {
    if !strace() {
        return;
    }
    let (_folder, path, _) = sample();
    let mut acknowledged = BTreeSet::new();
    let mut writer = 0;
    for what in ["signal=KILL", "error=EIO", "error=ENOSPC", "error=EACCES"] {
        for when in 1.. {
            let before = hats_in_file(&path).len();
            let (saved, done, reached) = injected(&path, writer, "all", &format!("{what}:when={when}"));
            writer += 1;
            assert_eq!(done, !saved.is_empty(), "{what} {when}");
            acknowledged.extend(saved);
            let now: BTreeSet<String> = hats_in_file(&path).into_iter().collect();
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
    add_hat(&mut open(&path, "last"), "last").unwrap();
    assert_clean(&path);
}

/// A process that commits without pause is killed at its n-th rename.
#[test]
fn killed_exactly_at_a_rename() {
    if !strace() {
        return;
    }
    for when in [1, 2, 5] {
        let (_folder, path, _) = sample();
        let mut tracer = Command::new("strace");
        tracer.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
        tracer.arg(format!("inject=/rename.*:signal=KILL:when={when}"));
        tracer.arg(std::env::current_exe().unwrap());
        wrapped(&mut tracer, "commit 25", &path, 0);
        let mut child = tracer.spawn().unwrap();
        let saved = saved_names(&mut child);
        assert!(!child.wait().unwrap().success());
        assert_eq!(saved.len(), when - 1);
        // The signal comes after the call or instead of it.
        let there = hats_in_file(&path).len();
        assert!(there == when - 1 || there == when, "{there}");
        assert_eq!(
            add_hat(&mut open(&path, "next"), "next"),
            Ok(Some(there as u64 + 3))
        );
        assert_clean(&path);
    }
}

/// A mounted image of a file system.
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
        // The minimum size for both kinds.
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

/// Power loss at a random moment while a process commits: only what is on the disk remains. Nothing confirmed may be
/// missing.
#[test]
fn survives_power_loss() {
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
                create_sample(&mut open(&path, "alice"));
                run("sync", &["-f", image.at.to_str().unwrap()]).unwrap();
            }
            let mut child = start("commit without end", &path, round);
            let mut output = SavedNames::new(&mut child);
            acknowledged.extend(output.next());
            std::thread::sleep(Duration::from_micros((round as u64 * 7919) % 60_000));
            // Without power the process can confirm nothing. (While a file system is being shut down, the kernel may
            // report success for a sync that came too late.)
            kill_process(Pid::from_child(&child), Signal::STOP).unwrap();
            if let Err(why) = run("xfs_io", &["-x", "-c", "shutdown", image.at.to_str().unwrap()]) {
                let _ = (child.kill(), child.wait());
                skipped(true, &format!("this machine cannot cut the power: {why}"));
                return;
            }
            let _ = child.kill();
            acknowledged.extend(output.rest());
            child.wait().unwrap();
            mount.end().unwrap();
            std::mem::forget(mount);

            let mount = image.mount().unwrap();
            drop(open(&path, "next"));
            let there: BTreeSet<String> = hats_in_file(&path).into_iter().collect();
            let lost: Vec<_> = acknowledged.difference(&there).collect();
            assert!(lost.is_empty(), "{kind}, round {round}: lost {lost:?}");
            add_hat(&mut open(&path, "next"), &format!("next.{round}")).unwrap();
            assert_clean(&path);
            drop(mount);
        }
        assert!(
            acknowledged.len() > 8,
            "{kind}: too few commits to prove anything"
        );
    }
}

/// A lock held by another process is waited for up to the timeout, and the worker retries.
#[test]
fn waits_for_a_lock_no_longer_than_the_timeout() {
    let (_folder, path, mut store) = sample();
    let lock = fs::File::open(path.with_file_name("hats.lock")).unwrap();
    lock.lock().unwrap();
    let disk = Disk {
        lock_timeout: Duration::from_millis(50),
        ..Disk::default()
    };
    let mut waiting =
        hatrack::store::Store::open_with(&path, options_for("bob"), disk.clone(), &|_, _| ()).unwrap();
    let change = hat_change(&waiting, "a");
    let error = waiting.commit(std::slice::from_ref(&change)).unwrap_err();
    assert!(
        matches!(error, StoreError::Locked { .. }) && error.exit_code() == 5,
        "{error}"
    );
    let (send, events) = std::sync::mpsc::channel();
    let worker = StoreWorker::start_on(disk, path.clone(), options_for("bob"), move |event| {
        drop(send.send(event));
    })
    .unwrap();
    worker.request(StoreRequest::Commit { id: 1, change });
    assert!(matches!(events.recv().unwrap(), StoreEvent::Opened(_)));
    assert!(matches!(
        events.recv().unwrap(),
        StoreEvent::Problem(Some(StoreProblem::CannotWrite(_)))
    ));
    lock.unlock().unwrap();
    assert_eq!(events.recv().unwrap(), StoreEvent::Problem(None));
    assert!(matches!(events.recv().unwrap(), StoreEvent::Committed { .. }));
    assert!(worker.stop());
    store.refresh().unwrap();
    assert_eq!(hats(store.wardrobe()), ["a"]);
}
