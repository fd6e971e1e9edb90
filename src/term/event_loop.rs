//! The event loop: waits for an event, handles all queued events, performs their effects (`effects.rs`), and draws once.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Position;

use super::terminal_query::TerminalQuery;

use super::draft_writer::DraftWriter;
use super::event::{EventSender, RunnerEvent, WardrobeSource};
use super::input::{Input, Mouse};
use super::mouse::ClickTracker;
use super::reader;
use super::session::{NoTerminal, Session, restore};
use super::signals::{Signal, Signals};
use super::surface::Surface;
use super::suspend::PendingSuspend;
use super::themes::Themes;
use super::worker::Workers;
use crate::app::{Msg, Phase, SessionOptions, State, update};
use crate::server::WorkerOptions;
use crate::store::Drafts;
use crate::ui::Theme;

/// The first frame waits at most this long for the data file, so that it can already show a small file.
const FIRST_FRAME_WAIT: Duration = Duration::from_millis(2);
/// Minimum time between frames while a search or filter is in progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(60);
/// The process exits at most this long after a signal or the loss of the terminal. Also the time limit for writing
/// drafts when a session ends.
pub(super) const EXIT_TIMEOUT: Duration = Duration::from_millis(1800);
/// The exit status when the terminal is lost: that of SIGHUP.
const STATUS_TERMINAL_LOST: u8 = 128 + 1;
/// The exit status after a panic.
const STATUS_PANICKED: u8 = 101;

/// The parameters of a session.
#[derive(Debug)]
pub struct SessionParameters {
    /// The start parameters of the state.
    pub start: SessionOptions,
    /// The source of the wardrobe.
    pub source: WardrobeSource,
    /// The servers of the configuration, and the options for talking to them.
    pub servers: WorkerOptions,
    /// The stored draft; `None`: drafts cannot be stored.
    pub drafts: Option<Drafts>,
    /// The environment variable `TERM`.
    pub term: Option<String>,
    /// Colors and characters.
    pub themes: Themes,
}

/// The end of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEnd {
    /// The exit status.
    pub status: u8,
    /// A message to print after the screen is closed.
    pub message: Option<String>,
}

/// Runs the screen until the session ends: the user quits, a signal arrives, or the terminal is lost. `screen` draws the
/// state. After a panic, tries to save unsaved input, and passes the panic on.
pub fn run(
    job: SessionParameters,
    screen: impl FnMut(&State, &Theme, &mut Frame<'_>),
) -> Result<SessionEnd, NoTerminal> {
    let signals = Signals::catch()?;
    let session = Session::enter(job.term.as_deref(), job.start.mouse)?;
    let (sender, receiver) = channel();
    let data_file = match &job.source {
        WardrobeSource::File(path, _) => Some(path.clone()),
        WardrobeSource::Memory(_) => None,
    };
    let workers =
        Workers::start(job.source, job.servers, &job.start.actor, &sender).map_err(NoTerminal::NoThread)?;
    let events = EventSender(sender.clone());
    signals
        .listen(move |signal| events.send(RunnerEvent::Signal(signal)))
        .map_err(NoTerminal::NoThread)?;
    let events = EventSender(sender.clone());
    let query = TerminalQuery::new(job.themes.start.clone());
    let observe = query.observer();
    reader::listen(job.term.as_deref(), move |input| {
        observe(&input);
        events.send(RunnerEvent::Input(input))
    })
    .map_err(NoTerminal::NoThread)?;
    let mut runner = Runner {
        surface: Surface::new(session.size(), job.start.plain),
        state: State::new(job.start),
        screen,
        session,
        workers,
        drafts: DraftWriter::new(job.drafts),
        data_file,
        query,
        themes: job.themes,
        clicks: ClickTracker::default(),
        sender,
        events: receiver,
        status: None,
        message: None,
        has_more: false,
        suspending: PendingSuspend::default(),
        known_second: None,
    };
    match catch_unwind(AssertUnwindSafe(|| runner.run())) {
        Ok(status) => {
            let message = runner.message.take();
            log::info!(status; "ended");
            // Dropping a large wardrobe takes time; the system frees the memory at once.
            std::mem::forget(runner.state);
            Ok(SessionEnd { status, message })
        }
        Err(panic) => {
            // Try to save unsaved input. If that panics too, report the first panic.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                runner.terminate(STATUS_PANICKED);
                runner.finish();
            }));
            resume_unwind(panic)
        }
    }
}

