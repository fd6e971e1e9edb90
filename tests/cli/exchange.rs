//! `hatrack import` and `hatrack export`.

use super::process::{Home, ROOM, TERRY};

const SECRET: &str = "staff@conference.example.org";
const HEAD: &str = "room,user,affiliation,hat,title,active,required,hue\r\n";

/// A room with terry, who has a hat, and another room.
fn home() -> Home {
    let home = Home::with_terry();
    home.run_ok(&[
        "add",
        ROOM,
        TERRY,
        "urn:x:ta",
        "--title",
        "TA, \"3b\"",
        "--active",
    ]);
    home.run_ok(&["room", "add", SECRET, "--name", "Vault"]);
    home.run_ok(&["affiliate", SECRET, "boss@example.org", "owner"]);
    home
}

#[test]
fn export_prints_csv_or_json() {
    let home = home();
    let terry = format!("{ROOM},{TERRY},member,urn:x:ta,\"TA, \"\"3b\"\"\",true,,\r\n");
    let room = format!("{HEAD}{ROOM},,,,Courses,,,\r\n{terry}");
    let all = format!("{room}{SECRET},,,,Vault,,,\r\n{SECRET},boss@example.org,owner,,,,,\r\n");
    assert_eq!(home.run_ok(&["export", "--csv"]), all);
    assert_eq!(home.run_ok(&["export", ROOM, "--csv"]), room);
    assert_eq!(
        home.run_ok(&["export", ROOM, TERRY, "--csv"]),
        format!("{HEAD}{terry}")
    );
    for part in [&[] as &[&str], &[ROOM], &[ROOM, TERRY]] {
        let shown = home.run_ok(&[&["show", "--json"], part].concat());
        assert_eq!(home.run_ok(&[&["export"], part].concat()), shown);
    }
    home.assert_fails(
        &["export", "no@c.example"],
        3,
        "no such room: no@c.example [item-not-found]",
    );
    let missing = format!("user not affiliated with room: no@c.example in {ROOM} [item-not-found]");
    home.assert_fails(&["export", ROOM, "no@c.example"], 3, &missing);
}

#[test]
fn export_reports_data_that_csv_cannot_hold() {
    let home = home();
    home.run_ok(&["add", ROOM, TERRY, "urn:x:end", "--expires", "2999-01-01"]);
    home.change_outside(&[("\"active\": true", "\"active\": true, \"since\": 2020")]);
    let output = home.run(&["export", ROOM, "--csv"]);
    assert_eq!(output.code, 0);
    assert_eq!(
        output.err,
        "hatrack: not exported as CSV: 1 expiration of a hat, 1 object with unrecognized fields (fields that hatrack does not use, such as \"since\"): \
         hat \"TA, \\\"3b\\\"\" of terry@example.org in courses@conference.example.org; use JSON to keep them\n"
    );
    assert!(home.run_ok(&["export", ROOM]).contains("\"since\": 2020"));
}

#[test]
fn export_overwrites_only_with_force() {
    let home = home();
    assert_eq!(
        home.run_ok(&["export", "--output", "a.csv"]),
        "Exported all rooms to a.csv\n"
    );
    let table = std::fs::read_to_string(home.path("a.csv")).unwrap();
    assert_eq!(table, home.run_ok(&["export", "--csv"]));
    home.run_ok(&["export", "--output", "a.json"]);
    assert_eq!(
        std::fs::read_to_string(home.path("a.json")).unwrap(),
        home.run_ok(&["export"])
    );
    home.assert_fails(
        &["export", ROOM, "--output", "a.csv"],
        1,
        "a.csv already exists; use --force to overwrite it",
    );
    assert_eq!(std::fs::read_to_string(home.path("a.csv")).unwrap(), table);
    home.run_ok(&["export", ROOM, "--output", "a.csv", "--force"]);
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
    home.assert_fails(
        &["export", "--output", path.to_str().unwrap(), "--force"],
        1,
        &error,
    );
    assert_eq!(std::fs::read(home.data()).unwrap(), data);
}

