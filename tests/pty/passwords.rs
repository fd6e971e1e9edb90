//! The password prompt of commands: the password is not shown, and however the program ends, the terminal shows typed
//! text again.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its server has failed"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use rustix::process::Signal;

use crate::stage::{CTRL_C, Home, Stage, until};

/// Starts an XMPP server that offers a login, and sends nothing after that. Returns its port.
fn start_server() -> u16 {
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
            // The login is not answered.
            while stream.read(&mut byte).is_ok_and(|count| count > 0) {}
        }
    });
    port
}

/// Starts a command that asks for a password, and types a part of the password.
fn start_and_type_part_of_password() -> Stage {
    let home = Home::new();
    let folder = home.path("").join(".config/hatrack");
    std::fs::create_dir_all(&folder).unwrap();
    let config = format!(
        "[servers.example]\nkind = \"xmpp\"\nservices = [\"rooms.localhost\"]\njid = \"ana@localhost\"\naddress = \"127.0.0.1:{}\"\ntls = \"none\"\n",
        start_server()
    );
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let mut stage = Stage::hatrack(&home, &["servers", "check"]);
    stage.see("Password of ana@localhost:");
    assert_ne!(stage.modes(), stage.modes_before());
    stage.press("half of it");
    stage
}

#[test]
fn terminal_modes_are_restored_if_the_password_prompt_is_interrupted() {
    for signal in [Signal::TERM, Signal::HUP] {
        let mut stage = start_and_type_part_of_password();
        stage.signal(signal);
        stage.wait_until_killed();
        stage.assert_modes_restored();
        assert!(!stage.output().shows("half"), "{signal:?}");
    }
    let mut stage = start_and_type_part_of_password();
    stage.press(CTRL_C);
    assert_eq!(stage.end(), 130);
    stage.assert_modes_restored();
    // The modes are restored as soon as the password was entered. After that, a signal kills the program as usual.
    let mut stage = start_and_type_part_of_password();
    stage.press("\r");
    until("the modes are restored", || stage.modes() == stage.modes_before());
    stage.signal(Signal::TERM);
    stage.wait_until_killed();
    stage.assert_modes_restored();
}
