//! `hatrack servers` with servers that do not answer. Tests with servers that answer are in tests/servers.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a missing value fails the test"
)]

use std::os::unix::net::UnixListener;

use hatrack::cli::config::read;
use serde_json::{Value, json};

use super::process::Home;

const CONFIG: &str = ".config/hatrack/config.toml";

/// The configuration of a server that is not reachable, one that never answers, and one whose password is asked for.
fn configuration(home: &Home) -> String {
    let gone = home.path("gone.sock").display().to_string();
    let mute = home.path("mute.sock").display().to_string();
    format!(
        "[servers.gone]\nkind = \"prosody\"\nservices = [\"c.example.org\"]\nsocket = \"{gone}\"\n\
         [servers.mute]\nkind = \"prosody\"\nservices = [\"d.example.org\", \"e.example.org\"]\nsocket = \"{mute}\"\ntimeout = 1\n\
         [servers.account]\nkind = \"xmpp\"\nservices = [\"c.example.net\"]\njid = \"moderator@example.net\"\naddress = \"127.0.0.1:1\"\n"
    )
}

/// Checks that the output conforms to the schema and to this definition in it.
fn assert_schema(definition: &str, data: &Value) {
    let mut schema: Value = serde_json::from_str(include_str!("../../assets/servers.schema.json")).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    let whole = jsonschema::draft202012::new(&schema).unwrap();
    assert!(whole.is_valid(data), "{data:#}");
    schema["anyOf"] = json!([{ "$ref": format!("#/$defs/{definition}") }]);
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> = schema.iter_errors(data).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}: {data:#}");
}

#[test]
fn without_servers_the_lists_are_empty() {
    let home = Home::new();
    let none =
        "No servers configured; run hatrack servers example prosody (or xmpp) to print an example section\n";
    assert_eq!(home.run_ok(&["servers"]), none);
    assert_eq!(home.run_ok(&["servers", "check"]), none);
    assert_eq!(home.run_ok(&["servers", "--json"]), "[]\n");
    assert_eq!(home.run_ok(&["servers", "check", "--json"]), "[]\n");
    home.assert_fails(
        &["servers", "check", "x"],
        3,
        "no server \"x\" in the configuration [item-not-found]",
    );
}

#[test]
fn servers_are_listed_with_their_states() {
    let home = Home::new();
    home.write(CONFIG, configuration(&home));
    let _mute = UnixListener::bind(home.path("mute.sock")).unwrap();
    let list = home.run_ok(&["servers"]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 4, "{list}");
    let columns = ["NAME", "KIND", "SERVICES", "CONNECTION", "STATE"];
    assert!(columns.iter().all(|column| lines[0].contains(column)), "{list}");
    for (line, parts) in lines[1..].iter().zip([
        [
            "gone",
            "c.example.org",
            "gone.sock",
            "not reachable: cannot open the admin socket",
        ],
        [
            "mute",
            "d.example.org e.example.org",
            "mute.sock",
            "not reachable: ",
        ],
        [
            "account",
            "c.example.net",
            "account moderator@example.net at 127.0.0.1:1",
            "not checked: asks for a password; try hatrack servers check account",
        ],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)), "{list}");
    }
    let list: Value = serde_json::from_str(&home.run_ok(&["servers", "--json"])).unwrap();
    assert_schema("list", &list);
    assert_eq!(list[1]["services"], json!(["d.example.org", "e.example.org"]));
    assert_eq!(list[2]["state"], "unchecked");
}

#[test]
fn check_fails_if_a_server_cannot_be_used() {
    let home = Home::new();
    home.write(CONFIG, configuration(&home));
    let output = home.run(&["servers", "check", "gone"]);
    assert_eq!(
        (output.code, output.err.as_str()),
        (1, "hatrack: 1 of 1 server cannot be used: gone\n")
    );
    assert!(
        output
            .out
            .starts_with("gone: not reachable\n  connection  socket /"),
        "{output:?}"
    );
    assert!(
        output.out.contains("  reason      Cannot open the admin socket"),
        "{output:?}"
    );
    // The option may also come before the subcommand.
    for args in [
        &["servers", "check", "--json"][..],
        &["servers", "--json", "check"],
    ] {
        let output = home.run(args);
        assert_eq!(
            (output.code, output.err.as_str()),
            (1, "hatrack: 3 of 3 servers cannot be used: gone, mute, account\n")
        );
        let reports: Value = serde_json::from_str(&output.out).unwrap();
        assert_schema("reports", &reports);
        assert_eq!(reports[0]["rights"], "none");
    }
    home.assert_fails(
        &["servers", "check", "goner"],
        3,
        "no server \"goner\" in the configuration [item-not-found]; did you mean \"gone\"?",
    );
    for command in ["pull", "plan", "apply", "follow"] {
        home.assert_fails(
            &[command, "--server", "goner"],
            3,
            "no server \"goner\" in the configuration [item-not-found]; did you mean \"gone\"?",
        );
    }
}

