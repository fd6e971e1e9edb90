//! Import and export on the screen: prompt, confirmation, and undo in one step.

use hatrack::app::Confirm;
use hatrack::app::SessionOptions;
use hatrack::app::describe;
use hatrack::app::details::DetailsOverlay;
use hatrack::app::import_preview::ImportPreview;
use hatrack::app::prompt::Prompt;
use hatrack::store::Scope;
use hatrack::ui::Theme;

use super::{ROOM, TERRY, jid, open, wardrobe};
use crate::screen;
use crate::session::Session;

const TABLE: &str = "room,user,affiliation,hat,title,active
courses@conference.example.org,terry@example.org,admin,http://example.com/hats/teacher,Teacher,true
courses@conference.example.org,kim@example.org,member,urn:x:1,Proctor,
new@conference.example.org,mallory@example.net,outcast,urn:x:1,Proctor,
";

/// A session with this file.
fn open_with(name: &str, content: &str) -> Session {
    let mut session = open();
    session.files.insert(name.into(), content.into());
    session
}

/// The text of the top overlay: a preview, a question with its consequence, or the errors of a prompt.
fn overlay_text(session: &Session) -> String {
    if let Some(preview) = session.state.top_as::<ImportPreview>() {
        let rows = (0..preview.rows.len()).filter_map(|row| preview.rows.get(row));
        let summary = describe::import_summary(&preview.rows.plan().counts);
        let first = format!("{} into {}: {summary}", preview.path, preview.destination);
        let lines = std::iter::once(first).chain(rows.map(|row| row.sentence()));
        return lines.collect::<Vec<_>>().join("\n");
    }
    match (
        session.state.top_as::<Confirm>(),
        session.state.top_as::<Prompt>(),
    ) {
        (Some(confirm), _) => format!("{}\n{}", confirm.question, confirm.consequence),
        (_, Some(prompt)) => prompt.errors.join("\n"),
        _ => panic!("{:?}", session.state.top()),
    }
}

#[test]
fn import_is_previewed_applied_and_undone() {
    let mut session = open_with("~/a.csv", TABLE);
    let before = session.json();
    session.keys("I");
    session.text("~/a.csv");
    session.keys("Enter");
    assert_eq!(
        overlay_text(&session),
        "~/a.csv into 2 rooms: 1 room and 2 users added, 1 affiliation changed, 1 hat added, 1 hat unchanged\n\
         Skipped mallory@example.net in new@conference.example.org: 1 hat (the user is banned) (line 4)\n\
         Add kim@example.org in courses@conference.example.org: member, \"Proctor\" (inactive) (line 3)\n\
         Change terry@example.org in courses@conference.example.org: admin (was member) (line 2)\n\
         Add new@conference.example.org: room\n\
         Add mallory@example.net in new@conference.example.org: outcast (line 4)\n\
         Unchanged terry@example.org in courses@conference.example.org: already has \"Teacher\" (line 2)"
    );
    assert_eq!(session.json(), before);
    session.keys("n");
    assert_eq!(session.json(), before);
    // The name of the file is kept for another attempt.
    session.keys("I Enter y");
    assert!(session.state.top().is_none());
    let after = session.json();
    assert_eq!(
        after["rooms"][ROOM]["users"]["kim@example.org"]["hats"]["urn:x:1"]["title"],
        "Proctor"
    );
    assert_eq!(after["rooms"][ROOM]["users"][TERRY]["affiliation"], "admin");
    session.keys("u");
    let mut undone = session.json();
    undone["revision"] = before["revision"].clone();
    assert_eq!(undone, before);
}

