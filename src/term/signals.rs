//! The thread that receives signals and turns them into events, so that no signal interrupts other code.

use std::ffi::c_int;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGBUS, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP,
    SIGTSTP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ,
};

/// Signals that end a program by default. These are not among them: SIGKILL; SIGSEGV, SIGILL and SIGFPE, after which a
/// program cannot continue to restore anything; SIGPIPE, which Rust programs ignore; and SIGXFSZ
/// ([`catch_file_size_signal`]).
const TERMINATING: [c_int; 17] = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGALRM, SIGBUS, SIGIO, SIGPROF, SIGSYS, SIGTRAP, SIGUSR1,
    SIGUSR2, SIGVTALRM, SIGXCPU, // SIGSTKFLT and SIGPWR of Linux.
    16, 30,
];
/// The real-time signals, which end a program by default too.
const REALTIME: std::ops::RangeInclusive<c_int> = 34..=64;

/// The meaning of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// The terminal was resized.
    Resized,
    /// Suspend the program.
    Suspend,
    /// The program was continued; the terminal may be in any state.
    Continued,
    /// End because of this signal number; the exit status is 128 plus the number.
    Quit(u8),
}

impl Signal {
    fn from_number(number: c_int) -> Option<Self> {
        Some(match number {
            SIGWINCH => Self::Resized,
            SIGTSTP => Self::Suspend,
            SIGCONT => Self::Continued,
            other => Self::Quit(u8::try_from(other).ok()?),
        })
    }
}

/// The caught signals. From the creation of this value on, none of them ends the program by itself.
#[derive(Debug)]
pub(super) struct Signals(signal_hook::iterator::Signals);

impl Signals {
    /// Catches the signals. Must be called before terminal modes are changed, so that nothing ends the program in between.
    pub(super) fn catch() -> io::Result<Self> {
        let non_terminating = [SIGWINCH, SIGTSTP, SIGCONT];
        let numbers = non_terminating.into_iter().chain(TERMINATING).chain(REALTIME);
        signal_hook::iterator::Signals::new(numbers).map(Self)
    }

    /// Starts a thread that passes on each signal, including those received since [`Self::catch`], until `send` returns
    /// false.
    pub(super) fn listen(mut self, mut send: impl FnMut(Signal) -> bool + Send + 'static) -> io::Result<()> {
        super::threads::builder("signals").spawn(move || {
            for number in self.0.forever() {
                if let Some(signal) = Signal::from_number(number)
                    && !send(signal)
                {
                    return;
                }
            }
        })?;
        Ok(())
    }
}

/// Catches SIGXFSZ, which ends a program that exceeds the file size limit (`ulimit -f`). Writing then fails with EFBIG, which
/// is reported like a full disk.
pub fn catch_file_size_signal() {
    // On failure the default behavior remains.
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
