//! Asking for a password on the terminal, where nothing of it is shown.

use std::ffi::c_int;
use std::io::{self, IsTerminal as _, Write as _, stderr, stdin};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::{flag, low_level};

use crate::model::Jid;
use crate::sync::Secret;
use crate::ui::text;

/// The longest password, in bytes.
const MAX_PASSWORD_BYTES: usize = 1024;

/// Signals that end the program. While it asks, the terminal is restored first.
struct PasswordSignals {
    /// Whether they end it at once, as by default.
    at_once: Arc<AtomicBool>,
    /// The last one; 0 if there was none.
    last: Arc<AtomicUsize>,
    /// Can be read after one.
    wake: UnixStream,
}

impl PasswordSignals {
    /// Catches them, once in a process: a signal that is no longer caught would be ignored.
    fn catch() -> Option<&'static Self> {
        static CAUGHT: OnceLock<Option<PasswordSignals>> = OnceLock::new();
        CAUGHT.get_or_init(|| Self::register().ok()).as_ref()
    }

    fn register() -> io::Result<Self> {
        let (wake, woken) = UnixStream::pair()?;
        let caught = Self {
            at_once: Arc::new(AtomicBool::new(true)),
            last: Arc::default(),
            wake,
        };
        for signal in [SIGTERM, SIGHUP] {
            flag::register_conditional_default(signal, caught.at_once.clone())?;
            let number = usize::try_from(signal).unwrap_or_default();
            flag::register_usize(signal, caught.last.clone(), number)?;
            low_level::pipe::register(signal, woken.try_clone()?)?;
        }
        Ok(caught)
    }

    /// Ends the program if there was one.
    fn end_if_signaled(&self) {
        let last = self.last.load(Ordering::Relaxed);
        if let Some(signal) = c_int::try_from(last).ok().filter(|signal| *signal > 0) {
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}

/// The answer to a request for a password.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum PasswordInput {
    Password(Secret),
    /// Nobody is there to ask, or nothing was entered.
    Nothing,
    /// Ctrl-C.
    Interrupted,
}

impl From<PasswordInput> for Option<Secret> {
    fn from(given: PasswordInput) -> Self {
        match given {
            PasswordInput::Password(password) => Some(password),
            PasswordInput::Nothing | PasswordInput::Interrupted => None,
        }
    }
}

pub(in crate::cli) fn ask(account: &Jid) -> PasswordInput {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return PasswordInput::Nothing;
    }
    let Ok(before) = tcgetattr(stdin()) else {
        return PasswordInput::Nothing;
    };
    let Some(signals) = PasswordSignals::catch() else {
        return PasswordInput::Nothing;
    };
    let mut hidden = before.clone();
    hidden
        .local_modes
        .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    signals.at_once.store(false, Ordering::Relaxed);
    let given = match tcsetattr(stdin(), OptionalActions::Flush, &hidden) {
        Ok(()) => {
            // Only now, so that what is typed at the question is neither shown nor discarded.
            let _ = write!(stderr(), "Password of {}: ", text::sanitize(account.as_str()));
            let _ = stderr().flush();
            let given = read(signals);
            let _ = tcsetattr(stdin(), OptionalActions::Flush, &before);
            let _ = writeln!(stderr());
            given
        }
        Err(_) => PasswordInput::Nothing,
    };
    signals.at_once.store(true, Ordering::Relaxed);
    signals.end_if_signaled();
    given
}

/// The next byte from the terminal; `None` at its end, or after a signal. It is not read ahead, so that nothing is left in a
/// buffer while the terminal is waited for.
fn next_byte(signals: &PasswordSignals) -> Option<u8> {
    let mut byte = [0];
    loop {
        let stdin = stdin();
        let mut sources = [&stdin as &dyn AsFd, &signals.wake]
            .map(|source| PollFd::from_borrowed_fd(source.as_fd(), PollFlags::IN));
        match poll(&mut sources, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return None,
        }
        if signals.last.load(Ordering::Relaxed) != 0 {
            return None;
        }
        let [terminal, _] = &sources;
        if terminal.revents().is_empty() {
            continue;
        }
        match rustix::io::read(rustix::stdio::stdin(), &mut byte) {
            Ok(1..) => return Some(byte[0]),
            Err(Errno::INTR) => {}
            Ok(0) | Err(_) => return None,
        }
    }
}

/// Reads to the end of the line, key by key.
fn read(signals: &PasswordSignals) -> PasswordInput {
    let mut password = Vec::new();
    loop {
        match next_byte(signals) {
            None => return PasswordInput::Nothing,
            Some(b'\r' | b'\n') => break,
            Some(3) => return PasswordInput::Interrupted,
            Some(4) if password.is_empty() => return PasswordInput::Nothing,
            Some(8 | 127) => while password.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            Some(21) => password.clear(),
            Some(byte) if password.len() < MAX_PASSWORD_BYTES => password.push(byte),
            Some(_) => {}
        }
    }
    match String::from_utf8(password) {
        Ok(password) if !password.is_empty() => PasswordInput::Password(Secret::new(password)),
        _ => PasswordInput::Nothing,
    }
}
