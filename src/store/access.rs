//! File access: owner, group, mode, access control list and extended attributes, copied from the data file to its
//! replacement, to the history and to the lock.
//!
//! The access control list is an extended attribute of the kernel (`linux/posix_acl_xattr.h`). The crates `exacl` and
//! `posix-acl` need the C library `libacl` to build; the part of the format needed here is eight bytes per entry.

use std::ffi::CString;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr, getxattr};
use rustix::io::Errno;

use super::disk::{Disk, DiskOperation, is_errno, is_unsupported};

/// The access to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    mode: u32,
    /// The IDs of owner and group; `None`: those of the process.
    owners: Option<(u32, u32)>,
    /// The access control list, if there is one.
    acl: Option<Acl>,
    /// The extended attributes; `None`: applying the access does not change the attributes of a file.
    attributes: Option<Vec<(CString, Vec<u8>)>>,
}

const ACL_ATTRIBUTE: &str = "system.posix_acl_access";
const DEFAULT_ACL_ATTRIBUTE: &str = "system.posix_acl_default";
/// Read and write permission, as bits of a mode or an entry.
const READ_WRITE: u32 = 6;
const WRITE: u32 = 2;

impl Access {
    /// Access for this user only.
    pub(super) fn private() -> Self {
        Self {
            mode: 0o600,
            owners: None,
            acl: None,
            attributes: None,
        }
    }

    /// The access to a file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let list = attribute(file, ACL_ATTRIBUTE)?;
        Ok(Self {
            mode: metadata.mode() & 0o7777,
            owners: Some((metadata.uid(), metadata.gid())),
            acl: list.map(|bytes| Acl::parse(&bytes)).transpose()?,
            attributes: Some(attributes(file)?),
        })
    }

    /// The access to a new data file: private, unless the folder has a default access control list; then the access
    /// that the kernel derives from that list for mode 0660.
    pub(super) fn for_new_file(folder: &Path) -> io::Result<Self> {
        let Some(bytes) = none_if_missing(read_whole(|buffer| {
            getxattr(folder, DEFAULT_ACL_ATTRIBUTE, buffer)
        }))?
        else {
            return Ok(Self::private());
        };
        let list = Acl::parse(&bytes)?.masked_by(0o660);
        Ok(Self {
            mode: list.mode(),
            acl: list.is_extended().then_some(list),
            ..Self::private()
        })
    }

    /// Returns the same access without extended attributes, for the history and for documents.
    pub(super) fn without_attributes(&self) -> Self {
        Self {
            attributes: None,
            ..self.clone()
        }
    }

    /// The access to the lock: only those who may write the data file can take the lock, because its holder excludes
    /// all writers.
    pub(super) fn for_lock(&self) -> Self {
        let read_write_if_write = |bits: u32| if bits & WRITE == 0 { 0 } else { READ_WRITE };
        let list = self.acl.as_ref().map(|list| {
            Acl(list
                .0
                .iter()
                .map(|entry| AclEntry {
                    bits: if entry.tag == AclTag::Owner {
                        READ_WRITE
                    } else {
                        read_write_if_write(entry.bits)
                    },
                    ..*entry
                })
                .collect())
        });
        Self {
            mode: 0o600 | read_write_if_write(self.mode >> 3) << 3 | read_write_if_write(self.mode),
            owners: self.owners,
            acl: list,
            attributes: None,
        }
    }

    /// Whether a file with this owner and group may have been written by someone to whom this access gives write
    /// permission. Always true for root, this account and the owner; for others if everyone may write, or if the group
    /// may write and either the file has the same group or there is an access control list.
    pub(super) fn lets_write(&self, owner: u32, group: u32) -> bool {
        let (own_owner, own_group) = self.owners.unwrap_or((u32::MAX, u32::MAX));
        let account = rustix::process::geteuid().as_raw();
        let group_may_write = self.mode >> 3 & WRITE != 0 && (group == own_group || self.acl.is_some());
        [0, account, own_owner].contains(&owner) || group_may_write || self.mode & WRITE != 0
    }

    /// Applies the access to a file, in steps none of which allows access to anyone who must not have it. Returns
    /// whether anything was changed.
    ///
    /// Only root can change the owner of a file. If the owner or group cannot be set, nobody gains access by this; if
    /// there is an access control list, the wanted owner and group get entries in it.
    pub(super) fn apply_to(&self, disk: &Disk, file: &File) -> io::Result<bool> {
        disk.run_hook(DiskOperation::SetAccess)?;
        let before = file.metadata()?;
        if let Some((owner, group)) = self.owners {
            if before.uid() != owner {
                let _ = fchown(file, Some(owner), None);
            }
            if before.gid() != group {
                let _ = fchown(file, None, Some(group));
            }
        }
        let after = file.metadata()?;
        let mut changed = (before.uid(), before.gid()) != (after.uid(), after.gid());
        if let Some(wanted) = &self.attributes {
            changed |= apply_attributes(file, wanted)?;
        }
        let (mode, list) = self.for_owner(after.uid(), after.gid());
        let current = attribute(file, ACL_ATTRIBUTE)?;
        let bytes = list.as_ref().map(Acl::bytes);
        if current != bytes {
            // This call also sets the mode to that of the list. The kernel does not store a list that is equivalent to
            // a mode.
            let bytes = bytes.unwrap_or_else(|| Acl::of(mode).bytes());
            fsetxattr(file, ACL_ATTRIBUTE, &bytes, XattrFlags::empty())
                .map_err(|error| cannot_keep("access control list", "getfacl", error.into()))?;
            changed = true;
        }
        if file.metadata()?.mode() & 0o7777 != mode {
            match file.set_permissions(Permissions::from_mode(mode)) {
                // On file systems without modes, a new file has the mode that all files have.
                Err(error)
                    if self.owners.is_none() && (is_unsupported(&error) || is_errno(&error, Errno::PERM)) => {
                }
                other => other?,
            }
            changed = true;
        }
        Ok(changed)
    }

    /// The mode and access control list for a file with this owner and group.
    fn for_owner(&self, owner: u32, group: u32) -> (u32, Option<Acl>) {
        let (old_owner, old_group) = self.owners.unwrap_or((owner, group));
        match &self.acl {
            None if old_group == group => (self.mode, None),
            // The file has another group, and that group gets only the permissions of everyone.
            None => ((self.mode & !0o070) | (self.mode & 0o007) << 3, None),
            Some(list) if (old_owner, old_group) == (owner, group) => (self.mode, Some(list.clone())),
            Some(list) => {
                let list = list.with_new_owner((old_owner, owner), (old_group, group));
                (self.mode & 0o7000 | list.mode(), Some(list))
            }
        }
    }
}

