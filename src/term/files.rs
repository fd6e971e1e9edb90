//! Files that the moderator names on the screen: read and written in a thread of their own, as a disk may be slow.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::thread;

use super::told::Happened;
use crate::app::prompt::{Export, Exported};
use crate::app::{Msg, Start};
use crate::exchange::{self, Form, Given, Refused};
use crate::model::Wardrobe;
use crate::store::{self, Written};

/// Whether this session may have to do with files of the moderator's choosing. What is on the screen does not offer it
/// then; this is the second lock.
fn is_limited(start: &Start) -> bool {
    start.scope.rooms.is_some() || start.scope.read_only
}

const LIMITED: &str = "not in a session limited by --room or --read-only";

pub(super) fn import(path: String, start: &Start, tell: &Sender<Happened>) {
    let limited = is_limited(start);
    answer(tell, move || {
        let given = if limited {
            Err(Refused::whole(LIMITED))
        } else {
            read(&path)
        };
        Msg::Imported(path, given.map(Box::new))
    });
}

fn read(path: &str) -> Result<Given, Refused> {
    let bytes = store::read_only_file(&expanded(path));
    let bytes = bytes.map_err(|error| Refused::whole(error.to_string()))?;
    exchange::read(&bytes, Form::of(path, &bytes))
}

pub(super) fn export(
    export: Export,
    wardrobe: Wardrobe,
    (start, data): (&Start, Option<PathBuf>),
    tell: &Sender<Happened>,
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

fn write(export: &Export, wardrobe: &Wardrobe, data: Option<&Path>) -> Result<Exported, String> {
    let made = exchange::export(wardrobe, &export.part, export.form);
    let made = made.ok_or("what was to be exported is not there any more")?;
    let written = store::write_file(&expanded(&export.path), &made.bytes, export.over, data);
    match written.map_err(|error| error.to_string())? {
        Written::Done => Ok(Exported::Done(made.lost)),
        Written::Exists => Ok(Exported::Exists),
    }
}

/// `~` is the home folder, as in a shell.
fn expanded(path: &str) -> PathBuf {
    let home = directories::BaseDirs::new();
    match (path.strip_prefix("~/"), home) {
        (Some(inside), Some(home)) => home.home_dir().join(inside),
        _ => path.into(),
    }
}

/// Does it in a thread of its own, and tells the answer.
fn answer(tell: &Sender<Happened>, work: impl FnOnce() -> Msg + Send + 'static) {
    let voice = tell.clone();
    let thread = thread::Builder::new().spawn(move || {
        // Whoever does not listen any more has left.
        let _ = voice.send(Happened::Answer(Box::new(work())));
    });
    if let Err(error) = thread {
        let _ = tell.send(Happened::Answer(Box::new(Msg::Note(format!(
            "not done: {error}"
        )))));
    }
}
