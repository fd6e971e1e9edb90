//! The output and effect of each command.

use super::process::{Home, ROOM, TERRY, output_of};

const HAT: &str = "http://example.com/hats/ta";

/// The user object in the data file, without white space.
fn user(home: &Home) -> String {
    let json = home.run_ok(&["show", ROOM, TERRY, "--json"]);
    json.split_whitespace().collect()
}

#[test]
fn first_session_from_room_to_undo() {
    let home = Home::new();
    let path = home.data();
    assert_eq!(
        home.run_ok(&["show"]),
        format!(
            "No rooms in {} yet.\nAdd the first one: hatrack room add ROOM --name NAME\n",
            path.display()
        )
    );
    assert!(!path.exists(), "show creates no file");
    for restriction in [&["--read-only", "show"] as &[&str], &["--room", ROOM, "show"]] {
        assert_eq!(home.run_ok(restriction), "No rooms in this restricted session.\n");
        let named = output_of(home.command(restriction).env("HATRACK_FILE", home.path("v.json")));
        assert_eq!(
            named.out,
            "No rooms in this restricted session.\nHATRACK_FILE is ignored in restricted sessions; use --file FILE.\n"
        );
    }
    assert_eq!(
        home.run_ok(&["room", "add", ROOM, "--name", "Courses"]),
        "Added room courses@conference.example.org \"Courses\" (revision 1)\n"
    );
    assert_eq!(
        home.run_ok(&[
            "affiliate",
            "Courses@Conference.Example.ORG",
            "Terry@example.org/phone",
            "member"
        ]),
        "Added terry@example.org to courses@conference.example.org as member (revision 2)\n"
    );
    assert_eq!(
        home.run_ok(&[
            "add",
            ROOM,
            TERRY,
            HAT,
            "--title",
            "Teacher's Assistant",
            "--active"
        ]),
        "Added \"Teacher's Assistant\" to terry@example.org in courses@conference.example.org (revision 3)\n"
    );
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        r#"{
  "version": 1,
  "revision": 3,
  "rooms": {
    "courses@conference.example.org": {
      "name": "Courses",
      "users": {
        "terry@example.org": {
          "affiliation": "member",
          "hats": {
            "http://example.com/hats/ta": {
              "active": true,
              "title": "Teacher's Assistant"
            }
          }
        }
      }
    }
  }
}
"#
    );
    assert_eq!(
        home.run_ok(&["affiliate", ROOM, TERRY, "admin"]),
        "Changed terry@example.org to admin in courses@conference.example.org (was member) as revision 4\n"
    );
    assert_eq!(
        home.run_ok(&["affiliate", ROOM, TERRY, "none"]),
        "Removed terry@example.org (admin) from courses@conference.example.org with 1 hat (revision 5)\n"
    );
    assert_eq!(
        home.run_ok(&["room", "remove", ROOM]),
        "Removed room courses@conference.example.org \"Courses\" (revision 6)\n"
    );
    assert_eq!(
        home.run_ok(&["show", "--json"]),
        "{\n  \"version\": 1,\n  \"revision\": 6,\n  \"rooms\": {}\n}\n"
    );
}

#[test]
fn renames_room_and_clears_name() {
    let home = Home::with_terry();
    assert_eq!(
        home.run_ok(&["room", "rename", ROOM, "Lessons"]),
        "Renamed courses@conference.example.org from \"Courses\" to \"Lessons\" (revision 3)\n"
    );
    assert_eq!(
        home.run_ok(&["room", "rename", ROOM, "Lessons"]),
        "Nothing changed\n"
    );
    let before = home.run_ok(&["show", ROOM, "--json"]);
    assert_eq!(
        home.run_ok(&["room", "rename", ROOM, "--clear"]),
        "Cleared the name of courses@conference.example.org (was \"Lessons\") as revision 4\n"
    );
    let json: serde_json::Value = serde_json::from_str(&home.run_ok(&["show", ROOM, "--json"])).unwrap();
    assert_eq!(json.get("name"), None);
    assert_eq!(json["users"][TERRY]["affiliation"], "member", "the users stay");
    home.run_ok(&["undo"]);
    assert_eq!(home.run_ok(&["show", ROOM, "--json"]), before);
    home.assert_fails(&["room", "rename", ROOM], 2, "give a name, or --clear");
    for line in [
        &["room", "rename", ROOM, "x", "--clear"] as &[&str],
        &["room", "rename", ROOM, "--file"],
    ] {
        assert_eq!(home.run(line).code, 2, "{line:?}");
    }
    assert_eq!(home.run_ok(&["show", ROOM, "--json"]), before);
    home.assert_fails(
        &["room", "rename", "x@y", "Lessons"],
        3,
        "no such room: x@y [item-not-found]",
    );
}

