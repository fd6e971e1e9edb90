//! Asks for a password on the terminal, without showing it.

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

/// The maximum length of a password, in bytes; the rest is ignored.
const MAX_PASSWORD_BYTES: usize = 1024;

/// Handles the signals that end the program (SIGTERM and SIGHUP), so that the terminal is restored first if they arrive
/// while a password is being entered.
struct PasswordSignals {
    /// Whether a signal ends the program immediately, as by default.
    ends_at_once: Arc<AtomicBool>,
    /// The number of the last signal; 0 if there was none.
    last_signal: Arc<AtomicUsize>,
    /// Becomes readable after a signal.
    wake: UnixStream,
}

impl PasswordSignals {
    /// Registers the handlers of the signals once in a process; `None` after an error. The handlers stay registered, as the
    /// signals would be ignored otherwise.
    fn catch() -> Option<&'static Self> {
        static CAUGHT: OnceLock<Option<PasswordSignals>> = OnceLock::new();
        CAUGHT.get_or_init(|| Self::register().ok()).as_ref()
    }

    fn register() -> io::Result<Self> {
        let (wake, woken) = UnixStream::pair()?;
        let caught = Self {
            ends_at_once: Arc::new(AtomicBool::new(true)),
            last_signal: Arc::default(),
            wake,
        };
        for signal in [SIGTERM, SIGHUP] {
            flag::register_conditional_default(signal, caught.ends_at_once.clone())?;
            let number = usize::try_from(signal).unwrap_or_default();
            flag::register_usize(signal, caught.last_signal.clone(), number)?;
            low_level::pipe::register(signal, woken.try_clone()?)?;
        }
        Ok(caught)
    }

    /// Ends the program, as the last signal does by default, if there was a signal.
    fn end_if_signaled(&self) {
        let last = self.last_signal.load(Ordering::Relaxed);
        if let Some(signal) = c_int::try_from(last).ok().filter(|signal| *signal > 0) {
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}

/// The answer to a request for a password.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum PasswordInput {
    Password(Secret),
    /// There is no terminal, nothing was entered, or reading failed.
    Nothing,
    /// Ctrl-C.
    Interrupted,
}

impl From<PasswordInput> for Option<Secret> {
    fn from(input: PasswordInput) -> Self {
        match input {
            PasswordInput::Password(password) => Some(password),
            PasswordInput::Nothing | PasswordInput::Interrupted => None,
        }
    }
}

/// Asks for the password of an account on the terminal, without showing the input.
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
    signals.ends_at_once.store(false, Ordering::Relaxed);
    let input = match tcsetattr(stdin(), OptionalActions::Flush, &hidden) {
        Ok(()) => {
            // Hiding the input discards earlier input. The prompt comes after this, so that input after the prompt is
            // neither shown nor discarded.
            let _ = write!(stderr(), "Password of {}: ", text::sanitize(account.as_str()));
            let _ = stderr().flush();
            let input = read_password(signals);
            let _ = tcsetattr(stdin(), OptionalActions::Flush, &before);
            let _ = writeln!(stderr());
            input
        }
        Err(_) => PasswordInput::Nothing,
    };
    signals.ends_at_once.store(true, Ordering::Relaxed);
    signals.end_if_signaled();
    input
}

/// Reads the next byte from the terminal; `None` at the end of the input, after an error or after a signal. Does not
/// read ahead, as bytes in a buffer would not wake up `poll`.
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
        if signals.last_signal.load(Ordering::Relaxed) != 0 {
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

/// Reads the password to the end of the line, byte by byte. Handles Ctrl-C (3), Ctrl-D on an empty line (4), Backspace (8
/// or 127) and Ctrl-U (21), which clears the line.
fn read_password(signals: &PasswordSignals) -> PasswordInput {
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