#[test]
fn invalid_rows_are_listed_and_nothing_imported() {
    let mut session = open_with(
        "a.csv",
        "room,user,affiliation\nx,y@c.d,member\nr@c.d,z@@,member\n",
    );
    let before = session.json();
    session.keys("I Enter");
    assert_eq!(overlay_text(&session), "Enter a file name");
    session.text("b.csv");
    session.keys("Enter");
    assert_eq!(overlay_text(&session), "cannot read it: not found");
    session.keys("Ctrl-U");
    assert_eq!(overlay_text(&session), "");
    session.text("a.csv");
    session.keys("Enter");
    let errors = overlay_text(&session);
    assert!(
        errors.starts_with(
            "2 lines have errors. Nothing was imported.\nline 2: room \"x\" is not a room address"
        ),
        "{errors}"
    );
    assert_eq!(errors.lines().count(), 3);
    session.keys("Esc");
    assert!(session.state.top().is_none());
    assert_eq!(session.json(), before);
}

#[test]
fn json_without_address_imports_into_selection() {
    let mut session = open_with("hats.json", r#"{"urn:x:1": {"title": "One"}}"#);
    // Terry is selected.
    session.keys("Enter Down I");
    session.text("hats.json");
    session.keys("Enter");
    assert_eq!(
        overlay_text(&session),
        format!("hats.json into {TERRY} in {ROOM}: 1 hat added\nAdd {TERRY} in {ROOM}: \"One\" (inactive)")
    );
    session.keys("Esc I Down Space Space Enter");
    assert_eq!(
        overlay_text(&session),
        format!(
            "hats.json into {TERRY} in {ROOM}: 1 hat added, 1 hat removed\n\
             Remove {TERRY} in {ROOM}: \"Teacher\"\nAdd {TERRY} in {ROOM}: \"One\" (inactive)"
        )
    );
    session.keys("y");
    assert_eq!(
        super::terrys_hats(&session),
        serde_json::json!({"urn:x:1": {"title": "One"}})
    );
    session.keys("I");
    session.text("hats.json");
    session.keys("Enter");
    assert_eq!(
        overlay_text(&session),
        format!(
            "hats.json into {TERRY} in {ROOM}: 1 hat unchanged\nUnchanged {TERRY} in {ROOM}: already has \"One\" (inactive)"
        )
    );
    session.keys("y");
    assert_eq!(session.notice(), "Nothing to import: all rows are unchanged");
}

#[test]
fn replace_reports_kept_hats_of_ineligible_users() {
    let room = r#"{"users": {"mallory@example.net": {"affiliation": "outcast", "hats": {"urn:x:1": {}, "urn:x:2": {}}}}}"#;
    let mut session = open_with("room.json", room);
    session.keys("I Down Space Space Tab");
    session.text("room.json");
    session.keys("Enter");
    let preview = session.state.top_as::<ImportPreview>().unwrap();
    let note = preview.rows.plan().counts.kept_note();
    assert_eq!(
        note.as_deref(),
        Some("Includes 2 hats of users who are banned or have no affiliation")
    );
    session.keys("y");
    let hats = &session.json()["rooms"][ROOM]["users"]["mallory@example.net"]["hats"];
    assert_eq!(hats, &serde_json::json!({"urn:x:1": {}, "urn:x:2": {}}));
}

#[test]
fn csv_cannot_replace() {
    let mut session = open_with("a.csv", TABLE);
    session.keys("I Down Space Space Tab");
    session.text("a.csv");
    session.keys("Enter");
    assert_eq!(
        overlay_text(&session),
        "a table or a server's list can only add; only JSON that hatrack exported can replace existing data"
    );
}

#[test]
fn export_scope_follows_pane_and_overwrite_asks() {
    let mut session = open();
    for (keys, choose, name, what) in [
        ("", "Down Space", "all.json", "all rooms".to_owned()),
        ("", "", "room.json", ROOM.into()),
        ("Enter", "Down Space", "room.csv", ROOM.into()),
        ("Down Enter", "", "user.json", format!("{TERRY} in {ROOM}")),
    ] {
        session.keys(keys);
        session.keys("X");
        session.text(name);
        session.keys(choose);
        session.keys("Enter");
        assert_eq!(session.notice(), format!("Exported {what} to {name}"));
    }
    let file = |session: &Session, name: &str| String::from_utf8(session.files[name].clone()).unwrap();
    assert!(file(&session, "all.json").contains("\"rooms\""));
    assert!(
        file(&session, "room.csv").lines().count() == 5,
        "{}",
        file(&session, "room.csv")
    );
    assert!(file(&session, "user.json").starts_with("{\n  \"affiliation\": \"member\""));
    session.keys("X");
    session.text("room.csv");
    session.keys("Enter");
    assert_eq!(
        overlay_text(&session),
        "Overwrite room.csv?\nThe file exists. Its content will be lost."
    );
    session.keys("n");
    assert!(
        session
            .state
            .top_as::<Prompt>()
            .is_some_and(|prompt| !prompt.is_waiting)
    );
    assert_eq!(file(&session, "room.csv").lines().count(), 5);
    session.keys("Enter y");
    assert_eq!(
        session.notice(),
        format!("Exported {TERRY} in {ROOM} to room.csv")
    );
    assert_eq!(file(&session, "room.csv").lines().count(), 2);
    session.keys("X");
    session.text("room.txt");
    session.keys("Enter");
    assert_eq!(overlay_text(&session), "Use the extension .csv or .json");
}

/// The choices next to the file name.
fn choices(session: &Session) -> &[String] {
    match session.state.top_as::<Prompt>() {
        Some(prompt) => &prompt.choices,
        other => panic!("{other:?}"),
    }
}

#[test]
fn marked_rows_are_default_export_scope() {
    let mut wardrobe = wardrobe();
    wardrobe
        .add_room(&jid("staff@conference.example.org"), None)
        .unwrap();
    let mut session = Session::start(SessionOptions::default(), wardrobe, (100, 30));
    let export = |session: &mut Session, name: &str| {
        session.text(name);
        session.keys("Enter");
        let notice = session.notice().to_owned();
        let wardrobe: serde_json::Value = serde_json::from_slice(&session.files[name]).unwrap();
        (notice, wardrobe["rooms"].clone())
    };
    let all = session.json()["rooms"].clone();
    session.keys("m m X");
    assert_eq!(
        choices(&session)[..3],
        ["the 2 marked rooms", "staff@conference.example.org", "all rooms"]
    );
    let (notice, rooms) = export(&mut session, "rooms.json");
    assert_eq!(
        (notice, rooms),
        ("Exported 2 rooms to rooms.json".into(), all.clone())
    );
    session.keys("Esc Esc Up Enter m m X");
    assert_eq!(
        choices(&session)[..2],
        [
            format!("the 2 marked users in {ROOM}"),
            format!("mallory@example.net in {ROOM}")
        ]
    );
    let (notice, rooms) = export(&mut session, "users.json");
    assert_eq!(notice, format!("Exported 2 users in {ROOM} to users.json"));
    let users = all[ROOM]["users"].as_object().unwrap();
    let users: serde_json::Map<_, _> = users
        .clone()
        .into_iter()
        .filter(|(jid, _)| jid != "mallory@example.net")
        .collect();
    assert_eq!(rooms, serde_json::json!({ROOM: {"users": users}}));
    // The marked users are offered in other panes too, and the table has only their rows.
    session.keys("Left X");
    assert_eq!(
        choices(&session)[..2],
        [format!("the 2 marked users in {ROOM}"), ROOM.to_owned()]
    );
    session.text("users.csv");
    session.keys("Enter");
    let table = String::from_utf8(session.files["users.csv"].clone()).unwrap();
    assert!(
        table.lines().skip(1).all(|row| row.contains("@example.org,")),
        "{table}"
    );
    assert!(!table.contains("mallory"), "{table}");
}

#[test]
fn stale_file_result_is_ignored() {
    let mut session = open();
    session.keys("I");
    session.text("a.csv");
    // A late answer, as from a slow disk: the prompt no longer waits for it, or is closed.
    let send_late_result = |session: &mut Session| {
        let parsed = hatrack::exchange::read(TABLE.as_bytes(), hatrack::exchange::FileFormat::Csv);
        session.send(hatrack::app::Msg::Imported("a.csv".into(), parsed.map(Box::new)));
    };
    send_late_result(&mut session);
    assert_eq!(overlay_text(&session), "");
    session.keys("Esc");
    send_late_result(&mut session);
    assert!(session.state.top().is_none());
}

#[test]
fn restricted_session_has_no_import_and_export_and_demo_has_no_export() {
    let start = |scope: Scope, demo| SessionOptions {
        actor: "terry".into(),
        scope,
        demo,
        ..SessionOptions::default()
    };
    let rooms = Scope {
        rooms: Some([jid(ROOM)].into()),
        read_only: false,
        ..Scope::default()
    };
    let read_only = Scope {
        rooms: None,
        read_only: true,
        ..Scope::default()
    };
    for scope in [rooms, read_only] {
        let mut session = Session::start(start(scope, false), wardrobe(), (100, 30));
        for (key, what) in [("I", "Import"), ("X", "Export")] {
            session.keys(key);
            assert_eq!(
                session.notice(),
                format!("{what} is not available in a restricted session")
            );
            assert!(session.state.top().is_none());
        }
    }
    let mut session = Session::start(start(Scope::default(), true), wardrobe(), (100, 30));
    session.keys("X");
    assert_eq!(session.notice(), "Export is not available in demo mode");
    session.files.insert("a.csv".into(), TABLE.into());
    session.keys("I");
    session.text("a.csv");
    session.keys("Enter y");
    assert_eq!(session.state.wardrobe().rooms().len(), 2);
}

#[test]
fn preview_follows_the_data() {
    let mut session = open_with("~/a.csv", TABLE);
    session.keys("I");
    session.text("~/a.csv");
    session.keys("Enter");
    assert!(overlay_text(&session).contains("admin (was member)"));
    // Meanwhile someone else makes one of the changes.
    session.external_change(|wardrobe| {
        wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), hatrack::model::Affiliation::Admin)
    });
    assert!(
        !overlay_text(&session).contains("admin"),
        "{}",
        overlay_text(&session)
    );
    session.keys("y");
    assert!(session.state.top().is_none());
    assert!(!session.json()["rooms"][ROOM]["users"]["kim@example.org"].is_null());
    // The preview closes when the import is no longer possible, here because the user has no affiliation now.
    let text = "room,user,hat\ncourses@conference.example.org,kim@example.org,urn:x:2\n";
    session.files.insert("b.csv".into(), text.into());
    session.keys("I");
    session.text("b.csv");
    session.keys("Enter");
    session.external_change(|wardrobe| {
        wardrobe.set_affiliation(
            &jid("kim@example.org"),
            &jid(ROOM),
            hatrack::model::Affiliation::None,
        )
    });
    assert!(session.state.top().is_none());
    assert_eq!(
        session.notice(),
        "Not imported: the data changed in the meantime. Try again"
    );
}

