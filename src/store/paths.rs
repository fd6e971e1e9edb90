//! Where the files are: all names come from the resolved data file, so that a symbolic link and its target are one.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::Error;

/// The files that belong to one data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The wardrobe, with symbolic links followed.
    pub data: PathBuf,
    /// One line a commit.
    pub history: PathBuf,
    /// Locked while a commit runs.
    pub lock: PathBuf,
    /// The folder of all of them.
    pub folder: PathBuf,
    pub(super) data_temporary: PathBuf,
    pub(super) history_temporary: PathBuf,
}

/// As many symbolic links are followed, one after the other, as the system itself follows.
const LINKS: usize = 40;

impl Paths {
    /// The files of the data file at this path, whether it exists or not. Nothing is created.
    pub fn resolve(path: &Path) -> Result<Self, Error> {
        let data = follow(path).map_err(Error::closed(path))?;
        let missing = || Error::NotAFile {
            path: path.to_path_buf(),
            what: "a folder",
        };
        let folder = data.parent().ok_or_else(missing)?.to_path_buf();
        let name = data.file_name().ok_or_else(missing)?;
        let history = beside(&data, "history.jsonl");
        let temporary = |name: &std::ffi::OsStr| {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(".hatrack-tmp");
            folder.join(hidden)
        };
        Ok(Self {
            lock: beside(&data, "lock"),
            data_temporary: temporary(name),
            history_temporary: temporary(history.file_name().unwrap_or_default()),
            history,
            folder,
            data,
        })
    }
}

/// `x.json` → `x.suffix`; any other name gets the suffix appended in another way, so that `x` and `x.json` have nothing in
/// common.
pub(super) fn beside(data: &Path, suffix: &str) -> PathBuf {
    if data.extension().is_some_and(|extension| extension == "json") {
        return data.with_extension(suffix);
    }
    let mut name = data.as_os_str().to_os_string();
    name.push("-");
    name.push(suffix);
    name.into()
}

/// The absolute path with all symbolic links followed, also where the last one leads to nothing.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..LINKS {
        if let (Some(folder), Some(name)) = (path.parent(), path.file_name())
            && let Ok(folder) = folder.canonicalize()
        {
            path = folder.join(name);
        }
        match path.read_link() {
            Ok(target) => path = path.parent().unwrap_or(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other(
        "symbolic links lead from one to the other without end",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_target_of_links_also_of_a_dangling_one() {
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
    fn no_two_data_files_in_a_folder_have_a_file_in_common() {
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
        ];
        let mut all = Vec::new();
        for name in names {
            let paths = Paths::resolve(&folder.path().join(name)).unwrap();
            let Paths {
                history,
                lock,
                data_temporary,
                history_temporary,
                ..
            } = paths;
            all.extend([history, lock, data_temporary, history_temporary]);
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_name_without_json_gets_the_suffix_appended_and_a_loop_of_links_ends() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().canonicalize().unwrap();
        assert_eq!(
            Paths::resolve(&at.join("my.hats")).unwrap().history,
            at.join("my.hats-history.jsonl")
        );
        std::os::unix::fs::symlink("b", at.join("a")).unwrap();
        std::os::unix::fs::symlink("a", at.join("b")).unwrap();
        assert!(Paths::resolve(&at.join("a")).is_err());
    }
}
