//! A byte channel to a socket or a command, with time and size limits.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Maximum size of the standard error that is kept, in bytes; the rest is dropped.
const MAX_ERROR_OUTPUT: usize = 4096;
/// Maximum size of received data that was not read yet, in bytes.
const MAX_UNREAD: usize = 64 << 20;

/// How long to wait for error output after the peer has closed the connection.
const ERROR_OUTPUT_TIMEOUT: Duration = Duration::from_millis(500);

/// Why the channel failed.
#[derive(Debug)]
pub(super) enum ChannelError {
    /// The peer closed the connection.
    Closed,
    /// The time limit was reached.
    TimedOut,
    /// The peer sent too much.
    TooLong,
    /// The peer sent invalid data, described in words.
    Malformed(String),
    /// A system error.
    Io(io::Error),
}

/// The input and output of a peer, and its standard error if the peer is a command.
pub(super) struct Channel {
    /// The input of the peer.
    input: Option<File>,
    /// The output of the peer.
    output: File,
    /// The standard error of the peer, until its end.
    stderr: Option<File>,
    /// Data from `output` that was not returned yet.
    received: Vec<u8>,
    /// The beginning of the data from `stderr`.
    error_output: Vec<u8>,
    is_output_closed: bool,
}

impl Channel {
    /// Creates a channel that writes to `input`, if there is one, and reads from `output`. `stderr` is the standard
    /// error of a command.
    pub(super) fn new(input: Option<OwnedFd>, output: OwnedFd, stderr: Option<OwnedFd>) -> io::Result<Self> {
        for fd in [input.as_ref(), Some(&output), stderr.as_ref()]
            .into_iter()
            .flatten()
        {
            rustix::io::ioctl_fionbio(fd, true)?;
        }
        Ok(Self {
            input: input.map(File::from),
            output: output.into(),
            stderr: stderr.map(File::from),
            received: Vec::new(),
            error_output: Vec::new(),
            is_output_closed: false,
        })
    }

    /// Sends all bytes, at the latest by `deadline`. Meanwhile also reads the data that arrives, because a peer may read
    /// nothing until its own output is read.
    pub(super) fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), ChannelError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some(input) = &mut self.input else {
                return Err(ChannelError::Closed);
            };
            match input.write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(deadline, true)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Err(self.read_rest()),
                Err(error) => return Err(ChannelError::Io(error)),
            }
        }
        Ok(())
    }

    /// Returns all received data that was not returned yet. If there is none, waits for data until `deadline`. The result can
    /// be empty, for example if only standard error had output.
    pub(super) fn receive(&mut self, deadline: Instant) -> Result<Vec<u8>, ChannelError> {
        if self.received.is_empty() {
            if !self.is_output_closed {
                self.wait(deadline, false)?;
            }
            if self.received.is_empty() && self.is_output_closed {
                return Err(self.read_rest());
            }
        }
        Ok(std::mem::take(&mut self.received))
    }

    /// Waits until data arrives or, if `is_sending`, until data can be sent. Reads the data that has arrived.
    fn wait(&mut self, deadline: Instant, is_sending: bool) -> Result<(), ChannelError> {
        let left = deadline
            .checked_duration_since(Instant::now())
            .ok_or(ChannelError::TimedOut)?;
        let left = Timespec::try_from(left).map_err(|_| ChannelError::TimedOut)?;
        let mut fds = Vec::with_capacity(3);
        fds.push(PollFd::new(&self.output, PollFlags::IN));
        if let Some(stderr) = &self.stderr {
            fds.push(PollFd::new(stderr, PollFlags::IN));
        }
        if let Some(input) = self.input.as_ref().filter(|_| is_sending) {
            fds.push(PollFd::new(input, PollFlags::OUT));
        }
        match poll(&mut fds, Some(&left)) {
            Ok(0) => return Err(ChannelError::TimedOut),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(ChannelError::Io(error.into())),
        }
        self.read_available()
    }

    /// Reads data that has arrived from the error output and, up to the size of the buffer, from the output.
    fn read_available(&mut self) -> Result<(), ChannelError> {
        let mut buffer = [0; 16384];
        while let Some(stderr) = &mut self.stderr {
            match stderr.read(&mut buffer) {
                Ok(0) => self.stderr = None,
                Ok(count) => {
                    let free = MAX_ERROR_OUTPUT - self.error_output.len().min(MAX_ERROR_OUTPUT);
                    let new = buffer.get(..count.min(free)).unwrap_or_default();
                    self.error_output.extend_from_slice(new);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        // This reads only once, so that the time limit also stops a peer that sends without end.
        match self.output.read(&mut buffer) {
            Ok(0) => self.is_output_closed = true,
            Ok(count) => self
                .received
                .extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => self.is_output_closed = true,
            Err(error) => return Err(ChannelError::Io(error)),
        }
        if self.received.len() > MAX_UNREAD {
            return Err(ChannelError::TooLong);
        }
        Ok(())
    }

    /// Reads the remaining data after the peer has closed the connection: its error output arrives at about the same time.
    /// Returns [`ChannelError::Closed`].
    fn read_rest(&mut self) -> ChannelError {
        let deadline = Instant::now() + ERROR_OUTPUT_TIMEOUT;
        self.is_output_closed = false;
        while !self.is_output_closed && self.wait(deadline, false).is_ok() {}
        while let Some(stderr) = &self.stderr {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).unwrap_or_default();
            let ready = poll(&mut [PollFd::new(stderr, PollFlags::IN)], Some(&left));
            if !matches!(ready, Ok(1..)) || self.read_available().is_err() {
                break;
            }
        }
        self.is_output_closed = true;
        ChannelError::Closed
    }

    /// The beginning of the error output that has arrived so far.
    pub(super) fn error_output(&self) -> String {
        String::from_utf8_lossy(&self.error_output).into_owned()
    }
}
