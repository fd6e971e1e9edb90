//! Others change the data file between comparing and applying.

use std::io::{Read as _, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use super::site::{Site, entry, hat};
use super::{ANA, BOB, OFF, ROOM, on_each_prosody};
use crate::prosody::SERVICE;
use crate::server::Server;

const BROKEN: &str = "broken@conference.localhost";

/// Bob has another title on the server than in the data file, and somebody runs these commands of hatrack as soon as the
/// next one talks to the server, and so has read the data file.
fn changed_meanwhile(server: &Server, commands: &[&[&str]]) -> Site {
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
    let carrier = format!("if mv {once} {once}.done 2>/dev/null; then . {once}.done; fi\nexec \"$@\"\n");
    std::fs::write(site.path("carrier"), carrier).unwrap();
    let mut words = server.prosodyctl();
    let found = ["/usr/bin", "/usr/sbin"].map(|folder| Path::new(folder).join(&words[0]));
    words[0] = found.into_iter().find(|program| program.exists()).unwrap().into();
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
    let carrier = site.path("carrier").display().to_string();
    let command = [&["/bin/sh", carrier.as_str()][..], &words].concat();
    let by_socket = entry("example", SERVICE, "");
    let by_command = by_socket.replace("socket = \"\"", &format!("command = {}", json!(command)));
    std::fs::write(site.path("config.toml"), by_command).unwrap();
    site
}

const ADD: &[&str] = &["add", ROOM, OFF, "urn:x:9", "--title", "Nine", "--active"];

#[test]
fn change_of_the_data_file_during_an_apply_is_applied_too() {
    on_each_prosody(|server| {
        let site = changed_meanwhile(server, &[ADD]);
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
            let site = changed_meanwhile(server, &[&["remove", ROOM, BOB, "urn:x:1"]]);
            server.lua_room(BROKEN, "r._affiliation_data = 5; return 'broken'");
            let command: Vec<&str> = command.split(' ').collect();
            site.run(&command)
                .exits(1)
                .prints("1 conflict unresolved")
                .prints("stored in an unknown form");
            assert_eq!(server.prosody_hats(ROOM, BOB), json!({"urn:x:1": hat("There")}));
            server.lua_room(BROKEN, "r._affiliation_data = {}; return 'whole'");
        }
    });
}

/// Runs `apply` on a terminal and gives these answers to its questions: exit code, and what was shown.
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
    let mut asked = 0;
    // At the end of the program, reading from its terminal fails.
    while let Ok(length @ 1..) = reader.read(&mut bytes) {
        shown.push_str(&String::from_utf8_lossy(&bytes[..length]));
        if shown.matches("[y/N] ").count() > asked {
            asked += 1;
            writer.write_all(answers.next().unwrap().as_bytes()).unwrap();
        }
    }
    assert_eq!(answers.next(), None, "{shown}");
    (child.wait().unwrap().exit_code(), shown)
}

#[test]
fn apply_asks_again_about_changes_that_it_has_not_shown() {
    on_each_prosody(|server| {
        for agreed in [false, true] {
            let site = changed_meanwhile(server, &[ADD]);
            let (code, shown) = apply_on_terminal(&site, &["y\r", if agreed { "y\r" } else { "n\r" }]);
            let second = shown.split("Compared again:").nth(1).unwrap();
            assert!(second.contains("Nine"), "{shown}");
            assert_eq!(code, if agreed { 0 } else { 6 }, "{shown}");
            let nine = if agreed {
                json!({"urn:x:9": hat("Nine")})
            } else {
                Value::Null
            };
            assert_eq!(server.prosody_hats(ROOM, OFF), nine);
            let title = if agreed { "There" } else { "Old" };
            assert_eq!(site.hats(ROOM, BOB), json!({"urn:x:1": hat(title)}));
        }
        // What was shown before is not asked about again.
        let site = changed_meanwhile(server, &[&["room", "add", "local@elsewhere.example"]]);
        let (code, shown) = apply_on_terminal(&site, &["y\r"]);
        assert_eq!(code, 0, "{shown}");
        assert_eq!(site.hats(ROOM, BOB), json!({"urn:x:1": hat("There")}));
    });
}
