//! The context of a session: data file, state folder, actor and restrictions, from options, environment variables and the
//! system.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::actor::{self, Actor};
use super::config::ConfigFiles;
use super::failure::Failure;
use super::global_options::GlobalOptions;
use super::saved_changes::SavedChanges;
use super::user_folders::{UserFolders, user_folders};
use crate::app::describe::closest_match;
use crate::model::Jid;
use crate::server::{Outgoing, ServerSettings, WorkerOptions};
use crate::store::{self, CommitHooks, Scope};
use crate::sync::SendMode;

/// The data file, actor, restrictions and configuration of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionContext {
    /// The data file.
    pub file: PathBuf,
    /// Whether an option or a variable named the data file. If the file is missing then, a command that only reads it fails,
    /// and one that creates it says so, as the name may have a typo.
    pub file_is_explicit: bool,
    /// Whether `HATRACK_FILE` is set, but not used because the session is restricted.
    pub ignores_file_variable: bool,
    /// The folder for drafts, changes that servers have not confirmed, and refused logins; `None` without a home folder.
    pub state_dir: Option<PathBuf>,
    /// The actor that the history records.
    pub actor: Actor,
    /// The rooms that the session may see, and the changes that it may make.
    pub scope: Scope,
    /// The configuration files.
    pub config: ConfigFiles,
    /// When the session began.
    pub began: Timestamp,
    /// `--no-send`: changes are not sent to servers automatically.
    pub no_send: bool,
    /// The consequences of the commits of this session that still have to be handled, such as changes to send.
    pub saved: SavedChanges,
}

/// Returns the value of an environment variable; `None` if the variable is missing or empty.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

