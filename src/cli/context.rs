//! Where and who: the data file, the folder for drafts and the actor, out of options, variables and the system.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::actor::{self, Actor};
use super::failure::Failure;
use super::global_options::GlobalOptions;
use crate::model::Jid;
use crate::store::{self, Scope};

/// What a session works on, as whom, and within which limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionContext {
    /// The data file.
    pub file: PathBuf,
    /// Whether somebody named it, by an option or a variable: then it is meant to be there.
    pub named: bool,
    /// The folder for drafts, where there is one.
    pub state: Option<PathBuf>,
    /// Who acts, for the history.
    pub actor: Actor,
    /// The rooms that are seen and whether they can be changed.
    pub scope: Scope,
}

/// A variable's value; an empty one counts as none.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The two folders that people's own files are in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct UserFolders {
    config: PathBuf,
    state: PathBuf,
}

impl SessionContext {
    /// Looks at the process's own variables and system.
    pub fn find(settled: GlobalOptions) -> Result<Self, Failure> {
        let variables = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let restricted = settled.restricted();
        Self::from(settled, &variables, || folders(restricted))
    }

    fn from(
        settled: GlobalOptions,
        variables: Environment,
        folders: impl FnOnce() -> Option<UserFolders>,
    ) -> Result<Self, Failure> {
        let restricted = settled.restricted();
        let own = |name: &str| variables(name).filter(|_| !restricted);
        let named = settled.actor.or_else(|| own("HATRACK_ACTOR").map(lossy));
        let named = named.map(checked).transpose()?;
        let actor = Actor::find(named.as_deref(), restricted, |name| variables(name).map(lossy));
        let folders = folders();
        let named = settled.file.or_else(|| own("HATRACK_FILE").map(PathBuf::from));
        if named.as_deref().is_some_and(store::is_stream) {
            return Err(Failure::usage(
                "the data file is read and written again and again, so it cannot be \"-\"; a file of that name is ./-",
            ));
        }
        let is_named = named.is_some();
        let named = named.map(|path| store::expanded(&path));
        let default = || folders.as_ref().map(|folders| folders.config.join("hats.json"));
        let file = named.or_else(default).ok_or_else(|| {
            let also = if restricted { "" } else { " or HATRACK_FILE" };
            Failure::error(format!(
                "there is no home folder to keep the data file in (HOME is no absolute path); name the file with --file FILE{also}"
            ))
        })?;
        Ok(Self {
            file,
            named: is_named,
            state: folders.map(|folders| folders.state),
            actor,
            scope: Scope {
                rooms: settled.rooms,
                read_only: settled.read_only,
            },
        })
    }

    /// Whether the session is limited: then it neither reads nor writes a file of the user's choosing.
    pub fn restricted(&self) -> bool {
        self.scope.rooms.is_some() || self.scope.read_only
    }

    /// Refuses what is not for a limited session.
    pub(super) fn unrestricted(&self, what: &str) -> Result<(), Failure> {
        if self.restricted() {
            return Err(Failure::not_allowed(format!(
                "{what} is not for a session limited by --room or --read-only"
            )));
        }
        Ok(())
    }

    /// Refuses a change that this session may not make, and one of a room outside of its limits when that room would be
    /// new: whether it is there must not show.
    pub(super) fn may_add(&self, room: &Jid) -> Result<(), Failure> {
        match &self.scope.rooms {
            Some(rooms) if !rooms.contains(room) => Err(Failure::not_allowed(format!(
                "this session is limited to {}",
                list(rooms)
            ))),
            _ => Ok(()),
        }
    }
}

fn list(rooms: &BTreeSet<Jid>) -> String {
    rooms.iter().map(Jid::as_str).collect::<Vec<_>>().join(", ")
}

