//! The pictures in the documentation are what the program draws now. `UPDATE_PICTURES=1 cargo test --test pictures`
//! draws them anew.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

#[path = "support/screen.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod screen;

use std::fs;
use std::path::Path;

use hatrack::app::{Msg, Start};
use hatrack::model::read;
use hatrack::ui::Theme;
use hatrack::ui::svg;
use session::Session;

/// A picture: its file, what it shows, its size, and the keys that lead there. What stands in quotes is typed.
const PICTURES: [(&str, &str, (u16, u16), &[&str]); 4] = [
    (
        "screen",
        "hatrack: rooms, the users of a room, a user's hats",
        (104, 26),
        &["Down Enter PgDn Up Up Up Up Enter"],
    ),
    (
        "form",
        "hatrack: giving a hat; known hats are offered by title",
        (104, 30),
        &["Down Enter Down Down Down Down Down Enter a", "'te"],
    ),
    (
        "history",
        "hatrack: who did what, when",
        (104, 24),
        &[
            "Down Enter Down Down Down Enter Space Left Down Enter r d u Left Left Down Down Enter a",
            "'newcomer@example.org",
            "Enter H Down Down",
        ],
    ),
    (
        "narrow",
        "hatrack in a narrow terminal: one pane at a time",
        (52, 18),
        &["Down Enter Down Enter Down"],
    ),
];

fn session() -> Session {
    let wardrobe = read::wardrobe(include_bytes!("../assets/demo.json")).unwrap();
    let start = Start {
        file: "~/.config/hatrack/hats.json".into(),
        actor: "alice".into(),
        ..Start::default()
    };
    Session::start(start, wardrobe, (104, 26))
}

#[test]
fn the_pictures_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    let update = std::env::var_os("UPDATE_PICTURES").is_some();
    for (name, title, (columns, rows), steps) in PICTURES {
        let mut session = session();
        session.send(Msg::Resize { columns, rows });
        for step in steps {
            match step.strip_prefix('\'') {
                Some(text) => session.text(text),
                None => session.keys(step),
            }
        }
        let (buffer, cursor) = screen::frame(&session.state, Theme::default(), (columns, rows));
        let picture = svg::picture(&buffer, cursor, title);
        let path = folder.join(name).with_extension("svg");
        if update {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &picture).unwrap();
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == picture,
            "{} is not what the program draws; UPDATE_PICTURES=1 draws it anew",
            path.display()
        );
        // A picture that is not well formed is no picture.
        assert_eq!(
            picture.matches("<text").count(),
            picture.matches("</text>").count()
        );
    }
}
