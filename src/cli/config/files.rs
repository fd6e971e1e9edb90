//! Reads the configuration files of a session. The settings of each file replace those of the files before it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::ownership;
use super::read::{self, Config, ConfigError};
use crate::cli::failure::Failure;
use crate::cli::user_folders;
use crate::store;

/// The maximum size of a configuration file, in bytes.
pub(super) const MAX_BYTES: u64 = 1 << 20;

/// The path of the administrator's configuration file.
const SYSTEM_FILE: &str = "/etc/hatrack/config.toml";

/// The configuration files of a session. The settings of a later file replace those of an earlier one; servers and themes
/// are added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFiles {
    /// The administrator's file, which may be missing.
    pub system: PathBuf,
    /// The file that `--config` names, which must exist.
    pub named: Option<PathBuf>,
    /// The user's file, which may be missing; `None` without a home folder, with `--config`, and in a restricted
    /// session.
    pub user: Option<PathBuf>,
}

impl ConfigFiles {
    /// The files of a session; `named` is the value of `--config`.
    pub(in crate::cli) fn of_session(named: Option<&Path>, restricted: bool) -> Self {
        let reads_user_file = !restricted && named.is_none();
        Self {
            system: SYSTEM_FILE.into(),
            named: named.map(store::expand_home),
            user: reads_user_file.then(user_folders::config_file).flatten(),
        }
    }

    /// Returns the files in the order in which they are read. The flag says whether the file must exist.
    pub(in crate::cli) fn all(&self) -> impl Iterator<Item = (&Path, bool)> {
        let named = self.named.iter().map(|path| (path.as_path(), true));
        let user = self.user.iter().map(|path| (path.as_path(), false));
        std::iter::once((self.system.as_path(), false))
            .chain(named)
            .chain(user)
    }

    /// Returns the file in which the screen saves settings: the named file, otherwise the user's file; `None` if there is
    /// neither, or if the named file is standard input.
    pub(in crate::cli) fn for_settings(&self) -> Option<&Path> {
        let file = self.named.as_deref().or(self.user.as_deref());
        file.filter(|path| !store::is_dash(path))
    }

    /// Reads all files.
    ///
    /// Errors: a file has errors, or is missing although it must exist. The message has the first error and the number of
    /// the others.
    pub(in crate::cli) fn load(&self) -> Result<Config, Failure> {
        let (mut config, mut errors) = (Config::default(), Vec::new());
        for (path, required) in self.all() {
            match load_over(path, config.clone()) {
                Ok(Some(read)) => config = read,
                Ok(None) if required => errors.push(format!("{}: no such file", path.display())),
                // A missing file is treated as an empty file, so that the result lists the themes that this
                // file could choose.
                Ok(None) => config = read::read_over("", config).0,
                Err(more) => errors.extend(more),
            }
        }
        let Some(first) = errors.first() else {
            return Ok(config);
        };
        Err(Failure::usage(match errors.len().saturating_sub(1) {
            0 => first.clone(),
            more => format!("{first} (and {more} more; run hatrack config --check)"),
        }))
    }
}

/// Returns the administrator's configuration, or the default configuration if the file is missing or has errors.
pub(in crate::cli) fn administrator_config() -> Config {
    let read = load_over(Path::new(SYSTEM_FILE), Config::default());
    read.ok().flatten().unwrap_or_default()
}

/// Reads a configuration file, whose settings replace those of `inherited`, the configuration of the files before; `None`
/// if the file does not exist. The errors are in the order of the file; each is a sentence that names the file.
pub(in crate::cli) fn load_over(path: &Path, inherited: Config) -> Result<Option<Config>, Vec<String>> {
    let shown = path.display();
    let (bytes, file) = match read_bytes(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(vec![format!("cannot read {shown}: {error}")]),
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = read::line_number(&bytes, error.valid_up_to());
        vec![format!("{shown}:{line}: invalid UTF-8")]
    })?;
    let (mut config, mut errors) = read::read_over(text, inherited);
    let mut own = config.servers.iter_mut().filter(|server| server.file.is_none());
    if let Some(first) = own.next() {
        let line = first.line;
        for server in std::iter::once(first).chain(own) {
            server.file = Some(path.to_path_buf());
        }
        let problem = file.and_then(|file| ownership::problem(&file, path));
        errors.extend(problem.map(|text| ConfigError { line, text }));
        errors.sort_by_key(|error| error.line);
    }
    if errors.is_empty() {
        return Ok(Some(config));
    }
    let message = |ConfigError { line, text }| format!("{shown}:{line}: {text}");
    Err(errors.into_iter().map(message).collect())
}

/// Returns the content of a file and the open file, which is `None` for standard input.
fn read_bytes(path: &Path) -> io::Result<(Vec<u8>, Option<File>)> {
    let mut bytes = Vec::new();
    let file = if store::is_dash(path) {
        io::stdin().take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        None
    } else {
        let file = store::open_regular_file(path)?;
        (&file).take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Some(file)
    };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("larger than 1 MiB"));
    }
    Ok((bytes, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes the configuration files of the administrator and, if given, of the user.
    fn files(folder: &Path, system: &str, user: Option<&str>) -> ConfigFiles {
        let files = ConfigFiles {
            system: folder.join("system.toml"),
            named: None,
            user: Some(folder.join("user.toml")),
        };
        std::fs::write(&files.system, system).unwrap();
        if let (Some(text), Some(path)) = (user, &files.user) {
            std::fs::write(path, text).unwrap();
        }
        files
    }

    #[test]
    fn themes_of_the_administrator_can_be_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let system = "[themes.house]\nkey = \"red\"\n[themes.both]\nkey = \"red\"\n";
        let own = |config: &Config| -> Vec<(String, &str)> {
            let own = config.themes.iter().skip(5);
            own.map(|theme| (theme.name.clone(), theme.description)).collect()
        };
        let config = files(folder.path(), system, None).load().unwrap();
        let administrator = "from the administrator";
        assert_eq!(
            own(&config),
            [
                ("both".to_owned(), administrator),
                ("house".to_owned(), administrator)
            ]
        );
        let user = "theme = \"house\"\nbackground = \"light\"\n[themes.both]\nkey = \"blue\"\n";
        let config = files(folder.path(), system, Some(user)).load().unwrap();
        assert_eq!(
            own(&config),
            [
                ("both".to_owned(), "your own"),
                ("house".to_owned(), administrator)
            ]
        );
        let chosen = config.theme.unwrap();
        assert_eq!((chosen.name.as_str(), chosen.styles.len()), ("house", 1));
        assert_eq!(chosen.background, config.background, "the user's");
    }
}
