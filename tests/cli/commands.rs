//! Every command: what it prints, what is in the file then, how it fails.

use super::process::{Home, ROOM, TERRY, said};

const HAT: &str = "http://example.com/hats/ta";

/// The user object as it is in the data file, without white space.
fn user(home: &Home) -> String {
    let json = home.done(&["show", ROOM, TERRY, "--json"]);
    json.split_whitespace().collect()
}

#[test]
fn the_whole_story() {
    let home = Home::new();
    let path = home.data();
    assert_eq!(
        home.done(&["show"]),
        format!(
            "There are no rooms in {} yet.\nAdd the first one: hatrack room add ROOM --name NAME\n",
            path.display()
        )
    );
    assert!(!path.exists(), "looking makes no file");
    for limit in [&["--read-only", "show"] as &[&str], &["--room", ROOM, "show"]] {
        assert_eq!(home.done(limit), "There are no rooms that this session sees.\n");
    }
    assert_eq!(
        home.done(&["room", "add", ROOM, "--name", "Courses"]),
        "added the room courses@conference.example.org \"Courses\" (revision 1)\n"
    );
    assert_eq!(
        home.done(&[
            "affiliate",
            "Courses@Conference.Example.ORG",
            "Terry@example.org/phone",
            "member"
        ]),
        "added terry@example.org to courses@conference.example.org as member (revision 2)\n"
    );
    assert_eq!(
        home.done(&[
            "add",
            ROOM,
            TERRY,
            HAT,
            "--title",
            "Teacher's Assistant",
            "--active"
        ]),
        "gave terry@example.org the hat \"Teacher's Assistant\" in courses@conference.example.org (revision 3)\n"
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
        home.done(&["affiliate", ROOM, TERRY, "admin"]),
        "made terry@example.org admin in courses@conference.example.org (before: member) (revision 4)\n"
    );
    assert_eq!(
        home.done(&["affiliate", ROOM, TERRY, "none"]),
        "removed terry@example.org (admin) from courses@conference.example.org with 1 hat (revision 5)\n"
    );
    assert_eq!(
        home.done(&["room", "remove", ROOM]),
        "removed the room courses@conference.example.org \"Courses\" (revision 6)\n"
    );
    assert_eq!(
        home.done(&["show", "--json"]),
        "{\n  \"version\": 1,\n  \"revision\": 6,\n  \"rooms\": {}\n}\n"
    );
}

#[test]
fn a_room_gets_another_name_or_none() {
    let home = Home::with_terry();
    assert_eq!(
        home.done(&["room", "rename", ROOM, "Lessons"]),
        "renamed courses@conference.example.org from \"Courses\" to \"Lessons\" (revision 3)\n"
    );
    assert_eq!(
        home.done(&["room", "rename", ROOM, "Lessons"]),
        "nothing to change: it is so already\n"
    );
    let before = home.done(&["show", ROOM, "--json"]);
    assert_eq!(
        home.done(&["room", "rename", ROOM, "--clear"]),
        "took the name \"Lessons\" from courses@conference.example.org (revision 4)\n"
    );
    let json: serde_json::Value = serde_json::from_str(&home.done(&["show", ROOM, "--json"])).unwrap();
    assert_eq!(json.get("name"), None);
    assert_eq!(
        json["users"][TERRY]["affiliation"], "member",
        "who is in it stays"
    );
    home.done(&["undo"]);
    assert_eq!(home.done(&["show", ROOM, "--json"]), before);
    for line in [
        &["room", "rename", ROOM] as &[&str],
        &["room", "rename", ROOM, "x", "--clear"],
        &["room", "rename", ROOM, "--file"],
    ] {
        assert_eq!(home.run(line).code, 2, "{line:?}");
    }
    assert_eq!(home.done(&["show", ROOM, "--json"]), before);
    home.fails(
        &["room", "rename", "x@y", "Lessons"],
        3,
        "item-not-found: no such room: x@y",
    );
}

