//! The thread that waits for signals: each becomes a message, none cuts anything short.

use std::ffi::c_int;
use std::io;
use std::thread;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// The terminal has another size.
    Resized,
    /// Stop until somebody continues the program.
    Stop,
    /// The program goes on after it was stopped; the terminal may be in any state.
    Continued,
    /// End, with this number: the exit code is 128 and it.
    Quit(u8),
}

impl Signal {
    fn from_number(number: c_int) -> Option<Self> {
        Some(match number {
            SIGWINCH => Self::Resized,
            SIGTSTP if super::session::is_own_stop() => return None,
            SIGTSTP => Self::Stop,
            SIGCONT => Self::Continued,
            other => Self::Quit(u8::try_from(other).ok()?),
        })
    }
}

/// The signals that are caught; from the making of this on, none of them ends the program by itself.
#[derive(Debug)]
pub(super) struct Signals(signal_hook::iterator::Signals);

impl Signals {
    /// Catches them. To be done before the terminal's modes are changed: nothing must end the program in between.
    pub(super) fn catch() -> io::Result<Self> {
        // SIGPIPE is ignored by every Rust program from its start: a write says so instead.
        let numbers = [SIGWINCH, SIGTSTP, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM];
        signal_hook::iterator::Signals::new(numbers).map(Self)
    }

    /// Tells of each from now on, those that came since [`Self::catch`] too. Ends when `tell` says false.
    pub(super) fn listen(mut self, mut tell: impl FnMut(Signal) -> bool + Send + 'static) -> io::Result<()> {
        thread::Builder::new()
            .name("signals".into())
            .stack_size(256 << 10)
            .spawn(move || {
                for number in self.0.forever() {
                    if let Some(signal) = Signal::from_number(number)
                        && !tell(signal)
                    {
                        return;
                    }
                }
            })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_has_its_meaning() {
        assert_eq!(Signal::from_number(SIGWINCH), Some(Signal::Resized));
        assert_eq!(Signal::from_number(SIGTSTP), Some(Signal::Stop));
        assert_eq!(Signal::from_number(SIGCONT), Some(Signal::Continued));
        assert_eq!(Signal::from_number(SIGHUP), Some(Signal::Quit(1)));
        assert_eq!(Signal::from_number(SIGINT), Some(Signal::Quit(2)));
        assert_eq!(Signal::from_number(SIGTERM), Some(Signal::Quit(15)));
    }
}
