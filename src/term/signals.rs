//! The thread that waits for signals: each becomes a message, none cuts anything short.

use std::ffi::c_int;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGBUS, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP,
    SIGTSTP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ,
};

/// What ends a program that does not catch it, but for SIGKILL, and for SIGSEGV, SIGILL and SIGFPE: after a fault of its
/// own a program cannot go on to put anything back.
const TERMINATING: [c_int; 17] = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGALRM, SIGBUS, SIGIO, SIGPROF, SIGSYS, SIGTRAP, SIGUSR1,
    SIGUSR2, SIGVTALRM, SIGXCPU, // SIGSTKFLT and SIGPWR of Linux.
    16, 30,
];
/// Those of them that have no names.
const REALTIME: std::ops::RangeInclusive<c_int> = 34..=64;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// The terminal has another size.
    Resized,
    /// Stop until somebody continues the program.
    Suspend,
    /// The program goes on after it was stopped; the terminal may be in any state.
    Continued,
    /// End, with this number: the exit code is 128 and it.
    Quit(u8),
}

impl Signal {
    fn from_number(number: c_int) -> Option<Self> {
        Some(match number {
            SIGWINCH => Self::Resized,
            SIGTSTP if super::session::is_own_suspend() => return None,
            SIGTSTP => Self::Suspend,
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
        let others = [SIGWINCH, SIGTSTP, SIGCONT];
        let numbers = others.into_iter().chain(TERMINATING).chain(REALTIME);
        signal_hook::iterator::Signals::new(numbers).map(Self)
    }

    /// Tells of each from now on, those that came since [`Self::catch`] too. Ends when `tell` says false.
    pub(super) fn listen(mut self, mut tell: impl FnMut(Signal) -> bool + Send + 'static) -> io::Result<()> {
        super::threads::builder("signals").spawn(move || {
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

/// A file that may not grow any more (`ulimit -f`) ends a program by SIGXFSZ, unless that is caught: then writing fails
/// with EFBIG, and is told as a full disk is.
pub fn catch_file_size_signal() {
    // Where it cannot be caught all is as it was.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_signals() {
        assert_eq!(Signal::from_number(SIGWINCH), Some(Signal::Resized));
        assert_eq!(Signal::from_number(SIGTSTP), Some(Signal::Suspend));
        assert_eq!(Signal::from_number(SIGCONT), Some(Signal::Continued));
        assert_eq!(Signal::from_number(SIGHUP), Some(Signal::Quit(1)));
        assert_eq!(Signal::from_number(SIGINT), Some(Signal::Quit(2)));
        for number in TERMINATING.into_iter().chain(REALTIME) {
            let status = u8::try_from(number).unwrap();
            assert_eq!(Signal::from_number(number), Some(Signal::Quit(status)));
        }
    }
}
