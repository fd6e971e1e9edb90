//! Parse errors: every broken file is rejected, with the position and what was expected there.

#[cfg(test)]
mod support;

use hatrack::model::{Attachment, Hats, Wardrobe, read, write};
use support::read_in_chunks;

/// A whole document with the text `wrong` at the end of the object `at`, one of the places below.
fn document(at: &str, wrong: &str) -> String {
    let places = [
        "document", "rooms", "room", "catalog", "defined", "users", "user", "hats", "hat",
    ];
    let mut text = String::from(
        r#"{
  "version": 1,
  "rooms": {
    "courses@conference.example.org": {
      "hats": {
        "urn:x:defined": {
          "hue": 12§defined
        }§catalog
      },
      "users": {
        "terry@example.org": {
          "affiliation": "member",
          "hats": {
            "urn:x:held": {
              "active": true§hat
            }§hats
          }§user
        }§users
      }§room
    }§rooms
  }§document
}
"#,
    );
    for place in places {
        text = text.replace(
            &format!("§{place}\n"),
            &format!("{}\n", if place == at { wrong } else { "" }),
        );
    }
    text
}

/// The place in the document, the invalid text, and the expected message.
#[rustfmt::skip]
const ERRORS_IN_DOCUMENT: &[(&str, &str, &str)] = &[
    // A duplicate member at each level, with the same or another spelling.
    ("document", ",\n  \"version\": 1", "line 22, column 3: duplicate field \"version\""),
    ("document", ",\n  \"r\\u006foms\": {}", "line 22, column 3: duplicate field \"rooms\""),
    ("document", ",\n  \"x\": 1, \"x\": 2", "line 22, column 11: duplicate field \"x\""),
    ("rooms", ",\n    \"courses@conference.example.org\": {}", "line 21, column 5: duplicate field \"courses@conference.example.org\""),
    ("room", ",\n      \"users\": {}", "line 20, column 7: duplicate field \"users\""),
    ("room", ",\n      \"hats\": {}", "line 20, column 7: duplicate field \"hats\""),
    ("room", ",\n      \"name\": \"A\", \"name\": \"B\"", "line 20, column 20: duplicate field \"name\""),
    ("catalog", ",\n        \"urn:x:defined\": {}", "line 9, column 9: duplicate field \"urn:x:defined\""),
    ("catalog", ",\n        \"urn:x:d\\u0065fined\": {}", "line 9, column 9: duplicate field \"urn:x:defined\""),
    ("defined", ",\n          \"hue\": 12", "line 8, column 11: duplicate field \"hue\""),
    ("users", ",\n        \"terry@example.org\": {}", "line 19, column 9: duplicate field \"terry@example.org\""),
    ("user", ",\n          \"hats\": {}", "line 18, column 11: duplicate field \"hats\""),
    ("user", ",\n          \"affiliation\": \"member\"", "line 18, column 11: duplicate field \"affiliation\""),
    ("hats", ",\n            \"urn:x:held\": {}", "line 17, column 13: duplicate field \"urn:x:held\""),
    ("hats", ",\n            \"\\u0075rn:x:held\": {}", "line 17, column 13: duplicate field \"urn:x:held\""),
    ("hat", ",\n              \"active\": true", "line 16, column 15: duplicate field \"active\""),
    ("hat", ",\n              \"\\u0061ctive\": true", "line 16, column 15: duplicate field \"active\""),
    ("hat", ",\n              \"x\": {\"a\": [{\"b\": 1, \"\\u0062\": 2}]}", "line 16, column 36: duplicate field \"b\""),
    // One user or room under two spellings.
    ("users", ",\n        \"Terry@Example.ORG\": {}", "line 19, column 9: \"Terry@Example.ORG\" is another spelling of terry@example.org, which already exists"),
    ("users", ",\n        \"terry@example.org/phone\": {}", "line 19, column 9: \"terry@example.org/phone\" is another spelling of terry@example.org, which already exists"),
    ("users", ",\n        \"terry@example.org.\": {}", "line 19, column 9: \"terry@example.org.\" is another spelling of terry@example.org, which already exists"),
    ("rooms", ",\n    \"courses@conference。example.org\": {}", "line 21, column 5: \"courses@conference。example.org\" is another spelling of courses@conference.example.org, which already exists"),
    ("rooms", ",\n    \"COURSES@conference.example.org\": {}", "line 21, column 5: \"COURSES@conference.example.org\" is another spelling of courses@conference.example.org, which already exists"),
    // Wrong types at each place.
    ("document", ",\n  \"revision\": \"7\"", "line 22, column 17: expected a revision: a whole number from 0 to 9007199254740991, found the text \"7\""),
    ("document", ",\n  \"revision\": -1", "line 22, column 16: expected a revision: a whole number from 0 to 9007199254740991, found the number -1"),
    ("document", ",\n  \"revision\": 1.5", "line 22, column 17: expected a revision: a whole number from 0 to 9007199254740991, found the number 1.5"),
    ("document", ",\n  \"revision\": 18446744073709551616", "line 22, column 34: expected a revision: a whole number from 0 to 9007199254740991, found the number 1.8446744073709552e+19"),
    ("document", ",\n  \"revision\": null", "line 22, column 18: expected a revision: a whole number from 0 to 9007199254740991, found null"),
    ("rooms", ",\n    \"staff@conference.example.org\": []", "line 21, column 37: expected a room: an object with \"users\", found a list"),
    ("room", ",\n      \"name\": 7", "line 20, column 15: expected a name: text in quotes, found the number 7"),
    ("room", ",\n      \"name\": null", "line 20, column 18: expected a name: text in quotes, found null"),
    ("catalog", ",\n        \"urn:x:new\": \"Teacher\"", "line 9, column 30: expected a catalog hat: an object with \"title\" and \"hue\", found the text \"Teacher\""),
    ("catalog", ",\n        \"urn:x:new\": {\"title\": true}", "line 9, column 35: expected a title: text in quotes, found true"),
    ("catalog", ",\n        \"urn:x:new\": {\"hue\": [120]}", "line 9, column 35: expected a hue: degrees from 0 to 360, or text"),
    ("catalog", ",\n        \"urn:x:new\": {\"hue\": null}", "line 9, column 34: expected a hue: degrees from 0 to 360, or text"),
    ("users", ",\n        \"prof@example.org\": \"owner\"", "line 19, column 35: expected a user: an object with \"affiliation\" and \"hats\", found the text \"owner\""),
    ("users", ",\n        \"prof@example.org\": {\"affiliation\": 1}", "line 19, column 45: expected owner, admin, member, outcast or none, found the number 1"),
    ("users", ",\n        \"prof@example.org\": {\"affiliation\": null}", "line 19, column 48: expected owner, admin, member, outcast or none, found null"),
    ("users", ",\n        \"prof@example.org\": {\"affiliation\": \"moderator\"}", "line 19, column 55: unknown affiliation \"moderator\", expected owner, admin, member, outcast or none"),
    ("users", ",\n        \"prof@example.org\": {\"affiliation\": \"Owner\"}", "line 19, column 51: unknown affiliation \"Owner\", expected owner, admin, member, outcast or none"),
    ("users", ",\n        \"prof@example.org\": {\"hats\": []}", "line 19, column 38: expected an object of hats by ID, found a list"),
    ("users", ",\n        \"prof@example.org\": {\"hats\": null}", "line 19, column 41: expected an object of hats by ID, found null"),
    ("hats", ",\n            \"urn:x:new\": true", "line 17, column 29: expected a hat: an object with \"active\", \"required\", \"title\", found true"),
    ("hat", ",\n              \"required\": \"yes\"", "line 16, column 31: expected true or false, found the text \"yes\""),
    ("hat", ",\n              \"required\": 1", "line 16, column 27: expected true or false, found the number 1"),
    ("hat", ",\n              \"required\": null", "line 16, column 30: expected true or false, found null"),
    ("hat", ",\n              \"title\": [\"Teacher\"]", "line 16, column 24: expected a title: text in quotes, found a list"),
    // Invalid addresses.
    ("rooms", ",\n    \"conference.example.org\": {}", "line 21, column 5: \"conference.example.org\" is not a room address: it needs a name before the domain, such as room@conference.example.org"),
    ("rooms", ",\n    \"a room@conference.example.org\": {}", "line 21, column 5: \"a room@conference.example.org\" is not an address: space or invalid character before the @"),
    ("users", ",\n        \"\": {}", "line 19, column 9: \"\" is not an address: missing or invalid domain"),
    ("users", ",\n        \"prof@\": {}", "line 19, column 9: \"prof@\" is not an address: missing or invalid domain"),
    ("users", ",\n        \"@example.org\": {}", "line 19, column 9: \"@example.org\" is not an address: nothing before the @"),
    ("users", ",\n        \"a@b@example.org\": {}", "line 19, column 9: \"a@b@example.org\" is not an address: more than one @"),
    ("users", ",\n        \"prof@example.org/\": {}", "line 19, column 9: \"prof@example.org/\" is not an address: nothing after the /"),
    ("users", ",\n        \"\\u001b[31m@example.org\": {}", "line 19, column 9: \"\\u{1b}[31m@example.org\" is not an address: space or invalid character before the @"),
    // Invalid JSON, as people type it.
    ("hat", ",", "line 16, column 13: a comma with nothing after it"),
    ("hat", ",\n              // a remark", "line 16, column 15: expected a field name in double quotes"),
    ("hat", ",\n              'title': 'Teacher'", "line 16, column 15: expected a field name in double quotes"),
    ("hat", ",\n              title: \"Teacher\"", "line 16, column 15: expected a field name in double quotes"),
    ("hat", ",\n              \"title\" \"Teacher\"", "line 16, column 23: expected a colon after the field name"),
    ("hat", "\n              \"title\": \"Teacher\"", "line 16, column 15: expected a comma and another field, or }"),
    ("hat", ",\n              \"required\": True", "line 16, column 27: expected a value: an object, a list, text in quotes, a number, true, false or null"),
    ("hat", ",\n              \"required\": tru", "line 16, column 30: expected true, false or null"),
    ("hat", ",\n              \"title\": \"Teacher", "line 16, column 32: a line break, tab or other control character inside quotes; write it as an escape such as \\n"),
    ("hat", ",\n              \"title\": \"C:\\Temp\"", "line 16, column 28: unknown escape; write \\\\ for a backslash"),
    ("hat", ",\n              \"title\": \"\\ud83c\"", "line 16, column 31: invalid \\u escape"),
    ("hat", ",\n              \"x\": 01", "line 16, column 21: invalid number; JSON numbers look like 1, -0.5 or 1e3"),
    ("hat", ",\n              \"x\": [1 2]", "line 16, column 23: expected a comma and another value, or ]"),
];

