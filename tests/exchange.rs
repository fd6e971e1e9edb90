//! Import and export: exports can be imported again, importing twice changes nothing more, and adding never removes.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

#[cfg(test)]
mod support;

use std::collections::BTreeSet;

use hatrack::exchange::{
    ExportScope, FileFormat, ImportCounts, ImportExtent, ImportFormat, ImportOptions, ImportPlan,
    ImportTarget, ParsedImport, SkipReason, export, read,
};
use hatrack::model::{
    Affiliation, Attachment, CatalogHat, EditGroup, Extra, HatId, Hats, Hue, Jid, Json, Room, User, Wardrobe,
    write,
};
use proptest::prelude::*;
use support::{cases, user, wardrobe};

fn csv(text: &str) -> Result<ParsedImport, String> {
    read(text.as_bytes(), FileFormat::Csv).map_err(|error| error.to_string())
}

fn json(text: &str) -> ParsedImport {
    read(text.as_bytes(), FileFormat::Json).unwrap()
}

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

/// The wardrobe after applying a plan.
fn after(now: &Wardrobe, plan: &ImportPlan) -> Wardrobe {
    let mut next = now.clone();
    next.apply(&plan.group).unwrap();
    next
}

/// The wardrobe after an import that adds to it.
fn imported(now: &Wardrobe, parsed: &ParsedImport) -> Wardrobe {
    after(now, &parsed.plan(now, &ImportOptions::default()).unwrap())
}

/// The part of a wardrobe that a table can represent: no unrecognized fields, no empty texts, no blank titles, IDs that are URIs,
/// hats only for affiliated users.
fn representable(wardrobe: &Wardrobe) -> Wardrobe {
    let mut edits = Vec::new();
    for (jid, room) in wardrobe.rooms() {
        let filled = |text: &Option<std::sync::Arc<str>>| text.clone().filter(|text| !text.is_empty());
        let titled = |text: &Option<std::sync::Arc<str>>| text.clone().filter(|text| !text.trim().is_empty());
        let mut made = Room::new(filled(&room.name).as_deref());
        for (id, hat) in room.catalog.iter().filter(|(id, _)| id.is_uri()) {
            let mut hat = hat.clone();
            hat.extra = Extra::default();
            hat.title = titled(&hat.title);
            hat.hue = hat.hue.filter(|hue| hue.degrees().is_some());
            if hat
                .hue
                .as_ref()
                .is_some_and(|hue| hue.as_json().as_str() == "\"120\"")
            {
                hat.hue = Hue::new(Json::new("120").unwrap());
            }
            made.catalog.insert(id.clone(), hat);
        }
        edits.push(hatrack::model::Edit::Room {
            room: jid.clone(),
            before: None,
            after: Some(std::sync::Arc::new(made)),
        });
        for (user, there) in room.users() {
            let affiliated = there.affiliation.is_affiliated();
            let hats: Hats = there
                .hats
                .iter()
                .filter(|(id, _)| id.is_uri() && affiliated)
                .map(|(id, hat)| {
                    let mut hat = hat.clone();
                    hat.extra = Extra::default();
                    hat.title = titled(&hat.title);
                    (id.clone(), hat)
                })
                .collect();
            if there.affiliation != Affiliation::None {
                edits.push(hatrack::model::Edit::User {
                    room: jid.clone(),
                    user: user.clone(),
                    before: None,
                    after: Some(User {
                        affiliation: there.affiliation,
                        hats,
                        extra: Extra::default(),
                    }),
                });
            }
        }
    }
    let mut made = Wardrobe::default();
    made.apply(&EditGroup(edits)).unwrap();
    made
}

/// Two wardrobes. In half of the cases the second has the rooms and users of the first, with other hats and fields, so
/// that an import meets existing users of every kind.
fn two_wardrobes() -> impl Strategy<Value = (Wardrobe, Wardrobe)> {
    let related = wardrobe().prop_flat_map(|first| {
        let places = first.rooms().flat_map(|(room, there)| {
            let users = there.users().iter();
            users
                .map(|(user, _)| (room.clone(), user.clone()))
                .collect::<Vec<_>>()
        });
        let places: Vec<(Jid, Jid)> = places.collect();
        let users = prop::collection::vec(user(), places.len());
        (Just(first), users).prop_map(move |(first, users)| {
            let mut second = first.clone();
            for ((room, jid), user) in places.iter().zip(users) {
                second.replace_user(jid, room, user).unwrap();
            }
            (first, second)
        })
    });
    prop_oneof![(wardrobe(), wardrobe()), related]
}

