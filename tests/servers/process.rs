//! Processes that end with the tests, even if the tests are killed.
//!
//! A server has its own namespace of process IDs, so that all processes that it starts end with it. Its parent,
//! `unshare`, is killed when the thread that started it ends; this thread ends only with the tests.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// A running server.
#[derive(Debug)]
pub(crate) struct Process {
    /// `unshare`, the parent of the server.
    unshare: Child,
    server: Pid,
}

type SpawnRequest = (Command, Sender<std::io::Result<Child>>);

/// Starts a process from the thread that ends only with the tests, so that a
/// parent-death signal (`setpriv --pdeathsig`) is sent only then.
pub(crate) fn spawn(command: Command) -> std::io::Result<Child> {
    static SPAWNER: OnceLock<std::sync::Mutex<Sender<SpawnRequest>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, requests) = channel::<SpawnRequest>();
        std::thread::spawn(move || {
            for (mut command, answer) in requests {
                let _ = answer.send(command.spawn());
            }
        });
        sender.into()
    });
    let (answer, answers) = channel();
    spawner.lock().unwrap().send((command, answer)).unwrap();
    answers.recv().unwrap()
}

#[cfg(feature = "live")]
fn tasks(process: &str) -> impl Iterator<Item = std::path::PathBuf> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    tasks.map(|task| task.path())
}

/// The processor time that the existing threads of a process have used. `process` is a process ID.
#[cfg(feature = "live")]
pub(crate) fn processor_time(process: &str) -> Duration {
    let nanoseconds = tasks(process).map(|task| {
        let statistics = std::fs::read_to_string(task.join("schedstat")).unwrap_or_default();
        let time = statistics.split_whitespace().next().map(str::parse::<u64>);
        time.and_then(Result::ok).unwrap_or_default()
    });
    Duration::from_nanos(nanoseconds.sum())
}

impl Process {
    /// Starts the server with this command line and these environment variables. Its output is appended to a file.
    pub(crate) fn start(words: &[OsString], variables: &[(&str, String)], output: &Path) -> Self {
        let output = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(output)
            .unwrap();
        let mut command = Command::new("setpriv");
        command
            .args([
                "--pdeathsig=KILL",
                "unshare",
                "--pid",
                "--fork",
                "--kill-child=KILL",
                "--",
            ])
            .args(words)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LANG", "C.UTF-8")
            .envs(variables.iter().cloned())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        let mut unshare = spawn(command).unwrap();
        let children = format!("/proc/{0}/task/{0}/children", unshare.id());
        loop {
            let child = std::fs::read_to_string(&children).unwrap_or_default();
            if let Some(child) = child.split_whitespace().next() {
                let server = Pid::from_raw(child.parse().unwrap()).unwrap();
                return Self { unshare, server };
            }
            if let Some(status) = unshare.try_wait().unwrap() {
                panic!("{words:?} ended at once: {status}");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends a signal to the server.
    pub(crate) fn signal(&self, signal: Signal) {
        // The server may have ended already.
        let _ = kill_process(self.server, signal);
    }

    /// Whether the server is still running.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.unshare.try_wait().unwrap().is_none()
    }

    /// The processor time of the server and all processes that it started, in seconds, without threads that have ended.
    #[cfg(feature = "live")]
    pub(crate) fn processor_seconds(&self) -> f64 {
        let mut processes = vec![self.server.as_raw_nonzero().get().to_string()];
        let mut time = Duration::ZERO;
        while let Some(process) = processes.pop() {
            time += processor_time(&process);
            for task in tasks(&process) {
                let children = std::fs::read_to_string(task.join("children")).unwrap_or_default();
                processes.extend(children.split_whitespace().map(str::to_owned));
            }
        }
        time.as_secs_f64()
    }

    /// Waits until the server has ended, and kills it after about ten seconds.
    pub(crate) fn wait(mut self) {
        for _ in 0..1000 {
            if !self.is_alive() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.unshare.wait();
    }
}
