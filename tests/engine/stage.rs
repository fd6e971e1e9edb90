//! A data file, the sessions of accounts, and a simulated server.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hatrack::model::{Affiliation, Attachment, HatId, Jid, Rights};
use hatrack::server::{
    Account, AskPassword, Backend, Outgoing, PasswordSource, ProsodyAccess, ServerAccess, ServerSettings,
    ServerWorker, TlsMode, WorkerOptions,
};
use hatrack::store::{Change, Scope, Store, StoreOptions};
use hatrack::sync::{
    Affiliations, AfterCommit, HatValue, Item, ItemValue, LocalRoom, OtherRooms, Plan, RemoteRoom,
    RemoteUser, Report, RoomPlan, RoomState, ServerClass, ServerEvent, ServerRequest, local_value,
    server_actor,
};

use crate::simulated::{Connection, Fault, Shared, Simulated};

pub(crate) const CLASSES: [ServerClass; 3] = [
    ServerClass::Prosody,
    ServerClass::EjabberdOld,
    ServerClass::EjabberdCatalog,
];

pub(crate) fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

pub(crate) fn room() -> Jid {
    jid("courses@rooms.example.org")
}

pub(crate) fn item(user: &str, hat: &str) -> Item {
    Item::Hat {
        user: jid(&format!("{user}@example.org")),
        hat: HatId::unchecked(hat),
    }
}

/// A hat with this title, as a server of this class stores it.
pub(crate) fn value(class: ServerClass, title: &str) -> Option<ItemValue> {
    class.normal_hat(&HatValue::titled(title)).map(ItemValue::Hat)
}

/// Maximum time to wait for an event.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A plan, and the report if the plan was sent. The error says why there is no plan.
type RunResult = Result<(Arc<Plan>, Option<Report>), String>;

pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) server: Shared,
    pub(crate) class: ServerClass,
    /// Whether sessions have a state folder.
    pub(crate) has_state_folder: bool,
}

impl Stage {
    /// A room that was compared with its server: the users `u0` to `u4` are members with the hat `urn:x:old` on both
    /// sides. If servers of the class have catalogs, the catalog defines that hat and `urn:x:there`.
    pub(crate) fn compared(class: ServerClass) -> Self {
        Self::compared_with(class, true)
    }

    /// Like [`Self::compared`], with or without a state folder.
    pub(crate) fn compared_with(class: ServerClass, has_state_folder: bool) -> Self {
        let mut simulated = Simulated::new(class);
        let mut remote = RemoteRoom::default();
        for number in 0..5 {
            let user = RemoteUser {
                affiliation: Affiliation::Member,
                ..RemoteUser::default()
            };
            remote.users.insert(jid(&format!("u{number}@example.org")), user);
            let old = item(&format!("u{number}"), "urn:x:old");
            crate::simulated::set(&mut remote, &old, value(class, "Old"));
        }
        if class.holds_catalog() {
            for (id, title) in [("urn:x:old", "Old"), ("urn:x:there", "There")] {
                let entry = hatrack::sync::CatalogValue::new(title, None);
                remote.catalog.insert(HatId::unchecked(id), entry);
            }
        }
        simulated.rooms.insert(room(), remote);
        let stage = Self {
            folder: tempfile::tempdir().unwrap(),
            server: Arc::new(Mutex::new(simulated)),
            class,
            has_state_folder,
        };
        stage.run(OtherRooms::Take, |_| true).unwrap();
        stage.server.lock().unwrap().calls = 0;
        stage
    }

    pub(crate) fn store(&self) -> Store {
        let options = StoreOptions {
            actor: "maya".into(),
            ..StoreOptions::default()
        };
        Store::open(&self.folder.path().join("hats.json"), options).unwrap()
    }