#[test]
fn enter_in_the_preview_opens_details_and_imports_nothing() {
    let mut session = open_with("~/a.csv", TABLE);
    session.keys("I");
    session.text("~/a.csv");
    let before = session.json();
    session.keys("Enter Enter");
    let details = session.state.top_as::<DetailsOverlay>().unwrap();
    assert!(
        details
            .lines()
            .join(" ")
            .starts_with("Skipped mallory@example.net in new@")
    );
    session.keys("Esc End");
    let preview = session.state.top_as::<ImportPreview>().unwrap();
    assert_eq!(preview.selected, preview.rows.len() - 1);
    assert_eq!(session.json(), before);
    // If all rows are skipped, there is nothing to import.
    let banned = "room,user,hat\ncourses@conference.example.org,mallory@example.net,urn:x:3\n";
    session.files.insert("c.csv".into(), banned.into());
    session.keys("Esc I Ctrl-U");
    session.text("c.csv");
    session.keys("Enter y");
    assert_eq!(session.notice(), "Nothing to import: all rows are skipped");
    assert_eq!(session.json(), before);
}

/// The screen as text.
fn shown(session: &Session) -> String {
    let (buffer, _) = screen::frame(&session.state, Theme::default(), session.size);
    screen::lines(&buffer).join("\n")
}

