//! Changes that were copied as commands: a shell that runs them on a copy of the data file makes the same changes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use hatrack::app::shell_command;
use hatrack::model::{
    Affiliation, Attachment, CatalogHat, EditError, EditGroup, HatId, Hats, Hue, Jid, Room, Wardrobe, write,
};
use hatrack::store::{Store, StoreOptions};

use super::process::{Home, output_of};

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn hat(text: &str) -> HatId {
    HatId::unchecked(text)
}

fn titled(title: &str) -> Attachment {
    Attachment::default().with_title(Some(title))
}

type MakeChange = fn(&mut Wardrobe) -> Result<EditGroup, EditError>;

const REASON: &str = "-leave; it's \"$HOME\" `touch pwned`";

/// Changes to make one after the other, with texts that have a special meaning in a shell.
const CHANGES: [MakeChange; 22] = [
    |wardrobe| {
        wardrobe.add_room(
            &jid("c@conference.example.org"),
            Some("$(touch pwned) `touch pwned` 'x' \"y\" !!"),
        )
    },
    |wardrobe| wardrobe.add_room(&jid("-room@conference.example.org"), None),
    |wardrobe| wardrobe.rename_room(&jid("c@conference.example.org"), Some("-n ~ * 🎩 {a,b}")),
    |wardrobe| wardrobe.rename_room(&jid("c@conference.example.org"), None),
    |wardrobe| {
        wardrobe.set_affiliation(
            &jid("o$brien;(touch)`x`@example.org"),
            &jid("c@conference.example.org"),
            Affiliation::Member,
        )
    },
    |wardrobe| {
        wardrobe.set_affiliation(
            &jid("-f@example.org"),
            &jid("-room@conference.example.org"),
            Affiliation::Admin,
        )
    },
    |wardrobe| {
        wardrobe.set_affiliation(
            &jid("-f@example.org"),
            &jid("-room@conference.example.org"),
            Affiliation::Outcast,
        )
    },
    |wardrobe| {
        wardrobe.set_affiliation(
            &jid("-f@example.org"),
            &jid("-room@conference.example.org"),
            Affiliation::Owner,
        )
    },
    |wardrobe| {
        add(
            wardrobe,
            titled("Teacher's \"Assistant\"; touch pwned\\").with_active(true),
        )
    },
    |wardrobe| add(wardrobe, titled("Teacher").with_active(true).with_active(false)),
    |wardrobe| add(wardrobe, titled("").with_required(true)),
    |wardrobe| add(wardrobe, Attachment::default()),
    |wardrobe| {
        add(
            wardrobe,
            titled("-x").with_until("2099-01-31T12:00:00Z".parse().ok()),
        )
    },
    |wardrobe| {
        let hats: Hats = [
            (hat("urn:x:1"), titled("One")),
            (hat("urn:x:$HOME"), titled("Two").with_active(true)),
        ]
        .into_iter()
        .collect();
        wardrobe.set_user_hats(
            &jid("o$brien;(touch)`x`@example.org"),
            &jid("c@conference.example.org"),
            &hats,
        )
    },
    |wardrobe| define(wardrobe, Some("New $title"), Hue::parse("120.5")),
    |wardrobe| define(wardrobe, Some("Other"), Hue::parse("120.5")),
    |wardrobe| define(wardrobe, None, None),
    |wardrobe| wardrobe.set_catalog_hat(&jid("c@conference.example.org"), &hat("urn:x:2"), None),
    |wardrobe| wardrobe.put_hat_set("on-call 'week'", None),
    // A whole room is added at once; then a user and a room are removed.
    |wardrobe| {
        let original = wardrobe.room(&jid("c@conference.example.org")).cloned();
        wardrobe.insert_room(
            &jid("copy@conference.example.org"),
            original.unwrap_or_else(|| Arc::new(Room::new(None))),
        )
    },
    |wardrobe| {
        wardrobe.set_affiliation(
            &jid("o$brien;(touch)`x`@example.org"),
            &jid("c@conference.example.org"),
            Affiliation::None,
        )
    },
    |wardrobe| wardrobe.remove_room(&jid("c@conference.example.org")),
];

fn add(wardrobe: &mut Wardrobe, attachment: Attachment) -> Result<EditGroup, EditError> {
    let (user, room) = (
        jid("o$brien;(touch)`x`@example.org"),
        jid("c@conference.example.org"),
    );
    wardrobe.add_user_hat(
        &user,
        &room,
        &hat("http://example.com/hats?a=1&b=(2)#'x"),
        attachment,
    )
}

fn define(wardrobe: &mut Wardrobe, title: Option<&str>, hue: Option<Hue>) -> Result<EditGroup, EditError> {
    let entry = CatalogHat {
        title: title.map(Into::into),
        hue,
        ..CatalogHat::default()
    };
    wardrobe.set_catalog_hat(&jid("c@conference.example.org"), &hat("urn:x:2"), Some(entry))
}

/// Runs commands in a shell, in the home folder.
fn run(home: &Home, shell: &str, commands: &str) {
    let program = Path::new(env!("CARGO_BIN_EXE_hatrack"));
    let mut command = home.command(&[]);
    let mut shell = Command::new(shell);
    shell.arg("-c").arg(commands).env_clear();
    for (name, value) in command.get_envs() {
        shell.envs(value.map(|value| (name, value)));
    }
    shell.env("PATH", program.parent().unwrap_or(program));
    shell.current_dir(command.get_current_dir().unwrap_or(Path::new("/")));
    command.stdin(std::process::Stdio::null());
    let output = output_of(&mut shell);
    assert_eq!((output.code, output.err.as_str()), (0, ""), "{commands}");
}

