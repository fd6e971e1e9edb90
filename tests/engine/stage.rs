//! A data file, an account, and a server.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hatrack::model::{Affiliation, Attachment, HatId, Jid};
use hatrack::server::{ProsodyAccess, ServerAccess, ServerSettings, ServerWorker, WorkerOptions};
use hatrack::store::{Change, Store, StoreOptions};
use hatrack::sync::{
    HatValue, Item, ItemValue, LocalRoom, OtherRooms, Plan, RemoteRoom, RemoteUser, Report, RoomState,
    ServerClass, ServerEvent, ServerRequest, local_value, server_actor,
};

use crate::simulated::{Connection, Shared, Simulated};

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

    fn worker(&self) -> (ServerWorker, Receiver<ServerEvent>) {
        let access = ServerAccess::Prosody(ProsodyAccess::Socket("/nowhere".into()));
        let settings = ServerSettings::new("example", vec![jid("rooms.example.org")], access);
        let options = WorkerOptions {
            servers: vec![settings],
            data_file: self.folder.path().join("hats.json"),
            state_dir: self.state.then(|| self.folder.path().join("state")),
            actor: "maya".into(),
            ..WorkerOptions::default()
        };
        let (sender, events) = channel();
        let server = self.server.clone();
        let notify = move |event| drop(sender.send(event));
        let worker = ServerWorker::start_with(
            options,
            notify,
            Arc::new(move |_, _| {
                Box::new(Connection {
                    server: server.clone(),
                    connected: false,
                })
            }),
        );
        (worker, events)
    }

    /// One session: compares, receives, sends. `go_on` is asked before each part; where it says no, the session dies.
    pub(crate) fn run(&self, others: OtherRooms, go_on: impl Fn(&'static str) -> bool) -> Ran {
        let mut store = self.store();
        let (worker, events) = self.worker();
        let wait = |wanted: &dyn Fn(ServerEvent) -> Option<Ran>| {
            loop {
                let event = events.recv_timeout(Duration::from_secs(60)).unwrap();
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
        };
        let local = |store: &Store| LocalRoom {
            room: room(),
            local: store.wardrobe().room(&room()).cloned(),
            take: false,
        };
        let mut rooms = vec![local(&store)];
        rooms.retain(|room| room.local.is_some());
        let request = ServerRequest::Plan {
            id: 1,
            server: "example".into(),
            rooms,
            others,
            revision: store.wardrobe().revision,
            affiliations: None,
        };
        worker.request(request).unwrap();
        let plan = wait(&|event| match event {
            ServerEvent::Planned { plan, .. } => Some(plan.map(|plan| (plan, None))),
            _ => None,
        })?
        .0;
        if !go_on("receive") {
            return Ok((plan, None));
        }
        for there in plan.rooms.iter().filter(|there| there.state == RoomState::Linked) {
            let group = there.receiving(store.wardrobe().room(&there.room));
            let change = Change {
                actor: Some(server_actor("example").into()),
                ..Change::from(group)
            };
            let results = store.commit(&[change]).unwrap();
            assert!(results.iter().all(Result::is_ok), "{results:?}");
            if !go_on("settle") {
                return Ok((plan, None));
            }
            worker
                .request(ServerRequest::Received {
                    server: "example".into(),
                    room: local(&store),
                    revision: store.wardrobe().revision,
                    held: there.held(),
                })
                .unwrap();
        }
        if !go_on("send") {
            worker.finish();
            return Ok((plan, None));
        }
        let request = ServerRequest::Apply {
            id: 2,
            plan: plan.clone(),
            reason: None,
        };
        worker.request(request).unwrap();
        let result = wait(&|event| match event {
            ServerEvent::Applied { report, .. } => Some(Ok((plan.clone(), Some(report)))),
            _ => None,
        });
        worker.finish();
        result
    }

    /// Sets or removes a hat in the data file.
    pub(crate) fn local_hat(&self, user: &str, hat: &str, title: Option<&str>) {
        let mut store = self.store();
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
