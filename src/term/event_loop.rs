//! The loop: wait for one message, take all that are waiting, update, do what that asks for (`effects.rs`), draw once.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::Frame;
use ratatui::layout::Position;

use super::terminal_query::TerminalQuery;

use super::draft_writer::DraftWriter;
use super::event::{EventSender, RunnerEvent, WardrobeSource};
use super::input::{Input, Mouse};
use super::look::Look;
use super::mouse::ClickTracker;
use super::reader;
use super::session::{NoTerminal, Session, restore};
use super::signals::{Signal, Signals};
use super::surface::Surface;
use super::suspend::PendingSuspend;
use super::worker::Workers;
use crate::app::{Msg, Phase, Start, State, update};
use crate::store::Drafts;
use crate::ui::Theme;

/// The first frame waits so long for the file, so that a small one is on it.
const FIRST_FRAME_WAIT: Duration = Duration::from_millis(2);
/// While more is worked out it is drawn so often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(60);
/// However things stand, so long after a signal the process is gone.
pub(super) const EXIT_TIMEOUT: Duration = Duration::from_millis(1800);
/// The exit status when the terminal is gone: that of SIGHUP, which would have said so.
const STATUS_TERMINAL_LOST: u8 = 128 + 1;
/// The exit status after a panic.
const STATUS_PANICKED: u8 = 101;

