//! Keeping outside what is not saved: the drafts, and the time after which something is kept.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::event::RunnerEvent;
use crate::app::draft::{Draft, bytes, gathered, replaced};
use crate::app::{DraftDelay, Msg};
use crate::store::{Drafts, LiveDraft, WrittenDraft};

/// After the last key what was typed is kept.
const TYPING_DELAY: Duration = Duration::from_secs(1);
/// A change that has no answer after so long is kept.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(300);

/// The drafts of a session, and what it waits for.
pub(super) struct DraftWriter {
    drafts: Option<Drafts>,
    live: Option<Sender<Draft>>,
    typing: Option<Instant>,
    answer: Option<Instant>,
    /// Held by every thread that is at work: when all are done it is gone.
    busy: Sender<()>,
    idle: Receiver<()>,
}

impl DraftWriter {
    pub(super) fn new(drafts: Option<Drafts>) -> Self {
        let (busy, idle) = channel();
        Self {
            drafts,
            live: None,
            typing: None,
            answer: None,
            busy,
            idle,
        }
    }

    fn deadline(&mut self, wait: DraftDelay) -> (&mut Option<Instant>, Duration) {
        match wait {
            DraftDelay::Typing => (&mut self.typing, TYPING_DELAY),
            DraftDelay::Answer => (&mut self.answer, ANSWER_TIMEOUT),
        }
    }

    /// Begins to wait, anew if it did already.
    pub(super) fn start_delay(&mut self, wait: DraftDelay) {
        let (slot, time) = self.deadline(wait);
        *slot = Some(Instant::now() + time);
    }

    /// There is nothing to wait for any more.
    pub(super) fn cancel_delay(&mut self, wait: DraftDelay) {
        *self.deadline(wait).0 = None;
    }

    /// How long until the next waiting is over; `None`: there is none.
    pub(super) fn next_delay(&self) -> Option<Duration> {
        let next = self.typing.into_iter().chain(self.answer).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    /// A waiting that is over.
    pub(super) fn take_elapsed(&mut self) -> Option<DraftDelay> {
        let now = Instant::now();
        let mut waits = [DraftDelay::Typing, DraftDelay::Answer].into_iter();
        let due = waits.find(|wait| self.deadline(*wait).0.is_some_and(|at| at <= now))?;
        self.cancel_delay(due);
        Some(due)
    }

    /// Keeps a draft, in a thread of its own: on a slow disk that takes long, and keys do not wait for it. It is told when
    /// it survives this process; that it survives the machine too takes longer.
    pub(super) fn save(&self, before: Draft, after: Draft, tell: &Sender<RunnerEvent>) {
        let (drafts, busy, telling) = (self.drafts.clone(), self.busy.clone(), tell.clone());
        let keep = move || {
            let kept = match &drafts {
                Some(drafts) => drafts
                    .change(|now| replaced(now.as_deref(), &before, &after))
                    .map_err(|error| error.to_string()),
                None => Err("there is no folder for it: neither XDG_STATE_HOME nor HOME is set".into()),
            };
            let (result, written) = match kept {
                Ok(written) => (Ok(()), Some(written)),
                Err(reason) => (Err(reason), None),
            };
            // Whoever does not listen any more has left.
            let _ = telling.send(RunnerEvent::DraftSaved(result));
            if let Some(Err(error)) = written.map(WrittenDraft::sync) {
                let _ = telling.send(RunnerEvent::Answer(Box::new(Msg::Note(error.to_string()))));
            }
            drop(busy);
        };
        let again = keep.clone();
        if super::threads::builder("drafts").spawn(keep).is_err() {
            // Where no thread can be started it is done here: better late than lost.
            again();
        }
    }

    /// Keeps what this session has that is not saved, in its own file. Where that fails it is said, once.
    pub(super) fn save_live(&mut self, draft: Draft, tell: &Sender<RunnerEvent>) {
        let Some(drafts) = &self.drafts else {
            return;
        };
        if self.live.is_none() {
            let (send, wanted) = channel();
            let (own, tell, busy) = (drafts.own(), tell.clone(), self.busy.clone());
            let keep = move || {
                write_live_drafts(own, &wanted, &tell);
                drop(busy);
            };
            // Without the thread nothing is kept before the end of the session, as without a folder.
            self.live = super::threads::builder("drafts")
                .spawn(keep)
                .is_ok()
                .then_some(send);
        }
        // The thread ends only when this goes.
        let _ = self.live.as_ref().map(|own| own.send(draft));
    }

    /// Puts what killed sessions left into the draft, and reads that.
    pub(super) fn load(&self, may_gather: bool) -> Option<Msg> {
        let drafts = self.drafts.as_ref()?;
        let gathered = if may_gather {
            drafts.gather(gathered)
        } else {
            Ok(())
        };
        match gathered.and_then(|()| drafts.load()) {
            Ok(bytes) => bytes.map(Msg::DraftFound),
            Err(error) => Some(Msg::Note(error.to_string())),
        }
    }

    /// Waits until all is kept, up to a moment.
    pub(super) fn finish(self, end: Instant) {
        drop((self.live, self.busy));
        let rest = end.saturating_duration_since(Instant::now());
        // Nothing is ever sent: it ends when the last thread does.
        let _: Result<(), RecvTimeoutError> = self.idle.recv_timeout(rest);
    }
}

/// One after the other, the newest of those that wait.
fn write_live_drafts(mut own: LiveDraft, wanted: &Receiver<Draft>, tell: &Sender<RunnerEvent>) {
    let mut failed = false;
    while let Ok(first) = wanted.recv() {
        let draft = wanted.try_iter().last().unwrap_or(first);
        let kept = own.keep(bytes(&draft).as_deref());
        if let (Err(error), false) = (&kept, failed) {
            let said = format!("what is not saved is not kept as a draft yet: {error}");
            let _ = tell.send(RunnerEvent::Answer(Box::new(Msg::Note(said))));
        }
        failed = kept.is_err();
    }
}
