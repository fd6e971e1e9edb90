//! `hatrack` without a command: the screen.

use std::path::Path;

use super::context::{SessionContext, time_zone};
use super::failure::Failure;
use crate::app::{Keymap, Start};
use crate::model::read;
use crate::store::{Drafts, StoreOptions};
use crate::term::{self, LookOptions, NoTerminal, SessionEnd, SessionJob, WardrobeSource};
use crate::ui;

/// The wardrobe of `--demo`.
const SAMPLE: &[u8] = include_bytes!("../../assets/demo.json");

/// What those can do who have no screen.
const WITHOUT: &str = "without a screen there are the commands show, add, remove, set, room, affiliate, catalog, sets, \
                       export, import, check, history, undo and redo: see hatrack --help";

/// How the screen should be: what the command line says, else the configuration, else as it comes.
#[derive(Debug, Default)]
pub(super) struct ScreenSettings {
    /// Whether the mouse is listened to.
    pub(super) mouse: bool,
    /// How it looks.
    pub(super) look: LookOptions,
    /// Lines of words, for screen readers.
    pub(super) plain: bool,
    /// The keys of the commands.
    pub(super) keymap: Keymap,
}

/// Opens the screen on the data file.
pub(super) fn run(place: &SessionContext, settings: &ScreenSettings) -> Result<(), Failure> {
    let start = Start {
        file: shortened(
            &place.file,
            directories::BaseDirs::new()
                .as_ref()
                .map(directories::BaseDirs::home_dir),
        ),
        actor: place.actor.to_string(),
        scope: place.scope.clone(),
        demo: false,
        mouse: settings.mouse,
        zone: Some(time_zone(place.restricted())),
        keymap: settings.keymap.clone(),
    };
    let options = StoreOptions {
        actor: place.actor.to_string(),
        scope: place.scope.clone(),
    };
    // By the name alone: after a dropped line people come back from another address.
    let drafts = place
        .state
        .as_deref()
        .map(|folder| Drafts::new(folder, &place.actor.name, &place.file));
    show(
        start,
        WardrobeSource::File(place.file.clone(), options),
        drafts
            .transpose()
            .map_err(|error| Failure::error(error.to_string()))?,
        settings,
    )
}

/// Opens the screen on a sample; nothing is written.
pub(super) fn demo(actor: Option<&str>, settings: &ScreenSettings) -> Result<(), Failure> {
    let wardrobe = read::wardrobe(SAMPLE).map_err(|error| Failure::error(error.to_string()))?;
    let start = Start {
        file: "a sample".into(),
        actor: actor.unwrap_or("you").into(),
        demo: true,
        mouse: settings.mouse,
        zone: Some(time_zone(false)),
        keymap: settings.keymap.clone(),
        ..Start::default()
    };
    show(start, WardrobeSource::Memory(wardrobe), None, settings)
}

fn show(
    start: Start,
    source: WardrobeSource,
    drafts: Option<Drafts>,
    settings: &ScreenSettings,
) -> Result<(), Failure> {
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let look = settings.look.resolve(variable);
    let job = SessionJob {
        start,
        source,
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
        // Also where all went as it was wanted there may be something to say.
        Ok(SessionEnd { status, message }) => Err(Failure::with(status, message.unwrap_or_default())),
        Err(none @ (NoTerminal::NotATerminal(_) | NoTerminal::Dumb(_))) => {
            Err(Failure::usage(format!("{none}; {WITHOUT}")))
        }
        Err(failed @ (NoTerminal::Failed(_) | NoTerminal::NoThread(_))) => {
            Err(Failure::error(failed.to_string()))
        }
    }
}

/// A path as people write it: `~` for the home folder.
fn shortened(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(inside) => Path::new("~").join(inside).display().to_string(),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_folder_is_a_tilde() {
        let home = Some(Path::new("/home/terry"));
        assert_eq!(
            shortened(Path::new("/home/terry/a/hats.json"), home),
            "~/a/hats.json"
        );
        assert_eq!(
            shortened(Path::new("/home/terry2/hats.json"), home),
            "/home/terry2/hats.json"
        );
        assert_eq!(shortened(Path::new("hats.json"), None), "hats.json");
    }
}
