//! The terminal while the screen is shown: its modes are changed here, and always put back: at the end, after an error,
//! in a panic, on a signal.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use crossterm::Command;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};

use super::paint::END_SYNC;

/// The mouse: only buttons and the wheel, in the form that knows no limit of columns. crossterm's own switch asks for
/// every movement too, which a slow line would pay for.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// Alternate screen, plain, cleared (where there is no alternate screen), cursor hidden, pastes told as such.
fn enter() -> String {
    ansi(&[
        &EnterAlternateScreen,
        &SetAttribute(Attribute::Reset),
        &Clear(ClearType::All),
        &Hide,
        &EnableBracketedPaste,
    ])
}

/// The reverse.
fn leave() -> String {
    ansi(&[
        &DisableBracketedPaste,
        &SetAttribute(Attribute::Reset),
        &MoveTo(0, 0),
        &Clear(ClearType::All),
        &Show,
        &LeaveAlternateScreen,
    ])
}

/// What can be written as an escape sequence.
trait Ansi {
    fn write_to(&self, out: &mut String);
}

impl<C: Command> Ansi for C {
    fn write_to(&self, out: &mut String) {
        // Memory does not fail.
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

/// Why there can be no screen.
#[derive(Debug, thiserror::Error)]
pub enum NoTerminal {
    /// Not connected to one.
    #[error("{0} is not a terminal, so there can be no screen")]
    NotATerminal(&'static str),
    /// One that cannot be drawn on.
    #[error("the terminal (TERM={0}) cannot show a screen")]
    Dumb(String),
    /// The system allows no more threads.
    #[error("a thread cannot be started: {0}; end other programs, or raise the limit (ulimit -u)")]
    NoThread(io::Error),
    /// It does not do what is asked.
    #[error("the terminal cannot be set up: {0}")]
    Failed(#[from] io::Error),
}

/// What it takes to put the terminal back.
struct SavedModes {
    terminal: File,
    before: Termios,
    mouse: bool,
}

/// The terminal that is ours just now.
static ACTIVE: Mutex<Option<SavedModes>> = Mutex::new(None);
/// How many stop signals are still to come that this process sent to itself.
static OWN_SUSPENDS: AtomicU32 = AtomicU32::new(0);

/// The terminal, in the screen's modes for as long as this lives.
#[derive(Debug)]
pub struct Session {
    /// The terminal, by an opening of our own that does not wait: a stalled line must not keep anything else from
    /// being done. (Standard output is shared with the shell, which would not survive that.)
    terminal: File,
    /// What the terminal has not taken yet.
    unwritten: Vec<u8>,
    mouse: bool,
}

impl Session {
    /// Takes over the terminal, as `TERM` (the variable) names it.
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
        let before = tcgetattr(rustix::stdio::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        let modes = SavedModes {
            terminal: self.terminal.try_clone()?,
            before,
            mouse: self.mouse,
        };
        *ACTIVE.lock().unwrap_or_else(PoisonError::into_inner) = Some(modes);
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &raw)?;
        self.unwritten.clear();
        self.write(&enter())?;
        if self.mouse { self.write(MOUSE_ON) } else { Ok(()) }
    }

    /// Switches the mouse on or off.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if let Some(modes) = &mut *ACTIVE.lock().unwrap_or_else(PoisonError::into_inner) {
            // Once on, it is put off at the end in any case: what switches it off may not have got through.
            modes.mouse |= on;
        }
        self.write(if on { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        match tcgetwinsize(&self.terminal) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
            // A line that does not say; this is what it mostly is.
            _ => (80, 24),
        }
    }

    /// Writes; what the terminal does not take now waits for [`Self::flush`]. Fails when the terminal is gone.
    pub fn write(&mut self, text: &str) -> io::Result<()> {
        self.unwritten.extend_from_slice(text.as_bytes());
        self.flush()
    }

    /// Tries again to write what waits.
    pub fn flush(&mut self) -> io::Result<()> {
        // After a panic elsewhere the terminal is not ours any more.
        if ACTIVE.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            self.unwritten.clear();
            return Ok(());
        }
        let taken = write_what_fits(&self.terminal, &self.unwritten, Duration::from_millis(5))?;
        self.unwritten.drain(..taken);
        Ok(())
    }

    /// Whether the terminal takes no more just now: nothing new should be drawn.
    pub fn is_stalled(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Puts the terminal back, stops this process and, where there are any, the others of its job; takes the terminal
    /// over again when somebody continues it. Everything must then be drawn anew. To be done only where
    /// `can_be_continued` says so.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        // The whole job, so that a shell script around this is stopped too and its shell comes back. This process
        // catches that signal, and stops by the one that cannot be caught.
        OWN_SUSPENDS.fetch_add(1, Ordering::Relaxed);
        rustix::process::kill_current_process_group(Signal::TSTP)?;
        rustix::process::kill_process(rustix::process::getpid(), Signal::STOP)?;
        self.enter_modes()
    }

    /// Sets the modes again: somebody else may have changed them while this process was stopped.
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

/// Whether a stop signal that came is one that [`Session::stop`] sent.
pub(super) fn is_own_suspend() -> bool {
    OWN_SUSPENDS
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1))
        .is_ok()
}

/// Puts the terminal back to what it was, if it is ours. May be called from anywhere, at any time, again and again.
pub fn restore() {
    let Some(modes) = ACTIVE.lock().unwrap_or_else(PoisonError::into_inner).take() else {
        return;
    };
    let mouse = if modes.mouse { MOUSE_OFF } else { "" };
    // A frame may have been cut off in its middle.
    let bytes = format!("{END_SYNC}{mouse}{}", leave());
    // A terminal that is gone or takes nothing cannot be helped.
    let _ = write_what_fits(&modes.terminal, bytes.as_bytes(), Duration::from_millis(300));
    let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &modes.before);
}

/// A panic puts the terminal back first and then says what it has to say, where it can be read.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
    });
}

/// The terminal of standard output, opened so that writing does not wait; where that cannot be, standard output itself.
fn open_terminal() -> io::Result<OwnedFd> {
    let stdout = rustix::stdio::stdout();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::termios::ttyname(stdout, Vec::new())
        .and_then(|name| rustix::fs::open(name, flags, Mode::empty()))
        .map_or_else(|_| stdout.try_clone_to_owned(), Ok)
}

/// Writes as much as the terminal takes, waiting for it at most so long. Answers with how many bytes that was.
fn write_what_fits(terminal: &File, bytes: &[u8], patience: Duration) -> io::Result<usize> {
    let end = Instant::now() + patience;
    let mut done = 0;
    while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        match (&*terminal).write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                let mut watched = [PollFd::from_borrowed_fd(terminal.as_fd(), PollFlags::OUT)];
                let left = Timespec {
                    tv_sec: 0,
                    tv_nsec: i64::from(left.subsec_nanos()),
                };
                let _ = poll(&mut watched, Some(&left));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Whether a stopped process here has a shell that can continue it: a shell that controls jobs gives each a process group
/// of its own. A program that sshd or tmux started itself leads the session, and would stay stopped for ever.
///
/// (Either number is 0 where what it names is outside this PID namespace, as in a container; rustix cannot say that.)
pub(super) fn has_job_control() -> bool {
    nix::unistd::getsid(None).is_ok_and(|session| session != nix::unistd::getpgrp())
}
