//! A moderator's account on a machine: a home folder with a configuration and a data file, in which hatrack runs.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::state::Titles;
use crate::prosody::SERVICE;
use crate::server::Server;

/// The result of a run of hatrack.
#[derive(Debug)]
pub(super) struct CommandOutput {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl CommandOutput {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(super) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    /// Asserts that the output contains this text.
    #[track_caller]
    pub(super) fn prints(self, text: &str) -> Self {
        let all = format!("{}{}", self.out, self.err);
        assert!(all.contains(text), "{text:?} is not in:\n{all}");
        self
    }
}

/// An account. Its folder is removed when this value is dropped.
pub(super) struct Site {
    home: tempfile::TempDir,
}

impl Site {
    /// An account with the server `example` in its configuration, to which only `apply` sends changes (`send = "ask"`).
    pub(super) fn send_ask(server: &Server) -> Self {
        Self::with(&section(server))
    }

    /// An account with the server `example`, to which changes are sent as soon as they are saved.
    pub(super) fn send_at_once(server: &Server) -> Self {
        Self::with(&section_at_once(server))
    }

    /// Like [`Self::send_at_once`], with the home folder on a disk, for realistic measurements.
    pub(super) fn send_at_once_on_disk(server: &Server) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), &section_at_once(server))
    }

    /// Like [`Self::send_at_once`], and affiliations are sent, too.
    pub(super) fn managing_affiliations(server: &Server) -> Self {
        let at_once = "send = \"at-once\"\naffiliations = \"manage\"";
        Self::with(&section(server).replace("send = \"ask\"", at_once))
    }

    /// An account with this configuration.
    pub(super) fn with(config: &str) -> Self {
        // In memory if possible: hatrack waits for the disk at each step, which would only slow the tests down.
        let memory = tempfile::tempdir_in("/dev/shm");
        Self::in_folder(memory.or_else(|_| tempfile::tempdir()).unwrap(), config)
    }

    fn in_folder(home: tempfile::TempDir, config: &str) -> Self {
        std::fs::write(home.path().join("config.toml"), config).unwrap();
        Self { home }
    }

    /// The path of a file in the home folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The command that runs hatrack with these arguments.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        self.command_with("config.toml", arguments)
    }

    fn command_with(&self, config: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hatrack"));
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .arg("--config")
            .arg(self.path(config))
            .arg("--file")
            .arg(self.path("hats.json"))
            .args(["--actor", "maya"])
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs hatrack with these arguments.
    pub(super) fn run(&self, arguments: &[&str]) -> CommandOutput {
        CommandOutput::of(&self.command(arguments).output().unwrap())
    }

    /// Starts hatrack and does not wait for its end. Its output is written to the file `output`.
    pub(super) fn spawn(&self, arguments: &[&str]) -> Child {
        let output = std::fs::File::create(self.path("output")).unwrap();
        let mut command = self.command(arguments);
        command
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            // Only a process in its own process group can be suspended.
            .process_group(0)
            .spawn()
            .unwrap()
    }

    /// Runs hatrack, which must exit with 0.
    #[track_caller]
    pub(super) fn run_ok(&self, arguments: &[&str]) -> CommandOutput {
        self.run(arguments).exits(0)
    }

    /// Sets an affiliation in the data file only, with a configuration without servers.
    #[track_caller]
    pub(super) fn affiliate(&self, room: &str, user: &str, affiliation: &str) {
        std::fs::write(self.path("none.toml"), "").unwrap();
        let mut command = self.command_with("none.toml", &["affiliate", room, user, affiliation]);
        CommandOutput::of(&command.output().unwrap()).exits(0);
    }

    /// The content of the data file.
    pub(super) fn file(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("hats.json")).unwrap()).unwrap()
    }

    /// A user's hats in the data file; `null` if the user is not in it.
    pub(super) fn hats(&self, room: &str, user: &str) -> Value {
        self.file()["rooms"][room]["users"][user]["hats"].clone()
    }

    /// A user's active hats in the data file, with the titles that people see.
    pub(super) fn titles(&self, room: &str, user: &str) -> Titles {
        titles_in(&self.file()["rooms"][room], user)
    }

    /// Replaces a text in the configuration, for example the path of a socket.
    pub(super) fn replace_in_config(&self, from: &str, to: &str) {
        let config = std::fs::read_to_string(self.path("config.toml")).unwrap();
        assert!(config.contains(from), "{config}");
        std::fs::write(self.path("config.toml"), config.replace(from, to)).unwrap();
    }

    /// Replaces the address of the server in the configuration with one that no server listens on.
    pub(super) fn make_unreachable(&self, server: &Server) {
        if server.kind.is_prosody() {
            self.replace_in_config(
                &server.socket().display().to_string(),
                "/nonexistent/prosody.sock",
            );
        } else {
            // No program listens on port 1.
            self.replace_in_config(&format!("127.0.0.1:{}", server.ports.client), "127.0.0.1:1");
        }
    }

    /// Replaces the content of the data file.
    pub(super) fn replace_data(&self, data: &Value) {
        std::fs::write(self.path("new.json"), data.to_string()).unwrap();
        let new = self.path("new.json").display().to_string();
        self.run_ok(&["import", &new, "--replace"]);
    }

    /// Moves all times in the outbox of the account back by this duration.
    pub(super) fn age_outbox(&self, time: Duration) {
        fn age(value: &mut Value, time: Duration) {
            match value {
                Value::Array(values) => values.iter_mut().for_each(|value| age(value, time)),
                Value::Object(members) => members.iter_mut().for_each(|(name, value)| match value {
                    Value::String(text) if name == "time" => {
                        *text = (text.parse::<jiff::Timestamp>().unwrap() - time).to_string();
                    }
                    value => age(value, time),
                }),
                _ => {}
            }
        }
        for file in std::fs::read_dir(self.path(".local/state/hatrack/outbox")).unwrap() {
            let file = file.unwrap().path();
            if let Ok(mut value) = serde_json::from_slice(&std::fs::read(&file).unwrap()) {
                age(&mut value, time);
                std::fs::write(&file, value.to_string()).unwrap();
            }
        }
    }

    /// Locks the only room as a session that follows it does, so that no session receives changes automatically.
    pub(super) fn lock_followed_room(&self) -> std::fs::File {
        let bases = std::fs::read_dir(self.path("hats.servers/example")).unwrap();
        let mut names = bases.map(|base| base.unwrap().file_name().into_string().unwrap());
        let base = names.find(|name| !name.contains('.')).unwrap();
        let lock = self
            .path("hats.servers/example")
            .join(format!("{base}.follower.lock"));
        let lock = std::fs::File::create(lock).unwrap();
        lock.lock().unwrap();
        lock
    }

    /// All entries of the history, newest first.
    pub(super) fn history(&self) -> Vec<Value> {
        let ran = self.run_ok(&["history", "--json"]);
        serde_json::from_str(&ran.out).unwrap()
    }

    /// Adds an active hat to a user.
    pub(super) fn add(&self, room: &str, user: &str, hat: &str, title: &str) {
        self.run_ok(&["add", room, user, hat, "--title", title, "--active"]);
    }
}

