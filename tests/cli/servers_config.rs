//! `[servers]` in configuration files: the settings, and every error with its line.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a missing value fails the test"
)]

use std::time::Duration;

use hatrack::cli::config::read;
use hatrack::model::Jid;
use hatrack::server::{
    Account, CommandLine, PasswordSource, ProsodyAccess, ServerAccess, ServerSettings, TlsMode,
};
use hatrack::sync::{Affiliations, SendMode, ServerKind};
use proptest::prelude::*;

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

fn command(words: &[&str]) -> CommandLine {
    CommandLine {
        program: words[0].into(),
        arguments: words[1..].iter().map(|&word| word.into()).collect(),
        variables: Vec::new(),
    }
}

fn servers(text: &str) -> Vec<ServerSettings> {
    let config = read(text).unwrap();
    config.servers.into_iter().map(|server| server.settings).collect()
}

#[test]
fn all_settings_are_read() {
    let text = r#"
mouse = true
[servers.example]
kind = "prosody"
services = ["conference.example.org", "Rooms.Example.ORG"]
command = ["/usr/bin/ssh", "-oBatchMode=yes", "chat.example.org", "sudo", "-n", "-u", "prosody", "prosodyctl", "shell", "--quiet"]
rooms = ["courses@conference.example.org"]
send = "ask"
affiliations = "manage"
timeout = 30

[servers.other]
kind = "xmpp"
jid = "Moderator@example.net"
password-command = ["/usr/bin/pass", "xmpp/moderator"]
services = ["rooms.example.net"]
rooms = ["hidden@rooms.example.net"]
address = "127.0.0.1:5222"
tls = "none"
ca-file = "/etc/ssl/private-ca.pem"
"#;
    let config = read(text).unwrap();
    assert_eq!(config.mouse, Some(true));
    let lines: Vec<usize> = config.servers.iter().map(|server| server.line).collect();
    assert_eq!(lines, [3, 12]);
    let [example, other] = &*servers(text) else {
        panic!()
    };
    let ssh = command(&[
        "/usr/bin/ssh",
        "-oBatchMode=yes",
        "chat.example.org",
        "sudo",
        "-n",
        "-u",
        "prosody",
        "prosodyctl",
        "shell",
        "--quiet",
    ]);
    assert_eq!(example.access, ServerAccess::Prosody(ProsodyAccess::Command(ssh)));
    let entry = &example.entry;
    assert_eq!(
        (entry.name.as_ref(), entry.kind),
        ("example", ServerKind::Prosody)
    );
    assert_eq!(
        entry.services,
        [jid("conference.example.org"), jid("rooms.example.org")]
    );
    assert_eq!(
        (entry.send, entry.affiliations),
        (SendMode::Ask, Affiliations::Manage)
    );
    assert_eq!(example.rooms, Some(vec![jid("courses@conference.example.org")]));
    assert_eq!(example.timeout, Duration::from_secs(30));
    let account = Account {
        jid: jid("moderator@example.net"),
        password: PasswordSource::Command(command(&["/usr/bin/pass", "xmpp/moderator"])),
        address: Some(("127.0.0.1".into(), 5222)),
        tls: TlsMode::None,
        ca_file: Some("/etc/ssl/private-ca.pem".into()),
    };
    assert_eq!(other.access, ServerAccess::Xmpp(account));
    assert_eq!(other.rooms, Some(vec![jid("hidden@rooms.example.net")]));
}

#[test]
fn missing_settings_have_their_defaults() {
    let text = "[servers.a]\nkind = \"prosody\"\nservices = [\"c.example.org\"]\nsocket = \"/run/prosody.sock\"\nrooms = \"all\"\n\
                [servers.b]\nkind = \"xmpp\"\nservices = [\"c.example.net\"]\njid = \"a@example.net\"\n";
    let prosody = ServerAccess::Prosody(ProsodyAccess::Socket("/run/prosody.sock".into()));
    let xmpp = ServerAccess::Xmpp(Account {
        jid: jid("a@example.net"),
        password: PasswordSource::Ask,
        address: None,
        tls: TlsMode::Required,
        ca_file: None,
    });
    assert_eq!(
        servers(text),
        [
            ServerSettings::new("a", vec![jid("c.example.org")], prosody),
            ServerSettings::new("b", vec![jid("c.example.net")], xmpp)
        ]
    );
    assert_eq!(servers(""), []);
    assert_eq!(servers("[servers]\n"), []);
}

