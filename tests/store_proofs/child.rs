//! Child processes: this test binary starts itself, to be killed or to run beside others.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hatrack::store::{Change, Disk, Store, StoreEvent, StoreWorker};
use rustix::process::{Signal, getpid, kill_process};

use super::common::*;
use crate::copy_program::copy_program;

/// Starts a process with a role on a data file; it prints what was saved.
pub(crate) fn start(role: &str, path: &Path, argument: usize) -> Child {
    command(role, path, argument).spawn().unwrap()
}

/// The command for that, not started yet.
pub(crate) fn command(role: &str, path: &Path, argument: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    wrapped(&mut command, role, path, argument);
    command
}

/// Configures another program, such as `strace`, that runs it.
pub(crate) fn wrapped(command: &mut Command, role: &str, path: &Path, argument: usize) {
    command
        .args(["--exact", "child::role", "--nocapture", "--test-threads=1"])
        .env("STORE_CHILD", role)
        .env("STORE_FILE", path)
        .env("STORE_ARGUMENT", argument.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
}

/// Copies this test binary into a folder, where every account can run it.
pub(crate) fn copy_of_test_binary(folder: &Path) -> PathBuf {
    let program = folder.join("program");
    copy_program(&std::env::current_exe().unwrap(), &program);
    program
}

/// Waits for the end of a process; returns the names of the hats that it saved.
pub(crate) fn saved_names(child: &mut Child) -> Vec<String> {
    SavedNames::new(child).rest()
}

/// The output of a running process.
pub(crate) struct SavedNames(std::io::Lines<BufReader<ChildStdout>>);

impl SavedNames {
    pub(crate) fn new(child: &mut Child) -> Self {
        Self(BufReader::new(child.stdout.take().unwrap()).lines())
    }

    /// Waits for the next name that was saved.
    pub(crate) fn next(&mut self) -> Option<String> {
        let saved = |line: String| line.split("saved ").nth(1).map(str::to_string);
        self.0.by_ref().map_while(Result::ok).find_map(saved)
    }

    /// All names up to the end of the process.
    pub(crate) fn rest(mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// Runs the role in a child process; does nothing otherwise.
#[test]
fn role() {
    let Ok(role) = std::env::var("STORE_CHILD") else {
        return;
    };
    let path = PathBuf::from(std::env::var_os("STORE_FILE").unwrap());
    let argument: usize = std::env::var("STORE_ARGUMENT").unwrap().parse().unwrap();
    match &*role {
        "commit without end" => commits(&path, argument, usize::MAX),
        "commit once" => commits(&path, argument, 1),
        "look" => look(&path),
        "killed at" => commit_and_kill(&path, argument),
        "follow" => follow(&path),
        "export" => {
            hatrack::store::write_file(&path, b"half of it", true, None).unwrap();
            println!("\nsaved export");
        }
        other => match other.strip_prefix("commit ") {
            Some(count) => commits(&path, argument, count.parse().unwrap()),
            None => panic!("{other}"),
        },
    }
}

/// Commits hats named after the writer, with numbers that continue those in the file.
fn commits(path: &Path, writer: usize, count: usize) {
    let mut store = open(path, &format!("writer {writer}"));
    let prefix = format!("{writer}.");
    let start = hats(store.wardrobe())
        .iter()
        .filter(|name| name.starts_with(&prefix))
        .count();
    let mut out = std::io::stdout();
    for number in start..start.saturating_add(count) {
        let name = format!("{prefix}{number}");
        let saved = add_hat(&mut store, &name).unwrap();
        assert!(saved.is_some());
        // In one write, so that a kill does not leave half a line.
        out.write_all(format!("\nsaved {name}\n").as_bytes()).unwrap();
    }
}

/// A session that prints whether it can write, whenever that changes.
fn follow(path: &Path) {
    let (send, events) = std::sync::mpsc::channel();
    let _worker = StoreWorker::start(path.to_path_buf(), options_for("alice"), move |event| {
        send.send(event).unwrap();
    })
    .unwrap();
    while let Ok(event) = events.recv_timeout(Duration::from_secs(10)) {
        if let StoreEvent::Opened(snapshot) | StoreEvent::Changed(snapshot) = event {
            println!("\nsaved {}", snapshot.read_only.as_deref().unwrap_or("writer"));
        }
    }
}

/// Reads everything and prints the peak memory in kB.
fn look(path: &Path) {
    super::arbitrary_bytes::read_everything(path);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let most = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    println!("\nsaved {}", most.trim().trim_end_matches(" kB"));
}

/// Makes one commit in which the process kills itself before the operation with this number.
fn commit_and_kill(path: &Path, at: usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let hook = move |_| {
        if count.fetch_add(1, Ordering::Relaxed) == at {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
        Ok(())
    };
    let disk = Disk {
        hook: Some(Arc::new(hook)),
        ..Disk::default()
    };
    let mut store = Store::open_with(path, options_for("killed"), disk, &|_, _| ()).unwrap();
    let change: Change = hat_change(&store, &format!("k.{at}"));
    commit(&mut store, change).unwrap();
    println!("\nsaved k.{at}");
}
