//! Parses affiliation lists as servers print them in JSON: ejabberd's `get_room_affiliations` (an array, in both
//! versions of its API) and rooms in Prosody's storage (`_affiliations`, `_affiliation_data`). They are merged like
//! tables: values that they do not contain stay unchanged.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::columns::{ColumnIndex, TableColumn, quoted};
use super::parsed::{ImportErrors, ImportExtent, ParsedImport};
use crate::model::read;
use crate::model::{Affiliation, Attachment, Extra, HatId, Hats, Jid, Room, User, Wardrobe};

/// An entry of ejabberd's list. API version 3 has the address in one field.
#[derive(Deserialize)]
struct ListedUser<'a> {
    #[serde(borrow)]
    jid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    username: Option<Cow<'a, str>>,
    #[serde(borrow)]
    domain: Option<Cow<'a, str>>,
    #[serde(borrow)]
    affiliation: Cow<'a, str>,
}

/// The fields of a room in Prosody's storage that are imported.
#[derive(Deserialize)]
struct StoredRoom<'a> {
    #[serde(rename = "_jid")]
    jid: Option<String>,
    #[serde(rename = "_affiliations")]
    affiliations: BTreeMap<String, String>,
    #[serde(rename = "_affiliation_data", borrow, default)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct AffiliationData<'a> {
    #[serde(borrow)]
    hats: Option<&'a RawValue>,
}

/// Parses an array of users and affiliations.
pub(super) fn parse_user_list(text: &[u8]) -> Result<ParsedImport, ImportErrors> {
    let listed: Vec<ListedUser<'_>> = serde_json::from_slice(text).map_err(|error| {
        let expected =
            "expected a list of objects with \"jid\" (or \"username\" and \"domain\") and \"affiliation\"";
        ImportErrors::of_file(format!("{expected}: {error}"))
    })?;
    let mut users = AffiliationLists::default();
    for (entry, user) in (1..).zip(&listed) {
        let address = match (&user.jid, &user.username, &user.domain) {
            (Some(jid), ..) => jid.clone().into_owned(),
            (None, name, Some(domain)) => address(name.as_deref().unwrap_or_default(), domain),
            (None, _, None) => {
                users.add_error(format!(
                    "entry {entry} has no address (\"jid\", or \"username\" and \"domain\")"
                ));
                continue;
            }
        };
        users.add(&format!("entry {entry}"), &address, &user.affiliation);
    }
    users.finish(None, &[])
}

/// The address of an account; the domain itself if the name is empty.
pub(super) fn address(name: &str, domain: &str) -> String {
    if name.is_empty() {
        domain.to_owned()
    } else {
        format!("{name}@{domain}")
    }
}

/// Whether an object maps addresses to affiliations.
pub(super) fn is_affiliation_map(members: &Extra) -> bool {
    let mut values = members.iter().peekable();
    values.peek().is_some()
        && values.all(|(_, value)| {
            let name = serde_json::from_str::<String>(value.as_str()).ok();
            name.is_some_and(|name| Affiliation::from_name(&name).is_some())
        })
}

/// Parses an object that maps addresses to affiliations.
pub(super) fn parse_affiliation_map(text: &[u8]) -> Result<ParsedImport, ImportErrors> {
    let map: BTreeMap<String, String> = serde_json::from_slice(text).map_err(|error| file_error(&error))?;
    let mut users = AffiliationLists::default();
    for (address, affiliation) in &map {
        users.add(&quoted(address), address, affiliation);
    }
    users.finish(None, &[])
}

/// Whether an object is a room in Prosody's storage.
pub(super) fn is_stored_room(members: &Extra) -> bool {
    members.get("_affiliations").is_some()
}

