//! The screen against a real Prosody: rooms are loaded, changes go both ways, a conflict is chosen.

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
use crate::shell::{By, access, settings};

#[path = "../support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

use session::Session;

const ROOM: &str = "courses@conference.localhost";
const TERRY: &str = "terry@localhost";
/// How long anything may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A session whose requests go to a real server.
struct Live {
    session: Session,
    worker: ServerWorker,
    events: Receiver<ServerEvent>,
    folder: tempfile::TempDir,
}

impl Live {
    fn start(server: &Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // What servers have is kept beside the data file, with its permissions.
        std::fs::write(folder.path().join("hats.json"), "{\"version\":1,\"rooms\":{}}").unwrap();
        let settings = settings(access(server, By::Socket));
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

    /// Presses keys, then passes requests and events on until an overlay of this type is on top.
    fn until<T: Layer>(&mut self, keys: &str) {
        self.session.keys(keys);
        let end = Instant::now() + TIMEOUT;
        loop {
            self.save();
            for effect in std::mem::take(&mut self.session.effects) {
                match effect {
                    // What comes in by itself would not be in the plan.
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

    /// Writes what the session saved, which has no store of its own: what is sent is compared with the file.
    fn save(&self) {
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
fn screen_loads_rooms_and_changes_go_both_ways() {
    for kind in Kind::PROSODY {
        let Some(server) = Shared::take(kind) else {
            continue;
        };
        let teacher = json!({"urn:x:teacher": {"active": true, "title": "Teacher"}});
        let users = json!([["prof@localhost", "owner"], [TERRY, "member", teacher]]);
        server.make_room(ROOM, &users);
        let mut live = Live::start(&server);
        live.until::<PlanOverlay>("S Enter");
        live.until::<ReportOverlay>("Enter y");
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
        live.until::<PlanOverlay>("S Enter");
        let counts = live.plan().counts();
        assert_eq!(
            (counts.send, counts.receive, counts.conflicts),
            (1, 1, 1),
            "{kind:?}"
        );
        assert!(!live.plan().parts[0].rooms()[0].first_contact, "{kind:?}");
        live.until::<ReportOverlay>("Tab m Enter y");
        let report: &ReportOverlay = live.session.state.top_as().unwrap();
        assert_eq!(report.totals(), [2, 1, 0, 0, 0], "{kind:?}");
        let stored = &server.stored(ROOM, TERRY)[1]["hats"];
        assert_eq!(stored["urn:x:dean"]["title"], "Dean \"<&>\" é", "{stored}");
        assert_eq!(stored["urn:x:teacher"]["active"], false, "{stored}");
        assert_eq!(stored["urn:x:proctor"]["active"], true, "{stored}");
        assert!(hats(&live.session.state).contains(&"urn:x:proctor true false".to_owned()));

        // Then both are the same.
        live.until::<PlanOverlay>("Esc Enter");
        let rooms = live.plan().parts[0].rooms();
        assert!(live.plan().is_empty(), "{kind:?}: {rooms:?}");
        assert!(live.worker.stop());
    }
}