#[test]
fn add_stores_exactly_the_given_fields() {
    let home = Home::with_terry();
    home.run_ok(&["add", ROOM, TERRY, HAT, "--title", "TA", "--active", "--required"]);
    assert_eq!(
        user(&home),
        r#"{"affiliation":"member","hats":{"http://example.com/hats/ta":{"active":true,"required":true,"title":"TA"}}}"#
    );
    assert_eq!(
        home.run_ok(&["add", ROOM, TERRY, HAT]),
        "Changed \"TA\" for terry@example.org in courses@conference.example.org: inactive, optional, \
         no title (revision 4)\n"
    );
    assert_eq!(
        user(&home),
        r#"{"affiliation":"member","hats":{"http://example.com/hats/ta":{}}}"#
    );
    let before = std::fs::read(home.data()).unwrap();
    assert_eq!(home.run_ok(&["add", ROOM, TERRY, HAT]), "Nothing changed\n");
    assert_eq!(std::fs::read(home.data()).unwrap(), before);
}

#[test]
fn remove_accepts_any_id_and_missing_hats() {
    let home = Home::new();
    home.write(
        ".config/hatrack/hats.json",
        r#"{"version":1,"rooms":{"courses@conference.example.org":{"users":{"terry@example.org":
           {"affiliation":"member","hats":{"not a uri":{"title":"Odd"}}}}}}}"#,
    );
    home.run_ok(&["affiliate", ROOM, "kim@example.org", "member"]);
    home.run_ok(&[
        "add",
        ROOM,
        "kim@example.org",
        "http://example.com/hats/speaker",
        "--title",
        "Speaker",
    ]);
    for (hat, suggestion) in [
        ("not an uri", "; did you mean not a uri (\"Odd\")?"),
        ("ood", "; did you mean not a uri (\"Odd\")?"),
        (
            "http://example.com/hats/speeker",
            "; a similar hat in this room is http://example.com/hats/speaker (\"Speaker\")",
        ),
        ("http://example.com/hats/speaker", ""),
        ("urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607", ""),
    ] {
        let expected = format!("No changes: {TERRY} does not have the hat {hat} in {ROOM}{suggestion}\n");
        assert_eq!(home.run_ok(&["remove", ROOM, TERRY, hat]), expected);
    }
    assert_eq!(
        home.run_ok(&["remove", ROOM, TERRY, "not a uri"]),
        "Removed \"Odd\" from terry@example.org in courses@conference.example.org (revision 3)\n"
    );
    assert_eq!(user(&home), r#"{"affiliation":"member","hats":{}}"#);
}

