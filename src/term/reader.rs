//! The thread that reads terminal input. It ends when the terminal is gone.

use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{tcgetattr, ttyname};

use super::burst::{BurstDetector, InputDelivery};
use super::input::Input;
use super::session;

/// Starts a thread that reads the terminal on standard input; `term` is the environment variable `TERM`. Input is
/// sent in batches as soon as it is complete; [`Input::Closed`] is the last input. The thread ends when `send` returns false.
pub(super) fn listen(
    term: Option<&str>,
    mut send: impl FnMut(Vec<Input>) -> bool + Send + 'static,
) -> io::Result<()> {
    let mut bursts = BurstDetector::new(detect_delivery(term));
    super::threads::builder("input").spawn(move || {
        loop {
            let inputs = match wait(&mut bursts) {
                Ok(inputs) => inputs,
                // Treat an error as a lost terminal: retrying would only spin.
                Err(_) => vec![Input::Closed],
            };
            let is_closed = inputs.contains(&Input::Closed);
            if (!inputs.is_empty() && !send(inputs)) || is_closed {
                return;
            }
        }
    })?;
    Ok(())
}

/// Detects how the terminal on standard input delivers pasted text.
fn detect_delivery(term: Option<&str>) -> InputDelivery {
    let terminal = rustix::stdio::stdin();
    let name = ttyname(terminal, Vec::new());
    let is_pseudo = name.is_ok_and(|name| name.as_bytes().starts_with(b"/dev/pts/"));
    let speed = tcgetattr(terminal).map_or(0, |modes| modes.input_speed());
    InputDelivery::detect(is_pseudo, speed, term)
}

/// Waits for one read or timeout, and returns the input that is then complete.
fn wait(bursts: &mut BurstDetector) -> io::Result<Vec<Input>> {
    let terminal = rustix::stdio::stdin();
    let timeout = bursts
        .timeout()
        .and_then(|timeout| Timespec::try_from(timeout).ok());
    let mut watched = [PollFd::new(&terminal, PollFlags::IN)];
    match poll(&mut watched, timeout.as_ref()) {
        Ok(0) => return Ok(bursts.expire()),
        Ok(_) => {}
        Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    }
    let [watched] = watched;
    if !watched.revents().contains(PollFlags::IN) {
        return Ok(vec![Input::Closed]);
    }
    let mut bytes = [0; 4096];
    match session::read(&mut bytes) {
        Ok(0) => Ok(vec![Input::Closed]),
        Ok(length) => Ok(bursts.feed(bytes.get(..length).unwrap_or_default())),
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}
