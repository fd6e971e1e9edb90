//! `hatrack follow` with servers that cannot be followed. Tests with servers that can be followed are in tests/servers.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

use std::fmt::Write as _;

use hatrack::model::Jid;
use hatrack::sync::{Base, ServerClass};
use sha2::{Digest as _, Sha256};

use super::process::Home;

const CONFIG: &str = ".config/hatrack/config.toml";

/// The configuration of a server that is used with an XMPP account and cannot be reached.
fn unreachable_server(name: &str) -> String {
    format!(
        "[servers.{name}]\nkind = \"xmpp\"\nservices = [\"{name}.example.org\"]\njid = \"moderator@example.net\"\n\
         address = \"127.0.0.1:1\"\n"
    )
}

/// Adds a room with a base, as if it had been compared with its server.
pub(crate) fn add_compared_room(home: &Home, server: &str, class: ServerClass) {
    let room = format!("r@{server}.example.org");
    home.run_ok(&["room", "add", &room, "--no-send"]);
    let base = Base::new(server, class, &Jid::parse(&room).unwrap());
    let name = Sha256::digest(&room)
        .iter()
        .fold(String::new(), |mut name, byte| {
            write!(name, "{byte:02x}").unwrap();
            name
        });
    home.write(
        &format!(".config/hatrack/hats.servers/{server}/{name}"),
        base.to_bytes(),
    );
}

#[test]
fn follow_ends_if_a_server_that_needs_a_password_is_not_reachable_at_the_start() {
    let home = Home::new();
    home.write(CONFIG, unreachable_server("one"));
    add_compared_room(&home, "one", ServerClass::EjabberdOld);
    let output = home.run(&["follow"]);
    assert_eq!(output.code, 1, "{output:?}");
    let expected = "hatrack: \"one\" is not reachable: cannot reach 127.0.0.1, port 1: connection refused. ";
    assert!(output.err.starts_with(expected), "{output:?}");
    let expected = " Start hatrack follow again to enter its password\n";
    assert!(output.err.ends_with(expected), "{output:?}");
}

#[test]
fn follow_without_a_data_file_says_how_to_create_it() {
    let home = Home::new();
    home.write(CONFIG, unreachable_server("one"));
    let output = home.run(&["follow", "--file", "none.json"]);
    assert_eq!(output.code, 1, "{output:?}");
    let expected = "none.json: no such file; run hatrack pull to create it\n";
    assert!(output.err.ends_with(expected), "{output:?}");
}