#[test]
fn add_puts_exactly_what_it_is_told() {
    let home = Home::with_terry();
    home.done(&["add", ROOM, TERRY, HAT, "--title", "TA", "--active", "--required"]);
    assert_eq!(
        user(&home),
        r#"{"affiliation":"member","hats":{"http://example.com/hats/ta":{"active":true,"required":true,"title":"TA"}}}"#
    );
    assert_eq!(
        home.done(&["add", ROOM, TERRY, HAT]),
        "changed the hat \"TA\" of terry@example.org in courses@conference.example.org: not worn, not required, \
         without a title (revision 4)\n"
    );
    assert_eq!(
        user(&home),
        r#"{"affiliation":"member","hats":{"http://example.com/hats/ta":{}}}"#
    );
    let before = std::fs::read(home.data()).unwrap();
    assert_eq!(
        home.done(&["add", ROOM, TERRY, HAT]),
        "nothing to change: it is so already\n"
    );
    assert_eq!(std::fs::read(home.data()).unwrap(), before);
}

#[test]
fn remove_takes_any_id_and_not_having_it_is_success() {
    let home = Home::new();
    home.write(
        ".config/hatrack/hats.json",
        r#"{"version":1,"rooms":{"courses@conference.example.org":{"users":{"terry@example.org":
           {"affiliation":"member","hats":{"not a uri":{"title":"Odd"}}}}}}}"#,
    );
    home.done(&["affiliate", ROOM, "kim@example.org", "member"]);
    home.done(&[
        "add",
        ROOM,
        "kim@example.org",
        "http://example.com/hats/speaker",
        "--title",
        "Speaker",
    ]);
    for (hat, said) in [
        ("not an uri", "; did you mean not a uri (\"Odd\")?"),
        ("odd", "; did you mean not a uri (\"Odd\")?"),
        (
            "speaker",
            ", nor http://example.com/hats/speaker (\"Speaker\"), the nearest in this room",
        ),
        (
            "http://example.com/hats/speeker",
            ", nor http://example.com/hats/speaker (\"Speaker\"), the nearest in this room",
        ),
        ("urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607", ""),
    ] {
        let expected = format!("No changes: {TERRY} does not have the hat {hat} in {ROOM}{said}\n");
        assert_eq!(home.done(&["remove", ROOM, TERRY, hat]), expected);
    }
    assert_eq!(
        home.done(&["remove", ROOM, TERRY, "not a uri"]),
        "took the hat \"Odd\" from terry@example.org in courses@conference.example.org (revision 3)\n"
    );
    assert_eq!(user(&home), r#"{"affiliation":"member","hats":{}}"#);
}

