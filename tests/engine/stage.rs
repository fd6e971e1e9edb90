//! A data file, an account, and a server.

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

/// What a hat of this title is on such a server.
pub(crate) fn value(class: ServerClass, title: &str) -> Option<ItemValue> {
    class.normal_hat(&HatValue::titled(title)).map(ItemValue::Hat)
}

/// How long anything may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A plan and what was done of it, or why there is none.
type Ran = Result<(Arc<Plan>, Option<Report>), String>;

pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) server: Shared,
    pub(crate) class: ServerClass,
    /// Whether the account has a state folder.
    pub(crate) state: bool,
}

impl Stage {
    /// Users `u0` to `u4` are members with the hat `urn:x:old`, and both sides know it.
    pub(crate) fn known(class: ServerClass) -> Self {
        Self::begun(class, true)
    }

    /// The same, with or without a state folder.
    pub(crate) fn begun(class: ServerClass, state: bool) -> Self {
        let mut simulated = Simulated::new(class);
        let mut there = RemoteRoom::default();
        for number in 0..5 {
            let user = RemoteUser {
                affiliation: Affiliation::Member,
                ..RemoteUser::default()
            };
            there.users.insert(jid(&format!("u{number}@example.org")), user);
            let old = item(&format!("u{number}"), "urn:x:old");
            crate::simulated::set(&mut there, &old, value(class, "Old"));
        }
        if class.holds_catalog() {
            for (id, title) in [("urn:x:old", "Old"), ("urn:x:there", "There")] {
                let entry = hatrack::sync::CatalogValue::new(title, None);
                there.catalog.insert(HatId::unchecked(id), entry);
            }
        }
        simulated.rooms.insert(room(), there);
        let begun = Self {
            folder: tempfile::tempdir().unwrap(),
            server: Arc::new(Mutex::new(simulated)),
            class,
            state,
        };
        begun.run(OtherRooms::Take, |_| true).unwrap();
        begun.server.lock().unwrap().calls = 0;
        begun
    }

    pub(crate) fn store(&self) -> Store {
        let options = StoreOptions {
            actor: "maya".into(),
            ..StoreOptions::default()
        };
        Store::open(&self.folder.path().join("hats.json"), options).unwrap()
    }