#[test]
fn import_adds_rows_and_is_one_undo_step() {
    let home = home();
    let before = home.run_ok(&["export"]);
    let table = format!(
        "{HEAD}{ROOM},{TERRY},admin,urn:x:ta,TA,true,,\n{ROOM},kim@example.org,member,urn:x:ta,TA,,,\nnew@c.example,mallory@example.net,outcast,urn:x:ta,,,,\n"
    );
    home.write("a.csv", &table);
    let done = "1 room and 2 users added, 1 affiliation changed, 1 hat added, 1 hat changed";
    let skipped = "Skipped: 1 hat of mallory@example.net in new@c.example: the user is banned (line 4)";
    assert_eq!(
        home.run_ok(&["import", "a.csv", "--dry-run"]),
        format!(
            "The import would add 1 room, 2 users and 1 hat, and change 1 affiliation and 1 hat:\n\
             Would add kim@example.org to {ROOM} as member with \"TA\" (inactive) (line 3)\n\
             Would change {TERRY} to admin in {ROOM} (was member) (line 2)\n\
             Would change \"TA, \"3b\"\" for {TERRY} in {ROOM}: title \"TA\" (line 2)\n\
             Would add room new@c.example\n\
             Would ban mallory@example.net from new@c.example (line 4)\n{skipped}\n"
        )
    );
    assert_eq!(home.run_ok(&["export"]), before);
    assert_eq!(
        home.run_ok(&["import", "a.csv"]),
        format!("Imported: {done} (revision 6)\n{skipped}\n")
    );
    assert!(home.run_ok(&["show", ROOM]).contains("kim@example.org"));
    assert_eq!(
        home.run_ok(&["import", "a.csv"]),
        format!("Nothing changed\n{skipped}\n")
    );
    assert_eq!(
        home.run_ok(&["import", "a.csv", "--dry-run"]),
        format!(
            "No changes: 2 hats unchanged\n\
             Unchanged: kim@example.org in {ROOM}: already has \"TA\" (inactive) (line 3)\n\
             Unchanged: {TERRY} in {ROOM}: already has \"TA\" (line 2)\n{skipped}\n"
        )
    );
    home.run_ok(&["undo"]);
    let undone = home
        .run_ok(&["export"])
        .replace("\"revision\": 7", "\"revision\": 5");
    assert_eq!(undone, before);
    // Importing an export from standard input changes nothing, in both formats.
    for form in ["--csv", "--json"] {
        let exported = if form == "--csv" {
            home.run_ok(&["export", "--csv"])
        } else {
            home.run_ok(&["export"])
        };
        for args in [&["import", "-"] as &[&str], &["import", "-", form]] {
            let output = home.run_with_input(args, exported.as_bytes());
            assert_eq!(
                (output.out.as_str(), output.err.as_str()),
                ("Nothing changed\n", "")
            );
        }
    }
}

#[test]
fn import_with_errors_changes_nothing() {
    let home = home();
    let before = std::fs::read(home.data()).unwrap();
    home.write("a.csv", format!("{HEAD}{ROOM},kim@example.org,member,urn:x:1,,,,\n{ROOM},ann@example.org,boss,,,,,\n{ROOM},new@example.org,,,,,,\n"));
    home.assert_fails(
        &["import", "a.csv"],
        2,
        "a.csv: line 3: affiliation is \"boss\", expected owner, admin, member, outcast or none [bad-request]",
    );
    home.write(
        "a.csv",
        format!("{HEAD}{ROOM},kim@example.org,member,Proctor,,,,\n{ROOM},new@example.org,,,,,,\n"),
    );
    let output = home.run(&["import", "a.csv"]);
    assert_eq!(output.code, 2);
    assert!(output.err.starts_with("hatrack: a.csv: 2 lines have errors. Nothing was imported. First errors: line 2: hat \"Proctor\" is neither the title of an existing hat nor a URI"), "{}", output.err);
    assert!(
        output.err.contains("; line 3: new@example.org is new in "),
        "{}",
        output.err
    );
    let advice = "use JSON for other IDs";
    assert!(output.err.contains(advice), "{}", output.err);
    home.write("hats.json", "{\"Proctor\": {}}");
    let target = ["--into", ROOM, "--user", TERRY, "--dry-run"];
    assert_eq!(
        home.run_ok(&[&["import", "hats.json"], &target as &[&str]].concat()),
        "The import would add 1 hat:\nWould add <Proctor> to terry@example.org in courses@conference.example.org\n"
    );
    home.write(
        "a.csv",
        format!("{HEAD}{ROOM},{TERRY},,urn:x:1,  ,,,\n{ROOM},,,urn:x:1, ,,,\n"),
    );
    home.assert_fails(
        &["import", "a.csv"],
        2,
        "a.csv: 2 lines have errors. Nothing was imported. First errors: \
         line 2: title \"  \" has only spaces; line 3: title \" \" has only spaces [bad-request]",
    );
    home.write("a.json", "{\"version\": 1, \"rooms\": {\"a\": {}}}");
    home.assert_fails(&["import", "a.json"], 2,
        "a.json: line 1, column 26: \"a\" is not a room address: it needs a name before the domain, such as room@conference.example.org [bad-request]");
    home.assert_fails(
        &["import", "/"],
        1,
        "/ is a folder, not a file; give the path of a file",
    );
    home.assert_fails(
        &["export", "--output", "/nonexist/x.json"],
        1,
        "/nonexist/x.json: the folder /nonexist does not exist; create it, or give another name",
    );
    home.assert_fails(
        &["import", "missing.csv"],
        1,
        "cannot read missing.csv: no such file or folder",
    );
    assert_eq!(std::fs::read(home.data()).unwrap(), before);
}

