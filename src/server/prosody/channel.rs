//! Bytes to and from whatever carries the shell, with a time limit for everything, and bounds.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The most that is kept of what a command says on standard error, in bytes.
const COMPLAINT: usize = 4096;
/// The most that may have come without having been taken, in bytes.
const INBOX: usize = 64 << 20;

/// How long a command that ended may take to say why.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Why nothing more can be sent or received.
#[derive(Debug)]
pub(super) enum Broken {
    /// The other side ended.
    Ended,
    /// The time is over.
    Slow,
    /// More came than is ever right.
    Flood,
    /// What came is not what it should be; in words.
    Malformed(String),
    /// The system says so.
    System(io::Error),
}

/// Two directions, and what a command says on standard error.
pub(super) struct Channel {
    input: File,
    output: File,
    errors: Option<File>,
    inbox: Vec<u8>,
    complaint: Vec<u8>,
    ended: bool,
}

impl Channel {
    pub(super) fn new(input: OwnedFd, output: OwnedFd, errors: Option<OwnedFd>) -> io::Result<Self> {
        for fd in [Some(&input), Some(&output), errors.as_ref()]
            .into_iter()
            .flatten()
        {
            rustix::io::ioctl_fionbio(fd, true)?;
        }
        Ok(Self {
            input: input.into(),
            output: output.into(),
            errors: errors.map(File::from),
            inbox: Vec::new(),
            complaint: Vec::new(),
            ended: false,
        })
    }

    /// Sends all of it. What comes meanwhile is taken in, since the other side may wait for that.
    pub(super) fn send(&mut self, bytes: &[u8], until: Instant) -> Result<(), Broken> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.input.write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(until, true)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Err(self.end()),
                Err(error) => return Err(Broken::System(error)),
            }
        }
        Ok(())
    }

    /// Waits for something more, and gives all that came and was not taken. An empty answer: only standard error spoke.
    pub(super) fn receive(&mut self, until: Instant) -> Result<Vec<u8>, Broken> {
        if self.inbox.is_empty() {
            if !self.ended {
                self.wait(until, false)?;
            }
            if self.inbox.is_empty() && self.ended {
                return Err(self.end());
            }
        }
        Ok(std::mem::take(&mut self.inbox))
    }

    /// Waits until it can be sent, where that is wanted, or something came.
    fn wait(&mut self, until: Instant, sending: bool) -> Result<(), Broken> {
        let left = until.checked_duration_since(Instant::now()).ok_or(Broken::Slow)?;
        let left = Timespec::try_from(left).map_err(|_| Broken::Slow)?;
        let mut fds = Vec::with_capacity(3);
        fds.push(PollFd::new(&self.output, PollFlags::IN));
        if let Some(errors) = &self.errors {
            fds.push(PollFd::new(errors, PollFlags::IN));
        }
        if sending {
            fds.push(PollFd::new(&self.input, PollFlags::OUT));
        }
        match poll(&mut fds, Some(&left)) {
            Ok(0) => return Err(Broken::Slow),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Broken::System(error.into())),
        }
        self.take_in()
    }

    fn take_in(&mut self) -> Result<(), Broken> {
        let mut buffer = [0; 16384];
        while let Some(errors) = &mut self.errors {
            match errors.read(&mut buffer) {
                Ok(0) => self.errors = None,
                Ok(count) => {
                    let room = COMPLAINT - self.complaint.len().min(COMPLAINT);
                    let new = buffer.get(..count.min(room)).unwrap_or_default();
                    self.complaint.extend_from_slice(new);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        // Not all that would come: who sends without end has a limit of time.
        match self.output.read(&mut buffer) {
            Ok(0) => self.ended = true,
            Ok(count) => self
                .inbox
                .extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => self.ended = true,
            Err(error) => return Err(Broken::System(error)),
        }
        if self.inbox.len() > INBOX {
            return Err(Broken::Flood);
        }
        Ok(())
    }

    /// The other side ended. What it has to say about that comes at about the same time.
    fn end(&mut self) -> Broken {
        let until = Instant::now() + LAST_WORDS;
        self.ended = false;
        while !self.ended && self.wait(until, false).is_ok() {}
        while let Some(errors) = &self.errors {
            let left = until.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).unwrap_or_default();
            let ready = poll(&mut [PollFd::new(errors, PollFlags::IN)], Some(&left));
            if !matches!(ready, Ok(1..)) || self.take_in().is_err() {
                break;
            }
        }
        self.ended = true;
        Broken::Ended
    }

    /// What was said on standard error, as far as it was kept.
    pub(super) fn complaint(&self) -> String {
        String::from_utf8_lossy(&self.complaint).into_owned()
    }
}
