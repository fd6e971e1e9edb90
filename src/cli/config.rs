//! `config.toml` in the configuration folder: how the screen looks and which keys it takes; and `hatrack config`.

use std::io::{self, Read as _};
use std::path::Path;

use super::args::ConfigArgs;
use super::context::{self, SessionContext};
use super::failure::Failure;
use super::output::Output;
use crate::store;

mod default;
mod read;
mod styles;

pub use default::text as default_text;
pub use read::{Config, ConfigError, read};

/// What is longer is no configuration.
const LONGEST: u64 = 1 << 20;

/// `hatrack config`
pub(super) fn run(args: &ConfigArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    place.unrestricted("config")?;
    if args.print_default {
        for line in default_text().lines() {
            out.line(line)?;
        }
        return Ok(());
    }
    let named = args.check.clone().flatten().map(|path| store::expanded(&path));
    let Some(path) = named.clone().or_else(context::config_file) else {
        return out.line("there is no home folder, so there is no configuration: all is as it comes");
    };
    let shown = path.display();
    let config = match load(&path) {
        Ok(config) => config,
        Err(mut wrong) => {
            let last = wrong.pop().unwrap_or_default();
            for mistake in wrong {
                out.aside(&mistake)?;
            }
            return Err(Failure::usage(last));
        }
    };
    match config {
        Some(_) => out.line(&format!("{shown}: no mistakes")),
        None if named.is_some() => Err(Failure::usage(format!("{shown}: there is no such file"))),
        None => out.line(&format!("{shown}: not there; all is as it comes")),
    }
}

/// The person's own configuration; what it comes with where there is none.
pub(super) fn own() -> Result<Config, Failure> {
    let loaded = context::config_file().map(|path| load(&path)).transpose();
    let loaded = loaded.map_err(|wrong| {
        let first = wrong.first().map_or("", String::as_str);
        Failure::usage(match wrong.len().saturating_sub(1) {
            0 => first.to_owned(),
            more => format!("{first}; and {more} more: see hatrack config --check"),
        })
    })?;
    Ok(loaded.flatten().unwrap_or_default())
}

/// Reads a configuration; `None`: there is no file. Or all that is wrong, one a line.
fn load(path: &Path) -> Result<Option<Config>, Vec<String>> {
    let shown = path.display();
    let bytes = match bytes(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(vec![format!("{shown}: cannot be read: {error}")]),
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = read::line(&bytes, error.valid_up_to());
        vec![format!("{shown}:{line}: this is not UTF-8")]
    })?;
    let said = |ConfigError { line, text }| format!("{shown}:{line}: {text}");
    read(text)
        .map(Some)
        .map_err(|wrong| wrong.into_iter().map(said).collect())
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if store::is_stream(path) {
        io::stdin().take(LONGEST + 1).read_to_end(&mut bytes)?;
    } else {
        store::open_only_file(path)?
            .take(LONGEST + 1)
            .read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(bytes)
}
