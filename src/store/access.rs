//! Who may read and write a file: owner, group, mode, access control list and attributes, taken from the data file and
//! given to the file that takes its place, to the history and to the lock.
//!
//! The list is the system's own attribute (`linux/posix_acl_xattr.h`). The crates for it, `exacl` and `posix-acl`, need the
//! C library `libacl` where this is built; what is needed here of the format is eight bytes an entry.

use std::ffi::CString;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr, getxattr};
use rustix::io::Errno;

use super::disk::{Disk, DiskOperation, is, is_unsupported};

/// Who may read and write a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    mode: u32,
    /// The owner's and the group's number; `None`: whoever makes the file.
    owners: Option<(u32, u32)>,
    /// The access control list, where there is one.
    list: Option<Acl>,
    /// Other attributes, which the file has then and no others; `None`: they are not looked at.
    attributes: Option<Vec<(CString, Vec<u8>)>>,
}

const LIST: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";
/// Reading and writing, as bits of a mode or of an entry.
const READ_WRITE: u32 = 6;
const WRITE: u32 = 2;

impl Access {
    /// For this user only.
    pub(super) fn private() -> Self {
        Self {
            mode: 0o600,
            owners: None,
            list: None,
            attributes: None,
        }
    }

    /// That of a file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let list = attribute(file, LIST)?;
        Ok(Self {
            mode: metadata.mode() & 0o7777,
            owners: Some((metadata.uid(), metadata.gid())),
            list: list.map(|bytes| Acl::parse(&bytes)).transpose()?,
            attributes: Some(attributes(file)?),
        })
    }

    /// That of a new file: this user's only, but where the folder has a default list what the system makes of it for a file
    /// of mode 0660.
    pub(super) fn first(folder: &Path) -> io::Result<Self> {
        let Some(bytes) = present(whole(|buffer| getxattr(folder, DEFAULT, buffer)))? else {
            return Ok(Self::private());
        };
        let list = Acl::parse(&bytes)?.of_mode(0o660);
        Ok(Self {
            mode: list.mode(),
            list: list.is_more_than_a_mode().then_some(list),
            ..Self::private()
        })
    }

    /// That of the history: the same, without the attributes.
    pub(super) fn beside(&self) -> Self {
        Self {
            attributes: None,
            ..self.clone()
        }
    }

    /// That of the lock: who may write the data file can take it; nobody else can, or they could keep everybody out.
    pub(super) fn of_lock(&self) -> Self {
        let both = |bits: u32| if bits & WRITE == 0 { 0 } else { READ_WRITE };
        let list = self.list.as_ref().map(|list| {
            Acl(list
                .0
                .iter()
                .map(|entry| AclEntry {
                    bits: if entry.tag == AclTag::Owner {
                        READ_WRITE
                    } else {
                        both(entry.bits)
                    },
                    ..*entry
                })
                .collect())
        });
        Self {
            mode: 0o600 | both(self.mode >> 3) << 3 | both(self.mode),
            owners: self.owners,
            list,
            attributes: None,
        }
    }

    /// Gives it to a file, in steps none of which lets in anybody who is not to be. Whether there was anything to do.
    ///
    /// Only the administrator can give files away. Where the owner or the group stays another, nobody gains anything by
    /// that; and where there is a list, the owner and the group that there were lose nothing: they get entries in it.
    pub(super) fn give(&self, disk: &Disk, file: &File) -> io::Result<bool> {
        disk.step(DiskOperation::Own)?;
        let before = file.metadata()?;
        if let Some((owner, group)) = self.owners {
            if before.uid() != owner {
                let _ = fchown(file, Some(owner), None);
            }
            if before.gid() != group {
                let _ = fchown(file, None, Some(group));
            }
        }
        let now = file.metadata()?;
        let mut changed = (before.uid(), before.gid()) != (now.uid(), now.gid());
        if let Some(wanted) = &self.attributes {
            changed |= give_attributes(file, wanted)?;
        }
        let (mode, list) = self.where_owned_by(now.uid(), now.gid());
        let has = attribute(file, LIST)?;
        let bytes = list.as_ref().map(Acl::bytes);
        if has != bytes {
            // With this call the mode becomes that of the list at the same time. A list that says no more than a mode does
            // leaves none.
            let bytes = bytes.unwrap_or_else(|| Acl::of(mode).bytes());
            fsetxattr(file, LIST, &bytes, XattrFlags::empty())
                .map_err(|error| cannot("access control list", "getfacl", error.into()))?;
            changed = true;
        }
        if file.metadata()?.mode() & 0o7777 != mode {
            match file.set_permissions(Permissions::from_mode(mode)) {
                // Where files have no modes of their own, a new one has what they all have.
                Err(error)
                    if self.owners.is_none() && (is_unsupported(&error) || is(&error, Errno::PERM)) => {}
                other => other?,
            }
            changed = true;
        }
        Ok(changed)
    }

    /// Mode and list for a file that this user and this group own.
    fn where_owned_by(&self, owner: u32, group: u32) -> (u32, Option<Acl>) {
        let (old_owner, old_group) = self.owners.unwrap_or((owner, group));
        match &self.list {
            None if old_group == group => (self.mode, None),
            // The group may what everybody may.
            None => ((self.mode & !0o070) | (self.mode & 0o007) << 3, None),
            Some(list) if (old_owner, old_group) == (owner, group) => (self.mode, Some(list.clone())),
            Some(list) => {
                let list = list.handed_on((old_owner, owner), (old_group, group));
                (self.mode & 0o7000 | list.mode(), Some(list))
            }
        }
    }
}

