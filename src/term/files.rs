//! Work with files other than the data file, in threads, because disks may be slow: imports, exports, the completion of
//! paths, and saving a theme.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use super::event::RunnerEvent;
use super::themes::ThemeFile;
use crate::app::path_completion::{self, FolderEntry};
use crate::app::prompt::{ExportOutcome, ExportRequest};
use crate::app::{Msg, SessionOptions};
use crate::exchange::{self, FileFormat, ImportErrors, ImportFormat, ParsedImport};
use crate::model::Wardrobe;
use crate::store::{self, WriteOutcome};
use crate::ui::text;

/// Whether this session must not access arbitrary files. The screen then does not offer such work; this is a second
/// check.
fn is_restricted(start: &SessionOptions) -> bool {
    start.scope.is_restricted()
}

const RESTRICTED: &str = "Not available in a restricted session";

/// The error for `-`, because the screen uses the standard streams itself.
const NO_STREAM: &str = "\"-\" is not a file name here; for a file called - type ./-";

pub(super) fn import(path: String, start: &SessionOptions, events: &Sender<RunnerEvent>) {
    let restricted = is_restricted(start);
    run_in_thread(events, move || {
        let result = if restricted {
            Err(ImportErrors::of_file(RESTRICTED))
        } else {
            read(&path)
        };
        Msg::Imported(path, result.map(Box::new))
    });
}

fn read(path: &str) -> Result<ParsedImport, ImportErrors> {
    if store::is_dash(Path::new(path)) {
        return Err(ImportErrors::of_file(NO_STREAM));
    }
    let bytes = store::read_regular_file(Path::new(path));
    let bytes = bytes.map_err(|error| ImportErrors::of_file(error.to_string()))?;
    exchange::read(&bytes, ImportFormat::detect(path, &bytes))
}

/// Lists the possible completions of a typed path.
pub(super) fn list(typed: String, start: &SessionOptions, events: &Sender<RunnerEvent>) {
    let restricted = is_restricted(start);
    run_in_thread(events, move || {
        let entries = if restricted { Vec::new() } else { entries(&typed) };
        Msg::FolderListed(typed, entries)
    });
}

/// Maximum number of names that are listed.
const MAX_NAMES: usize = 10_000;

/// The candidates in the folder of a path; none if the folder cannot be read.
fn entries(typed: &str) -> Vec<FolderEntry> {
    let (folder, beginning) = path_completion::split(typed);
    let folder = if folder.is_empty() { "./" } else { folder };
    let Ok(dir_entries) = std::fs::read_dir(store::expand_home(Path::new(folder))) else {
        return Vec::new();
    };
    let found = dir_entries.flatten().filter_map(|entry| {
        // A name that is not UTF-8 cannot be typed.
        let name = entry.file_name().into_string().ok()?;
        let is_folder = || std::fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_dir());
        path_completion::is_candidate(&name, beginning).then(|| FolderEntry {
            is_folder: is_folder(),
            name,
        })
    });
    found.take(MAX_NAMES).collect()
}

pub(super) fn export(
    export: ExportRequest,
    wardrobe: Wardrobe,
    (start, data_file): (&SessionOptions, Option<PathBuf>),
    events: &Sender<RunnerEvent>,
) {
    let restricted = is_restricted(start) || start.demo;
    run_in_thread(events, move || {
        let result = if restricted {
            Err(RESTRICTED.into())
        } else {
            write(&export, &wardrobe, data_file.as_deref())
        };
        Msg::Exported(export, result)
    });
}

fn write(
    export: &ExportRequest,
    wardrobe: &Wardrobe,
    data_file: Option<&Path>,
) -> Result<ExportOutcome, String> {
    if store::is_dash(Path::new(&export.path)) {
        return Err(NO_STREAM.into());
    }
    let exported = exchange::export(wardrobe, &export.scope, export.format);
    let exported = exported.ok_or("The exported item no longer exists")?;
    let bytes = match export.format {
        FileFormat::Json => text::escape_json_bytes(exported.bytes),
        FileFormat::Csv => exported.bytes,
    };
    let written = store::write_file(Path::new(&export.path), &bytes, export.overwrite, data_file);
    match written.map_err(|error| error.to_string())? {
        WriteOutcome::Written => Ok(ExportOutcome::Done(exported.omitted)),
        WriteOutcome::AlreadyExists => Ok(ExportOutcome::Exists),
    }
}