/// An access control list, in the order of the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Acl(Vec<AclEntry>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct AclEntry {
    tag: AclTag,
    /// The ID of the user or group.
    id: u32,
    bits: u32,
}

/// The users or groups to which an entry applies, with the values of the kernel.
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

/// The only version of the format.
const VERSION: [u8; 4] = [2, 0, 0, 0];
/// The ID in entries without a specific user or group.
const NO_ID: u32 = u32::MAX;

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
        let unknown =
            || io::Error::other("its access control list has an unsupported format; set a simpler one");
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

    /// The list that is equivalent to a mode.
    fn of(mode: u32) -> Self {
        let entry = |tag, bits| AclEntry {
            tag,
            id: NO_ID,
            bits: bits & 7,
        };
        Self(vec![
            entry(AclTag::Owner, mode >> 6),
            entry(AclTag::OwningGroup, mode >> 3),
            entry(AclTag::Others, mode),
        ])
    }

    fn is_extended(&self) -> bool {
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

    /// The tag whose permissions are the group bits of the mode.
    fn group_class(&self) -> AclTag {
        match self.bits(AclTag::Mask, NO_ID) {
            Some(_) => AclTag::Mask,
            None => AclTag::OwningGroup,
        }
    }

    /// The mode of a file with this list.
    fn mode(&self) -> u32 {
        let bits = |tag| self.bits(tag, NO_ID).unwrap_or_default();
        bits(AclTag::Owner) << 6 | bits(self.group_class()) << 3 | bits(AclTag::Others)
    }

    /// Returns the list that the kernel derives from a folder's default list for a file that is created with this mode.
    fn masked_by(mut self, mode: u32) -> Self {
        for (tag, shift) in [(AclTag::Owner, 6), (self.group_class(), 3), (AclTag::Others, 0)] {
            let bits = self.bits(tag, NO_ID).unwrap_or_default();
            self.set(tag, NO_ID, bits & mode >> shift);
        }
        self
    }

    /// Returns the list that grants everyone the same access to a file of another owner or group. `owner` and `group`
    /// are pairs of the old and the new ID.
    fn with_new_owner(&self, owner: (u32, u32), group: (u32, u32)) -> Self {
        let mask = self.bits(AclTag::Mask, NO_ID).unwrap_or(7);
        let mut list = self.clone();
        for entry in &mut list.0 {
            if matches!(entry.tag, AclTag::User | AclTag::OwningGroup | AclTag::Group) {
                entry.bits &= mask;
            }
        }
        let bits = |list: &Self, tag| list.bits(tag, NO_ID).unwrap_or_default();
        if owner.0 != owner.1 {
            let old_bits = bits(&list, AclTag::Owner);
            list.set(AclTag::User, owner.0, old_bits);
        }
        if group.0 != group.1 {
            let old_bits = bits(&list, AclTag::OwningGroup);
            list.set(AclTag::Group, group.0, old_bits);
            let others_bits = bits(&list, AclTag::Others);
            let new_bits = list.bits(AclTag::Group, group.1).unwrap_or(others_bits);
            list.set(AclTag::OwningGroup, NO_ID, new_bits);
        }
        let is_masked =
            |entry: &&AclEntry| matches!(entry.tag, AclTag::User | AclTag::OwningGroup | AclTag::Group);
        let all_bits = list
            .0
            .iter()
            .filter(is_masked)
            .fold(0, |bits, entry| bits | entry.bits);
        list.set(AclTag::Mask, NO_ID, all_bits);
        list
    }
}

