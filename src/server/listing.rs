//! Collects the list of a server's rooms, over all pages and services, and limits its size.

use super::backend::RoomList;
use super::error::Error;
use crate::sync::RemoteRoomInfo;

/// Maximum number of rooms of a server.
pub(super) const MAX_ROOMS: usize = 100_000;
/// Maximum size of the addresses and names of all rooms together, in bytes.
const MAX_TEXT_BYTES: usize = 32 << 20;

/// A list of rooms as it is received.
#[derive(Debug, Default)]
pub(super) struct Listing {
    list: RoomList,
    text_bytes: usize,
}

impl Listing {
    /// Number of entries so far, including those whose addresses cannot be used.
    pub(super) fn count(&self) -> usize {
        self.list.rooms.len() + self.list.unreadable
    }

    /// The rooms so far.
    #[cfg(feature = "live")]
    pub(super) fn rooms(&self) -> &[RemoteRoomInfo] {
        &self.list.rooms
    }

    /// Adds a room; `None` counts an entry whose address cannot be used.
    ///
    /// Errors: the list has more rooms or text than is accepted.
    pub(super) fn add(&mut self, room: Option<RemoteRoomInfo>) -> Result<(), Error> {
        match room {
            Some(room) => {
                self.text_bytes += room.room.as_str().len() + room.name.as_deref().map_or(0, str::len);
                self.list.rooms.push(room);
            }
            None => self.list.unreadable += 1,
        }
        if self.count() > MAX_ROOMS {
            return Err(too_many_rooms());
        }
        if self.text_bytes > MAX_TEXT_BYTES {
            let megabytes = MAX_TEXT_BYTES >> 20;
            return Err(Error::Malformed(format!(
                "the addresses and names of its rooms have more than {megabytes} MB"
            )));
        }
        Ok(())
    }

    /// Returns the list, ordered by address. `is_complete`: the server was able to list all rooms.
    pub(super) fn finish(mut self, is_complete: bool) -> RoomList {
        self.list.is_complete = is_complete;
        self.list.rooms.sort_by(|one, other| one.room.cmp(&other.room));
        self.list
    }
}

/// The error for a list with more than [`MAX_ROOMS`] rooms.
pub(super) fn too_many_rooms() -> Error {
    Error::Malformed(format!("there are more than {MAX_ROOMS} rooms"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Jid;

    #[test]
    fn endless_lists_are_errors() {
        let named = |size| RemoteRoomInfo {
            room: Jid::parse("a@rooms.example.org").unwrap(),
            name: Some("x".repeat(size).into()),
            allowed: None,
        };
        for (room, expected) in [
            (None, "more than 100000 rooms"),
            (Some(named(1)), "more than 100000 rooms"),
            (Some(named(16_000)), "more than 32 MB"),
        ] {
            let mut listing = Listing::default();
            let error = (0..200_000).find_map(|_| listing.add(room.clone()).err());
            let error = error.unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
