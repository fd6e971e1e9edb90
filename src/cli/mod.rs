//! The command line and the commands that run without the screen.
//!
//! The commands are for scripts and for people who cannot use the screen. The error message of a command is one line on
//! standard error; see [`Failure`] for the exit codes.

mod actor;
mod add;
mod affiliate;
pub mod args;
mod catalog;
mod check;
mod complete;
pub mod config;
mod config_command;
mod confirm;
mod context;
mod expire;
mod expiry;
mod export;
mod failure;
mod global_options;
mod hat_argument;
mod history;
mod import;
mod json_log;
mod live;
mod moment;
mod open_store;
mod output;
mod password;
mod progress;
mod remove;
mod rollback;
mod room;
mod saved_changes;
mod screen;
mod send_changes;
mod servers;
mod set;
mod sets;
mod show;
mod standard_input;
mod undo;
mod user;
mod user_folders;
mod value_parsers;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use clap::Parser;
use clap::error::ErrorKind;

use crate::term::LookOptions;
use crate::ui::text;
pub use actor::Actor;
use args::{Cli, CliCommand};
use config::{Config, ConfigFiles, ThemeChoice};
pub use context::{SessionContext, time_zone};
pub use failure::Failure;
pub use global_options::GlobalOptions;
pub use output::Output;

/// Runs a command line and returns the exit code. Prints to standard output and standard error, and opens the screen if
/// the line has no command.
pub fn main(line: impl IntoIterator<Item = OsString>) -> u8 {
    crate::term::catch_file_size_signal();
    // Not locked: while the screen is open, its threads may have to write to standard output.
    let mut stdout = BufWriter::with_capacity(1 << 16, io::stdout());
    let mut out = Output::new(&mut stdout, output::is_stdout_terminal());
    let result = match Cli::try_parse_from(line) {
        Ok(cli) => {
            let result = run(&cli, &mut out);
            out.finish(result)
        }
        Err(error) => print_clap_message(&error, &mut out),
    };
    match result {
        Ok(()) => 0,
        Err(failure) => {
            // The output comes before the error message. A failure to print either of them cannot be reported.
            let _ = out.flush();
            if !failure.message.is_empty() {
                let _ = writeln!(io::stderr(), "hatrack: {}", text::sanitize(&failure.to_string()));
            }
            failure.code
        }
    }
}

fn run(cli: &Cli, out: &mut Output) -> Result<(), Failure> {
    let options = cli.global_options()?;
    let Some(command) = &cli.command else {
        if cli.demo && (options.is_restricted() || options.file.is_some()) {
            return Err(Failure::usage(
                "--demo cannot be combined with --file or with options that restrict the session",
            ));
        }
        let files = ConfigFiles::of_session(options.config.as_deref(), options.is_restricted());
        let screen_settings = screen_settings(cli, files.load()?, files.for_settings());
        let log = options.log.clone();
        return if cli.demo {
            json_log::start(log.as_deref(), None)?;
            screen::demo(options.actor.as_deref(), &screen_settings)
        } else {
            let context = SessionContext::from_environment(options)?;
            json_log::start(log.as_deref(), Some(&context.file))?;
            screen::run(&context, &screen_settings)
        };
    };
    reject_screen_options(cli)?;
    let log = options.log.clone();
    let context = &SessionContext::from_environment(options)?;
    json_log::start(log.as_deref(), Some(&context.file))?;
    let result = run_command(command, context, out);
    // Saved changes are sent even if the command failed after saving them.
    let sent = send_changes::send(context, out);
    match result {
        // Code 0 means that nobody reads the output. A failure to send is more important.
        Err(closed) if closed.code == 0 => sent.and(Err(closed)),
        result => result.and(sent),
    }
}

