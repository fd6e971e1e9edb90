//! Typing a password on the command line: nothing of it is shown, and however the program ends, the terminal shows typed text
//! again.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its server has failed"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use rustix::process::Signal;

use crate::stage::{CTRL_C, Home, Stage, until};

/// Starts a server that goes as far as asking for a password, and then answers nothing. Returns its port.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut header = String::new();
            let mut byte = [0];
            while !header.contains("version=") || !header.ends_with('>') {
                stream.read_exact(&mut byte).unwrap();
                header.push(byte[0].into());
            }
            let features = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>";
            write!(
                stream,
                "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='x' from='localhost' version='1.0'>{features}"
            )
            .unwrap();
            // Nothing more is answered.
            while stream.read(&mut byte).is_ok_and(|count| count > 0) {}
        }
    });
    port
}

/// A command that asks for a password, half of which is typed.
fn with_half_typed_password() -> Stage {
    let home = Home::new();
    let folder = home.path("").join(".config/hatrack");
    std::fs::create_dir_all(&folder).unwrap();
    let config = format!(
        "[servers.example]\nkind = \"xmpp\"\nservices = [\"rooms.localhost\"]\njid = \"ana@localhost\"\naddress = \"127.0.0.1:{}\"\ntls = \"none\"\n",
        server()
    );
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let mut stage = Stage::hatrack(&home, &["servers", "check"]);
    stage.see("Password of ana@localhost:");
    assert_ne!(stage.modes(), stage.modes_before());
    stage.press("half of it");
    stage
}

#[test]
fn signals_at_the_question_leave_a_terminal_that_shows_typed_text() {
    for signal in [Signal::TERM, Signal::HUP] {
        let mut stage = with_half_typed_password();
        stage.signal(signal);
        assert!(stage.is_killed(), "{signal:?}");
        stage.assert_modes_restored();
        assert!(!stage.output().shows("half"), "{signal:?}");
    }
    let mut stage = with_half_typed_password();
    stage.press(CTRL_C);
    assert_eq!(stage.end(), 130);
    stage.assert_modes_restored();
    // The question is answered: from then on a signal ends the program as before.
    let mut stage = with_half_typed_password();
    stage.press("\r");
    until("the question is answered", || {
        stage.modes() == stage.modes_before()
    });
    stage.signal(Signal::TERM);
    assert!(stage.is_killed());
    stage.assert_modes_restored();
}
