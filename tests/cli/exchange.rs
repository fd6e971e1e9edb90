//! Import and export by commands.

use super::process::{Home, ROOM, TERRY};

const SECRET: &str = "staff@conference.example.org";
const HEAD: &str = "room,user,affiliation,hat,title,active,required,hue\r\n";

/// terry with a hat, and another room.
fn home() -> Home {
    let home = Home::with_terry();
    home.done(&[
        "add",
        ROOM,
        TERRY,
        "urn:x:ta",
        "--title",
        "TA, \"3b\"",
        "--active",
    ]);
    home.done(&["room", "add", SECRET, "--name", "Vault"]);
    home.done(&["affiliate", SECRET, "boss@example.org", "owner"]);
    home
}

#[test]
fn export_prints_a_table_or_json() {
    let home = home();
    let terry = format!("{ROOM},{TERRY},member,urn:x:ta,\"TA, \"\"3b\"\"\",true,,\r\n");
    let room = format!("{HEAD}{ROOM},,,,Courses,,,\r\n{terry}");
    let all = format!("{room}{SECRET},,,,Vault,,,\r\n{SECRET},boss@example.org,owner,,,,,\r\n");
    assert_eq!(home.done(&["export", "--csv"]), all);
    assert_eq!(home.done(&["export", ROOM, "--csv"]), room);
    assert_eq!(
        home.done(&["export", ROOM, TERRY, "--csv"]),
        format!("{HEAD}{terry}")
    );
    for part in [&[] as &[&str], &[ROOM], &[ROOM, TERRY]] {
        let shown = home.done(&[&["show", "--json"], part].concat());
        assert_eq!(home.done(&[&["export"], part].concat()), shown);
    }
    home.fails(
        &["export", "no@c.example"],
        3,
        "item-not-found: no such room: no@c.example",
    );
    let missing = format!("item-not-found: user not affiliated with room: no@c.example in {ROOM}");
    home.fails(&["export", ROOM, "no@c.example"], 3, &missing);
}

#[test]
fn export_says_what_a_table_does_not_hold() {
    let home = home();
    home.changed_outside(&[("\"active\": true", "\"active\": true, \"since\": 2020")]);
    let said = home.run(&["export", ROOM, "--csv"]);
    assert_eq!(said.code, 0);
    assert_eq!(
        said.err,
        "hatrack: the table does not hold 1 object with members that hatrack does not know\n"
    );
    assert!(home.done(&["export", ROOM]).contains("\"since\": 2020"));
}

#[test]
fn export_writes_a_file_and_replaces_none_by_itself() {
    let home = home();
    assert_eq!(home.done(&["export", "--output", "a.csv"]), "");
    let table = std::fs::read_to_string(home.path("a.csv")).unwrap();
    assert_eq!(table, home.done(&["export", "--csv"]));
    home.done(&["export", "--output", "a.json"]);
    assert_eq!(
        std::fs::read_to_string(home.path("a.json")).unwrap(),
        home.done(&["export"])
    );
    home.fails(
        &["export", ROOM, "--output", "a.csv"],
        1,
        "a.csv is there already; --force replaces it",
    );
    assert_eq!(std::fs::read_to_string(home.path("a.csv")).unwrap(), table);
    home.done(&["export", ROOM, "--output", "a.csv", "--force"]);
    assert!(
        !std::fs::read_to_string(home.path("a.csv"))
            .unwrap()
            .contains(SECRET)
    );
    let data = std::fs::read(home.data()).unwrap();
    let path = home.data();
    let error = format!(
        "{}: it belongs to the data file; give another name",
        path.display()
    );
    home.fails(
        &["export", "--output", path.to_str().unwrap(), "--force"],
        1,
        &error,
    );
    assert_eq!(std::fs::read(home.data()).unwrap(), data);
}

