//! Whether a configuration file may name servers: their entries name programs to run, so the file must be under the control
//! of nobody but root and the account.
//!
//! As sshd's `StrictModes` does, also every folder above the file is looked at. The check is of the opened file; a path only
//! serves to find the folders. An access control list needs no look of its own: the group's bits of a mode are the mask of
//! the list, without which no entry of it allows anything.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Uid, User, geteuid};

/// Why a file may not name servers, for people, with a command that repairs it where there is one. `path` is how the file
/// was opened.
pub(super) fn problem(file: &File, path: &Path) -> Option<String> {
    check(file, path, geteuid().as_raw()).unwrap_or_else(|error| {
        Some(format!(
            "servers are not read from this file, as it cannot be checked who can write it: {error}"
        ))
    })
}

fn check(file: &File, path: &Path, account: u32) -> io::Result<Option<String>> {
    let there = file.metadata()?;
    let resolved = path.canonicalize()?;
    let found = resolved.metadata()?;
    if (found.dev(), found.ino()) != (there.dev(), there.ino()) {
        return Err(io::Error::other("it was replaced meanwhile; try again"));
    }
    if let Some(problem) = problem_of(&there, &resolved, None, account) {
        return Ok(Some(problem));
    }
    // Of a symbolic link both ends: where it stands, and where it leads to.
    let named = std::path::absolute(path)?;
    for folder in resolved.ancestors().skip(1).chain(named.ancestors().skip(1)) {
        let name = format!("the folder {}", folder.display());
        if let Some(problem) = problem_of(&folder.metadata()?, folder, Some(&name), account) {
            return Ok(Some(problem));
        }
    }
    Ok(None)
}

/// What is wrong with a file, or with the folder of this name.
fn problem_of(metadata: &Metadata, path: &Path, folder: Option<&str>, account: u32) -> Option<String> {
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    let what = folder.unwrap_or("it");
    if owner != 0 && owner != account {
        return Some(format!(
            "servers are not read from this file, because {what} belongs to {}; run: sudo chown {} {}",
            person(owner),
            word(&account_name(account)),
            quoted(path),
        ));
    }
    // In a folder such as /tmp (sticky), nobody can replace what belongs to somebody else.
    let sticky = folder.is_some() && mode & 0o1000 != 0;
    (mode & 0o022 != 0 && !sticky).then(|| {
        format!(
            "servers are not read from this file, because others can write to {what} (mode {mode:03o}); run: chmod go-w {}",
            quoted(path)
        )
    })
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
    word(&path.display().to_string())
}

fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
