//! Another session has the lock of a room and does not follow it: its process was stopped, or hangs.

use hatrack::store::{SideFolder, SideLock};
use sha2::{Digest as _, Sha256};

use super::*;

/// The lock of another session that follows the room.
fn other(stage: &Stage) -> SideLock {
    let digest = Sha256::digest(room().as_str());
    let name = digest
        .iter()
        .fold(String::new(), |name, byte| format!("{name}{byte:02x}"));
    let folder = SideFolder::next_to(&stage.folder.path().join("hats.json"), "servers", "example").unwrap();
    let lock = folder.lock(&format!("{name}.follower"), Duration::ZERO);
    lock.unwrap().unwrap()
}

#[test]
fn silence_of_the_session_that_has_the_lock_and_its_end_are_reported() {
    let stage = Stage::known(ServerClass::Prosody);
    let lock = other(&stage);
    lock.note().unwrap().set(b"1 123 ana").unwrap();
    let (session, store) = (stage.session(), stage.store());
    let ana = || Some("ana, process 123".into());
    let began = Instant::now();
    assert_eq!(session.follow(&store), Follower::Elsewhere(ana()));
    assert_eq!(session.follower(), Follower::Silent(ana()));
    assert!(began.elapsed() >= Duration::from_secs(30));
    lock.note().unwrap().set(b"2 123 ana").unwrap();
    assert_eq!(session.follower(), Follower::Elsewhere(ana()));
    drop(lock);
    assert_eq!(session.follower(), Follower::Here);
    assert!(
        stage.server.lock().unwrap().changed.is_empty(),
        "nothing was sent"
    );
}