#[test]
fn import_adds_what_is_in_a_table_and_is_undone_at_once() {
    let home = home();
    let before = home.done(&["export"]);
    let table = format!(
        "{HEAD}{ROOM},{TERRY},admin,urn:x:ta,TA,true,,\n{ROOM},kim@example.org,member,urn:x:ta,TA,,,\nnew@c.example,mallory@example.net,outcast,urn:x:ta,,,,\n"
    );
    home.write("a.csv", &table);
    let done = "1 room and 2 users added, 1 affiliation changed, 1 hat given, 1 changed";
    let aside = "left aside: 1 hat of mallory@example.net in new@c.example, who is banned (outcast)";
    assert_eq!(
        home.done(&["import", "a.csv", "--dry-run"]),
        format!("would import: {done}\n{aside}\n")
    );
    assert_eq!(home.done(&["export"]), before);
    assert_eq!(
        home.done(&["import", "a.csv"]),
        format!("imported: {done} (revision 6)\n{aside}\n")
    );
    assert!(home.done(&["show", ROOM]).contains("kim@example.org"));
    assert_eq!(
        home.done(&["import", "a.csv"]),
        format!("nothing to change: it is so already\n{aside}\n")
    );
    home.done(&["undo"]);
    let undone = home
        .done(&["export"])
        .replace("\"revision\": 7", "\"revision\": 5");
    assert_eq!(undone, before);
    // Its own export, from standard input, form by form.
    for form in ["--csv", "--json"] {
        let exported = if form == "--csv" {
            home.done(&["export", "--csv"])
        } else {
            home.done(&["export"])
        };
        for args in [&["import", "-"] as &[&str], &["import", "-", form]] {
            let said = home.fed(args, exported.as_bytes());
            assert_eq!(
                (said.out.as_str(), said.err.as_str()),
                ("nothing to change: it is so already\n", "")
            );
        }
    }
}

#[test]
fn import_takes_nothing_until_all_is_right() {
    let home = home();
    let before = std::fs::read(home.data()).unwrap();
    home.write("a.csv", format!("{HEAD}{ROOM},kim@example.org,member,urn:x:1,,,,\n{ROOM},ann@example.org,boss,,,,,\n{ROOM},new@example.org,,,,,,\n"));
    home.fails(&["import", "a.csv"], 1,
        "bad-request: a.csv: line 3: affiliation: expected owner, admin, member, outcast or none, found \"boss\"");
    home.write(
        "a.csv",
        format!("{HEAD}{ROOM},kim@example.org,member,Proctor,,,,\n{ROOM},new@example.org,,,,,,\n"),
    );
    let said = home.run(&["import", "a.csv"]);
    assert!(said.err.starts_with("hatrack: bad-request: a.csv: 2 rows are wrong, so nothing was taken: line 2: hat: not a URI: \"Proctor\""), "{}", said.err);
    assert!(
        said.err.contains("; line 3: new@example.org is new in "),
        "{}",
        said.err
    );
    let keeps = "one that a server gave is kept by JSON";
    assert!(said.err.contains(keeps), "{}", said.err);
    home.write("hats.json", "{\"Proctor\": {}}");
    let target = ["--into", ROOM, "--user", TERRY, "--dry-run"];
    assert_eq!(
        home.done(&[&["import", "hats.json"], &target as &[&str]].concat()),
        "would import: 1 hat given\n"
    );
    home.write("a.json", "{\"version\": 1, \"rooms\": {\"a\": {}}}");
    home.fails(&["import", "a.json"], 1,
        "bad-request: a.json: line 1, column 26: not an address: \"a\": a room has a name before the @, such as room@conference.example.org");
    home.fails(
        &["import", "/"],
        1,
        "/ is a folder, not a file; give the path of a file",
    );
    home.fails(
        &["export", "--output", "/nonexist/x.json"],
        1,
        "/nonexist/x.json: there is no folder /nonexist; make it, or give another name",
    );
    home.fails(
        &["import", "missing.csv"],
        1,
        "cannot read missing.csv: there is no such file or folder",
    );
    assert_eq!(std::fs::read(home.data()).unwrap(), before);
}

