//! A user's client in rooms. It uses slixmpp and shares no code with hatrack.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::spawn;
use crate::server::Server;

/// A connected client. It is killed when this value is dropped.
#[derive(Debug)]
pub(crate) struct Client {
    child: Child,
    orders: ChildStdin,
    events: Receiver<Value>,
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
        let (sender, events) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Ok(value) = serde_json::from_str::<Value>(&line) {
                    let _ = sender.send(value);
                }
            }
        });
        let orders = child.stdin.take().unwrap();
        let mut client = Self {
            child,
            orders,
            events,
        };
        client.wait_for(|event| event.get("ready").is_some());
        client
    }

    /// Logs `NAME@localhost` in, and joins a room with the nickname NAME.
    pub(crate) fn join(server: &Server, name: &str, room: &str) -> Self {
        let mut client = Self::login(server, name);
        client.join_room(room, name);
        client
    }

    /// Sends an order to client.py, which describes the orders.
    pub(crate) fn send_order(&mut self, order: &Value) {
        writeln!(self.orders, "{order}").unwrap();
    }

    /// Joins a room, waits until the client is in the room, and drops all events until then.
    pub(crate) fn join_room(&mut self, room: &str, nick: &str) {
        self.send_order(&json!({"join": room, "nick": nick}));
        let own = json!(format!("{room}/{nick}"));
        self.wait_for(|event| {
            assert!(!(event["presence"] == own && event["type"] == "error"), "{event}");
            event["presence"] == own
        });
        self.drain_events();
    }

    /// Waits for an event for which `wanted` is true, and drops the events before it.
    pub(crate) fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let event = self
                .events
                .recv_timeout(Duration::from_secs(30))
                .expect("the client gets an event");
            assert!(event.get("failed").is_none(), "{event}");
            if wanted(&event) {
                return event;
            }
        }
    }

    /// Removes and returns all events that the server caused so far: it answers a ping after everything that it sent
    /// before.
    pub(crate) fn drain_events(&mut self) -> Vec<Value> {
        self.send_order(&json!({"ping": "localhost"}));
        let mut all = Vec::new();
        loop {
            let event = self
                .events
                .recv_timeout(Duration::from_secs(30))
                .expect("the client gets an event");
            if event.get("pong").is_some() {
                return all;
            }
            all.push(event);
        }
    }

    /// Removes all events that the server caused so far, and returns the presences among them.
    pub(crate) fn drain_presences(&mut self) -> Vec<Value> {
        let mut events = self.drain_events();
        events.retain(|event| event.get("presence").is_some());
        events
    }

    /// Sends an IQ of this type (`get` or `set`) to an address. Returns the type and the XML of the answer.
    pub(crate) fn iq(&mut self, to: &str, kind: &str, xml: &str) -> (String, String) {
        self.send_order(&json!({"iq": xml, "to": to, "type": kind}));
        let answer = self.wait_for(|event| event.get("iq").is_some());
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        (text("type"), text("xml"))
    }

    /// Sends IQs of type `set`, each given as address and XML, all at once. All must succeed.
    pub(crate) fn iqs(&mut self, requests: &[(String, String)]) {
        self.send_order(&json!({ "iqs": requests }));
        let answer = self.wait_for(|event| event.get("iqs").is_some());
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
