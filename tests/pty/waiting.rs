//! Messages about waiting for servers: a command shows a message while it waits, and the screen reports at its end that
//! changes were not sent.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its server has failed"
)]

use std::net::TcpListener;
use std::sync::mpsc::{Sender, channel};

use hatrack::model::{Affiliation, Jid};
use hatrack::sync::{Base, Item, ItemValue, ServerClass};
use sha2::{Digest as _, Sha256};

use crate::stage::{Home, ROOM, Stage, TERRY};

const WAITING: &str = "Connecting to \"example\"…";

/// Configures a server that accepts a connection and sends nothing. The returned sender closes the connection.
fn configure_silent_server(home: &Home) -> Sender<()> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (close, closed) = channel::<()>();
    std::thread::spawn(move || {
        let first = listener.accept().unwrap();
        let _ = closed.recv();
        drop(first);
    });
    let folder = home.path("").join(".config/hatrack");
    std::fs::create_dir_all(&folder).unwrap();
    let service = ROOM.split_once('@').unwrap().1;
    let config = format!(
        "[servers.example]\nkind = \"xmpp\"\nservices = [\"{service}\"]\njid = \"ana@localhost\"\naddress = \"127.0.0.1:{port}\"\ntls = \"none\"\npassword-command = [\"/bin/echo\", \"secret\"]\n",
    );
    std::fs::write(folder.join("config.toml"), config).unwrap();
    // The room was compared with this server, so changes are sent at once.
    let bases = folder.join("hats.servers/example");
    std::fs::create_dir_all(&bases).unwrap();
    let jid = |text| Jid::parse(text).unwrap();
    let mut base = Base::new("example", ServerClass::EjabberdCatalog, &jid(ROOM));
    let member = Item::Affiliation { user: jid(TERRY) };
    base.set(&member, Some(ItemValue::Affiliation(Affiliation::Member)));
    let name = format!("{:x}", Sha256::digest(ROOM));
    std::fs::write(bases.join(name), base.to_bytes()).unwrap();
    close
}

#[test]
fn commands_show_the_server_for_which_they_wait() {
    for (command, after) in [
        (&["plan"][..], "example: "),
        (
            &["add", ROOM, TERRY, "urn:x:1", "--active"],
            "not sent to \"example\" yet",
        ),
    ] {
        let home = Home::with_terry();
        let close = configure_silent_server(&home);
        let mut stage = Stage::hatrack(&home, command);
        stage.see(WAITING);
        close.send(()).unwrap();
        stage.see(after);
        assert_ne!(stage.end(), 0, "{command:?}");
        assert!(!stage.output().shows("Connecting"), "{command:?}");
    }
}

#[test]
fn screen_reports_at_its_end_that_changes_were_not_sent() {
    let home = Home::with_terry();
    let _close = configure_silent_server(&home);
    let mut stage = Stage::hatrack(&home, &[]);
    stage.press_and_see("l", "terry@example.org");
    stage.press_and_see("+", "Add hat to");
    stage.press_and_see("urn:x:1\r", "  sending ");
    stage.press_and_see("q", "q to quit now");
    stage.press("q");
    assert_eq!(stage.end(), 0);
    assert!(
        stage
            .output()
            .shows("Saved, but not sent yet. The next session sends it"),
        "{}",
        stage.output().text()
    );
}