/// The text of the details overlay.
fn details_text(session: &Session) -> String {
    let details = session.state.top_as::<DetailsOverlay>().unwrap();
    details.lines().join("\n")
}

#[test]
fn every_line_of_a_table_has_a_row_with_its_reason() {
    let table = "room,user,affiliation,hat,title
courses@conference.example.org,terry@example.org,member,http://example.com/hats/teacher,Teacher
courses@conference.example.org,terry@example.org,member,http://example.com/hats/teacher,Teacher
courses@conference.example.org,terry@example.org,,urn:x:9,Nine
courses@conference.example.org,mallory@example.net,outcast,,
courses@conference.example.org,terry@example.org,,,
courses@conference.example.org,,,,
";
    let mut session = open_with("a.csv", table);
    session.keys("I");
    session.text("a.csv");
    session.keys("Enter");
    assert_eq!(
        overlay_text(&session),
        "a.csv into courses@conference.example.org: 1 hat added, 1 hat unchanged\n\
         Add terry@example.org in courses@conference.example.org: \"Nine\" (inactive) (line 4)\n\
         Unchanged courses@conference.example.org: already named \"Courses\" (line 7)\n\
         Unchanged mallory@example.net in courses@conference.example.org: already outcast (line 5)\n\
         Unchanged terry@example.org in courses@conference.example.org: already has \"Teacher\" (lines 2, 3)\n\
         Unchanged terry@example.org in courses@conference.example.org: already member (line 6)"
    );
    session.keys("Enter");
    assert_eq!(
        details_text(&session),
        "Add terry@example.org in courses@conference.example.org: \"Nine\" (inactive)\n\
         Line 4 of the file\n\
         Hat ID: urn:x:9\n\
         Before: no such hat\n\
         After: title \"Nine\", inactive, optional, never expires"
    );
    session.keys("Esc Down Down Down Enter");
    assert_eq!(
        details_text(&session),
        "Unchanged terry@example.org in courses@conference.example.org: already has \"Teacher\"\n\
         Lines 2, 3 of the file\n\
         Hat ID: http://example.com/hats/teacher\n\
         Before and after: title \"Teacher\", active, optional, never expires"
    );
}

