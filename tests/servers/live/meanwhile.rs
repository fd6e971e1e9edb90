//! Changes of the data file by others between comparing and applying.

use std::io::{Read as _, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use super::site::{Site, hat, prosody_section};
use super::{ANA, BOB, OFF, ROOM, on_each_prosody};
use crate::prosody::SERVICE;
use crate::server::Server;

const BROKEN: &str = "broken@conference.localhost";

/// An account for which bob's hat has another title on the server than in the data file. The next command of hatrack
/// runs the given commands of hatrack first, when it connects to the server: at this time, it has already read the data
/// file.
fn site_that_changes_meanwhile(server: &Server, commands: &[&[&str]]) -> Site {
    for room in [ROOM, BROKEN] {
        server.lua_room(
            room,
            "if r then m.forget_room(r) m.delete_room(r) end return 'deleted'",
        );
    }
    server.create_prosody_room(
        ROOM,
        &json!([[ANA, "owner"], [BOB, "member", {"urn:x:1": hat("Old")}], [OFF, "member"]]),
    );
    server.create_prosody_room(BROKEN, &json!([[ANA, "owner"]]));
    let site = Site::send_ask(server);
    site.run_ok(&["pull"]);
    server.set_user_silently(ROOM, BOB, "member", &json!({"urn:x:1": hat("There")}));
    let mut script = String::new();
    for arguments in commands {
        let command = site.command(arguments);
        let mut words = vec![command.get_program()];
        words.extend(command.get_args());
        let words: Vec<String> = words
            .into_iter()
            .map(|word| format!("'{}'", word.to_str().unwrap()))
            .collect();
        script += &words.join(" ");
        script += " </dev/null >/dev/null 2>&1\n";
    }
    std::fs::write(site.path("once"), script).unwrap();
    let once = site.path("once").display().to_string();
    let wrapper = format!("if mv {once} {once}.done 2>/dev/null; then . {once}.done; fi\nexec \"$@\"\n");
    std::fs::write(site.path("wrapper"), wrapper).unwrap();
    let mut words = server.prosodyctl();
    let found = ["/usr/bin", "/usr/sbin"].map(|folder| Path::new(folder).join(&words[0]));
    words[0] = found.into_iter().find(|program| program.exists()).unwrap().into();
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
    let wrapper = site.path("wrapper").display().to_string();
    let command = [&["/bin/sh", wrapper.as_str()][..], &words].concat();
    let with_socket = prosody_section("example", SERVICE, "");
    let with_command = with_socket.replace("socket = \"\"", &format!("command = {}", json!(command)));
    std::fs::write(site.path("config.toml"), with_command).unwrap();
    site
}

const ADD: &[&str] = &["add", ROOM, OFF, "urn:x:9", "--title", "Nine", "--active"];

#[test]
fn change_of_the_data_file_during_an_apply_is_applied_too() {
    on_each_prosody(|server| {
        let site = site_that_changes_meanwhile(server, &[ADD]);
        site.run_ok(&["apply", "--yes"]).prints("1 sent, 1 received");
        assert_eq!(site.hats(ROOM, BOB), json!({"urn:x:1": hat("There")}));
        assert_eq!(server.prosody_hats(ROOM, OFF), json!({"urn:x:9": hat("Nine")}));
        site.run_ok(&["plan"]).prints("No differences");
    });
}

#[test]
fn new_conflict_does_not_hide_an_unreadable_room() {
    on_each_prosody(|server| {
        for command in ["pull", "apply --yes"] {
            let site = site_that_changes_meanwhile(server, &[&["remove", ROOM, BOB, "urn:x:1"]]);
            server.lua_room(BROKEN, "r._affiliation_data = 5; return 'broken'");
            let command: Vec<&str> = command.split(' ').collect();
            site.run(&command)
                .exits(1)
                .prints("1 conflict unresolved")
                .prints("stored in an unknown form");
            assert_eq!(server.prosody_hats(ROOM, BOB), json!({"urn:x:1": hat("There")}));
            server.lua_room(BROKEN, "r._affiliation_data = {}; return 'repaired'");
        }
    });
}

/// Runs `apply` on a terminal and types these answers to its questions. Returns the exit code and the text on the
/// terminal.
fn apply_on_terminal(site: &Site, answers: &[&str]) -> (u32, String) {
    let terminal = portable_pty::native_pty_system()
        .openpty(portable_pty::PtySize::default())
        .unwrap();
    let apply = site.command(&["apply"]);
    let mut command = portable_pty::CommandBuilder::new(apply.get_program());
    command.args(apply.get_args());
    command.env_clear();
    for (name, value) in apply.get_envs() {
        command.env(name, value.unwrap());
    }
    let mut child = terminal.slave.spawn_command(command).unwrap();
    drop(terminal.slave);
    let mut reader = terminal.master.try_clone_reader().unwrap();
    let mut writer = terminal.master.take_writer().unwrap();
    let (mut shown, mut bytes, mut answers) = (String::new(), [0; 4096], answers.iter());
    let mut question_count = 0;
    // After the program has ended, reading from its terminal fails.
    while let Ok(length @ 1..) = reader.read(&mut bytes) {
        shown.push_str(&String::from_utf8_lossy(&bytes[..length]));
        if shown.matches("[y/N] ").count() > question_count {
            question_count += 1;
            writer.write_all(answers.next().unwrap().as_bytes()).unwrap();
        }
    }
    assert_eq!(answers.next(), None, "{shown}");
    (child.wait().unwrap().exit_code(), shown)
}

#[test]
fn apply_asks_again_about_changes_that_it_has_not_shown() {
    on_each_prosody(|server| {
        for is_confirmed in [false, true] {
            let site = site_that_changes_meanwhile(server, &[ADD]);
            let (code, shown) = apply_on_terminal(&site, &["y\r", if is_confirmed { "y\r" } else { "n\r" }]);
            let second = shown.split("Compared again:").nth(1).unwrap();
            assert!(second.contains("Nine"), "{shown}");
            assert_eq!(code, if is_confirmed { 0 } else { 6 }, "{shown}");
            let nine = if is_confirmed {
                json!({"urn:x:9": hat("Nine")})
            } else {
                Value::Null
            };
            assert_eq!(server.prosody_hats(ROOM, OFF), nine);
            let title = if is_confirmed { "There" } else { "Old" };
            assert_eq!(site.hats(ROOM, BOB), json!({"urn:x:1": hat(title)}));
        }
        // Without new differences, there is no second question.
        let site = site_that_changes_meanwhile(server, &[&["room", "add", "local@elsewhere.example"]]);
        let (code, shown) = apply_on_terminal(&site, &["y\r"]);
        assert_eq!(code, 0, "{shown}");
        assert_eq!(site.hats(ROOM, BOB), json!({"urn:x:1": hat("There")}));
    });
}