#[test]
fn addresses_without_a_port_have_the_default_port() {
    for (address, tls, expected) in [
        ("chat.example.net:5299", "required", ("chat.example.net", 5299)),
        ("chat.example.net", "required", ("chat.example.net", 5222)),
        ("chat.example.net", "direct", ("chat.example.net", 5223)),
        ("[::1]:80", "none", ("::1", 80)),
        ("[2001:db8::1]", "direct", ("2001:db8::1", 5223)),
        ("127.1.2.3", "none", ("127.1.2.3", 5222)),
    ] {
        let text = format!("{XMPP}address = \"{address}\"\ntls = \"{tls}\"\n");
        let ServerAccess::Xmpp(account) = &servers(&text)[0].access else {
            panic!("{text}")
        };
        let (host, port) = account.address.clone().unwrap();
        assert_eq!((host.as_str(), port), expected, "{address}");
    }
}

/// Two valid sections of four lines each, without the empty line.
const PROSODY: &str = "[servers.a]\nkind = \"prosody\"\nservices = [\"c.example.org\"]\nsocket = \"/s\"\n\n";
const XMPP: &str = "[servers.b]\nkind = \"xmpp\"\nservices = [\"c.example.net\"]\njid = \"a@example.net\"\n";

/// Whole files, each with the line number and the text of its error.
const FILE_ERRORS: [(&str, usize, &str); 13] = [
    ("servers = 1", 1, "servers must be a section: [servers]"),
    ("[servers]\na = 1", 2, "servers.a must be a section: [servers.a]"),
    (
        "[servers.Big]\nkind = \"xmpp\"\nservices = [\"c.example.org\"]\njid = \"a@b\"",
        1,
        "invalid server name \"Big\": it must be 1 to 32 characters: a-z, 0-9 or -",
    ),
    (
        "[servers.\"a\\nb\"]\nkind = \"xmpp\"\nservices = [\"c.example.org\"]\njid = \"a@b\"",
        1,
        "invalid server name \"a\\nb\"",
    ),
    (
        "[servers.123456789012345678901234567890123]\nkind = \"xmpp\"\nservices = [\"c.example.org\"]\njid = \"a@b\"",
        1,
        "invalid server name",
    ),
    (
        "\n[servers.a]\nservices = [\"c.example.org\"]\nsocket = \"/s\"",
        2,
        "servers.a: kind is missing: \"prosody\" or \"xmpp\"",
    ),
    (
        "\n[servers.a]\nkind = \"xmpp\"\njid = \"a@b\"",
        2,
        "servers.a: services is missing",
    ),
    (
        "\n[servers.a]\nkind = \"prosody\"\nservices = [\"c.example.org\"]",
        2,
        "servers.a: socket or command is missing: the path of Prosody's admin socket, or a command",
    ),
    (
        "\n[servers.a]\nkind = \"xmpp\"\nservices = [\"c.example.org\"]",
        2,
        "servers.a: jid is missing",
    ),
    (
        "[servers.a]\nkind = \"xmpp\"\nservices = [\"c.b\"]\njid = \"a@b\"\n[servers.a]\n",
        5,
        "duplicate key",
    ),
    (
        "[server.a]\nkind = \"xmpp\"",
        1,
        "unknown setting \"server\"; did you mean \"servers\"?",
    ),
    (
        "[servers.a]\nkind = \"xmpp\"\nservices = [\"c.b\"]\njid = \"a@b\"\n[servers.b]\nkind = \"xmpp\"\njid = \"a@b\"\nservices = [\n\"d.b\",\n\"C.b\"]",
        10,
        "services: c.b is also a service of servers.a",
    ),
    (
        "[servers.a]\nkind = \"xmpp\"\nservices = [\"b\"]\njid = \"a@b\"",
        3,
        "services: b is the domain of the account; its rooms have one of their own, such as \"conference.b\"",
    ),
];

