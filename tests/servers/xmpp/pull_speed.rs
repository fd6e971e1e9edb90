//! How long a pull of a large room takes on an open connection, compared with a minimal script that only reads plus a
//! commit of the same room. The figures are printed, not asserted:
//! `cargo test --release --test servers xmpp::pull_speed -- --ignored --nocapture`.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use hatrack::model::EditGroup;
use hatrack::server::{Account, ServerWorker, TlsMode, WorkerOptions};
use hatrack::store::{Change, Store, StoreOptions};
use hatrack::sync::{LocalRoom, OtherRooms, Plan, ServerEvent, ServerRequest, server_actor};

use super::speed::{
    BIG, add_members, apply_all, assignments, define_hats, run_bare_script, timed, unencrypted,
};
use super::{account, jid, settings};
use crate::process::processor_time;
use crate::server::{Kind, Server};

/// A worker and its events.
struct Session {
    worker: ServerWorker,
    events: Receiver<ServerEvent>,
}

impl Session {
    /// Starts a worker and waits until it has connected.
    fn start(server: &Server, folder: &Path) -> Self {
        let account = Account {
            tls: TlsMode::None,
            ca_file: None,
            ..account(server, "siteadmin")
        };
        let options = WorkerOptions {
            servers: vec![settings(&account)],
            data_file: folder.join("hats.json"),
            state_dir: Some(folder.join("state")),
            actor: "maya".into(),
            ..WorkerOptions::default()
        };
        let (sender, events) = channel();
        let worker = ServerWorker::new(options, move |event| drop(sender.send(event)));
        let session = Self { worker, events };
        session.plan(Vec::new());
        session
    }

    fn plan(&self, rooms: Vec<LocalRoom>) -> Arc<Plan> {
        let request = ServerRequest::Plan {
            id: 1,
            server: "example".into(),
            rooms,
            others: OtherRooms::Ignore,
            revision: 0,
            affiliations: None,
        };
        self.worker.request(request).unwrap();
        loop {
            if let ServerEvent::Planned { plan, .. } = self.events.recv().unwrap() {
                return plan.unwrap();
            }
        }
    }

    /// Reads and compares the room, commits it, and records the new base. Returns the seconds of each of these steps.
    fn pull(&self, store: &mut Store) -> [f64; 3] {
        let room = LocalRoom {
            room: jid(BIG),
            local: None,
            is_requested: true,
        };
        let (compared, plan) = timed(|| self.plan(vec![room.clone()]));
        let [room_plan] = &plan.rooms[..] else {
            panic!("{plan:?}")
        };
        let committed = timed(|| commit(store, room_plan.edits_to_receive(None))).0;
        let wardrobe = store.wardrobe();
        let request = ServerRequest::Received {
            server: "example".into(),
            room: LocalRoom {
                local: wardrobe.room(&room.room).cloned(),
                ..room
            },
            revision: wardrobe.revision,
            received: room_plan.received(),
            held: room_plan.held(),
        };
        self.worker.request(request).unwrap();
        // Requests are processed in order.
        let recorded = timed(|| self.plan(Vec::new())).0;
        [compared, committed, recorded]
    }
}

fn commit(store: &mut Store, group: EditGroup) {
    let change = Change {
        actor: Some(server_actor("example").into()),
        ..Change::from(group)
    };
    assert!(store.commit(&[change]).unwrap()[0].is_ok());
}

fn store(folder: &Path) -> Store {
    Store::open(&folder.join("hats.json"), StoreOptions::default()).unwrap()
}

/// The processor time of all threads of this process, in seconds.
fn own_processor_seconds() -> f64 {
    processor_time(&std::process::id().to_string()).as_secs_f64()
}

#[test]
#[ignore = "prints figures"]
fn pull_of_large_room() {
    let Some(server) = Server::start(Kind::Ejabberd26) else {
        return;
    };
    let mut backend = unencrypted(&server, "siteadmin");
    let ids: Vec<String> = (0..10).map(|number| format!("urn:x:{number}")).collect();
    server.create_ejabberd_room(BIG, &[], &[]);
    add_members(&mut backend);
    define_hats(&mut backend, BIG, &ids);
    for id in &ids {
        apply_all(&mut backend, &[(BIG, assignments(id, 1..=100))]);
    }
    for _ in 0..10 {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [here, alone] = folders.each_ref().map(tempfile::TempDir::path);
        let bare = run_bare_script(&server, &["read", BIG]).0;
        let mut written = store(here);
        let session = Session::start(&server, here);
        let before = own_processor_seconds();
        let (pull, [compared, committed, recorded]) = timed(|| session.pull(&mut written));
        let processor = own_processor_seconds() - before;
        session.worker.finish();
        let room = written.wardrobe().room(&jid(BIG)).unwrap().clone();
        assert_eq!(room.users().len(), 10_000);
        let new = hatrack::model::Edit::Room {
            room: jid(BIG),
            before: None,
            after: Some(room),
        };
        let mut other = store(alone);
        let commit = timed(|| commit(&mut other, new.into())).0;
        println!(
            "pull of 10,000 users {pull:.3} ({processor:.3} s of processor time; read and compared {compared:.3}, committed {committed:.3}, recorded {recorded:.3}) bare read {bare:.3} + commit {commit:.3} ratio {:.2}",
            pull / (bare + commit)
        );
    }
}
