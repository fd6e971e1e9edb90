//! The help and the manual pages, which are generated from the definition of the command line;
//! `HATRACK_UPDATE=1 cargo test --test cli` updates them.

#![expect(clippy::expect_used, reason = "a failed setup fails the test")]

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
    let commands: [&[&str]; 32] = [
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
        &["follow"],
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
    let root = Cli::command();
    let shown = root.get_subcommands().filter(|command| !command.is_hide_set());
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

/// Returns the generated files, by their paths in `assets/`.
fn generated() -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let folder = tempfile::tempdir().expect("a folder for manual pages");
    clap_mangen::generate_to(Cli::command(), folder.path()).expect("manual pages");
    for page in folder.path().read_dir().expect("the folder").flatten() {
        let bytes = std::fs::read(page.path()).expect("a page");
        files.insert(Path::new("man").join(page.file_name()), bytes);
    }
    for (path, command) in commands() {
        let page = files.get_mut(&path).expect("a page of each command");
        let text = String::from_utf8(std::mem::take(page)).expect("UTF-8");
        *page = with_options_in_one_section(&with_synopsis(&text, &synopsis(&command))).into_bytes();
    }
    if let Some(page) = files.get_mut(Path::new("man/hatrack.1")) {
        page.extend(keys());
    }
    files
}

/// Returns all commands that the help shows, by the paths of their manual pages.
fn commands() -> BTreeMap<PathBuf, clap::Command> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let (mut found, mut pending) = (BTreeMap::new(), vec![root]);
    while let Some(command) = pending.pop() {
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        pending.extend(shown.cloned());
        let name = command.get_display_name().unwrap_or("hatrack");
        found.insert(Path::new("man").join(format!("{name}.1")), command);
    }
    found
}

/// Returns the synopsis of a command in roff: each option with its value, then the arguments.
fn synopsis(command: &clap::Command) -> String {
    let escaped = |text: &str| text.replace('-', "\\-");
    let value = |argument: &clap::Arg| {
        let names = argument.get_value_names().unwrap_or_default();
        let names: Vec<String> = names
            .iter()
            .map(|name| format!("\\fI{}\\fR", escaped(name)))
            .collect();
        names.join(" ")
    };
    let is_global = |argument: &&clap::Arg| argument.get_help_heading().is_some();
    let repeated = |argument: &clap::Arg| {
        let is_repeatable = matches!(argument.get_action(), clap::ArgAction::Append);
        if is_repeatable { "..." } else { "" }
    };
    let mut words = vec![format!(
        "\\fB{}\\fR",
        escaped(command.get_bin_name().unwrap_or("hatrack"))
    )];
    let options = command
        .get_opts()
        .filter(|argument| !is_global(argument) && !argument.is_hide_set());
    let flags = command.get_arguments().filter(|argument| {
        let is_flag = !argument.is_positional() && !argument.get_action().takes_values();
        is_flag
            && !is_global(argument)
            && !argument.is_hide_set()
            && argument.get_id() != "help"
            && argument.get_id() != "version"
    });
    for argument in flags {
        words.push(format!(
            "[\\fB\\-\\-{}\\fR]",
            escaped(argument.get_long().unwrap_or_default())
        ));
    }
    for argument in options {
        let name = escaped(argument.get_long().unwrap_or_default());
        let value = value(argument);
        let value = match argument.get_num_args().map(|number| number.min_values()) {
            Some(0) => format!("[{value}]"),
            _ => value,
        };
        words.push(format!("[\\fB\\-\\-{name}\\fR {value}]{}", repeated(argument)));
    }
    words.push("[\\fIglobal options\\fR]".into());
    for argument in command
        .get_positionals()
        .filter(|argument| !argument.is_hide_set())
    {
        let word = format!("{}{}", value(argument), repeated(argument));
        words.push(if argument.is_required_set() {
            word
        } else {
            format!("[{word}]")
        });
    }
    let has_commands = command.get_subcommands().any(|command| !command.is_hide_set());
    if has_commands {
        let required = command.is_subcommand_required_set();
        words.push(
            if required {
                "\\fICOMMAND\\fR"
            } else {
                "[\\fICOMMAND\\fR]"
            }
            .into(),
        );
    }
    words.join(" ")
}

/// Returns the page with another synopsis, as the generated one has options without their values.
fn with_synopsis(page: &str, synopsis: &str) -> String {
    let (before, after) = page.split_once(".SH SYNOPSIS\n").expect("a synopsis");
    let (_, after) = after.split_once('\n').expect("lines");
    format!("{before}.SH SYNOPSIS\n{synopsis}\n{after}")
}

/// Returns the page with the global options as a subsection of the options.
fn with_options_in_one_section(page: &str) -> String {
    page.replace(".SH \"GLOBAL OPTIONS\"", ".SS \"Global options\"")
}

/// Returns the section of the manual page that lists the keys of the screen, from the table of commands.
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
        let stored = std::fs::read(&path).unwrap_or_default();
        let advice = "run HATRACK_UPDATE=1 cargo test --test cli";
        assert!(
            stored == *bytes,
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

#[test]
fn earlier_names_of_options_still_work() {
    let home = Home::with_terry();
    home.run_ok(&["add", ROOM, TERRY, "urn:x:1", "--until", "2099-01-31"]);
    assert!(
        home.run_ok(&["show", "--ending", "2100-01-01"])
            .contains("urn:x:1")
    );
    home.run_ok(&["catalog", "define", ROOM, "urn:x:1", "--hue", "red"]);
    // The missing server is reported only after the options were accepted.
    for line in [
        &["pull", "--take-removals"] as &[&str],
        &["apply", "--yes", "--take-removals", "--prefer", "local"],
        &["apply", "--yes", "--prefer", "server"],
        &["apply", "--yes", "--prefer", "yours"],
    ] {
        let refused = home.run(line);
        assert!(refused.err.contains("no servers configured"), "{}", refused.err);
    }
    let help = home.run_ok(&["help", "apply"]);
    assert!(
        !help.contains("take-removals") && !help.contains("local"),
        "{help}"
    );
}
