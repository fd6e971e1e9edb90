//! The signals that end or suspend `hatrack follow`.

use std::ffi::c_int;
use std::sync::mpsc::Sender;

use rustix::process::{Signal, getpid, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use super::super::failure::Failure;
use crate::server::ServerWorker;
use crate::sync::ServerEvent;
use crate::term::has_job_control;

/// An event that `hatrack follow` handles.
pub(super) enum FollowEvent {
    Server(ServerEvent),
    /// A signal that ends the command.
    Stop(c_int),
    /// The signal that suspends the command.
    Suspend,
}

/// Returns the result of `hatrack follow` after a signal has ended it. SIGTERM is the usual way to end this command, so the
/// result is then a success.
pub(super) fn signal_result(signal: c_int) -> Result<(), Failure> {
    match signal {
        SIGTERM => Ok(()),
        SIGINT => Err(Failure::interrupted()),
        other => {
            let code = u8::try_from(other).unwrap_or_default();
            Err(Failure::with_code(128_u8.saturating_add(code), ""))
        }
    }
}

/// Suspends this process until a shell continues it; meanwhile, other sessions can follow the rooms. Does nothing if there
/// is no shell that could continue the process.
pub(super) fn suspend(worker: &ServerWorker) -> Result<(), Failure> {
    if !has_job_control() {
        return Ok(());
    }
    worker.suspend_following();
    let stopped = kill_process(getpid(), Signal::STOP);
    worker.resume_following();
    stopped.map_err(|error| Failure::error(format!("cannot suspend: {error}")))
}

/// Starts a thread that sends an event for each signal that ends or suspends the command.
pub(super) fn catch_signals(sender: Sender<FollowEvent>) -> Result<(), Failure> {
    let failure = |error| Failure::error(format!("cannot catch signals: {error}"));
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGTSTP]).map_err(failure)?;
    let listen = move || {
        for signal in signals.forever() {
            let event = match signal {
                SIGTSTP => FollowEvent::Suspend,
                signal => FollowEvent::Stop(signal),
            };
            if sender.send(event).is_err() {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("signals".into()).spawn(listen);
    thread.map(drop).map_err(failure)
}