/// Parses a room in Prosody's storage: affiliations, and the hats of the users.
pub(super) fn parse_stored_room(text: &[u8]) -> Result<ParsedImport, ImportErrors> {
    let stored: StoredRoom<'_> = serde_json::from_slice(text).map_err(|error| file_error(&error))?;
    let mut users = AffiliationLists::default();
    for (address, affiliation) in &stored.affiliations {
        users.add(&quoted(address), address, affiliation);
    }
    let data: BTreeMap<String, AffiliationData<'_>> = match stored.data {
        // Lua writes an empty table as a list.
        Some(data) if data.get().starts_with('{') => {
            serde_json::from_str(data.get()).map_err(|error| file_error(&error))?
        }
        _ => BTreeMap::new(),
    };
    for (address, data) in &data {
        let hats = data.hats.map(RawValue::get).filter(|hats| hats.starts_with('{'));
        if let Some(hats) = hats {
            users.set_hats(address, hats);
        }
    }
    let room = match stored.jid.as_deref().map(Jid::parse_room).transpose() {
        Ok(room) => room,
        Err(error) => {
            users.add_error(error.to_string());
            None
        }
    };
    let columns = [
        TableColumn::Hat,
        TableColumn::Title,
        TableColumn::Active,
        TableColumn::Required,
    ];
    users.finish(room, &columns)
}

fn file_error(error: &serde_json::Error) -> ImportErrors {
    ImportErrors::of_file(error.to_string())
}

/// Collects users with their affiliations, and the errors.
#[derive(Default)]
pub(super) struct AffiliationLists {
    users: BTreeMap<Jid, User>,
    errors: Vec<String>,
}

impl AffiliationLists {
    pub(super) fn add_error(&mut self, message: String) {
        self.errors.push(message);
    }

    /// Adds a user. `place` names the entry in an error.
    pub(super) fn add(&mut self, place: &str, address: &str, affiliation: &str) {
        let jid = match Jid::parse_input(address) {
            Ok(jid) => jid,
            Err(error) => return self.add_error(format!("{place}: {error}")),
        };
        let Some(affiliation) = Affiliation::from_name(affiliation) else {
            let found = quoted(affiliation);
            return self.add_error(format!(
                "{place}: affiliation is {found}, expected owner, admin, member, outcast or none"
            ));
        };
        match self.users.entry(jid) {
            Entry::Vacant(free) => drop(free.insert(User::new(affiliation))),
            Entry::Occupied(other) if other.get().affiliation == affiliation => {}
            Entry::Occupied(other) => {
                let message = format!(
                    "{place}: {} is in the list twice, with different affiliations",
                    other.key()
                );
                self.add_error(message);
            }
        }
    }

    fn set_hats(&mut self, address: &str, json: &str) {
        let hats = match read::hats(json.as_bytes()) {
            Ok(hats) => hats,
            Err(error) => return self.add_error(format!("hats of {}: {error}", quoted(address))),
        };
        match Jid::parse_input(address) {
            Ok(jid) => {
                self.users.entry(jid).or_default().hats = hats.iter().map(without_extra).collect::<Hats>();
            }
            Err(error) => self.add_error(format!("hats of {error}")),
        }
    }

    /// Returns the users of the room, or all errors. `columns` are the columns that the list has in addition to user
    /// and affiliation.
    pub(super) fn finish(
        self,
        room: Option<Jid>,
        columns: &[TableColumn],
    ) -> Result<ParsedImport, ImportErrors> {
        if !self.errors.is_empty() {
            return Err(ImportErrors::listed(self.errors));
        }
        let content = Room::default()
            .with_users(self.users.into_iter().collect())
            .unwrap_or_default();
        let columns = ColumnIndex::of(
            [TableColumn::User, TableColumn::Affiliation]
                .iter()
                .chain(columns),
        );
        let content = match room {
            Some(room) => ImportExtent::Document(Wardrobe::from_rooms(vec![(room, content.into())])),
            None => ImportExtent::Room(Box::new(content)),
        };
        Ok(ParsedImport::with_columns(content, columns))
    }
}

/// Returns the hat without its expiration and its unrecognized fields.
fn without_extra((id, hat): (&HatId, &Attachment)) -> (HatId, Attachment) {
    let hat = Attachment {
        extra: Extra::default(),
        ..hat.clone()
    };
    (id.clone(), hat)
}
