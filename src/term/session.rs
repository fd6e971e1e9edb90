//! The terminal session: sets the terminal modes, and restores them in every case: at the end, after an error, in a panic,
//! and on a signal.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use crossterm::Command;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::Signal;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};

use super::paint::END_SYNC;

/// Mouse reports for buttons and the wheel only, in SGR format, which has no column limit. crossterm's command also enables
/// motion events, which would load a slow connection.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// The escape sequences for the alternate screen, the default style, a cleared screen (for terminals without an alternate
/// screen), a hidden cursor, and bracketed paste.
fn enter_sequences() -> String {
    ansi(&[
        &EnterAlternateScreen,
        &SetAttribute(Attribute::Reset),
        &Clear(ClearType::All),
        &Hide,
        &EnableBracketedPaste,
    ])
}

/// The escape sequences that undo [`enter_sequences`].
fn leave_sequences() -> String {
    ansi(&[
        &DisableBracketedPaste,
        &SetAttribute(Attribute::Reset),
        &MoveTo(0, 0),
        &Clear(ClearType::All),
        &Show,
        &LeaveAlternateScreen,
    ])
}

/// A command that can be written as an escape sequence.
trait Ansi {
    fn write_to(&self, out: &mut String);
}

impl<C: Command> Ansi for C {
    fn write_to(&self, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = self.write_ansi(out);
    }
}

fn ansi(commands: &[&dyn Ansi]) -> String {
    let mut out = String::new();
    for command in commands {
        command.write_to(&mut out);
    }
    out
}

/// The reason why the screen cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum NoTerminal {
    /// A standard stream is not a terminal.
    #[error("{0} is not a terminal")]
    NotATerminal(&'static str),
    /// According to `TERM`, which may be unset, the terminal has no cursor control.
    #[error("the terminal (TERM={0}) cannot show a screen")]
    Dumb(String),
    /// The system allows no more threads.
    #[error("cannot start a thread: {0}. End other programs, or raise the limit (ulimit -u)")]
    NoThread(io::Error),
    /// Setting the terminal modes or catching signals failed.
    #[error("cannot set up the terminal: {0}")]
    Failed(#[from] io::Error),
}

/// The terminal and its modes before the session, to restore them.
struct SavedModes {
    terminal: File,
    termios: Termios,
    /// Whether the mouse must be turned off.
    mouse: bool,
}

/// The terminal to restore while a session is active.
static ACTIVE: Mutex<Option<SavedModes>> = Mutex::new(None);

/// The terminal, in the modes of the screen until this is dropped.
#[derive(Debug)]
pub struct Session {
    /// The terminal, opened separately in non-blocking mode, so that a stalled connection blocks nothing else. (Standard
    /// output is shared with the shell, which must stay blocking.)
    terminal: File,
    /// Bytes that the terminal has not accepted yet.
    unwritten: Vec<u8>,
    /// Whether the mouse is on.
    mouse: bool,
}

impl Session {
    /// Sets the terminal modes; `term` is the environment variable `TERM`. Turns the mouse on if `mouse`.
    pub fn enter(term: Option<&str>, mouse: bool) -> Result<Self, NoTerminal> {
        if !isatty(rustix::stdio::stdin()) {
            return Err(NoTerminal::NotATerminal("standard input"));
        }
        if !isatty(rustix::stdio::stdout()) {
            return Err(NoTerminal::NotATerminal("standard output"));
        }
        if matches!(term, None | Some("" | "dumb")) {
            return Err(NoTerminal::Dumb(
                term.unwrap_or_default().escape_debug().to_string(),
            ));
        }
        restore_on_panic();
        let terminal = File::from(open_terminal()?);
        let mut session = Self {
            terminal,
            unwritten: Vec::new(),
            mouse,
        };
        session.enter_modes()?;
        Ok(session)
    }

    fn enter_modes(&mut self) -> io::Result<()> {
        let termios = tcgetattr(rustix::stdio::stdin())?;
        let mut raw = termios.clone();
        raw.make_raw();
        let modes = SavedModes {
            terminal: self.terminal.try_clone()?,
            termios,
            mouse: self.mouse,
        };
        *ACTIVE.lock().unwrap_or_else(PoisonError::into_inner) = Some(modes);
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &raw)?;
        self.unwritten.clear();
        self.write(&enter_sequences())?;
        if self.mouse { self.write(MOUSE_ON) } else { Ok(()) }
    }

    /// Turns the mouse on or off.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if let Some(modes) = &mut *ACTIVE.lock().unwrap_or_else(PoisonError::into_inner) {
            // Once the mouse was on, it is turned off at the end in any case: a sequence sent here may not have arrived.
            modes.mouse |= on;
        }
        self.write(if on { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Columns and rows; 80 and 24 if the terminal does not report them.
    pub fn size(&self) -> (u16, u16) {
        match tcgetwinsize(&self.terminal) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
            // A terminal on a serial line may not report its size.
            _ => (80, 24),
        }
    }

    /// Writes text. The part that the terminal does not accept now is kept for [`Self::flush`]. Fails if the terminal is
    /// gone.
    pub fn write(&mut self, text: &str) -> io::Result<()> {
        self.unwritten.extend_from_slice(text.as_bytes());
        self.flush()
    }

    /// Tries to write the text that is still unwritten, for a few milliseconds.
    pub fn flush(&mut self) -> io::Result<()> {
        // After a panic in another thread the terminal has been restored already.
        if ACTIVE.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            self.unwritten.clear();
            return Ok(());
        }
        let written = write_accepted(&self.terminal, &self.unwritten, Duration::from_millis(5))?;
        self.unwritten.drain(..written);
        Ok(())
    }

    /// Whether the terminal accepts no more output for now, so nothing new should be drawn.
    pub fn is_stalled(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Restores the terminal and stops this process and the rest of its job; sets the modes again when the process is
    /// continued. Everything must then be redrawn. Call this only if `has_job_control` returns true.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        // Stop the whole job, so that a surrounding script is stopped too and the shell returns. This process catches
        // SIGTSTP, and one signal for all leaves no time in which the shell continues the job before this process is stopped.
        rustix::process::kill_current_process_group(Signal::STOP)?;
        self.enter_modes()
    }

    /// Sets the modes again, which may have been changed while this process was stopped.
    pub fn resume(&mut self) -> io::Result<()> {
        restore();
        self.enter_modes()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores the terminal if a session is active. May be called from any thread, at any time, repeatedly.
pub fn restore() {
    let Some(modes) = ACTIVE.lock().unwrap_or_else(PoisonError::into_inner).take() else {
        return;
    };
    let mouse = if modes.mouse { MOUSE_OFF } else { "" };
    // The last frame may be incomplete.
    let bytes = format!("{END_SYNC}{mouse}{}", leave_sequences());
    // Nothing can be done for a terminal that is gone or stalled.
    let _ = write_accepted(&modes.terminal, bytes.as_bytes(), Duration::from_millis(300));
    let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &modes.termios);
}