/// Whole files, and the expected message.
#[rustfmt::skip]
const INVALID_FILES: &[(&[u8], &str)] = &[
    (b"", "line 1, column 1: empty input; expected a hatrack data file: an object with \"version\" and \"rooms\""),
    (b" \r\n\t\n", "line 1, column 1: empty input; expected a hatrack data file: an object with \"version\" and \"rooms\""),
    (b"hello", "line 1, column 1: expected a value: an object, a list, text in quotes, a number, true, false or null"),
    (b"PK\x03\x04", "line 1, column 1: expected a value: an object, a list, text in quotes, a number, true, false or null"),
    (b"null", "line 1, column 4: expected a hatrack data file: an object with \"version\" and \"rooms\", found null"),
    (b"7", "line 1, column 1: expected a hatrack data file: an object with \"version\" and \"rooms\", found the number 7"),
    (b"\"hats\"", "line 1, column 6: expected a hatrack data file: an object with \"version\" and \"rooms\", found the text \"hats\""),
    (b"[]", "line 1, column 1: expected a hatrack data file: an object with \"version\" and \"rooms\", found a list"),
    (b"{}", "line 1, column 2: \"version\" is missing; expected a hatrack data file: an object with \"version\" and \"rooms\""),
    (b"{\"name\": \"other\", \"private\": true}", "line 1, column 34: \"version\" is missing; expected a hatrack data file: an object with \"version\" and \"rooms\""),
    (b"{\"version\": 1}", "line 1, column 14: \"rooms\" is missing; expected a hatrack data file: an object with \"version\" and \"rooms\""),
    (b"{\"rooms\": {}}", "line 1, column 13: \"version\" is missing; expected a hatrack data file: an object with \"version\" and \"rooms\""),
    (b"{\"version\": 0, \"rooms\": {}}", "line 1, column 13: unknown format version 0; expected 1"),
    (b"{\"version\": 2, \"rooms\": {}}", "line 1, column 13: format version 2 needs a newer hatrack; this one reads up to version 1"),
    (b"{\"version\": \"1\", \"rooms\": {}}", "line 1, column 15: expected the version of the format: 1, found the text \"1\""),
    (b"{\"version\": 1.0, \"rooms\": {}}", "line 1, column 15: expected the version of the format: 1, found the number 1.0"),
    (b"{\"version\": 1e999, \"rooms\": {}}", "line 1, column 17: number too large"),
    (b"{\"version\": 1, \"rooms\": []}", "line 1, column 25: expected an object of rooms by address, found a list"),
    (b"{\"version\": 1, \"rooms\": null}", "line 1, column 28: expected an object of rooms by address, found null"),
    (b"{\"version\": 1, \"rooms\": {", "line 1, column 25: the text ends inside an object"),
    (b"{\"version\": 1, \"rooms\": {}", "line 1, column 26: the text ends inside an object"),
    (b"{\"version\": 1, \"rooms\": {}}\n}", "line 2, column 1: unexpected text after the end"),
    (b"{\"version\": 1, \"rooms\": {}}{\"version\": 1, \"rooms\": {}}", "line 1, column 28: unexpected text after the end"),
    (b"{\"version\": 1, \"rooms\": {}}\0", "line 1, column 28: unexpected text after the end"),
    (b"\xef\xbb\xbf{\"version\": 1, \"rooms\": {}}", "line 1, column 1: starts with a byte order mark; save it as UTF-8 without one"),
    (b"\xff\xfe{\0}\0", "line 1, column 1: not valid UTF-8"),
    (b"{\"version\": 1,\n \"rooms\": {\"\xe9t\xe9@example.org\": {}}}", "line 2, column 13: not valid UTF-8"),
    (b"{\"version\": 1,\n \"x\": \"\xed\xa0\x80\"}", "line 2, column 8: not valid UTF-8"),
];

