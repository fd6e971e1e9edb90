//! Compares two states of a room or user without their unrecognized fields.

use crate::model::{Room, User};

/// Whether two states of a room have the same name, catalog and users.
pub(super) fn has_same_room_content(one: &Room, other: &Room) -> bool {
    one.name == other.name && one.catalog == other.catalog && one.users() == other.users()
}

/// Whether two states of a user have the same affiliation and hats.
pub(super) fn has_same_user_content(one: &User, other: &User) -> bool {
    one.affiliation == other.affiliation && one.hats == other.hats
}
