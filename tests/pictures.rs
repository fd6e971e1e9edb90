//! The pictures in the documentation show what the program draws now. `HATRACK_UPDATE=1 cargo test --test pictures`
//! draws them again.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

#[path = "support/screen.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod screen;

#[path = "support/svg.rs"]
mod svg;

use std::fs;
use std::path::Path;

use hatrack::app::{Msg, SessionOptions};
use hatrack::model::read;
use hatrack::ui::theme::{Backdrop, ColorDepth, Theme};
use session::Session;

/// A picture.
struct Picture {
    /// The name of its file, without the extension.
    name: &'static str,
    /// Its title, which says what it shows.
    title: &'static str,
    size: (u16, u16),
    /// The keys that lead to this screen; a step that begins with a quotation mark is typed text.
    steps: &'static [&'static str],
}

const PICTURES: [Picture; 5] = [
    Picture {
        name: "screen",
        title: "hatrack: rooms, the users of a room, a user's hats",
        size: (104, 26),
        steps: &["Enter PgDn Up Up Up Up Enter"],
    },
    Picture {
        name: "form",
        title: "hatrack: adding a hat; existing hats are suggested by title",
        size: (104, 30),
        steps: &["Enter Down Down Down Down Down Enter a", "'te"],
    },
    Picture {
        name: "history",
        title: "hatrack: who changed what, and when",
        size: (104, 24),
        steps: &[
            "Enter Down Down Down Enter Space Left Down Enter r d u Left Left Down Enter a",
            "'newcomer@example.org",
            "Enter H Down Down",
        ],
    },
    Picture {
        name: "many",
        title: "hatrack: adding a hat to five marked users, with a confirmation first",
        size: (104, 26),
        steps: &["Enter Down V Down Down Down Down V +", "'tea", "Enter"],
    },
    Picture {
        name: "narrow",
        title: "hatrack in a narrow terminal: one pane at a time",
        size: (52, 18),
        steps: &["Enter Down Enter Down"],
    },
];

fn session() -> Session {
    let wardrobe = read::wardrobe(include_bytes!("../assets/demo.json")).unwrap();
    let start = SessionOptions {
        file: "~/.config/hatrack/hats.json".into(),
        actor: "alice".into(),
        ..SessionOptions::default()
    };
    Session::start(start, wardrobe, (104, 26))
}

#[test]
fn pictures_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    let update = std::env::var_os("HATRACK_UPDATE").is_some();
    for Picture {
        name,
        title,
        size: (columns, rows),
        steps,
    } in PICTURES
    {
        let mut session = session();
        session.send(Msg::Resize { columns, rows });
        for step in steps {
            match step.strip_prefix('\'') {
                Some(text) => session.text(text),
                None => session.keys(step),
            }
        }
        let (buffer, cursor) = screen::frame(
            &session.state,
            Theme::new(ColorDepth::TrueColor, Backdrop::Dark),
            (columns, rows),
        );
        let picture = svg::picture(&buffer, cursor, title);
        let path = folder.join(name).with_extension("svg");
        if update {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &picture).unwrap();
        }
        let stored = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stored == picture,
            "{} is not current: run HATRACK_UPDATE=1 cargo test --test pictures",
            path.display()
        );
        // Each text element is closed.
        assert_eq!(
            picture.matches("<text").count(),
            picture.matches("</text>").count()
        );
    }
}
