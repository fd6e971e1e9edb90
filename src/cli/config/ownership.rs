//! Checks whether a configuration file may name servers. The settings of a server name programs to run, so nobody except
//! root and the account may be able to change the file.
//!
//! Like sshd's `StrictModes`, the check includes every folder above the file, the symbolic links that lead to the file, and
//! their folders. The file that was opened is checked; its path only serves to find the folders and links. Access control
//! lists need no check of their own: the group bits of the mode are the mask of the list, so an entry of the list allows no
//! more than these bits.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use nix::unistd::{Uid, User, geteuid};

/// The maximum number of symbolic links that are followed, as in Linux.
const MAX_LINKS: usize = 40;

/// Returns a text for people that says why servers are not read from this file, and how to repair this; `None` if the file
/// may name servers. `path` is the path with which the file was opened.
pub(super) fn problem(file: &File, path: &Path) -> Option<String> {
    check(file, path, geteuid().as_raw()).unwrap_or_else(|error| {
        Some(format!(
            "servers are not read from this file, as it cannot be checked who can write it: {error}"
        ))
    })
}

/// Like [`problem`], for an account with this user ID. Fails if the folders and links cannot be checked.
fn check(file: &File, path: &Path, uid: u32) -> io::Result<Option<String>> {
    let opened = file.metadata()?;
    let resolved = ResolvedPath::resolve(path)?;
    let current = resolved.end.symlink_metadata()?;
    if (current.dev(), current.ino()) != (opened.dev(), opened.ino()) {
        return Err(io::Error::other("it was replaced in the meantime; try again"));
    }
    let mut problem = file_problem(&opened, &resolved.end, uid);
    for link in &resolved.links {
        let metadata = link.symlink_metadata()?;
        problem = problem.or_else(|| link_problem(&metadata, link, &resolved.end, uid));
    }
    // The folder nearest to the file comes first.
    for folder in resolved.folders.iter().rev() {
        let metadata = folder.symlink_metadata()?;
        problem = problem.or_else(|| folder_problem(&metadata, folder, uid));
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
    fn resolve(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let names = |path: &Path| -> Vec<OsString> {
            let components = path.components().rev();
            let names = components.filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
            names.map(|part| part.as_os_str().to_owned()).collect()
        };
        // The names that still have to be looked up, in reverse order: the next name is the last element.
        let mut remaining = names(&path);
        let mut resolved = Self {
            folders: BTreeSet::new(),
            links: Vec::new(),
            end: "/".into(),
        };
        while let Some(name) = remaining.pop() {
            if name == ".." {
                resolved.end.pop();
                continue;
            }
            resolved.folders.insert(resolved.end.clone());
            let entry = resolved.end.join(name);
            if !entry.symlink_metadata()?.is_symlink() {
                resolved.end = entry;
                continue;
            }
            if resolved.links.len() == MAX_LINKS {
                return Err(io::Error::other("too many symbolic links"));
            }
            let target = entry.read_link()?;
            if target.is_absolute() {
                resolved.end = "/".into();
            }
            remaining.extend(names(&target));
            resolved.links.push(entry);
        }
        Ok(resolved)
    }
}

/// Returns the problem of the file itself: others own it or can write to it.
fn file_problem(metadata: &Metadata, path: &Path, uid: u32) -> Option<String> {
    if let Some(owner) = foreign_owner(metadata, uid) {
        let account = account_name(uid);
        return Some(format!(
            "it belongs to {owner}; run: sudo chown {} {}",
            shell_words::quote(&account),
            quoted(path)
        ));
    }
    let mode = mode_if_writable(metadata)?;
    Some(format!(
        "others can write to it (mode {mode:03o}); run: chmod go-w {}",
        quoted(path)
    ))
}

/// Returns the problem of a folder: others own it or can write to it, so that they can replace the files in it. The account
/// cannot change a folder that belongs to someone else, so the advice is then to move the file.
fn folder_problem(metadata: &Metadata, path: &Path, uid: u32) -> Option<String> {
    let shown = path.display();
    if let Some(owner) = foreign_owner(metadata, uid) {
        return Some(format!(
            "the folder {shown} belongs to {owner}; move the file to a folder of your own and name it with --config"
        ));
    }
    let mode = mode_if_writable(metadata)?;
    // In a folder with the sticky bit, such as /tmp, nobody can replace the files of others.
    if mode & 0o1000 != 0 {
        return None;
    }
    let mut repair =
        "move the file to a folder that only you can write to and name it with --config".to_owned();
    if metadata.uid() == uid {
        repair = format!("run: chmod go-w {}", quoted(path));
    }
    Some(format!(
        "others can write to the folder {shown} (mode {mode:03o}); {repair}"
    ))
}

/// Returns the problem of a symbolic link: others own the link, so that they can make it point to another file. `end` is
/// the file to which the link leads.
fn link_problem(metadata: &Metadata, path: &Path, end: &Path, uid: u32) -> Option<String> {
    let owner = foreign_owner(metadata, uid)?;
    let (link, end) = (path.display(), end.display());
    Some(format!(
        "the symbolic link {link} belongs to {owner}; name the file itself: {end}"
    ))
}

/// Describes the owner; `None` if the owner is root or the account.
fn foreign_owner(metadata: &Metadata, uid: u32) -> Option<String> {
    let owner = metadata.uid();
    (owner != 0 && owner != uid).then(|| owner_text(owner))
}

/// Returns the permission bits; `None` if neither the group nor others can write.
fn mode_if_writable(metadata: &Metadata) -> Option<u32> {
    let mode = metadata.mode() & 0o7777;
    (mode & 0o022 != 0).then_some(mode)
}

/// Describes a user of the machine: the name, if there is one, and the user ID.
fn owner_text(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => format!("{} (uid {uid})", user.name),
        _ => format!("uid {uid}"),
    }
}

/// Returns the name of an account, or its user ID if it has no name.
fn account_name(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}

/// Quotes a path for a shell.
fn quoted(path: &Path) -> String {
    shell_words::quote(&path.display().to_string()).into_owned()
}
