//! `docs/servers/ejabberd.md`: its first steps, done with the program, and the messages of its table.

use std::process::Command;

use serde_json::{Map, Value};
use tempfile::TempDir;

use super::{CommandOutput, Page, ROOM};
use crate::client::Client;
use crate::pool::on_each;
use crate::server::{Kind, Server};

const PAGE: &str = include_str!("../../../docs/servers/ejabberd.md");
const OTHER: &str = "other@conference.localhost";

fn page() -> Page {
    Page(PAGE.replace("example.org", "localhost"))
}

/// A moderator's account on this machine.
struct Moderator<'a> {
    server: &'a Server,
    home: TempDir,
}

impl<'a> Moderator<'a> {
    /// An account with the configuration of the first steps.
    fn new(server: &'a Server) -> Self {
        let home = TempDir::new().unwrap();
        let moderator = Self { server, home };
        moderator.configure(&moderator.configuration());
        moderator
    }

    /// The configuration of the first steps, with the port and certificate of the server.
    fn configuration(&self) -> String {
        let section = page().section("First steps");
        let lines = section.lines().into_iter();
        let lines = lines.skip_while(|line| !line.starts_with("[servers."));
        let lines: Vec<&str> = lines
            .take_while(|line| line.starts_with('[') || line.contains(" = "))
            .collect();
        let text = lines.join("\n").replace(
            r#"["/usr/bin/pass", "xmpp/moderator"]"#,
            r#"["/bin/echo", "secret"]"#,
        );
        assert!(text.contains("/bin/echo"), "{text}");
        let (port, certificate) = (self.server.ports.client, self.server.certificate());
        format!(
            "{text}\naddress = \"127.0.0.1:{port}\"\nca-file = \"{}\"\n",
            certificate.display()
        )
    }

    fn configure(&self, configuration: &str) {
        let folder = self.home.path().join(".config/hatrack");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), configuration).unwrap();
    }

    fn run(&self, line: &str) -> CommandOutput {
        let output = Command::new("sh")
            .args(["-c", line])
            .env_clear()
            .env("HOME", self.home.path())
            .env(
                "PATH",
                format!(
                    "{}:/usr/bin:/bin",
                    env!("CARGO_BIN_EXE_hatrack").trim_end_matches("/hatrack")
                ),
            )
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        CommandOutput {
            code: output.status.code(),
            text: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        }
    }
}

/// Runs a command of ejabberdctl through the HTTP API, which has the same commands with named arguments.
fn ejabberdctl(server: &Server, words: &[&str]) {
    let old = server.kind == Kind::Ejabberd23;
    let names: &[&str] = match words[0] {
        "change_room_option" => &["room", "service", "option", "value"],
        "set_room_affiliation" if old => &["name", "service", "jid", "affiliation"],
        "set_room_affiliation" => &["room", "service", "user", "host", "affiliation"],
        other => panic!("{other}"),
    };
    assert_eq!(names.len() + 1, words.len(), "{words:?}");
    let values = words[1..].iter().map(|word| Value::from(*word));
    let arguments: Map<String, Value> = names.iter().copied().map(str::to_owned).zip(values).collect();
    server.call_api(words[0], &arguments.into());
}

/// Enables hats as an owner does: in the form of the room's configuration.
fn enable_hats(server: &Server, owner: &str) {
    const OWNER: &str = "http://jabber.org/protocol/muc#owner";
    let mut owner = Client::login(server, owner);
    let (kind, form) = owner.iq(ROOM, "get", &format!("<query xmlns='{OWNER}'/>"));
    assert_eq!(kind, "result", "{form}");
    let field = form
        .split("<field")
        .find(|field| field.contains("label=\"Enable hats\""));
    let (_, name) = field
        .unwrap_or_else(|| panic!("{form}"))
        .split_once("var=\"")
        .unwrap();
    let name = name.split('"').next().unwrap();
    let form = format!(
        "<query xmlns='{OWNER}'><x xmlns='jabber:x:data' type='submit'>\
         <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>\
         <field var='{name}'><value>1</value></field></x></query>"
    );
    let (kind, answer) = owner.iq(ROOM, "set", &form);
    assert_eq!(kind, "result", "{answer}");
}

fn add_users(server: &Server) {
    for user in ["moderator", "bob", "ana"] {
        server.add_account(user);
    }
}

