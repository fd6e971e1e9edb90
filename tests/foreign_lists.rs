//! Imports of lists that servers print, and of tables that people keep.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

use hatrack::exchange::{
    ColumnNames, ImportFormat, ImportOptions, ImportTarget, ParsedImport, read, read_table,
};
use hatrack::model::{Affiliation, HatId, Jid, Wardrobe, read as json};

const ROOM: &str = "staff@rooms.example";

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

fn parse(text: &str) -> ParsedImport {
    let format = ImportFormat::detect("standard input", text.as_bytes());
    read(text.as_bytes(), format).unwrap()
}

/// A room with ana (owner, a hat) and bob (member), and the hat "Teacher" in the catalog.
fn before() -> Wardrobe {
    let text = r#"{"version": 1, "rooms": {"staff@rooms.example": {
        "hats": {"urn:x:teacher": {"title": "Teacher"}},
        "users": {
            "ana@example.org": {"affiliation": "owner", "hats": {"urn:x:lead": {"title": "Lead", "required": true}}},
            "bob@example.org": {"affiliation": "member", "hats": {}}
        }}}}"#;
    json::wardrobe(text.as_bytes()).unwrap()
}

fn into_room(new_users: Option<Affiliation>) -> ImportOptions {
    ImportOptions {
        target: ImportTarget {
            room: Some(jid(ROOM)),
            user: None,
        },
        new_users,
        ..ImportOptions::default()
    }
}

fn after(parsed: &ParsedImport, options: &ImportOptions) -> Wardrobe {
    let mut next = before();
    let plan = parsed.plan(&next, options).unwrap();
    next.apply(&plan.group).unwrap();
    next
}

fn error(parsed: &ParsedImport, options: &ImportOptions) -> String {
    parsed.plan(&before(), options).unwrap_err().to_string()
}

/// The affiliations of the room as text.
fn affiliations(wardrobe: &Wardrobe) -> Vec<String> {
    let room = wardrobe.room(&jid(ROOM)).unwrap();
    let users = room.users().iter();
    users
        .map(|(jid, user)| format!("{jid} {}", user.affiliation))
        .collect()
}

/// The hats of a user as text.
fn hats(wardrobe: &Wardrobe, user: &str) -> Vec<String> {
    let user = wardrobe.user(&jid(ROOM), &jid(user)).unwrap();
    let hats = user.hats.iter();
    hats.map(|(id, hat)| {
        let title = hat.title.as_deref().unwrap_or("-");
        format!("{id} {title} {} {}", hat.is_active(), hat.is_required())
    })
    .collect()
}

const MERGED: [&str; 4] = [
    "ana@example.org owner",
    "bob@example.org admin",
    "eve@example.net member",
    "example.net outcast",
];

#[test]
fn affiliation_lists_of_servers_set_affiliations_and_keep_hats() {
    let lists = [
        // ejabberd, API versions 1 and 2, and 3.
        r#"[{"username": "bob", "domain": "example.org", "affiliation": "admin", "reason": "a, \"b\""},
            {"username": "", "domain": "example.net", "affiliation": "outcast", "reason": ""},
            {"username": "eve", "domain": "example.net", "affiliation": "member", "reason": ""}]"#,
        r#"[{"jid": "bob@example.org", "affiliation": "admin", "reason": "x"},
            {"jid": "example.net", "affiliation": "outcast", "reason": ""},
            {"jid": "Eve@Example.NET/phone", "affiliation": "member", "reason": ""}]"#,
        // The same as tables.
        "bob\texample.org\tadmin\tsaid \"hello\t\n\texample.net\toutcast\t\neve\texample.net\tmember\t\n",
        "bob@example.org\tadmin\tmember\nexample.net\toutcast\t\neve@example.net\tmember\t\r\n\n",
        // Prosody.
        r#"{"bob@example.org": "admin", "example.net": "outcast", "eve@example.net": "member"}"#,
    ];
    for text in lists {
        let next = after(&parse(text), &into_room(None));
        assert_eq!(affiliations(&next), MERGED, "{text}");
        assert_eq!(
            hats(&next, "ana@example.org"),
            ["urn:x:lead Lead false true"],
            "{text}"
        );
    }
}