#[test]
fn hats_of_a_table_without_the_column_active_can_be_imported_as_active() {
    let table = "user,affiliation,hat\nkim@example.org,member,urn:x:1\n";
    let mut session = open_with("a.csv", table);
    session.keys("I");
    session.text("a.csv");
    session.keys("Enter");
    let note = "1 hat will be inactive, as the table has no column \"active\" To change this, press Esc, import again and choose \"add, and make hats active\"";
    let shown = shown(&session).replace('┃', "");
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains(note), "{shown}");
    session.keys("Esc I Down Space Enter");
    assert_eq!(
        overlay_text(&session),
        format!(
            "a.csv into {ROOM}: 1 user added, 1 hat added\nAdd kim@example.org in {ROOM}: member, <urn:x:1> (line 2)"
        )
    );
    session.keys("y");
    let hat = &session.json()["rooms"][ROOM]["users"]["kim@example.org"]["hats"]["urn:x:1"];
    assert_eq!(hat, &serde_json::json!({"active": true}));
}

#[test]
fn large_preview_is_shown_quickly() {
    use std::fmt::Write as _;
    let mut table = "user,affiliation,hat,title\n".to_owned();
    for number in 0..100_000 {
        let _ = writeln!(table, "u{number}@example.org,member,urn:x:1,One");
    }
    let mut session = open_with("a.csv", &table);
    session.keys("I");
    session.text("a.csv");
    session.keys("Enter y I");
    session.text("a.csv");
    session.keys("Enter");
    let preview = session.state.top_as::<ImportPreview>().unwrap();
    assert_eq!(preview.rows.len(), 100_000);
    let start = std::time::Instant::now();
    session.keys("End Home PageDown");
    assert!(shown(&session).contains("Unchanged"));
    assert!(start.elapsed().as_secs() < 1, "{:?}", start.elapsed());
}