#[test]
fn imports_objects_without_address_into_target() {
    let home = home();
    home.write("room.json", home.run_ok(&["export", ROOM]));
    home.write("hats.json", "{\"urn:x:2\": {\"title\": \"Two\"}}");
    let output = home.run(&["import", "room.json"]);
    assert_eq!(
        (output.code, output.err.as_str()),
        (
            2,
            "hatrack: room.json is a room object without an address; specify the room: hatrack import room.json --into ROOM\n"
        )
    );
    home.assert_fails(
        &["import", "hats.json", "--into", ROOM],
        2,
        &format!(
            "hats.json is a user object without an address; specify the user: hatrack import hats.json --into {ROOM} --user USER"
        ),
    );
    // The suggested command includes options of the given one and is quoted for the shell.
    home.write("the room's.json", home.run_ok(&["export", ROOM]));
    let output = home.run(&[
        "import",
        "the room's.json",
        "--replace",
        "--dry-run",
        "--file",
        "x y.json",
    ]);
    let command = r"hatrack import 'the room'\''s.json' --into ROOM --file 'x y.json' --dry-run --replace";
    assert!(output.err.trim_end().ends_with(command), "{}", output.err);
    home.assert_fails(
        &["import", "hats.json", "--into", ROOM, "--user", "no@c.example"],
        3,
        &format!("user not affiliated with room: no@c.example in {ROOM} [item-not-found]; make the user a member first: hatrack affiliate {ROOM} no@c.example member"),
    );
    home.assert_fails(
        &["import", "hats.json", "--into", "no@c.example", "--user", TERRY],
        3,
        "no such room: no@c.example [item-not-found]",
    );
    assert_eq!(
        home.run_ok(&["import", "room.json", "--into", "copy@c.example"]),
        "Imported: 1 room and 1 user added, 1 hat added (revision 6)\n"
    );
    let target = ["--into", "copy@c.example", "--user", TERRY];
    assert_eq!(
        home.run_ok(&[&["import", "hats.json"], &target as &[&str]].concat()),
        "Imported: 1 hat added (revision 7)\n"
    );
    assert_eq!(
        home.run_ok(&[&["import", "hats.json", "--replace"], &target as &[&str]].concat()),
        "Imported: 1 hat removed, 1 hat unchanged (revision 8)\n"
    );
    home.write("a.csv", HEAD);
    home.assert_fails(
        &["import", "a.csv", "--replace"],
        2,
        "a.csv: a table or a server's list can only add; only JSON that hatrack exported can replace existing data [bad-request]",
    );
}

