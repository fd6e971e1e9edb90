//! Performs the effects that an update returns; this happens nowhere else. Slow work is done by workers and threads, which
//! answer with messages.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ratatui::Frame;

use super::clipboard;
use super::draft_writer::DraftWriter;
use super::event::RunnerEvent;
use super::event_loop::{EXIT_TIMEOUT, Runner};
use super::files;
use super::session::has_job_control;
use super::suspend::PendingSuspend;
use super::worker::Worker as _;
use crate::app::command::CommandId;
use crate::app::{Effect, Msg, SaveState, State};
use crate::ui::Theme;

impl<S: FnMut(&State, &Theme, &mut Frame<'_>)> Runner<S> {
    /// Performs an effect. Appends immediate answers to `answers`.
    pub(super) fn perform(&mut self, effect: Effect, answers: &mut VecDeque<Msg>) {
        match effect {
            Effect::Store(request) => answers.extend(self.workers.store.request(request)),
            Effect::Server(request) => answers.extend(self.workers.servers.request(request)),
            Effect::NewId => answers.push_back(Msg::NewId(uuid::Uuid::new_v4().urn().to_string())),
            Effect::SaveDraft { before, after } => self.drafts.save(before, after, &self.sender),
            Effect::SaveLiveDraft(draft) => self.drafts.save_live(draft, &self.sender),
            Effect::Wait(wait) => self.drafts.start_delay(wait),
            Effect::CancelWait(wait) => self.drafts.cancel_delay(wait),
            Effect::Import(path) => files::import(path, self.state.start(), &self.sender),
            Effect::Export(export, wardrobe) => {
                let context = (self.state.start(), self.data_file.clone());
                files::export(export, wardrobe, context, &self.sender);
            }
            Effect::ListFolder(typed) => files::list(typed, self.state.start(), &self.sender),
            Effect::Continue => self.has_more = true,
            Effect::Suspend => self.suspend(),
            Effect::Copy(text) => {
                let copied = self.session.write(&clipboard::sequence(&text));
                self.check_terminal(&copied);
            }
            Effect::Mouse(on) => {
                let switched = self.session.set_mouse(on);
                self.check_terminal(&switched);
            }
            Effect::ShowTheme(name) => self.show_theme(&name),
            Effect::SaveTheme(name) => {
                let file = self.themes.file.clone();
                files::save_theme(name, file, self.state.start(), &self.sender);
            }
            Effect::Redraw => self.redraw(),
            Effect::Quit(status) => {
                self.status.get_or_insert(status);
            }
        }
    }

    /// Shows the screen in a theme; in the theme of the start if there is no theme of this name.
    fn show_theme(&mut self, name: &str) {
        let look = self.themes.look(name).clone();
        if self.surface.is_plain() {
            return; // Plain text has no colors.
        }
        let shown = self.query.show(look, &mut self.session);
        self.check_terminal(&shown);
    }

    pub(super) fn handle_draft_saved(&mut self, result: Result<(), String>) {
        if let Err(reason) = &result {
            log::warn!(reason = reason.as_str(); "draft not kept");
        }
        if let (Err(reason), true) = (&result, self.status.is_some()) {
            self.message = Some(format!("Unsaved changes are lost: {reason}"));
        }
        self.update(Msg::DraftSaved(result));
    }

    pub(super) fn load_draft(&mut self) {
        let scope = &self.state.start().scope;
        if let Some(msg) = self.drafts.load(!scope.read_only) {
            self.update(msg);
            self.draw();
        }
    }

    /// Requests that the program is suspended. The store worker finishes a running save and pauses first, so that no lock is
    /// held meanwhile.
    pub(super) fn suspend(&mut self) {
        if !has_job_control() {
            let reason = "Cannot suspend: there is no shell to resume hatrack";
            self.update(Msg::Failed(reason.into()));
        } else if self.suspending.request() {
            self.workers.store.pause(&self.sender);
        }
    }

    /// Suspends the program if this was requested, the store worker has paused, and no draft is being saved.
    pub(super) fn suspend_when_idle(&mut self) {
        if self.state.is_storing_draft() {
            return;
        }
        let Some(_pause) = self.suspending.take_pause() else {
            return;
        };
        // Other sessions follow the rooms meanwhile.
        self.workers.servers.set_following_suspended(true);
        let suspended = self.session.suspend();
        self.workers.servers.set_following_suspended(false);
        self.check_terminal(&suspended);
        self.redraw();
    }

    /// Gives up and reports a request to suspend that took too long; returns whether there was one.
    pub(super) fn suspend_timed_out(&mut self) -> bool {
        let expired = self.suspending.expire();
        if expired {
            let message = format!("Saving; press {} again", self.state.key(CommandId::Suspend));
            self.update(Msg::Failed(message));
        }
        expired
    }

    /// Finishes outstanding work after the screen is gone, with a time limit. Unsaved changes are in the draft already, and
    /// are removed from it if they are saved after all.
    pub(super) fn finish(&mut self) {
        let is_saving = |state: &State| {
            let is_unsaved = matches!(state.save_state(), SaveState::Saving(_) | SaveState::NotSaved(..));
            is_unsaved || state.has_other_commits()
        };
        // Ends a pause of the store worker.
        self.suspending = PendingSuspend::default();
        let end = Instant::now() + EXIT_TIMEOUT;
        let mut timed_out = None;
        self.workers.stop_servers();
        // The last answers of servers are recorded in the history.
        while let Ok(event) = self.events.try_recv() {
            self.handle_at_end(event);
        }
        if is_saving(&self.state) && !self.workers.stop() {
            timed_out = Some("The data file was not written in time".to_owned());
        }
        while let Ok(event) = self.events.recv_timeout(if self.state.is_storing_draft() {
            end.saturating_duration_since(Instant::now())
        } else {
            Duration::ZERO
        }) {
            self.handle_at_end(event);
        }
        timed_out = timed_out.filter(|_| is_saving(&self.state));
        let reason = timed_out.or_else(|| self.state.problem().map(|problem| problem.message().to_owned()));
        let draft_note = self
            .state
            .has_draft()
            .then(|| "Unsaved changes are kept as a draft for the next start".to_owned());
        if self.message.is_none() && (reason.is_some() || draft_note.is_some()) {
            let parts: Vec<String> = reason.into_iter().chain(draft_note).collect();
            self.message = Some(parts.join(". "));
        }
        self.message = self.message.take().or_else(|| self.state.unsent_text());
        // A slow disk may exceed the limit; the draft then survives this process, and the system writes it later.
        std::mem::replace(&mut self.drafts, DraftWriter::new(None)).finish(end);
    }

    /// Handles an event after the screen is gone; only events of workers and of saved drafts still matter.
    fn handle_at_end(&mut self, event: RunnerEvent) {
        match event {
            RunnerEvent::Worker(msg) => self.update(*msg),
            RunnerEvent::DraftSaved(result) => self.handle_draft_saved(result),
            _ => {}
        }
    }
}
