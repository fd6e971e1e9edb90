//! A user's client in a room: slixmpp, which has nothing of hatrack's.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::spawn;
use crate::server::Server;

/// A connected client; it leaves with this value.
#[derive(Debug)]
pub(crate) struct Client {
    child: Child,
    orders: ChildStdin,
    told: Receiver<Value>,
}

impl Client {
    /// Logs `NAME@localhost` in.
    pub(crate) fn login(server: &Server, name: &str) -> Self {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig=KILL", "/usr/bin/python3"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/client.py"))
            .args([
                &server.ports.client.to_string(),
                &format!("{name}@localhost"),
                "secret",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = spawn(command).unwrap();
        let (tell, told) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Ok(value) = serde_json::from_str::<Value>(&line) {
                    let _ = tell.send(value);
                }
            }
        });
        let orders = child.stdin.take().unwrap();
        let mut client = Self { child, orders, told };
        client.until(|told| told.get("ready").is_some());
        client
    }

    /// Logs in, and joins a room under the same name.
    pub(crate) fn join(server: &Server, name: &str, room: &str) -> Self {
        let mut client = Self::login(server, name);
        client.enter(room, name);
        client
    }

    /// Gives an order, as client.py knows them.
    pub(crate) fn order(&mut self, order: &Value) {
        writeln!(self.orders, "{order}").unwrap();
    }

    /// Joins a room, and waits until it is in.
    pub(crate) fn enter(&mut self, room: &str, nick: &str) {
        self.order(&json!({"join": room, "nick": nick}));
        let own = json!(format!("{room}/{nick}"));
        self.until(|told| {
            assert!(!(told["presence"] == own && told["type"] == "error"), "{told}");
            told["presence"] == own
        });
        self.settle();
    }

    /// Waits for something that is told.
    pub(crate) fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let told = self
                .told
                .recv_timeout(Duration::from_secs(30))
                .expect("the client is told");
            assert!(told.get("failed").is_none(), "{told}");
            if wanted(&told) {
                return told;
            }
        }
    }

    /// All that was told until now: what the server answers to a ping comes after what it said before.
    pub(crate) fn settle(&mut self) -> Vec<Value> {
        self.order(&json!({"ping": "localhost"}));
        let mut all = Vec::new();
        loop {
            let told = self
                .told
                .recv_timeout(Duration::from_secs(30))
                .expect("the client is told");
            if told.get("pong").is_some() {
                return all;
            }
            all.push(told);
        }
    }

    /// The presences among what was told until now.
    pub(crate) fn presences(&mut self) -> Vec<Value> {
        let mut told = self.settle();
        told.retain(|told| told.get("presence").is_some());
        told
    }

    /// Sends a question or an order to an address, and gives the answer's type and XML.
    pub(crate) fn iq(&mut self, to: &str, kind: &str, xml: &str) -> (String, String) {
        self.order(&json!({"iq": xml, "to": to, "type": kind}));
        let answer = self.until(|told| told.get("iq").is_some());
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        (text("type"), text("xml"))
    }

    /// Sends orders to addresses, all at once, which must succeed.
    pub(crate) fn iqs(&mut self, orders: &[(String, String)]) {
        self.order(&json!({ "iqs": orders }));
        let answer = self.until(|told| told.get("iqs").is_some());
        let answers = answer["iqs"].as_array().unwrap();
        assert!(answers.iter().all(|kind| kind == "result"), "{answer}");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
