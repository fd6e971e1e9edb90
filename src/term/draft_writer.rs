//! Writes drafts in background threads, and tracks the delays after which the live draft is due.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::event::RunnerEvent;
use crate::app::draft::{Draft, merge_orphaned, to_bytes, update_stored};
use crate::app::{DraftDelay, Msg};
use crate::store::{Drafts, LiveDraft, WrittenDraft};

/// Typed text is saved this long after the last key.
const TYPING_DELAY: Duration = Duration::from_secs(1);
/// A change that the store worker has not confirmed after this time is saved as a draft.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(300);

/// The drafts of a session and its running delays.
pub(super) struct DraftWriter {
    drafts: Option<Drafts>,
    /// Sends live drafts to the thread that writes them; `None` until the thread is started.
    live: Option<Sender<Draft>>,
    typing_deadline: Option<Instant>,
    answer_deadline: Option<Instant>,
    /// Every thread that saves has a clone; `idle` disconnects when this sender and all clones are dropped.
    busy: Sender<()>,
    idle: Receiver<()>,
}

impl DraftWriter {
    pub(super) fn new(drafts: Option<Drafts>) -> Self {
        let (busy, idle) = channel();
        Self {
            drafts,
            live: None,
            typing_deadline: None,
            answer_deadline: None,
            busy,
            idle,
        }
    }

    /// The deadline of a delay, which is `None` if the delay is not running, and the length of the delay.
    fn deadline(&mut self, delay: DraftDelay) -> (&mut Option<Instant>, Duration) {
        match delay {
            DraftDelay::Typing => (&mut self.typing_deadline, TYPING_DELAY),
            DraftDelay::Unconfirmed => (&mut self.answer_deadline, ANSWER_TIMEOUT),
        }
    }

    /// Starts or restarts a delay.
    pub(super) fn start_delay(&mut self, delay: DraftDelay) {
        let (deadline, length) = self.deadline(delay);
        *deadline = Some(Instant::now() + length);
    }

    /// Cancels a delay.
    pub(super) fn cancel_delay(&mut self, delay: DraftDelay) {
        *self.deadline(delay).0 = None;
    }

    /// The time until the next delay elapses; `None` if none is running.
    pub(super) fn next_delay(&self) -> Option<Duration> {
        let next = self
            .typing_deadline
            .into_iter()
            .chain(self.answer_deadline)
            .min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    /// Returns a delay that has elapsed, if there is one, and ends it.
    pub(super) fn take_elapsed(&mut self) -> Option<DraftDelay> {
        let now = Instant::now();
        let mut delays = [DraftDelay::Typing, DraftDelay::Unconfirmed].into_iter();
        let due = delays.find(|delay| self.deadline(*delay).0.is_some_and(|end| end <= now))?;
        self.cancel_delay(due);
        Some(due)
    }

    /// Saves a draft in a thread, so that a slow disk does not delay keys: `after` replaces `before`, the previous entries of
    /// this session. The result is sent as soon as the draft survives this process; syncing it to the disk takes longer.
    pub(super) fn save(&self, before: Draft, after: Draft, events: &Sender<RunnerEvent>) {
        let (drafts, busy, events) = (self.drafts.clone(), self.busy.clone(), events.clone());
        let save = move || {
            let saved = match &drafts {
                Some(drafts) => drafts
                    .update(|stored| update_stored(stored.as_deref(), &before, &after))
                    .map_err(|error| error.to_string()),
                None => Err("no state folder: neither XDG_STATE_HOME nor HOME is set".into()),
            };
            let (result, written) = match saved {
                Ok(written) => (Ok(()), Some(written)),
                Err(reason) => (Err(reason), None),
            };
            // Fails only if the session has ended.
            let _ = events.send(RunnerEvent::DraftSaved(result));
            if let Some(Err(error)) = written.map(WrittenDraft::sync) {
                let _ = events.send(RunnerEvent::Answer(Box::new(Msg::Failed(error.to_string()))));
            }
            drop(busy);
        };
        let retry = save.clone();
        if super::threads::builder("drafts").spawn(save).is_err() {
            // Without a thread, save here: slow is better than lost.
            retry();
        }
    }

    /// Saves the draft of this session in a file of its own, which survives if the process is killed. Of several failures
    /// in a row, only the first is reported.
    pub(super) fn save_live(&mut self, draft: Draft, events: &Sender<RunnerEvent>) {
        let Some(drafts) = &self.drafts else {
            return;
        };
        if self.live.is_none() {
            let (send, queue) = channel();
            let (live, events, busy) = (drafts.new_live_draft(), events.clone(), self.busy.clone());
            let save = move || {
                write_live_drafts(live, &queue, &events);
                drop(busy);
            };
            // Without the thread there is no live draft, only the one at the end of the session.
            self.live = super::threads::builder("drafts")
                .spawn(save)
                .is_ok()
                .then_some(send);
        }
        // The thread ends only when this sender is dropped.
        let _ = self.live.as_ref().map(|live| live.send(draft));
    }

    /// Loads the draft and returns the message about it or about an error; `None` if there is no draft. If `may_merge`,
    /// first merges the live drafts of killed sessions into the draft.
    pub(super) fn load(&self, may_merge: bool) -> Option<Msg> {
        let drafts = self.drafts.as_ref()?;
        let merged = if may_merge {
            drafts.recover_orphans(merge_orphaned)
        } else {
            Ok(())
        };
        match merged.and_then(|()| drafts.load()) {
            Ok(bytes) => bytes.map(Msg::DraftFound),
            Err(error) => Some(Msg::Failed(error.to_string())),
        }
    }

    /// Waits until all drafts are written, at most until `end`.
    pub(super) fn finish(self, end: Instant) {
        drop((self.live, self.busy));
        let time_left = end.saturating_duration_since(Instant::now());
        // Nothing is ever sent: this returns when the last thread ends.
        let _: Result<(), RecvTimeoutError> = self.idle.recv_timeout(time_left);
    }
}

/// Writes each live draft, skipping outdated ones.
fn write_live_drafts(mut live: LiveDraft, queue: &Receiver<Draft>, events: &Sender<RunnerEvent>) {
    let mut failed = false;
    while let Ok(first) = queue.recv() {
        let draft = queue.try_iter().last().unwrap_or(first);
        let saved = live.save(to_bytes(&draft).as_deref());
        if let (Err(error), false) = (&saved, failed) {
            let message = format!("Cannot save the draft: {error}");
            let _ = events.send(RunnerEvent::Answer(Box::new(Msg::Failed(message))));
        }
        failed = saved.is_err();
    }
}