/// Lines, each with the line number and the text of its error. The line replaces that of the same setting in `PROSODY`;
/// if there is none, it is added as line 5.
const PROSODY_ERRORS: [(&str, usize, &str); 34] = [
    (
        "kind = \"prosdy\"",
        2,
        "kind must be one of \"prosody\", \"xmpp\", not \"prosdy\"",
    ),
    ("kind = 1", 2, "kind must be one of \"prosody\", \"xmpp\""),
    (
        "services = \"c.example.org\"",
        3,
        "services must be a list of domains, such as [\"conference.example.org\"]",
    ),
    ("services = []", 3, "services must be a list of domains"),
    ("services = [1]", 3, "services must be a list of domains"),
    (
        "services = [\"a@c.example.org\"]",
        3,
        "services: \"a@c.example.org\": expected a domain, such as conference.example.org",
    ),
    ("services = [\"c.example.org/x\"]", 3, "expected a domain"),
    (
        "services = [\"c example\"]",
        3,
        "services: \"c example\": missing or invalid domain; expected a domain",
    ),
    ("services = [\"\"]", 3, "expected a domain"),
    ("services = [\"c.b\", \"C.B\"]", 3, "services: c.b is given twice"),
    (
        "socket = \"run/prosody.sock\"",
        4,
        "socket must be an absolute path, not \"run/prosody.sock\"",
    ),
    (
        "socket = \"~/prosody.sock\"",
        4,
        "socket must be an absolute path",
    ),
    ("socket = \"/a\\u0000b\"", 4, "socket must be an absolute path"),
    ("socket = 1", 4, "socket must be a string in quotes"),
    (
        "command = [\"/bin/sh\"]",
        5,
        "socket and command are both set; remove one of them",
    ),
    (
        "sockt = \"/s\"",
        5,
        "unknown setting of servers.a \"sockt\"; did you mean \"socket\"?",
    ),
    (
        "quite-another = 1",
        5,
        "unknown setting of servers.a \"quite-another\"; see hatrack servers example prosody",
    ),
    ("jid = \"a@b\"", 5, "jid is a setting of kind = \"xmpp\" only"),
    ("tls = \"none\"", 5, "tls is a setting of kind = \"xmpp\" only"),
    (
        "rooms = \"some\"",
        5,
        "rooms must be \"all\" or a list of rooms, such as",
    ),
    ("rooms = []", 5, "rooms must be \"all\" or a list of rooms"),
    ("rooms = [1]", 5, "rooms must be \"all\" or a list of rooms"),
    (
        "rooms = [\"c.example.org\"]",
        5,
        "rooms: \"c.example.org\" is not a room address: it needs a name before the domain",
    ),
    (
        "rooms = [\"a@d.example.org\"]",
        5,
        "rooms: a@d.example.org belongs to none of the services of servers.a",
    ),
    (
        "rooms = [\"a@c.example.org\",\n\"A@c.example.org\"]",
        6,
        "rooms: a@c.example.org is given twice",
    ),
    (
        "send = \"never\"",
        5,
        "send must be one of \"at-once\", \"ask\", not \"never\"",
    ),
    ("send = true", 5, "send must be one of \"at-once\", \"ask\""),
    (
        "affiliations = \"hide\"",
        5,
        "affiliations must be one of \"show\", \"manage\", not \"hide\"",
    ),
    (
        "timeout = \"10\"",
        5,
        "timeout must be a number of seconds, 1 to 600",
    ),
    ("timeout = 0", 5, "timeout must be a number of seconds, 1 to 600"),
    (
        "timeout = 601",
        5,
        "timeout must be a number of seconds, 1 to 600",
    ),
    ("timeout = -1", 5, "timeout must be a number of seconds, 1 to 600"),
    (
        "timeout = 1.5",
        5,
        "timeout must be a number of seconds, 1 to 600",
    ),
    ("a.b = 1", 5, "unknown setting of servers.a \"a\""),
];

/// The same for `XMPP`.
const XMPP_ERRORS: [(&str, usize, &str); 23] = [
    (
        "jid = \"example.net\"",
        4,
        "jid must be the address of an account, such as \"moderator@example.net\", not \"example.net\"",
    ),
    (
        "jid = \"a@example.net/phone\"",
        4,
        "jid must be the address of an account",
    ),
    (
        "jid = \"a@@b\"",
        4,
        "jid: \"a@@b\" is not an address: more than one @",
    ),
    ("jid = 1", 4, "jid must be a string in quotes"),
    (
        "password = \"secret\"",
        5,
        "unknown setting of servers.b \"password\"; ",
    ),
    (
        "password-command = \"/usr/bin/pass\"",
        5,
        "password-command must be a list: an absolute path of a program",
    ),
    ("password-command = []", 5, "password-command must be a list"),
    ("password-command = [1]", 5, "password-command must be a list"),
    (
        "password-command = [\"pass\", \"x\"]",
        5,
        "password-command: the program \"pass\" must be an absolute path, such as \"/usr/bin/pass\"",
    ),
    (
        "password-command = [\"/usr/bin/pass\", \"a\\u0000\"]",
        5,
        "password-command contains a NUL character",
    ),
    (
        "socket = \"/s\"",
        5,
        "socket is a setting of kind = \"prosody\" only",
    ),
    (
        "rooms = \"all\"",
        5,
        "rooms must be a list of rooms, such as [\"hidden@rooms.example.net\"]; they are added to those that the server lists",
    ),
    (
        "tls = \"maybe\"",
        5,
        "tls must be one of \"required\", \"direct\", \"none\", not \"maybe\"",
    ),
    (
        "tls = \"none\"",
        5,
        "tls = \"none\" needs an address of this machine, such as address = \"127.0.0.1:5222\"",
    ),
    (
        "tls = \"none\"\naddress = \"192.0.2.1:5222\"",
        5,
        "tls = \"none\" needs an address of this machine",
    ),
    (
        "tls = \"none\"\naddress = \"localhost:5222\"",
        5,
        "tls = \"none\" needs an address of this machine",
    ),
    (
        "address = \"a b:5222\"",
        5,
        "address must be a host, with or without a port, such as",
    ),
    (
        "address = \"example.net:\"",
        5,
        "address must be a host, with or without a port",
    ),
    (
        "address = \"example.net:0\"",
        5,
        "address must be a host, with or without a port",
    ),
    (
        "address = \"example.net:+5222\"",
        5,
        "address must be a host, with or without a port",
    ),
    (
        "address = \"::1\"",
        5,
        "address must be a host, with or without a port",
    ),
    (
        "address = \"[::1]x\"",
        5,
        "address must be a host, with or without a port",
    ),
    (
        "ca-file = \"private-ca.pem\"",
        5,
        "ca-file must be an absolute path, not \"private-ca.pem\"",
    ),
];

