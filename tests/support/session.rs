//! A session without a terminal and without files: takes keys and messages, and changes the state. The store is in
//! memory; its answers come immediately, or are delayed, for example when a disk is full.

use std::collections::BTreeMap;

use hatrack::app::draft::{to_bytes, update_stored};
use hatrack::app::path_completion::{self, FolderEntry};
use hatrack::app::prompt::ExportOutcome;
use hatrack::app::{DraftDelay, Effect, Key, KeyCode, Msg, SessionOptions, State, update};
use hatrack::exchange::{self, ImportErrors, ImportFormat};
use hatrack::model::{self, EditError, EditGroup, Wardrobe};
use hatrack::store::{Change, HistoryQuery, MemoryStore, StoreEvent, StoreProblem, StoreRequest};
use hatrack::sync::ServerEvent;
use jiff::Timestamp;

#[path = "server.rs"]
pub(crate) mod server;

use server::FakeServer;

/// A session with its store in memory, and everything that it has written outside.
pub(crate) struct Session {
    /// The state.
    pub(crate) state: State,
    /// The size of the terminal, columns and rows.
    pub(crate) size: (u16, u16),
    /// The content that replaces the data file.
    pub(crate) memory: MemoryStore,
    /// The stored draft.
    pub(crate) draft: Option<Vec<u8>>,
    /// The draft of the running session, which is kept if the session ends unexpectedly.
    pub(crate) own_draft: Option<Vec<u8>>,
    /// The delays that have not elapsed.
    pub(crate) pending_delays: Vec<DraftDelay>,
    /// The exit code; `None` until the session has quit.
    pub(crate) exit_status: Option<u8>,
    /// The contents of files by name, which replace the files of the machine.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Whether a frame is drawn after each message, as when keys are not typed ahead.
    pub(crate) draws: bool,
    /// All other effects, such as [`Effect::Suspend`] (Ctrl-Z).
    pub(crate) effects: Vec<Effect>,
    /// The server that answers requests; without one, they are added to `effects`.
    pub(crate) server: Option<FakeServer>,
    /// The events of a slow server that are not sent yet.
    pub(crate) server_events: Vec<ServerEvent>,
    /// The reason why drafts cannot be stored; `None`: they can be stored.
    pub(crate) draft_error: Option<String>,
    /// The reason why nothing can be written; `None`: writing is possible.
    write_error: Option<String>,
    /// Whether the store delays its answers to commits.
    answers_delayed: bool,
    /// The commits that the store has not answered yet.
    pending_requests: Vec<StoreRequest>,
    /// The number of IDs created so far.
    id_count: u32,
    now: Timestamp,
}

impl Session {
    /// Starts a session with this wardrobe and this size of the terminal (columns, rows).
    pub(crate) fn open(wardrobe: Wardrobe, size: (u16, u16)) -> Self {
        Self::start(
            SessionOptions {
                file: "~/.config/hatrack/hats.json".into(),
                actor: "terry".into(),
                ..SessionOptions::default()
            },
            wardrobe,
            size,
        )
    }

    /// Like [`Self::open`], with this start.
    pub(crate) fn start(start: SessionOptions, wardrobe: Wardrobe, (columns, rows): (u16, u16)) -> Self {
        let memory = MemoryStore::new(wardrobe, &start.actor);
        let mut session = Self {
            state: State::new(start),
            size: (columns, rows),
            memory,
            draft: None,
            own_draft: None,
            pending_delays: Vec::new(),
            server: None,
            server_events: Vec::new(),
            draft_error: None,
            exit_status: None,
            files: BTreeMap::new(),
            effects: Vec::new(),
            draws: true,
            write_error: None,
            answers_delayed: false,
            pending_requests: Vec::new(),
            id_count: 0,
            now: "2026-01-31T12:00:00Z".parse().unwrap(),
        };
        session.send(Msg::Resize { columns, rows });
        let mut snapshot = session.memory.snapshot();
        snapshot.exists = snapshot.wardrobe != Wardrobe::default();
        session.send(Msg::Store(Box::new(StoreEvent::Opened(snapshot))));
        session
    }