impl SessionContext {
    /// Resolves the context from the environment of this process.
    pub fn from_environment(options: GlobalOptions) -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let restricted = options.is_restricted();
        Self::resolve(options, &variable, || user_folders(restricted))
    }

    fn resolve(
        options: GlobalOptions,
        variable: Environment,
        folders: impl FnOnce() -> Option<UserFolders>,
    ) -> Result<Self, Failure> {
        let (scope, restricted) = (options.scope(), options.is_restricted());
        if options.config.as_deref().is_some_and(store::is_dash) {
            // It is unknown who writes to standard input.
            return Err(Failure::usage(
                "the configuration cannot be \"-\" (standard input); for a file of that name write ./-",
            ));
        }
        let config = ConfigFiles::of_session(options.config.as_deref(), restricted);
        let unless_restricted = |name: &str| variable(name).filter(|_| !restricted);
        let actor_name = options
            .actor
            .or_else(|| unless_restricted("HATRACK_ACTOR").map(to_string_lossy));
        let actor_name = actor_name.map(validate_actor).transpose()?;
        let actor = Actor::find(actor_name.as_deref(), restricted, |name| {
            variable(name).map(to_string_lossy)
        });
        let folders = folders();
        let named_file = options
            .file
            .or_else(|| unless_restricted("HATRACK_FILE").map(PathBuf::from));
        if named_file.as_deref().is_some_and(store::is_dash) {
            return Err(Failure::usage(
                "the data file cannot be \"-\" (standard input); for a file of that name write ./-",
            ));
        }
        let file_is_explicit = named_file.is_some();
        let named_file = named_file.map(|path| store::expand_home(&path));
        let default = || folders.as_ref().map(|folders| folders.config.join("hats.json"));
        let file = named_file.or_else(default).ok_or_else(|| {
            let or_variable = if restricted { "" } else { " or HATRACK_FILE" };
            Failure::error(format!(
                "no home folder for the data file (HOME is not an absolute path); use --file FILE{or_variable}"
            ))
        })?;
        Ok(Self {
            file,
            file_is_explicit,
            ignores_file_variable: restricted && !file_is_explicit && variable("HATRACK_FILE").is_some(),
            state_dir: folders.map(|folders| folders.state),
            actor,
            scope,
            config,
            began: Timestamp::now(),
            no_send: options.no_send,
            saved: SavedChanges::default(),
        })
    }

    /// Whether the session is restricted. The commands of a restricted session read and write no files that the user
    /// names, except the data file and the files that [`Cli::global_options`](super::args::Cli::global_options) permits.
    pub fn is_restricted(&self) -> bool {
        self.scope.is_restricted()
    }

    /// Returns the live servers of the configuration, in the order of its files. A session restricted to rooms sees
    /// only the servers of these rooms. With `--no-send`, changes are sent to none of them automatically.
    ///
    /// Errors: a configuration file has errors or cannot be read.
    pub fn servers(&self) -> Result<Vec<ServerSettings>, Failure> {
        let mut servers = self.config.load()?.servers(self.is_restricted());
        if let Some(rooms) = &self.scope.rooms {
            servers.retain(|server| rooms.iter().any(|room| server.entry.owns(room)));
        }
        if self.no_send {
            for server in &mut servers {
                server.entry.send = SendMode::Ask;
            }
        }
        Ok(servers)
    }

    /// Returns the options for the worker of the servers. With them, the worker does not ask for the occupants of rooms.
    pub(super) fn worker_options(&self) -> Result<WorkerOptions, Failure> {
        Ok(WorkerOptions {
            servers: self.servers()?,
            data_file: self.file.clone(),
            state_dir: self.state_dir.clone(),
            actor: self.actor.to_string(),
            scope: self.scope.clone(),
            began: Some(self.began),
            watches_occupants: false,
            max_read_bytes: None,
        })
    }

    /// Returns the hooks for the store of this session, which collect the saved changes in `saved`.
    pub(super) fn commit_hooks(&self) -> Result<CommitHooks, Failure> {
        let saved = self.saved.clone();
        Ok(Outgoing::hooks(&self.worker_options()?, move |after| {
            saved.push(after);
        }))
    }

    /// The time zone of displayed times.
    pub(super) fn zone(&self) -> TimeZone {
        time_zone(self.is_restricted())
    }

    /// Returns an error if the session is restricted; `feature` is the command or option that is not available then.
    pub(super) fn require_unrestricted(&self, feature: &str) -> Result<(), Failure> {
        if self.is_restricted() {
            return Err(Failure::not_allowed(format!(
                "{feature} is not available in a restricted session ({RESTRICTIONS})"
            )));
        }
        Ok(())
    }

    /// Returns an error if the session is restricted to other rooms. The error is the same whether the room exists or
    /// not, as the session must not learn this.
    pub(super) fn check_room_allowed(&self, room: &Jid) -> Result<(), Failure> {
        match &self.scope.rooms {
            Some(rooms) if !rooms.contains(room) => Err(Failure::not_allowed(format!(
                "this session is restricted to {}",
                join_rooms(rooms)
            ))),
            _ => Ok(()),
        }
    }
}

/// Keeps only the server with this name.
///
/// Errors: no server has this name; the advice is a similar name, if there is one.
pub(super) fn retain_server(servers: &mut Vec<ServerSettings>, name: &str) -> Result<(), Failure> {
    let names = servers.iter().map(|server| &*server.entry.name);
    let advice = closest_match(name, names).map(|nearest| format!("did you mean {nearest:?}?"));
    servers.retain(|server| *server.entry.name == *name);
    if servers.is_empty() {
        let failure = Failure::not_found(format!("no server {name:?} in the configuration"));
        return Err(Failure { advice, ..failure });
    }
    Ok(())
}

/// The options that restrict a session.
const RESTRICTIONS: &str = "--room, --only-hat, --no-affiliations or --read-only";

fn join_rooms(rooms: &BTreeSet<Jid>) -> String {
    rooms.iter().map(Jid::as_str).collect::<Vec<_>>().join(", ")
}

fn to_string_lossy(text: OsString) -> String {
    text.into_string()
        .unwrap_or_else(|text| text.to_string_lossy().into_owned())
}

/// Returns the given name of the actor.
///
/// Errors: the name is empty, reserved or too long, starts or ends with a space, or contains invisible characters.
fn validate_actor(actor: String) -> Result<String, Failure> {
    let reason = match actor::sanitize_name(&actor) {
        _ if is_reserved(&actor) => "it is reserved for changes by servers and programs",
        None => "it is empty",
        Some(sanitized) if sanitized == actor => return Ok(actor),
        Some(_) if actor.chars().count() > actor::MAX_NAME_CHARS => "it is longer than 64 characters",
        Some(_) => "it starts or ends with a space, or contains an invisible character",
    };
    Err(Failure::usage(format!("invalid actor name {actor:?}: {reason}")))
}

