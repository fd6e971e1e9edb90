//! One address is one address, however it is written, wherever it is given.

use super::process::{Home, ROOM, TERRY};

const ANA: &str = "ana@bücher.example";

/// A room with somebody whose domain can be written in many ways.
fn home() -> Home {
    let home = Home::with_terry();
    home.done(&["affiliate", ROOM, "ana@xn--bcher-kva.example.", "member"]);
    home
}

#[test]
fn every_argument_takes_every_spelling_and_uris() {
    let home = home();
    let room = "xmpp:COURSES@conference.example.org.?join";
    home.done(&[
        "add",
        room,
        "xmpp:ana@b%C3%BCcher.example?message;body=x",
        "urn:x:1",
    ]);
    home.done(&[
        "add",
        room,
        "mailto:ana@BÜCHER。example",
        "urn:x:2",
        "--room",
        room,
    ]);
    let hats = home.done(&["show", ROOM, ANA, "--json"]);
    assert!(hats.contains("urn:x:1") && hats.contains("urn:x:2"), "{hats}");
    home.done(&["sets", "save", "all", room, "ana@xn--bcher-kva.example"]);
    home.done(&[
        "sets",
        "put",
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
        assert!(home.done(line).contains("urn:x:1"), "{line:?}");
    }
    home.done(&["remove", room, "ana@bücher.example./phone", "urn:x:1"]);
    assert_eq!(home.fed(&["set", room, "xmpp:ana@bücher.example"], b"{}").code, 0);
    assert!(home.done(&["show", ROOM, ANA]).contains("0 hats"));
    home.done(&["room", "rename", room, "Courses too"]);
    home.done(&["affiliate", room, "xmpp:ana@bücher.example", "none"]);
    home.done(&["room", "add", "xmpp:new@c.example?join"]);
    home.done(&["room", "remove", "xmpp:new@c.example"]);
    home.fails(
        &["show", "xmpp:%zz@c.example"],
        2,
        "jid-malformed: not an address: \"xmpp:%zz@c.example\": the URI has an escape that is none",
    );
}

#[test]
fn imports_take_them_too_and_a_file_may_not_have_one_address_twice() {
    let home = home();
    home.write(
        "a.csv",
        format!("room,user,affiliation,hat\nxmpp:{ROOM}?join,xmpp:{TERRY},,urn:x:1\n{ROOM}.,mailto:ana@XN--BCHER-KVA.example,,urn:x:1\n"),
    );
    assert!(home.done(&["import", "a.csv"]).contains("2 hats given"));
    home.write("user.json", r#"{"hats": {"urn:x:2": {}}}"#);
    let said = home.done(&[
        "import",
        "user.json",
        "--into",
        &format!("xmpp:{ROOM}"),
        "--user",
        "mailto:ana@bücher.example",
    ]);
    assert!(said.contains("1 hat given"), "{said}");
    // The file's own keys are addresses, no URIs; and each is there once.
    let file = |keys: &str| format!("{{\"version\":1,\"rooms\":{{\"{ROOM}\":{{\"users\":{{\n{keys}}}}}}}}}");
    for (keys, wrong) in [
        (
            r#""ana@bücher.example":{},"ana@xn--bcher-kva.example":{}"#,
            format!("line 2, column 26: \"ana@xn--bcher-kva.example\" is another spelling of {ANA}, which is there already"),
        ),
        (
            r#""ana@bücher.example":{},"ana@bücher.example.":{}"#,
            format!("line 2, column 26: \"ana@bücher.example.\" is another spelling of {ANA}, which is there already"),
        ),
        (
            r#""xmpp:terry@example.org":{}"#,
            "line 2, column 1: not an address: \"xmpp:terry@example.org\": an address stands here without xmpp: or mailto: before it".into(),
        ),
    ] {
        let path = home.write("hats.json", file(keys));
        home.fails(&["show", "--file", "hats.json"], 4, &format!("{}: {wrong}", path.display()));
    }
    // What was written before they were one is read as what it means.
    home.write(
        "hats.json",
        file(r#""ana@xn--bcher-kva.example":{"affiliation":"member"}"#),
    );
    home.done(&["add", ROOM, ANA, "urn:x:1", "--file", "hats.json"]);
    let written = std::fs::read_to_string(home.path("hats.json")).unwrap();
    assert!(written.contains(ANA) && !written.contains("xn--"), "{written}");
}

#[test]
fn the_history_is_searched_by_what_its_addresses_mean() {
    let home = home();
    let path = home.data().with_extension("history.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    for old in ["ana@xn--bcher-kva.example", "ana@bücher.example."] {
        std::fs::write(&path, text.replace(ANA, old)).unwrap();
        let found = home.done(&["history", "--user", ANA]);
        assert!(found.contains("member"), "{old}: {found}");
    }
}