/// The user's folders. `XDG_*` variables are left aside in a limited session: they name files of the user's choosing.
fn folders(restricted: bool) -> Option<UserFolders> {
    // Below a relative one the data file would be another in each current folder.
    let base = directories::BaseDirs::new().filter(|base| base.home_dir().is_absolute())?;
    let by_variables = cfg!(not(any(target_os = "macos", target_os = "windows")));
    let (config, state) = if restricted && by_variables {
        (
            base.home_dir().join(".config"),
            base.home_dir().join(".local/state"),
        )
    } else {
        (
            base.config_dir().into(),
            base.state_dir().unwrap_or(base.data_local_dir()).into(),
        )
    };
    Some(UserFolders {
        config: config.join("hatrack"),
        state: state.join("hatrack"),
    })
}

/// The person's own configuration of the screen. It is not for a limited session.
pub(super) fn config_file() -> Option<PathBuf> {
    folders(false).map(|folders| folders.config.join("config.toml"))
}

fn lossy(text: OsString) -> String {
    text.into_string()
        .unwrap_or_else(|text| text.to_string_lossy().into_owned())
}

/// A name that somebody gave must be one as it is; nothing is left out of it silently.
fn checked(actor: String) -> Result<String, Failure> {
    let wrong = match actor::clean(&actor) {
        None => "it is empty",
        Some(clean) if clean == actor => return Ok(actor),
        Some(_) if actor.chars().count() > actor::LONGEST => "it is too long",
        Some(_) => "it has a space at an end, or a character that does not show",
    };
    Err(Failure::usage(format!("not an actor's name: {actor:?}: {wrong}")))
}

/// The time zone for people. `TZ` can name a file to read, so a limited session has the machine's own zone.
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
    fn options_come_before_variables_before_the_system() {
        let settled = GlobalOptions {
            file: Some("f.json".into()),
            actor: Some("alice".into()),
            ..GlobalOptions::default()
        };
        let place = SessionContext::from(settled, &variables, || Some(home())).unwrap();
        assert_eq!(
            (place.file, place.actor.to_string()),
            ("f.json".into(), "alice@203.0.113.7".into())
        );
        let place = SessionContext::from(GlobalOptions::default(), &variables, || Some(home())).unwrap();
        assert_eq!(
            (place.file, place.actor.name),
            ("/elsewhere/hats.json".into(), "mallory".into())
        );
        let place = SessionContext::from(GlobalOptions::default(), &|_| None, || Some(home())).unwrap();
        assert_eq!(place.file, PathBuf::from("/home/terry/.config/hatrack/hats.json"));
    }

    #[test]
    fn a_limited_session_leaves_variables_aside() {
        for settled in [
            GlobalOptions {
                read_only: true,
                ..GlobalOptions::default()
            },
            GlobalOptions {
                rooms: Some(BTreeSet::new()),
                ..GlobalOptions::default()
            },
        ] {
            let place = SessionContext::from(settled, &variables, || Some(home())).unwrap();
            assert_eq!(place.file, PathBuf::from("/home/terry/.config/hatrack/hats.json"));
            assert_ne!(place.actor.name, "mallory");
        }
    }

    #[test]
    fn without_a_home_the_file_must_be_named() {
        let failure = SessionContext::from(GlobalOptions::default(), &|_| None, || None).unwrap_err();
        assert_eq!(failure.code, 1);
        assert_eq!(
            failure.message,
            "there is no home folder to keep the data file in (HOME is no absolute path); name the file with --file FILE or HATRACK_FILE"
        );
        let settled = GlobalOptions {
            file: Some("f.json".into()),
            ..GlobalOptions::default()
        };
        let place = SessionContext::from(settled, &|_| None, || None).unwrap();
        assert_eq!((place.file, place.state), ("f.json".into(), None));
    }

    #[test]
    fn an_actor_has_a_name_that_can_be_shown() {
        for bad in [
            "",
            " ",
            "a\u{1b}[31m",
            "a\nb",
            "a\u{202e}b",
            " a",
            &"x".repeat(65),
        ] {
            let settled = GlobalOptions {
                actor: Some(bad.into()),
                ..GlobalOptions::default()
            };
            assert_eq!(
                SessionContext::from(settled, &|_| None, || Some(home()))
                    .unwrap_err()
                    .code,
                2,
                "{bad:?}"
            );
        }
    }
}