#[test]
fn first_steps_lead_to_a_hat() {
    on_each(&Kind::EJABBERD, |server| {
        add_users(server);
        server.create_ejabberd_room(
            ROOM,
            &[("enable_hats", "false")],
            &[("ana@localhost", "owner"), ("bob@localhost", "member")],
        );
        let section = page().section("First steps");
        let commands: Vec<&str> = section
            .0
            .split('`')
            .filter(|text| text.starts_with("hatrack "))
            .collect();
        let [_, check, pull] = commands[..] else {
            panic!("{commands:?}")
        };
        let moderator = Moderator::new(server);
        moderator.run(check).exits(1);
        let [hats, affiliation] = section.lines_with("ejabberdctl ")[..] else {
            panic!("{:?}", section.lines())
        };
        // ejabberd 23.01 cannot do this with the command. The page says: "an owner sets *Enable hats* in its
        // configuration".
        match server.kind {
            Kind::Ejabberd23 => enable_hats(server, "ana"),
            _ => ejabberdctl(server, &hats.split(' ').skip(1).collect::<Vec<_>>()),
        }
        let mut words: Vec<&str> = affiliation.split(' ').skip(1).collect();
        if server.kind == Kind::Ejabberd23 {
            let (_, old) = section.0.split_once("(up to 24.10: `… ").unwrap();
            words.truncate(3);
            words.extend(old.split('`').next().unwrap().split(' '));
        }
        ejabberdctl(server, &words);
        moderator.run(check).exits(0).prints(&["version", "TLS 1.", ROOM]);
        moderator.run(pull).exits(0).prints(&["received"]);
        let mut bob = Client::join(server, "bob", ROOM);
        moderator
            .run(&format!(
                "hatrack add {ROOM} bob@localhost urn:x:teacher --title Teacher --active"
            ))
            .exits(0)
            .prints(&["Sent "]);
        let seen = bob.wait_for(|event| event["hats"].as_array().is_some_and(|hats| !hats.is_empty()));
        assert_eq!(seen["hats"][0]["title"], "Teacher", "{seen}");
        // "Clients see hats in the namespace …"
        let namespace = match server.kind {
            Kind::Ejabberd23 => "xmpp:prosody.im/protocol/hats:1",
            _ => "urn:xmpp:hats:0",
        };
        assert_eq!(seen["hats"][0]["namespace"], namespace, "{seen}");
        assert!(PAGE.contains(namespace));
    });
}

#[test]
fn documented_messages_are_printed() {
    on_each(&Kind::EJABBERD, |server| {
        add_users(server);
        let section = page().section("Troubleshooting");
        let messages = section.messages();
        let [owners, disabled, anywhere, service, login, certificate, limit] = &messages[..] else {
            panic!("{messages:?}")
        };
        let moderator = Moderator::new(server);
        let configuration = moderator.configuration();
        let configure_with = |from: &str, to: &str| {
            assert!(configuration.contains(from), "{configuration}");
            moderator.configure(&configuration.replace(from, to));
        };
        server.create_ejabberd_room(OTHER, &[], &[("ana@localhost", "owner")]);
        moderator
            .run("hatrack servers check")
            .exits(1)
            .prints(&["no access"]);
        moderator.run("hatrack plan").exits(1).prints(anywhere);
        server.create_ejabberd_room(
            ROOM,
            &[],
            &[("moderator@localhost", "admin"), ("bob@localhost", "member")],
        );
        moderator
            .run(&format!("hatrack pull {OTHER}"))
            .exits(1)
            .prints(owners);
        configure_with("services = [\"conference.", "services = [\"nowhere.");
        moderator.run("hatrack servers check").exits(1).prints(service);
        configure_with("\nca-file", "\n#");
        moderator
            .run("hatrack servers check")
            .exits(1)
            .prints(certificate);
        configure_with("\"secret\"", "\"wrong\"");
        moderator.run("hatrack servers check").exits(1).prints(login);
        moderator.configure(&configuration);
        moderator
            .run("hatrack pull")
            .exits(0)
            .prints(&[ROOM, "skipped 1 room (no permission)", OTHER]);
        for number in 0..10 {
            let add = format!("hatrack add {ROOM} bob@localhost urn:x:{number} --title Hat{number} --active");
            moderator.run(&add).exits(0);
        }
        let over = format!("hatrack add {ROOM} bob@localhost urn:x:over --title Over --active");
        moderator.run(&over).exits(0).prints(limit);
        // Hats are disabled in one of several rooms.
        let third = "third@conference.localhost";
        server.create_ejabberd_room(
            third,
            &[("enable_hats", "false")],
            &[("moderator@localhost", "admin")],
        );
        moderator
            .run(&format!("hatrack pull {third}"))
            .exits(1)
            .prints(disabled);
    });
}
