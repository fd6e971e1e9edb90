//! The command line, and the commands that need no screen.
//!
//! Everything the screen can do can be done here too, for scripts and for people who cannot use a screen. Errors are
//! one line on standard error; see [`Failure`] for the exit codes.

mod actor;
mod add;
mod affiliate;
pub mod args;
mod catalog;
mod check;
mod choice;
mod complete;
pub mod config;
mod context;
mod export;
mod failure;
mod global_options;
mod history;
mod import;
mod json_log;
mod open_store;
mod output;
mod remove;
mod room;
mod screen;
mod set;
mod sets;
mod show;
mod undo;
mod user;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};

use clap::Parser;
use clap::error::ErrorKind;

use crate::term::LookOptions;
use crate::ui::text;
pub use actor::Actor;
use args::{Cli, CliCommand};
use config::Config;
pub use context::{SessionContext, time_zone};
pub use failure::Failure;
pub use global_options::GlobalOptions;
pub use output::Output;

/// Does what a command line says; gives the exit code. Prints to standard output and standard error.
pub fn main(line: impl IntoIterator<Item = OsString>) -> u8 {
    crate::term::catch_file_size_signal();
    // Not locked: while the screen is open, threads of its own may have to write there.
    let mut stdout = BufWriter::with_capacity(1 << 16, io::stdout());
    let mut out = Output::new(&mut stdout, output::on_terminal());
    let done = match Cli::try_parse_from(line) {
        Ok(cli) => run(&cli, &mut out).and_then(|()| out.flush()),
        Err(error) => told(&error, &mut out),
    };
    match done {
        Ok(()) => 0,
        Err(failure) => {
            // What was printed before the error comes before it; when even that fails there is nobody to tell.
            let _ = out.flush();
            if !failure.message.is_empty() {
                let _ = writeln!(io::stderr(), "hatrack: {}", text::sanitize(&failure.message));
            }
            failure.code
        }
    }
}

fn run(cli: &Cli, out: &mut Output) -> Result<(), Failure> {
    let settled = cli.settle()?;
    let Some(command) = &cli.command else {
        if cli.demo && (settled.restricted() || settled.file.is_some()) {
            return Err(Failure::usage(
                "--demo shows a sample and no file; --file, --room and --read-only do not go with it",
            ));
        }
        // Whoever is limited is so by somebody else, who did not ask for their configuration.
        let config = if settled.restricted() {
            Config::default()
        } else {
            config::own()?
        };
        let settings = settings(cli, config);
        let log = settled.log.clone();
        return if cli.demo {
            json_log::begin(log.as_deref(), None)?;
            screen::demo(settled.actor.as_deref(), &settings)
        } else {
            let place = SessionContext::find(settled)?;
            json_log::begin(log.as_deref(), Some(&place.file))?;
            screen::run(&place, &settings)
        };
    };
    for_no_command(cli)?;
    let log = settled.log.clone();
    let place = &SessionContext::find(settled)?;
    json_log::begin(log.as_deref(), Some(&place.file))?;
    match command {
        CliCommand::Show(args) => show::run(args, place, out),
        CliCommand::User(args) => user::run(args, place, out),
        CliCommand::Add(args) => add::run(args, place, out),
        CliCommand::Remove(args) => remove::run(args, place, out),
        CliCommand::Set(args) => set::run(args, place, out),
        CliCommand::Room(args) => room::run(args, place, out),
        CliCommand::Affiliate(args) => affiliate::run(args, place, out),
        CliCommand::Catalog(args) => catalog::run(args, place, out),
        CliCommand::Sets(args) => sets::run(args, place, out),
        CliCommand::Export(args) => export::run(args, place, out),
        CliCommand::Import(args) => import::run(args, place, out),
        CliCommand::Check(args) => check::run(args, place, out),
        CliCommand::Config(args) => config::run(args, place, out),
        CliCommand::History(args) => history::run(args, place, out),
        CliCommand::Complete(args) => complete::run(args, place, out),
        CliCommand::Undo(args) => undo::undo(args, place, out),
        CliCommand::Redo(args) => undo::redo(args, place, out),
    }
}

/// Refuses what is for the screen beside a command that needs none.
fn for_no_command(cli: &Cli) -> Result<(), Failure> {
    let given = [
        ("--demo", cli.demo),
        ("--mouse", cli.mouse),
        ("--plain", cli.plain),
        ("--ascii", cli.ascii),
        ("--color", cli.color.is_some()),
        ("--background", cli.background.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Failure::usage(format!(
            "{option} is for the screen; it goes with no command"
        ))),
        None => Ok(()),
    }
}

/// How the screen should be: what the command line says goes before the configuration.
fn settings(cli: &Cli, config: Config) -> screen::ScreenSettings {
    let look = LookOptions {
        colors: cli.color.or(config.colors).unwrap_or_default(),
        background: cli.background.or(config.background).unwrap_or_default(),
        ascii: cli.ascii.then_some(true).or(config.ascii),
        theme: config.theme,
        overrides: config.own,
    };
    screen::ScreenSettings {
        mouse: cli.mouse || config.mouse.unwrap_or_default(),
        look,
        plain: cli.plain || config.plain.unwrap_or_default(),
        keymap: config.keymap,
    }
}

/// Prints the help or the version that was asked for; anything else that clap says is made one line.
fn told(error: &clap::Error, out: &mut Output) -> Result<(), Failure> {
    let said = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        for line in said.lines() {
            out.line(line)?;
        }
        return out.flush();
    }
    let paragraphs: Vec<String> = said
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|paragraph| !paragraph.is_empty() && !paragraph.starts_with("For more information"))
        .collect();
    let line = paragraphs.join("; ").replace("Usage: ", "usage: ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    Err(Failure::usage(format!("{line}; see hatrack --help")))
}
