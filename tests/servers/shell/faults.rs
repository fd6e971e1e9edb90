//! Faults of the server: it is stopped, killed or paused, cannot save, or refuses the connection.

use std::process::Command;
use std::time::Duration;

use hatrack::server::prosody::Prosody;
use hatrack::server::{Backend as _, Error};
use hatrack::server::{CommandLine, ProsodyAccess};
use hatrack::sync::{ItemChange, ItemOutcome};
use serde_json::{Value, json};

use super::{
    Transport, access, apply, change, connect, hat, on_each_prosody, prosody, read, settings, try_apply,
};
use crate::server::Server;

const ROOM: &str = "courses@conference.localhost";

/// Changes that add a hat to this number of users.
fn hat_additions(user_count: usize) -> Vec<ItemChange> {
    let addition = |number| {
        change(
            &format!("user{number}@localhost"),
            "urn:x:1",
            None,
            Some(hat("a", "Teacher")),
        )
    };
    (0..user_count).map(addition).collect()
}

/// Creates a room with this number of members.
fn create_room(server: &Server, user_count: usize) {
    let users: Vec<Value> = (0..user_count)
        .map(|number| json!([format!("user{number}@localhost"), "member"]))
        .collect();
    server.create_prosody_room(ROOM, &json!(users));
}

/// The number of users with a hat.
fn count_users_with_hats(backend: &mut Prosody) -> usize {
    read(backend, ROOM)
        .users
        .values()
        .filter(|user| !user.hats.is_empty())
        .count()
}

#[test]
fn server_killed_between_batches_leaves_consistent_state() {
    on_each_prosody(|server, transport| {
        create_room(server, 200);
        for kill in [false, true] {
            let mut backend = connect(server, transport);
            backend.connect().unwrap();
            let work = hatrack::server::RoomChanges {
                room: super::jid(ROOM),
                created: None,
                actor: "ana".into(),
                changes: hat_additions(200),
            };
            let mut reports = Vec::new();
            let result = backend.apply(&[work], &mut |applied| {
                if reports.is_empty() {
                    if kill { server.kill() } else { server.stop() }
                }
                reports.extend(applied.outcomes);
                std::ops::ControlFlow::Continue(())
            });
            assert!(
                matches!(result, Err(Error::Lost(_) | Error::Malformed(_))),
                "{transport:?}: {result:?}"
            );
            let (done, unknown): (Vec<_>, Vec<_>) = reports
                .iter()
                .partition(|(_, outcome)| matches!(outcome, ItemOutcome::Done { saved: true }));
            // The second command has more changes if the first one was answered quickly.
            assert_eq!(done.len(), 25, "{transport:?}");
            assert!(
                matches!(unknown.len(), 25 | 50),
                "{transport:?}: {}",
                unknown.len()
            );
            assert!(
                unknown
                    .iter()
                    .all(|(_, outcome)| *outcome == ItemOutcome::Unknown)
            );
            let away = backend.connect();
            if transport == Transport::Socket {
                assert!(matches!(away, Err(Error::Away(_))), "{away:?}");
            } else {
                let Err(Error::Away(why)) = away else {
                    panic!("{away:?}")
                };
                assert!(why.contains("Unable to connect to server"), "{why}");
            }
            server.launch();
            assert_eq!(
                count_users_with_hats(&mut backend),
                25,
                "changes that were reported as saved are still there after the server was killed"
            );
            // The second apply completes the first one.
            assert!(
                apply(&mut backend, ROOM, hat_additions(200))
                    .iter()
                    .all(|outcome| *outcome == super::SAVED)
            );
            assert_eq!(count_users_with_hats(&mut backend), 200);
            server.lua_room(ROOM, "for j in pairs(r._affiliation_data) do r._affiliation_data[j] = nil end return tostring(r:save(true))");
        }
    });
}

