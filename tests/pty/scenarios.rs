//! The scenarios marked `terminal`, with the real program and a real file.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::thread;
use std::time::{Duration, Instant};

use hatrack::model::{Wardrobe, write};
use rustix::process::Signal;

use super::scenario::{self, Mouse, Scenario, Step, key_bytes};
use super::stage::{Home, Stage};

/// A lone ESC waits for the rest of a sequence; after this time the next byte is another key.
const AFTER_ESC: Duration = Duration::from_millis(150);
/// Timeout for a value to appear in the file.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn scenarios_run_in_terminal() {
    let marked: Vec<Scenario> = scenario::all()
        .into_iter()
        .filter(|scenario| scenario.on_terminal)
        .collect();
    assert!(marked.len() > 3, "the scenarios are not where they should be");
    for scenario in &marked {
        let mut play = Play {
            home: Home::new(),
            stage: None,
            size: (80, 24),
        };
        for (line, step) in &scenario.steps {
            eprintln!("{}, line {line}: {step:?}", scenario.name);
            play.take(step);
        }
    }
}

struct Play {
    home: Home,
    stage: Option<Stage>,
    size: (u16, u16),
}

impl Play {
    fn stage(&mut self) -> &mut Stage {
        let (home, size) = (&self.home, self.size);
        self.stage.get_or_insert_with(|| {
            let stage = Stage::start(home, &[super::stage::HATRACK], size);
            stage.see("saved");
            stage
        })
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Start(wardrobe, size) => self.start(wardrobe, *size),
            Step::Keys(names) => {
                for name in names.split_whitespace() {
                    let sent = String::from_utf8(key_bytes(name)).unwrap();
                    self.stage().press(&sent);
                    if name == "Esc" {
                        thread::sleep(AFTER_ESC);
                    }
                }
            }
            Step::Type(text) => self.stage().press(text),
            Step::Paste(text) => self.stage().press(&format!("\x1b[200~{text}\x1b[201~")),
            Step::Mouse(what, text) => self.mouse(*what, text),
            Step::Size(columns, rows) => self.stage().resize((*columns, *rows)),
            Step::Lines(_, rows) => rows.iter().for_each(|row| self.stage().see(row.trim())),
            // Only visible in the state.
            Step::Focus(_) => {}
            Step::See(text, true) => self.stage().see(text),
            Step::See(text, false) => {
                self.stage()
                    .until(&format!("{text:?} is gone"), |seen| !seen.shows(text));
            }
            Step::Json(pointer, expected) => self.file_has(pointer, expected.as_ref()),
            Step::Other(words) => {
                let mut line: Vec<&str> = words.iter().map(String::as_str).collect();
                if line.len() == 5 && line.first() == Some(&"add") {
                    line.insert(4, "--title");
                }
                self.home.does(&line);
            }
            Step::File(name, content) => std::fs::write(self.home.path(name), content).unwrap(),
            Step::Contains(name, text) => {
                let there = std::fs::read_to_string(self.home.path(name)).unwrap_or_default();
                assert!(there.contains(text), "{text:?} is not in {name}:\n{there}");
            }
            Step::Full(_) => panic!("a full disk is for a test of its own"),
            Step::Cut => {
                let mut stage = self.stage.take().unwrap();
                stage.signal(Signal::HUP);
                assert_eq!(stage.end(), 129);
                self.stage();
            }
            Step::Ended(status) => {
                assert_eq!(self.stage().end(), u32::from(*status));
                assert_eq!(self.home.left_behind(), Vec::<String>::new());
            }
        }
    }

    /// A mouse report: the position of the text, counted from 1.
    fn mouse(&mut self, what: Mouse, text: &str) {
        self.stage().see(text);
        let columns = self.size.0;
        let lines: Vec<String> = {
            let seen = self.stage().seen();
            let screen = seen.parser.screen();
            assert_eq!(
                screen.mouse_protocol_mode(),
                vt100::MouseProtocolMode::PressRelease
            );
            screen.rows(0, columns).collect()
        };
        let (x, y) = scenario::position_of(&lines, text).unwrap();
        let sent = |button: u8| format!("\x1b[<{button};{};{}M", x + 1, y + 1);
        let click = format!("{}\x1b[<0;{};{}m", sent(0), x + 1, y + 1);
        self.stage().press(&match what {
            Mouse::Click => click,
            Mouse::Double => click.repeat(2),
            Mouse::WheelUp => sent(64),
            Mouse::WheelDown => sent(65),
        });
    }

    fn start(&mut self, wardrobe: &Wardrobe, size: (u16, u16)) {
        self.size = size;
        if *wardrobe != Wardrobe::default() {
            let file = self.home.path(".config/hatrack/hats.json");
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, write::wardrobe(wardrobe)).unwrap();
        }
        let stage = Stage::start(&self.home, &[super::stage::HATRACK], size);
        stage.see(if *wardrobe == Wardrobe::default() {
            "new file"
        } else {
            "saved"
        });
        self.stage = Some(stage);
    }

    /// Waits until the file has this value, since saving takes time.
    fn file_has(&mut self, pointer: &str, expected: Option<&serde_json::Value>) {
        let file = self.home.path(".config/hatrack/hats.json");
        let end = Instant::now() + PATIENCE;
        loop {
            // The file is created with the first change.
            let bytes = std::fs::read(&file).unwrap_or_else(|_| b"null".to_vec());
            let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            let found = document.pointer(pointer);
            if found == expected {
                return;
            }
            let screen = self
                .stage
                .as_ref()
                .map(|stage| stage.seen().text())
                .unwrap_or_default();
            assert!(
                Instant::now() < end,
                "{pointer} is {found:?}, not {expected:?}; the screen is\n{screen}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}
