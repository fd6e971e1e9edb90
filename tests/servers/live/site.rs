//! A moderator's account: a home folder with a configuration and a data file, and the built program.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::state::Titles;
use crate::prosody::SERVICE;
use crate::server::Server;

/// What a run of the program came to.
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

    /// It ended with this code.
    #[track_caller]
    pub(super) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    /// It said this.
    #[track_caller]
    pub(super) fn prints(self, text: &str) -> Self {
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
    /// With a server in its configuration, called `example`, to which changes are sent only by a plan.
    pub(super) fn send_ask(server: &Server) -> Self {
        Self::with(&example(server))
    }

    /// With a server to which changes are sent as soon as they are saved.
    pub(super) fn send_at_once(server: &Server) -> Self {
        Self::with(&at_once(server))
    }

    /// The same on a disk, to measure it as people have it.
    pub(super) fn send_at_once_on_disk(server: &Server) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), &at_once(server))
    }

    /// The same with affiliations, too.
    pub(super) fn managing_affiliations(server: &Server) -> Self {
        let at_once = "send = \"at-once\"\naffiliations = \"manage\"";
        Self::with(&example(server).replace("send = \"ask\"", at_once))
    }

    pub(super) fn with(config: &str) -> Self {
        // In memory, where it can be: hatrack waits for the disk at each step, and how long is not what is tested.
        let memory = tempfile::tempdir_in("/dev/shm");
        Self::in_folder(memory.or_else(|_| tempfile::tempdir()).unwrap(), config)
    }

    fn in_folder(home: tempfile::TempDir, config: &str) -> Self {
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

    pub(super) fn run(&self, arguments: &[&str]) -> CommandOutput {
        CommandOutput::of(&self.command(arguments).output().unwrap())
    }

    /// Starts it, and does not wait. What it prints goes into the file `output`.
    pub(super) fn spawn(&self, arguments: &[&str]) -> Child {
        let output = std::fs::File::create(self.path("output")).unwrap();
        let mut command = self.command(arguments);
        command
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            // Only a process group of its own can be suspended.
            .process_group(0)
            .spawn()
            .unwrap()
    }

    /// It runs without anything to say about.
    #[track_caller]
    pub(super) fn run_ok(&self, arguments: &[&str]) -> CommandOutput {
        self.run(arguments).exits(0)
    }

    /// Sets an affiliation, as somebody who has no servers configured.
    #[track_caller]
    pub(super) fn affiliate(&self, room: &str, user: &str, affiliation: &str) {
        std::fs::write(self.path("none.toml"), "").unwrap();
        let mut command = self.command_with("none.toml", &["affiliate", room, user, affiliation]);
        CommandOutput::of(&command.output().unwrap()).exits(0);
    }

    /// The data file.
    pub(super) fn file(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("hats.json")).unwrap()).unwrap()
    }

    /// A user's hats in the data file: `null` where there is no such user.
    pub(super) fn hats(&self, room: &str, user: &str) -> Value {
        self.file()["rooms"][room]["users"][user]["hats"].clone()
    }

    /// A user's active hats in the data file, with the titles that people read.
    pub(super) fn titles(&self, room: &str, user: &str) -> Titles {
        titles_in(&self.file()["rooms"][room], user)
    }

    /// Configures that servers are asked over these sockets and ports instead.
    pub(super) fn redirect(&self, from: &str, to: &str) {
        let config = std::fs::read_to_string(self.path("config.toml")).unwrap();
        assert!(config.contains(from), "{config}");
        std::fs::write(self.path("config.toml"), config.replace(from, to)).unwrap();
    }

    /// Configures a place where no server is.
    pub(super) fn make_unreachable(&self, server: &Server) {
        if server.kind.is_prosody() {
            self.redirect(
                &server.socket().display().to_string(),
                "/nonexistent/prosody.sock",
            );
        } else {
            // Nothing listens on it.
            self.redirect(&format!("127.0.0.1:{}", server.ports.client), "127.0.0.1:1");
        }
    }

    /// Writes other data into the data file.
    pub(super) fn replace_data(&self, file: &Value) {
        std::fs::write(self.path("new.json"), file.to_string()).unwrap();
        let new = self.path("new.json").display().to_string();
        self.run_ok(&["import", &new, "--replace"]);
    }

    /// Lets what the account knows of its own changes be older by this time.
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

    /// Stands for a session that follows the only room, so that no other one receives anything by itself.
    pub(super) fn take_followed_room(&self) -> std::fs::File {
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

    /// All entries of the history, the newest first.
    pub(super) fn history(&self) -> Vec<Value> {
        let ran = self.run_ok(&["history", "--json"]);
        serde_json::from_str(&ran.out).unwrap()
    }

    pub(super) fn add(&self, room: &str, user: &str, hat: &str, title: &str) {
        self.run_ok(&["add", room, user, hat, "--title", title, "--active"]);
    }
}

/// The entry of a server: where it is no Prosody, by the account of an administrator.
fn example(server: &Server) -> String {
    if server.kind.is_prosody() {
        entry("example", SERVICE, &server.socket().display().to_string())
    } else {
        account("siteadmin", "secret", server)
    }
}

fn at_once(server: &Server) -> String {
    example(server).replace("send = \"ask\"", "send = \"at-once\"")
}

/// An entry of the configuration, by which changes are sent only by a plan.
pub(super) fn entry(name: &str, service: &str, socket: &str) -> String {
    format!(
        "[servers.{name}]\nkind = \"prosody\"\nservices = [\"{service}\"]\nsocket = \"{socket}\"\nsend = \"ask\"\n"
    )
}

/// An entry of the configuration for an account of a server.
pub(super) fn account(name: &str, password: &str, server: &Server) -> String {
    format!(
        "[servers.example]\nkind = \"xmpp\"\njid = \"{name}@localhost\"\nservices = [\"{SERVICE}\"]\nsend = \"ask\"\n\
         password-command = [\"/bin/echo\", \"{password}\"]\naddress = \"127.0.0.1:{}\"\nca-file = \"{}\"\n",
        server.ports.client,
        server.certificate().display()
    )
}

/// The same of a room that was read from a data file.
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

    /// A user's hats as it has them.
    pub(super) fn prosody_hats(&self, room: &str, user: &str) -> Value {
        let mut stored = self.stored(room, user);
        normal(stored[1].get_mut("hats").map(Value::take).unwrap_or_default())
    }
}