#[test]
fn unanswered_changes_are_resolved_by_reading() {
    on_each_prosody(|server, transport| {
        create_room(server, 3);
        let mut settings = settings(access(server, transport));
        settings.timeout = Duration::from_millis(1500);
        let mut backend = prosody(settings);
        backend.connect().unwrap();
        server.freeze();
        let (reports, result) = try_apply(&mut backend, ROOM, hat_additions(3));
        assert!(
            matches!(&result, Err(Error::Lost(why)) if why.contains("1.5 s")),
            "{result:?}"
        );
        assert_eq!(reports.len(), 1);
        assert!(
            reports[0]
                .outcomes
                .iter()
                .all(|(_, outcome)| *outcome == ItemOutcome::Unknown)
        );
        server.thaw();
        let mut backend = connect(server, transport);
        // The outcome was unknown: the changes were made after the server was resumed, or never.
        let found = count_users_with_hats(&mut backend);
        assert!(
            found == 0 || found == 3,
            "the changes were made completely or not at all"
        );
        assert!(
            apply(&mut backend, ROOM, hat_additions(3))
                .iter()
                .all(|outcome| *outcome == super::SAVED)
        );
    });
}

#[test]
fn reports_unsaved_changes() {
    on_each_prosody(|server, transport| {
        create_room(server, 2);
        // The folder gets its own disk, which is full.
        let folder = server
            .path("data/conference%2elocalhost/config")
            .canonicalize()
            .unwrap();
        let kept = std::fs::read(folder.join("courses.dat")).unwrap();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(&folder)
            .status()
            .unwrap();
        assert!(done.success());
        let (user, group) = server.kind.system().user_ids("prosody").unwrap();
        std::os::unix::fs::chown(&folder, Some(user), Some(group)).unwrap();
        std::fs::write(folder.join("fill"), vec![0; 65536]).unwrap();
        let outcome = std::panic::catch_unwind(|| {
            let mut backend = connect(server, transport);
            let (reports, result) = try_apply(&mut backend, ROOM, hat_additions(2));
            result.unwrap();
            assert!(
                reports[0].unsaved.as_deref().is_some_and(|why| !why.is_empty()),
                "{reports:?}"
            );
            assert!(
                reports[0]
                    .outcomes
                    .iter()
                    .all(|(_, outcome)| *outcome == ItemOutcome::Done { saved: false })
            );
            std::fs::remove_file(folder.join("fill")).unwrap();
            // A second apply finds the changes made, and saves them.
            assert!(
                apply(&mut backend, ROOM, hat_additions(2))
                    .iter()
                    .all(|outcome| *outcome == super::SAVED)
            );
            assert!(std::fs::read(folder.join("courses.dat")).unwrap().len() > kept.len());
        });
        assert!(Command::new("umount").arg(&folder).status().unwrap().success());
        outcome.unwrap();
    });
}

#[test]
fn server_error_leaves_room_savable() {
    on_each_prosody(|server, transport| {
        create_room(server, 3);
        // A hook that is called for a change throws an error for one user.
        server.lua("hosts['conference.localhost'].modules.muc.module:hook('muc-set-affiliation-data/hats', function(e) \
            if e.jid == 'user1@localhost' then error('trouble: \\27[31m') end end) return 'x'");
        let outcomes = apply(&mut connect(server, transport), ROOM, hat_additions(3));
        assert_eq!(
            outcomes,
            [super::SAVED, ItemOutcome::Unknown, super::SAVED],
            "{transport:?}"
        );
        assert!(
            server
                .lua_room(ROOM, "return tostring(rawget(r, 'save') ~= nil and r:save(true))")
                .contains("true")
        );
        server.restart();
        assert_eq!(
            count_users_with_hats(&mut connect(server, transport)),
            3,
            "changes that were made are stored"
        );
    });
}