proptest! {
    #![proptest_config(cases(256))]

    /// An exported table that is imported into an empty wardrobe gives the same wardrobe. The export reports omissions.
    #[test]
    fn csv_round_trips(all in wardrobe()) {
        let now = representable(&all);
        let exported = export(&now, &ExportScope::All, FileFormat::Csv).unwrap();
        prop_assert!(exported.omitted.is_empty(), "{:?}", exported.omitted);
        let parsed = read(&exported.bytes, FileFormat::Csv).unwrap();
        prop_assert_eq!(&imported(&Wardrobe::default(), &parsed), &now);
        let whole = export(&all, &ExportScope::All, FileFormat::Csv).unwrap();
        prop_assert_eq!(whole.omitted.is_empty(), {
            let mut plain = all.clone();
            plain.revision = 0;
            let mut without = representable(&all);
            // Hats of unaffiliated users are in the table; only the import skips them.
            for (jid, room) in all.rooms() {
                for (user, there) in room.users().iter().filter(|(_, there)| !there.affiliation.is_affiliated()) {
                    without.replace_user(user, jid, there.clone()).unwrap();
                }
            }
            plain == without && can_represent_unaffiliated_users_and_hues(&all)
        });
    }

    /// Exported JSON is imported completely. Users to whom no hats can be added are not compared.
    #[test]
    fn json_round_trips(now in wardrobe()) {
        let exported = export(&now, &ExportScope::All, FileFormat::Json).unwrap();
        prop_assert_eq!(&exported.bytes, &write::wardrobe(&now));
        let parsed = read(&exported.bytes, FileFormat::Json).unwrap();
        let plan = parsed.plan(&Wardrobe::default(), &ImportOptions::default()).unwrap();
        let mut there = after(&Wardrobe::default(), &plan);
        for (jid, room) in now.rooms() {
            for (user, was) in room.users().iter().filter(|(_, user)| !user.affiliation.is_affiliated()) {
                there.replace_user(user, jid, was.clone()).unwrap();
            }
        }
        there.revision = now.revision;
        prop_assert_eq!(&there, &now);
        // Importing it into the same wardrobe changes nothing, whether it adds or replaces.
        for replace in [false, true] {
            let plan = parsed.plan(&now, &ImportOptions { replace, ..ImportOptions::default() }).unwrap();
            let hats = now.attachment_count();
            prop_assert_eq!((plan.group, plan.counts.unchanged), (EditGroup::default(), hats));
        }
    }

    /// Adding any import to any wardrobe is idempotent, can be undone, removes nothing and is counted correctly.
    #[test]
    fn import_adds_without_removing(((now, other), form) in (two_wardrobes(), prop_oneof![Just(FileFormat::Csv), Just(FileFormat::Json)])) {
        let other = if form == FileFormat::Csv { representable(&other) } else { other };
        let parsed = read(&export(&other, &ExportScope::All, form).unwrap().bytes, form).unwrap();
        let plan = parsed.plan(&now, &ImportOptions::default()).unwrap();
        let then = after(&now, &plan);
        let again = parsed.plan(&then, &ImportOptions::default()).unwrap();
        prop_assert_eq!(&again.group, &EditGroup::default());
        let mut back = then.clone();
        back.apply(&plan.group.inverse()).unwrap();
        prop_assert_eq!(&back, &now);
        for (jid, room) in now.rooms() {
            for (user, was) in room.users() {
                let still = then.user(jid, user).unwrap();
                prop_assert!(was.hats.iter().all(|(id, _)| still.hats.get(id).is_some()));
                prop_assert!(was.affiliation == Affiliation::None || still.affiliation != Affiliation::None);
            }
            let still = then.room(jid).unwrap();
            prop_assert!(room.catalog.keys().all(|id| still.catalog.contains_key(id)));
        }
        let ImportCounts { rooms_added, users_added, hats_added, rooms_removed, users_removed, hats_removed, .. } = plan.counts;
        prop_assert_eq!(rooms_added, then.rooms().len() - now.rooms().len());
        let new_people = then.rooms().flat_map(|(jid, room)| {
            let users = room.users().iter().map(|(user, _)| user);
            users.filter(|user| now.user(jid, user).is_none()).collect::<Vec<_>>()
        });
        prop_assert_eq!(users_added, new_people.collect::<BTreeSet<_>>().len());
        prop_assert_eq!(hats_added, then.attachment_count() - now.attachment_count());
        prop_assert_eq!((rooms_removed, users_removed, hats_removed), (0, 0, 0));
    }

    /// Replacing gives exactly the imported wardrobe, and can be undone.
    #[test]
    fn data_file_replaces_everything((now, other) in two_wardrobes()) {
        let parsed = read(&write::wardrobe(&other), FileFormat::Json).unwrap();
        let plan = parsed.plan(&now, &ImportOptions { replace: true, ..ImportOptions::default() }).unwrap();
        prop_assert_eq!(&plan.skipped, &[]);
        let mut then = after(&now, &plan);
        let mut back = then.clone();
        back.apply(&plan.group.inverse()).unwrap();
        prop_assert_eq!(&back, &now);
        then.revision = other.revision;
        prop_assert_eq!(&then, &other);
    }

    /// An exported room replaces a room with another address.
    #[test]
    fn room_replaces_room((now, other) in two_wardrobes()) {
        let target = jid("there@c.example");
        for (room, was) in other.rooms() {
            let exported = export(&other, &ExportScope::Room(room.clone()), FileFormat::Json).unwrap();
            let parsed = read(&exported.bytes, FileFormat::Json).unwrap();
            let target = ImportTarget { room: Some(target.clone()), user: None };
            let options = ImportOptions { replace: true, target: target.clone(), ..ImportOptions::default() };
            let then = after(&now, &parsed.plan(&now, &options).unwrap());
            prop_assert_eq!(then.room(target.room.as_ref().unwrap()), Some(was));
        }
    }
}

