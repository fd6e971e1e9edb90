//! Configures and starts Prosody, and reads and changes its state through its admin shell, with a script that shares no
//! code with hatrack.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::process::spawn;
use crate::server::{Ports, Server};

/// The rooms service of each server.
pub(crate) const SERVICE: &str = "conference.localhost";

/// Writes the configuration file, with these lines at its end.
pub(crate) fn configure(server: &Server, extra_config: &str) {
    let text = include_str!("prosody.cfg.lua")
        .replace("@HOME@", &server.home_inside())
        .replace("@C2S@", &server.ports.client.to_string())
        .replace("@TLS@", &server.ports.tls.to_string());
    server.write("prosody.cfg.lua", &format!("{text}{extra_config}\n"));
}

/// Returns the command line that runs the server, and its environment variables.
pub(crate) fn command(server: &Server) -> (Vec<OsString>, Vec<(&'static str, String)>) {
    let system = server.kind.system();
    let mut words = system.command("prosody", "/usr/bin/prosody");
    let config = format!("{}/prosody.cfg.lua", server.home_inside());
    words.extend(["--config", &config, "-F"].map(Into::into));
    (words, Vec::new())
}

/// Returns whether the admin socket and the port for clients accept connections.
pub(crate) fn is_ready(home: &Path, ports: Ports) -> bool {
    UnixStream::connect(home.join("data/prosody.sock")).is_ok()
        && TcpStream::connect(("127.0.0.1", ports.client)).is_ok()
}

/// A connection to the admin shell, through the script `shell.py`.
#[derive(Debug)]
pub(crate) struct Shell {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Shell {
    fn start(socket: &Path) -> Self {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig=KILL", "/usr/bin/python3"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/shell.py"))
            .arg(socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = spawn(command).unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    /// Runs a line. Returns its result, and whether the result is an error.
    fn run(&mut self, line: &str) -> (String, bool) {
        writeln!(self.input, "{line}").unwrap();
        loop {
            let mut answer = String::new();
            self.output.read_line(&mut answer).unwrap();
            let answer: Value = serde_json::from_str(&answer).unwrap();
            if let Some(result) = answer["result"].as_str() {
                return (result.to_owned(), answer["error"] == true);
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// The path of the admin socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path("data/prosody.sock")
    }

    /// Returns the command line that runs `prosodyctl shell --quiet` as the server's account.
    pub(crate) fn prosodyctl(&self) -> Vec<OsString> {
        let mut words = self.kind.system().command("prosody", "/usr/bin/prosodyctl");
        let config = format!("{}/prosody.cfg.lua", self.home_inside());
        words.extend(["--config", &config, "shell", "--quiet"].map(Into::into));
        words
    }

    /// Runs Lua code in the server and returns its result, which must be a string.
    pub(crate) fn lua(&self, code: &str) -> String {
        let code = format!("> return (function() {} end)()", code.replace('\n', " "));
        let mut shell = self.shell.lock().unwrap();
        let shell = shell.get_or_insert_with(|| Shell::start(&self.socket()));
        let (result, failed) = shell.run(&code);
        assert!(!failed, "{code}: {result}");
        result.strip_prefix("Result: ").unwrap().to_owned()
    }

    /// Like [`Self::lua`]; the code can use the room as `r` and the module of the rooms service as `m`.
    pub(crate) fn lua_room(&self, room: &str, code: &str) -> String {
        self.lua(&format!(
            "local m = hosts['{SERVICE}'].modules.muc; local r = m.get_room_from_jid('{room}'); {code}"
        ))
    }

    /// Creates a room on Prosody with these users: each an array of address, affiliation and, optionally, hats.
    pub(crate) fn create_prosody_room(&self, room: &str, users: &Value) {
        // JSON text contains no control characters, so a JSON string of it has no other escapes than `\\` and `\"`, and
        // is a Lua string, too.
        let users = Value::String(users.to_string()).to_string();
        self.lua(&format!(
            "local m = hosts['{SERVICE}'].modules.muc; local r = m.create_room('{room}') \
             for _, u in ipairs(require 'util.json'.decode({users})) do \
             r._affiliations[u[1]] = u[2]; if u[3] then r._affiliation_data[u[1]] = {{ hats = u[3] }} end end \
             return tostring(r:save(true))"
        ));
    }

    /// Returns what Prosody stores about a user of a room: `[affiliation, data]`, each `false` if there is none.
    pub(crate) fn stored(&self, room: &str, user: &str) -> Value {
        let text = self.lua_room(
            room,
            &format!("return require 'util.json'.encode({{ r._affiliations['{user}'] or false, r._affiliation_data['{user}'] or false }})"),
        );
        serde_json::from_str(&text).unwrap()
    }
}
