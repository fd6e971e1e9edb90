//! Imports and exports of files named by the user, in threads, because disks may be slow.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use super::event::RunnerEvent;
use crate::app::prompt::{ExportOutcome, ExportRequest};
use crate::app::{Msg, Start};
use crate::exchange::{self, FileFormat, ImportErrors, ImportFormat, ParsedImport};
use crate::model::Wardrobe;
use crate::store::{self, WriteOutcome};
use crate::ui::text;

/// Whether this session must not access arbitrary files. The screen does not offer it then; this is a second check.
fn is_restricted(start: &Start) -> bool {
    start.scope.rooms.is_some() || start.scope.read_only
}

const RESTRICTED: &str = "Not available in a session restricted by --room or --read-only";

/// The screen uses the standard streams itself.
const NO_STREAM: &str = "\"-\" is not a file name here; for a file called - type ./-";

pub(super) fn import(path: String, start: &Start, events: &Sender<RunnerEvent>) {
    let restricted = is_restricted(start);
    answer(events, move || {
        let given = if restricted {
            Err(ImportErrors::whole(RESTRICTED))
        } else {
            read(&path)
        };
        Msg::Imported(path, given.map(Box::new))
    });
}

fn read(path: &str) -> Result<ParsedImport, ImportErrors> {
    if store::is_dash(Path::new(path)) {
        return Err(ImportErrors::whole(NO_STREAM));
    }
    let bytes = store::read_regular_file(Path::new(path));
    let bytes = bytes.map_err(|error| ImportErrors::whole(error.to_string()))?;
    exchange::read(&bytes, ImportFormat::detect(path, &bytes))
}

pub(super) fn export(
    export: ExportRequest,
    wardrobe: Wardrobe,
    (start, data): (&Start, Option<PathBuf>),
    events: &Sender<RunnerEvent>,
) {
    let restricted = is_restricted(start) || start.demo;
    answer(events, move || {
        let result = if restricted {
            Err(RESTRICTED.into())
        } else {
            write(&export, &wardrobe, data.as_deref())
        };
        Msg::Exported(export, result)
    });
}

fn write(export: &ExportRequest, wardrobe: &Wardrobe, data: Option<&Path>) -> Result<ExportOutcome, String> {
    if store::is_dash(Path::new(&export.path)) {
        return Err(NO_STREAM.into());
    }
    let made = exchange::export(wardrobe, &export.scope, export.format);
    let made = made.ok_or("The exported item no longer exists")?;
    let bytes = match export.format {
        FileFormat::Json => text::escape_json_bytes(made.bytes),
        FileFormat::Csv => made.bytes,
    };
    let written = store::write_file(Path::new(&export.path), &bytes, export.overwrite, data);
    match written.map_err(|error| error.to_string())? {
        WriteOutcome::Written => Ok(ExportOutcome::Done(made.omitted)),
        WriteOutcome::AlreadyExists => Ok(ExportOutcome::Exists),
    }
}

/// Does the work in a thread and sends its result.
fn answer(events: &Sender<RunnerEvent>, work: impl FnOnce() -> Msg + Send + 'static) {
    let results = events.clone();
    let thread = super::threads::builder("files").spawn(move || {
        // Nobody receives it if the session has ended.
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
    use crate::store::Scope;

    fn restricted() -> Vec<Start> {
        let start = |rooms: Option<_>, read_only| Start {
            scope: Scope { rooms, read_only },
            ..Start::default()
        };
        vec![start(Some([].into()), false), start(None, true)]
    }

    /// The message that the thread sends.
    fn answered(ask: impl FnOnce(&Sender<RunnerEvent>)) -> Msg {
        let (events, received) = channel();
        ask(&events);
        match received.recv().unwrap() {
            RunnerEvent::Answer(msg) => *msg,
            _ => panic!("no answer"),
        }
    }

    #[test]
    fn restricted_session_accesses_no_files() {
        let home = tempfile::tempdir().unwrap();
        let (there, new) = (home.path().join("a.csv"), home.path().join("b.csv"));
        std::fs::write(&there, "room\nr@c.example\n").unwrap();
        let name = |path: &Path| path.to_str().unwrap().to_owned();
        let wanted = ExportRequest {
            path: name(&new),
            scope: ExportScope::All,
            format: FileFormat::Csv,
            overwrite: true,
        };
        let demo = Start {
            demo: true,
            ..Start::default()
        };
        for start in restricted() {
            let msg = answered(|events| import(name(&there), &start, events));
            assert!(matches!(msg, Msg::Imported(_, Err(_))), "{msg:?}");
        }
        for start in restricted().into_iter().chain([demo]) {
            let msg = answered(|events| export(wanted.clone(), Wardrobe::default(), (&start, None), events));
            assert!(matches!(msg, Msg::Exported(_, Err(_))), "{msg:?}");
        }
        assert!(!new.exists());
        let free = Start::default();
        let msg = answered(|events| import(name(&there), &free, events));
        assert!(matches!(msg, Msg::Imported(_, Ok(_))), "{msg:?}");
        let msg = answered(|events| export(wanted.clone(), Wardrobe::default(), (&free, None), events));
        assert!(
            matches!(msg, Msg::Exported(_, Ok(ExportOutcome::Done(_)))),
            "{msg:?}"
        );
        assert!(new.exists());
    }
}
