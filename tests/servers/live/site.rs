//! A moderator's account: a home folder with a configuration and a data file, and the built program.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

use crate::prosody::SERVICE;
use crate::server::Server;

/// What a run of the program came to.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// It ended with this code.
    #[track_caller]
    pub(super) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    /// It said this.
    #[track_caller]
    pub(super) fn said(self, text: &str) -> Self {
        let all = format!("{}{}", self.out, self.err);
        assert!(all.contains(text), "{text:?} is not in:\n{all}");
        self
    }
}

/// An account, for as long as the value lives.
pub(super) struct Site {
    home: tempfile::TempDir,
}

impl Site {
    /// With a server in its configuration, called `example`.
    pub(super) fn of(server: &Server) -> Self {
        Self::with(&entry("example", SERVICE, &server.socket().display().to_string()))
    }

    pub(super) fn with(config: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("config.toml"), config).unwrap();
        Self { home }
    }

    /// Another account on the same data file.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

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

    pub(super) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().unwrap())
    }

    /// Starts it, and does not wait.
    pub(super) fn begin(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// It runs without anything to say about.
    #[track_caller]
    pub(super) fn done(&self, arguments: &[&str]) -> Ran {
        self.run(arguments).ended(0)
    }

    /// Sets an affiliation, as somebody who has no servers configured.
    #[track_caller]
    pub(super) fn affiliate(&self, room: &str, user: &str, affiliation: &str) {
        std::fs::write(self.path("none.toml"), "").unwrap();
        let mut command = self.command_with("none.toml", &["affiliate", room, user, affiliation]);
        Ran::of(&command.output().unwrap()).ended(0);
    }

    /// The data file.
    pub(super) fn file(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("hats.json")).unwrap()).unwrap()
    }

    /// A user's hats in the data file: `null` where there is no such user.
    pub(super) fn hats(&self, room: &str, user: &str) -> Value {
        self.file()["rooms"][room]["users"][user]["hats"].clone()
    }

    /// All entries of the history, the newest first.
    pub(super) fn history(&self) -> Vec<Value> {
        let ran = self.done(&["history", "--json"]);
        serde_json::from_str(&ran.out).unwrap()
    }

    pub(super) fn add(&self, room: &str, user: &str, hat: &str, title: &str) {
        self.done(&["add", room, user, hat, "--title", title, "--active"]);
    }
}

/// An entry of the configuration.
pub(super) fn entry(name: &str, service: &str, socket: &str) -> String {
    format!("[servers.{name}]\nkind = \"prosody\"\nservices = [\"{service}\"]\nsocket = \"{socket}\"\n")
}

/// An active hat, as Prosody has it and the file writes it.
pub(super) fn hat(title: &str) -> Value {
    json!({"active": true, "title": title})
}

/// Hats without what is false anyway.
pub(super) fn normal(mut hats: Value) -> Value {
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
    /// Sets a user's affiliation and hats, without telling the room.
    pub(super) fn put(&self, room: &str, user: &str, affiliation: &str, hats: &Value) {
        let hats = Value::String(hats.to_string()).to_string();
        self.lua_room(
            room,
            &format!(
                "r._affiliations['{user}'] = '{affiliation}'; r._affiliation_data['{user}'] = \
                 {{ hats = require 'util.json'.decode({hats}) }}; return tostring(r:save(true))"
            ),
        );
    }

    /// A user's hats as it has them.
    pub(super) fn hats(&self, room: &str, user: &str) -> Value {
        let mut stored = self.stored(room, user);
        normal(stored[1].get_mut("hats").map(Value::take).unwrap_or_default())
    }
}
