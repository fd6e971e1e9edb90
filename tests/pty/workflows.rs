//! Workflows with keys, and the resulting content of the data file.

use serde_json::json;

use crate::stage::{ENTER, Home, ROOM, Stage, TAB, TERRY};

#[test]
fn creates_room_user_and_hat_with_keys() {
    let home = Home::new();
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("No rooms");
    assert!(
        !home.path(".config/hatrack/hats.json").exists(),
        "nothing is written before a change"
    );
    stage.press("a");
    stage.press_and_see(ROOM, ROOM);
    stage.press(TAB);
    stage.press_and_see("Courses", "Courses");
    stage.press_and_see(ENTER, "Rooms 1");
    stage.press_and_see(ENTER, "No users");
    stage.press("a");
    stage.press_and_see(TERRY, TERRY);
    stage.press_and_see(ENTER, "Users 1");
    stage.press_and_see(ENTER, "No hats");
    stage.press("a");
    stage.press_and_see("http://example.com/hats/foo", "http://example.com/hats/foo");
    stage.press(TAB);
    stage.press_and_see("Awesome ≈ 漢", "Awesome ≈ 漢");
    stage.press_and_see(ENTER, "Hats 1");
    stage.see("saved");
    let document_with = |hats| {
        json!({"version": 1, "revision": 0, "rooms":
            {ROOM: {"name": "Courses", "users": {TERRY: {"affiliation": "member", "hats": hats}}}}})
    };
    let assert_hats = |hats| {
        let mut document = home.document();
        document["revision"] = json!(0);
        assert_eq!(document, document_with(hats));
    };
    let foo = "http://example.com/hats/foo";
    assert_hats(json!({foo: {"active": true, "title": "Awesome ≈ 漢"}}));

    stage.press_and_see(" ", "○ Awesome");
    stage.see("saved");
    stage.press_and_see("r", "required");
    stage.press("e");
    stage.press_and_see(" Teacher", "Awesome ≈ 漢 Teacher");
    stage.press_and_see(ENTER, "○ Awesome ≈ 漢 Teacher");
    stage.until("all changes are saved", |output| {
        output.shows("saved") && !output.shows("saving")
    });
    assert_hats(json!({foo: {"active": false, "required": true, "title": "Awesome ≈ 漢 Teacher"}}));

    stage.press_and_see("d", "No hats");
    stage.see("saved");
    stage.press_and_see("u", "○ Awesome ≈ 漢 Teacher");
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
    assert_hats(json!({foo: {"active": false, "required": true, "title": "Awesome ≈ 漢 Teacher"}}));
    assert_eq!(home.unexpected_files(), [] as [&str; 0]);
}

#[test]
fn external_changes_are_shown() {
    let home = Home::with_terry();
    let first = Stage::hatrack(&home, &[]);
    first.see("Users 1");
    let mut second = Stage::hatrack(&home, &["--actor", "prof"]);
    second.see("Users 1");
    second.press("la");
    second.press_and_see("prof@example.org", "prof@example.org");
    second.press_and_see(ENTER, "Users 2");
    first.see("Users 2");
    home.run(&["add", ROOM, TERRY, "urn:x:1", "--title", "Proctor"]);
    second.see("1 hat ");
}

#[test]
fn paste_fills_form() {
    let home = Home::with_terry();
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("Users 1");
    stage.press("lla");
    stage.see("hat");
    stage.press("\x1b[200~urn:x:\x1b[201~");
    stage.press("1");
    stage.see("urn:x:1");
    stage.press_and_see(ENTER, "Hats 1");
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
    assert_eq!(home.hats(), json!({"urn:x:1": {"active": true}}));
}

#[test]
fn key_burst_is_processed_in_order() {
    let home = Home::new();
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("No rooms");
    // The arrow key shows that this is not an unmarked paste.
    stage.press(&format!(
        "\x1b[Aa{ROOM}{TAB}Courses{ENTER}{ENTER}a{TERRY}{ENTER}{ENTER}aurn:x:1{TAB}One{ENTER} q"
    ));
    assert_eq!(stage.end_with_terminal_restored(), 0);
    assert_eq!(home.hats(), json!({"urn:x:1": {"active": false, "title": "One"}}));
}

#[test]
fn data_is_exported_to_and_imported_from_a_named_file() {
    let home = Home::with_terry();
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("Users 1");
    stage.press_and_see("X", "all rooms");
    stage.press("~/out.csv");
    stage.press_and_see(ENTER, &format!("Exported {ROOM} to ~/out.csv"));
    let table = std::fs::read_to_string(home.path("out.csv")).unwrap();
    assert_eq!(table.lines().count(), 3, "{table}");
    std::fs::write(
        home.path("in.csv"),
        format!("{table}{ROOM},kim@example.org,owner,urn:x:1,Proctor,,,\n"),
    )
    .unwrap();
    stage.press_and_see("I", "Import");
    stage.press("~/none.csv");
    stage.press_and_see(ENTER, "no such file");
    stage.press("\u{15}~/in.csv");
    stage.press_and_see(ENTER, "y Import");
    stage.press_and_see("y", "Users 2");
    stage.until("all is saved", |output| {
        output.shows("saved") && !output.shows("saving")
    });
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
    assert_eq!(
        home.document()["rooms"][ROOM]["users"]["kim@example.org"]["hats"]["urn:x:1"]["title"],
        "Proctor"
    );
}
