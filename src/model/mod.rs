//! The data model: rooms, their users, the users' hats, and the edits that change them.
//!
//! A [`Wardrobe`] is the content of a data file. Its operations ([`Wardrobe::add_user_hat`],
//! [`Wardrobe::remove_user_hat`], [`Wardrobe::set_user_hats`] and the ones for rooms, affiliations and catalogs) modify
//! it and return the [`EditGroup`] of [`Edit`]s that they applied; the inverse of the group undoes them. The semantics are
//! those of Prosody's `mod_muc_hats_api` and of XEP-0317; error conditions are those of RFC 6120, section 8.3.3.
//!
//! This module uses no file, clock or terminal: [`read`] and [`write`](mod@write) convert between bytes and wardrobes;
//! storing the bytes is up to the caller.
//!
//! ```
//! use hatrack::model::{Affiliation, Attachment, HatId, Jid, Wardrobe};
//!
//! let mut wardrobe = Wardrobe::default();
//! let room = Jid::parse("courses@conference.example.org")?;
//! let user = Jid::parse("terry@example.org/phone")?; // the resource is dropped
//! wardrobe.add_room(&room, None)?;
//! wardrobe.set_affiliation(&user, &room, Affiliation::Member)?;
//! let hat = HatId::parse("http://example.com/hats/teacher")?;
//! let group = wardrobe.add_user_hat(&user, &room, &hat, Attachment::default())?;
//! assert!(wardrobe.user(&room, &user).is_some_and(|user| user.hats.get(&hat).is_some()));
//! wardrobe.apply(&group.inverse())?; // undo
//! assert!(wardrobe.user(&room, &user).is_some_and(|user| user.hats.is_empty()));
//! # Ok::<(), hatrack::model::EditError>(())
//! ```

mod diff;
mod edit;
mod error;
mod excerpt;
mod extra;
pub(crate) mod folding;
mod hat;
mod jid;
mod operations;
pub mod read;
mod rights;
mod room;
mod sets;
mod until;
mod wardrobe;
pub mod write;

pub(crate) use diff::diff_user;
pub use edit::{Edit, EditGroup, HatRule};
pub use error::{EditError, FoundValue, NotPermitted};
pub use extra::{Extra, Json};
pub use folding::FoldedTitle;
pub(crate) use hat::is_only_whitespace;
pub use hat::{Attachment, CatalogHat, HatId, HatSets, Hats, Hue, InvalidHatId, MAX_INPUT_BYTES};
pub use jid::{InvalidJid, Jid};
pub use operations::DefineOutcome;
pub(crate) use rights::Touched;
pub use rights::{PermittedGroup, Rights};
pub use room::{Affiliation, Room, RoomHat, User};
pub use wardrobe::Wardrobe;
