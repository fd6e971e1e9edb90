//! If the base cannot be written, this is reported, and nothing is lost.

use hatrack::sync::{OtherRooms, ServerEvent, Status};

use crate::stage::*;

/// Replaces the folder of the bases with a file, so that no base can be read or written.
fn block_bases(stage: &Stage) {
    let folder = stage.folder.path().join("hats.servers");
    std::fs::rename(&folder, stage.folder.path().join("away")).unwrap();
    std::fs::write(&folder, "").unwrap();
}

fn unblock_bases(stage: &Stage) {
    let folder = stage.folder.path().join("hats.servers");
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(stage.folder.path().join("away"), &folder).unwrap();
}

#[test]
fn failed_write_of_the_base_after_receiving_is_reported() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let there = item("u3", "urn:x:there");
        stage.set_remote(&there, value(class, "There"));
        let session = stage.session();
        let mut store = stage.store();
        let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
        block_bases(&stage);
        assert!(session.receive(&mut store, &plan, &|_| true));
        let reason = session.wait(|event| match event {
            ServerEvent::NotRecorded {
                server,
                room: reported_room,
                reason,
            } => {
                assert_eq!((&*server, reported_room), ("example", room()));
                Some(reason)
            }
            _ => None,
        });
        assert!(
            reason.contains("hats.servers") && reason.contains("link, or not a folder"),
            "{reason}"
        );
        session.worker.finish();
        assert_eq!(stage.local(&there), value(class, "There"), "not received");
        unblock_bases(&stage);
        let (plan, _) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
        assert_eq!(plan.rooms[0].lines, [], "{class:?}");
    }
}

#[test]
fn answers_that_cannot_be_recorded_are_reported() {
    let stage = Stage::compared(hatrack::sync::ServerClass::Prosody);
    stage.set_local_hat("u0", "urn:x:new", Some("New"));
    let session = stage.session();
    let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    let folder = stage.folder.path().to_path_buf();
    let block_bases = move || {
        std::fs::remove_dir_all(folder.join("hats.servers")).unwrap();
        std::fs::write(folder.join("hats.servers"), "").unwrap();
    };
    stage.server.lock().unwrap().after_change = Some(crate::simulated::Callback(Box::new(block_bases)));
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