    /// A session of the account `state`.
    pub(crate) fn session(&self) -> Session<'_> {
        self.session_of("state")
    }

    /// A session of an account, whose state folder has the account's name.
    pub(crate) fn session_of(&self, account: &str) -> Session<'_> {
        self.session_with_rights(account, Rights::default())
    }

    /// A session with these rights.
    pub(crate) fn session_with_rights(&self, account: &str, rights: Rights) -> Session<'_> {
        self.session_with_options(self.options(account, rights))
    }

    /// A session of the account `state` that has to ask for the password.
    pub(crate) fn session_with_password_prompt(&self) -> Session<'_> {
        self.start_session(self.options("state", Rights::default()), true)
    }

    /// A session with these options.
    pub(crate) fn session_with_options(&self, options: WorkerOptions) -> Session<'_> {
        self.start_session(options, false)
    }

    fn start_session(&self, options: WorkerOptions, asks_password: bool) -> Session<'_> {
        let server = self.server.clone();
        self.session_with_backends(options, move |_, ask| {
            let mut connection = Connection::new(&server);
            connection.ask = Some(ask).filter(|_| asks_password);
            Box::new(connection) as Box<dyn Backend>
        })
    }

    /// A session with the backends that `make` creates.
    pub(crate) fn session_with_backends(
        &self,
        options: WorkerOptions,
        make: impl Fn(&ServerSettings, AskPassword) -> Box<dyn Backend> + Send + Sync + 'static,
    ) -> Session<'_> {
        let (sender, events) = channel();
        let notify = move |event| drop(sender.send(event));
        Session {
            stage: self,
            worker: ServerWorker::with_backends(options, notify, Arc::new(make)),
            events: Events(events),
            affiliations: None,
        }
    }

    /// The options of an account's session with these rights.
    pub(crate) fn options(&self, account: &str, rights: Rights) -> WorkerOptions {
        let access = if self.class == ServerClass::Prosody {
            ServerAccess::Prosody(ProsodyAccess::Socket("/nowhere".into()))
        } else {
            ServerAccess::Xmpp(Account {
                jid: jid("maya@example.org"),
                password: PasswordSource::Ask,
                address: None,
                tls: TlsMode::Required,
                ca_file: None,
            })
        };
        let settings = ServerSettings::new("example", vec![jid("rooms.example.org")], access);
        WorkerOptions {
            servers: vec![settings],
            data_file: self.folder.path().join("hats.json"),
            state_dir: self.has_state_folder.then(|| self.folder.path().join(account)),
            actor: "maya".into(),
            scope: Scope {
                rights,
                ..Scope::default()
            },
            watches_occupants: true,
            began: Some(jiff::Timestamp::now()),
            max_read_bytes: None,
        }
    }

    /// Runs a session that compares, receives and sends. `continues` is called before the parts `receive`, `report` and
    /// `send`; if it returns false, the session ends there.
    pub(crate) fn run(&self, others: OtherRooms, continues: impl Fn(&'static str) -> bool) -> RunResult {
        let session = self.session();
        let (plan, has_ended) = session.compare(others, &continues)?;
        if has_ended {
            return Ok((plan, None));
        }
        if !continues("send") {
            session.worker.finish();
            return Ok((plan, None));
        }
        let report = session.send(&plan);
        session.worker.finish();
        Ok((plan, Some(report)))
    }

    /// Sets a hat in the data file, or removes it if there is no title. No session sends this automatically.
    pub(crate) fn set_local_hat(&self, user: &str, hat: &str, title: Option<&str>) {
        Self::set_hat(&mut self.store(), user, hat, title);
    }

    /// Like [`Self::set_local_hat`], but in a session whose changes are sent as soon as they are saved. Returns the
    /// consequences of the commit; the caller makes the requests.
    pub(crate) fn set_local_hat_at_once(
        &self,
        account: &str,
        user: &str,
        hat: &str,
        title: Option<&str>,
    ) -> Vec<AfterCommit> {
        let mut store = self.store_at_once(account);
        Self::set_hat(&mut store.0, user, hat, title);
        store.1.try_iter().collect()
    }

    /// Opens the data file for a session of the account whose changes are sent as soon as they are saved. The receiver
    /// gets the consequences of each commit.
    pub(crate) fn store_at_once(&self, account: &str) -> (Store, Receiver<AfterCommit>) {
        let (sender, after_commit) = channel();
        let options = StoreOptions {
            actor: "maya".into(),
            hooks: Outgoing::hooks(&self.options(account, Rights::default()), move |after| {
                drop(sender.send(after));
            }),
            ..StoreOptions::default()
        };
        let store = Store::open(&self.folder.path().join("hats.json"), options).unwrap();
        (store, after_commit)
    }

    fn set_hat(store: &mut Store, user: &str, hat: &str, title: Option<&str>) {
        let mut next = store.wardrobe().clone();
        let (user, hat) = (jid(&format!("{user}@example.org")), HatId::unchecked(hat));
        let group = match title {
            Some(title) => {
                let attachment = Attachment::default().with_active(true).with_title(Some(title));
                next.add_user_hat(&user, &room(), &hat, attachment).unwrap()
            }
            None => next.remove_user_hat(&user, &room(), &hat).unwrap(),
        };
        assert!(store.commit(&[group.into()]).unwrap()[0].is_ok());
    }

    pub(crate) fn set_local_affiliation(&self, user: &str, affiliation: Affiliation) {
        let mut store = self.store();
        let mut next = store.wardrobe().clone();
        let user = jid(&format!("{user}@example.org"));
        let group = next.set_affiliation(&user, &room(), affiliation).unwrap();
        assert!(store.commit(&[group.into()]).unwrap()[0].is_ok());
    }

    /// Lets the next call lose the connection. From then on, the server has this class.
    pub(crate) fn upgrade_at_the_next_call(&self, class: ServerClass) {
        let mut server = self.server.lock().unwrap();
        server.faults = [(server.calls + 1, Fault::LostBefore)].into();
        server.upgrade = Some(class);
    }

    pub(crate) fn set_remote(&self, item: &Item, value: Option<ItemValue>) {
        let mut server = self.server.lock().unwrap();
        let room = server.rooms.get_mut(&room()).unwrap();
        crate::simulated::set(room, item, value);
    }

    pub(crate) fn remote(&self, item: &Item) -> Option<ItemValue> {
        self.server.lock().unwrap().rooms[&room()].value(item)
    }

    pub(crate) fn local(&self, item: &Item) -> Option<ItemValue> {
        let store = self.store();
        local_value(self.class, store.wardrobe().room(&room())?, item)
    }
}