/// The value of an extended attribute; `None` if the file does not have it or attributes are not supported.
fn attribute(file: &File, name: &str) -> io::Result<Option<Vec<u8>>> {
    none_if_missing(read_whole(|buffer| fgetxattr(file, name, buffer)))
}

fn none_if_missing(found: io::Result<Vec<u8>>) -> io::Result<Option<Vec<u8>>> {
    match found {
        Err(error) if is_errno(&error, Errno::NODATA) || is_unsupported(&error) => Ok(None),
        other => other.map(Some),
    }
}

/// The error if `property` cannot be copied to a new file; the user can see the property with `command`. The error of a
/// full disk is returned unchanged.
fn cannot_keep(property: &str, command: &str, error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => error,
        _ => io::Error::other(format!(
            "its {property} cannot be copied to the new file ({error}); check it with {command}, and change or remove it"
        )),
    }
}

/// The attributes set by users, and the security attributes of the system except those derived from the content.
fn attributes(file: &File) -> io::Result<Vec<(CString, Vec<u8>)>> {
    let names = match read_whole(|buffer| flistxattr(file, buffer)) {
        Err(error) if is_unsupported(&error) => return Ok(Vec::new()),
        other => other?,
    };
    let mut found = Vec::new();
    for name in names.split(|byte| *byte == 0) {
        let depends_on_content = [&b"security.ima"[..], b"security.evm"].contains(&name);
        if is_user_attribute(name) || (name.starts_with(b"security.") && !depends_on_content) {
            let name = CString::new(name)?;
            match read_whole(|buffer| fgetxattr(file, &name, buffer)) {
                Ok(value) => found.push((name, value)),
                Err(error) if is_user_attribute(name.as_bytes()) => return Err(error),
                Err(_) => {}
            }
        }
    }
    Ok(found)
}

fn is_user_attribute(name: &[u8]) -> bool {
    name.starts_with(b"user.")
}

/// Sets these attributes, and removes other attributes set by users. Returns whether anything was changed. Only root
/// may set the attributes of the system, so a failure to set one of them is not an error.
fn apply_attributes(file: &File, wanted: &[(CString, Vec<u8>)]) -> io::Result<bool> {
    let current = attributes(file)?;
    let mut changed = false;
    for (name, value) in wanted.iter().filter(|attribute| !current.contains(attribute)) {
        match fsetxattr(file, name, value, XattrFlags::empty()) {
            Err(error) if is_user_attribute(name.as_bytes()) => {
                let property = format!("attribute {}", name.to_string_lossy());
                return Err(cannot_keep(&property, "getfattr -d", error.into()));
            }
            set => changed |= set.is_ok(),
        }
    }
    let is_wanted = |name| wanted.iter().any(|(other, _)| other == name);
    for (name, _) in current
        .iter()
        .filter(|(name, _)| is_user_attribute(name.as_bytes()) && !is_wanted(name))
    {
        fremovexattr(file, name)?;
        changed = true;
    }
    Ok(changed)
}

/// Returns the bytes that `call` writes into a buffer; `call` returns their number.
fn read_whole(call: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> io::Result<Vec<u8>> {
    // The kernel's limit for the length of a value, and for that of the names of all attributes.
    let mut buffer = vec![0; 1 << 16];
    let length = call(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}
