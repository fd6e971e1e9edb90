//! Another session has the lock of a room, but does not follow the room, because its process is stopped or hangs.

use hatrack::store::{SideFolder, SideLock};
use sha2::{Digest as _, Sha256};

use super::*;

/// Takes the follower's lock of the room, as another session does.
fn lock_as_other_session(stage: &Stage) -> SideLock {
    let digest = Sha256::digest(room().as_str());
    let name = digest
        .iter()
        .fold(String::new(), |name, byte| format!("{name}{byte:02x}"));
    let folder = SideFolder::next_to(&stage.folder.path().join("hats.json"), "servers", "example").unwrap();
    let lock = folder.lock(&format!("{name}.follower"), Duration::ZERO);
    lock.unwrap().unwrap()
}

#[test]
fn silence_and_end_of_the_session_that_has_the_lock_are_reported() {
    let stage = Stage::compared(ServerClass::Prosody);
    let lock = lock_as_other_session(&stage);
    lock.note().unwrap().set(b"1 123 ana").unwrap();
    let (session, store) = (stage.session(), stage.store());
    let ana = || Some("ana, process 123".into());
    let began = Instant::now();
    assert_eq!(session.follow(&store), Follower::Elsewhere(ana()));
    assert_eq!(session.wait_for_follower(), Follower::Silent(ana()));
    assert!(began.elapsed() >= Duration::from_secs(30));
    lock.note().unwrap().set(b"2 123 ana").unwrap();
    assert_eq!(session.wait_for_follower(), Follower::Elsewhere(ana()));
    drop(lock);
    assert_eq!(session.wait_for_follower(), Follower::Here);
    assert!(
        stage.server.lock().unwrap().change_counts.is_empty(),
        "a change was sent"
    );
}
