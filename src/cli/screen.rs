//! `hatrack` without a command: opens the screen.

use std::path::Path;

use super::context::{SessionContext, time_zone};
use super::failure::Failure;
use crate::app::{Keymap, Start};
use crate::model::read;
use crate::server::WorkerOptions;
use crate::store::{Drafts, StoreOptions};
use crate::term::{self, LookOptions, NoTerminal, SessionEnd, SessionJob, WardrobeSource};
use crate::ui;

/// The sample data of `--demo`.
const SAMPLE: &[u8] = include_bytes!("../../assets/demo.json");

/// Appended to the error when there is no terminal.
const COMMANDS_HINT: &str = "without a terminal use the commands show, user, add, remove, set, room, affiliate, catalog, sets, \
                       export, import, check, history, undo and redo (see hatrack --help)";

/// Settings of the screen: from the command line, else the configuration, else defaults.
#[derive(Debug, Default)]
pub(super) struct ScreenSettings {
    /// Whether the mouse is on at the start.
    pub(super) mouse: bool,
    /// Colors, background and theme.
    pub(super) look: LookOptions,
    /// Plain text for screen readers.
    pub(super) plain: bool,
    /// The keys of the commands.
    pub(super) keymap: Keymap,
}

/// Opens the screen on the data file.
pub(super) fn run(context: &SessionContext, settings: &ScreenSettings) -> Result<(), Failure> {
    let servers = WorkerOptions {
        servers: context.servers()?,
        data_file: context.file.clone(),
        state_dir: context.state_dir.clone(),
        actor: context.actor.to_string(),
        scope: context.scope.clone(),
    };
    let start = Start {
        file: abbreviate_home(
            &context.file,
            directories::BaseDirs::new()
                .as_ref()
                .map(directories::BaseDirs::home_dir),
        ),
        actor: context.actor.to_string(),
        scope: context.scope.clone(),
        demo: false,
        mouse: settings.mouse,
        time_zone: Some(time_zone(context.restricted())),
        keymap: settings.keymap.clone(),
        servers: servers
            .servers
            .iter()
            .map(|server| server.entry.clone())
            .collect(),
    };
    let options = StoreOptions {
        actor: context.actor.to_string(),
        scope: context.scope.clone(),
    };
    // Without the address: after a lost connection, people may come back from another one.
    let drafts = context
        .state_dir
        .as_deref()
        .map(|folder| Drafts::new(folder, &context.actor.name, &context.file));
    open(
        start,
        WardrobeSource::File(context.file.clone(), options),
        drafts
            .transpose()
            .map_err(|error| Failure::error(error.to_string()))?,
        servers,
        settings,
    )
}

/// Opens the screen with sample data; nothing is saved.
pub(super) fn demo(actor: Option<&str>, settings: &ScreenSettings) -> Result<(), Failure> {
    let wardrobe = read::wardrobe(SAMPLE).map_err(|error| Failure::error(error.to_string()))?;
    let start = Start {
        file: "sample data".into(),
        actor: actor.unwrap_or("you").into(),
        demo: true,
        mouse: settings.mouse,
        time_zone: Some(time_zone(false)),
        keymap: settings.keymap.clone(),
        ..Start::default()
    };
    let servers = WorkerOptions::default();
    open(start, WardrobeSource::Memory(wardrobe), None, servers, settings)
}

fn open(
    start: Start,
    source: WardrobeSource,
    drafts: Option<Drafts>,
    servers: WorkerOptions,
    settings: &ScreenSettings,
) -> Result<(), Failure> {
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let look = settings.look.resolve(variable);
    let job = SessionJob {
        start,
        source,
        servers,
        drafts,
        term: variable("TERM"),
        look,
        plain: settings.plain,
    };
    let draw = |state: &_, theme: &_, frame: &mut ratatui::Frame<'_>| {
        ui::draw(state, theme, frame.area(), frame);
    };
    match term::run(job, draw) {
        Ok(SessionEnd {
            status: 0,
            message: None,
        }) => Ok(()),
        // A successful session may also end with a message.
        Ok(SessionEnd { status, message }) => Err(Failure::with_code(status, message.unwrap_or_default())),
        Err(none @ (NoTerminal::NotATerminal(_) | NoTerminal::Dumb(_))) => {
            Err(Failure::usage(format!("{none}; {COMMANDS_HINT}")))
        }
        Err(failed @ (NoTerminal::Failed(_) | NoTerminal::NoThread(_))) => {
            Err(Failure::error(failed.to_string()))
        }
    }
}

/// The path with `~` for the home folder.
fn abbreviate_home(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(inside) => Path::new("~").join(inside).display().to_string(),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviates_home_folder() {
        let home = Some(Path::new("/home/terry"));
        assert_eq!(
            abbreviate_home(Path::new("/home/terry/a/hats.json"), home),
            "~/a/hats.json"
        );
        assert_eq!(
            abbreviate_home(Path::new("/home/terry2/hats.json"), home),
            "/home/terry2/hats.json"
        );
        assert_eq!(abbreviate_home(Path::new("hats.json"), None), "hats.json");
    }
}