#[test]
fn set_reads_hats_or_user_object_from_file_or_stdin() {
    let home = Home::with_terry();
    let hats = br#"{"urn:x:1":{"title":"One"},"urn:x:2":{"active":true,"more":1.50}}"#;
    for args in [
        &["set", ROOM, TERRY, "-"] as &[&str],
        &["set", ROOM, TERRY],
        &["set", ROOM, TERRY, "hats.json"],
    ] {
        home.write("hats.json", hats);
        let output = home.run_with_input(args, hats);
        assert_eq!((output.code, output.err.as_str()), (0, ""), "{args:?}");
        assert!(
            output.out.starts_with(
                "Changed hats for terry@example.org in courses@conference.example.org: added \"One\", <urn:x:2>"
            ),
            "{}",
            output.out
        );
        assert_eq!(
            user(&home),
            r#"{"affiliation":"member","hats":{"urn:x:1":{"title":"One"},"urn:x:2":{"active":true,"more":1.50}}}"#
        );
        home.run_with_input(&["set", ROOM, TERRY], b"{}");
        assert_eq!(user(&home), r#"{"affiliation":"member","hats":{}}"#);
    }
    // An affiliation next to the hats is ignored.
    let output = home.run_with_input(
        &["set", ROOM, TERRY],
        br#"{"affiliation":"owner","hats":{"urn:x:3":{}}}"#,
    );
    let warning = "hatrack: ignored affiliation owner; use hatrack affiliate\n";
    assert_eq!((output.code, output.err.as_str()), (0, warning));
    assert_eq!(user(&home), r#"{"affiliation":"member","hats":{"urn:x:3":{}}}"#);
}

#[test]
fn set_accepts_output_of_show() {
    let home = Home::with_terry();
    home.run_ok(&["affiliate", ROOM, "kim@example.org", "owner"]);
    // A title that cannot be typed, but that other programs may write.
    let hats = r#"{"urn:x:1": {"active": true, "title": "帽子 \u001b[31m \"x\""}}"#;
    assert_eq!(
        home.run_with_input(&["set", ROOM, TERRY], hats.as_bytes()).code,
        0
    );
    let shown = home.run_ok(&["show", ROOM, TERRY, "--json"]);
    let output = home.run_with_input(&["set", ROOM, "kim@example.org"], shown.as_bytes());
    let warning = "hatrack: ignored affiliation member; use hatrack affiliate\n";
    assert_eq!((output.code, output.err.as_str()), (0, warning));
    assert_eq!(
        home.run_ok(&["show", ROOM, "kim@example.org", "--json"]),
        shown.replace("member", "owner")
    );
    let document = std::fs::read_to_string(home.data()).unwrap();
    assert_eq!(home.run_ok(&["show", "--json"]), document);
}

#[test]
fn data_file_option_overrides_variable_and_home() {
    let home = Home::new();
    let add = ["room", "add", ROOM];
    assert_eq!(
        output_of(home.command(&add).env("HATRACK_FILE", home.path("v.json"))).code,
        0
    );
    assert!(home.path("v.json").exists());
    let option = ["room", "add", ROOM, "--file", "o.json"];
    assert_eq!(
        output_of(home.command(&option).env("HATRACK_FILE", home.path("v2.json"))).code,
        0
    );
    assert!(home.path("o.json").exists() && !home.path("v2.json").exists());
    assert_eq!(
        output_of(home.command(&add).env("XDG_CONFIG_HOME", home.path("xdg"))).code,
        0
    );
    assert!(home.path("xdg/hatrack/hats.json").exists());
    assert_eq!(output_of(home.command(&add).env("HATRACK_FILE", "")).code, 0);
    assert!(home.data().exists());
}

#[test]
fn rejects_relative_home_folder() {
    let home = Home::new();
    let run = |home_is: &str, args: &[&str]| {
        let mut command = home.command(args);
        output_of(
            command
                .env("HOME", home_is)
                .env("XDG_CONFIG_HOME", "config")
                .env("XDG_STATE_HOME", "state"),
        )
    };
    let add = ["room", "add", ROOM];
    let refused = run("relative", &add);
    assert_eq!(
        (refused.code, refused.err.as_str()),
        (
            1,
            "hatrack: no home folder for the data file (HOME is not an absolute path); use \
             --file FILE or HATRACK_FILE\n"
        )
    );
    assert_eq!(run("relative", &["--read-only", "show"]).code, 1);
    assert_eq!(std::fs::read_dir(home.path("")).unwrap().count(), 0);
    // A relative XDG variable counts as unset.
    let path = home.path("");
    assert_eq!(run(path.to_str().unwrap(), &add).code, 0);
    assert!(home.data().exists());
}

#[test]
fn check_reports_without_changes() {
    let home = Home::with_terry();
    let path = home.data();
    let out = home.run_ok(&["check"]);
    let first = format!("{}: revision 2, 1 room, 1 user, 0 hats\n", path.display());
    assert!(out.starts_with(&first), "{out}");
    let other = home.write("other.json", "{\"version\":1,\"rooms\":{\"a@b\":{},\"A@b\":{}}}");
    home.assert_fails(
        &["check", "other.json"],
        4,
        &format!(
            "{}: line 1, column 32: \"A@b\" is another spelling of a@b, which already exists",
            other.display()
        ),
    );
    // The data file may not exist yet, but an explicitly named file must.
    let missing = home.path("missing.json");
    let output = home.run(&["check", "missing.json"]);
    let expected = format!("hatrack: {}: no such file\n", missing.display());
    assert_eq!(
        (output.code, output.out.as_str(), &output.err),
        (1, "", &expected)
    );
    let named = home.run(&["check", "--file", "missing.json"]);
    assert_eq!((named.code, named.err), (1, output.err));
    assert!(
        home.run_ok(&["check", "--file", home.data().to_str().unwrap()])
            .contains("revision")
    );
    assert!(!missing.exists());
}

#[test]
fn tables_are_aligned_and_sanitized() {
    let home = Home::new();
    home.write(
        ".config/hatrack/hats.json",
        r#"{"version":1,"rooms":{"courses@conference.example.org":{"name":"Kurse\u001b]0;x\u0007",
           "hats":{"urn:x:ta":{"title":"帽子","hue":120.5},"no uri":{}},
           "users":{"kim@example.org":{"affiliation":"owner","hats":{}},
             "mallory@example.net":{"hats":{"no uri":{}}},
             "terry@example.org":{"affiliation":"member","hats":{
               "urn:x:ta":{"active":true},"urn:x:evil":{"title":"a\u202eb\nc","required":true},"urn:x:none":{}}}}}}}"#,
    );
    assert_eq!(
        home.run_ok(&["show"]),
        "NAME         ROOM                            USERS  HATS\n\
         Kurse␛]0;x␇  courses@conference.example.org  3      4\n"
    );
    assert_eq!(
        home.run_ok(&["show", ROOM]),
        "\
Kurse␛]0;x␇ (courses@conference.example.org): 3 users, 4 hats

AFFILIATION  USER                 HATS
owner        kim@example.org
none         mallory@example.net  <no uri>
member       terry@example.org    a«U+202E»b␊c (required), <urn:x:none>, 帽子 (active)

Hats in the room's catalog:
TITLE  COLOR      ID
       automatic  no uri  (not a URI)
帽子   120.5      urn:x:ta
"
    );
    assert_eq!(
        home.run_ok(&["show", ROOM, TERRY]),
        "\
terry@example.org in courses@conference.example.org: affiliation member, 3 hats

TITLE            ACTIVE  REQUIRED  ID
a«U+202E»b␊c     no      yes       urn:x:evil
untitled (none)  no      no        urn:x:none
帽子             yes     no        urn:x:ta
"
    );
}

