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

use super::draft_keeper::DraftKeeper;
use super::event::{EventSender, RunnerEvent, WardrobeSource};
use super::input::{Input, Mouse};
use super::look::Look;
use super::mouse::Clicks;
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
const FIRST_LOOK: Duration = Duration::from_millis(2);
/// While more is worked out it is drawn so often.
const BETWEEN: Duration = Duration::from_millis(60);
/// However things stand, so long after a signal the process is gone.
pub(super) const LONGEST_END: Duration = Duration::from_millis(1800);
/// The exit status when the terminal is gone: that of SIGHUP, which would have said so.
const GONE: u8 = 128 + 1;
/// The exit status after a panic.
const PANICKED: u8 = 101;

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
    let voice = EventSender(tell.clone());
    signals
        .listen(move |signal| voice.tell(RunnerEvent::Signal(signal)))
        .map_err(NoTerminal::NoThread)?;
    let voice = EventSender(tell.clone());
    let looks = TerminalQuery::new(job.look);
    let watch = looks.watch();
    reader::listen(move |input| {
        watch(&input);
        voice.tell(RunnerEvent::Input(input))
    })
    .map_err(NoTerminal::NoThread)?;
    let mut runner = Runner {
        shown: Surface::new(session.size(), job.plain),
        state: State::new(job.start),
        screen,
        session,
        workers,
        keeping: DraftKeeper::new(job.drafts),
        data,
        looks,
        clicks: Clicks::default(),
        tell,
        told,
        status: None,
        message: None,
        more: false,
        stopping: PendingSuspend::default(),
    };
    match catch_unwind(AssertUnwindSafe(|| runner.live())) {
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
                runner.end(PANICKED);
                runner.settle();
            }));
            resume_unwind(panic)
        }
    }
}

pub(super) struct Runner<S> {
    pub(super) state: State,
    pub(super) screen: S,
    pub(super) session: Session,
    pub(super) shown: Surface,
    pub(super) workers: Workers,
    pub(super) keeping: DraftKeeper,
    /// The data file, which no export replaces.
    pub(super) data: Option<PathBuf>,
    pub(super) looks: TerminalQuery,
    pub(super) clicks: Clicks,
    pub(super) tell: Sender<RunnerEvent>,
    pub(super) told: Receiver<RunnerEvent>,
    /// Once it is time to leave: the exit status.
    pub(super) status: Option<u8>,
    pub(super) message: Option<String>,
    /// The state has more to work out when nothing else waits.
    pub(super) more: bool,
    pub(super) stopping: PendingSuspend,
}