#[test]
fn accepts_non_numeric_hue_only_if_unchanged() {
    let parsed = csv("room,hat,hue\nr@c.example,urn:x:1,\"12,5\"\n").unwrap();
    let error = parsed
        .plan(&Wardrobe::default(), &ImportOptions::default())
        .unwrap_err();
    assert_eq!(
        error.errors,
        ["line 2: hue \"12,5\" is not a number from 0 to 360"]
    );
    let now = json(r#"{"version": 1, "rooms": {"r@c.example": {"hats": {"urn:x:1": {"hue": "12,5"}}}}}"#);
    let now = imported(&Wardrobe::default(), &now);
    assert!(
        parsed
            .plan(&now, &ImportOptions::default())
            .unwrap()
            .group
            .is_empty()
    );
}

#[test]
fn adding_keeps_users_without_affiliation_and_hats() {
    let document = |user: &str| {
        json(&format!(
            r#"{{"version": 1, "rooms": {{"r@c.example": {{"users": {{"a@b": {user}}}}}}}}}"#
        ))
    };
    let with_note = r#"{"affiliation": "none", "note": 1}"#;
    let now = imported(
        &Wardrobe::default(),
        &json(r#"{"version": 1, "rooms": {"r@c.example": {"users": {}}}}"#),
    );
    let replace = ImportOptions {
        replace: true,
        ..ImportOptions::default()
    };
    let now = after(&now, &document(with_note).plan(&now, &replace).unwrap());
    assert!(now.user(&jid("r@c.example"), &jid("a@b")).is_some());
    for user in [
        r#"{"affiliation": "none", "since": 2}"#,
        r#"{"affiliation": "none", "note": 3}"#,
        r#"{"affiliation": "none", "since": 2, "hats": {"urn:x:1": {}}}"#,
    ] {
        let plan = document(user).plan(&now, &ImportOptions::default()).unwrap();
        assert_eq!(plan.counts.users_removed, 0, "{user}");
        assert!(
            after(&now, &plan)
                .user(&jid("r@c.example"), &jid("a@b"))
                .is_some(),
            "{user}"
        );
    }
}

/// Whether a table can represent the unaffiliated users, and all hues as they are written.
fn can_represent_unaffiliated_users_and_hues(wardrobe: &Wardrobe) -> bool {
    let users = wardrobe.rooms().flat_map(|(_, room)| room.users());
    users
        .filter(|(_, user)| !user.affiliation.is_affiliated())
        .all(|(_, user)| {
            user.extra.is_empty()
                && user
                    .hats
                    .iter()
                    .all(|(id, hat)| id.is_uri() && hat.extra.is_empty() && hat.title.as_deref() != Some(""))
        })
        && wardrobe
            .rooms()
            .flat_map(|(_, room)| room.catalog.values())
            .all(|hat| {
                hat.hue
                    .as_ref()
                    .is_none_or(|hue| hue.as_json().as_str() != "\"120\"")
            })
}

const TABLE: &str = "room,user,affiliation,hat,title,active,required,hue
r@c.example,,,,The room,,,
r@c.example,,,urn:x:1,One,,,120.5
r@c.example,terry@example.org,member,urn:x:1,One,true,false,
r@c.example,terry@example.org,member,urn:x:2,\"Two, \"\"and\"\" more\",,,
r@c.example,kim@example.org,owner,,,,,
empty@c.example,,,,,,,
";

#[test]
fn reads_rooms_users_and_hats_from_csv() {
    let parsed = csv(TABLE).unwrap();
    let now = imported(&Wardrobe::default(), &parsed);
    let lines = export(&now, &ExportScope::All, FileFormat::Csv).unwrap();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(Into::into).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(std::str::from_utf8(&lines.bytes).unwrap()), sorted(TABLE));
    let room = now.room(&jid("r@c.example")).unwrap();
    assert_eq!(room.name.as_deref(), Some("The room"));
    assert_eq!(
        String::from_utf8(write::pretty(room)).unwrap(),
        "{
  \"name\": \"The room\",
  \"hats\": {
    \"urn:x:1\": {
      \"title\": \"One\",
      \"hue\": 120.5
    }
  },
  \"users\": {
    \"kim@example.org\": {
      \"affiliation\": \"owner\",
      \"hats\": {}
    },
    \"terry@example.org\": {
      \"affiliation\": \"member\",
      \"hats\": {
        \"urn:x:1\": {
          \"active\": true,
          \"required\": false,
          \"title\": \"One\"
        },
        \"urn:x:2\": {
          \"title\": \"Two, \\\"and\\\" more\"
        }
      }
    }
  }
}
"
    );
}