fn run_command(command: &CliCommand, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    match command {
        CliCommand::Show(args) => show::run(args, context, out),
        CliCommand::User(args) => user::run(args, context, out),
        CliCommand::Add(args) => add::run(args, context, out),
        CliCommand::Remove(args) => remove::run(args, context, out),
        CliCommand::Expire(args) => expire::run(args, context, out),
        CliCommand::Set(args) => set::run(args, context, out),
        CliCommand::Room(args) => room::run(args, context, out),
        CliCommand::Affiliate(args) => affiliate::run(args, context, out),
        CliCommand::Catalog(args) => catalog::run(args, context, out),
        CliCommand::Sets(args) => sets::run(args, context, out),
        CliCommand::Export(args) => export::run(args, context, out),
        CliCommand::Import(args) => import::run(args, context, out),
        CliCommand::Servers(args) => servers::run(args, context, out),
        CliCommand::Pull(args) => live::pull(args, context, out),
        CliCommand::Plan(args) => live::plan(args, context, out),
        CliCommand::Apply(args) => live::apply(args, context, out),
        CliCommand::Follow(args) => live::follow(args, context, out),
        CliCommand::Check(args) => check::run(args, context, out),
        CliCommand::Config(args) => config_command::run(args, context, out),
        CliCommand::History(args) => history::run(args, context, out),
        CliCommand::Complete(args) => complete::run(args, context, out),
        CliCommand::Undo(args) => undo::undo(args, context, out),
        CliCommand::Redo(args) => undo::redo(args, context, out),
    }
}

/// Returns an error if the line, which has a command, also has an option that concerns only the screen.
fn reject_screen_options(cli: &Cli) -> Result<(), Failure> {
    let options = [
        ("--demo", cli.demo),
        ("--mouse", cli.mouse),
        ("--plain", cli.plain),
        ("--ascii", cli.ascii),
        ("--color", cli.color.is_some()),
        ("--background", cli.background.is_some()),
    ];
    match options.into_iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(Failure::usage(format!(
            "{option} cannot be combined with a command"
        ))),
        None => Ok(()),
    }
}

/// Returns the settings of the screen; the command line overrides the configuration. `theme_file` is the configuration
/// file in which the screen saves a theme.
fn screen_settings(cli: &Cli, config: Config, theme_file: Option<&Path>) -> screen::ScreenSettings {
    let without_theme = LookOptions {
        colors: cli.color.or(config.colors).unwrap_or_default(),
        background: cli.background.or(config.background).unwrap_or_default(),
        ascii: cli.ascii.then_some(true).or(config.ascii),
        ..LookOptions::default()
    };
    let in_theme = |theme: &ThemeChoice| LookOptions {
        background: cli.background.or(theme.background).unwrap_or_default(),
        theme: theme.builtin,
        overrides: theme.styles.clone(),
        ..without_theme.clone()
    };
    let look = config.theme.as_ref().map_or_else(
        || without_theme.clone(),
        |theme| LookOptions {
            // Not the background of `theme`: a later file may have set another one.
            background: without_theme.background,
            ..in_theme(theme)
        },
    );
    let themes = config.themes.iter().map(|theme| screen::ThemeSettings {
        name: theme.name.clone(),
        description: theme.description,
        look: in_theme(theme),
    });
    screen::ScreenSettings {
        themes: themes.collect(),
        theme: config
            .theme
            .as_ref()
            .map_or(config::DEFAULT_THEME, |theme| &theme.name)
            .to_owned(),
        theme_file: theme_file.map(Path::to_path_buf),
        mouse: cli.mouse || config.mouse.unwrap_or_default(),
        look,
        plain: cli.plain || config.plain.unwrap_or_default(),
        keymap: config.keymap,
    }
}

/// Prints the requested help or version; turns any other message of clap into a one-line error.
fn print_clap_message(error: &clap::Error, out: &mut Output) -> Result<(), Failure> {
    let message = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        for line in message.lines() {
            out.line(line)?;
        }
        return out.flush();
    }
    let paragraphs: Vec<String> = message
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|paragraph| !paragraph.is_empty() && !paragraph.starts_with("For more information"))
        .collect();
    let line = paragraphs.join("; ").replace("Usage: ", "usage: ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    Err(Failure::usage(format!("{line}; see hatrack --help")))
}
