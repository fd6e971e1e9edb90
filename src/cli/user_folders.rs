//! hatrack's folders below the user's home folder.

use std::path::PathBuf;

/// hatrack's folders below the user's home folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UserFolders {
    pub(super) config: PathBuf,
    pub(super) state: PathBuf,
}

/// The user's folders. A restricted session ignores the `XDG_*` variables, as they name files of the user's choosing.
pub(super) fn user_folders(restricted: bool) -> Option<UserFolders> {
    // With a relative home folder, the data file would depend on the current folder.
    let base = directories::BaseDirs::new().filter(|base| base.home_dir().is_absolute())?;
    let by_variables = cfg!(not(any(target_os = "macos", target_os = "windows")));
    let (config, state) = if restricted && by_variables {
        (
            base.home_dir().join(".config"),
            base.home_dir().join(".local/state"),
        )
    } else {
        (
            base.config_dir().into(),
            base.state_dir().unwrap_or(base.data_local_dir()).into(),
        )
    };
    Some(UserFolders {
        config: config.join("hatrack"),
        state: state.join("hatrack"),
    })
}

/// The path of the user's `config.toml`. Restricted sessions do not read it.
pub(super) fn config_file() -> Option<PathBuf> {
    user_folders(false).map(|folders| folders.config.join("config.toml"))
}