/// An access control list, in the system's order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Acl(Vec<AclEntry>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct AclEntry {
    tag: AclTag,
    /// The user's or the group's number.
    id: u32,
    bits: u32,
}

/// Whom an entry is about. The numbers are the system's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum AclTag {
    Owner = 1,
    User = 2,
    OwningGroup = 4,
    Group = 8,
    Mask = 16,
    Others = 32,
}

impl AclTag {
    const ALL: [Self; 6] = [
        Self::Owner,
        Self::User,
        Self::OwningGroup,
        Self::Group,
        Self::Mask,
        Self::Others,
    ];
}

/// The only version there is.
const VERSION: [u8; 4] = [2, 0, 0, 0];
/// The number in entries that are about nobody in particular.
const NOBODY: u32 = u32::MAX;

impl Acl {
    fn parse(bytes: &[u8]) -> io::Result<Self> {
        let entries = bytes.strip_prefix(&VERSION).and_then(|entries| {
            let entries = entries.chunks(8).map(|entry| {
                let [tag, more, bits, rest, a, b, c, d] = *<&[u8; 8]>::try_from(entry).ok()?;
                let number = u16::from_le_bytes([tag, more]);
                Some(AclEntry {
                    tag: AclTag::ALL.into_iter().find(|tag| *tag as u16 == number)?,
                    bits: u16::from_le_bytes([bits, rest]).into(),
                    id: u32::from_le_bytes([a, b, c, d]),
                })
            });
            entries.collect::<Option<Vec<_>>>()
        });
        let unknown = || io::Error::other("its access control list is of an unknown kind; set a simpler one");
        entries.map(Self).ok_or_else(unknown)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = VERSION.to_vec();
        for entry in &self.0 {
            bytes.extend((entry.tag as u16).to_le_bytes());
            bytes.extend(u16::try_from(entry.bits).unwrap_or_default().to_le_bytes());
            bytes.extend(entry.id.to_le_bytes());
        }
        bytes
    }

    /// The list that says the same as a mode.
    fn of(mode: u32) -> Self {
        let entry = |tag, bits| AclEntry {
            tag,
            id: NOBODY,
            bits: bits & 7,
        };
        Self(vec![
            entry(AclTag::Owner, mode >> 6),
            entry(AclTag::OwningGroup, mode >> 3),
            entry(AclTag::Others, mode),
        ])
    }

    fn is_more_than_a_mode(&self) -> bool {
        self.0.len() > 3
    }

    fn bits(&self, tag: AclTag, id: u32) -> Option<u32> {
        let entry = self.0.iter().find(|entry| (entry.tag, entry.id) == (tag, id));
        entry.map(|entry| entry.bits)
    }

    fn set(&mut self, tag: AclTag, id: u32, bits: u32) {
        self.0.retain(|entry| (entry.tag, entry.id) != (tag, id));
        self.0.push(AclEntry { tag, id, bits });
        self.0.sort();
    }

    /// Which tag stands for the group's place in the mode.
    fn class(&self) -> AclTag {
        match self.bits(AclTag::Mask, NOBODY) {
            Some(_) => AclTag::Mask,
            None => AclTag::OwningGroup,
        }
    }

    /// The mode that a file with this list has.
    fn mode(&self) -> u32 {
        let bits = |tag| self.bits(tag, NOBODY).unwrap_or_default();
        bits(AclTag::Owner) << 6 | bits(self.class()) << 3 | bits(AclTag::Others)
    }