#[test]
fn restricted_session_exports_and_imports_own_rooms_only() {
    let home = home();
    let run_restricted = |args: &[&str]| home.run(&[&["--room", ROOM], args].concat());
    for form in [&["export"] as &[&str], &["export", "--csv"]] {
        let output = run_restricted(form);
        assert!(
            output.code == 0 && output.out.contains(TERRY) && !output.out.contains("staff@"),
            "{}",
            output.out
        );
    }
    let run_restricted_with_input = |input: &str, args: &[&str]| {
        home.run_with_input(&[&["--room", ROOM], args].concat(), input.as_bytes())
    };
    for restriction in [&["--room", ROOM] as &[&str], &["--read-only"]] {
        for args in [
            &["export", "--output", "a.csv"] as &[&str],
            &["export", "--output", "a.csv", "--force"],
            &["import", "a.csv"],
            &["import", "/dev/stdin"],
        ] {
            let output = home.run(&[restriction, args].concat());
            assert!(
                output.code == 1
                    && output
                        .err
                        .ends_with("is not available in a restricted session (--room, --only-hat, --no-affiliations or --read-only) [not-allowed]\n"),
                "{}",
                output.err
            );
        }
    }
    assert!(!home.path("a.csv").exists());
    let before = home.run_ok(&["show", SECRET, "--json"]);
    // The error does not reveal whether a room outside the restriction exists.
    let error = format!("hatrack: this session is restricted to {ROOM} [not-allowed]\n");
    for room in [SECRET, "nowhere@c.example"] {
        let table = format!("room,user,affiliation\n{room},mallory@example.net,owner\n");
        for args in [&["import", "-"] as &[&str], &["import", "-", "--dry-run"]] {
            let output = run_restricted_with_input(&table, args);
            assert_eq!((output.code, output.err.as_str()), (1, error.as_str()));
        }
        let import = ["import", "-", "--into", room, "--replace"];
        let output = run_restricted_with_input("{\"users\": {}}", &import);
        assert_eq!((output.code, output.err.as_str()), (1, error.as_str()));
    }
    // A whole data file replaces only the visible rooms and none of the other fields.
    let wardrobe = format!("{{\"version\": 1, \"rooms\": {{\"{ROOM}\": {{\"users\": {{}}}}}}, \"x\": 1}}");
    let output = run_restricted_with_input(&wardrobe, &["import", "-", "--replace"]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(
        output
            .out
            .contains("Skipped: data file field \"x\": not available in a restricted session"),
        "{}",
        output.out
    );
    assert_eq!(home.run_ok(&["show", SECRET, "--json"]), before);
    assert!(!home.run_ok(&["show", ROOM]).contains(TERRY));
    let table = format!("room,user,affiliation\n{ROOM},kim@example.org,owner\n");
    let output = home.run_with_input(&["--read-only", "import", "-"], table.as_bytes());
    assert_eq!(
        (output.code, output.err.as_str()),
        (1, "hatrack: this session is read-only [not-allowed]\n")
    );
}

#[test]
fn lists_first_skipped_items() {
    let home = Home::new();
    let rows = (0..60).map(|number| format!("many@c.example,user{number:02}@example.org,outcast,urn:x:1\n"));
    let table = std::iter::once("room,user,affiliation,hat\n".to_owned()).chain(rows);
    home.write("many.csv", table.collect::<String>());
    let output = home.run_ok(&["import", "many.csv"]);
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines.len(), 1 + 50 + 1, "{output}");
    assert_eq!(lines.last(), Some(&"Skipped: 10 more"));
    // A dry run lists all of them.
    let output = home.run_ok(&["import", "many.csv", "--dry-run"]);
    assert_eq!(
        output
            .lines()
            .filter(|line| line.starts_with("Skipped: "))
            .count(),
        60
    );
}

#[test]
fn export_names_the_first_objects_with_unrecognized_fields() {
    let home = Home::with_terry();
    let users = (1..6).map(|number| {
        format!("\"u{number}@example.org\": {{\"affiliation\": \"member\", \"note\": {number}}}")
    });
    let users: Vec<String> = users.collect();
    home.write("room.json", format!("{{\"users\": {{{}}}}}", users.join(", ")));
    home.run_ok(&["import", "room.json", "--into", "many@c.example"]);
    let output = home.run(&["export", "many@c.example", "--csv"]);
    assert_eq!(
        output.err,
        "hatrack: not exported as CSV: 5 objects with unrecognized fields (fields that hatrack does not use, such as \"note\"): \
         u1@example.org in many@c.example, u2@example.org in many@c.example, u3@example.org in many@c.example and 2 more; \
         use JSON to keep them\n"
    );
}

#[test]
fn hats_of_a_table_without_the_column_active_become_active_on_request() {
    let home = Home::with_terry();
    home.write(
        "a.csv",
        "user,affiliation,hat,required\nkim@example.org,member,urn:x:1,yes\nann@example.org,member,urn:x:1,\n",
    );
    let import = |more: &[&str]| home.run_ok(&[&["import", "a.csv", "--into", ROOM], more].concat());
    let note = |verb: &str| {
        format!(
            "2 hats {verb} inactive, as the table has no column \"active\"; use --active for active hats\n"
        )
    };
    let planned = import(&["--dry-run"]);
    assert!(planned.ends_with(&note("would be")), "{planned}");
    let planned = import(&["--dry-run", "--active"]);
    assert!(
        !planned.contains("inactive") && planned.contains("with <urn:x:1> (required) (line 2)"),
        "{planned}"
    );
    let imported = import(&[]);
    assert!(imported.ends_with(&note("are")), "{imported}");
    // Existing hats become active, too.
    assert_eq!(
        import(&["--active"]).split(" (revision").next(),
        Some("Imported: 2 hats changed")
    );
    // A value in the column has precedence over `--active`; an empty cell does not.
    home.write(
        "b.csv",
        "user,hat,active\nkim@example.org,urn:x:1,no\nann@example.org,urn:x:1,\n",
    );
    let imported = home.run_ok(&["import", "b.csv", "--into", ROOM, "--active"]);
    assert!(
        imported.starts_with("Imported: 1 hat changed, 1 hat unchanged"),
        "{imported}"
    );
    assert!(!imported.contains("inactive"), "{imported}");
}