#[test]
fn examples_parse_with_every_setting() {
    let home = Home::new();
    for kind in ["prosody", "xmpp"] {
        let text = home.run_ok(&["servers", "example", kind]);
        let config = read(&text).unwrap();
        assert_eq!(config.servers.len(), 1, "{text}");
        // Each line that starts with # and no space is a setting; `command` replaces `socket`.
        for line in text.lines() {
            let setting = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
            let Some(setting) = setting else { continue };
            let mut enabled = text.replace(line, setting);
            if setting.starts_with("command") {
                enabled = enabled.replace("\nsocket", "\n#socket");
            }
            let read = read(&enabled).unwrap_or_else(|errors| panic!("{setting}: {errors:?}"));
            assert_ne!(read.servers, config.servers, "{setting}");
        }
        home.write(CONFIG, &text);
        assert!(home.run_ok(&["config", "--check"]).ends_with("no errors\n"));
    }
}

#[test]
fn restricted_sessions_see_the_servers_of_their_rooms() {
    let home = Home::new();
    let config = home.write("servers.toml", configuration(&home));
    let config = config.to_str().unwrap();
    let room = ["--config", config, "--room", "a@c.example.net"];
    let list: Value =
        serde_json::from_str(&home.run_ok(&[&room[..], &["servers", "--json"]].concat())).unwrap();
    let names: Vec<&Value> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|server| &server["server"])
        .collect();
    assert_eq!(names, ["account"]);
    assert_eq!(list[0]["access"], "account");
    assert_eq!(list[0]["reason"], "asks for a password");
    // The reason why a server cannot be used may contain paths, so it is hidden.
    let other = ["--config", config, "--room", "a@c.example.org"];
    for args in [
        &["servers"][..],
        &["servers", "--json"],
        &["plan"],
        &["pull"],
        &["apply", "--yes"],
    ] {
        let output = home.run(&[&other[..], args].concat());
        let all = format!("{}{}", output.out, output.err);
        assert!(all.contains("its administrator can see why"), "{output:?}");
        assert!(!all.contains("gone.sock"), "{output:?}");
    }
    home.assert_fails(
        &[&other[..], &["plan", "--server", "mutes"]].concat(),
        3,
        "no server \"mutes\" in the configuration [item-not-found]",
    );
    home.assert_fails(
        &[&room[..], &["servers", "check"]].concat(),
        1,
        "servers check is not available in a restricted session (--room, --only-hat, --no-affiliations or --read-only) [not-allowed]",
    );
    let output = home.run(&["--config", config, "--read-only", "servers", "check", "gone"]);
    assert!(output.out.starts_with("gone: not reachable"), "{output:?}");
    // Options after the command may come from someone else than the person who restricted the session.
    home.assert_fails(
        &["--read-only", "servers", "--config", config],
        1,
        "in a restricted session, --config must come before the command [not-allowed]",
    );
    // The user's own file is not read either.
    home.write(CONFIG, configuration(&home));
    assert_eq!(home.run_ok(&["--read-only", "servers", "--json"]), "[]\n");
}

#[test]
fn names_of_servers_are_completed() {
    let home = Home::new();
    home.write(CONFIG, configuration(&home));
    let words = |line: &[&str]| home.run_ok(&[&["complete", "words", "--", "hatrack"], line].concat());
    assert_eq!(
        words(&["servers", "check", ""]),
        "gone\tc.example.org\nmute\td.example.org, e.example.org\naccount\tc.example.net\n"
    );
    assert_eq!(
        words(&["servers", "check", "m"]),
        "mute\td.example.org, e.example.org\n"
    );
    assert_eq!(
        words(&["servers", "example", "x"]),
        "xmpp\tejabberd, with an XMPP account\n"
    );
    assert!(words(&["servers", ""]).starts_with("check\t"));
    let other = home.write(
        "o.toml",
        "[servers.other]\nkind = \"xmpp\"\nservices = [\"o.example\"]\njid = \"a@b.example\"\n",
    );
    assert_eq!(
        words(&["--config", other.to_str().unwrap(), "servers", "check", ""]),
        "other\to.example\n"
    );
    home.write(CONFIG, "[servers.x]\n");
    assert_eq!(words(&["servers", "check", ""]), "");
}