    /// Lets all pending delays elapse.
    pub(crate) fn fire_delays(&mut self) {
        for wait in std::mem::take(&mut self.pending_delays) {
            self.send(Msg::DelayElapsed(wait));
        }
    }

    /// Handles a message and all effects that follow from it.
    pub(crate) fn send(&mut self, msg: Msg) {
        if let Msg::Resize { columns, rows } = msg {
            self.size = (columns, rows);
        }
        for effect in update(&mut self.state, msg) {
            self.run(effect);
        }
        if self.draws && self.state.has_unseen_question() {
            self.send(Msg::QuestionShown);
        }
    }

    fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Store(StoreRequest::Retry) => {}
            Effect::Store(StoreRequest::CancelCommit { id }) => {
                self.pending_requests.retain(
                    |request| !matches!(request, StoreRequest::Commit { id: pending, .. } if *pending == id),
                );
            }
            Effect::Store(request @ StoreRequest::Commit { .. })
                if self.write_error.is_some() || self.answers_delayed =>
            {
                self.pending_requests.push(request);
            }
            Effect::Store(request) => self.answer(request),
            Effect::NewId => {
                self.id_count += 1;
                let id = format!("urn:uuid:00000000-0000-4000-8000-{:012}", self.id_count);
                self.send(Msg::NewId(id));
            }
            Effect::SaveDraft { before, after } => {
                let result = self.draft_error.clone().map_or(Ok(()), Err);
                if result.is_ok() {
                    self.draft = update_stored(self.draft.as_deref(), &before, &after);
                }
                self.send(Msg::DraftSaved(result));
            }
            Effect::SaveLiveDraft(draft) => self.own_draft = to_bytes(&draft),
            Effect::Wait(wait) => {
                self.pending_delays.retain(|pending| *pending != wait);
                self.pending_delays.push(wait);
            }
            Effect::CancelWait(wait) => self.pending_delays.retain(|pending| *pending != wait),
            Effect::Import(path) => {
                let parsed = match self.files.get(&path) {
                    Some(bytes) => exchange::read(bytes, ImportFormat::detect(&path, bytes)),
                    None => Err(ImportErrors::of_file("cannot read it: not found")),
                };
                self.send(Msg::Imported(path, parsed.map(Box::new)));
            }
            Effect::ListFolder(typed) => {
                let (folder, _) = path_completion::split(&typed);
                let names = self.files.keys().filter_map(|path| path.strip_prefix(folder));
                let entries = names.map(|rest| match rest.split_once('/') {
                    Some((name, _)) => FolderEntry {
                        name: name.into(),
                        is_folder: true,
                    },
                    None => FolderEntry {
                        name: rest.into(),
                        is_folder: false,
                    },
                });
                let mut entries: Vec<FolderEntry> = entries.collect();
                entries.dedup();
                self.send(Msg::FolderListed(typed, entries));
            }
            Effect::Export(export, wardrobe) => {
                let exported = exchange::export(&wardrobe, &export.scope, export.format).unwrap();
                let result = if self.files.contains_key(&export.path) && !export.overwrite {
                    ExportOutcome::Exists
                } else {
                    self.files.insert(export.path.clone(), exported.bytes);
                    ExportOutcome::Done(exported.omitted)
                };
                self.send(Msg::Exported(export, Ok(result)));
            }
            Effect::Server(request) if self.server.is_some() => {
                let Some(server) = &mut self.server else { return };
                let events = server.handle(request);
                if server.is_slow {
                    self.server_events.extend(events);
                    return;
                }
                for event in events {
                    self.send(Msg::Server(Box::new(event)));
                }
            }
            Effect::Continue => self.send(Msg::Continue),
            Effect::Quit(status) => self.exit_status = Some(status),
            effect => self.effects.push(effect),
        }
    }

    fn answer(&mut self, request: StoreRequest) {
        self.now = self.now.checked_add(jiff::SignedDuration::from_secs(60)).unwrap();
        for event in self.memory.handle(request, self.now) {
            self.send(Msg::Store(Box::new(event)));
        }
    }

    /// Sends the delayed events of a slow server.
    pub(crate) fn server_answers(&mut self) {
        for event in std::mem::take(&mut self.server_events) {
            self.send(Msg::Server(Box::new(event)));
        }
    }

    /// Lets all writing fail from now on, for this reason.
    pub(crate) fn fail_writes(&mut self, reason: &str) {
        self.write_error = Some(reason.to_owned());
        self.send(Msg::Store(Box::new(StoreEvent::Problem(Some(
            StoreProblem::CannotWrite(reason.to_owned()),
        )))));
    }

    /// Delays the answers of the store to commits from now on.
    pub(crate) fn delay_answers(&mut self) {
        self.answers_delayed = true;
    }

    /// Lets the store answer the first delayed request, if there is one and writing is possible.
    pub(crate) fn answer_next(&mut self) {
        if self.write_error.is_none() && !self.pending_requests.is_empty() {
            let request = self.pending_requests.remove(0);
            self.answer(request);
        }
    }

    /// Returns the first delayed request.
    pub(crate) fn first_request(&self) -> Option<&StoreRequest> {
        self.pending_requests.first()
    }

    /// Lets the store answer all delayed requests, and no longer delay answers. Writing must be possible.
    pub(crate) fn answer_all(&mut self) {
        while !self.pending_requests.is_empty() {
            self.answer_next();
        }
        self.answers_delayed = false;
    }

    /// Allows writing again, and answers all delayed requests.
    pub(crate) fn allow_writes(&mut self) {
        self.write_error = None;
        for request in std::mem::take(&mut self.pending_requests) {
            self.answer(request);
        }
        self.send(Msg::Store(Box::new(StoreEvent::Problem(None))));
    }

    /// Changes the data file like another program; the history records the session's own actor.
    pub(crate) fn external_change(
        &mut self,
        change: impl FnOnce(&mut Wardrobe) -> Result<EditGroup, EditError>,
    ) {
        let mut wardrobe = self.memory.snapshot().wardrobe;
        let group = change(&mut wardrobe).unwrap();
        self.now = self.now.checked_add(jiff::SignedDuration::from_secs(60)).unwrap();
        self.memory.handle(
            StoreRequest::Commit {
                id: 0,
                change: group.into(),
            },
            self.now,
        );
        let snapshot = self.memory.snapshot();
        self.send(Msg::Store(Box::new(StoreEvent::Changed(snapshot))));
    }

    /// Changes the data file like another session, whose actor is `actor`.
    pub(crate) fn change_by(
        &mut self,
        actor: &str,
        change: impl FnOnce(&mut Wardrobe) -> Result<EditGroup, EditError>,
    ) {
        let mut wardrobe = self.memory.snapshot().wardrobe;
        let change = Change {
            group: change(&mut wardrobe).unwrap(),
            actor: Some(actor.into()),
            ..Change::default()
        };
        self.memory
            .handle(StoreRequest::Commit { id: 0, change }, self.now);
        let snapshot = self.memory.snapshot();
        self.send(Msg::Store(Box::new(StoreEvent::Changed(snapshot))));
        let query = HistoryQuery {
            limit: 1,
            ..HistoryQuery::default()
        };
        let events = self.memory.handle(StoreRequest::History(query), self.now);
        let Some(StoreEvent::History { page: Ok(page), .. }) = events.into_iter().next() else {
            panic!("no history")
        };
        self.send(Msg::Store(Box::new(StoreEvent::ChangedByOthers(page.entries))));
    }

    /// Presses keys by name: `Enter`, `Ctrl-G`, `Space`, `Up`, a character.
    pub(crate) fn keys(&mut self, names: &str) {
        for name in names.split_whitespace() {
            self.send(Msg::Key(key(name)));
        }
    }

    /// Types a text, character by character.
    pub(crate) fn text(&mut self, text: &str) {
        for character in text.chars() {
            self.send(Msg::Key(Key::plain(KeyCode::Char(character))));
        }
    }

    /// Returns the text of the notice; empty if there is none.
    pub(crate) fn notice(&self) -> &str {
        self.state.notice().map_or("", |notice| notice.text.as_str())
    }

    /// Returns the content of the data file as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&model::write::wardrobe(&self.memory.snapshot().wardrobe)).unwrap()
    }
}

/// Returns the key with this name.
pub(crate) fn key(name: &str) -> Key {
    name.parse().unwrap_or_else(|error| panic!("{error}"))
}
