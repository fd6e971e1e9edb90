//! Checks whether a configuration file may name servers. Their entries name programs to run, so only root and the
//! account may be able to change the file.
//!
//! Like sshd's `StrictModes`, this also checks every folder above the file, and the folders of symbolic links that lead
//! to it. The opened file is checked; its path serves only to find the folders. Access control lists need no check of
//! their own: the group bits of the mode are the mask of the list, so an entry allows no more than these bits.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use nix::unistd::{Uid, User, geteuid};

/// How many symbolic links are followed, as the system does.
const MAX_LINKS: usize = 40;

/// Returns the reason why a file may not name servers, for people, with what repairs it; `None` if it may. `path` is
/// the path by which the file was opened.
pub(super) fn problem(file: &File, path: &Path) -> Option<String> {
    check(file, path, geteuid().as_raw()).unwrap_or_else(|error| {
        Some(format!(
            "servers are not read from this file, as it cannot be checked who can write it: {error}"
        ))
    })
}

fn check(file: &File, path: &Path, account: u32) -> io::Result<Option<String>> {
    let opened = file.metadata()?;
    let resolved = ResolvedPath::resolve(path)?;
    let current = resolved.end.symlink_metadata()?;
    if (current.dev(), current.ino()) != (opened.dev(), opened.ino()) {
        return Err(io::Error::other("it was replaced in the meantime; try again"));
    }
    let mut problem = file_problem(&opened, &resolved.end, account);
    for link in &resolved.links {
        let metadata = link.symlink_metadata()?;
        problem = problem.or_else(|| link_problem(&metadata, link, &resolved.end, account));
    }
    // The folder nearest to the file comes first.
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
    fn resolve(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let names = |path: &Path| -> Vec<OsString> {
            let components = path.components().rev();
            let named = components.filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
            named.map(|part| part.as_os_str().to_owned()).collect()
        };
        // The names still to be looked up; the next one is the last.
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
            remaining.extend(names(&target));
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
    let mode = mode_if_writable(metadata)?;
    Some(format!(
        "others can write to it (mode {mode:03o}); run: chmod go-w {}",
        quoted(path)
    ))
}

/// Returns the problem of a folder: anyone who can write to it can replace the files in it. A folder of someone else
/// cannot be repaired, so the advice is to move the file.
fn folder_problem(metadata: &Metadata, path: &Path, account: u32) -> Option<String> {
    let shown = path.display();
    if let Some(owner) = foreign_owner(metadata, account) {
        return Some(format!(
            "the folder {shown} belongs to {owner}; move the file to a folder of your own and name it with --config"
        ));
    }
    let mode = mode_if_writable(metadata)?;
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

/// Returns the problem of a symbolic link: its owner can make it point to another file of the account.
fn link_problem(metadata: &Metadata, path: &Path, end: &Path, account: u32) -> Option<String> {
    let owner = foreign_owner(metadata, account)?;
    let (link, end) = (path.display(), end.display());
    Some(format!(
        "the symbolic link {link} belongs to {owner}; name the file itself: {end}"
    ))
}

/// Returns the owner, if that is neither root nor the account.
fn foreign_owner(metadata: &Metadata, account: u32) -> Option<String> {
    let owner = metadata.uid();
    (owner != 0 && owner != account).then(|| owner_text(owner))
}

/// Returns the permission bits, if the group or others can write.
fn mode_if_writable(metadata: &Metadata) -> Option<u32> {
    let mode = metadata.mode() & 0o7777;
    (mode & 0o022 != 0).then_some(mode)
}

/// Describes a user of the machine: the name, if there is one, and the number.
fn owner_text(id: u32) -> String {
    match User::from_uid(Uid::from_raw(id)) {
        Ok(Some(user)) => format!("{} (uid {id})", user.name),
        _ => format!("uid {id}"),
    }
}

/// Returns the name of an account; its number if it has no name.
fn account_name(id: u32) -> String {
    match User::from_uid(Uid::from_raw(id)) {
        Ok(Some(user)) => user.name,
        _ => id.to_string(),
    }
}

/// Quotes a path for a shell.
fn quoted(path: &Path) -> String {
    shell_words::quote(&path.display().to_string()).into_owned()
}
