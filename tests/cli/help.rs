//! The help and the manual pages, which are generated from the definition of the command line;
//! `HATRACK_UPDATE=1 cargo test --test cli` updates them.

#![expect(clippy::expect_used, reason = "a test that cannot make its files has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_mangen::roff::{Roff, bold, roman};
use hatrack::app::Keymap;
use hatrack::app::command::COMMANDS;
use hatrack::app::place::Place;
use hatrack::cli::args::Cli;

use super::process::{Home, ROOM, TERRY};

#[test]
fn help_and_version() {
    let home = Home::new();
    let commands: [&[&str]; 31] = [
        &[],
        &["show"],
        &["add"],
        &["remove"],
        &["set"],
        &["room"],
        &["room", "add"],
        &["room", "rename"],
        &["room", "remove"],
        &["affiliate"],
        &["catalog"],
        &["catalog", "list"],
        &["catalog", "define"],
        &["catalog", "remove"],
        &["sets"],
        &["sets", "save"],
        &["sets", "apply"],
        &["sets", "rename"],
        &["sets", "remove"],
        &["export"],
        &["import"],
        &["servers"],
        &["servers", "check"],
        &["servers", "example"],
        &["pull"],
        &["plan"],
        &["apply"],
        &["check"],
        &["history"],
        &["undo"],
        &["redo"],
    ];
    for command in commands {
        let name = std::iter::once("help")
            .chain(command.iter().copied())
            .collect::<Vec<_>>()
            .join("_");
        let help = home.run_ok(&[command, &["--help"]].concat());
        insta::assert_snapshot!(name, help);
    }
    assert_eq!(
        home.run_ok(&["--version"]),
        format!("hatrack {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn help_lists_all_commands_and_variables() {
    let home = Home::new();
    let help = home.run_ok(&["--help"]);
    let names = Cli::command();
    let shown = names.get_subcommands().filter(|command| !command.is_hide_set());
    let names = shown.map(clap::Command::get_name);
    for word in names.chain([
        "HATRACK_FILE",
        "HATRACK_ACTOR",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "hats.json",
    ]) {
        assert!(help.contains(word), "{word}");
    }
}

/// Spellings of earlier versions still work, but no help or completion shows them.
#[test]
fn accepts_old_spellings() {
    let home = Home::with_terry();
    home.run_ok(&["add", ROOM, TERRY, "urn:x:1", "--title", "Proctor"]);
    home.run_ok(&["catalog", "define", ROOM, "urn:x:1", "--title", "Proctor"]);
    home.run_ok(&["sets", "save", "a", ROOM, TERRY]);
    let define = ["define", ROOM, "urn:x:1", "--title", "Proctor"];
    for (old, new) in [
        ([&["catalogue"][..], &define[..]], [&["catalog"][..], &define[..]]),
        (
            [&["catalog"], &[&define[..], &["--wearers"]].concat()],
            [&["catalog"], &[&define[..], &["--retitle-users"]].concat()],
        ),
        (
            [&["sets", "put"], &["a", ROOM, TERRY]],
            [&["sets", "apply"], &["a", ROOM, TERRY]],
        ),
        ([&["--colour", "16"], &["show"]], [&["--color", "16"], &["show"]]),
        ([&["help"], &["show"]], [&["show"], &["--help"]]),
    ] {
        assert_eq!(home.run(&old.concat()), home.run(&new.concat()), "{old:?}");
    }
    let help = home.run_ok(&["--help"]) + &home.run_ok(&["sets", "--help"]);
    assert!(
        !help.contains("colour") && !help.contains("catalogue") && !help.contains(" put"),
        "{help}"
    );
}

/// The generated files in `assets/`, by their names there.
fn generated() -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let folder = tempfile::tempdir().expect("a folder for manual pages");
    clap_mangen::generate_to(Cli::command(), folder.path()).expect("manual pages");
    for page in folder.path().read_dir().expect("the folder").flatten() {
        let bytes = std::fs::read(page.path()).expect("a page");
        files.insert(Path::new("man").join(page.file_name()), bytes);
    }
    if let Some(page) = files.get_mut(Path::new("man/hatrack.1")) {
        page.extend(keys());
    }
    files
}

/// The section of the manual page that lists the keys of the screen, from the table of commands.
fn keys() -> Vec<u8> {
    let mut page = Roff::new();
    page.control("SH", ["KEYS"]);
    for place in Place::ALL {
        page.control("SS", [place.title()]);
        for command in COMMANDS.iter().filter(|command| command.place == *place) {
            page.control("TP", []);
            page.text([bold(Keymap::default().names(command))]);
            page.text([roman(command.help)]);
        }
    }
    let mut bytes = Vec::new();
    page.to_writer(&mut bytes).expect("memory");
    bytes
}

#[test]
fn manual_pages_are_current() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let generated = generated();
    for (name, bytes) in &generated {
        let path = assets.join(name);
        if std::env::var_os("HATRACK_UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
        }
        let there = std::fs::read(&path).unwrap_or_default();
        let advice = "run HATRACK_UPDATE=1 cargo test --test cli";
        assert!(
            there == *bytes,
            "assets/{} is not current: {advice}",
            name.display()
        );
    }
    for file in assets.join("man").read_dir().unwrap().flatten() {
        let name = Path::new("man").join(file.file_name());
        assert!(
            generated.contains_key(&name),
            "assets/{} is not generated",
            name.display()
        );
    }
}