#[test]
fn objects_without_an_address_are_imported_into_one() {
    let home = home();
    home.write("room.json", home.done(&["export", ROOM]));
    home.write("hats.json", "{\"urn:x:2\": {\"title\": \"Two\"}}");
    let said = home.run(&["import", "room.json"]);
    assert_eq!(
        (said.code, said.err.as_str()),
        (
            2,
            "hatrack: room.json is a room without its address; say which it is for: hatrack import room.json --into ROOM\n"
        )
    );
    home.fails(
        &["import", "hats.json", "--into", ROOM],
        2,
        &format!(
            "hats.json is a user without an address; say whom it is for: hatrack import hats.json --into {ROOM} --user USER"
        ),
    );
    // What else was typed is in it too, so that it can be typed as it stands there.
    home.write("the room's.json", home.done(&["export", ROOM]));
    let said = home.run(&[
        "import",
        "the room's.json",
        "--replace",
        "--dry-run",
        "--file",
        "x y.json",
    ]);
    let command = r"hatrack import 'the room'\''s.json' --into ROOM --file 'x y.json' --dry-run --replace";
    assert!(said.err.trim_end().ends_with(command), "{}", said.err);
    home.fails(
        &["import", "hats.json", "--into", ROOM, "--user", "no@c.example"],
        3,
        &format!("item-not-found: user not affiliated with room: no@c.example in {ROOM}"),
    );
    home.fails(
        &["import", "hats.json", "--into", "no@c.example", "--user", TERRY],
        3,
        "item-not-found: no such room: no@c.example",
    );
    assert_eq!(
        home.done(&["import", "room.json", "--into", "copy@c.example"]),
        "imported: 1 room and 1 user added, 1 hat given (revision 6)\n"
    );
    let target = ["--into", "copy@c.example", "--user", TERRY];
    assert_eq!(
        home.done(&[&["import", "hats.json"], &target as &[&str]].concat()),
        "imported: 1 hat given (revision 7)\n"
    );
    assert_eq!(
        home.done(&[&["import", "hats.json", "--replace"], &target as &[&str]].concat()),
        "imported: 1 hat taken, 1 the same already (revision 8)\n"
    );
    home.write("a.csv", HEAD);
    home.fails(
        &["import", "a.csv", "--replace"],
        1,
        "bad-request: a.csv: a table is only added to what is there; it cannot replace it, as JSON can",
    );
}

