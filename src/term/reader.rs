//! The thread that reads terminal input. It blocks until input arrives and ends when the terminal is gone.

use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::burst::BurstDetector;
use super::input::Input;
use super::session;

/// Starts reading the terminal on standard input. Each read is sent as one batch; [`Input::Closed`] is the last input. Ends
/// when `send` returns false.
pub(super) fn listen(mut send: impl FnMut(Vec<Input>) -> bool + Send + 'static) -> io::Result<()> {
    super::threads::builder("input").spawn(move || {
        let mut bursts = BurstDetector::default();
        loop {
            let found = match wait(&mut bursts) {
                Ok(found) => found,
                // Treat an error as a lost terminal: retrying would only spin.
                Err(_) => vec![Input::Closed],
            };
            let gone = found.contains(&Input::Closed);
            if (!found.is_empty() && !send(found)) || gone {
                return;
            }
        }
    })?;
    Ok(())
}

/// Waits for one read or timeout.
fn wait(bursts: &mut BurstDetector) -> io::Result<Vec<Input>> {
    let terminal = rustix::stdio::stdin();
    let patience = bursts.timeout().map(|milliseconds| Timespec {
        tv_sec: i64::from(milliseconds / 1_000),
        tv_nsec: i64::from(milliseconds % 1_000) * 1_000_000,
    });
    let mut watched = [PollFd::new(&terminal, PollFlags::IN)];
    match poll(&mut watched, patience.as_ref()) {
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