#[test]
fn errors_inside_a_file_have_position_and_message() {
    read::wardrobe(document("", "").as_bytes()).unwrap();
    let mut different = Vec::new();
    for (at, wrong, message) in ERRORS_IN_DOCUMENT {
        let text = document(at, wrong);
        let error = read::wardrobe(text.as_bytes()).expect_err(&text).to_string();
        assert!(read_in_chunks(&text, 2).is_none(), "{text}");
        if error != *message {
            different.push(format!("{at} {wrong:?}\n  found {error}\n  expected {message}"));
        }
    }
    assert!(different.is_empty(), "\n{}", different.join("\n"));
}

#[test]
fn errors_of_whole_files_have_position_and_message() {
    let mut different = Vec::new();
    for (bytes, message) in INVALID_FILES {
        let error = read::wardrobe(bytes).expect_err(message).to_string();
        if error != *message {
            different.push(format!(
                "{:?}\n  found {error}\n  expected {message}",
                String::from_utf8_lossy(bytes)
            ));
        }
    }
    assert!(different.is_empty(), "\n{}", different.join("\n"));
}

#[test]
fn nesting_is_limited_to_100_levels() {
    let nested = |depth| {
        document(
            "hat",
            &format!(",\n\"x\": {}{}", "[".repeat(depth), "]".repeat(depth)),
        )
    };
    let wardrobe = read::wardrobe(nested(100).as_bytes()).unwrap();
    assert_eq!(read::wardrobe(&write::wardrobe(&wardrobe)).unwrap(), wardrobe);
    // In the history the same value is inside an edit, inside a line.
    let group = Wardrobe::default().diff(&wardrobe);
    let line = format!("{{\"edits\": {}}}", write::compact(&group));
    let value: std::collections::HashMap<String, hatrack::model::EditGroup> =
        serde_json::from_str(&line).unwrap();
    assert_eq!(value.get("edits"), Some(&group));
    let error = read::wardrobe(nested(101).as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 16, column 100: nested more than 100 levels deep"
    );
    for deep in [
        nested(1_000_000),
        document("hat", &",\n\"x\": {\"a\":".repeat(1_000_000)),
        "[".repeat(1_000_000),
        "{\"version\":".repeat(1_000_000),
        format!("{{\"version\": 1, \"rooms\": {}", "{\"a@b\":".repeat(1_000_000)),
        format!("{{\"version\": 1, \"x\": {}", "[".repeat(1_000_000)),
    ] {
        let error = read::wardrobe(deep.as_bytes()).unwrap_err();
        assert!(error.message.chars().count() < 200, "{error}");
    }
}