/// The content of the home folder's data file, without its revision.
fn content(home: &Home) -> Wardrobe {
    let store = Store::open(&home.data(), StoreOptions::default());
    let mut wardrobe = store.unwrap_or_else(|error| panic!("{error}")).wardrobe().clone();
    wardrobe.revision = 0;
    wardrobe
}

#[test]
fn copied_command_names_a_file_in_the_home_folder() {
    const ROOM: &str = "courses@conference.example.org";
    let home = Home::new();
    let data = home.write("my data/hats.json", write::wardrobe(&Wardrobe::default()));
    let mut wardrobe = Wardrobe::default();
    let group = wardrobe.add_room(&jid(ROOM), None).unwrap();
    let commands = shell_command::commands(&group, None, "~/my data/hats.json").unwrap();
    assert_eq!(
        commands,
        [format!("hatrack room add {ROOM} --file ~/'my data/hats.json'")]
    );
    run(&home, "/bin/sh", &shell_command::script(&commands));
    let store = Store::open(&data, StoreOptions::default()).unwrap();
    assert!(store.wardrobe().room(&jid(ROOM)).is_some());
}

#[test]
fn copied_commands_do_the_same_in_a_shell() {
    let mut wardrobe = Wardrobe::default();
    let set: Hats = [(hat("urn:x:1"), titled("One"))].into_iter().collect();
    wardrobe.put_hat_set("on-call 'week'", Some(&set)).unwrap();
    for (number, make) in CHANGES.into_iter().enumerate() {
        let home = Home::new();
        home.write(".config/hatrack/hats.json", write::wardrobe(&wardrobe));
        let group = make(&mut wardrobe).unwrap_or_else(|error| panic!("{number}: {error}"));
        assert!(!group.is_empty(), "{number}");
        let commands = shell_command::commands(&group, None, "~/.config/hatrack/hats.json");
        let commands = commands.unwrap_or_else(|reason| panic!("{number}: {reason}"));
        run(&home, "/bin/sh", &shell_command::script(&commands));
        assert_eq!(content(&home), wardrobe, "{number}: {commands:?}");
        assert!(!home.path("pwned").exists(), "{commands:?}");
        // The same with a reason and another file, whose name must be quoted.
        let other = home.write(
            "it's $HOME/hats; touch pwned.json",
            "{\"version\": 1, \"rooms\": {}}",
        );
        let before = wardrobe_before(&wardrobe, &group);
        home.write("it's $HOME/hats; touch pwned.json", write::wardrobe(&before));
        let commands = shell_command::commands(&group, Some(REASON), &other.display().to_string()).unwrap();
        run(&home, "/bin/bash", &shell_command::script(&commands));
        let store = Store::open(&other, StoreOptions::default()).unwrap();
        let mut stored = store.wardrobe().clone();
        stored.revision = 0;
        assert_eq!(stored, wardrobe, "{number}: {commands:?}");
        let history = store.history_since(1).unwrap();
        assert_eq!(history.len(), commands.len(), "{number}");
        let reasons = history.iter().map(|entry| entry.reason.as_ref());
        assert!(
            reasons
                .into_iter()
                .all(|reason| reason.is_some_and(|reason| reason.as_str() == REASON)),
            "{number}: {commands:?}"
        );
        assert!(!home.path("pwned.json").exists() && !home.path("pwned").exists());
    }
}

/// Returns the wardrobe before a change.
fn wardrobe_before(after: &Wardrobe, group: &EditGroup) -> Wardrobe {
    let mut before = after.clone();
    before.apply(&group.inverse()).unwrap();
    before
}

/// A change that no command can make exactly is not copied at all.
#[test]
fn changes_that_no_command_can_make_are_not_copied() {
    let mut wardrobe = Wardrobe::default();
    let (room, terry) = (jid("c@conference.example.org"), jid("terry@example.org"));
    wardrobe.add_room(&room, None).unwrap();
    wardrobe
        .set_affiliation(&terry, &room, Affiliation::Member)
        .unwrap();
    let mut extra = Attachment::default();
    extra.extra.insert("x", hatrack::model::Json::string("y"));
    for (id, attachment, reason) in [
        ("urn:x:1", titled("--active"), "\"--active\" looks like an option"),
        (
            "urn:x:1",
            titled("a\nb"),
            "\"a\\nb\" contains a line break or control character",
        ),
        (
            "urn:x:1",
            titled("\u{1b}[31m"),
            "\"\\u{1b}[31m\" contains a line break or control character",
        ),
        (
            "urn:x:1",
            titled(&"x".repeat(1025)),
            "a text is longer than 1,024 bytes",
        ),
        ("Teacher", titled("x"), "the hat ID \"Teacher\" is not a URI"),
        (
            "urn:x:1",
            extra,
            "urn:x:1 of terry@example.org has unrecognized fields",
        ),
    ] {
        let group = wardrobe
            .clone()
            .add_user_hat(&terry, &room, &hat(id), attachment)
            .unwrap();
        assert_eq!(shell_command::commands(&group, None, "x"), Err(reason.into()));
    }
    let group = wardrobe.clone().remove_room(&room).unwrap();
    let reason = "\"--reason\" looks like an option";
    assert_eq!(
        shell_command::commands(&group, Some("--reason"), "x"),
        Err(reason.into())
    );
    let set: Hats = [(hat("urn:x:1"), titled("One"))].into_iter().collect();
    let group = wardrobe.put_hat_set("week", Some(&set)).unwrap();
    let reason = "hat sets are saved from a user's hats: hatrack sets save";
    assert_eq!(shell_command::commands(&group, None, "x"), Err(reason.into()));
}