#[test]
fn accepts_csv_variants() {
    let expected = imported(&Wardrobe::default(), &csv(TABLE).unwrap());
    let bom = format!("\u{feff}{}\r\n,,,,,,,\r\n", TABLE.replace('\n', "\r\n"));
    assert_eq!(imported(&Wardrobe::default(), &csv(&bom).unwrap()), expected);
    let other = "Hat;Room;USER;affiliation;title;Active\nurn:x:2;R@C.example;Terry@Example.org/phone; Member ;Two;Yes\n";
    let now = imported(&Wardrobe::default(), &csv(other).unwrap());
    let terry = now.user(&jid("r@c.example"), &jid("terry@example.org")).unwrap();
    assert_eq!(terry.hats.len(), 1);
    assert!(
        terry
            .hats
            .iter()
            .all(|(_, hat)| hat.is_active() && hat.required.is_none())
    );
}

#[test]
fn reads_localized_spreadsheets() {
    let head = "sep=;\r\nroom;user;affiliation;hat;active;required;hue\r\n";
    let hat = "r@c.example;;;urn:x:1;;;150,5\r\n";
    for (yes, no) in [
        ("WAHR", "FALSCH"),
        ("VRAI", "FAUX"),
        ("VERDADERO", "FALSO"),
        ("VERO", "Falso"),
        ("VERDADEIRO", "FALSO"),
        ("WAAR", "ONWAAR"),
        ("PRAWDA", "FAŁSZ"),
        ("ИСТИНА", "ЛОЖЬ"),
        ("SANT", "FALSKT"),
        ("ja", "nein"),
        ("oui", "non"),
        ("Sí", "No"),
        ("DOĞRU", "YANLIŞ"),
        ("Y", "n"),
        ("on", "OFF"),
        ("X", "0"),
        ("✓", "0.00"),
        ("1.0", "0,0"),
    ] {
        let text = format!("{head}{hat}r@c.example;terry@example.org;member;urn:x:1;{yes};{no};\r\n");
        let now = imported(&Wardrobe::default(), &csv(&text).unwrap());
        let terry = now.user(&jid("r@c.example"), &jid("terry@example.org")).unwrap();
        let (_, one) = terry.hats.iter().next().unwrap();
        assert_eq!(
            (one.active, one.required),
            (Some(true), Some(false)),
            "{yes} {no}"
        );
        let room = now.room(&jid("r@c.example")).unwrap();
        let hue = room.catalog.values().next().unwrap().hue.as_ref().unwrap();
        assert_eq!(hue.as_json().as_str(), "150.5");
    }
    // Other text is not converted, but reported.
    for hue in ["1,5,5", "4000,5", "x,y"] {
        let text = format!("{head}r@c.example;;;urn:x:1;;;{hue}\r\n");
        let error = csv(&text)
            .unwrap()
            .plan(&Wardrobe::default(), &ImportOptions::default());
        let message = format!("line 3: hue {hue:?} is not a number from 0 to 360");
        assert_eq!(error.unwrap_err().errors, [message]);
    }
}

