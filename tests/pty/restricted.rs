//! Attempts to break out of `--room` and `--read-only` with the keys of the screen; `tests/cli/restricted.rs` has those
//! with commands.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its stage has failed"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::stage::{ENTER, HATRACK, Home, ROOM, Stage, TERRY, until};

/// The address of a room that the restricted session must not show.
const SECRET: &str = "staff@conference.example.org";
/// The address of a room that does not exist. Nothing may reveal a difference between this room and the hidden one.
const MISSING: &str = "other@conference.example.org";
const BOSS: &str = "boss@example.org";
const KEEPER: &str = "urn:x:keeper";
/// Words in the file, the history and drafts that the restricted session must not show.
const HIDDEN: [&str; 6] = ["staff", "boss", "keeper", "Keeper", "Vault", "secret"];
const ESC: &str = "\x1b";

/// A home with two rooms. The newest changes, made by alice, are in the hidden room.
fn home() -> Home {
    let home = Home::with_terry();
    home.run(&["add", ROOM, TERRY, "urn:x:ta", "--title", "Assistant", "--active"]);
    home.run(&["affiliate", ROOM, "zed@example.org", "member"]);
    home.run(&[
        "add",
        ROOM,
        "zed@example.org",
        "urn:x:proctor",
        "--title",
        "Proctor",
    ]);
    home.run(&["room", "add", SECRET, "--name", "Vault"]);
    home.run(&["affiliate", SECRET, BOSS, "owner"]);
    let add = ["--actor", "alice", "add", SECRET, BOSS];
    home.run(&[&add[..], &[KEEPER, "--title", "Keeper"]].concat());
    home.run(&[&add[..], &["urn:x:proctor", "--title", "Proctor of the boss"]].concat());
    home
}

fn start_restricted(home: &Home) -> Stage {
    let stage = Stage::hatrack(home, &["--actor", "alice", "--room", ROOM]);
    stage.see("Courses");
    stage
}

/// The hidden room in the data file.
fn hidden_room(home: &Home) -> Value {
    let pointer = format!("/rooms/{SECRET}");
    home.document().pointer(&pointer).cloned().unwrap()
}

/// Checks that no hidden word is on the screen or in any earlier output.
fn assert_no_hidden_words(stage: &Stage) {
    let output = stage.output();
    let (text, raw) = (output.text(), String::from_utf8_lossy(&output.raw).into_owned());
    for word in HIDDEN {
        assert!(!text.contains(word), "{word} in\n{text}");
        assert!(!raw.contains(word), "{word} was written before\n{text}");
    }
}

/// Closes an overlay with Esc and waits, since a key right after ESC would be combined with it.
fn escape(stage: &mut Stage) {
    stage.press_and_see(ESC, "Rooms 1");
}

/// Quits, and checks that nothing hidden was shown.
fn quit(mut stage: Stage) {
    assert_no_hidden_words(&stage);
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
    assert_no_hidden_words(&stage);
}

#[test]
fn restricted_session_shows_only_its_rooms() {
    let home = home();
    let mut stage = start_restricted(&home);
    stage.see("1 room  2 users  2 hats");
    for key in ["G", "l", "l", "G", "w", "w"] {
        stage.press(key);
        assert_no_hidden_words(&stage);
    }
    stage.press_and_see("?", "┏ Help");
    escape(&mut stage);
    stage.press_and_see("a", "Existing hats 1");
    // The users of the hidden room are not counted. There, the boss has the hat with another title.
    stage.see("1 user");
    stage.press_and_see("kee", "Existing hats 0");
    stage.press("\x15");
    stage.press_and_see("procto", "Existing hats 1");
    assert_no_hidden_words(&stage);
    stage.press_and_see(ESC, "Discard changes");
    stage.press("y");
    stage.until("the form is closed", |output| !output.shows("Existing hats"));
    quit(stage);
}

#[test]
fn plain_mode_and_clipboard_respect_restriction() {
    let home = home();
    let mut stage = Stage::hatrack(&home, &["--actor", "alice", "--room", ROOM, "--plain"]);
    stage.see("Rooms, 1 of 1: Courses");
    for (keys, shown) in [
        ("J", "Sent to the clipboard: the JSON of"),
        ("lJ", "Sent to the clipboard: the JSON of"),
        ("w", "Hats, 1 of 2"),
        ("lll", "Rooms where"),
        ("w", "Users, 1 of"),
        ("w", "Users in Courses"),
        ("H", "History, 2 changes. Filter: user terry@example.org"),
        ("x", "History, 5 changes"),
        (ESC, "Users in Courses"),
        ("C", "Catalog of"),
        (ESC, "Users in Courses"),
        ("\x10keeper", "No matches"),
        (ESC, "Users in Courses"),
        ("?", "Help. Keys"),
        (ESC, "Users in Courses"),
    ] {
        stage.press_and_see(keys, shown);
        // The screen shows the typed word itself.
        if !keys.contains("keeper") {
            assert!(
                !HIDDEN.iter().any(|word| stage.output().shows(word)),
                "{}",
                stage.output().text()
            );
        }
    }
    let raw = String::from_utf8_lossy(&stage.output().raw).into_owned();
    let copies: Vec<String> = raw
        .split("\x1b]52;c;")
        .skip(1)
        .map(|rest| {
            let text = rest.split('\x07').next().unwrap();
            String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
        })
        .collect();
    assert_eq!(copies.len(), 2);
    for copy in copies {
        assert!(!HIDDEN.iter().any(|word| copy.contains(word)), "{copy}");
    }
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}

