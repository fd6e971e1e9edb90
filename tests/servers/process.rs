//! Processes that end with the tests, whatever ends the tests.
//!
//! Each has a namespace of process ids of its own, so that all that it starts ends with it; and `unshare`, which watches
//! over it, gets a signal when the thread that started it is gone. That is a thread that ends only with the process.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Process {
    watcher: Child,
    server: Pid,
}

type Spawn = (Command, Sender<std::io::Result<Child>>);

/// Starts a process in the thread that ends only with the tests.
pub(crate) fn spawn(command: Command) -> std::io::Result<Child> {
    static SPAWNER: OnceLock<std::sync::Mutex<Sender<Spawn>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (ask, asked) = channel::<Spawn>();
        std::thread::spawn(move || {
            for (mut command, answer) in asked {
                let _ = answer.send(command.spawn());
            }
        });
        ask.into()
    });
    let (answer, answered) = channel();
    spawner.lock().unwrap().send((command, answer)).unwrap();
    answered.recv().unwrap()
}

#[cfg(feature = "live")]
fn tasks(process: &str) -> impl Iterator<Item = std::path::PathBuf> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    tasks.map(|task| task.path())
}

/// How long the threads of a process were on a processor.
#[cfg(feature = "live")]
pub(crate) fn busy(process: &str) -> Duration {
    let nanoseconds = tasks(process).map(|task| {
        let statistics = std::fs::read_to_string(task.join("schedstat")).unwrap_or_default();
        let busy = statistics.split_whitespace().next().map(str::parse::<u64>);
        busy.and_then(Result::ok).unwrap_or_default()
    });
    Duration::from_nanos(nanoseconds.sum())
}

impl Process {
    /// Starts what the words say; what it writes goes into a file.
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
        let mut watcher = spawn(command).unwrap();
        let children = format!("/proc/{0}/task/{0}/children", watcher.id());
        loop {
            let child = std::fs::read_to_string(&children).unwrap_or_default();
            if let Some(child) = child.split_whitespace().next() {
                let server = Pid::from_raw(child.parse().unwrap()).unwrap();
                return Self { watcher, server };
            }
            if let Some(status) = watcher.try_wait().unwrap() {
                panic!("{words:?} ended at once: {status}");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends a signal to the server.
    pub(crate) fn signal(&self, signal: Signal) {
        // It may be gone already.
        let _ = kill_process(self.server, signal);
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.watcher.try_wait().unwrap().is_none()
    }

    /// Seconds for which it and all that it started were on a processor; threads that ended do not count.
    #[cfg(feature = "live")]
    pub(crate) fn processor_seconds(&self) -> f64 {
        let mut processes = vec![self.server.as_raw_nonzero().get().to_string()];
        let mut seconds = Duration::ZERO;
        while let Some(process) = processes.pop() {
            seconds += busy(&process);
            for task in tasks(&process) {
                let children = std::fs::read_to_string(task.join("children")).unwrap_or_default();
                processes.extend(children.split_whitespace().map(str::to_owned));
            }
        }
        seconds.as_secs_f64()
    }

    /// Waits for its end, and kills it when that takes too long.
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
        let _ = self.watcher.wait();
    }
}
