//! Files that the moderator names on the screen: read and written in a thread of their own, as a disk may be slow.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use super::event::RunnerEvent;
use crate::app::prompt::{ExportOutcome, ExportRequest};
use crate::app::{Msg, Start};
use crate::exchange::{self, FileFormat, ImportErrors, ParsedImport};
use crate::model::Wardrobe;
use crate::store::{self, WriteOutcome};
use crate::ui::text;

/// Whether this session may have to do with files of the moderator's choosing. What is on the screen does not offer it
/// then; this is the second lock.
fn is_limited(start: &Start) -> bool {
    start.scope.rooms.is_some() || start.scope.read_only
}

const LIMITED: &str = "not in a session limited by --room or --read-only";

/// The screen has the streams.
const NO_STREAM: &str = "\"-\" is no file here; for a file of that name type ./-";

pub(super) fn import(path: String, start: &Start, tell: &Sender<RunnerEvent>) {
    let limited = is_limited(start);
    answer(tell, move || {
        let given = if limited {
            Err(ImportErrors::whole(LIMITED))
        } else {
            read(&path)
        };
        Msg::Imported(path, given.map(Box::new))
    });
}

fn read(path: &str) -> Result<ParsedImport, ImportErrors> {
    if store::is_stream(Path::new(path)) {
        return Err(ImportErrors::whole(NO_STREAM));
    }
    let bytes = store::read_only_file(Path::new(path));
    let bytes = bytes.map_err(|error| ImportErrors::whole(error.to_string()))?;
    exchange::read(&bytes, FileFormat::of(path, &bytes))
}

pub(super) fn export(
    export: ExportRequest,
    wardrobe: Wardrobe,
    (start, data): (&Start, Option<PathBuf>),
    tell: &Sender<RunnerEvent>,
) {
    let limited = is_limited(start) || start.demo;
    answer(tell, move || {
        let result = if limited {
            Err(LIMITED.into())
        } else {
            write(&export, &wardrobe, data.as_deref())
        };
        Msg::Exported(export, result)
    });
}

fn write(export: &ExportRequest, wardrobe: &Wardrobe, data: Option<&Path>) -> Result<ExportOutcome, String> {
    if store::is_stream(Path::new(&export.path)) {
        return Err(NO_STREAM.into());
    }
    let made = exchange::export(wardrobe, &export.part, export.form);
    let made = made.ok_or("what was to be exported is not there any more")?;
    let bytes = match export.form {
        FileFormat::Json => text::harmless_json_bytes(made.bytes),
        FileFormat::Csv => made.bytes,
    };
    let written = store::write_file(Path::new(&export.path), &bytes, export.over, data);
    match written.map_err(|error| error.to_string())? {
        WriteOutcome::Done => Ok(ExportOutcome::Done(made.lost)),
        WriteOutcome::Exists => Ok(ExportOutcome::Exists),
    }
}

/// Does it in a thread of its own, and tells the answer.
fn answer(tell: &Sender<RunnerEvent>, work: impl FnOnce() -> Msg + Send + 'static) {
    let voice = tell.clone();
    let thread = super::threads::builder("files").spawn(move || {
        // Whoever does not listen any more has left.
        let _ = voice.send(RunnerEvent::Answer(Box::new(work())));
    });
    if let Err(error) = thread {
        let _ = tell.send(RunnerEvent::Answer(Box::new(Msg::Note(format!(
            "not done: {error}"
        )))));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::exchange::ExportScope;
    use crate::store::Scope;

    fn limited() -> Vec<Start> {
        let start = |rooms: Option<_>, read_only| Start {
            scope: Scope { rooms, read_only },
            ..Start::default()
        };
        vec![start(Some([].into()), false), start(None, true)]
    }

    /// What the thread answers.
    fn answered(ask: impl FnOnce(&Sender<RunnerEvent>)) -> Msg {
        let (tell, told) = channel();
        ask(&tell);
        match told.recv().unwrap() {
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
            part: ExportScope::All,
            form: FileFormat::Csv,
            over: true,
        };
        let demo = Start {
            demo: true,
            ..Start::default()
        };
        for start in limited() {
            let msg = answered(|tell| import(name(&there), &start, tell));
            assert!(matches!(msg, Msg::Imported(_, Err(_))), "{msg:?}");
        }
        for start in limited().into_iter().chain([demo]) {
            let msg = answered(|tell| export(wanted.clone(), Wardrobe::default(), (&start, None), tell));
            assert!(matches!(msg, Msg::Exported(_, Err(_))), "{msg:?}");
        }
        assert!(!new.exists());
        let free = Start::default();
        let msg = answered(|tell| import(name(&there), &free, tell));
        assert!(matches!(msg, Msg::Imported(_, Ok(_))), "{msg:?}");
        let msg = answered(|tell| export(wanted.clone(), Wardrobe::default(), (&free, None), tell));
        assert!(
            matches!(msg, Msg::Exported(_, Ok(ExportOutcome::Done(_)))),
            "{msg:?}"
        );
        assert!(new.exists());
    }
}
