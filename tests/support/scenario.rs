//! Reads scenarios: files with the steps of a moderator and the expected screens. `docs/testing.md` lists the steps.

use std::path::{Path, PathBuf};

use hatrack::app::Pane;
use hatrack::model::{self, Wardrobe};

/// A scenario.
pub(crate) struct Scenario {
    /// The name of its file, without the extension.
    pub(crate) name: String,
    /// Whether it also runs with the real program on a terminal.
    pub(crate) on_terminal: bool,
    /// The steps, each with its line number, starting at 1.
    pub(crate) steps: Vec<(usize, Step)>,
}

/// A step of a scenario.
#[derive(Debug)]
pub(crate) enum Step {
    /// Starts with this wardrobe and this size of the screen (columns, rows).
    Start(Box<Wardrobe>, (u16, u16)),
    /// Presses keys, given by their names.
    Keys(String),
    /// Types a text, character by character.
    Type(String),
    /// Pastes a text.
    Paste(String),
    /// Uses the mouse at the first occurrence of this text on the screen.
    Mouse(Mouse, String),
    /// Changes the size of the screen (columns, rows).
    Size(u16, u16),
    /// Checks that the pane has exactly these lines; `>` marks the selected one.
    Lines(Pane, Vec<String>),
    /// Checks that the pane has the focus.
    Focus(Pane),
    /// Checks that the screen contains this text (true), or does not contain it (false).
    See(String, bool),
    /// Checks that the data file has this value at a JSON pointer; `None` (`-` in the scenario): no value.
    Json(String, Option<serde_json::Value>),
    /// As someone else, runs a command, given by its words, on the same data file.
    Other(Vec<String>),
    /// Writes a file with this name and content.
    File(String, String),
    /// Checks that the file with this name contains this text.
    Contains(String, String),
    /// From now on, nothing can be written to the disk (true), or it can be written again (false).
    Full(bool),
    /// Cuts the connection; then a new session starts, which offers the draft.
    Cut,
    /// Checks that the session has ended by itself with this exit code.
    Ended(u8),
}

/// An action of the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mouse {
    Click,
    Double,
    WheelUp,
    WheelDown,
}

/// Returns the column and row of the first occurrence of a text on the screen.
pub(crate) fn position_of(lines: &[String], text: &str) -> Option<(u16, u16)> {
    (0..).zip(lines).find_map(|(row, line)| {
        let before = line.get(..line.find(text)?)?;
        Some((hatrack::ui::text::width(before).try_into().ok()?, row))
    })
}

/// Returns all scenarios, in the order of their names.
pub(crate) fn all() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Scenario {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).unwrap();
    let mut scenario = Scenario {
        name,
        on_terminal: false,
        steps: Vec::new(),
    };
    for (index, line) in text.lines().enumerate() {
        let place = || format!("{}:{}", path.display(), index + 1);
        if let Some(row) = line.strip_prefix("  |") {
            match scenario.steps.last_mut() {
                Some((_, Step::Lines(_, lines))) => lines.push(row.trim_end().to_owned()),
                other => panic!("{}: a row of no pane, after {other:?}", place()),
            }
            continue;
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let step = match word {
            "" | "#" => continue,
            "terminal" => {
                scenario.on_terminal = true;
                continue;
            }
            "start" => start(rest),
            "keys" => Step::Keys(rest.into()),
            "type" => Step::Type(rest.into()),
            "paste" => Step::Paste(rest.replace("\\n", "\n").replace("\\e", "\u{1b}")),
            "click" => Step::Mouse(Mouse::Click, rest.into()),
            "double" => Step::Mouse(Mouse::Double, rest.into()),
            "wheel" => match rest.split_once(' ') {
                Some(("up", text)) => Step::Mouse(Mouse::WheelUp, text.into()),
                Some(("down", text)) => Step::Mouse(Mouse::WheelDown, text.into()),
                _ => panic!("{}: the wheel turns up or down, over a text", place()),
            },
            "size" => {
                let (columns, rows) = size(rest);
                Step::Size(columns, rows)
            }
            "rooms" => Step::Lines(Pane::First, Vec::new()),
            "users" => Step::Lines(Pane::Second, Vec::new()),
            "hats" => Step::Lines(Pane::Third, Vec::new()),
            "focus" => Step::Focus(match rest {
                "rooms" => Pane::First,
                "users" => Pane::Second,
                "hats" => Pane::Third,
                other => panic!("{}: no pane is called {other}", place()),
            }),
            "see" => Step::See(rest.into(), true),
            "gone" => Step::See(rest.into(), false),
            "json" => {
                let (pointer, value) = rest.split_once(' ').unwrap();
                let value = (value != "-")
                    .then(|| serde_json::from_str(value).unwrap_or_else(|_| panic!("{}", place())));
                Step::Json(pointer.into(), value)
            }
            "other" => Step::Other(rest.split(' ').map(Into::into).collect()),
            "file" => {
                let (name, content) = rest.split_once(' ').unwrap();
                Step::File(name.into(), content.replace("\\n", "\n"))
            }
            "contains" => {
                let (name, text) = rest.split_once(' ').unwrap();
                Step::Contains(name.into(), text.into())
            }
            "disk" => Step::Full(rest == "full"),
            "cut" => Step::Cut,
            "ended" => Step::Ended(rest.parse().unwrap()),
            _ => panic!("{}: {word} is no step", place()),
        };
        scenario.steps.push((index + 1, step));
    }
    scenario
}

/// Parses the start: `empty` or the path of a data file, and a size.
fn start(rest: &str) -> Step {
    let (wardrobe_source, size_text) = rest.rsplit_once(' ').unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wardrobe = match wardrobe_source {
        "empty" => Wardrobe::default(),
        file => model::read::wardrobe(&std::fs::read(folder.join(file)).unwrap()).unwrap(),
    };
    Step::Start(Box::new(wardrobe), size(size_text))
}

fn size(text: &str) -> (u16, u16) {
    let (columns, rows) = text.split_once('x').unwrap();
    (columns.parse().unwrap(), rows.parse().unwrap())
}

/// Returns the bytes that a terminal sends for the key with this name.
pub(crate) fn key_bytes(name: &str) -> Vec<u8> {
    match name {
        "Enter" => b"\r".to_vec(),
        "Esc" => b"\x1b".to_vec(),
        "Tab" => b"\t".to_vec(),
        "Shift-Tab" => b"\x1b[Z".to_vec(),
        "Backspace" => b"\x7f".to_vec(),
        "Del" => b"\x1b[3~".to_vec(),
        "Left" => b"\x1b[D".to_vec(),
        "Right" => b"\x1b[C".to_vec(),
        "Up" => b"\x1b[A".to_vec(),
        "Down" => b"\x1b[B".to_vec(),
        "Home" => b"\x1b[H".to_vec(),
        "End" => b"\x1b[F".to_vec(),
        "PgUp" => b"\x1b[5~".to_vec(),
        "PgDn" => b"\x1b[6~".to_vec(),
        "Space" => b" ".to_vec(),
        ctrl if ctrl.starts_with("Ctrl-") => vec![ctrl.as_bytes()[5] & 31],
        other => other.as_bytes().to_vec(),
    }
}