#[test]
fn new_user_in_several_rooms_counts_once() {
    let parsed = csv(
        "room,user,affiliation\nr@c.example,ann@example.org,member\ns@c.example,ann@example.org,member\n",
    );
    let plan = parsed
        .unwrap()
        .plan(&Wardrobe::default(), &ImportOptions::default());
    let counts = plan.unwrap().counts;
    assert_eq!((counts.rooms_added, counts.users_added), (2, 1));
}

#[test]
fn missing_columns_keep_values() {
    let now = imported(&Wardrobe::default(), &csv(TABLE).unwrap());
    let parsed = csv("room,user,hat,required\nr@c.example,terry@example.org,urn:x:1,yes\n").unwrap();
    let plan = parsed.plan(&now, &ImportOptions::default()).unwrap();
    assert_eq!(
        plan.counts,
        ImportCounts {
            hats_changed: 1,
            ..ImportCounts::default()
        }
    );
    let then = after(&now, &plan);
    let terry = then.user(&jid("r@c.example"), &jid("terry@example.org")).unwrap();
    let (_, one) = terry.hats.iter().next().unwrap();
    assert_eq!(
        (one.title.as_deref(), one.active, one.required),
        (Some("One"), Some(true), Some(true))
    );
    // An empty cell means no value, if the table has the column; an equivalent value is no change.
    let parsed = csv("room,user,hat,title,required\nr@c.example,terry@example.org,urn:x:1,,\n").unwrap();
    assert_eq!(
        parsed
            .plan(&now, &ImportOptions::default())
            .unwrap()
            .counts
            .hats_changed,
        1
    );
    let parsed = csv("room,user,hat,required\nr@c.example,terry@example.org,urn:x:1,no\n").unwrap();
    assert_eq!(
        parsed.plan(&now, &ImportOptions::default()).unwrap().counts,
        ImportCounts {
            unchanged: 1,
            ..ImportCounts::default()
        }
    );
}

#[test]
fn reports_every_invalid_line() {
    let text = "room,user,affiliation,hat,title,active,required,hue
,terry@example.org,member,,,,,
r@c.example,terry@@example.org,member,,,,,
r@c.example,\"kim@example.org\",chief,,,,,
r@c.example,kim@example.org,member,urn:x:1,,maybe,,
r@c.example,kim@example.org,member,urn:x:1,,,,,T
r@c.example,kim@example.org,,,Title,,,
r@c.example,kim@example.org,,urn:x:1,,,,12
r@c.example,,owner,,,,,
r@c.example,,,,,,,12
c.example,,,,,,,
r@c.example,ann@example.org,member,urn:x:1,One,,,
r@c.example,ann@example.org,owner,urn:x:2,Two,,,
r@c.example,ann@example.org,member,urn:x:1,Another,,,
r@c.example,,,,Name,,,
r@c.example,,,,Other name,,,
";
    let wrong = read(text.as_bytes(), FileFormat::Csv).unwrap_err();
    let expected = [
        "line 2: Enter the room's address",
        "line 3: user \"terry@@example.org\" is not an address: more than one @",
        "line 4: affiliation is \"chief\", expected owner, admin, member, outcast or none",
        "line 5: active is \"maybe\", expected true or false (or yes, no, 1, 0)",
        "line 6: 9 cells, expected 8 (missing quotation mark?)",
        "line 7: title needs a hat in the same row",
        "line 8: hue applies to catalog hats only: leave the user empty",
        "line 9: affiliation needs a user in the same row",
        "line 10: hue needs a hat in the same row",
        "line 11: room \"c.example\" is not a room address: it needs a name before the domain, such as room@conference.example.org",
        "line 13: the user's affiliation differs from line 12",
        "line 14: the user's hat differs from line 12",
        "line 16: the room's name differs from line 15",
    ];
    assert_eq!(wrong.errors, expected);
    assert_eq!(wrong.lines()[0], "13 lines have errors. Nothing was imported.");
    assert_eq!(
        wrong.to_string(),
        format!(
            "13 lines have errors. Nothing was imported. First errors: {}; {}; {}; and 10 more",
            expected[0], expected[1], expected[2]
        )
    );
}

