//! Other processes: this test binary starts itself again, to be killed, or to work beside others.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hatrack::store::{Change, Disk, Store, StoreEvent, StoreWorker};
use rustix::process::{Signal, getpid, kill_process};

use super::common::*;

/// A process that plays a role on a data file, and says on its output what was acknowledged.
pub(crate) fn start(role: &str, path: &Path, argument: usize) -> Child {
    command(role, path, argument).spawn().unwrap()
}

/// The same, not started yet.
pub(crate) fn command(role: &str, path: &Path, argument: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    wrapped(&mut command, role, path, argument);
    command
}

/// The same under another program, which starts it.
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

/// What a process said, up to its end: the names of the hats that it was told are saved.
pub(crate) fn said(child: &mut Child) -> Vec<String> {
    Voice::of(child).rest()
}

/// What a process says, while it says it.
pub(crate) struct Voice(std::io::Lines<BufReader<ChildStdout>>);

impl Voice {
    pub(crate) fn of(child: &mut Child) -> Self {
        Self(BufReader::new(child.stdout.take().unwrap()).lines())
    }

    /// Waits for the next thing that was saved.
    pub(crate) fn next(&mut self) -> Option<String> {
        let saved = |line: String| line.split("saved ").nth(1).map(str::to_string);
        self.0.by_ref().map_while(Result::ok).find_map(saved)
    }

    /// Everything up to the end of the process.
    pub(crate) fn rest(mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// Played by the processes that are started here; nothing in any other run.
#[test]
fn role() {
    let Ok(role) = std::env::var("STORE_CHILD") else {
        return;
    };
    let path = std::path::PathBuf::from(std::env::var_os("STORE_FILE").unwrap());
    let argument: usize = std::env::var("STORE_ARGUMENT").unwrap().parse().unwrap();
    match &*role {
        "commit without end" => commits(&path, argument, usize::MAX),
        "commit once" => commits(&path, argument, 1),
        "look" => look(&path),
        "killed at" => killed_at(&path, argument),
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

/// Commits one hat after the other, named after the writer and counted on from what is there.
fn commits(path: &Path, writer: usize, count: usize) {
    let mut store = open(path, &format!("writer {writer}"));
    let prefix = format!("{writer}.");
    let begin = hats(store.wardrobe())
        .iter()
        .filter(|name| name.starts_with(&prefix))
        .count();
    let mut out = std::io::stdout();
    for number in begin..begin.saturating_add(count) {
        let name = format!("{prefix}{number}");
        let saved = give(&mut store, &name).unwrap();
        assert!(saved.is_some());
        // In one piece, so that a kill does not leave half a line.
        out.write_all(format!("\nsaved {name}\n").as_bytes()).unwrap();
    }
}

/// A session that says whether it can write, whenever that is told.
fn follow(path: &Path) {
    let (send, events) = std::sync::mpsc::channel();
    let _keeper = StoreWorker::start(path.to_path_buf(), named("alice"), move |event| {
        send.send(event).unwrap();
    })
    .unwrap();
    while let Ok(event) = events.recv_timeout(std::time::Duration::from_secs(10)) {
        if let StoreEvent::Opened(snapshot) | StoreEvent::Changed(snapshot) = event {
            println!("\nsaved {}", snapshot.read_only.as_deref().unwrap_or("writer"));
        }
    }
}

/// Reads all there is and says how much memory that took at most, in kB.
fn look(path: &Path) {
    super::bytes::look_at_all_of_it(path);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let most = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    println!("\nsaved {}", most.trim().trim_end_matches(" kB"));
}

/// One commit, in which the process kills itself before the operation of that number.
fn killed_at(path: &Path, at: usize) {
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
    let mut store = Store::open_with(path, named("killed"), disk, &|_, _| ()).unwrap();
    let change: Change = giving(&store, &format!("k.{at}"));
    commit(&mut store, change).unwrap();
    println!("\nsaved k.{at}");
}
