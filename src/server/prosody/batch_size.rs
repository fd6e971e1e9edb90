//! How many users a command changes: Prosody does nothing else meanwhile, and saves the whole room at its end.

use std::time::Duration;

/// The fewest and the most users of a command.
const MIN_USERS: usize = 5;
const MAX_USERS: usize = 50;
/// A command that takes longer keeps others waiting too long.
const SLOW_COMMAND: Duration = Duration::from_millis(300);
/// After a command that takes less, the next one may be larger.
const FAST_COMMAND: Duration = Duration::from_millis(200);

/// The size of the next command, by the time of those before.
#[derive(Debug)]
pub(super) struct BatchSize {
    users: usize,
    /// The size of the command before, and how long it took.
    before: Option<(usize, Duration)>,
}

impl Default for BatchSize {
    fn default() -> Self {
        Self {
            // The first command shows how long the server takes.
            users: MAX_USERS / 2,
            before: None,
        }
    }
}

impl BatchSize {
    /// Number of users of the next command.
    pub(super) fn users(&self) -> usize {
        self.users
    }

    /// A command of this size was answered.
    pub(super) fn answered_after(&mut self, time: Duration) {
        // If half as many users take about as long, it is the saving of the room that takes so long, once for each command.
        let in_vain = |(users, took): (usize, Duration)| users >= self.users * 2 && time * 4 > took * 3;
        let in_vain = self.before.is_some_and(in_vain);
        self.before = Some((self.users, time));
        if in_vain {
            self.users = MAX_USERS;
        } else if time < FAST_COMMAND {
            self.users = (self.users * 2).min(MAX_USERS);
        } else if time > SLOW_COMMAND {
            self.users = (self.users / 2).max(MIN_USERS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of ten commands in a room that takes so many milliseconds to save, and for each user.
    fn sizes(save: u32, each: u32) -> Vec<usize> {
        let mut size = BatchSize::default();
        let mut next = || {
            let users = size.users();
            let time = save + each * u32::try_from(users).unwrap();
            size.answered_after(Duration::from_millis(time.into()));
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