/// What a session works on.
#[derive(Debug)]
pub struct SessionJob {
    /// What is known before anything is read.
    pub start: Start,
    /// The wardrobe.
    pub source: WardrobeSource,
    /// Where drafts are kept, if anywhere.
    pub drafts: Option<Drafts>,
    /// What the variable `TERM` says.
    pub term: Option<String>,
    /// How it is drawn.
    pub look: Look,
    /// Lines of words in the place of a drawn screen, for screen readers.
    pub plain: bool,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEnd {
    /// The exit status.
    pub status: u8,
    /// What should be said when the screen is gone.
    pub message: Option<String>,
}

/// Shows the screen until the moderator leaves. `screen` draws the state.
pub fn run(
    job: SessionJob,
    screen: impl FnMut(&State, &Theme, &mut Frame<'_>),
) -> Result<SessionEnd, NoTerminal> {
    let signals = Signals::catch()?;
    let session = Session::enter(job.term.as_deref(), job.start.mouse)?;
    let (tell, told) = channel();
    let data = match &job.source {
        WardrobeSource::File(path, _) => Some(path.clone()),
        WardrobeSource::Memory(_) => None,
    };
    let workers = Workers::start(job.source, &job.start.actor, &tell).map_err(NoTerminal::NoThread)?;
    let events = EventSender(tell.clone());
    signals
        .listen(move |signal| events.send(RunnerEvent::Signal(signal)))
        .map_err(NoTerminal::NoThread)?;
    let events = EventSender(tell.clone());
    let looks = TerminalQuery::new(job.look);
    let watch = looks.observer();
    reader::listen(move |input| {
        watch(&input);
        events.send(RunnerEvent::Input(input))
    })
    .map_err(NoTerminal::NoThread)?;
    let mut runner = Runner {
        surface: Surface::new(session.size(), job.plain),
        state: State::new(job.start),
        screen,
        session,
        workers,
        drafts: DraftWriter::new(job.drafts),
        data,
        query: looks,
        clicks: ClickTracker::default(),
        sender: tell,
        events: told,
        status: None,
        message: None,
        has_more: false,
        suspending: PendingSuspend::default(),
    };
    match catch_unwind(AssertUnwindSafe(|| runner.run())) {
        Ok(status) => {
            let message = runner.message.take();
            log::info!(status; "ended");
            // A large wardrobe takes its time to be taken down piece by piece; the system does it at once.
            std::mem::forget(runner.state);
            Ok(SessionEnd { status, message })
        }
        Err(panic) => {
            // What was typed is worth one more try. When that fails too, the first panic is the one to tell of.
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
    /// The data file, which no export replaces.
    pub(super) data: Option<PathBuf>,
    pub(super) query: TerminalQuery,
    pub(super) clicks: ClickTracker,
    pub(super) sender: Sender<RunnerEvent>,
    pub(super) events: Receiver<RunnerEvent>,
    /// Once it is time to leave: the exit status.
    pub(super) status: Option<u8>,
    pub(super) message: Option<String>,
    /// The state has more to work out when nothing else waits.
    pub(super) has_more: bool,
    pub(super) suspending: PendingSuspend,
}

impl<S: FnMut(&State, &Theme, &mut Frame<'_>)> Runner<S> {
    /// Until it is time to leave; answers with the exit status.
    fn run(&mut self) -> u8 {
        // Lines of words have no colors.
        if !self.surface.is_plain() {
            let asked = self.query.send(&mut self.session);
            self.check_terminal(&asked);
        }
        self.resize();
        self.wait_for_file();
        self.draw();
        self.load_draft();
        let mut drawn = Instant::now();
        while self.status.is_none() {
            let working = self.has_more && !self.session.is_stalled();
            if working {
                self.has_more = false;
                self.update(Msg::GoOn);
            } else {
                let Some(first) = self.next_event() else { continue };
                self.handle(first);
            }
            let mut taken = !working;
            while self.status.is_none()
                && let Ok(next) = self.events.try_recv()
            {
                self.handle(next);
                taken = true;
            }
            // What is found bit by bit is not shown bit by bit: the line may be slow.
            if self.status.is_none() && (taken || !self.has_more || drawn.elapsed() > PROGRESS_INTERVAL) {
                self.draw();
                drawn = Instant::now();
            }
        }
        self.query.wait_for_answer();
        restore();
        self.finish();
        self.status.unwrap_or_default()
    }

    /// A small file is there in less time than anybody sees: the first frame shows it.
    fn wait_for_file(&mut self) {
        let end = Instant::now() + FIRST_FRAME_WAIT;
        while matches!(self.state.phase(), Phase::Opening { .. }) && self.status.is_none() {
            match self
                .events
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(happened) => self.handle(happened),
                Err(_) => return,
            }
        }
    }

    /// Waits for what happens next. While the terminal takes no more, it is asked again now and then.
    fn next_event(&mut self) -> Option<RunnerEvent> {
        let mut pause = Duration::from_millis(10);
        while self.session.is_stalled() {
            let rest = self.drafts.next_delay().map_or(pause, |next| next.min(pause));
            match self.events.recv_timeout(rest) {
                Ok(happened) => return Some(happened),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let flushed = self.session.flush();
            self.check_terminal(&flushed);
            if self.status.is_some() || !self.session.is_stalled() {
                // What changed meanwhile can be shown now.
                self.draw();
                return None;
            }
            if let Some(due) = self.drafts.take_elapsed() {
                return Some(RunnerEvent::due(due));
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
        // A time is waited for only while something is not kept, or is to stop.
        let rest = self
            .drafts
            .next_delay()
            .into_iter()
            .chain(self.suspending.time_left())
            .min();
        let told = match rest {
            None => self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(rest) => self.events.recv_timeout(rest),
        };
        match told {
            Ok(happened) => Some(happened),
            Err(RecvTimeoutError::Timeout) => {
                if self.suspend_timed_out() {
                    self.draw();
                }
                self.drafts.take_elapsed().map(RunnerEvent::due)
            }
            // Nobody is left to say anything: the threads cannot all be gone unless something is wrong.
            Err(RecvTimeoutError::Disconnected) => Some(RunnerEvent::ThreadPanicked),
        }
    }

    fn handle(&mut self, happened: RunnerEvent) {
        match happened {
            RunnerEvent::Input(inputs) => {
                for input in inputs {
                    match input {
                        // What was typed after the leaving is not for this screen.
                        _ if self.status.is_some() => return,
                        Input::Key(key) => {
                            self.clicks.reset();
                            self.update(Msg::Key(key));
                        }
                        Input::KeyAt(key, place) => {
                            self.clicks.reset();
                            self.update(Msg::KeyAt(key, place));
                        }
                        Input::Paste(text) => self.update(Msg::Paste(text)),
                        Input::UnmarkedPaste(text) => self.update(Msg::UnmarkedPaste(text)),
                        Input::Mouse(mouse) => self.mouse(mouse),
                        Input::Background(behind) => self.query.set_background(behind),
                        Input::QueryAnswered => {}
                        Input::Closed => {
                            log::warn!(reason = "end of input"; "terminal lost");
                            self.terminate(STATUS_TERMINAL_LOST);
                        }
                    }
                }
            }
            RunnerEvent::Signal(signal) => self.signal(signal),
            RunnerEvent::DraftSaved(result) => {
                self.draft_saved(result);
                self.suspend_when_idle();
            }
            RunnerEvent::Paused(pause) => {
                self.suspending.paused(pause);
                self.suspend_when_idle();
            }
            RunnerEvent::Worker(msg) | RunnerEvent::Answer(msg) => self.update(*msg),
            RunnerEvent::ThreadPanicked => {
                log::error!("a thread panicked");
                self.message = Some("a part of the program failed; what was typed is kept as a draft".into());
                self.terminate(STATUS_PANICKED);
            }
        }
    }

    fn signal(&mut self, signal: Signal) {
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

    /// Lets the state take a message, and does what that asks for.
    pub(super) fn update(&mut self, msg: Msg) {
        let mut waiting = VecDeque::from([msg]);
        while let Some(msg) = waiting.pop_front() {
            for effect in update(&mut self.state, msg) {
                self.perform(effect, &mut waiting);
            }
        }
    }

    fn resize(&mut self) {
        let (columns, rows) = self.session.size();
        self.surface.resize(columns, rows);
        self.update(Msg::Resize { columns, rows });
    }

    fn mouse(&mut self, mouse: Mouse) {
        let at = Position::new(mouse.column, mouse.row);
        let on = self.surface.spots_at(&self.state, self.query.theme, at);
        let msg = self.clicks.message(on, mouse, Instant::now());
        self.update(msg);
    }

    /// The next frame is drawn in full: nothing is known of what the terminal shows.
    pub(super) fn redraw(&mut self) {
        self.resize();
        self.surface.invalidate();
    }

    pub(super) fn draw(&mut self) {
        // A frame that waits to be written is followed by the newest one, not by each.
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
    }

    /// A terminal that fails is one that is gone.
    pub(super) fn check_terminal<T>(&mut self, result: &io::Result<T>) {
        if let Err(error) = result {
            log::warn!(reason:% = error; "terminal lost");
            self.terminate(STATUS_TERMINAL_LOST);
        }
    }

    /// The session has to end, whatever is open, and soon.
    fn terminate(&mut self, status: u8) {
        if self.status.is_some() {
            return;
        }
        let overdue = move || {
            thread::sleep(EXIT_TIMEOUT);
            restore();
            std::process::exit(status.into());
        };
        // Without that thread it ends as well, unless something hangs.
        let _ = thread::Builder::new().stack_size(64 << 10).spawn(overdue);
        self.update(Msg::End { status });
        self.status.get_or_insert(status);
    }
}
