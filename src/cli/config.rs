//! The configuration file `config.toml` (appearance and keys of the screen), and `hatrack config`.

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

/// Maximum size of a configuration file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Runs `hatrack config`.
pub(super) fn run(args: &ConfigArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    context.require_unrestricted("config")?;
    if args.print_default {
        for line in default_text().lines() {
            out.line(line)?;
        }
        return Ok(());
    }
    let named = args.check.clone().flatten().map(|path| store::expand_home(&path));
    let Some(path) = named.clone().or_else(context::config_file) else {
        return out.line("No home folder and so no configuration file: using defaults");
    };
    let shown = path.display();
    let config = match load(&path) {
        Ok(config) => config,
        Err(mut errors) => {
            let last = errors.pop().unwrap_or_default();
            for mistake in errors {
                out.warn(&mistake)?;
            }
            return Err(Failure::usage(last));
        }
    };
    match config {
        Some(_) => out.line(&format!("{shown}: no errors")),
        None if named.is_some() => Err(Failure::usage(format!("{shown}: no such file"))),
        None => out.line(&format!("{shown}: not found; using defaults")),
    }
}

/// The user's configuration, or the default one if there is no file. The error is the first of the file.
pub(super) fn load_user_config() -> Result<Config, Failure> {
    let loaded = context::config_file().map(|path| load(&path)).transpose();
    let loaded = loaded.map_err(|errors| {
        let first = errors.first().map_or("", String::as_str);
        Failure::usage(match errors.len().saturating_sub(1) {
            0 => first.to_owned(),
            more => format!("{first} (and {more} more; run hatrack config --check)"),
        })
    })?;
    Ok(loaded.flatten().unwrap_or_default())
}

/// Reads a configuration; `None` if there is no file. Errors are one sentence each, in the order of the file.
fn load(path: &Path) -> Result<Option<Config>, Vec<String>> {
    let shown = path.display();
    let bytes = match read_bytes(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(vec![format!("cannot read {shown}: {error}")]),
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = read::line(&bytes, error.valid_up_to());
        vec![format!("{shown}:{line}: invalid UTF-8")]
    })?;
    let message = |ConfigError { line, text }| format!("{shown}:{line}: {text}");
    read(text)
        .map(Some)
        .map_err(|errors| errors.into_iter().map(message).collect())
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if store::is_dash(path) {
        io::stdin().take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    } else {
        store::open_regular_file(path)?
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("larger than 1 MiB"));
    }
    Ok(bytes)
}