impl<S: FnMut(&State, &Theme, &mut Frame<'_>)> Runner<S> {
    /// Until it is time to leave; answers with the exit status.
    fn live(&mut self) -> u8 {
        // Lines of words have no colors.
        if !self.shown.is_plain() {
            let asked = self.looks.ask(&mut self.session);
            self.check(&asked);
        }
        self.resize();
        self.first_look();
        self.draw();
        self.find_draft();
        let mut drawn = Instant::now();
        while self.status.is_none() {
            let working = self.more && !self.session.is_stalled();
            if working {
                self.more = false;
                self.update(Msg::GoOn);
            } else {
                let Some(first) = self.wait() else { continue };
                self.take(first);
            }
            let mut taken = !working;
            while self.status.is_none()
                && let Ok(next) = self.told.try_recv()
            {
                self.take(next);
                taken = true;
            }
            // What is found bit by bit is not shown bit by bit: the line may be slow.
            if self.status.is_none() && (taken || !self.more || drawn.elapsed() > BETWEEN) {
                self.draw();
                drawn = Instant::now();
            }
        }
        self.looks.wait();
        restore();
        self.settle();
        self.status.unwrap_or_default()
    }

    /// A small file is there in less time than anybody sees: the first frame shows it.
    fn first_look(&mut self) {
        let end = Instant::now() + FIRST_LOOK;
        while matches!(self.state.phase(), Phase::Opening { .. }) && self.status.is_none() {
            match self
                .told
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(happened) => self.take(happened),
                Err(_) => return,
            }
        }
    }

    /// Waits for what happens next. While the terminal takes no more, it is asked again now and then.
    fn wait(&mut self) -> Option<RunnerEvent> {
        let mut pause = Duration::from_millis(10);
        while self.session.is_stalled() {
            let rest = self.keeping.next().map_or(pause, |next| next.min(pause));
            match self.told.recv_timeout(rest) {
                Ok(happened) => return Some(happened),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let flushed = self.session.flush();
            self.check(&flushed);
            if self.status.is_some() || !self.session.is_stalled() {
                // What changed meanwhile can be shown now.
                self.draw();
                return None;
            }
            if let Some(due) = self.keeping.due() {
                return Some(RunnerEvent::due(due));
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
        // A time is waited for only while something is not kept, or is to stop.
        let rest = self.keeping.next().into_iter().chain(self.stopping.left()).min();
        let told = match rest {
            None => self.told.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(rest) => self.told.recv_timeout(rest),
        };
        match told {
            Ok(happened) => Some(happened),
            Err(RecvTimeoutError::Timeout) => {
                if self.is_stopping_too_late() {
                    self.draw();
                }
                self.keeping.due().map(RunnerEvent::due)
            }
            // Nobody is left to say anything: the threads cannot all be gone unless something is wrong.
            Err(RecvTimeoutError::Disconnected) => Some(RunnerEvent::Broken),
        }
    }

    fn take(&mut self, happened: RunnerEvent) {
        match happened {
            RunnerEvent::Input(inputs) => {
                for input in inputs {
                    match input {
                        // What was typed after the leaving is not for this screen.
                        _ if self.status.is_some() => return,
                        Input::Key(key) => {
                            self.clicks.forget();
                            self.update(Msg::Key(key));
                        }
                        Input::KeyAt(key, place) => {
                            self.clicks.forget();
                            self.update(Msg::KeyAt(key, place));
                        }
                        Input::Paste(text) => self.update(Msg::Paste(text)),
                        Input::UnmarkedPaste(text) => self.update(Msg::UnmarkedPaste(text)),
                        Input::Mouse(mouse) => self.mouse(mouse),
                        Input::Background(behind) => self.looks.told(behind),
                        Input::Answered => {}
                        Input::Gone => {
                            log::warn!(reason = "end of input"; "terminal lost");
                            self.end(GONE);
                        }
                    }
                }
            }
            RunnerEvent::Signal(signal) => self.signal(signal),
            RunnerEvent::DraftKept(result) => {
                self.draft_kept(result);
                self.stop_when_nothing_is_written();
            }
            RunnerEvent::Paused(pause) => {
                self.stopping.paused(pause);
                self.stop_when_nothing_is_written();
            }
            RunnerEvent::Worker(msg) | RunnerEvent::Answer(msg) => self.update(*msg),
            RunnerEvent::Broken => {
                log::error!("a thread panicked");
                self.message = Some("a part of the program failed; what was typed is kept as a draft".into());
                self.end(PANICKED);
            }
        }
    }

    fn signal(&mut self, signal: Signal) {
        if signal != Signal::Resized {
            log::info!(signal:? = signal; "signal");
        }
        match signal {
            Signal::Resized => self.resize(),
            Signal::Stop => self.stop(),
            Signal::Continued => {
                let resumed = self.session.resume();
                self.check(&resumed);
                self.draw_anew();
            }
            Signal::Quit(number) => self.end(128u8.saturating_add(number)),
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
        self.shown.resize(columns, rows);
        self.update(Msg::Resize { columns, rows });
    }

    fn mouse(&mut self, mouse: Mouse) {
        let at = Position::new(mouse.column, mouse.row);
        let on = self.shown.under(&self.state, self.looks.theme, at);
        let msg = self.clicks.message(on, mouse, Instant::now());
        self.update(msg);
    }

    /// The next frame is drawn in full: nothing is known of what the terminal shows.
    pub(super) fn draw_anew(&mut self) {
        self.resize();
        self.shown.forget();
    }

    pub(super) fn draw(&mut self) {
        // A frame that waits to be written is followed by the newest one, not by each.
        if self.session.is_stalled() {
            return;
        }
        let bytes = self.shown.frame(&self.state, &self.looks.theme, &mut self.screen);
        if !bytes.is_empty() {
            let written = self.session.write(&bytes);
            self.check(&written);
        }
        self.shown.reuse(bytes);
    }

    /// A terminal that fails is one that is gone.
    pub(super) fn check<T>(&mut self, result: &io::Result<T>) {
        if let Err(error) = result {
            log::warn!(reason:% = error; "terminal lost");
            self.end(GONE);
        }
    }

    /// The session has to end, whatever is open, and soon.
    fn end(&mut self, status: u8) {
        if self.status.is_some() {
            return;
        }
        let overdue = move || {
            thread::sleep(LONGEST_END);
            restore();
            std::process::exit(status.into());
        };
        // Without that thread it ends as well, unless something hangs.
        let _ = thread::Builder::new().stack_size(64 << 10).spawn(overdue);
        self.update(Msg::End { status });
        self.status.get_or_insert(status);
    }
}
