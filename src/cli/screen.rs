//! `hatrack` without a command: opens the screen.

use std::path::{Path, PathBuf};

use super::config::save_theme;
use super::context::{SessionContext, time_zone};
use super::failure::Failure;
use crate::app::themes::{NamedTheme, ThemeChoices};
use crate::app::{Keymap, SessionOptions};
use crate::model::read;
use crate::server::WorkerOptions;
use crate::store::{Drafts, StoreOptions};
use crate::term::{
    self, LookOptions, NoTerminal, SessionEnd, SessionParameters, ThemeFile, Themes, WardrobeSource,
};
use crate::ui;

/// The sample data of `--demo`.
const SAMPLE: &[u8] = include_bytes!("../../assets/demo.json");

/// Appended to the error when there is no terminal.
const COMMANDS_HINT: &str = "the screen needs a terminal. For scripts, use a command: see hatrack --help";

/// Settings of the screen: from the command line, else the configuration, else defaults.
#[derive(Debug, Default)]
pub(super) struct ScreenSettings {
    /// Whether the mouse is on at the start.
    pub(super) mouse: bool,
    /// Colors, background and theme.
    pub(super) look: LookOptions,
    /// The themes that can be chosen, if `theme_file` is set.
    pub(super) themes: Vec<ThemeSettings>,
    /// The name of the current theme.
    pub(super) theme: String,
    /// The configuration file in which a theme is saved; `None`: no theme can be chosen.
    pub(super) theme_file: Option<PathBuf>,
    /// Whether to draw plain text for screen readers.
    pub(super) plain: bool,
    /// The keys of the commands.
    pub(super) keymap: Keymap,
}

/// A theme that can be chosen.
#[derive(Debug)]
pub(super) struct ThemeSettings {
    pub(super) name: String,
    /// A description of a few words.
    pub(super) description: &'static str,
    pub(super) look: LookOptions,
}

impl ScreenSettings {
    /// Returns the themes for the list on the screen. The list is empty if a chosen theme could not be saved.
    fn theme_choices(&self) -> ThemeChoices {
        let named_theme = |theme: &ThemeSettings| NamedTheme {
            name: theme.name.clone(),
            description: theme.description.to_owned(),
        };
        let can_be_saved = self.theme_file.is_some();
        ThemeChoices {
            all: self
                .themes
                .iter()
                .filter(|_| can_be_saved)
                .map(named_theme)
                .collect(),
            current: self.theme.clone(),
        }
    }
}

/// Opens the screen on the data file.
pub(super) fn run(context: &SessionContext, settings: &ScreenSettings) -> Result<(), Failure> {
    let mut servers = context.worker_options()?;
    servers.watches_occupants = true;
    let start = SessionOptions {
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
        plain: settings.plain,
        time_zone: Some(context.zone()),
        keymap: settings.keymap.clone(),
        servers: servers
            .servers
            .iter()
            .map(|server| server.entry.clone())
            .collect(),
        themes: settings.theme_choices(),
    };
    let options = StoreOptions {
        actor: context.actor.to_string(),
        scope: context.scope.clone(),
        ..StoreOptions::default()
    };
    // Drafts belong to the name without the client address: after a lost connection, the person may connect again from
    // another address.
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
    let start = SessionOptions {
        file: "sample data".into(),
        actor: actor.unwrap_or("you").into(),
        demo: true,
        mouse: settings.mouse,
        plain: settings.plain,
        time_zone: Some(time_zone(false)),
        keymap: settings.keymap.clone(),
        themes: settings.theme_choices(),
        ..SessionOptions::default()
    };
    let servers = WorkerOptions::default();
    open(start, WardrobeSource::Memory(wardrobe), None, servers, settings)
}

fn open(
    start: SessionOptions,
    source: WardrobeSource,
    drafts: Option<Drafts>,
    servers: WorkerOptions,
    settings: &ScreenSettings,
) -> Result<(), Failure> {
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let themes = Themes {
        start: settings.look.resolve(variable),
        looks: (settings.themes.iter())
            .map(|theme| (theme.name.clone(), theme.look.resolve(variable)))
            .collect(),
        file: settings.theme_file.clone().map(|path| ThemeFile {
            path,
            save: save_theme,
        }),
    };
    let job = SessionParameters {
        start,
        source,
        servers,
        drafts,
        term: variable("TERM"),
        themes,
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

/// Returns the path with `~` for the home folder.
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