#[test]
fn path_is_completed() {
    let mut session = open_with("in/first.csv", TABLE);
    session.files.insert("in/first.json".into(), Vec::new());
    session.files.insert("in/other.csv".into(), Vec::new());
    let typed = |session: &Session| session.state.top_as::<Prompt>().unwrap().text.text();
    session.keys("I Tab");
    assert_eq!(typed(&session), "in/");
    session.text("f");
    session.keys("Tab");
    assert_eq!(typed(&session), "in/first.");
    let hint = session.state.top_as::<Prompt>().unwrap().hint();
    assert_eq!(hint, "2 names: first.csv, first.json");
    session.text("c");
    assert!(session.state.top_as::<Prompt>().unwrap().completions.is_empty());
    session.keys("Tab");
    assert_eq!(typed(&session), "in/first.csv");
    session.text("x");
    session.keys("Tab");
    assert_eq!(
        session.notice(),
        "No file or folder starts with \"in/first.csvx\""
    );
    assert_eq!(typed(&session), "in/first.csvx");
    session.keys("Backspace Enter y");
    assert!(!session.json()["rooms"][ROOM]["users"]["kim@example.org"].is_null());
    // A late answer changes nothing.
    session.keys("X");
    session.text("i");
    session.send(hatrack::app::Msg::FolderListed("in/f".into(), Vec::new()));
    assert_eq!(typed(&session), "i");
    assert_eq!(session.notice(), "");
}

#[test]
fn arrows_move_between_the_fields_of_an_import_and_its_options() {
    let mut session = open_with("a.csv", TABLE);
    session.keys("I");
    session.text("a.csv");
    let prompt = |session: &Session| {
        let prompt = session.state.top_as::<Prompt>().unwrap();
        (prompt.selected, prompt.is_choosing, prompt.text.text())
    };
    for (keys, at, choosing) in [
        ("Down", 0, true),
        ("Up", 0, false),
        ("Shift-Tab", 0, true),
        ("Left", 0, false),
        ("Down", 0, true),
        ("Down", 1, true),
        ("Up", 0, true),
        ("Right", 1, true),
        ("Left", 0, true),
        ("Down", 1, true),
        ("Space", 2, true),
        ("Down", 0, true),
        ("Space", 1, true),
        ("Tab", 1, false),
        ("Left", 1, false),
    ] {
        session.keys(keys);
        assert_eq!(prompt(&session), (at, choosing, "a.csv".into()), "{keys}");
    }
    session.keys("Down");
    let shown = shown(&session);
    for expected in [
        "> Mode        ( ) add to existing data",
        "  (•) add, and make hats active",
        "press Up or Down to change",
        " Space Change   Tab Next field   Enter Preview   Esc Cancel",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
}

#[test]
fn previewed_users_are_in_the_order_of_the_panes() {
    let users = |room: &str| ["u10", "u2", "u1"].map(|user| format!("{room},{user}@example.org,member\n"));
    let rows = [users(ROOM), users("new@conference.example.org")].concat();
    let mut session = open_with("a.csv", &format!("room,user,affiliation\n{}", rows.concat()));
    session.keys("I");
    session.text("a.csv");
    session.keys("Enter");
    let shown = overlay_text(&session);
    let order: Vec<&str> = shown
        .lines()
        .filter_map(|line| line.strip_prefix("Add u")?.split('@').next())
        .collect();
    assert_eq!(order, ["1", "2", "10", "1", "2", "10"], "{shown}");
}