/// Whether the history uses this actor for changes by servers and programs.
fn is_reserved(actor: &str) -> bool {
    actor == "outside" || actor.starts_with("server:") || actor.starts_with("hatrack (")
}

/// Returns the time zone of displayed times. A restricted session uses the time zone of the machine, or UTC if this is not
/// known, but not `TZ`, which can name a file to read.
pub fn time_zone(restricted: bool) -> TimeZone {
    if !restricted {
        return TimeZone::system();
    }
    let machine = std::fs::read("/etc/localtime").ok();
    machine
        .and_then(|bytes| TimeZone::tzif("Local", &bytes).ok())
        .unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> UserFolders {
        UserFolders {
            config: "/home/terry/.config/hatrack".into(),
            state: "/home/terry/.local/state/hatrack".into(),
        }
    }

    fn variables(name: &str) -> Option<OsString> {
        match name {
            "HATRACK_FILE" => Some("/elsewhere/hats.json".into()),
            "HATRACK_ACTOR" => Some("mallory".into()),
            "SSH_CONNECTION" => Some("203.0.113.7 50022 192.0.2.1 22".into()),
            _ => None,
        }
    }

    #[test]
    fn options_override_variables_and_defaults() {
        let options = GlobalOptions {
            file: Some("f.json".into()),
            actor: Some("alice".into()),
            ..GlobalOptions::default()
        };
        let context = SessionContext::resolve(options, &variables, || Some(home())).unwrap();
        assert_eq!(
            (context.file, context.actor.to_string()),
            ("f.json".into(), "alice@203.0.113.7".into())
        );
        let context = SessionContext::resolve(GlobalOptions::default(), &variables, || Some(home())).unwrap();
        assert_eq!(
            (context.file, context.actor.name),
            ("/elsewhere/hats.json".into(), "mallory".into())
        );
        let context = SessionContext::resolve(GlobalOptions::default(), &|_| None, || Some(home())).unwrap();
        assert_eq!(
            context.file,
            PathBuf::from("/home/terry/.config/hatrack/hats.json")
        );
    }

    #[test]
    fn restricted_session_ignores_variables() {
        for options in [
            GlobalOptions {
                read_only: true,
                ..GlobalOptions::default()
            },
            GlobalOptions {
                rooms: Some(BTreeSet::new()),
                ..GlobalOptions::default()
            },
        ] {
            let context = SessionContext::resolve(options, &variables, || Some(home())).unwrap();
            assert_eq!(
                context.file,
                PathBuf::from("/home/terry/.config/hatrack/hats.json")
            );
            assert_ne!(context.actor.name, "mallory");
        }
    }

    #[test]
    fn requires_file_without_home_folder() {
        let failure = SessionContext::resolve(GlobalOptions::default(), &|_| None, || None).unwrap_err();
        assert_eq!(failure.code, 1);
        assert_eq!(
            failure.message,
            "no home folder for the data file (HOME is not an absolute path); use --file FILE or HATRACK_FILE"
        );
        let options = GlobalOptions {
            file: Some("f.json".into()),
            ..GlobalOptions::default()
        };
        let context = SessionContext::resolve(options, &|_| None, || None).unwrap();
        assert_eq!((context.file, context.state_dir), ("f.json".into(), None));
    }

    #[test]
    fn rejects_invalid_actor_names() {
        for bad in [
            "",
            " ",
            "a\u{1b}[31m",
            "a\nb",
            "a\u{202e}b",
            " a",
            "outside",
            "server:example",
            "hatrack (nightly)",
            &"x".repeat(65),
        ] {
            let options = GlobalOptions {
                actor: Some(bad.into()),
                ..GlobalOptions::default()
            };
            assert_eq!(
                SessionContext::resolve(options, &|_| None, || Some(home()))
                    .unwrap_err()
                    .code,
                2,
                "{bad:?}"
            );
        }
    }
}
