//! A session without a terminal: keys in, screens out. The keeper is the one in memory, the clock is a counter.

#![allow(dead_code, reason = "each test file uses some of it")]

use hatrack::app::{Code, Effect, Key, Msg, Start, State, update};
use hatrack::model::{Wardrobe, read};
use hatrack::store::{Event, Memory, Request};
use hatrack::ui::{self, Theme};
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// A moderator at work.
pub(crate) struct Screen {
    pub(crate) state: State,
    pub(crate) memory: Memory,
    pub(crate) theme: Theme,
    /// The place of the cursor in the frame that was drawn last.
    pub(crate) cursor: Option<Position>,
    /// Requests are not answered: what is asked for stays on its way.
    pub(crate) hung: bool,
    now: Timestamp,
    ids: u32,
}

pub(crate) fn start() -> Start {
    Start {
        file: "~/.config/hatrack/hats.json".into(),
        actor: "terry@bastion".into(),
        ..Start::default()
    }
}

pub(crate) fn wardrobe(json: &str) -> Wardrobe {
    read::wardrobe(json.as_bytes()).unwrap()
}

impl Screen {
    /// With this wardrobe, open.
    pub(crate) fn new(wardrobe: Wardrobe) -> Self {
        let mut screen = Self::opening(wardrobe);
        let snapshot = screen.memory.snapshot();
        screen.tell(Msg::Store(Box::new(Event::Opened(snapshot))));
        screen
    }

    /// With this wardrobe, not read yet.
    pub(crate) fn opening(wardrobe: Wardrobe) -> Self {
        Self {
            state: State::new(start()),
            memory: Memory::new(wardrobe, "terry@bastion"),
            theme: Theme::default(),
            cursor: None,
            hung: false,
            now: "2026-11-25T10:00:00Z".parse().unwrap(),
            ids: 0,
        }
    }

    /// Something happens; what is asked for is answered at once.
    pub(crate) fn tell(&mut self, msg: Msg) {
        let mut waiting = update(&mut self.state, msg);
        while !waiting.is_empty() {
            for effect in std::mem::take(&mut waiting) {
                for answer in self.answer(effect) {
                    waiting.extend(update(&mut self.state, answer));
                }
            }
        }
    }

    fn answer(&mut self, effect: Effect) -> Vec<Msg> {
        match effect {
            Effect::Store(request) if !self.hung || matches!(request, Request::History(_)) => {
                self.now += SignedDuration::from_mins(7);
                self.memory
                    .handle(request, self.now)
                    .into_iter()
                    .map(|event| Msg::Store(Box::new(event)))
                    .collect()
            }
            Effect::NewId => {
                self.ids += 1;
                vec![Msg::NewId(format!(
                    "urn:uuid:00000000-0000-4000-8000-{:012}",
                    self.ids
                ))]
            }
            _ => Vec::new(),
        }
    }

    /// Presses keys, named as the help names them and separated by spaces.
    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        for name in keys.split_whitespace() {
            self.tell(Msg::Key(key(name)));
        }
        self
    }

    /// Types a text.
    pub(crate) fn type_in(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            self.tell(Msg::Key(Key::plain(Code::Char(character))));
        }
        self
    }

    /// Draws a frame.
    pub(crate) fn draw(&mut self, width: u16, height: u16) -> Buffer {
        self.tell(Msg::Resize {
            columns: width,
            rows: height,
        });
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        self.cursor = ui::render(&self.state, self.theme, area, &mut buffer);
        buffer
    }

    /// Draws a frame; its lines as a terminal shows them, and the cursor.
    pub(crate) fn lines(&mut self, width: u16, height: u16) -> String {
        let buffer = self.draw(width, height);
        let mut text = String::new();
        for y in 0..height {
            let mut line = String::new();
            let mut x = 0;
            while x < width {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                x += u16::try_from(ui::text::width(symbol)).unwrap().max(1);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        if let Some(Position { x, y }) = self.cursor {
            text.push_str(&format!("cursor at column {x}, line {y}\n"));
        }
        text
    }
}

/// The key of a name such as `Ctrl-G`, `Enter` or `a`.
pub(crate) fn key(name: &str) -> Key {
    let named = [
        Code::Enter,
        Code::Esc,
        Code::Tab,
        Code::BackTab,
        Code::Backspace,
        Code::Delete,
        Code::Left,
        Code::Right,
        Code::Up,
        Code::Down,
        Code::Home,
        Code::End,
        Code::PageUp,
        Code::PageDown,
        Code::Char(' '),
    ];
    if let Some(rest) = name.strip_prefix("Ctrl-") {
        return Key::ctrl(rest.chars().next().unwrap().to_ascii_lowercase());
    }
    named
        .into_iter()
        .map(Key::plain)
        .find(|key| key.name() == name)
        .unwrap_or_else(|| Key::plain(Code::Char(name.chars().next().unwrap())))
}