    /// What the system makes of a folder's default list for a file that is made with this mode.
    fn of_mode(mut self, mode: u32) -> Self {
        for (tag, shift) in [(AclTag::Owner, 6), (self.class(), 3), (AclTag::Others, 0)] {
            let bits = self.bits(tag, NOBODY).unwrap_or_default();
            self.set(tag, NOBODY, bits & mode >> shift);
        }
        self
    }

    /// The list that gives everybody the same on a file of another owner or group: from whom, to whom.
    fn handed_on(&self, owner: (u32, u32), group: (u32, u32)) -> Self {
        let mask = self.bits(AclTag::Mask, NOBODY).unwrap_or(7);
        let mut list = self.clone();
        for entry in &mut list.0 {
            if matches!(entry.tag, AclTag::User | AclTag::OwningGroup | AclTag::Group) {
                entry.bits &= mask;
            }
        }
        let bits = |list: &Self, tag| list.bits(tag, NOBODY).unwrap_or_default();
        if owner.0 != owner.1 {
            let had = bits(&list, AclTag::Owner);
            list.set(AclTag::User, owner.0, had);
        }
        if group.0 != group.1 {
            let had = bits(&list, AclTag::OwningGroup);
            list.set(AclTag::Group, group.0, had);
            let others = bits(&list, AclTag::Others);
            let new = list.bits(AclTag::Group, group.1).unwrap_or(others);
            list.set(AclTag::OwningGroup, NOBODY, new);
        }
        let is_masked =
            |entry: &&AclEntry| matches!(entry.tag, AclTag::User | AclTag::OwningGroup | AclTag::Group);
        let all = list
            .0
            .iter()
            .filter(is_masked)
            .fold(0, |all, entry| all | entry.bits);
        list.set(AclTag::Mask, NOBODY, all);
        list
    }
}

/// An attribute's bytes; `None` where there is none, or there are no attributes at all.
fn attribute(file: &File, name: &str) -> io::Result<Option<Vec<u8>>> {
    present(whole(|buffer| fgetxattr(file, name, buffer)))
}

fn present(found: io::Result<Vec<u8>>) -> io::Result<Option<Vec<u8>>> {
    match found {
        Err(error) if is(&error, Errno::NODATA) || is_unsupported(&error) => Ok(None),
        other => other.map(Some),
    }
}

/// What cannot be given to a new file is said, with the command that shows it. That there is no room is no such thing.
fn cannot(what: &str, shown: &str, error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => error,
        _ => io::Error::other(format!(
            "its {what} cannot be kept ({error}); see {shown}, and change or remove it"
        )),
    }
}

/// Those of a file that its user has set, and the system's for its safety; but not the ones that are about the content.
fn attributes(file: &File) -> io::Result<Vec<(CString, Vec<u8>)>> {
    let names = match whole(|buffer| flistxattr(file, buffer)) {
        Err(error) if is_unsupported(&error) => return Ok(Vec::new()),
        other => other?,
    };
    let mut found = Vec::new();
    for name in names.split(|byte| *byte == 0) {
        let is_of_content = [&b"security.ima"[..], b"security.evm"].contains(&name);
        if is_users(name) || (name.starts_with(b"security.") && !is_of_content) {
            let name = CString::new(name)?;
            match whole(|buffer| fgetxattr(file, &name, buffer)) {
                Ok(value) => found.push((name, value)),
                Err(error) if is_users(name.as_bytes()) => return Err(error),
                Err(_) => {}
            }
        }
    }
    Ok(found)
}

fn is_users(name: &[u8]) -> bool {
    name.starts_with(b"user.")
}

/// Whether there was anything to do. Those of the system only the administrator may set.
fn give_attributes(file: &File, wanted: &[(CString, Vec<u8>)]) -> io::Result<bool> {
    let has = attributes(file)?;
    let mut changed = false;
    for (name, value) in wanted.iter().filter(|one| !has.contains(one)) {
        match fsetxattr(file, name, value, XattrFlags::empty()) {
            Err(error) if is_users(name.as_bytes()) => {
                let what = format!("attribute {}", name.to_string_lossy());
                return Err(cannot(&what, "getfattr -d", error.into()));
            }
            set => changed |= set.is_ok(),
        }
    }
    let is_wanted = |name| wanted.iter().any(|(other, _)| other == name);
    for (name, _) in has
        .iter()
        .filter(|(name, _)| is_users(name.as_bytes()) && !is_wanted(name))
    {
        fremovexattr(file, name)?;
        changed = true;
    }
    Ok(changed)
}

/// All that a call writes into a buffer that is large enough.
fn whole(call: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> io::Result<Vec<u8>> {
    // The most that the system has for an attribute, or for the names of all of them.
    let mut buffer = vec![0; 1 << 16];
    let length = call(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}
