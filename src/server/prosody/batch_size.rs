//! Chooses the number of users that one command changes. Prosody does nothing else during a command, and saves the whole
//! room at the end of the command.

use std::time::Duration;

/// Minimum number of users of a command.
const MIN_USERS: usize = 5;
/// Maximum number of users of a command.
const MAX_USERS: usize = 50;
/// After a command that takes longer, the next one is smaller, because the server answers nobody else during a command.
const SLOW_COMMAND: Duration = Duration::from_millis(300);
/// After a command that takes less time, the next one is larger.
const FAST_COMMAND: Duration = Duration::from_millis(200);

/// The size of the next command, chosen by the durations of earlier ones.
#[derive(Debug)]
pub(super) struct BatchSize {
    /// Number of users of the next command.
    users: usize,
    /// The number of users of the last command, and its duration.
    last: Option<(usize, Duration)>,
}

impl Default for BatchSize {
    fn default() -> Self {
        Self {
            // The first command shows how long the server takes.
            users: MAX_USERS / 2,
            last: None,
        }
    }
}

impl BatchSize {
    /// Number of users of the next command.
    pub(super) fn users(&self) -> usize {
        self.users
    }

    /// Notes the duration of the last command, and chooses the size of the next one.
    pub(super) fn note_duration(&mut self, duration: Duration) {
        // If a command with at most half as many users as the previous one takes nearly as long, most of the time is needed
        // to save the room, which happens once in each command.
        let is_saving_slow =
            |(users, last): (usize, Duration)| users >= self.users * 2 && duration * 4 > last * 3;
        let is_saving_slow = self.last.is_some_and(is_saving_slow);
        self.last = Some((self.users, duration));
        if is_saving_slow {
            self.users = MAX_USERS;
        } else if duration < FAST_COMMAND {
            self.users = (self.users * 2).min(MAX_USERS);
        } else if duration > SLOW_COMMAND {
            self.users = (self.users / 2).max(MIN_USERS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of ten commands in a room that takes this number of milliseconds to save, and in addition for each
    /// user.
    fn sizes(save: u32, each: u32) -> Vec<usize> {
        let mut size = BatchSize::default();
        let mut next = || {
            let users = size.users();
            let time = save + each * u32::try_from(users).unwrap();
            size.note_duration(Duration::from_millis(time.into()));
            users
        };
        (0..10).map(|_| next()).collect()
    }

    #[test]
    fn commands_are_as_large_as_others_can_wait() {
        assert_eq!(sizes(100, 1)[1..], [50; 9], "fast");
        assert_eq!(sizes(50, 20)[3..], [12; 7], "many occupants hear of each user");
        assert_eq!(sizes(50, 90)[4..], [5; 6], "no smaller");
        // Smaller commands would only save the room more often.
        let slow = sizes(600, 1);
        assert!(
            slow.iter().sum::<usize>() > 300 && slow[2..].iter().all(|users| *users >= 25),
            "{slow:?}"
        );
    }
}
