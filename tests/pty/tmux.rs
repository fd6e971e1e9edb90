//! In tmux: detaching and reattaching with another size.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its stage has failed"
)]

use std::process::Command;

use serde_json::json;

use crate::stage::{ENTER, HATRACK, Home, ROOM, Stage, skip, until};

/// A private tmux server, which is killed when this is dropped.
struct Tmux {
    home: Home,
    socket: String,
}

impl Tmux {
    /// Starts a server with hatrack in its only window. Returns `None`, and reports that the test is skipped, if there
    /// is no tmux.
    fn start(home: &Home) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            skip("tmux is missing");
            return None;
        }
        let tmux = Self {
            home: home.clone(),
            socket: home.path("tmux").display().to_string(),
        };
        tmux.run(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "100",
            "-y",
            "30",
            HATRACK,
        ]);
        tmux.run(&["set-option", "-g", "status", "off"]);
        Some(tmux)
    }

    fn run(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        let result = command
            .args(["-u", "-S", &self.socket])
            .args(args)
            .env_clear()
            .envs(self.home.variables())
            .output()
            .unwrap();
        assert!(result.status.success(), "{args:?}: {result:?}");
        String::from_utf8(result.stdout).unwrap()
    }

    fn attach(&self, size: (u16, u16)) -> Stage {
        let line = ["tmux", "-u", "-S", &self.socket, "attach"];
        Stage::start(&self.home, &line, size)
    }

    /// The content of the window according to tmux.
    fn screen(&self) -> Vec<String> {
        let text = self.run(&["capture-pane", "-p"]);
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        let _ = command.args(["-S", &self.socket, "kill-server"]).output();
    }
}

#[test]
fn tmux_gets_copied_text() {
    let home = Home::with_terry();
    let Some(tmux) = Tmux::start(&home) else { return };
    tmux.run(&["set-option", "-s", "set-clipboard", "on"]);
    until("the program has started", || {
        tmux.screen().concat().contains("Users 1")
    });
    tmux.run(&["send-keys", "lY"]);
    until("tmux has the address", || {
        tmux.run(&["list-buffers"]).contains("terry@example.org")
    });
}

#[test]
fn unmarked_tmux_paste_runs_no_command() {
    let home = Home::with_terry();
    let Some(tmux) = Tmux::start(&home) else { return };
    until("the program has started", || {
        tmux.screen().concat().contains("Users 1")
    });
    let document = home.document();
    tmux.run(&["send-keys", "l"]);
    tmux.run(&["set-buffer", "ann@example.org\ndan@example.org\ndd\n"]);
    tmux.run(&["paste-buffer"]);
    until("the paste is refused", || {
        tmux.screen().concat().contains("Looks like pasted text")
    });
    assert_eq!(home.document(), document);
}

#[test]
fn reattaching_with_another_size_redraws() {
    let home = Home::with_terry();
    let Some(tmux) = Tmux::start(&home) else { return };
    let mut first = tmux.attach((100, 30));
    first.see("Users 1");
    first.press("lla");
    first.press_and_see("urn:x:half-typed", "urn:x:half-typed");
    first.press("\x02d");
    assert_eq!(first.end(), 0, "detached");
    assert!(
        tmux.screen().concat().contains("urn:x:half-typed"),
        "the session continues while detached"
    );

    for size in [(60, 20), (120, 40)] {
        // The expected screen without detaching.
        let mut fresh = Stage::start(&home, &[HATRACK, "--actor", "other"], size);
        fresh.see(if size.0 < 80 { "Rooms 1" } else { "Users 1" });
        fresh.press("lla");
        fresh.press_and_see("urn:x:half-typed", "urn:x:half-typed");
        fresh.redrawn_cells("Cancel");
        let expected: Vec<_> = fresh
            .output()
            .text()
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        // Only the actor differs.
        let (_, expected) = expected.split_first().unwrap();

        let mut again = tmux.attach(size);
        // Compare the content held by tmux, since the test terminal does not understand all of its output.
        until("tmux has that screen", || {
            tmux.screen().get(1..) == Some(expected)
        });
        again.press("\x02d");
        assert_eq!(again.end(), 0, "detached");
    }

    let mut last = tmux.attach((80, 24));
    // tmux discards input typed before it has set up the terminal.
    until("the window has that size", || {
        tmux.run(&["display-message", "-p", "#{window_width}"]).trim() == "80"
    });
    last.press(ENTER);
    until("the hat is added", || tmux.screen().concat().contains("Hats 1"));
    last.press("q");
    assert_eq!(last.end(), 0, "the window closes with the program");
    assert_eq!(home.hats(), json!({"urn:x:half-typed": {"active": true}}));
    assert_eq!(home.drafts(), 0, "{:?}", home.unexpected_files());
}

#[test]
fn titles_of_ambiguous_width_leave_no_remnants() {
    let home = Home::new();
    home.run(&["room", "add", ROOM]);
    let wide = "W".repeat(64);
    for (user, titles) in [
        ("a0@example.org", [wide.as_str(), &wide, &wide, &wide, &wide]),
        (
            "a1@example.org",
            ["🩷 Pink", "🧑‍⚖️ Judge", "🏴‍☠️ Pirate", "ﾄﾞﾗﾑ", "🇩🇪 Berlin"],
        ),
    ] {
        home.run(&["affiliate", ROOM, user, "owner"]);
        for (hat, title) in titles.iter().enumerate() {
            home.run(&["add", ROOM, user, &format!("urn:x:{hat}"), "--title", title]);
        }
    }
    let Some(tmux) = Tmux::start(&home) else { return };
    tmux.run(&["resize-window", "-x", "120", "-y", "16"]);
    until("the wide titles are shown", || {
        tmux.screen().concat().contains("WWWW")
    });
    for keys in ["l", "j", "k", "j"] {
        tmux.run(&["send-keys", keys]);
    }
    until("the other titles are shown", || {
        tmux.screen().concat().contains("Pink")
    });
    let drawn = tmux.screen();
    assert!(!drawn.concat().contains('W'), "{drawn:#?}");
    for word in ["Judge", "Pirate", "Berlin"] {
        assert!(drawn.concat().contains(word), "{word}: {drawn:#?}");
    }
    tmux.run(&["send-keys", "?"]);
    until("the help is shown", || tmux.screen() != drawn);
    tmux.run(&["send-keys", "Escape"]);
    until("the panes are drawn again", || tmux.screen() == drawn);
    tmux.run(&["send-keys", "-R", "C-l"]);
    until("a redraw shows the same", || tmux.screen() == drawn);
}