#[test]
fn connection_errors_name_their_cause() {
    on_each_prosody(|server, transport| {
        let access = match access(server, transport) {
            ProsodyAccess::Socket(path) => {
                let settings_of_nobody = settings(ProsodyAccess::Socket(path.clone()));
                // Only this thread runs as the user nobody.
                let thread = std::thread::spawn(move || {
                    let nobody = rustix::process::Uid::from_raw(65534);
                    rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
                    prosody(settings_of_nobody).connect().unwrap_err()
                });
                let error = thread.join().unwrap();
                assert!(
                    matches!(&error, Error::Refused(why) if why.contains("Only root and the account that Prosody runs as can")),
                    "{error:?}"
                );
                let missing = path.with_file_name("none.sock");
                let error = prosody(settings(ProsodyAccess::Socket(missing)))
                    .connect()
                    .unwrap_err();
                assert!(
                    matches!(&error, Error::Away(why) if why.contains("no such file")),
                    "{error:?}"
                );
                return;
            }
            ProsodyAccess::Command(line) => ProsodyAccess::Command(CommandLine {
                program: "/usr/bin/setpriv".into(),
                arguments: [
                    vec![
                        "--reuid=nobody".to_owned(),
                        "--regid=nogroup".into(),
                        "--clear-groups".into(),
                        line.program.display().to_string(),
                    ],
                    line.arguments,
                ]
                .concat(),
                ..line
            }),
        };
        let error = prosody(settings(access)).connect().unwrap_err();
        assert!(matches!(&error, Error::Away(_)), "{error:?}");
        let script = |text: &str| {
            ProsodyAccess::Command(CommandLine {
                program: "/bin/sh".into(),
                arguments: vec!["-c".into(), text.into(), "the-password".into()],
                variables: Vec::new(),
            })
        };
        for text in [
            "echo 'sudo: a password is required' >&2; exit 1",
            "echo 'sudo: a password is required' >&2; cat >/dev/null; exit 0",
        ] {
            let mut settings = settings(script(text));
            settings.timeout = Duration::from_millis(500);
            let error = prosody(settings).connect().unwrap_err();
            assert!(
                matches!(&error, Error::Away(why) if why.contains("sudo: a password is required")),
                "{error:?}"
            );
            assert!(!format!("{error:?}").contains("the-password"));
        }
        let error = prosody(settings(ProsodyAccess::Command(CommandLine {
            program: "/no/such".into(),
            arguments: vec!["the-password".into()],
            variables: Vec::new(),
        })))
        .connect()
        .unwrap_err();
        assert!(
            matches!(&error, Error::Refused(why) if why.starts_with("Cannot run /no/such: ")),
            "{error:?}"
        );
    });
}

#[test]
fn commands_run_without_terminal_and_end_with_connection() {
    let script = "tty; ps -o sid= -p $$; env | sort; exec sleep 60";
    let line = CommandLine {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        variables: vec![("HOME".into(), "/tmp".into())],
    };
    let mut settings = settings(ProsodyAccess::Command(line));
    settings.timeout = Duration::from_millis(800);
    let error = prosody(settings).connect().unwrap_err().to_string();
    assert!(
        error.contains("not a tty") && error.contains("HOME=/tmp") && error.contains("TERM=xterm"),
        "{error}"
    );
    assert!(!error.contains("CARGO"), "{error}");
    let session: u32 = error
        .split_whitespace()
        .find_map(|word| word.parse().ok())
        .unwrap();
    assert!(
        !std::path::Path::new(&format!("/proc/{session}")).exists(),
        "the command is killed"
    );
}

#[test]
fn shell_history_stays_empty() {
    on_each_prosody(|server, transport| {
        create_room(server, 2);
        // The test setup may have written a history.
        let _ = std::fs::remove_file(server.path("data/.shell_history"));
        let mut backend = connect(server, transport);
        apply(&mut backend, ROOM, hat_additions(2));
        backend.disconnect();
        assert!(!server.path("data/.shell_history").exists());
        let log = std::fs::read_to_string(server.path("server.log")).unwrap();
        assert!(
            log.contains(
                "hatrack: ana changed hats or affiliations of 2 users in courses@conference.localhost"
            ),
            "{log}"
        );
    });
}