#[test]
fn hostile_values_are_harmless_on_the_terminal() {
    let home = Home::new();
    let evil = r"/tmp/\u001b]0;x\u0007\u009b31m\n\u202e";
    let config = format!(
        "[servers.a]\nkind = \"prosody\"\nservices = [\"c.example.org\"]\nsocket = \"{evil}\"\n\
         [servers.b]\nkind = \"prosody\"\nservices = [\"d.example.org\"]\ncommand = [\"{evil}\", \"{evil}\"]\n\
         [servers.d]\nkind = \"xmpp\"\nservices = [\"e.example.org\"]\njid = \"a@b.example\"\npassword-command = [\"{evil}\"]\nca-file = \"{evil}\"\naddress = \"127.0.0.1:1\"\n"
    );
    home.write(CONFIG, config);
    let wrong = format!("[servers.\"{evil}\"]\nkind = \"{evil}\"\nservices = [\"{evil}\"]\n\"{evil}\" = 1\n");
    let wrong = home.write("wrong.toml", wrong);
    let wrong = wrong.to_str().unwrap();
    for args in [
        &["servers"][..],
        &["servers", "--json"],
        &["servers", "check"],
        &["servers", "check", "--json"],
        &["servers", "check", "\u{1b}[31m"],
        &["config", "--check"],
        &["config", "--check", wrong],
        &["--config", wrong, "servers"],
        &["--config", "\u{1b}[31m", "servers"],
    ] {
        let output = home.run(args);
        let all = format!("{}{}", output.out, output.err);
        let odd = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!all.is_empty() && !all.contains(odd), "{args:?}: {all:?}");
    }
}

#[test]
fn affiliations_that_are_only_received_cannot_be_changed() {
    let (room, user) = ("a@c.example.org", "ana@example.org");
    let home = Home::new();
    for room in [room, "a@e.example.org", "a@local.example.org"] {
        home.run_ok(&["room", "add", room]);
        home.run_ok(&["affiliate", room, user, "member"]);
    }
    home.run_ok(&["affiliate", room, user, "admin"]);
    home.write(CONFIG, configuration(&home));
    let file = home.run_ok(&["export"]);
    let refused = "affiliations in a@c.example.org are only received: change them on \"gone\", or set affiliations = \
                   \"manage\" in the configuration";
    home.write(
        "owner.json",
        json!({"affiliation": "owner", "hats": {}}).to_string(),
    );
    home.write(
        "new.csv",
        format!("room,user,affiliation\n{room},bob@example.org,member\n"),
    );
    let (owner, new) = (home.path("owner.json"), home.path("new.csv"));
    let (owner, new) = (owner.to_str().unwrap(), new.to_str().unwrap());
    for command in [
        &["affiliate", room, user, "owner"][..],
        &["affiliate", room, user, "none"],
        &["import", owner, "--into", room, "--user", user],
        &["import", new],
        &["import", new, "--dry-run"],
        &["undo"],
    ] {
        home.assert_fails(command, 1, &format!("{refused} [not-allowed]"));
        assert_eq!(home.run_ok(&["export"]), file, "{command:?}");
    }
    // All other changes are still possible.
    home.run_ok(&["affiliate", room, user, "admin"]);
    home.run_ok(&["add", room, user, "urn:x:1", "--title", "One"]);
    home.run_ok(&["affiliate", "a@local.example.org", user, "owner"]);
    home.run_ok(&["room", "add", "b@c.example.org"]);
    home.run_ok(&["undo"]);
    home.run_ok(&["room", "remove", "a@e.example.org"]);
    home.run_ok(&["undo"]);
    // A room that is not in `rooms` of the configuration belongs to no server.
    let config = configuration(&home);
    let some = config.replacen("socket", "rooms = [\"other@c.example.org\"]\nsocket", 1);
    home.write(CONFIG, some);
    home.run_ok(&["affiliate", room, user, "owner"]);
    let managed = config.replacen("socket", "affiliations = \"manage\"\nsocket", 1);
    home.write(CONFIG, managed);
    home.run_ok(&["affiliate", room, user, "none"]);
    home.write(CONFIG, config);
    home.assert_fails(&["undo"], 1, &format!("{refused} [not-allowed]"));
}