#[test]
fn titles_and_names_may_start_with_a_dash() {
    let home = Home::new();
    home.run_ok(&["room", "add", ROOM, "--name", "- x"]);
    home.run_ok(&["room", "rename", ROOM, "- y"]);
    home.run_ok(&["room", "rename", "--actor", "me", ROOM, "-1"]);
    home.run_ok(&["affiliate", ROOM, TERRY, "member"]);
    home.run_ok(&["add", ROOM, TERRY, "urn:x:1", "--title", "-1", "--active"]);
    home.run_ok(&[
        "catalog", "define", ROOM, "urn:x:1", "--title", "-- x", "--color", "7",
    ]);
    let json: serde_json::Value = serde_json::from_str(&home.run_ok(&["show", "--json"])).unwrap();
    let room = &json["rooms"][ROOM];
    assert_eq!(room["name"], "-1");
    assert_eq!(
        room["users"][TERRY]["hats"]["urn:x:1"],
        serde_json::json!({"active": true, "title": "-1"})
    );
    assert_eq!(room["hats"]["urn:x:1"]["title"], "-- x");
    // An option after `--title` or `--name` is rejected: the text was forgotten.
    for line in [
        &["add", ROOM, TERRY, "urn:x:2", "--title", "--active"] as &[&str],
        &["room", "add", "two@c.example", "--name", "--actor=evil"],
        &["add", ROOM, TERRY, "urn:x:2", "--title"],
    ] {
        let output = home.run(line);
        assert_eq!(output.code, 2, "{line:?}: {}", output.err);
    }
}

#[test]
fn user_lists_all_rooms() {
    let home = Home::new();
    let other = "staff@conference.example.org";
    home.run_ok(&["room", "add", ROOM, "--name", "Courses"]);
    home.run_ok(&["room", "add", other]);
    home.run_ok(&["affiliate", ROOM, TERRY, "member"]);
    home.run_ok(&["affiliate", other, TERRY, "owner"]);
    home.run_ok(&["affiliate", other, "ana@example.org", "admin"]);
    home.run_ok(&["add", ROOM, TERRY, HAT, "--title", "Tutor", "--active"]);
    assert_eq!(
        home.run_ok(&["user", "xmpp:Terry@Example.org/phone"]),
        "terry@example.org: 2 rooms, 1 hat\n\n\
         AFFILIATION  ROOM                            NAME     HATS\n\
         member       courses@conference.example.org  Courses  Tutor (active)\n\
         owner        staff@conference.example.org             \n"
            .replace(
                "staff@conference.example.org             \n",
                "staff@conference.example.org\n"
            )
    );
    let json: serde_json::Value = serde_json::from_str(&home.run_ok(&["user", TERRY, "--json"])).unwrap();
    assert_eq!(json[other]["affiliation"], "owner");
    assert_eq!(json[ROOM]["hats"][HAT]["title"], "Tutor");
    assert_eq!(
        home.run_ok(&["user", "nobody@example.org"]),
        "nobody@example.org is not in any room.\n"
    );
    assert_eq!(home.run_ok(&["user", "nobody@example.org", "--json"]), "{}\n");
    // A restricted session sees the user only in its rooms.
    assert_eq!(
        home.run_ok(&["--room", other, "user", TERRY]).lines().next(),
        Some("terry@example.org: 1 room, 0 hats")
    );
    let wrong = home.run(&["user", "not an address"]);
    assert_eq!(wrong.code, 2);
}