#[test]
fn import_replace_restores_backup() {
    let wardrobe = format!(
        r#"{{"version": 1, "rooms": {{"{ROOM}": {{"users": {{
            "mallory@example.net": {{"affiliation": "outcast", "hats": {{"urn:x:1": {{}}, "not a uri": {{"title": "Old"}}}}}},
            "kim@example.org": {{"affiliation": "none", "hats": {{"urn:x:1": {{"active": true}}}}}},
            "nobody@example.org": {{"affiliation": "none", "hats": {{}}}}}}}}}}}}"#
    );
    let home = Home::new();
    home.write("all.json", wardrobe);
    assert_eq!(
        home.run_ok(&["import", "all.json", "--replace"]),
        "Imported: 1 room and 3 users added, 3 hats added (revision 1)\nIncludes 3 hats of users who are banned or have no affiliation\n"
    );
    let exported = home.run_ok(&["export"]);
    home.run_ok(&["export", "--output", "again.json"]);
    home.run_ok(&["--file", "new.json", "import", "again.json", "--replace"]);
    assert_eq!(home.run_ok(&["--file", "new.json", "export"]), exported);
    assert_eq!(
        home.run_ok(&["import", "again.json", "--replace"]),
        "Nothing changed\n"
    );
    // The import can be undone and redone.
    home.run_ok(&["undo"]);
    home.run_ok(&["redo"]);
    assert_eq!(
        home.run_ok(&["export"])
            .replace("\"revision\": 3", "\"revision\": 1"),
        exported
    );
}

#[test]
fn import_reports_added_and_removed_hat_sets() {
    let home = Home::with_terry();
    home.run_ok(&["add", ROOM, TERRY, "urn:x:1", "--title", "Proctor"]);
    home.run_ok(&["export", "--output", "before.json"]);
    home.run_ok(&["sets", "save", "nights", ROOM, TERRY]);
    home.run_ok(&["export", "--output", "after.json"]);
    let output = home.run_ok(&["import", "before.json", "--replace"]);
    assert!(
        output.contains("1 hat set removed") && !output.contains("unrecognized"),
        "{output}"
    );
    let output = home.run_ok(&["import", "after.json"]);
    assert!(output.contains("1 hat set saved"), "{output}");
    assert!(home.run_ok(&["sets"]).contains("nights"));
}

#[test]
fn imports_tables_with_mapped_columns_and_lists_that_servers_print() {
    let home = Home::new();
    home.run_ok(&["room", "add", ROOM]);
    home.run_ok(&["catalog", "define", ROOM, "urn:x:ta", "--title", "Assistant"]);
    home.write(
        "class.csv",
        "Name,Email,Role\nTerry,terry@example.org,assistant\n",
    );
    let into = ["--into", ROOM];
    home.assert_fails(
        &["import", "class.csv", "--map", "user=Email,hat=Role"],
        2,
        "class.csv is a list without room addresses; specify the room: hatrack import class.csv --map 'user=Email,hat=Role' --into ROOM",
    );
    home.assert_fails(
        &[&["import", "class.csv", "--map", "mail=Email"][..], &into].concat(),
        2,
        "--map: unknown column \"mail\"; the columns are room, user, affiliation, hat, title, active, required, hue",
    );
    home.run_ok(
        &[
            &[
                "import",
                "class.csv",
                "--map",
                "user=Email",
                "--map",
                "hat=Role",
                "--affiliation",
                "member",
            ][..],
            &into,
        ]
        .concat(),
    );
    let shown = home.run_ok(&["show", ROOM, "terry@example.org"]);
    assert!(shown.contains("Assistant"), "{shown}");
    home.write(
        "list",
        "terry\texample.org\towner\t\neve\texample.org\tmember\t\n",
    );
    home.run_ok(&[&["import", "list"][..], &into].concat());
    let shown = home.run_ok(&["show", ROOM]);
    assert!(
        shown.contains("terry@example.org") && shown.contains("owner") && shown.contains("eve@example.org"),
        "{shown}"
    );
}
