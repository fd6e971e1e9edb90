//! The loop: wait for one message, take all that are waiting, update, do what that asks for, draw once.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::Frame;
use ratatui::layout::Position;

use super::answer::Looks;
use super::clipboard;

use super::files;
use super::input::{Input, Mouse};
use super::look::Look;
use super::mouse::Clicks;
use super::reader;
use super::session::{NoTerminal, Session, restore};
use super::shown::Shown;
use super::signals::{Signal, Signals};
use super::told::{Happened, Kept, Source, Voice};
use crate::app::draft::{Draft, replaced};
use crate::app::{Effect, Msg, Phase, Saved, Start, State, update};
use crate::store::Drafts;
use crate::ui::Theme;

/// The first frame waits so long for the file, so that a small one is on it.
const FIRST_LOOK: Duration = Duration::from_millis(2);
/// While more is worked out it is drawn so often.
const BETWEEN: Duration = Duration::from_millis(60);
/// However things stand, so long after a signal the process is gone.
const LONGEST_END: Duration = Duration::from_millis(1800);
/// The exit status when the terminal is gone: that of SIGHUP, which would have said so.
const GONE: u8 = 128 + 1;
/// The exit status after a panic.
const PANICKED: u8 = 101;

/// What a session works on.
#[derive(Debug)]
pub struct Job {
    /// What is known before anything is read.
    pub start: Start,
    /// The wardrobe.
    pub source: Source,
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
pub struct Ended {
    /// The exit status.
    pub status: u8,
    /// What should be said when the screen is gone.
    pub message: Option<String>,
}

/// Shows the screen until the moderator leaves. `screen` draws the state.
pub fn run(job: Job, screen: impl FnMut(&State, &Theme, &mut Frame<'_>)) -> Result<Ended, NoTerminal> {
    let signals = Signals::catch()?;
    let session = Session::enter(job.term.as_deref(), job.start.mouse)?;
    let (tell, told) = channel();
    let data = match &job.source {
        Source::File(path, _) => Some(path.clone()),
        Source::Memory(_) => None,
    };
    let keeper = Kept::start(job.source, &job.start.actor, &tell);
    let voice = Voice(tell.clone());
    signals.listen(move |signal| voice.tell(Happened::Signal(signal)))?;
    let voice = Voice(tell.clone());
    let looks = Looks::new(job.look);
    let watch = looks.watch();
    reader::listen(move |input| {
        watch(&input);
        voice.tell(Happened::Input(input))
    })?;
    let mut runner = Runner {
        shown: Shown::new(session.size(), job.plain),
        state: State::new(job.start),
        screen,
        session,
        keeper,
        drafts: job.drafts,
        data,
        looks,
        clicks: Clicks::default(),
        tell,
        told,
        status: None,
        message: None,
        more: false,
    };
    match catch_unwind(AssertUnwindSafe(|| runner.live())) {
        Ok(status) => {
            let message = runner.message.take();
            // A large wardrobe takes its time to be taken down piece by piece; the system does it at once.
            std::mem::forget(runner.state);
            Ok(Ended { status, message })
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

struct Runner<S> {
    state: State,
    screen: S,
    session: Session,
    shown: Shown,
    keeper: Kept,
    drafts: Option<Drafts>,
    /// The data file, which no export replaces.
    data: Option<PathBuf>,
    looks: Looks,
    clicks: Clicks,
    tell: Sender<Happened>,
    told: Receiver<Happened>,
    /// Once it is time to leave: the exit status.
    status: Option<u8>,
    message: Option<String>,
    /// The state has more to work out when nothing else waits.
    more: bool,
}

impl<S: FnMut(&State, &Theme, &mut Frame<'_>)> Runner<S> {
    /// Until it is time to leave; answers with the exit status.
    fn live(&mut self) -> u8 {
        // Lines of words have no colours.
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
    fn wait(&mut self) -> Option<Happened> {
        let mut pause = Duration::from_millis(10);
        while self.session.is_stalled() {
            match self.told.recv_timeout(pause) {
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
            pause = (pause * 2).min(Duration::from_secs(1));
        }
        match self.told.recv() {
            Ok(happened) => Some(happened),
            // Nobody is left to say anything: the threads cannot all be gone unless something is wrong.
            Err(_) => Some(Happened::Broken),
        }
    }

    fn take(&mut self, happened: Happened) {
        match happened {
            Happened::Input(inputs) => {
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
                        Input::Gone => self.end(GONE),
                    }
                }
            }
            Happened::Signal(Signal::Resized) => self.resize(),
            Happened::Signal(Signal::Stop) => self.stop(),
            Happened::Signal(Signal::Continued) => {
                let resumed = self.session.resume();
                self.check(&resumed);
                self.draw_anew();
            }
            Happened::Signal(Signal::Quit(number)) => self.end(128u8.saturating_add(number)),
            Happened::Store(event) => self.update(Msg::Store(event)),
            Happened::DraftKept(result) => self.draft_kept(result),
            Happened::Answer(msg) => self.update(*msg),
            Happened::Broken => {
                self.message = Some("a part of the program failed; what was typed is kept as a draft".into());
                self.end(PANICKED);
            }
        }
    }

    /// Lets the state take a message, and does what that asks for.
    fn update(&mut self, msg: Msg) {
        let mut waiting = VecDeque::from([msg]);
        while let Some(msg) = waiting.pop_front() {
            for effect in update(&mut self.state, msg) {
                self.perform(effect, &mut waiting);
            }
        }
    }

    fn perform(&mut self, effect: Effect, answers: &mut VecDeque<Msg>) {
        match effect {
            Effect::Store(request) => answers.extend(
                self.keeper
                    .ask(request)
                    .into_iter()
                    .map(|event| Msg::Store(Box::new(event))),
            ),
            Effect::NewId => answers.push_back(Msg::NewId(uuid::Uuid::new_v4().urn().to_string())),
            Effect::KeepDraft { before, after } => self.keep_draft(before, after),
            Effect::Import(path) => files::import(path, self.state.start(), &self.tell),
            Effect::Export(export, wardrobe) => {
                let place = (self.state.start(), self.data.clone());
                files::export(export, wardrobe, place, &self.tell);
            }
            Effect::GoOn => self.more = true,
            Effect::Suspend => self.stop(),
            Effect::Copy(text) => {
                let copied = self.session.write(&clipboard::sequence(&text));
                self.check(&copied);
            }
            Effect::Mouse(on) => {
                let switched = self.session.set_mouse(on);
                self.check(&switched);
            }
            Effect::Redraw => self.draw_anew(),
            Effect::Quit(status) => {
                self.status.get_or_insert(status);
            }
        }
    }

    /// Keeps a draft, in a thread of its own: on a slow disk that takes long, and keys do not wait for it.
    fn keep_draft(&self, before: Draft, after: Draft) {
        let (drafts, tell) = (self.drafts.clone(), self.tell.clone());
        let keep = move || {
            let result = match drafts {
                Some(drafts) => drafts
                    .change(|now| replaced(now.as_deref(), &before, &after))
                    .map_err(|error| error.to_string()),
                None => Err("there is no folder for it: neither XDG_STATE_HOME nor HOME is set".into()),
            };
            // Whoever does not listen any more has left.
            let _ = tell.send(Happened::DraftKept(result));
        };
        if let Err(error) = thread::Builder::new().spawn(keep) {
            let _ = self.tell.send(Happened::DraftKept(Err(error.to_string())));
        }
    }

    fn draft_kept(&mut self, result: Result<(), String>) {
        if let (Err(reason), true) = (&result, self.status.is_some()) {
            self.message = Some(format!("what was not saved is lost: {reason}"));
        }
        self.update(Msg::DraftKept(result));
    }

    fn find_draft(&mut self) {
        match self.drafts.as_ref().map(Drafts::load) {
            Some(Ok(Some(bytes))) => self.update(Msg::DraftFound(bytes)),
            Some(Err(error)) => self.update(Msg::Note(error.to_string())),
            Some(Ok(None)) | None => return,
        }
        self.draw();
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

    /// As Ctrl-Z does.
    fn stop(&mut self) {
        let stopped = self.session.stop();
        self.check(&stopped);
        match stopped {
            Ok(true) => self.draw_anew(),
            Ok(false) => self.update(Msg::Note(
                "nothing here could continue the program, so it was not stopped".into(),
            )),
            Err(_) => {}
        }
    }

    /// The next frame is drawn in full: nothing is known of what the terminal shows.
    fn draw_anew(&mut self) {
        self.resize();
        self.shown.forget();
    }

    fn draw(&mut self) {
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
    fn check<T>(&mut self, result: &io::Result<T>) {
        if result.is_err() {
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

    /// The screen is gone; what was asked of the keeper is finished as far as that can be waited for. What is not saved
    /// is in the draft already, and goes from there when it is saved after all.
    fn settle(&mut self) {
        let is_waiting = |state: &State| matches!(state.saved(), Saved::Saving(_) | Saved::NotSaved(..));
        let end = Instant::now() + LONGEST_END;
        let mut late = None;
        if is_waiting(&self.state) && !self.keeper.stop() {
            late = Some("the data file could not be written in time".to_owned());
        }
        while let Ok(happened) = self.told.recv_timeout(if self.state.is_keeping() {
            end.saturating_duration_since(Instant::now())
        } else {
            Duration::ZERO
        }) {
            match happened {
                Happened::Store(event) => self.update(Msg::Store(event)),
                Happened::DraftKept(result) => self.draft_kept(result),
                _ => {}
            }
        }
        late = late.filter(|_| is_waiting(&self.state));
        let reason = late.or_else(|| self.state.trouble().map(|trouble| trouble.message().to_owned()));
        let kept = self
            .state
            .has_draft()
            .then(|| "what was not saved is kept as a draft and offered at the next start".to_owned());
        if self.message.is_none() && (reason.is_some() || kept.is_some()) {
            let parts: Vec<String> = reason.into_iter().chain(kept).collect();
            self.message = Some(parts.join("; "));
        }
    }
}
