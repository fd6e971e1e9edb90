//! The screen with a real Prosody: rooms are received, changes go both ways, and a conflict is resolved.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use hatrack::app::servers::plan::PlanOverlay;
use hatrack::app::servers::report::ReportOverlay;
use hatrack::app::{Effect, Layer, Msg, SessionOptions, State};
use hatrack::model::{Jid, Wardrobe};
use hatrack::server::{ServerWorker, WorkerOptions};
use hatrack::sync::{ServerEvent, ServerRequest};
use serde_json::json;

use crate::pool::Shared;
use crate::server::{Kind, Server};
use crate::shell::{Transport, access, settings};

#[path = "../support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

use session::Session;

const ROOM: &str = "courses@conference.localhost";
const TERRY: &str = "terry@localhost";
/// The longest time to wait for an overlay.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A session whose requests go to a real server.
struct LiveSession {
    session: Session,
    worker: ServerWorker,
    events: Receiver<ServerEvent>,
    folder: tempfile::TempDir,
}

impl LiveSession {
    fn start(server: &Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Bases are stored next to the data file, with its permissions, so the data file must exist.
        std::fs::write(folder.path().join("hats.json"), "{\"version\":1,\"rooms\":{}}").unwrap();
        let settings = settings(access(server, Transport::Socket));
        let start = SessionOptions {
            actor: "terry".into(),
            servers: vec![settings.entry.clone()],
            ..SessionOptions::default()
        };
        let options = WorkerOptions {
            servers: vec![settings],
            data_file: folder.path().join("hats.json"),
            state_dir: Some(folder.path().join("state")),
            actor: "terry".into(),
            ..WorkerOptions::default()
        };
        let (sender, events) = channel();
        let worker = ServerWorker::new(options, move |event| drop(sender.send(event)));
        Self {
            session: Session::start(start, Wardrobe::default(), (100, 30)),
            worker,
            events,
            folder,
        }
    }

    /// Presses keys, then passes requests to the server and its events to the session, until an overlay of this type is
    /// on top.
    fn press_until<T: Layer>(&mut self, keys: &str) {
        self.session.keys(keys);
        let end = Instant::now() + TIMEOUT;
        loop {
            self.write_data_file();
            for effect in std::mem::take(&mut self.session.effects) {
                match effect {
                    // Changes that are received by following would not be in the plan.
                    Effect::Server(ServerRequest::Follow { .. }) => {}
                    Effect::Server(request) => self.worker.request(request).unwrap(),
                    _ => {}
                }
            }
            if self.session.state.top_as::<T>().is_some() {
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) => self.session.send(Msg::Server(Box::new(event))),
                Err(error) => panic!(
                    "{error}: {:?}; {}",
                    self.session.state.top(),
                    self.session.notice()
                ),
            }
        }
    }

    /// Writes the session's wardrobe into the data file, because this session has no store, and the worker compares
    /// with the file before it sends.
    fn write_data_file(&self) {
        let saved = self.session.json().to_string();
        std::fs::write(self.folder.path().join("hats.json"), saved).unwrap();
    }

    fn plan(&self) -> &PlanOverlay {
        self.session.state.top_as().unwrap()
    }
}

fn hats(state: &State) -> Vec<String> {
    let user = state
        .wardrobe()
        .user(&Jid::parse(ROOM).unwrap(), &Jid::parse(TERRY).unwrap());
    let hats = user.into_iter().flat_map(|user| user.hats.iter());
    hats.map(|(id, hat)| format!("{id} {} {}", hat.is_active(), hat.is_required()))
        .collect()
}

#[test]
fn screen_receives_rooms_and_changes_go_both_ways() {
    for kind in Kind::PROSODY {
        let Some(server) = Shared::take(kind) else {
            continue;
        };
        let teacher = json!({"urn:x:teacher": {"active": true, "title": "Teacher"}});
        let users = json!([["prof@localhost", "owner"], [TERRY, "member", teacher]]);
        server.create_prosody_room(ROOM, &users);
        let mut live = LiveSession::start(&server);
        live.press_until::<PlanOverlay>("S Enter");
        live.press_until::<ReportOverlay>("Enter y");
        assert_eq!(hats(&live.session.state), ["urn:x:teacher true false"]);

        // The same hat is changed on both sides, and one more is added on each.
        let there = json!({
            "urn:x:teacher": {"active": true, "required": true, "title": "Teacher"},
            "urn:x:proctor": {"active": true, "title": "Proctor"},
        });
        let there = serde_json::Value::String(there.to_string());
        server.lua_room(
            ROOM,
            &format!(
                "r._affiliation_data['{TERRY}'] = {{ hats = require 'util.json'.decode({there}) }} \
                 return tostring(r:save(true))"
            ),
        );
        live.session.keys("Esc Esc l G l Space h +");
        live.session.text("urn:x:dean");
        live.session.keys("Tab");
        live.session.text("Dean \"<&>\" é");
        live.session.keys("Enter");
        live.press_until::<PlanOverlay>("S Enter");
        let counts = live.plan().counts();
        assert_eq!(
            (counts.send, counts.receive, counts.conflicts),
            (1, 1, 1),
            "{kind:?}"
        );
        assert!(!live.plan().parts[0].rooms()[0].is_first_comparison, "{kind:?}");
        live.press_until::<ReportOverlay>("Tab m Enter y");
        let report: &ReportOverlay = live.session.state.top_as().unwrap();
        assert_eq!(report.totals(), [2, 1, 0, 0, 0], "{kind:?}");
        let stored = &server.stored(ROOM, TERRY)[1]["hats"];
        assert_eq!(stored["urn:x:dean"]["title"], "Dean \"<&>\" é", "{stored}");
        assert_eq!(stored["urn:x:teacher"]["active"], false, "{stored}");
        assert_eq!(stored["urn:x:proctor"]["active"], true, "{stored}");
        assert!(hats(&live.session.state).contains(&"urn:x:proctor true false".to_owned()));

        // Then both sides are equal.
        live.press_until::<PlanOverlay>("Esc Enter");
        let rooms = live.plan().parts[0].rooms();
        assert!(live.plan().is_empty(), "{kind:?}: {rooms:?}");
        assert!(live.worker.stop());
    }
}