    /// A session of the account: its worker lives as long as the value.
    pub(crate) fn session(&self) -> Session<'_> {
        self.session_of("state")
    }

    /// A session of an account with this state folder.
    pub(crate) fn session_of(&self, state: &str) -> Session<'_> {
        self.session_with(state, Rights::default())
    }

    /// A session that may change no more than this.
    pub(crate) fn session_with(&self, state: &str, rights: Rights) -> Session<'_> {
        self.session_as(self.options(state, rights))
    }

    /// A session of an account whose password is asked for.
    pub(crate) fn session_asking(&self) -> Session<'_> {
        self.session_made(self.options("state", Rights::default()), true)
    }

    /// A session with these options.
    pub(crate) fn session_as(&self, options: WorkerOptions) -> Session<'_> {
        self.session_made(options, false)
    }

    fn session_made(&self, options: WorkerOptions, asks: bool) -> Session<'_> {
        let server = self.server.clone();
        self.session_by(options, move |_, ask| {
            let mut connection = Connection::new(&server);
            connection.ask = Some(ask).filter(|_| asks);
            Box::new(connection) as Box<dyn Backend>
        })
    }

    /// A session with these connections.
    pub(crate) fn session_by(
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

    /// What such a session is.
    pub(crate) fn options(&self, state: &str, rights: Rights) -> WorkerOptions {
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
            state_dir: self.state.then(|| self.folder.path().join(state)),
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

    /// One session: compares, receives, sends. `go_on` is asked before each part; where it says no, the session dies.
    pub(crate) fn run(&self, others: OtherRooms, go_on: impl Fn(&'static str) -> bool) -> Ran {
        let session = self.session();
        let (plan, died) = session.compare(others, &go_on)?;
        if died {
            return Ok((plan, None));
        }
        if !go_on("send") {
            session.worker.finish();
            return Ok((plan, None));
        }
        let report = session.send(&plan);
        session.worker.finish();
        Ok((plan, Some(report)))
    }

    /// Sets or removes a hat in the data file.
    pub(crate) fn local_hat(&self, user: &str, hat: &str, title: Option<&str>) {
        Self::set_hat(&mut self.store(), user, hat, title);
    }

    /// The same, in a session that sends what it saves: gives what follows the commit.
    pub(crate) fn local_hat_at_once(
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

    /// The data file in a session that sends what it saves. `account`: its state folder.
    pub(crate) fn store_at_once(&self, account: &str) -> (Store, Receiver<AfterCommit>) {
        let (sender, follows) = channel();
        let options = StoreOptions {
            actor: "maya".into(),
            hooks: Outgoing::hooks(&self.options(account, Rights::default()), move |after| {
                drop(sender.send(after));
            }),
            ..StoreOptions::default()
        };
        let store = Store::open(&self.folder.path().join("hats.json"), options).unwrap();
        (store, follows)
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

    pub(crate) fn local_affiliation(&self, user: &str, affiliation: Affiliation) {
        let mut store = self.store();
        let mut next = store.wardrobe().clone();
        let user = jid(&format!("{user}@example.org"));
        let group = next.set_affiliation(&user, &room(), affiliation).unwrap();
        assert!(store.commit(&[group.into()]).unwrap()[0].is_ok());
    }

    /// The connection breaks, and the server is there again as one of this class.
    pub(crate) fn upgrade_at_the_next_call(&self, class: ServerClass) {
        let mut server = self.server.lock().unwrap();
        server.faults = [(server.calls + 1, Fault::LostBefore)].into();
        server.upgrade = Some(class);
    }

    pub(crate) fn remote_set(&self, item: &Item, value: Option<ItemValue>) {
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

/// A session of an account.
pub(crate) struct Session<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) worker: ServerWorker,
    pub(crate) events: Events,
    /// As a plan asks for it; `None`: as configured.
    pub(crate) affiliations: Option<Affiliations>,
}

/// What the worker of a session reports. Its threads may write until they have ended.
pub(crate) struct Events(Receiver<ServerEvent>);

impl std::ops::Deref for Events {
    type Target = Receiver<ServerEvent>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // The worker, which was dropped first, and each of its threads have a sender.
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

    pub(crate) fn wait<T>(&self, mut wanted: impl FnMut(ServerEvent) -> Option<T>) -> T {
        loop {
            let event = self.events.recv_timeout(TIMEOUT).unwrap();
            if let Some(found) = wanted(event) {
                return found;
            }
        }
    }

    /// Waits until saved changes were sent, as far as that was possible.
    pub(crate) fn sent(&self) -> Report {
        self.wait(|event| match event {
            ServerEvent::Sent { report, .. } => Some(report),
            _ => None,
        })
    }

    /// The plan, and whether the session died before it was received.
    pub(crate) fn compare(
        &self,
        others: OtherRooms,
        go_on: &dyn Fn(&'static str) -> bool,
    ) -> Result<(Arc<Plan>, bool), String> {
        let mut store = self.stage.store();
        let plan = self.plan(&store, others)?;
        let died = !go_on("receive") || !self.receive(&mut store, &plan, go_on);
        Ok((plan, died))
    }

    /// Compares with the data file as this store has it.
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

    /// Commits what the plan receives, and tells the worker. Gives whether the session still lives.
    pub(crate) fn receive(
        &self,
        store: &mut Store,
        plan: &Plan,
        go_on: &dyn Fn(&'static str) -> bool,
    ) -> bool {
        for there in plan
            .rooms
            .iter()
            .filter(|there| there.state == RoomState::Compared)
        {
            let group = there.edits_to_receive(store.wardrobe().room(&there.room));
            let change = Change {
                actor: Some(server_actor("example").into()),
                accepted_removals: there.accepts_removals(),
                ..Change::from(group)
            };
            let results = store.commit(&[change]).unwrap();
            assert!(results.iter().all(Result::is_ok), "{results:?}");
            if !go_on("settle") {
                return false;
            }
            self.settle(store, there);
        }
        true
    }

    /// Tells the worker what the file has of a room.
    pub(crate) fn settle(&self, store: &Store, there: &RoomPlan) {
        self.worker
            .request(ServerRequest::Received {
                server: "example".into(),
                room: LocalRoom {
                    room: there.room.clone(),
                    local: store.wardrobe().room(&there.room).cloned(),
                    is_requested: false,
                },
                revision: store.wardrobe().revision,
                received: there.received(),
                held: there.held(),
            })
            .unwrap();
    }

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
