//! hatrack's folders for a user.

use std::path::PathBuf;

/// hatrack's folders for a user, normally below the user's home folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UserFolders {
    pub(super) config: PathBuf,
    pub(super) state: PathBuf,
}

/// Returns the user's folders; `None` if there is no home folder or its path is relative. A restricted session ignores the
/// environment variables `XDG_*`, as the user may set them to other folders.
pub(super) fn user_folders(restricted: bool) -> Option<UserFolders> {
    // With a relative home folder, the data file would depend on the current folder.
    let base = directories::BaseDirs::new().filter(|base| base.home_dir().is_absolute())?;
    let uses_xdg = cfg!(not(any(target_os = "macos", target_os = "windows")));
    let (config, state) = if restricted && uses_xdg {
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

/// Returns the path of the user's `config.toml`, which restricted sessions do not read; `None` without a home folder.
pub(super) fn config_file() -> Option<PathBuf> {
    user_folders(false).map(|folders| folders.config.join("config.toml"))
}
