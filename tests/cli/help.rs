//! The help and the manual pages. Those in `assets/` are made from the definition of the command line;
//! `HATRACK_UPDATE=1 cargo test --test cli` writes them anew.

#![expect(clippy::expect_used, reason = "a test that cannot make its files has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_mangen::roff::{Roff, bold, roman};
use hatrack::app::Keymap;
use hatrack::app::command::COMMANDS;
use hatrack::app::place::Place;
use hatrack::cli::args::Cli;

use super::process::Home;

#[test]
fn help_and_version() {
    let home = Home::new();
    let commands: [&[&str]; 25] = [
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
        &["sets", "put"],
        &["sets", "rename"],
        &["sets", "remove"],
        &["export"],
        &["import"],
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
        let help = home.done(&[command, &["--help"]].concat());
        insta::assert_snapshot!(name, help);
    }
    assert_eq!(
        home.done(&["--version"]),
        format!("hatrack {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn help_leaves_no_command_and_no_variable_out() {
    let home = Home::new();
    let help = home.done(&["--help"]);
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

/// The files in `assets/` that follow from the command line, by their names there.
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

/// The keys of the screen as a section of the manual page, from the table of commands.
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
            "assets/{} is made by nothing",
            name.display()
        );
    }
}