#[test]
fn errors_of_any_file_are_short_and_without_control_characters() {
    let long = format!("\\u001b[31m\\u202e{}", "A".repeat(1_000_000));
    for (at, wrong) in [
        ("hat", format!(",\n\"required\": \"{long}\"")),
        ("hat", format!(",\n\"title\": 1{}", "0".repeat(1_000_000))),
        ("hat", format!(",\n\"{long}\": 1, \"{long}\": 2")),
        ("hat", format!(",\n\"x\": {{\"{long}\": 1, \"{long}\": 2}}")),
        ("hats", format!(",\n\"{long}\": {{}}, \"{long}\": {{}}")),
        ("users", format!(",\n\"{long}\": {{}}")),
        ("users", format!(",\n\"a@b\": {{\"affiliation\": \"{long}\"}}")),
        ("rooms", format!(",\n\"{long}\": {{}}")),
        ("document", format!(",\n\"revision\": \"{long}\"")),
    ] {
        let message = read::wardrobe(document(at, &wrong).as_bytes())
            .unwrap_err()
            .to_string();
        assert!(message.len() < 400, "{} bytes", message.len());
        assert!(
            !message.chars().any(|c| c.is_control() || c == '\u{202e}'),
            "{message:?}"
        );
    }
}

#[test]
fn reads_very_long_title() {
    let text = document("hat", &format!(",\n\"title\": \"{}\"", "書".repeat(1_000_000)));
    let wardrobe = read::wardrobe(text.as_bytes()).unwrap();
    assert_eq!(read::wardrobe(&write::wardrobe(&wardrobe)).unwrap(), wardrobe);
}