pub(crate) fn local_room(store: &Store) -> LocalRoom {
    LocalRoom {
        room: room(),
        local: store.wardrobe().room(&room()).cloned(),
        is_requested: false,
    }
}

/// A session of an account. Its worker runs until the session is dropped.
pub(crate) struct Session<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) worker: ServerWorker,
    pub(crate) events: Events,
    /// Whether plans send changed affiliations; `None`: as configured.
    pub(crate) affiliations: Option<Affiliations>,
}

/// The events of a session's worker. Dropping them waits until the threads of the worker have ended, because the
/// threads may write into the stage's folder until then.
pub(crate) struct Events(Receiver<ServerEvent>);

impl std::ops::Deref for Events {
    type Target = Receiver<ServerEvent>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // The worker, which is dropped before, and each of its threads have a sender.
        while self.0.recv_timeout(TIMEOUT).is_ok() {}
    }
}

impl Session<'_> {
    /// Compares, receives and sends.
    pub(crate) fn run(&self) -> (Arc<Plan>, Report) {
        let (plan, _) = self.compare(OtherRooms::Ignore, &|_| true).unwrap();
        let report = self.send(&plan);
        (plan, report)
    }

    /// Waits for the first event for which `wanted` returns something, and returns that. Drops earlier events.
    pub(crate) fn wait<T>(&self, mut wanted: impl FnMut(ServerEvent) -> Option<T>) -> T {
        loop {
            let event = self.events.recv_timeout(TIMEOUT).unwrap();
            if let Some(found) = wanted(event) {
                return found;
            }
        }
    }

    /// Waits for the report about sent changes.
    pub(crate) fn wait_for_sent(&self) -> Report {
        self.wait(|event| match event {
            ServerEvent::Sent { report, .. } => Some(report),
            _ => None,
        })
    }

    /// Compares and receives. Returns the plan, and whether `continues` ended the session before everything was
    /// received.
    pub(crate) fn compare(
        &self,
        others: OtherRooms,
        continues: &dyn Fn(&'static str) -> bool,
    ) -> Result<(Arc<Plan>, bool), String> {
        let mut store = self.stage.store();
        let plan = self.plan(&store, others)?;
        let has_ended = !continues("receive") || !self.receive(&mut store, &plan, continues);
        Ok((plan, has_ended))
    }

    /// Compares with the content of the data file that this store has read.
    pub(crate) fn plan(&self, store: &Store, others: OtherRooms) -> Result<Arc<Plan>, String> {
        let mut rooms = vec![local_room(store)];
        rooms.retain(|room| room.local.is_some());
        let request = ServerRequest::Plan {
            id: 1,
            server: "example".into(),
            rooms,
            others,
            revision: store.wardrobe().revision,
            affiliations: self.affiliations,
        };
        self.worker.request(request).unwrap();
        self.wait(|event| match event {
            ServerEvent::Planned { plan, .. } => Some(plan),
            _ => None,
        })
    }

    /// Commits what the plan receives, and reports that to the worker. Returns false if `continues` ended the session.
    pub(crate) fn receive(
        &self,
        store: &mut Store,
        plan: &Plan,
        continues: &dyn Fn(&'static str) -> bool,
    ) -> bool {
        for room_plan in plan
            .rooms
            .iter()
            .filter(|room_plan| room_plan.state == RoomState::Compared)
        {
            let group = room_plan.edits_to_receive(store.wardrobe().room(&room_plan.room));
            let change = Change {
                actor: Some(server_actor("example").into()),
                accepted_removals: room_plan.accepts_removals(),
                ..Change::from(group)
            };
            let results = store.commit(&[change]).unwrap();
            assert!(results.iter().all(Result::is_ok), "{results:?}");
            if !continues("report") {
                return false;
            }
            self.report_received(store, room_plan);
        }
        true
    }

    /// Reports to the worker that what the plan of a room receives is in the file.
    pub(crate) fn report_received(&self, store: &Store, room_plan: &RoomPlan) {
        self.worker
            .request(ServerRequest::Received {
                server: "example".into(),
                room: LocalRoom {
                    room: room_plan.room.clone(),
                    local: store.wardrobe().room(&room_plan.room).cloned(),
                    is_requested: false,
                },
                revision: store.wardrobe().revision,
                received: room_plan.received(),
                held: room_plan.held(),
            })
            .unwrap();
    }

    /// Sends what the plan sends, and returns the report.
    pub(crate) fn send(&self, plan: &Arc<Plan>) -> Report {
        let request = ServerRequest::Apply {
            id: 2,
            plan: plan.clone(),
            reason: None,
        };
        self.worker.request(request).unwrap();
        self.wait(|event| match event {
            ServerEvent::Applied { report, .. } => Some(report),
            _ => None,
        })
    }
}
