//! `hatrack config`: checks the configuration files, or prints the default one.

use std::path::Path;

use super::args::ConfigArgs;
use super::config::{self, Config};
use super::context::SessionContext;
use super::failure::Failure;
use super::output::Output;
use crate::store;

/// Runs `hatrack config`.
pub(super) fn run(args: &ConfigArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    context.require_unrestricted("config")?;
    if args.print_default {
        for line in config::default_text().lines() {
            out.line(line)?;
        }
        return Ok(());
    }
    let named = args.check.clone().flatten().map(|path| store::expand_home(&path));
    if let Some(path) = named {
        let inherited = if path == context.config.system {
            Config::default()
        } else {
            config::administrator_config()
        };
        return check(&path, inherited, out)?
            .map(|_| ())
            .ok_or_else(|| Failure::usage(format!("{}: no such file", path.display())));
    }
    let files = &context.config;
    let mut config = Config::default();
    for (path, required) in files.all() {
        match check(path, config.clone(), out)? {
            Some(read) => config = read,
            None if required => return Err(Failure::usage(format!("{}: no such file", path.display()))),
            None if path == files.system => {}
            None => out.line(&format!("{}: not found; using defaults", path.display()))?,
        }
    }
    if files.user.is_none() && files.named.is_none() {
        return out.line("No home folder, so you have no configuration file of your own");
    }
    Ok(())
}

/// Checks one file, whose settings replace those of `inherited`. Returns the combined configuration; `None` if the file
/// does not exist.
///
/// Errors: the last error of the file; the others are printed as warnings.
fn check(path: &Path, inherited: Config, out: &mut Output) -> Result<Option<Config>, Failure> {
    match config::load_over(path, inherited) {
        Ok(Some(config)) => {
            out.line(&format!("{}: no errors", path.display()))?;
            Ok(Some(config))
        }
        Ok(None) => Ok(None),
        Err(mut errors) => {
            let last = errors.pop().unwrap_or_default();
            for error in errors {
                out.warn(&error)?;
            }
            Err(Failure::usage(last))
        }
    }
}
