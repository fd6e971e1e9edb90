//! The paths of the files: all are derived from the resolved data file, so that a symbolic link and its target share
//! them.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::StoreError;

/// The paths of a data file and the files that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The data file, with symbolic links resolved.
    pub data: PathBuf,
    /// The history: one line of JSON for each commit.
    pub history: PathBuf,
    /// The lock file: locked during a commit.
    pub lock: PathBuf,
    /// The folder that contains all these files.
    pub folder: PathBuf,
    pub(super) data_temporary: PathBuf,
    pub(super) history_temporary: PathBuf,
    /// The file for damaged lines of the history while they are being moved.
    pub(super) damaged_temporary: PathBuf,
}

/// The maximum number of symbolic links followed, as in the kernel.
const MAX_LINKS: usize = 40;

impl Paths {
    /// The paths for the data file at this path, whether it exists or not. Nothing is created. Fails if the path is
    /// the root folder, or leads through a loop of links or an untrusted link.
    pub fn resolve(path: &Path) -> Result<Self, StoreError> {
        let data = resolve_links(path)?;
        let not_a_file = || StoreError::NotAFile {
            path: path.to_path_buf(),
            kind: "a folder",
        };
        let folder = data.parent().ok_or_else(not_a_file)?.to_path_buf();
        let name = data.file_name().ok_or_else(not_a_file)?;
        let history = sibling(&data, "history.jsonl");
        let hidden = |name: &std::ffi::OsStr, suffix: &str| {
            let mut hidden_name = OsString::from(".");
            hidden_name.push(name);
            hidden_name.push(suffix);
            folder.join(hidden_name)
        };
        let temporary = |name| hidden(name, ".hatrack-tmp");
        Ok(Self {
            lock: sibling(&data, "lock"),
            data_temporary: temporary(name),
            history_temporary: temporary(history.file_name().unwrap_or_default()),
            damaged_temporary: hidden(name, ".hatrack-damaged"),
            history,
            folder,
            data,
        })
    }
}

/// The path of a related file: `x.json` → `x.suffix`, but `x` → `x-suffix`, so that `x` and `x.json` share no files.
pub(super) fn sibling(data: &Path, suffix: &str) -> PathBuf {
    if data.extension().is_some_and(|extension| extension == "json") {
        return data.with_extension(suffix);
    }
    let mut name = data.as_os_str().to_os_string();
    name.push("-");
    name.push(suffix);
    name.into()
}

/// The absolute path with all symbolic links resolved, including a dangling one.
fn resolve_links(path: &Path) -> Result<PathBuf, StoreError> {
    let absolute = std::path::absolute(path).map_err(StoreError::cannot_read(path))?;
    let (mut rest, mut links) = (Vec::new(), 0);
    push_components(&mut rest, &absolute);
    let mut resolved = PathBuf::new();
    while let Some(part) = rest.pop() {
        if part == ".." {
            resolved.pop();
            continue;
        }
        let next = resolved.join(part); // joining "/" starts again at the root
        let Ok(target) = next.read_link() else {
            resolved = next;
            continue;
        };
        links += 1;
        if links > MAX_LINKS {
            let endless = "too many levels of symbolic links";
            return Err(StoreError::cannot_read(path)(io::Error::other(endless)));
        }
        if !may_follow(&resolved, &next).map_err(StoreError::cannot_read(path))? {
            return Err(StoreError::UntrustedLink { path: next });
        }
        push_components(&mut rest, &target);
    }
    Ok(resolved)
}

/// Pushes the components of a path in reverse order.
fn push_components(rest: &mut Vec<OsString>, path: &Path) {
    let parts = path.components().rev();
    rest.extend(
        parts
            .filter(|part| *part != Component::CurDir)
            .map(|part| part.as_os_str().to_owned()),
    );
}