#[test]
fn set_takes_hats_or_a_user_object_from_a_file_or_standard_input() {
    let home = Home::with_terry();
    let hats = br#"{"urn:x:1":{"title":"One"},"urn:x:2":{"active":true,"more":1.50}}"#;
    for args in [
        &["set", ROOM, TERRY, "-"] as &[&str],
        &["set", ROOM, TERRY],
        &["set", ROOM, TERRY, "hats.json"],
    ] {
        home.write("hats.json", hats);
        let said = home.fed(args, hats);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{args:?}");
        assert!(
            said.out.starts_with(
                "changed the hats of terry@example.org in courses@conference.example.org: gave \"One\", <urn:x:2>"
            ),
            "{}",
            said.out
        );
        assert_eq!(
            user(&home),
            r#"{"affiliation":"member","hats":{"urn:x:1":{"title":"One"},"urn:x:2":{"active":true,"more":1.50}}}"#
        );
        home.fed(&["set", ROOM, TERRY], b"{}");
        assert_eq!(user(&home), r#"{"affiliation":"member","hats":{}}"#);
    }
    // An affiliation beside the hats is left aside.
    let said = home.fed(
        &["set", ROOM, TERRY],
        br#"{"affiliation":"owner","hats":{"urn:x:3":{}}}"#,
    );
    let aside = "hatrack: the affiliation owner was left aside; hatrack affiliate changes it\n";
    assert_eq!((said.code, said.err.as_str()), (0, aside));
    assert_eq!(user(&home), r#"{"affiliation":"member","hats":{"urn:x:3":{}}}"#);
}

#[test]
fn what_show_prints_set_takes() {
    let home = Home::with_terry();
    home.done(&["affiliate", ROOM, "kim@example.org", "owner"]);
    // A title that nobody could type, as other programs may write it.
    let hats = r#"{"urn:x:1": {"active": true, "title": "帽子 \u001b[31m \"x\""}}"#;
    assert_eq!(home.fed(&["set", ROOM, TERRY], hats.as_bytes()).code, 0);
    let shown = home.done(&["show", ROOM, TERRY, "--json"]);
    let said = home.fed(&["set", ROOM, "kim@example.org"], shown.as_bytes());
    let aside = "hatrack: the affiliation member was left aside; hatrack affiliate changes it\n";
    assert_eq!((said.code, said.err.as_str()), (0, aside));
    assert_eq!(
        home.done(&["show", ROOM, "kim@example.org", "--json"]),
        shown.replace("member", "owner")
    );
    let document = std::fs::read_to_string(home.data()).unwrap();
    assert_eq!(home.done(&["show", "--json"]), document);
}

#[test]
fn the_data_file_is_named_by_option_then_variable_then_home() {
    let home = Home::new();
    let add = ["room", "add", ROOM];
    assert_eq!(
        said(home.command(&add).env("HATRACK_FILE", home.path("v.json"))).code,
        0
    );
    assert!(home.path("v.json").exists());
    let option = ["room", "add", ROOM, "--file", "o.json"];
    assert_eq!(
        said(home.command(&option).env("HATRACK_FILE", home.path("v2.json"))).code,
        0
    );
    assert!(home.path("o.json").exists() && !home.path("v2.json").exists());
    assert_eq!(
        said(home.command(&add).env("XDG_CONFIG_HOME", home.path("xdg"))).code,
        0
    );
    assert!(home.path("xdg/hatrack/hats.json").exists());
    assert_eq!(said(home.command(&add).env("HATRACK_FILE", "")).code, 0);
    assert!(home.data().exists());
}

#[test]
fn no_variable_makes_a_data_file_relative_to_the_current_folder() {
    let home = Home::new();
    let run = |home_is: &str, args: &[&str]| {
        let mut command = home.command(args);
        said(
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
            "hatrack: there is no home folder to keep the data file in (HOME is no absolute path); name the file with \
             --file FILE or HATRACK_FILE\n"
        )
    );
    assert_eq!(run("relative", &["--read-only", "show"]).code, 1);
    assert_eq!(std::fs::read_dir(home.path("")).unwrap().count(), 0);
    // A relative XDG variable counts as not set.
    let path = home.path("");
    assert_eq!(run(path.to_str().unwrap(), &add).code, 0);
    assert!(home.data().exists());
}

#[test]
fn check_says_what_is_there_and_changes_nothing() {
    let home = Home::with_terry();
    let path = home.data();
    let out = home.done(&["check"]);
    let first = format!("{}: revision 2, 1 room, 1 user, 0 hats\n", path.display());
    assert!(out.starts_with(&first), "{out}");
    let other = home.write("other.json", "{\"version\":1,\"rooms\":{\"a@b\":{},\"A@b\":{}}}");
    home.fails(
        &["check", "other.json"],
        4,
        &format!(
            "{}: line 1, column 32: \"A@b\" is another spelling of a@b, which is there already",
            other.display()
        ),
    );
    // The data file may be made yet; a file that somebody names is there.
    let missing = home.path("missing.json");
    let said = home.run(&["check", "missing.json"]);
    let expected = format!("hatrack: {}: there is no such file\n", missing.display());
    assert_eq!((said.code, said.out.as_str(), &said.err), (1, "", &expected));
    let named = home.run(&["check", "--file", "missing.json"]);
    assert_eq!((named.code, named.err), (1, said.err));
    assert!(
        home.done(&["check", "--file", home.data().to_str().unwrap()])
            .contains("revision")
    );
    assert!(!missing.exists());
}

#[test]
fn what_people_read_lines_up_and_is_harmless() {
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
        home.done(&["show"]),
        "NAME         ROOM                            USERS  HATS\n\
         Kurse␛]0;x␇  courses@conference.example.org  3      4\n"
    );
    assert_eq!(
        home.done(&["show", ROOM]),
        "\
Kurse␛]0;x␇ (courses@conference.example.org): 3 users, 4 hats

AFFILIATION  USER                 HATS
owner        kim@example.org
none         mallory@example.net  <no uri>
member       terry@example.org    a«U+202E»b␊c (required), <urn:x:none>, 帽子 (worn)

Hats in the room's catalog:
TITLE  HUE    HAT
              no uri  (not a URI)
帽子   120.5  urn:x:ta
"
    );
    assert_eq!(
        home.done(&["show", ROOM, TERRY]),
        "\
terry@example.org in courses@conference.example.org: affiliation member, 3 hats

TITLE         WORN  REQUIRED  HAT
a«U+202E»b␊c  no    yes       urn:x:evil
(no title)    no    no        urn:x:none
帽子          yes   no        urn:x:ta
"
    );
}

#[test]
fn a_title_or_a_name_may_begin_with_a_dash() {
    let home = Home::new();
    home.done(&["room", "add", ROOM, "--name", "- x"]);
    home.done(&["room", "rename", ROOM, "- y"]);
    home.done(&["room", "rename", "--actor", "me", ROOM, "-1"]);
    home.done(&["affiliate", ROOM, TERRY, "member"]);
    home.done(&["add", ROOM, TERRY, "urn:x:1", "--title", "-1", "--active"]);
    home.done(&[
        "catalog", "define", ROOM, "urn:x:1", "--title", "-- x", "--hue", "7",
    ]);
    let json: serde_json::Value = serde_json::from_str(&home.done(&["show", "--json"])).unwrap();
    let room = &json["rooms"][ROOM];
    assert_eq!(room["name"], "-1");
    assert_eq!(
        room["users"][TERRY]["hats"]["urn:x:1"],
        serde_json::json!({"active": true, "title": "-1"})
    );
    assert_eq!(room["hats"]["urn:x:1"]["title"], "-- x");
    // A forgotten text is no title.
    for line in [
        &["add", ROOM, TERRY, "urn:x:2", "--title", "--active"] as &[&str],
        &["room", "add", "two@c.example", "--name", "--actor=evil"],
        &["add", ROOM, TERRY, "urn:x:2", "--title"],
    ] {
        let said = home.run(line);
        assert_eq!(said.code, 2, "{line:?}: {}", said.err);
    }
}

#[test]
fn one_user_is_shown_everywhere() {
    let home = Home::new();
    let other = "staff@conference.example.org";
    home.done(&["room", "add", ROOM, "--name", "Courses"]);
    home.done(&["room", "add", other]);
    home.done(&["affiliate", ROOM, TERRY, "member"]);
    home.done(&["affiliate", other, TERRY, "owner"]);
    home.done(&["affiliate", other, "ana@example.org", "admin"]);
    home.done(&["add", ROOM, TERRY, HAT, "--title", "Tutor", "--active"]);
    assert_eq!(
        home.done(&["user", "xmpp:Terry@Example.org/phone"]),
        "terry@example.org: 2 rooms, 1 hat\n\n\
         AFFILIATION  ROOM                            NAME     HATS\n\
         member       courses@conference.example.org  Courses  Tutor (worn)\n\
         owner        staff@conference.example.org             \n"
            .replace(
                "staff@conference.example.org             \n",
                "staff@conference.example.org\n"
            )
    );
    let json: serde_json::Value = serde_json::from_str(&home.done(&["user", TERRY, "--json"])).unwrap();
    assert_eq!(json[other]["affiliation"], "owner");
    assert_eq!(json[ROOM]["hats"][HAT]["title"], "Tutor");
    assert_eq!(
        home.done(&["user", "nobody@example.org"]),
        "nobody@example.org is in no room.\n"
    );
    assert_eq!(home.done(&["user", "nobody@example.org", "--json"]), "{}\n");
    // A restricted session sees the user only in its rooms.
    assert_eq!(
        home.done(&["--room", other, "user", TERRY]).lines().next(),
        Some("terry@example.org: 1 room, 0 hats")
    );
    let wrong = home.run(&["user", "not an address"]);
    assert_eq!(wrong.code, 2);
}