#[test]
fn hidden_room_is_rejected_like_missing_room() {
    let home = home();
    let before = home.document();
    let refused = |room: &str| {
        let mut stage = start_restricted(&home);
        stage.press_and_see("a", "Add room");
        stage.press_and_see(room, room);
        stage.press(ENTER);
        stage.see("Cannot save. ");
        let text = stage.output().text();
        text.replace(room, "ROOM")
    };
    assert_eq!(refused(SECRET), refused(MISSING));
    assert_eq!(home.document(), before);
}

#[test]
fn history_and_undo_respect_restriction() {
    let home = home();
    let hidden = hidden_room(&home);
    let mut stage = start_restricted(&home);
    stage.press("u");
    stage.see("Nothing to undo");
    stage.press_and_see("H", "History 5");
    for key in ["G", "a", "a", "r", "r", "s", "s", "g", "t", "t", "G"] {
        stage.press(key);
        assert_no_hidden_words(&stage);
    }
    escape(&mut stage);
    // Both rooms are changed in the file by hand. Undo reverts only the change of the visible room.
    let file = home.path(".config/hatrack/hats.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = text
        .replace("\"Courses\"", "\"Lessons\"")
        .replace("\"Vault\"", "\"Vault of gold\"");
    std::fs::write(&file, changed).unwrap();
    stage.see("Lessons");
    stage.press("ll ");
    stage.see("○ Assistant");
    until("the change is saved", || {
        home.hats() == json!({"urn:x:ta": {"active": false, "title": "Assistant"}})
    });
    stage.press_and_see("H", "Filter: user terry@example.org");
    stage.press_and_see("x", "History 7");
    stage.press("j");
    assert_no_hidden_words(&stage);
    stage.press("u");
    escape(&mut stage);
    until("the name is restored", || {
        home.document()["rooms"][ROOM]["name"] == "Courses"
    });
    assert_eq!(home.document()["rooms"][SECRET]["name"], "Vault of gold");
    assert_eq!(home.document()["rooms"][SECRET]["users"], hidden["users"]);
    quit(stage);
}

#[test]
fn changes_in_hidden_rooms_are_invisible() {
    let home = home();
    let mut stage = start_restricted(&home);
    let before = stage.redrawn_cells("? Help");
    home.run(&["remove", SECRET, BOSS, KEEPER]);
    let (bytes, woken) = (stage.bytes_read(), stage.times_woken("store"));
    home.run(&["room", "add", "secret@conference.example.org"]);
    let size = std::fs::read(home.path(".config/hatrack/hats.json"))
        .unwrap()
        .len();
    // The file has been reread, so all of its changes have been processed.
    until("the changes are read", || {
        stage.bytes_read() >= bytes + size && stage.times_woken("store") >= woken + 2
    });
    assert_eq!(stage.redrawn_cells("? Help"), before);
    home.run(&["affiliate", ROOM, "kim@example.org", "member"]);
    stage.see("3 users");
    quit(stage);
}

#[test]
fn drafts_of_hidden_rooms_are_kept() {
    let home = home();
    let mut open = Stage::hatrack(&home, &["--actor", "alice"]);
    open.see("Vault");
    // The rooms are in the order of their addresses: courses, staff.
    open.press("jl");
    open.see("boss@example.org");
    open.press("la");
    open.press_and_see("urn:x:secret", "urn:x:secret");
    open.signal(Signal::HUP);
    assert_eq!(open.end_with_terminal_restored(), 129);
    let drafts = home.drafts();
    assert!(drafts > 0);
    let mut stage = start_restricted(&home);
    stage.press("D");
    assert_no_hidden_words(&stage);
    // The text that is typed here is added to the draft.
    stage.press("lla");
    stage.press_and_see("urn:x:mine", "urn:x:mine");
    stage.signal(Signal::HUP);
    assert_eq!(stage.end_with_terminal_restored(), 129);
    assert_no_hidden_words(&stage);
    let mut stage = start_restricted(&home);
    stage.see("urn:x:mine");
    stage.press_and_see("d", "Discard draft");
    stage.press("y");
    stage.until("the draft is discarded", |output| !output.shows("urn:x:mine"));
    quit(stage);
    let mut open = Stage::hatrack(&home, &["--actor", "alice"]);
    open.see("Unsaved form from an earlier session:");
    open.press_and_see(ENTER, "urn:x:secret");
}

#[test]
fn restricted_session_ignores_user_environment() {
    let home = home();
    let elsewhere = home.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let elsewhere = elsewhere.display().to_string();
    let file = format!("{elsewhere}/hats.json");
    std::fs::write(
        &file,
        format!("{{\"version\": 1, \"rooms\": {{\"{SECRET}\": {{}}}}}}"),
    )
    .unwrap();
    let variables = [
        ("HATRACK_FILE", file.as_str()),
        ("HATRACK_ACTOR", "mallory"),
        ("XDG_CONFIG_HOME", &elsewhere),
        ("XDG_STATE_HOME", &elsewhere),
        ("XDG_DATA_HOME", &elsewhere),
        ("EDITOR", "touch started"),
        ("PAGER", "touch started"),
        ("SHELL", "touch started"),
    ];
    for restriction in [&["--room", ROOM] as &[&str], &["--read-only"]] {
        let line = [&[HATRACK], restriction].concat();
        let mut stage = Stage::with(&home, &line, (100, 30), &variables);
        stage.see("Courses");
        assert!(!stage.output().shows("mallory"));
        if restriction.contains(&"--room") {
            stage.press("lla");
            stage.press_and_see("urn:x:mine", "urn:x:mine");
        }
        stage.signal(Signal::HUP);
        assert_eq!(stage.end_with_terminal_restored(), 129);
    }
    assert!(home.drafts() > 0, "the draft is not in the account's own folder");
    assert_eq!(
        std::fs::read_dir(&elsewhere).unwrap().count(),
        1,
        "a file was written into the folder of the variables"
    );
    assert!(!home.path("started").exists());
}

#[test]
fn unreadable_file_reveals_no_content() {
    let home = home();
    let file = home.path(".config/hatrack/hats.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let broken = text.replace("\"boss@example.org\"", "\"boss@@keeper\"");
    // The file becomes invalid while the screen is open, and is invalid at the start.
    let stage = start_restricted(&home);
    std::fs::write(&file, &broken).unwrap();
    stage.see("line ");
    assert_no_hidden_words(&stage);
    std::fs::write(&file, &text).unwrap();
    stage.until("the file is read again", |output| {
        output.shows("saved") && !output.shows("line ")
    });
    quit(stage);
    std::fs::write(&file, &broken).unwrap();
    let mut stage = Stage::hatrack(&home, &["--actor", "alice", "--room", ROOM]);
    stage.see("line ");
    assert_no_hidden_words(&stage);
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 4);
    assert_no_hidden_words(&stage);
}