/// Saves the theme of this name in a configuration file; fails if there is no file or the session may not write it.
pub(super) fn save_theme(
    name: String,
    file: Option<ThemeFile>,
    start: &SessionOptions,
    events: &Sender<RunnerEvent>,
) {
    let file = file.filter(|_| !is_restricted(start) && !start.demo);
    run_in_thread(events, move || {
        let saved = match file {
            None => Err(RESTRICTED.into()),
            Some(file) => (file.save)(&file.path, &name).map(|()| file.path.display().to_string()),
        };
        Msg::ThemeSaved(name, saved)
    });
}

/// Does the work in a thread and sends the resulting message, or [`Msg::Failed`] if the thread cannot be started.
fn run_in_thread(events: &Sender<RunnerEvent>, work: impl FnOnce() -> Msg + Send + 'static) {
    let results = events.clone();
    let thread = super::threads::builder("files").spawn(move || {
        // Fails only if the session has ended.
        let _ = results.send(RunnerEvent::Answer(Box::new(work())));
    });
    if let Err(error) = thread {
        let _ = events.send(RunnerEvent::Answer(Box::new(Msg::Failed(format!(
            "Cannot start a thread: {error}"
        )))));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::exchange::ExportScope;
    use crate::model::Rights;
    use crate::store::Scope;

    fn restricted() -> Vec<SessionOptions> {
        let start = |rooms: Option<_>, read_only, no_affiliations| SessionOptions {
            scope: Scope {
                rooms,
                read_only,
                rights: Rights {
                    no_affiliations,
                    ..Rights::default()
                },
            },
            ..SessionOptions::default()
        };
        vec![
            start(Some([].into()), false, false),
            start(None, true, false),
            start(None, false, true),
        ]
    }

    /// The message that the thread sends.
    fn answer_to(request: impl FnOnce(&Sender<RunnerEvent>)) -> Msg {
        let (events, receiver) = channel();
        request(&events);
        match receiver.recv().unwrap() {
            RunnerEvent::Answer(msg) => *msg,
            _ => panic!("no answer"),
        }
    }

    #[test]
    fn restricted_session_accesses_no_files() {
        let home = tempfile::tempdir().unwrap();
        let (existing, new) = (home.path().join("a.csv"), home.path().join("b.csv"));
        std::fs::write(&existing, "room\nr@c.example\n").unwrap();
        let name = |path: &Path| path.to_str().unwrap().to_owned();
        let request = ExportRequest {
            path: name(&new),
            scope: ExportScope::All,
            format: FileFormat::Csv,
            overwrite: true,
        };
        let demo = SessionOptions {
            demo: true,
            ..SessionOptions::default()
        };
        for start in restricted() {
            let msg = answer_to(|events| import(name(&existing), &start, events));
            assert!(matches!(msg, Msg::Imported(_, Err(_))), "{msg:?}");
        }
        let beginning = format!("{}/", home.path().display());
        let listed = |start: &SessionOptions| match answer_to(|events| list(beginning.clone(), start, events))
        {
            Msg::FolderListed(_, entries) => entries.len(),
            other => panic!("{other:?}"),
        };
        assert!(restricted().iter().all(|start| listed(start) == 0));
        assert_eq!(listed(&SessionOptions::default()), 1);
        for start in restricted().into_iter().chain([demo]) {
            let msg =
                answer_to(|events| export(request.clone(), Wardrobe::default(), (&start, None), events));
            assert!(matches!(msg, Msg::Exported(_, Err(_))), "{msg:?}");
        }
        assert!(!new.exists());
        let save = |path: &Path, _: &str| std::fs::write(path, "theme").map_err(|error| error.to_string());
        let file = ThemeFile {
            path: home.path().join("config.toml"),
            save,
        };
        let saves = |start: &SessionOptions| {
            let msg = answer_to(|events| save_theme("mono".into(), Some(file.clone()), start, events));
            matches!(msg, Msg::ThemeSaved(_, Ok(_)))
        };
        assert!(restricted().iter().all(|start| !saves(start)));
        assert!(!file.path.exists());
        assert!(saves(&SessionOptions::default()) && file.path.exists());
        let normal = SessionOptions::default();
        let msg = answer_to(|events| import(name(&existing), &normal, events));
        assert!(matches!(msg, Msg::Imported(_, Ok(_))), "{msg:?}");
        let msg = answer_to(|events| export(request.clone(), Wardrobe::default(), (&normal, None), events));
        assert!(
            matches!(msg, Msg::Exported(_, Ok(ExportOutcome::Done(_)))),
            "{msg:?}"
        );
        assert!(new.exists());
    }
}