/// Time between attempts to read while no session is active.
const INACTIVE_READ_DELAY: Duration = Duration::from_millis(20);

/// Reads terminal input. While no session is active, nothing is read: keys pressed then are meant for the shell.
///
/// Errors: [`Errno::AGAIN`] if there is nothing to read.
pub(super) fn read(bytes: &mut [u8]) -> Result<usize, Errno> {
    let terminal = rustix::stdio::stdin();
    // The lock is held, so that the terminal is not restored between the check and the read.
    let active = ACTIVE.lock().unwrap_or_else(PoisonError::into_inner);
    if active.is_none() {
        drop(active);
        std::thread::sleep(INACTIVE_READ_DELAY);
        return Err(Errno::AGAIN);
    }
    // Another process may have read the input meanwhile, and this read must not block.
    let mut watched = [PollFd::new(&terminal, PollFlags::IN)];
    match poll(&mut watched, Some(&Timespec::default()))? {
        0 => Err(Errno::AGAIN),
        _ => rustix::io::read(terminal, bytes),
    }
}

/// Installs a panic hook that restores the terminal before the message is printed.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous_hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            previous_hook(panic);
        }));
    });
}

/// Opens the terminal of standard output in non-blocking mode; falls back to standard output itself.
fn open_terminal() -> io::Result<OwnedFd> {
    let stdout = rustix::stdio::stdout();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::termios::ttyname(stdout, Vec::new())
        .and_then(|name| rustix::fs::open(name, flags, Mode::empty()))
        .map_or_else(|_| stdout.try_clone_to_owned(), Ok)
}

/// Writes as much as the terminal accepts within `timeout`; returns the number of bytes written.
fn write_accepted(terminal: &File, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
    let end = Instant::now() + timeout;
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match (&*terminal).write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let time_left = end.saturating_duration_since(Instant::now());
                if time_left.is_zero() {
                    break;
                }
                let mut watched = [PollFd::from_borrowed_fd(terminal.as_fd(), PollFlags::OUT)];
                let time_left = Timespec {
                    tv_sec: 0,
                    tv_nsec: i64::from(time_left.subsec_nanos()),
                };
                let _ = poll(&mut watched, Some(&time_left));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

/// Whether a shell with job control can continue this process: such a shell gives each job its own process group. A program
/// started by sshd or tmux directly is the session leader and would stay stopped forever.
///
/// (Either ID is 0 if it is outside of this PID namespace, as in a container; rustix cannot represent that.)
pub(crate) fn has_job_control() -> bool {
    nix::unistd::getsid(None).is_ok_and(|session| session != nix::unistd::getpgrp())
}
