//! Whether a configuration file may name servers: their entries name programs to run, so the file must be under the control
//! of nobody but root and the account.
//!
//! As sshd's `StrictModes` does, also every folder above the file is looked at, and those in which symbolic links on the way
//! to it stand. The check is of the opened file; a path only serves to find the folders. An access control list needs no look of its own: the group's bits of a mode are the mask of
//! the list, without which no entry of it allows anything.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use nix::unistd::{Uid, User, geteuid};

/// How many symbolic links are followed, as the system does.
const MAX_LINKS: usize = 40;

/// Why a file may not name servers, for people, with what repairs it. `path` is how the file was opened.
pub(super) fn problem(file: &File, path: &Path) -> Option<String> {
    check(file, path, geteuid().as_raw()).unwrap_or_else(|error| {
        Some(format!(
            "servers are not read from this file, as it cannot be checked who can write it: {error}"
        ))
    })
}

fn check(file: &File, path: &Path, account: u32) -> io::Result<Option<String>> {
    let there = file.metadata()?;
    let resolved = ResolvedPath::to(path)?;
    let found = resolved.end.symlink_metadata()?;
    if (found.dev(), found.ino()) != (there.dev(), there.ino()) {
        return Err(io::Error::other("it was replaced in the meantime; try again"));
    }
    let mut problem = file_problem(&there, &resolved.end, account);
    for link in &resolved.links {
        let metadata = link.symlink_metadata()?;
        problem = problem.or_else(|| link_problem(&metadata, link, &resolved.end, account));
    }
    // The nearest first.
    for folder in resolved.folders.iter().rev() {
        let metadata = folder.symlink_metadata()?;
        problem = problem.or_else(|| folder_problem(&metadata, folder, account));
    }
    Ok(problem.map(|problem| format!("servers are not read from this file, because {problem}")))
}

/// A file with all folders and symbolic links that lead to it.
struct ResolvedPath {
    /// All folders in which a name is looked up.
    folders: BTreeSet<PathBuf>,
    /// All symbolic links that are followed.
    links: Vec<PathBuf>,
    /// The file itself, without links.
    end: PathBuf,
}

impl ResolvedPath {
    fn to(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let names = |path: &Path| -> Vec<OsString> {
            let components = path.components().rev();
            let named = components.filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
            named.map(|part| part.as_os_str().to_owned()).collect()
        };
        // The next one last.
        let mut rest = names(&path);
        let mut resolved = Self {
            folders: BTreeSet::new(),
            links: Vec::new(),
            end: "/".into(),
        };
        while let Some(name) = rest.pop() {
            if name == ".." {
                resolved.end.pop();
                continue;
            }
            resolved.folders.insert(resolved.end.clone());
            let next = resolved.end.join(name);
            if !next.symlink_metadata()?.is_symlink() {
                resolved.end = next;
                continue;
            }
            if resolved.links.len() == MAX_LINKS {
                return Err(io::Error::other("too many symbolic links"));
            }
            let target = next.read_link()?;
            if target.is_absolute() {
                resolved.end = "/".into();
            }
            rest.extend(names(&target));
            resolved.links.push(next);
        }
        Ok(resolved)
    }
}

fn file_problem(metadata: &Metadata, path: &Path, account: u32) -> Option<String> {
    if let Some(owner) = foreign_owner(metadata, account) {
        let account = account_name(account);
        return Some(format!(
            "it belongs to {owner}; run: sudo chown {} {}",
            shell_words::quote(&account),
            quoted(path)
        ));
    }
    let mode = open_mode(metadata)?;
    Some(format!(
        "others can write to it (mode {mode:03o}); run: chmod go-w {}",
        quoted(path)
    ))
}

/// Who can write to a folder can replace what is in it. What belongs to someone else is theirs: the file goes elsewhere.
fn folder_problem(metadata: &Metadata, path: &Path, account: u32) -> Option<String> {
    let shown = path.display();
    if let Some(owner) = foreign_owner(metadata, account) {
        return Some(format!(
            "the folder {shown} belongs to {owner}; move the file to a folder of your own and name it with --config"
        ));
    }
    let mode = open_mode(metadata)?;
    // In a folder such as /tmp (sticky), nobody can replace what belongs to someone else.
    if mode & 0o1000 != 0 {
        return None;
    }
    let mut repair =
        "move the file to a folder that only you can write to and name it with --config".to_owned();
    if metadata.uid() == account {
        repair = format!("run: chmod go-w {}", quoted(path));
    }
    Some(format!(
        "others can write to the folder {shown} (mode {mode:03o}); {repair}"
    ))
}

/// Whom a link belongs to can make it lead to another file of the account.
fn link_problem(metadata: &Metadata, path: &Path, end: &Path, account: u32) -> Option<String> {
    let owner = foreign_owner(metadata, account)?;
    let (link, end) = (path.display(), end.display());
    Some(format!(
        "the symbolic link {link} belongs to {owner}; name the file itself: {end}"
    ))
}

/// The owner, if that is neither root nor the account.
fn foreign_owner(metadata: &Metadata, account: u32) -> Option<String> {
    let owner = metadata.uid();
    (owner != 0 && owner != account).then(|| person(owner))
}

/// The mode, if others can write.
fn open_mode(metadata: &Metadata) -> Option<u32> {
    let mode = metadata.mode() & 0o7777;
    (mode & 0o022 != 0).then_some(mode)
}

/// A user for people: the name where there is one, and the number.
fn person(id: u32) -> String {
    match User::from_uid(Uid::from_raw(id)) {
        Ok(Some(user)) => format!("{} (uid {id})", user.name),
        _ => format!("uid {id}"),
    }
}

fn account_name(id: u32) -> String {
    match User::from_uid(Uid::from_raw(id)) {
        Ok(Some(user)) => user.name,
        _ => id.to_string(),
    }
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    shell_words::quote(&path.display().to_string()).into_owned()
}