#[test]
fn conflict_and_deleted_file_neither_reveal_nor_lose_hidden_data() {
    let home = home();
    let hidden = hidden_room(&home);
    let mut stage = start_restricted(&home);
    stage.press("lle");
    stage.press_and_see("!", "Assistant!");
    for (room, user) in [(SECRET, BOSS), (ROOM, TERRY)] {
        home.run(&["add", room, user, "urn:x:ta", "--title", "Changed"]);
    }
    stage.press_and_see(ENTER, "Conflict: changed in the meantime");
    assert_no_hidden_words(&stage);
    stage.press_and_see("t", "Changed");
    assert_no_hidden_words(&stage);
    let before = home.document();
    std::fs::remove_file(home.path(".config/hatrack/hats.json")).unwrap();
    stage.see("no longer exists");
    stage.press_and_see("W", "Recreate data file");
    assert_no_hidden_words(&stage);
    stage.press("y");
    until("the file exists", || {
        home.path(".config/hatrack/hats.json").exists()
    });
    assert_eq!(home.document()["rooms"], before["rooms"]);
    assert_eq!(hidden_room(&home)["name"], hidden["name"]);
    quit(stage);
}

#[test]
fn read_only_session_ignores_all_editing_keys() {
    let home = home();
    let before = home.document();
    let mut stage = Stage::hatrack(&home, &["--actor", "alice", "--read-only"]);
    stage.see("read-only");
    for keys in [
        "a", "e", "d", "u", "\x12", "W", "D", "\x14", "l", "a", "e", "d", "l", "a", "e", "d", " ", "r",
    ] {
        stage.press(keys);
        stage.redrawn_cells("read-only");
    }
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
    assert_eq!(home.document(), before);
    assert_eq!(home.unexpected_files(), [] as [&str; 0]);
}
