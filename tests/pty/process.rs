//! Information of the system about the program on a terminal.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot inspect its program has failed"
)]

use std::path::PathBuf;

use crate::stage::{Stage, until};

impl Stage {
    /// Types, and then waits until the program has read the keys, so that it reads later keys separately.
    pub(crate) fn press_until_read(&mut self, keys: &str) {
        let before = self.bytes_read();
        self.press(keys);
        until("the keys are read", || self.bytes_read() >= before + keys.len());
    }

    /// The number of bytes that the program has read so far, from any file.
    pub(crate) fn bytes_read(&self) -> usize {
        let path = format!("/proc/{}/io", self.process().as_raw_pid());
        let all = std::fs::read_to_string(path).unwrap();
        let count = all.lines().find_map(|line| line.strip_prefix("rchar: "));
        count.unwrap().parse().unwrap()
    }

    /// The number of times that the thread of this name has woken up.
    pub(crate) fn times_woken(&self, thread: &str) -> usize {
        let tasks = format!("/proc/{}/task", self.process().as_raw_pid());
        let has_name = |task: &PathBuf| {
            std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == thread)
        };
        let mut all = std::fs::read_dir(tasks).unwrap().map(|task| task.unwrap().path());
        let status = std::fs::read_to_string(all.find(has_name).unwrap().join("status")).unwrap();
        let count = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        count.unwrap().trim().parse().unwrap()
    }
}
