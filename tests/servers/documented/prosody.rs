//! `docs/servers/prosody.md`.

use serde_json::json;

use super::sshd::{Sshd, give, make_key};
use super::{HATS, Machine, Page, ROOM, has};
use crate::client::Client;
use crate::prosody::SERVICE;

pub(super) const PAGE: &str = include_str!("../../../docs/servers/prosody.md");
const SUDO: [&str; 2] = ["/usr/bin/sudo", "/usr/sbin/visudo"];
const SOCKET: &str = "[servers.example]\nkind = \"prosody\"\nservices = [\"conference.localhost\"]\nsocket = \"/var/lib/prosody/prosody.sock\"\n";

#[test]
fn from_nothing_to_a_hat() {
    let Some(machine) = Machine::with_prosody() else {
        return;
    };
    machine.server().user("terry");
    machine.server().user("ana");
    let mut ana = Client::join(machine.server(), "ana", ROOM);
    let mut terry = Client::join(machine.server(), "terry", ROOM);
    ana.settle();
    let page = Page::new(PAGE);
    let section = page.section("First steps");
    let steps = section.lines();
    assert!(steps.len() >= 6, "{steps:?}");
    let config = machine.path("etc/hatrack/config.toml");
    for step in &steps {
        let text = machine.does("root", step);
        // The example says the domain of an example.
        if step.contains("servers example") {
            let text = std::fs::read_to_string(&config).unwrap();
            std::fs::write(&config, text.replace("conference.example.org", SERVICE)).unwrap();
        }
        if *step == "hatrack servers check" {
            assert!(text.contains(ROOM), "{text}");
        }
    }
    for client in [&mut terry, &mut ana] {
        let seen = client.until(|told| told["presence"] == json!(format!("{ROOM}/terry")));
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
    machine.does(
        "root",
        &add.replace("hats/ta", "hats/second").replace("Teacher", "Second"),
    );
    machine
        .run("root", "hatrack plan")
        .ended(6)
        .said(&["send", "Second's Assistant"]);
    assert_eq!(terry.presences(), Vec::<serde_json::Value>::new());
    machine.does("root", "hatrack apply --yes");
    let seen = terry.until(|told| told["presence"] == json!(format!("{ROOM}/terry")));
    assert_eq!(seen["hats"].as_array().unwrap().len(), 2, "{seen}");
}

#[test]
fn affiliations_are_sent_where_they_are_managed() {
    let Some(machine) = Machine::with_prosody() else {
        return;
    };
    machine.configure(SOCKET);
    machine.does("root", "hatrack pull");
    let add = format!("hatrack affiliate {ROOM} bob@localhost member");
    machine
        .run("root", &add)
        .ended(1)
        .said(&["set affiliations = \"manage\""]);
    machine.configure(&format!("{SOCKET}affiliations = \"manage\"\n"));
    machine.does("root", &add);
    assert_eq!(machine.server().stored(ROOM, "bob@localhost")[0], "member");
}

#[test]
fn an_account_reaches_the_shell_by_sudo() {
    if !has(&SUDO) {
        return;
    }
    let Some(machine) = Machine::with_prosody() else {
        return;
    };
    let page = Page::new(PAGE);
    let section = page.section("Connection");
    let configuration = section.configurations()[0];
    machine
        .check_by("hats", configuration)
        .ended(1)
        .said(&["a password is required"]);
    machine.permit("hats");
    machine.check_by("hats", configuration).ended(0).said(&[ROOM]);
    // And nothing else than the shell is permitted.
    machine
        .run("hats", "sudo -n -u prosody /usr/bin/prosodyctl status")
        .ended(1);
    // "To test it manually: `echo '> 20 + 3' | COMMAND` prints `| Result: 23`."
    let (_, manually) = section.0.split_once("To test it manually: `").unwrap();
    let [line, _, result] = manually.split('`').take(3).collect::<Vec<_>>()[..] else {
        panic!("{manually}")
    };
    let (_, words) = configuration.split_once("command = ").unwrap();
    let words: Vec<String> = serde_json::from_str(words.lines().next().unwrap()).unwrap();
    let said = machine.does("hats", &line.replace("COMMAND", &words.join(" ")));
    assert!(said.contains(result), "{said}");
}

#[test]
fn another_machine_reaches_the_shell_by_ssh() {
    if !has(&["/usr/bin/ssh", "/usr/sbin/sshd"]) || !has(&SUDO) {
        return;
    }
    let Some(machine) = Machine::with_prosody() else {
        return;
    };
    machine.permit("hats");
    machine.does("hats", "mkdir -m 700 .ssh");
    let key = make_key(&machine, "home/hats/.ssh/id_ed25519");
    give(&machine, "home/hats/.ssh/id_ed25519", HATS);
    machine.does("hats", &format!("echo '{key}' > ~/.ssh/authorized_keys"));
    let _sshd = Sshd::start(&machine, "chat.example.org");
    let page = Page::new(PAGE);
    let configuration = page.section("Connection").configurations()[1].to_owned();
    machine.check_by("hats", &configuration).ended(0).said(&[ROOM]);
}

#[test]
fn messages_of_the_table_are_printed() {
    if !has(&SUDO) {
        return;
    }
    let Some(machine) = Machine::with_prosody() else {
        return;
    };
    // "Through the admin socket, if hatrack runs as root or as the account `prosody`."
    for user in ["root", "prosody"] {
        machine.check_by(user, SOCKET).ended(0).said(&[ROOM]);
    }
    let page = Page::new(PAGE);
    let section = page.section("Troubleshooting");
    let messages = section.messages();
    let [no_file, denied, password, stopped, slow] = &messages[..] else {
        panic!("{messages:?}")
    };
    let elsewhere = SOCKET.replace("prosody.sock", "other.sock");
    machine.check_by("root", &elsewhere).ended(1).said(no_file);
    machine.check_by("hats", SOCKET).ended(1).said(denied);
    let by_sudo = page.section("Connection").configurations()[0].to_owned();
    machine.check_by("hats", &by_sudo).ended(1).said(password);
    machine.permit("hats");
    let page = machine.path("etc/prosody/prosody.cfg.lua");
    let configuration = std::fs::read_to_string(&page).unwrap();
    std::fs::write(
        &page,
        format!("admin_socket = \"/nowhere.sock\"\n{configuration}"),
    )
    .unwrap();
    machine.check_by("hats", &by_sudo).ended(1).said(stopped);
    machine.server().freeze();
    let ran = machine.check_by("root", &format!("{SOCKET}timeout = 1\n"));
    machine.server().thaw();
    let slow: Vec<String> = slow.iter().map(|part| part.replace("10 s", "1 s")).collect();
    ran.ended(1)
        .said(&slow.iter().map(String::as_str).collect::<Vec<_>>());
}
