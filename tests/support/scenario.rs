//! Scenarios as data: what somebody does, and what they see, in a file that reads like a story. `docs/testing.md` has the
//! words of it.

use std::path::{Path, PathBuf};

use hatrack::app::Pane;
use hatrack::model::{self, Wardrobe};

/// One scenario.
pub(crate) struct Scenario {
    /// Its file's name.
    pub(crate) name: String,
    /// Whether it runs on a terminal with the real program too.
    pub(crate) on_terminal: bool,
    /// What happens, each with its line.
    pub(crate) steps: Vec<(usize, Step)>,
}

/// One step of a scenario.
#[derive(Debug)]
pub(crate) enum Step {
    /// With what it begins, and the size of the screen.
    Start(Box<Wardrobe>, (u16, u16)),
    /// Keys by name.
    Keys(String),
    /// A text, character by character.
    Type(String),
    /// A text at once.
    Paste(String),
    /// The mouse does this where the screen has this text first.
    Mouse(Mouse, String),
    /// Another size of the screen.
    Size(u16, u16),
    /// Exactly these lines are in the pane; `>` marks the selected one.
    Lines(Pane, Vec<String>),
    /// The pane has the focus.
    Focus(Pane),
    /// The screen has this text somewhere, or has not.
    See(String, bool),
    /// The file has this value there (`-`: nothing).
    Json(String, Option<serde_json::Value>),
    /// Somebody else runs a command on the same file: its words.
    Other(Vec<String>),
    /// There is a file of this name, with this in it.
    File(String, String),
    /// The file of this name has this in it.
    Contains(String, String),
    /// From now on nothing can be written, or again.
    Full(bool),
    /// The line is cut; the next start offers what was typed.
    Cut,
    /// The session has ended by itself with this status.
    Ended(u8),
}

/// What the mouse does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mouse {
    Click,
    Double,
    WheelUp,
    WheelDown,
}

/// Where the screen has a text first: column and row.
pub(crate) fn place(lines: &[String], text: &str) -> Option<(u16, u16)> {
    (0..).zip(lines).find_map(|(row, line)| {
        let before = line.get(..line.find(text)?)?;
        Some((hatrack::ui::text::width(before).try_into().ok()?, row))
    })
}

/// All scenarios, in the order of their names.
pub(crate) fn all() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
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
    for (at, line) in text.lines().enumerate() {
        let place = || format!("{}:{}", path.display(), at + 1);
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
        scenario.steps.push((at + 1, step));
    }
    scenario
}

/// `empty` or the path of a data file; and a size.
fn start(rest: &str) -> Step {
    let (what, sized) = rest.rsplit_once(' ').unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wardrobe = match what {
        "empty" => Wardrobe::default(),
        file => model::read::wardrobe(&std::fs::read(folder.join(file)).unwrap()).unwrap(),
    };
    Step::Start(Box::new(wardrobe), size(sized))
}

fn size(text: &str) -> (u16, u16) {
    let (columns, rows) = text.split_once('x').unwrap();
    (columns.parse().unwrap(), rows.parse().unwrap())
}

/// The key of that name as a terminal sends it.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
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