pub(super) struct Runner<S> {
    pub(super) state: State,
    pub(super) screen: S,
    pub(super) session: Session,
    pub(super) surface: Surface,
    pub(super) workers: Workers,
    pub(super) drafts: DraftWriter,
    /// The data file, which an export must not overwrite.
    pub(super) data_file: Option<PathBuf>,
    pub(super) query: TerminalQuery,
    pub(super) themes: Themes,
    pub(super) clicks: ClickTracker,
    pub(super) sender: Sender<RunnerEvent>,
    pub(super) events: Receiver<RunnerEvent>,
    /// The exit status; `None` until the session is to end.
    pub(super) status: Option<u8>,
    /// The message to print after the screen is closed.
    pub(super) message: Option<String>,
    /// Whether the state has unfinished work, such as a search, which [`Msg::Continue`] continues.
    pub(super) has_more: bool,
    pub(super) suspending: PendingSuspend,
    /// The time that was last passed to the state, in seconds since the Unix epoch; `None` if none was passed yet.
    pub(super) known_second: Option<i64>,
}

impl<S: FnMut(&State, &Theme, &mut Frame<'_>)> Runner<S> {
    /// Runs until the session ends; returns the exit status.
    fn run(&mut self) -> u8 {
        // Plain text has no colors.
        if !self.surface.is_plain() {
            let sent = self.query.send(&mut self.session);
            self.check_terminal(&sent);
        }
        self.resize();
        self.wait_for_file();
        self.draw();
        self.load_draft();
        let mut last_drawn = Instant::now();
        while self.status.is_none() {
            let is_working = self.has_more && !self.session.is_stalled();
            if is_working {
                self.has_more = false;
                self.update(Msg::Continue);
            } else {
                let Some(first) = self.next_event() else { continue };
                self.handle(first);
            }
            let mut has_handled = !is_working;
            while self.status.is_none()
                && let Ok(next) = self.events.try_recv()
            {
                self.handle(next);
                has_handled = true;
            }
            // Partial results are drawn only now and then, since the connection may be slow.
            if self.status.is_none()
                && (has_handled || !self.has_more || last_drawn.elapsed() > PROGRESS_INTERVAL)
            {
                self.draw();
                last_drawn = Instant::now();
            }
        }
        self.query.wait_for_answer();
        restore();
        self.finish();
        self.status.unwrap_or_default()
    }

    /// Waits briefly for the data file, so that the first frame shows it if it is small.
    fn wait_for_file(&mut self) {
        let end = Instant::now() + FIRST_FRAME_WAIT;
        while matches!(self.state.phase(), Phase::Opening { .. }) && self.status.is_none() {
            match self
                .events
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(event) => self.handle(event),
                Err(_) => return,
            }
        }
    }

    /// Waits for the next event. While the terminal is stalled, retries writing to it; returns `None` once the terminal
    /// accepts output again or is lost.
    fn next_event(&mut self) -> Option<RunnerEvent> {
        let mut pause = Duration::from_millis(10);
        while self.session.is_stalled() {
            let wait = self.drafts.next_delay().map_or(pause, |next| next.min(pause));
            match self.events.recv_timeout(wait) {
                Ok(event) => return Some(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let flushed = self.session.flush();
            self.check_terminal(&flushed);
            if self.status.is_some() || !self.session.is_stalled() {
                // Draw the changes that were not drawn meanwhile.
                self.draw();
                return None;
            }
            if let Some(due) = self.drafts.take_elapsed() {
                return Some(RunnerEvent::delay_elapsed(due));
            }
            if self.state.time_to_next_clock_check(Timestamp::now()) == Some(Duration::ZERO) {
                return Some(RunnerEvent::now());
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
        // A timeout is needed only for drafts, while suspending, and if the state waits for a time.
        let wait = self
            .drafts
            .next_delay()
            .into_iter()
            .chain(self.suspending.time_left())
            .chain(self.state.time_to_next_clock_check(Timestamp::now()))
            .min();
        let received = match wait {
            None => self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(wait) => self.events.recv_timeout(wait),
        };
        match received {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => {
                if self.suspend_timed_out() {
                    self.draw();
                }
                let due = self.drafts.take_elapsed().map(RunnerEvent::delay_elapsed);
                Some(due.unwrap_or_else(RunnerEvent::now))
            }
            // Cannot happen: `sender` keeps the channel open.
            Err(RecvTimeoutError::Disconnected) => Some(RunnerEvent::ThreadPanicked),
        }
    }

    fn handle(&mut self, event: RunnerEvent) {
        match event {
            RunnerEvent::Input(inputs) => {
                for input in inputs {
                    match input {
                        // Input after quitting is ignored.
                        _ if self.status.is_some() => return,
                        Input::Key(key) => {
                            self.clicks.reset();
                            self.update(Msg::Key(key));
                        }
                        Input::KeyWithUsKey(key, position) => {
                            self.clicks.reset();
                            self.update(Msg::KeyWithUsKey(key, position));
                        }
                        Input::Paste(text) => self.update(Msg::Paste(text)),
                        Input::UnmarkedPaste(text) => self.update(Msg::UnmarkedPaste(text)),
                        Input::Mouse(mouse) => self.handle_mouse(mouse),
                        Input::Background(background) => self.query.set_background(background),
                        Input::QueryAnswered => {}
                        Input::Closed => {
                            log::warn!(reason = "end of input"; "terminal lost");
                            self.terminate(STATUS_TERMINAL_LOST);
                        }
                    }
                }
            }
            RunnerEvent::Signal(signal) => self.handle_signal(signal),
            RunnerEvent::DraftSaved(result) => {
                self.handle_draft_saved(result);
                self.suspend_when_idle();
            }
            RunnerEvent::Paused(pause) => {
                self.suspending.accept_pause(pause);
                self.suspend_when_idle();
            }
            RunnerEvent::Worker(msg) | RunnerEvent::Answer(msg) => self.update(*msg),
            RunnerEvent::ThreadPanicked => {
                log::error!("a thread panicked");
                self.message = Some("Internal error. Your input was saved as a draft".into());
                self.terminate(STATUS_PANICKED);
            }
        }
    }

    fn handle_signal(&mut self, signal: Signal) {
        if signal != Signal::Resized {
            log::info!(signal:? = signal; "signal");
        }
        match signal {
            Signal::Resized => self.resize(),
            Signal::Suspend => self.suspend(),
            Signal::Continued => {
                let resumed = self.session.resume();
                self.check_terminal(&resumed);
                self.redraw();
            }
            Signal::Quit(number) => self.terminate(128u8.saturating_add(number)),
        }
    }

    /// Updates the state with a message and performs the effects.
    pub(super) fn update(&mut self, msg: Msg) {
        let now = Timestamp::now();
        let mut messages = VecDeque::from([msg]);
        if self.known_second.replace(now.as_second()) != Some(now.as_second()) {
            messages.push_front(Msg::Now(now));
        }
        while let Some(msg) = messages.pop_front() {
            for effect in update(&mut self.state, msg) {
                self.perform(effect, &mut messages);
            }
        }
    }

    fn resize(&mut self) {
        let (columns, rows) = self.session.size();
        self.surface.resize(columns, rows);
        self.update(Msg::Resize { columns, rows });
    }

    fn handle_mouse(&mut self, mouse: Mouse) {
        let position = Position::new(mouse.column, mouse.row);
        let targets = self.surface.targets_at(&self.state, self.query.theme, position);
        let msg = self.clicks.message(targets, mouse, Instant::now());
        self.update(msg);
    }

    /// Makes the next frame a full one, because the content of the terminal is unknown.
    pub(super) fn redraw(&mut self) {
        self.resize();
        self.surface.invalidate();
    }

    pub(super) fn draw(&mut self) {
        // While the terminal is stalled, frames are skipped; afterwards the newest is drawn.
        if self.session.is_stalled() {
            return;
        }
        let bytes = self
            .surface
            .frame(&self.state, &self.query.theme, &mut self.screen);
        if !bytes.is_empty() {
            let written = self.session.write(&bytes);
            self.check_terminal(&written);
        }
        self.surface.reuse(bytes);
        if self.state.has_unseen_question() && !self.session.is_stalled() {
            self.update(Msg::QuestionShown);
        }
    }

    /// Ends the session if writing to the terminal failed.
    pub(super) fn check_terminal<T>(&mut self, result: &io::Result<T>) {
        if let Err(error) = result {
            log::warn!(reason:% = error; "terminal lost");
            self.terminate(STATUS_TERMINAL_LOST);
        }
    }

    /// Ends the session with this exit status, without a question and at the latest after [`EXIT_TIMEOUT`]. Does nothing if
    /// the session is ending already.
    fn terminate(&mut self, status: u8) {
        if self.status.is_some() {
            return;
        }
        let force_exit = move || {
            thread::sleep(EXIT_TIMEOUT);
            restore();
            std::process::exit(status.into());
        };
        // Without this thread the session still ends, unless something hangs.
        let _ = thread::Builder::new().stack_size(64 << 10).spawn(force_exit);
        self.update(Msg::End { status });
        self.status.get_or_insert(status);
    }
}