#[test]
fn reads_hats_from_hats_or_user_object() {
    let one: Hats = [(hatrack::model::HatId::unchecked("urn:x:1"), Attachment::default())]
        .into_iter()
        .collect();
    for good in [
        r#"{"urn:x:1": {}}"#,
        r#"{"hats": {"urn:x:1": {}}}"#,
        r#"{"affiliation": "member", "hats": {"urn:x:1": {}}, "x": [1]}"#,
        // All other members are ignored, even invalid ones.
        r#"{"affiliation": "king of the room", "hats": {"urn:x:1": {}}}"#,
        r#"{"affiliation": 7, "hats": {"urn:x:1": {}}}"#,
    ] {
        assert_eq!(read::hats(good.as_bytes()).unwrap(), one, "{good}");
    }
    for none in ["{}", r#"{"hats": {}}"#, r#"{"affiliation": "owner"}"#] {
        assert_eq!(read::hats(none.as_bytes()).unwrap(), Hats::default(), "{none}");
    }
    for (bad, message) in [
        (
            "",
            "line 1, column 1: empty input; expected an object of hats by ID, or a user object with \"hats\"",
        ),
        (
            "[]",
            "line 1, column 1: expected an object of hats by ID, or a user object with \"hats\", found a list",
        ),
        (
            r#"{"hats": {}, "hats": {}}"#,
            "line 1, column 14: duplicate field \"hats\"",
        ),
        (
            r#"{"affiliation": "owner", "affiliation": "owner"}"#,
            "line 1, column 26: duplicate field \"affiliation\"",
        ),
        (
            r#"{"hats": []}"#,
            "line 1, column 10: expected an object of hats by ID, found a list",
        ),
        (
            r#"{"urn:x:1": {}, "urn:x:1": {}}"#,
            "line 1, column 17: duplicate field \"urn:x:1\"",
        ),
        (
            r#"{"urn:x:1": {"active": 1}}"#,
            "line 1, column 24: expected true or false, found the number 1",
        ),
        (
            r#"{"urn:x:1": {}} x"#,
            "line 1, column 17: unexpected text after the end",
        ),
    ] {
        assert_eq!(
            read::hats(bad.as_bytes()).unwrap_err().to_string(),
            message,
            "{bad}"
        );
    }
}

#[test]
fn missing_members_have_defaults() {
    let text = r#"{"version": 1, "rooms": {"a@b": {"users": {"T@example.org": {}, "c@d": {"hats": {"x:y": {}}}}}, "c@d": {}}}"#;
    let wardrobe = read::wardrobe(text.as_bytes()).unwrap();
    assert_eq!(wardrobe.revision, 0);
    // When written, all members are present, normalized and sorted.
    let written = r#"{
  "version": 1,
  "revision": 0,
  "rooms": {
    "a@b": {
      "users": {
        "c@d": {
          "affiliation": "none",
          "hats": {
            "x:y": {}
          }
        },
        "t@example.org": {
          "affiliation": "none",
          "hats": {}
        }
      }
    },
    "c@d": {
      "users": {}
    }
  }
}
"#;
    assert_eq!(String::from_utf8(write::wardrobe(&wardrobe)).unwrap(), written);
    assert_eq!(
        String::from_utf8(write::wardrobe(&Wardrobe::default())).unwrap(),
        "{\n  \"version\": 1,\n  \"revision\": 0,\n  \"rooms\": {}\n}\n"
    );
}

/// Otherwise, a line of a history could add a second member `rooms` to the data file.
#[test]
fn document_edit_rejects_reserved_members() {
    let edit = |name: &str| format!(r#"{{"document": {{"before": {{}}, "after": {{"{name}": {{}}}}}}}}"#);
    assert!(serde_json::from_str::<hatrack::model::Edit>(&edit("x")).is_ok());
    for name in ["version", "revision", "rooms", "r\\u006foms"] {
        let error = serde_json::from_str::<hatrack::model::Edit>(&edit(name)).unwrap_err();
        assert!(error.to_string().contains("is a reserved field"), "{error}");
    }
}