#[test]
fn rejects_files_that_are_not_csv() {
    for (text, error) in [
        (
            "",
            "line 1: the file is empty; the first row must name the columns: room,user,",
        ),
        (
            "room,usr\n",
            "line 1: unknown column \"usr\"; the columns are room, user,",
        ),
        ("room,room\n", "line 1: duplicate column room"),
        ("affiliation,title\n", "line 1: missing column room or user;"),
        (
            "room,user\nr@c.example,\"terry\n",
            "line 2: unclosed quotation mark",
        ),
    ] {
        let message = csv(text).unwrap_err();
        assert!(message.starts_with(error), "{message}");
    }
    let message = read(b"room\nr\xe9union@c.example\n", FileFormat::Csv)
        .unwrap_err()
        .to_string();
    assert!(message.starts_with("line 2: not valid UTF-8"), "{message}");
    let message = read(b"\xff\xfer\0o\0", FileFormat::Csv).unwrap_err().to_string();
    assert!(message.starts_with("the file is UTF-16"), "{message}");
}

#[test]
fn reports_lines_of_errors_found_while_merging() {
    let now = imported(&Wardrobe::default(), &csv(TABLE).unwrap());
    let parsed = csv("room,user,hat\nr@c.example,terry@example.org,urn:x:9\nr@c.example,new@example.org,urn:x:9\nr@c.example,kim@example.org,Teacher\n").unwrap();
    let wrong = parsed.plan(&now, &ImportOptions::default()).unwrap_err();
    assert_eq!(
        wrong.errors,
        [
            "line 3: new@example.org is new in r@c.example: give an affiliation (owner, admin, member or outcast)",
            "line 4: hat \"Teacher\" is neither the title of an existing hat nor a URI: no scheme such as urn: or http:; define the hat first, or give its ID, such as urn:uuid:… (use JSON for other IDs)",
        ]
    );
}

