//! All forms of an address are equivalent, in all arguments and inputs.

use super::process::{Home, ROOM, TERRY};

const ANA: &str = "ana@bücher.example";

/// A room with a user whose domain has several forms.
fn home() -> Home {
    let home = Home::with_terry();
    home.run_ok(&["affiliate", ROOM, "ana@xn--bcher-kva.example.", "member"]);
    home
}

#[test]
fn arguments_accept_all_address_forms() {
    let home = home();
    let room = "xmpp:COURSES@conference.example.org.?join";
    home.run_ok(&[
        "add",
        room,
        "xmpp:ana@b%C3%BCcher.example?message;body=x",
        "urn:x:1",
    ]);
    home.run_ok(&[
        "add",
        room,
        "mailto:ana@BÜCHER。example",
        "urn:x:2",
        "--room",
        room,
    ]);
    let hats = home.run_ok(&["show", ROOM, ANA, "--json"]);
    assert!(hats.contains("urn:x:1") && hats.contains("urn:x:2"), "{hats}");
    home.run_ok(&["sets", "save", "all", room, "ana@xn--bcher-kva.example"]);
    home.run_ok(&[
        "sets",
        "apply",
        "all",
        room,
        "xmpp:terry@example.org",
        "ana@bücher．example",
    ]);
    for line in [
        &[
            "history",
            "--user",
            "xmpp:ana@xn--bcher-kva.example",
            "--in",
            room,
        ] as &[&str],
        &["export", room, "mailto:ana@bücher.example"],
        &["catalog", "list", room],
        &["show", room],
    ] {
        assert!(home.run_ok(line).contains("urn:x:1"), "{line:?}");
    }
    home.run_ok(&["remove", room, "ana@bücher.example./phone", "urn:x:1"]);
    assert_eq!(
        home.run_with_input(&["set", room, "xmpp:ana@bücher.example"], b"{}")
            .code,
        0
    );
    assert!(home.run_ok(&["show", ROOM, ANA]).contains("0 hats"));
    home.run_ok(&["room", "rename", room, "Courses too"]);
    home.run_ok(&["affiliate", room, "xmpp:ana@bücher.example", "none"]);
    home.run_ok(&["room", "add", "xmpp:new@c.example?join"]);
    home.run_ok(&["room", "remove", "xmpp:new@c.example"]);
    home.assert_fails(
        &["show", "xmpp:%zz@c.example"],
        2,
        "\"xmpp:%zz@c.example\" is not an address: invalid % escape [jid-malformed]",
    );
}

#[test]
fn imports_accept_all_address_forms_and_reject_duplicates() {
    let home = home();
    home.write(
        "a.csv",
        format!("room,user,affiliation,hat\nxmpp:{ROOM}?join,xmpp:{TERRY},,urn:x:1\n{ROOM}.,mailto:ana@XN--BCHER-KVA.example,,urn:x:1\n"),
    );
    assert!(home.run_ok(&["import", "a.csv"]).contains("2 hats added"));
    home.write("user.json", r#"{"hats": {"urn:x:2": {}}}"#);
    let output = home.run_ok(&[
        "import",
        "user.json",
        "--into",
        &format!("xmpp:{ROOM}"),
        "--user",
        "mailto:ana@bücher.example",
    ]);
    assert!(output.contains("1 hat added"), "{output}");
    // Keys of the data file are addresses, not URIs, and must be unique.
    let file = |keys: &str| format!("{{\"version\":1,\"rooms\":{{\"{ROOM}\":{{\"users\":{{\n{keys}}}}}}}}}");
    for (keys, wrong) in [
        (
            r#""ana@bücher.example":{},"ana@xn--bcher-kva.example":{}"#,
            format!("line 2, column 26: \"ana@xn--bcher-kva.example\" is another spelling of {ANA}, which already exists"),
        ),
        (
            r#""ana@bücher.example":{},"ana@bücher.example.":{}"#,
            format!("line 2, column 26: \"ana@bücher.example.\" is another spelling of {ANA}, which already exists"),
        ),
        (
            r#""xmpp:terry@example.org":{}"#,
            "line 2, column 1: \"xmpp:terry@example.org\" is not an address: write the address without xmpp: or mailto:".into(),
        ),
    ] {
        let path = home.write("hats.json", file(keys));
        home.assert_fails(&["show", "--file", "hats.json"], 4, &format!("{}: {wrong}", path.display()));
    }
    // Forms written by earlier versions are normalized when read.
    home.write(
        "hats.json",
        file(r#""ana@xn--bcher-kva.example":{"affiliation":"member"}"#),
    );
    home.run_ok(&["add", ROOM, ANA, "urn:x:1", "--file", "hats.json"]);
    let written = std::fs::read_to_string(home.path("hats.json")).unwrap();
    assert!(written.contains(ANA) && !written.contains("xn--"), "{written}");
}

#[test]
fn history_filter_finds_addresses_in_old_forms() {
    let home = home();
    let path = home.data().with_extension("history.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    for old in ["ana@xn--bcher-kva.example", "ana@bücher.example."] {
        std::fs::write(&path, text.replace(ANA, old)).unwrap();
        let found = home.run_ok(&["history", "--user", ANA]);
        assert!(found.contains("member"), "{old}: {found}");
    }
}