/// Whether a link in a folder may be followed. In a world-writable sticky folder such as `/tmp`, a link may be a trap,
/// so it may be followed only if this user or the owner of the folder owns it. With `fs.protected_symlinks` the kernel
/// does the same, but not for links that are resolved here, nor for dangling ones.
fn may_follow(folder: &Path, link: &Path) -> io::Result<bool> {
    let (folder, link) = (folder.metadata()?, link.symlink_metadata()?);
    let is_writable_by_all_and_sticky = folder.mode() & 0o1002 == 0o1002;
    Ok(!is_writable_by_all_and_sticky
        || link.uid() == rustix::process::geteuid().as_raw()
        || link.uid() == folder.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_links_including_dangling_ones() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap().join("real");
        std::fs::create_dir(&real).unwrap();
        let (one, two) = (folder.path().join("one.json"), folder.path().join("two"));
        std::os::unix::fs::symlink("real/hats.json", &two).unwrap();
        std::os::unix::fs::symlink(&two, &one).unwrap();
        let paths = Paths::resolve(&one).unwrap();
        assert_eq!(paths.data, real.join("hats.json"));
        assert_eq!(paths.history, real.join("hats.history.jsonl"));
        assert_eq!(paths.lock, real.join("hats.lock"));
        assert_eq!(Paths::resolve(&real.join("hats.json")).unwrap(), paths);
    }

    #[test]
    fn does_not_follow_untrusted_links() {
        use std::os::unix::fs::{PermissionsExt, lchown, symlink};
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root can make another user's link");
            return;
        }
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        let (open, real) = (home.join("open"), home.join("real"));
        std::fs::create_dir(&open).unwrap();
        std::fs::create_dir(&real).unwrap();
        symlink("../real/hats.json", open.join("link")).unwrap();
        symlink("../real", open.join("folder")).unwrap();
        symlink("open/link", home.join("outer")).unwrap();
        let (me, other, owner) = (0, 54_321, 54_322);
        for (mode, link_owner, folder_owner, followed) in [
            (0o1777, other, me, false),
            (0o1777, other, owner, false),
            (0o1777, me, owner, true),
            (0o1777, owner, owner, true),
            (0o0777, other, me, true),
            (0o1775, other, me, true),
        ] {
            lchown(&open, Some(folder_owner), None).unwrap();
            std::fs::set_permissions(&open, std::fs::Permissions::from_mode(mode)).unwrap();
            for name in ["link", "folder"] {
                lchown(open.join(name), Some(link_owner), None).unwrap();
            }
            for path in [
                open.join("link"),
                open.join("folder/hats.json"),
                home.join("outer"),
            ] {
                let paths = Paths::resolve(&path);
                let data = paths.as_ref().ok().map(|paths| paths.data.clone());
                assert_eq!(
                    data,
                    followed.then(|| real.join("hats.json")),
                    "{mode:o} {path:?}"
                );
                if let Err(error) = paths {
                    let message = error.to_string();
                    assert!(
                        message.contains("/open/") && message.contains("is not followed"),
                        "{message}"
                    );
                }
            }
        }
    }

    #[test]
    fn data_files_in_one_folder_share_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "x",
            "x.json",
            ".x",
            ".x.json",
            "x.json.json",
            "x.jsonl",
            "x.lock",
            "x-lock",
            "x.history",
            "x.hatrack-tmp",
            "x.history.jsonl.json",
            "x.history.damaged",
            "x.history.json",
            "x-history.json",
        ];
        let mut all = Vec::new();
        for name in names {
            let paths = Paths::resolve(&folder.path().join(name)).unwrap();
            let Paths {
                history,
                lock,
                data_temporary,
                history_temporary,
                damaged_temporary,
                ..
            } = paths;
            all.extend([
                history,
                lock,
                data_temporary,
                history_temporary,
                damaged_temporary,
            ]);
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn appends_suffix_without_json_and_rejects_link_loops() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().canonicalize().unwrap();
        assert_eq!(
            Paths::resolve(&home.join("my.hats")).unwrap().history,
            home.join("my.hats-history.jsonl")
        );
        std::os::unix::fs::symlink("b", home.join("a")).unwrap();
        std::os::unix::fs::symlink("a", home.join("b")).unwrap();
        assert!(Paths::resolve(&home.join("a")).is_err());
    }
}
