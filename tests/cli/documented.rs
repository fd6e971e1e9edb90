//! The examples in the documentation: configuration files, and commands.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory as _};
use hatrack::cli::args::Cli;
use hatrack::cli::config::read;

/// Adds the Markdown files below a folder to `all`.
fn add_pages(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            add_pages(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            all.push(path);
        }
    }
}

#[test]
fn every_documented_configuration_parses() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = vec![root.join("README.md")];
    add_pages(&root.join("docs"), &mut all);
    let (mut examples, mut servers) = (0, 0);
    for page in all {
        let text = std::fs::read_to_string(&page).unwrap_or_default();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            match read(block) {
                Ok(config) => servers += config.servers.len(),
                Err(errors) => panic!("{}: {errors:?}: {block}", page.display()),
            }
            examples += 1;
        }
        // A section in indented code would not be tested.
        assert!(
            !text.contains("\n    [servers."),
            "{}: use ```toml",
            page.display()
        );
    }
    assert!(
        examples >= 2 && servers >= 2,
        "{examples} examples, {servers} servers"
    );
}

/// Returns the hatrack commands on a page: those in code spans, and those on lines of their own, together with the
/// lines that continue them.
fn commands(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut in_command = false;
    for line in text.lines() {
        let Some(code) = line.strip_prefix("    ") else {
            in_command = false;
            let spans = line.split('`').skip(1).step_by(2);
            found.extend(
                spans
                    .filter(|span| span.starts_with("hatrack "))
                    .map(str::to_owned),
            );
            continue;
        };
        // A description may follow after two spaces.
        let command = code.trim().split("  ").next().unwrap_or_default();
        if command.starts_with("hatrack ") {
            found.push(command.to_owned());
            in_command = true;
        } else if let Some(last) = found.last_mut().filter(|_| in_command && code.starts_with(' ')) {
            last.push(' ');
            last.push_str(command);
        }
    }
    found.retain(|command| !command.starts_with("hatrack (") && !command.starts_with("hatrack = "));
    found
}

/// Returns the clap command of a command line, and the names of the options in the line.
fn parse<'a>(root: &'a Command, line: &str) -> (&'a Command, BTreeSet<String>) {
    let words = line.split([' ', '[', ']', '|', '=', ',']).skip(1);
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut command = root;
    let mut is_value = false;
    for word in &words {
        if std::mem::take(&mut is_value) {
            continue;
        }
        if let Some(option) = word.strip_prefix("--") {
            let mut arguments = root.get_arguments();
            let option = arguments.find(|argument| argument.get_long() == Some(option));
            is_value = option.is_some_and(|option| option.get_action().takes_values());
            continue;
        }
        let is_name = word.chars().all(|letter| letter.is_ascii_lowercase());
        let below = command.find_subcommand(word);
        assert!(
            below.is_some() || !command.has_subcommands() || !is_name,
            "no command {word:?}: {line}"
        );
        match below {
            Some(below) => command = below,
            None => break,
        }
    }
    let options = words.iter().filter_map(|word| word.strip_prefix("--"));
    (command, options.map(str::to_owned).collect())
}

/// Returns the definition of the command line, with the command `help`.
fn hatrack() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

fn has_option(command: &Command, name: &str) -> bool {
    let mut arguments = command.get_arguments();
    arguments.any(|argument| argument.get_long() == Some(name)) || name == "help"
}

#[test]
fn every_documented_command_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = vec![root.join("README.md")];
    add_pages(&root.join("docs"), &mut all);
    let hatrack = hatrack();
    let mut count = 0;
    for page in all {
        let text = std::fs::read_to_string(&page).unwrap_or_default();
        for line in commands(&text) {
            count += 1;
            let (command, options) = parse(&hatrack, &line);
            for option in options {
                let exists = has_option(command, &option) || has_option(&hatrack, &option);
                assert!(exists, "{}: no option --{option}: {line}", page.display());
            }
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn every_command_is_documented_with_its_options() {
    /// Returns the undocumented parts of a command: its options, its subcommands and their options.
    fn undocumented<'a>(
        command: &'a Command,
        path: &str,
        lines: &[(&'a Command, BTreeSet<String>)],
    ) -> Vec<String> {
        if command.is_hide_set() || command.get_name() == "help" {
            return Vec::new();
        }
        let below = command.get_subcommands();
        let mut all: Vec<String> = below
            .flat_map(|below| undocumented(below, &format!("{path} {}", below.get_name()), lines))
            .collect();
        let about: Vec<_> = lines
            .iter()
            .filter(|(of, _)| std::ptr::eq(*of, command))
            .collect();
        if about.is_empty() {
            all.extend((!command.has_subcommands()).then(|| path.to_owned()));
            return all;
        }
        let options = command
            .get_arguments()
            .filter(|argument| !argument.is_hide_set() && !argument.is_global_set());
        for name in options.filter_map(Arg::get_long) {
            let common = ["help", "version"].contains(&name) || has_option(&Cli::command(), name);
            if !common && !about.iter().any(|(_, options)| options.contains(name)) {
                all.push(format!("{path} --{name}"));
            }
        }
        all
    }
    let page = include_str!("../../docs/command-line.md");
    let (synopsis, _) = page.split_once("\nHAT is ").unwrap();
    let hatrack = hatrack();
    let lines: Vec<_> = commands(synopsis)
        .iter()
        .map(|line| parse(&hatrack, line))
        .collect();
    let all = hatrack.get_subcommands();
    let all: Vec<String> = all
        .flat_map(|command| undocumented(command, command.get_name(), &lines))
        .collect();
    // Options of all commands that change something are described once.
    assert!(page.contains("Commands that make a change of yours take `--reason TEXT`"));
    let all: Vec<&String> = all.iter().filter(|one| !one.ends_with(" --reason")).collect();
    assert!(all.is_empty(), "not documented: {all:#?}");
}