/// The configuration section of a server, to which only `apply` sends changes. On ejabberd, the account is an
/// administrator.
fn section(server: &Server) -> String {
    if server.kind.is_prosody() {
        prosody_section("example", SERVICE, &server.socket().display().to_string())
    } else {
        xmpp_section("siteadmin", "secret", server)
    }
}

/// Like [`section`], but changes are sent as soon as they are saved.
fn section_at_once(server: &Server) -> String {
    section(server).replace("send = \"ask\"", "send = \"at-once\"")
}

/// The configuration section of a Prosody with this name, to which only `apply` sends changes.
pub(super) fn prosody_section(name: &str, service: &str, socket: &str) -> String {
    format!(
        "[servers.{name}]\nkind = \"prosody\"\nservices = [\"{service}\"]\nsocket = \"{socket}\"\nsend = \"ask\"\n"
    )
}

/// The configuration section of the server `example`, with the account `NAME@localhost`; only `apply` sends changes.
pub(super) fn xmpp_section(name: &str, password: &str, server: &Server) -> String {
    format!(
        "[servers.example]\nkind = \"xmpp\"\njid = \"{name}@localhost\"\nservices = [\"{SERVICE}\"]\nsend = \"ask\"\n\
         password-command = [\"/bin/echo\", \"{password}\"]\naddress = \"127.0.0.1:{}\"\nca-file = \"{}\"\n",
        server.ports.client,
        server.certificate().display()
    )
}

/// A user's active hats in a room of the data file, with the titles that people see.
pub(super) fn titles_in(room: &Value, user: &str) -> Titles {
    let hats = room["users"][user]["hats"].as_object().into_iter().flatten();
    let title = |id: &str, hat: &Value| {
        let own = hat["title"].as_str().filter(|title| !title.is_empty());
        let of_catalog = room["hats"][id]["title"].as_str();
        own.or(of_catalog).unwrap_or_default().to_owned()
    };
    hats.filter(|(_, hat)| hat["active"] == true)
        .map(|(id, hat)| (id.clone(), title(id, hat)))
        .collect()
}

/// An active hat with this title, in the format of the data file and of Prosody.
pub(super) fn hat(title: &str) -> Value {
    json!({"active": true, "title": title})
}

/// Removes the fields that are `false`, which are also the defaults.
pub(super) fn without_false(mut hats: Value) -> Value {
    for hat in hats
        .as_object_mut()
        .into_iter()
        .flat_map(serde_json::Map::values_mut)
    {
        if let Some(hat) = hat.as_object_mut() {
            hat.retain(|_, value| *value != json!(false));
        }
    }
    hats
}

impl Server {
    /// Sets a user's affiliation and hats on Prosody, without a presence or an event.
    pub(super) fn set_user_silently(&self, room: &str, user: &str, affiliation: &str, hats: &Value) {
        let hats = Value::String(hats.to_string()).to_string();
        self.lua_room(
            room,
            &format!(
                "r._affiliations['{user}'] = '{affiliation}'; r._affiliation_data['{user}'] = \
                 {{ hats = require 'util.json'.decode({hats}) }}; return tostring(r:save(true))"
            ),
        );
    }

    /// A user's hats on Prosody.
    pub(super) fn prosody_hats(&self, room: &str, user: &str) -> Value {
        let mut stored = self.stored(room, user);
        without_false(stored[1].get_mut("hats").map(Value::take).unwrap_or_default())
    }
}
