//! The scenarios marked `terminal`, with the real program and a real file.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::thread;
use std::time::{Duration, Instant};

use hatrack::model::{Wardrobe, write};
use rustix::process::Signal;

use super::scenario::{self, Mouse, Scenario, Step, key_bytes};
use super::stage::{Home, Stage};

/// Pause after ESC, so that the next byte is another key and not the rest of a sequence.
const AFTER_ESC: Duration = Duration::from_millis(150);
/// Timeout for a value to appear in the file.
const TIMEOUT: Duration = Duration::from_secs(30);

#[test]
fn scenarios_run_in_terminal() {
    let marked: Vec<Scenario> = scenario::all()
        .into_iter()
        .filter(|scenario| scenario.on_terminal)
        .collect();
    assert!(marked.len() > 3, "the scenarios were not found");
    for scenario in &marked {
        let mut runner = ScenarioRunner {
            home: Home::new(),
            stage: None,
            size: (80, 24),
        };
        for (line, step) in &scenario.steps {
            eprintln!("{}, line {line}: {step:?}", scenario.name);
            runner.run(step);
        }
    }
}

struct ScenarioRunner {
    home: Home,
    stage: Option<Stage>,
    size: (u16, u16),
}

impl ScenarioRunner {
    fn stage(&mut self) -> &mut Stage {
        let (home, size) = (&self.home, self.size);
        self.stage.get_or_insert_with(|| {
            let stage = Stage::start(home, &[super::stage::HATRACK], size);
            stage.see("saved");
            stage
        })
    }

    fn run(&mut self, step: &Step) {
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
            Step::Mouse(action, text) => self.mouse(*action, text),
            Step::Size(columns, rows) => self.stage().resize((*columns, *rows)),
            Step::Lines(_, rows) => rows.iter().for_each(|row| self.stage().see(row.trim())),
            // The focus is not checked on a terminal.
            Step::Focus(_) => {}
            Step::See(text, true) => self.stage().see(text),
            Step::See(text, false) => {
                self.stage()
                    .until(&format!("{text:?} is gone"), |output| !output.shows(text));
            }
            Step::Json(pointer, expected) => self.file_has(pointer, expected.as_ref()),
            Step::Other(words) => {
                let mut line: Vec<&str> = words.iter().map(String::as_str).collect();
                if line.len() == 5 && line.first() == Some(&"add") {
                    line.insert(4, "--title");
                }
                self.home.run(&line);
            }
            Step::File(name, content) => std::fs::write(self.home.path(name), content).unwrap(),
            Step::Contains(name, text) => {
                let content = std::fs::read_to_string(self.home.path(name)).unwrap_or_default();
                assert!(content.contains(text), "{text:?} is not in {name}:\n{content}");
            }
            Step::Full(_) => panic!("a scenario on a terminal cannot have a full disk"),
            Step::Cut => {
                let mut stage = self.stage.take().unwrap();
                stage.signal(Signal::HUP);
                assert_eq!(stage.end(), 129);
                self.stage();
            }
            Step::Ended(status) => {
                assert_eq!(self.stage().end(), u32::from(*status));
                assert_eq!(self.home.unexpected_files(), Vec::<String>::new());
            }
        }
    }

    /// Sends mouse reports at the position of a text. Positions in reports are counted from 1.
    fn mouse(&mut self, action: Mouse, text: &str) {
        self.stage().see(text);
        let columns = self.size.0;
        let lines: Vec<String> = {
            let output = self.stage().output();
            let screen = output.parser.screen();
            assert_eq!(
                screen.mouse_protocol_mode(),
                vt100::MouseProtocolMode::PressRelease
            );
            screen.rows(0, columns).collect()
        };
        let (x, y) = scenario::position_of(&lines, text).unwrap();
        let report = |button: u8| format!("\x1b[<{button};{};{}M", x + 1, y + 1);
        let click = format!("{}\x1b[<0;{};{}m", report(0), x + 1, y + 1);
        self.stage().press(&match action {
            Mouse::Click => click,
            Mouse::Double => click.repeat(2),
            Mouse::WheelUp => report(64),
            Mouse::WheelDown => report(65),
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
        let end = Instant::now() + TIMEOUT;
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
                .map(|stage| stage.output().text())
                .unwrap_or_default();
            assert!(
                Instant::now() < end,
                "{pointer} is {found:?}, not {expected:?}; the screen is\n{screen}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}