#[test]
fn stored_room_of_prosody_has_its_address_and_hats() {
    let text = r#"{"_jid": "staff@rooms.example", "_data": {"name": "Staff"}, "_affiliations":
        {"bob@example.org": "admin", "example.net": "outcast", "eve@example.net": "member"},
        "_affiliation_data": {"eve@example.net": {"reserved_nickname": "Eve",
            "hats": {"urn:x:aide": {"title": "Aide", "active": true, "required": false, "since": 5}}},
            "bob@example.org": {"hats": []}}}"#;
    let next = after(&parse(text), &ImportOptions::default());
    assert_eq!(affiliations(&next), MERGED);
    assert_eq!(hats(&next, "eve@example.net"), ["urn:x:aide Aide true false"]);
    assert_eq!(hats(&next, "ana@example.org"), ["urn:x:lead Lead false true"]);
    let empty = parse(r#"{"_affiliations": {"bob@example.org": "admin"}, "_affiliation_data": []}"#);
    assert_eq!(
        affiliations(&after(&empty, &into_room(None)))[1],
        "bob@example.org admin"
    );
}

#[test]
fn errors_name_invalid_entries_of_lists() {
    for (text, part) in [
        (
            r#"[{"jid": "a b@c@", "affiliation": "member"}]"#,
            "entry 1: \"a b@c@\"",
        ),
        (
            r#"[{"jid": "a@c.example", "affiliation": "boss"}]"#,
            "entry 1: affiliation is \"boss\"",
        ),
        (
            r#"[{"username": "a", "affiliation": "member"}]"#,
            "entry 1 has no address",
        ),
        (
            r#"[{"jid": "a@c.example", "affiliation": "member"}, {"jid": "A@c.example", "affiliation": "owner"}]"#,
            "entry 2: a@c.example is in the list twice",
        ),
        (r#"["a@c.example"]"#, "expected a list of objects with \"jid\""),
        (
            "bob\texample.org\tadmin\t\nbob\n",
            "line 2: \"bob\" is not a user and an affiliation",
        ),
    ] {
        let format = ImportFormat::detect("-", text.as_bytes());
        let message = read(text.as_bytes(), format).unwrap_err().to_string();
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn heading_counts_entries_with_errors() {
    let one = r#"[{"jid": "a@c.example", "affiliation": "boss"}]"#;
    let two =
        r#"[{"jid": "a@c.example", "affiliation": "boss"}, {"jid": "b@c.example", "affiliation": "boss"}]"#;
    for (text, heading) in [
        (one, "1 entry has errors. Nothing was imported."),
        (two, "2 entries have errors. Nothing was imported."),
    ] {
        let format = ImportFormat::detect("-", text.as_bytes());
        let errors = read(text.as_bytes(), format).unwrap_err();
        assert_eq!(errors.lines()[0], heading);
    }
}

#[test]
fn lists_never_replace() {
    let replace = ImportOptions {
        replace: true,
        ..into_room(None)
    };
    for text in [r#"{"bob@example.org": "admin"}"#, "bob\texample.org\tadmin\t\n"] {
        let message = error(&parse(text), &replace);
        assert!(message.contains("can only add"), "{message}");
    }
}

const ASSIGNED: &str = "<iq xmlns='jabber:client' type='result' from='staff@rooms.example' to='ana@example.org/x'>
  <command xmlns='http://jabber.org/protocol/commands' status='completed'><x xmlns='jabber:x:data' type='result'>
    <reported><field var='hats#jid'/><field var='hats#uri'/></reported>
    <item><field var='hats#jid'><value>bob@example.org</value></field>
      <field var='hats#uri'><value>urn:x:teacher</value></field></item>
    <item><field var='hats#jid'><value>ana@example.org</value></field>
      <field var='hats#uri'><value>urn:x:lead</value></field></item>
  </x></command></iq>";

#[test]
fn hat_lists_in_xml_add_assignments_and_catalog_hats() {
    let next = after(&parse(ASSIGNED), &ImportOptions::default());
    assert_eq!(hats(&next, "bob@example.org"), ["urn:x:teacher - true false"]);
    // A hat that is assigned on the server becomes active; values that are not in the list stay.
    assert_eq!(hats(&next, "ana@example.org"), ["urn:x:lead Lead true true"]);

    // Without the stanza, the room must be given; ejabberd 23 swaps title and URI.
    let old = "<x xmlns='jabber:x:data' type='result'><item><field var='jid'><value>bob@example.org</value></field>
        <field var='hat_title'><value>urn:x:aide</value></field><field var='hat_uri'><value>Aide &amp; co</value></field></item></x>";
    let next = after(&parse(old), &into_room(None));
    assert_eq!(
        hats(&next, "bob@example.org"),
        ["urn:x:aide Aide & co true false"]
    );

    let catalog = "<x xmlns='jabber:x:data' type='result'><item><field var='hats#uri'><value>urn:x:aide</value></field>
        <field var='hats#title'><value>Aide</value></field><field var='hats#hue'><value>120.5</value></field></item></x>";
    let next = after(&parse(catalog), &into_room(None));
    let defined = &next.room(&jid(ROOM)).unwrap().catalog[&HatId::unchecked("urn:x:aide")];
    assert_eq!(defined.title.as_deref(), Some("Aide"));
    assert_eq!(defined.hue.as_ref().unwrap().degrees(), Some(120.5));

    let presence = "<presence from='staff@rooms.example/Bob'><hats xmlns='urn:xmpp:hats:0'><hat uri='urn:x:aide' title='Aide'/></hats>
        <x xmlns='http://jabber.org/protocol/muc#user'><item jid='bob@example.org/phone' affiliation='member'/></x></presence>";
    let next = after(&parse(presence), &ImportOptions::default());
    assert_eq!(hats(&next, "bob@example.org"), ["urn:x:aide Aide true false"]);
}

#[test]
fn hostile_xml_is_refused() {
    for text in [
        "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><x>&a;</x>",
        "<x>",
        "<x xmlns='jabber:x:data'><item/></x>",
        "<x/>",
        &format!("{}<x/>", "<a>".repeat(100_000)),
    ] {
        assert!(
            read(text.as_bytes(), ImportFormat::Xml).is_err(),
            "{}",
            text.get(..4).unwrap()
        );
    }
}

fn table(text: &str, names: &str) -> ParsedImport {
    read_table(text.as_bytes(), &ColumnNames::parse(names).unwrap()).unwrap()
}

#[test]
fn tables_may_have_other_column_names_and_titles_of_hats() {
    let text = "Name;Email;Role;Remark\nBob;bob@example.org;teacher;x\nEve;eve@example.net;LÉAD;\n";
    let parsed = table(text, "user=email,hat=Role");
    let message = error(&parsed, &into_room(None));
    assert!(
        message.contains("line 3: eve@example.net is new in staff@rooms.example"),
        "{message}"
    );
    let next = after(&parsed, &into_room(Some(Affiliation::Member)));
    assert_eq!(
        hats(&next, "bob@example.org"),
        ["urn:x:teacher Teacher false false"]
    );
    assert_eq!(hats(&next, "eve@example.net"), ["urn:x:lead Lead false false"]);
    assert_eq!(affiliations(&next)[2], "eve@example.net member");

    let unknown = table("Email,Role\nbob@example.org,Chef\n", "user=Email,hat=Role");
    let message = error(&unknown, &into_room(None));
    assert!(
        message.contains("line 2: hat \"Chef\" is neither the title of an existing hat nor a URI"),
        "{message}"
    );
}

#[test]
fn title_of_several_hats_is_refused() {
    let mut now = before();
    let text = "room,user,hat,title\nstaff@rooms.example,bob@example.org,urn:x:other,Teacher\n";
    let plan = read(text.as_bytes(), ImportFormat::Table)
        .unwrap()
        .plan(&now, &ImportOptions::default());
    now.apply(&plan.unwrap().group).unwrap();
    let parsed = table("u,h\nbob@example.org,Teacher\n", "user=u,hat=h");
    let message = parsed.plan(&now, &into_room(None)).unwrap_err().to_string();
    assert!(
        message.contains("2 hats have the title \"Teacher\"; give the ID of one: urn:x:other, urn:x:teacher"),
        "{message}"
    );
    let twice = table(
        "u,h\nana@example.org,Lead\nana@example.org,urn:x:lead\n",
        "user=u,hat=h",
    );
    assert!(error(&twice, &into_room(None)).contains("has the hat urn:x:lead twice"));
}

#[test]
fn invalid_names_of_columns_are_refused() {
    for (names, part) in [
        ("Email", "must be COLUMN=NAME"),
        ("user=", "must be COLUMN=NAME"),
        ("mail=Email", "unknown column \"mail\""),
        ("user=a,user=b", "given twice"),
    ] {
        let message = ColumnNames::parse(names).unwrap_err().to_string();
        assert!(message.contains(part), "{names}: {message}");
    }
    let names = ColumnNames::parse("user=Name, first,hat=Role").unwrap();
    let text = "\"Name, first\",Role\nbob@example.org,urn:x:lead\n";
    assert!(read_table(text.as_bytes(), &names).is_ok());
    let message = read_table(b"a,b\n1,2\n", &names).unwrap_err().to_string();
    assert!(
        message.contains("no column \"Name, first\"; the columns are \"a\", \"b\""),
        "{message}"
    );
}