#[test]
fn a_limited_session_exports_and_imports_its_own_rooms_only() {
    let home = home();
    let limited = |args: &[&str]| home.run(&[&["--room", ROOM], args].concat());
    for form in [&["export"] as &[&str], &["export", "--csv"]] {
        let said = limited(form);
        assert!(
            said.code == 0 && said.out.contains(TERRY) && !said.out.contains("staff@"),
            "{}",
            said.out
        );
    }
    let fed = |input: &str, args: &[&str]| home.fed(&[&["--room", ROOM], args].concat(), input.as_bytes());
    for limit in [&["--room", ROOM] as &[&str], &["--read-only"]] {
        for args in [
            &["export", "--output", "a.csv"] as &[&str],
            &["export", "--output", "a.csv", "--force"],
            &["import", "a.csv"],
            &["import", "/dev/stdin"],
        ] {
            let said = home.run(&[limit, args].concat());
            assert!(
                said.code == 1
                    && said
                        .err
                        .ends_with("is not for a session limited by --room or --read-only\n"),
                "{}",
                said.err
            );
        }
    }
    assert!(!home.path("a.csv").exists());
    let before = home.done(&["show", SECRET, "--json"]);
    // A room outside of the limits: whether it is there does not show.
    let error = format!("hatrack: not-allowed: this session is limited to {ROOM}\n");
    for room in [SECRET, "nowhere@c.example"] {
        let table = format!("room,user,affiliation\n{room},mallory@example.net,owner\n");
        for args in [&["import", "-"] as &[&str], &["import", "-", "--dry-run"]] {
            let said = fed(&table, args);
            assert_eq!((said.code, said.err.as_str()), (1, error.as_str()));
        }
        let said = fed("{\"users\": {}}", &["import", "-", "--into", room, "--replace"]);
        assert_eq!((said.code, said.err.as_str()), (1, error.as_str()));
    }
    // A wardrobe replaces what is seen, and none of the members of the document.
    let wardrobe = format!("{{\"version\": 1, \"rooms\": {{\"{ROOM}\": {{\"users\": {{}}}}}}, \"x\": 1}}");
    let said = fed(&wardrobe, &["import", "-", "--replace"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains("left aside: the member \"x\" of the document"),
        "{}",
        said.out
    );
    assert_eq!(home.done(&["show", SECRET, "--json"]), before);
    assert!(!home.done(&["show", ROOM]).contains(TERRY));
    let table = format!("room,user,affiliation\n{ROOM},kim@example.org,owner\n");
    let said = home.fed(&["--read-only", "import", "-"], table.as_bytes());
    assert_eq!(
        (said.code, said.err.as_str()),
        (1, "hatrack: not-allowed: this session is read-only\n")
    );
}

#[test]
fn of_many_that_are_left_aside_the_first_are_named() {
    let home = Home::new();
    let rows = (0..60).map(|number| format!("many@c.example,user{number:02}@example.org,outcast,urn:x:1\n"));
    let table = std::iter::once("room,user,affiliation,hat\n".to_owned()).chain(rows);
    home.write("many.csv", table.collect::<String>());
    let said = home.done(&["import", "many.csv"]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 1 + 50 + 1, "{said}");
    assert_eq!(lines.last(), Some(&"left aside: 10 more like these"));
}

#[test]
fn a_backup_is_restored_whole() {
    let wardrobe = format!(
        r#"{{"version": 1, "rooms": {{"{ROOM}": {{"users": {{
            "mallory@example.net": {{"affiliation": "outcast", "hats": {{"urn:x:1": {{}}, "not a uri": {{"title": "Old"}}}}}},
            "kim@example.org": {{"affiliation": "none", "hats": {{"urn:x:1": {{"active": true}}}}}},
            "nobody@example.org": {{"affiliation": "none", "hats": {{}}}}}}}}}}}}"#
    );
    let home = Home::new();
    home.write("all.json", wardrobe);
    assert_eq!(
        home.done(&["import", "all.json", "--replace"]),
        "imported: 1 room and 3 users added, 3 hats given (revision 1)\n3 hats of users who are not affiliated are kept as the file has them\n"
    );
    let exported = home.done(&["export"]);
    home.done(&["export", "--output", "again.json"]);
    home.done(&["--file", "new.json", "import", "again.json", "--replace"]);
    assert_eq!(home.done(&["--file", "new.json", "export"]), exported);
    assert_eq!(
        home.done(&["import", "again.json", "--replace"]),
        "nothing to change: it is so already\n"
    );
    // What was kept can be taken back, and put back.
    home.done(&["undo"]);
    home.done(&["redo"]);
    assert_eq!(
        home.done(&["export"])
            .replace("\"revision\": 3", "\"revision\": 1"),
        exported
    );
}

#[test]
fn named_sets_that_come_or_go_are_told() {
    let home = Home::with_terry();
    home.done(&["add", ROOM, TERRY, "urn:x:1", "--title", "Proctor"]);
    home.done(&["export", "--output", "before.json"]);
    home.done(&["sets", "save", "nights", ROOM, TERRY]);
    home.done(&["export", "--output", "after.json"]);
    let said = home.done(&["import", "before.json", "--replace"]);
    assert!(
        said.contains("1 named set removed") && !said.contains("does not know"),
        "{said}"
    );
    let said = home.done(&["import", "after.json"]);
    assert!(said.contains("1 named set put"), "{said}");
    assert!(home.done(&["sets"]).contains("nights"));
}