/// Returns a section with this line, which replaces the line of the same setting, if there is one.
fn with_line(section: &str, line: &str) -> String {
    let setting = line.split_once(" = ").unwrap().0;
    let mut replaced = false;
    let mut lines: Vec<&str> = section.lines().filter(|line| !line.is_empty()).collect();
    for old in &mut lines {
        if old.split_once(" = ").is_some_and(|(name, _)| name == setting) {
            *old = line;
            replaced = true;
        }
    }
    if !replaced {
        lines.push(line);
    }
    lines.join("\n")
}

#[test]
fn errors_name_the_line_and_the_expected_value() {
    let whole_file =
        |(text, line, expected): &(&str, usize, &'static str)| ((*text).to_owned(), *line, *expected);
    let in_section = |section| {
        move |(setting, line, expected): &(&str, usize, &'static str)| {
            (with_line(section, setting), *line, *expected)
        }
    };
    let all = FILE_ERRORS.iter().map(whole_file);
    let all = all.chain(PROSODY_ERRORS.iter().map(in_section(PROSODY)));
    for (text, line, expected) in all.chain(XMPP_ERRORS.iter().map(in_section(XMPP))) {
        let errors = read(&text).unwrap_err();
        let [error] = errors.as_slice() else {
            panic!("{text}: {errors:?}")
        };
        assert_eq!(error.line, line, "{text}: {error:?}");
        assert!(error.text.contains(expected), "{text}: {error:?}");
        assert!(!error.text.contains(char::is_control), "{error:?}");
    }
}

#[test]
fn all_errors_of_a_file_are_reported() {
    let text = "[servers.a]\nkind = \"prosody\"\nservices = [\"c\", \"d@e\"]\nrooms = [\"x@z\"]\nsnd = 1\n[servers.B]\nkind = \"odd\"\n";
    let lines: Vec<usize> = read(text).unwrap_err().iter().map(|error| error.line).collect();
    assert_eq!(lines, [1, 3, 4, 5, 6, 6, 7]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// A modified section parses, or has errors with valid line numbers and messages of one line.
    #[test]
    fn arbitrary_servers_never_panic(at in any::<prop::sample::Index>(), length in 0..30_usize, inserted in "[a-z\"'=\\[\\]#{},.@/:~ \n\\\\é\u{1b}0-9-]{0,12}") {
        let text = format!("{PROSODY}rooms = \"all\"\nsend = \"ask\"\ntimeout = 0x1f\n{XMPP}address = \"[::1]:5222\"\ntls = \"none\"\npassword-command = [\"/a\", \"b\"]\nrooms = [\"x@c.example.net\"]\n");
        let mut text: Vec<char> = text.chars().collect();
        let at = at.index(text.len());
        let end = (at + length).min(text.len());
        text.splice(at..end, inserted.chars());
        let text: String = text.into_iter().collect();
        let errors = match read(&text) {
            Ok(config) => {
                let lines = config.servers.iter().map(|server| server.line);
                prop_assert!(lines.is_sorted());
                Vec::new()
            }
            Err(errors) => errors,
        };
        prop_assert!(errors.is_sorted_by_key(|error| error.line));
        for error in errors {
            prop_assert!((1..=text.lines().count() + 1).contains(&error.line), "{:?}", error);
            prop_assert!(!error.text.is_empty() && !error.text.contains('\n'), "{:?}", error);
        }
    }
}
