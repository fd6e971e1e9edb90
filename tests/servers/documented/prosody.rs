//! `docs/servers/prosody.md`: its first steps, its connections, and the messages of its table.

use serde_json::json;

use super::sshd::{Sshd, chown_key, make_key};
use super::{HATS, Machine, Page, ROOM, are_installed};
use crate::client::Client;
use crate::prosody::SERVICE;

pub(super) const PAGE: &str = include_str!("../../../docs/servers/prosody.md");
const SUDO: [&str; 2] = ["/usr/bin/sudo", "/usr/sbin/visudo"];
const SOCKET: &str = "[servers.example]\nkind = \"prosody\"\nservices = [\"conference.localhost\"]\nsocket = \"/var/lib/prosody/prosody.sock\"\n";

#[test]
fn first_steps_lead_to_a_hat() {
    let Some(machine) = Machine::with_prosody() else {
        return;
    };
    machine.server().add_account("terry");
    machine.server().add_account("ana");
    let mut ana = Client::join(machine.server(), "ana", ROOM);
    let mut terry = Client::join(machine.server(), "terry", ROOM);
    ana.drain_events();
    let page = Page::new(PAGE);
    let section = page.section("First steps");
    let steps = section.lines();
    assert!(steps.len() >= 6, "{steps:?}");
    let config = machine.path("etc/hatrack/config.toml");
    for step in &steps {
        let text = machine.run_ok("root", step);
        // The example configuration has the domain of an example.
        if step.contains("servers example") {
            let text = std::fs::read_to_string(&config).unwrap();
            std::fs::write(&config, text.replace("conference.example.org", SERVICE)).unwrap();
        }
        if *step == "hatrack servers check" {
            assert!(text.contains(ROOM), "{text}");
        }
    }
    for client in [&mut terry, &mut ana] {
        let seen = client.wait_for(|event| event["presence"] == json!(format!("{ROOM}/terry")));
        assert_eq!(seen["hats"][0]["title"], "Teacher's Assistant", "{seen}");
    }

    // "With `send = "ask"` in the configuration, step 4 only saves the hat."
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains("#send = \"ask\""), "{text}");
    std::fs::write(&config, text.replace("#send = \"ask\"", "send = \"ask\"")).unwrap();
    let add = steps
        .iter()
        .find(|step| step.starts_with("hatrack add "))
        .unwrap();
    machine.run_ok(
        "root",
        &add.replace("hats/ta", "hats/second").replace("Teacher", "Second"),
    );
    machine
        .run("root", "hatrack plan")
        .exits(6)
        .prints(&["send", "Second's Assistant"]);
    assert_eq!(terry.drain_presences(), Vec::<serde_json::Value>::new());
    machine.run_ok("root", "hatrack apply --yes");
    let seen = terry.wait_for(|event| event["presence"] == json!(format!("{ROOM}/terry")));
    assert_eq!(seen["hats"].as_array().unwrap().len(), 2, "{seen}");
}

#[test]
fn affiliations_are_sent_if_they_are_managed() {
    let Some(machine) = Machine::with_prosody() else {
        return;
    };
    machine.configure(SOCKET);
    machine.run_ok("root", "hatrack pull");
    let add = format!("hatrack affiliate {ROOM} bob@localhost member");
    machine
        .run("root", &add)
        .exits(1)
        .prints(&["set affiliations = \"manage\""]);
    machine.configure(&format!("{SOCKET}affiliations = \"manage\"\n"));
    machine.run_ok("root", &add);
    assert_eq!(machine.server().stored(ROOM, "bob@localhost")[0], "member");
}

#[test]
fn shell_is_reached_through_sudo() {
    if !are_installed(&SUDO) {
        return;
    }
    let Some(machine) = Machine::with_prosody() else {
        return;
    };
    let page = Page::new(PAGE);
    let section = page.section("Connection");
    let configuration = section.configurations()[0];
    machine
        .check_as("hats", configuration)
        .exits(1)
        .prints(&["a password is required"]);
    machine.permit_shell("hats");
    machine.check_as("hats", configuration).exits(0).prints(&[ROOM]);
    // Nothing but the shell is permitted.
    machine
        .run("hats", "sudo -n -u prosody /usr/bin/prosodyctl status")
        .exits(1);
    // "To test it manually: `echo '> 20 + 3' | COMMAND` prints `| Result: 23`."
    let (_, manually) = section.0.split_once("To test it manually: `").unwrap();
    let [line, _, result] = manually.split('`').take(3).collect::<Vec<_>>()[..] else {
        panic!("{manually}")
    };
    let (_, words) = configuration.split_once("command = ").unwrap();
    let words: Vec<String> = serde_json::from_str(words.lines().next().unwrap()).unwrap();
    let printed = machine.run_ok("hats", &line.replace("COMMAND", &words.join(" ")));
    assert!(printed.contains(result), "{printed}");
}

#[test]
fn shell_is_reached_through_ssh() {
    if !are_installed(&["/usr/bin/ssh", "/usr/sbin/sshd"]) || !are_installed(&SUDO) {
        return;
    }
    let Some(machine) = Machine::with_prosody() else {
        return;
    };
    machine.permit_shell("hats");
    machine.run_ok("hats", "mkdir -m 700 .ssh");
    let key = make_key(&machine, "home/hats/.ssh/id_ed25519");
    chown_key(&machine, "home/hats/.ssh/id_ed25519", HATS);
    machine.run_ok("hats", &format!("echo '{key}' > ~/.ssh/authorized_keys"));
    let _sshd = Sshd::start(&machine, "chat.example.org");
    let page = Page::new(PAGE);
    let configuration = page.section("Connection").configurations()[1].to_owned();
    machine.check_as("hats", &configuration).exits(0).prints(&[ROOM]);
}

#[test]
fn documented_messages_are_printed() {
    if !are_installed(&SUDO) {
        return;
    }
    let Some(machine) = Machine::with_prosody() else {
        return;
    };
    // "Through the admin socket, if hatrack runs as root or as the account `prosody`."
    for user in ["root", "prosody"] {
        machine.check_as(user, SOCKET).exits(0).prints(&[ROOM]);
    }
    let page = Page::new(PAGE);
    let section = page.section("Troubleshooting");
    let messages = section.messages();
    let [no_file, denied, password, stopped, slow] = &messages[..] else {
        panic!("{messages:?}")
    };
    let elsewhere = SOCKET.replace("prosody.sock", "other.sock");
    machine.check_as("root", &elsewhere).exits(1).prints(no_file);
    machine.check_as("hats", SOCKET).exits(1).prints(denied);
    let with_sudo = page.section("Connection").configurations()[0].to_owned();
    machine.check_as("hats", &with_sudo).exits(1).prints(password);
    machine.permit_shell("hats");
    let prosody_config = machine.path("etc/prosody/prosody.cfg.lua");
    let configuration = std::fs::read_to_string(&prosody_config).unwrap();
    std::fs::write(
        &prosody_config,
        format!("admin_socket = \"/nowhere.sock\"\n{configuration}"),
    )
    .unwrap();
    machine.check_as("hats", &with_sudo).exits(1).prints(stopped);
    machine.server().freeze();
    let output = machine.check_as("root", &format!("{SOCKET}timeout = 1\n"));
    machine.server().thaw();
    let slow: Vec<String> = slow.iter().map(|part| part.replace("10 s", "1 s")).collect();
    output
        .exits(1)
        .prints(&slow.iter().map(String::as_str).collect::<Vec<_>>());
}
