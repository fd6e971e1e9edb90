//! Effects: what an update asks for is done here, and nowhere else. What takes long is a worker's or a thread's, which
//! answers with a message.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ratatui::Frame;

use super::clipboard;
use super::draft_keeper::DraftKeeper;
use super::event::RunnerEvent;
use super::event_loop::{LONGEST_END, Runner};
use super::files;
use super::session::can_be_continued;
use super::suspend::PendingSuspend;
use super::worker::Worker as _;
use crate::app::command::CommandId;
use crate::app::{Effect, Msg, SaveState, State};
use crate::ui::Theme;

impl<S: FnMut(&State, &Theme, &mut Frame<'_>)> Runner<S> {
    pub(super) fn perform(&mut self, effect: Effect, answers: &mut VecDeque<Msg>) {
        match effect {
            Effect::Store(request) => answers.extend(self.workers.store.request(request)),
            Effect::NewId => answers.push_back(Msg::NewId(uuid::Uuid::new_v4().urn().to_string())),
            Effect::KeepDraft { before, after } => self.keeping.keep(before, after, &self.tell),
            Effect::KeepOwn(draft) => self.keeping.keep_own(draft, &self.tell),
            Effect::Wait(wait) => self.keeping.wait(wait),
            Effect::Rest(wait) => self.keeping.rest(wait),
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

    pub(super) fn draft_kept(&mut self, result: Result<(), String>) {
        if let Err(reason) = &result {
            log::warn!(reason = reason.as_str(); "draft not kept");
        }
        if let (Err(reason), true) = (&result, self.status.is_some()) {
            self.message = Some(format!("what was not saved is lost: {reason}"));
        }
        self.update(Msg::DraftKept(result));
    }

    pub(super) fn find_draft(&mut self) {
        let scope = &self.state.start().scope;
        if let Some(found) = self.keeping.find(!scope.read_only) {
            self.update(found);
            self.draw();
        }
    }

    /// As Ctrl-Z does: what is being written is finished first, so that no lock is held meanwhile.
    pub(super) fn stop(&mut self) {
        if !can_be_continued() {
            let why = "nothing here could continue the program, so it was not stopped";
            self.update(Msg::Note(why.into()));
        } else if self.stopping.ask() {
            self.workers.store.pause(&self.tell);
        }
    }

    pub(super) fn stop_when_nothing_is_written(&mut self) {
        if self.state.is_keeping() {
            return;
        }
        let Some(_pause) = self.stopping.take() else {
            return;
        };
        let stopped = self.session.stop();
        self.check(&stopped);
        self.draw_anew();
    }

    /// Whether it took too long to stop, which is said then.
    pub(super) fn is_stopping_too_late(&mut self) -> bool {
        let late = self.stopping.is_too_late();
        if late {
            let again = format!("Saving; press {} again", self.state.key(CommandId::Suspend));
            self.update(Msg::Note(again));
        }
        late
    }

    /// The screen is gone; what was asked of the workers is finished as far as that can be waited for. What is not saved
    /// is in the draft already, and goes from there when it is saved after all.
    pub(super) fn settle(&mut self) {
        let is_waiting =
            |state: &State| matches!(state.saved(), SaveState::Saving(_) | SaveState::NotSaved(..));
        // Whoever writes must not rest any more.
        self.stopping = PendingSuspend::default();
        let end = Instant::now() + LONGEST_END;
        let mut late = None;
        if is_waiting(&self.state) && !self.workers.stop() {
            late = Some("the data file could not be written in time".to_owned());
        }
        while let Ok(happened) = self.told.recv_timeout(if self.state.is_keeping() {
            end.saturating_duration_since(Instant::now())
        } else {
            Duration::ZERO
        }) {
            match happened {
                RunnerEvent::Worker(msg) => self.update(*msg),
                RunnerEvent::DraftKept(result) => self.draft_kept(result),
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
        // On a slow disk that takes long: then it survives this process, and the system writes it.
        std::mem::replace(&mut self.keeping, DraftKeeper::new(None)).finish(end);
    }
}
