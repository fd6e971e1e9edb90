//! `docs/servers/ejabberd.md`: its configuration and its commands work as written, used by a backend.

use hatrack::server::Backend as _;
use hatrack::sync::{CatalogValue, HatValue, ServerRights};

use super::{DONE, ROOM, apply, change, define, login};
use crate::client::Client;
use crate::server::{Kind, Server};

const GUIDE: &str = include_str!("../../../docs/servers/ejabberd.md");

/// A line of YAML with the lines below it.
#[derive(Default)]
struct Node {
    key: String,
    value: String,
    children: Vec<Self>,
}

/// Parses the part of YAML that the configurations use: nesting by indentation. A list entry is a key as a whole.
fn parse(lines: &mut std::iter::Peekable<std::vec::IntoIter<String>>, indentation: usize) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    while let Some(line) = lines.peek() {
        let depth = line.len() - line.trim_start().len();
        if depth < indentation {
            break;
        }
        if let Some(parent) = nodes.last_mut().filter(|_| depth > indentation) {
            parent.children = parse(lines, depth);
            continue;
        }
        let line = lines.next().unwrap();
        let (key, value) = match line.trim().split_once(": ") {
            Some((key, value)) if !key.starts_with('-') => (key, value),
            _ => (line.trim().trim_end_matches(':'), ""),
        };
        nodes.push(Node {
            key: key.into(),
            value: value.into(),
            children: Vec::new(),
        });
    }
    nodes
}

/// Parses a configuration, without its comments.
fn parse_yaml(text: &str) -> Vec<Node> {
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let lines: Vec<String> = lines.map(Into::into).collect();
    parse(&mut lines.into_iter().peekable(), 0)
}

/// Adds nodes to a configuration. A node with an existing key replaces its value.
fn merge(into: &mut Vec<Node>, from: Vec<Node>) {
    for node in from {
        match into.iter_mut().find(|there| there.key == node.key) {
            Some(there) => {
                there.value = node.value;
                merge(&mut there.children, node.children);
            }
            None => into.push(node),
        }
    }
}

fn print(nodes: &[Node], depth: usize, text: &mut String) {
    for node in nodes {
        let colon = if node.key.starts_with('-') { "" } else { ": " };
        for part in ["  ".repeat(depth).as_str(), &node.key, colon, &node.value, "\n"] {
            text.push_str(part);
        }
        print(&node.children, depth + 1, text);
    }
}

/// The indented blocks of the guide, without indentation, with the domain of the tests.
fn blocks() -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut inside = false;
    for line in GUIDE.lines() {
        let depth = line.len() - line.trim_start().len();
        let code = depth >= 4 && (inside || !line.trim_start().starts_with('-'));
        if code && !inside {
            blocks.push(String::new());
        }
        inside = code;
        if code {
            let block = blocks.last_mut().unwrap();
            block.push_str(line);
            block.push('\n');
        }
    }
    let unindented = |block: &String| {
        let depth = block.len() - block.trim_start().len();
        let lines: Vec<&str> = block
            .lines()
            .map(|line| line.get(depth..).unwrap_or(""))
            .collect();
        lines.join("\n").replace("example.org", "localhost")
    };
    blocks.iter().map(unindented).collect()
}

/// Runs a command of ejabberdctl through the HTTP API, which has the same commands with named arguments.
fn ejabberdctl(server: &Server, words: &[&str]) {
    let names: &[&str] = match words[0] {
        "change_room_option" => &["room", "service", "option", "value"],
        "set_room_affiliation" => &["room", "service", "user", "host", "affiliation"],
        other => panic!("{other}"),
    };
    assert_eq!(names.len() + 1, words.len(), "{words:?}");
    let arguments: serde_json::Map<String, serde_json::Value> = names
        .iter()
        .zip(&words[1..])
        .map(|(name, word)| ((*name).to_owned(), (*word).into()))
        .collect();
    server.call_api(words[0], &arguments.into());
}

#[test]
fn guide_leads_to_a_hat_that_a_client_sees() {
    let Some(mut server) = Server::start(Kind::Ejabberd26) else {
        return;
    };
    for user in ["moderator", "bob", "ana"] {
        server.add_account(user);
    }
    let blocks = blocks();
    let commands: Vec<&String> = blocks
        .iter()
        .filter(|block| block.starts_with("ejabberdctl "))
        .collect();
    assert_eq!(commands.len(), 2, "{blocks:?}");

    // Hats are disabled in the room, and the account has no rights. The commands of the guide change both.
    server.create_ejabberd_room(ROOM, &[("enable_hats", "false")], &[("ana@localhost", "owner")]);
    login(&server, "moderator").connect().unwrap_err();
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        ejabberdctl(&server, &words[1..]);
    }
    let report = login(&server, "moderator").check().unwrap();
    assert_eq!(report.rights, ServerRights::ByRoom, "{report:?}");
    let mut bob = Client::join(&server, "bob", ROOM);
    let mut backend = login(&server, "moderator");
    let changes = vec![
        define("urn:x:1", None, Some(CatalogValue::new("Teacher", None))),
        change("bob@localhost", "urn:x:1", None, Some(HatValue::assigned())),
    ];
    assert_eq!(apply(&mut backend, ROOM, changes), [DONE, DONE]);
    let seen = bob.drain_presences();
    assert_eq!(seen.last().unwrap()["hats"][0]["title"], "Teacher", "{seen:?}");
    drop(bob);

    // With the configuration of the guide, the account administers the service and lists hidden rooms.
    server.stop();
    let mut config = parse_yaml(&std::fs::read_to_string(server.path("ejabberd.yml")).unwrap());
    let yaml = blocks.iter().filter(|block| {
        ["modules:", "acl:", "api_permissions:", "shaper_rules:"]
            .iter()
            .any(|key| block.starts_with(key))
    });
    for block in yaml {
        merge(&mut config, parse_yaml(block));
    }
    let mut text = String::new();
    print(&config, 0, &mut text);
    assert!(text.contains("access_admin: muc_admin"), "{text}");
    server.write("ejabberd.yml", &text);
    server.launch();
    server.create_ejabberd_room("new@conference.localhost", &[("public", "false")], &[]);
    let report = login(&server, "moderator").check().unwrap();
    assert_eq!(report.rights, ServerRights::All, "{report:?}");
    assert!(report.all_rooms && report.problems.is_empty(), "{report:?}");
    assert!(
        report.rooms.iter().all(|info| info.allowed == Some(true)),
        "{report:?}"
    );
    assert_eq!(report.rooms.len(), 2);
}