#[test]
fn skips_hats_of_banned_users_and_removals() {
    let now = imported(&Wardrobe::default(), &csv(TABLE).unwrap());
    let parsed = csv("room,user,affiliation,hat
r@c.example,mallory@example.net,outcast,urn:x:1
r@c.example,mallory@example.net,outcast,urn:x:2
r@c.example,terry@example.org,outcast,urn:x:1
r@c.example,terry@example.org,outcast,urn:x:9
r@c.example,kim@example.org,none,
r@c.example,ghost@example.org,none,
")
    .unwrap();
    let plan = parsed.plan(&now, &ImportOptions::default()).unwrap();
    let why: Vec<_> = plan
        .skipped
        .iter()
        .map(|skip| (skip.user.as_ref().unwrap().as_str(), skip.reason.clone()))
        .collect();
    assert_eq!(
        why,
        [
            ("ghost@example.org", SkipReason::EmptyUser),
            ("kim@example.org", SkipReason::Removal),
            (
                "mallory@example.net",
                SkipReason::NotAffiliated(Affiliation::Outcast, 2)
            ),
            (
                "terry@example.org",
                SkipReason::NotAffiliated(Affiliation::Outcast, 1)
            ),
        ]
    );
    assert_eq!(
        plan.counts,
        ImportCounts {
            users_added: 1,
            affiliations_changed: 1,
            unchanged: 1,
            ..ImportCounts::default()
        }
    );
    let then = after(&now, &plan);
    assert_eq!(
        then.user(&jid("r@c.example"), &jid("terry@example.org"))
            .unwrap()
            .hats
            .len(),
        2
    );
}

#[test]
fn requires_target_for_objects_without_address() {
    let now = imported(&Wardrobe::default(), &csv(TABLE).unwrap());
    let plan = |text: &str, room: Option<&str>, user: Option<&str>, replace: bool| {
        let target = ImportTarget {
            room: room.map(jid),
            user: user.map(jid),
        };
        let options = ImportOptions {
            target,
            replace,
            ..ImportOptions::default()
        };
        json(text).plan(&now, &options).map_err(|error| error.to_string())
    };
    let hats = r#"{"urn:x:2": {"active": true}}"#;
    let user = r#"{"hats": {"urn:x:2": {"active": true}}, "x": 1}"#;
    let room = r#"{"users": {"terry@example.org": {"affiliation": "member", "hats": {}}}}"#;
    let (r, terry) = (Some("r@c.example"), Some("terry@example.org"));
    let error = |result: Result<ImportPlan, String>| result.unwrap_err();
    assert!(error(plan(room, None, None, false)).starts_with("the file contains a room without its address"));
    assert!(error(plan(room, r, terry, false)).starts_with("the file contains a room, not a user"));
    assert!(
        error(plan(user, r, None, false)).starts_with("the file contains a user or hats without an address")
    );
    assert!(
        error(plan(r#"{"version": 1, "rooms": {}}"#, r, None, false))
            .starts_with("the file contains room addresses")
    );
    assert!(error(plan(user, Some("no@c.example"), terry, false)).starts_with("no such room"));
    assert!(error(plan(user, r, Some("new@example.org"), false)).starts_with("new@example.org is new in"));
    // When adding, the other hat stays; when replacing, it is removed.
    for text in [hats, user] {
        let counts = plan(text, r, terry, false).unwrap().counts;
        assert_eq!((counts.hats_changed, counts.hats_removed), (1, 0));
        let counts = plan(text, r, terry, true).unwrap().counts;
        assert_eq!((counts.hats_changed, counts.hats_removed), (1, 1));
    }
    let then = after(&now, &plan(user, r, terry, false).unwrap());
    assert_eq!(
        then.user(&jid("r@c.example"), &jid("terry@example.org"))
            .unwrap()
            .extra
            .get("x")
            .map(Json::as_str),
        Some("1")
    );
    assert_eq!(
        plan(room, r, None, false).unwrap().counts,
        ImportCounts::default()
    );
    let counts = plan(room, r, None, true).unwrap().counts;
    assert_eq!(
        (
            counts.users_removed,
            counts.hats_removed,
            counts.catalog_removed,
            counts.rooms_renamed
        ),
        (1, 2, 1, 1)
    );
    let error = csv(TABLE)
        .unwrap()
        .plan(
            &now,
            &ImportOptions {
                replace: true,
                ..ImportOptions::default()
            },
        )
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("a table or a server's list can only add")
    );
}

#[test]
fn adds_data_file_fields_but_never_replaces_them() {
    let mut now = Wardrobe::default();
    now.extra.insert("note", Json::string("ours"));
    let parsed = json(r#"{"version": 1, "rooms": {}, "note": "theirs", "other": 1}"#);
    let plan = parsed.plan(&now, &ImportOptions::default()).unwrap();
    assert_eq!(
        plan.skipped
            .iter()
            .map(|skip| skip.reason.clone())
            .collect::<Vec<_>>(),
        [SkipReason::DifferentField("note".into())]
    );
    let then = after(&now, &plan);
    assert_eq!(then.extra.get("note"), Some(&Json::string("ours")));
    assert!(then.extra.get("other").is_some());
    let plan = parsed
        .plan(
            &now,
            &ImportOptions {
                restricted: true,
                ..ImportOptions::default()
            },
        )
        .unwrap();
    assert!(plan.group.is_empty());
    assert_eq!(plan.skipped.len(), 2);
}

#[test]
fn adds_hat_sets_by_name() {
    let hats = |json: &str| serde_json::from_str::<Hats>(json).unwrap();
    let (one, two) = (hats(r#"{"urn:x:1": {}}"#), hats(r#"{"urn:x:2": {}}"#));
    let (mut now, mut other) = (Wardrobe::default(), Wardrobe::default());
    for name in ["a", "b"] {
        now.put_hat_set(name, Some(&one)).unwrap();
    }
    for (name, set) in [("a", &one), ("b", &two), ("c", &two)] {
        other.put_hat_set(name, Some(set)).unwrap();
    }
    let parsed = read(&write::wardrobe(&other), FileFormat::Json).unwrap();
    let plan = parsed.plan(&now, &ImportOptions::default()).unwrap();
    let why: Vec<SkipReason> = plan.skipped.iter().map(|skip| skip.reason.clone()).collect();
    assert_eq!(why, [SkipReason::DifferentSet("b".into())]);
    let sets = after(&now, &plan).hat_sets().unwrap();
    assert_eq!(
        (sets.get("b"), sets.get("c"), sets.len()),
        (Some(&one), Some(&two), 3)
    );
    let lost = |wardrobe: &Wardrobe| {
        export(wardrobe, &ExportScope::All, FileFormat::Csv)
            .unwrap()
            .omitted
            .join(", ")
    };
    assert_eq!(lost(&now), "2 hat sets");
    // A value that is no object of hat sets stays unchanged.
    now.extra.set("sets", Some(Json::string("mine")));
    let plan = parsed.plan(&now, &ImportOptions::default()).unwrap();
    assert!(plan.group.is_empty());
    assert_eq!(plan.skipped.len(), 1);
    assert_eq!(
        lost(&now),
        "1 object with unrecognized fields (fields that hatrack does not use, such as \"sets\"): the data file"
    );
}

#[test]
fn accepts_shorter_rows_from_excel() {
    // Excel writes the empty cells at the end of a row for the first rows only.
    let table = "room,user,affiliation,hat,title,active,required,hue\r\n\
                 r@c.example,ana@example.org,member,urn:x:1,Helper,TRUE,,\r\n\
                 r@c.example,bob@example.org,member,urn:x:1,Helper\r\n\
                 r@c.example,kim@example.org,member\r\n\
                 r@c.example\r\n";
    let now = imported(&Wardrobe::default(), &csv(table).unwrap());
    let hats = |user: &str| now.user(&jid("r@c.example"), &jid(user)).unwrap().hats.clone();
    let active = |user: &str| hats(user).iter().map(|(_, hat)| hat.active).collect::<Vec<_>>();
    assert_eq!(active("ana@example.org"), [Some(true)]);
    assert_eq!(active("bob@example.org"), [None]);
    assert_eq!(active("kim@example.org"), []);
    // A row with too many cells is still an error, and so is one without a room.
    for (row, what) in [
        (
            "r@c.example,ana@example.org,member,urn:x:1,T,,,,x",
            "9 cells, expected 8",
        ),
        (",ana@example.org", "Enter the room's address"),
    ] {
        let message = csv(&format!(
            "room,user,affiliation,hat,title,active,required,hue\n{row}\n"
        ))
        .unwrap_err();
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn ids_with_outer_spaces_round_trip() {
    let ids = [
        " urn:x:1",
        "urn:x:1 ",
        "\u{a0}urn:x:1",
        "urn:x:1\u{a0}",
        "\turn:x:1",
        "' x",
        "'' x '",
        " =x",
        "=x ",
        "a;=x ",
        "urn:x:1\n",
        " ",
    ];
    let mut now = Wardrobe::default();
    let (room, user) = (jid("r@c.example"), jid("terry@example.org"));
    now.add_room(&room, None).unwrap();
    now.set_affiliation(&user, &room, Affiliation::Member).unwrap();
    for id in ids {
        now.add_user_hat(&user, &room, &HatId::unchecked(id), Attachment::default())
            .unwrap();
        let entry = CatalogHat::default();
        now.set_catalog_hat(&room, &HatId::unchecked(id), Some(entry))
            .unwrap();
    }
    let table = export(&now, &ExportScope::All, FileFormat::Csv).unwrap();
    let parsed = read(&table.bytes, FileFormat::Csv).unwrap();
    let ImportExtent::Document(back) = &parsed.content else {
        panic!("no document")
    };
    let hats = |wardrobe: &Wardrobe| -> Vec<HatId> {
        let user = wardrobe.user(&room, &user).unwrap();
        user.hats.iter().map(|(id, _)| id.clone()).collect()
    };
    assert_eq!(hats(back), hats(&now));
    assert_eq!(
        back.room(&room).unwrap().catalog,
        now.room(&room).unwrap().catalog
    );
    // Spaces that people leave around an ID are not part of it.
    let spaced =
        csv("room,user,affiliation,hat\nr@c.example,terry@example.org,member, urn:x:7\u{a0}\n").unwrap();
    let ImportExtent::Document(spaced) = &spaced.content else {
        panic!("no document")
    };
    assert_eq!(hats(spaced), [HatId::unchecked("urn:x:7")]);
}

#[test]
fn detects_utf_16_without_byte_order_mark() {
    for text in [TABLE, "room,user\nr@c.example,é\n", "{\"rooms\": {}}"] {
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [little, big] {
            for form in [
                ImportFormat::Table,
                ImportFormat::Json,
                ImportFormat::detect("x", &bytes),
            ] {
                let message = read(&bytes, form).unwrap_err().to_string();
                assert!(message.starts_with("the file is UTF-16"), "{message}");
            }
        }
    }
    let nul = read(b"room\nr@c.example\0\n", FileFormat::Csv)
        .unwrap_err()
        .to_string();
    assert!(!nul.contains("UTF-16"), "{nul}");
}
