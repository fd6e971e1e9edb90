//! What both sides have cannot be recorded: nothing is lost, and somebody hears of it.

use hatrack::sync::{OtherRooms, ServerEvent, Status};

use crate::stage::*;

/// A file where the folder of the bases has to be.
fn block(stage: &Stage) {
    let folder = stage.folder.path().join("hats.servers");
    std::fs::rename(&folder, stage.folder.path().join("away")).unwrap();
    std::fs::write(&folder, "").unwrap();
}

fn unblock(stage: &Stage) {
    let folder = stage.folder.path().join("hats.servers");
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(stage.folder.path().join("away"), &folder).unwrap();
}

#[test]
fn a_base_that_cannot_be_written_after_receiving_is_reported() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let there = item("u3", "urn:x:there");
        stage.remote_set(&there, value(class, "There"));
        let session = stage.session();
        let mut store = stage.store();
        let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
        block(&stage);
        assert!(session.receive(&mut store, &plan, &|_| true));
        let reason = session.wait(|event| match event {
            ServerEvent::NotRecorded {
                server,
                room: about,
                reason,
            } => {
                assert_eq!((&*server, about), ("example", room()));
                Some(reason)
            }
            _ => None,
        });
        assert!(
            reason.contains("hats.servers") && reason.contains("link, or not a folder"),
            "{reason}"
        );
        session.worker.finish();
        assert_eq!(stage.local(&there), value(class, "There"), "it is received");
        unblock(&stage);
        let (plan, _) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
        assert_eq!(plan.rooms[0].lines, [], "{class:?}");
    }
}

#[test]
fn answers_that_cannot_be_recorded_are_reported() {
    let stage = Stage::known(hatrack::sync::ServerClass::Prosody);
    stage.local_hat("u0", "urn:x:new", Some("New"));
    let session = stage.session();
    let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    let folder = stage.folder.path().to_path_buf();
    let act = move || {
        std::fs::remove_dir_all(folder.join("hats.servers")).unwrap();
        std::fs::write(folder.join("hats.servers"), "").unwrap();
    };
    stage.server.lock().unwrap().after_change = Some(crate::simulated::Meanwhile(Box::new(act)));
    let report = session.send(&plan);
    assert_eq!(
        (report.status(), report.rooms[0].sent),
        (Status::Failed, 1),
        "{report:?}"
    );
    let error = report.rooms[0].error.as_deref().unwrap();
    assert!(
        error.contains("could not be recorded") && error.contains("hats.servers"),
        "{error}"
    );
}
