//! Parses lists of hats in XML, as XMPP servers send them (XEP-0317): the result forms of ad-hoc commands, with a hat
//! or an assignment in each item, and the `<hats/>` of a presence.
//!
//! Uses `roxmltree`, which rejects DTDs and so expands only the predefined entities. The crate needs a complete
//! document, such as a file, unlike the stream of a connection.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use roxmltree::{Document, Node, ParsingOptions};

use super::columns::{AtLine, ColumnIndex, TableColumn, parse_hue, quoted};
use super::parsed::{ImportErrors, ImportExtent, ParsedImport, decode_text};
use crate::model::{Attachment, CatalogHat, Extra, HatId, Hue, Jid, Room, User, Wardrobe};

const HATS_NAMESPACE: &str = "urn:xmpp:hats:0";
const DATA_FORM_NAMESPACE: &str = "jabber:x:data";
/// Maximum number of XML nodes; a room of 10,000 users with ten hats each needs a tenth of this number.
const MAX_NODES: u32 = 10_000_000;

/// Parses the lists of a file. Several lists of one room are merged.
pub(super) fn read(bytes: &[u8]) -> Result<ParsedImport, ImportErrors> {
    let text = decode_text(bytes)?;
    let options = ParsingOptions {
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let line = error.pos().row as usize;
        ImportErrors::rows(vec![(line, format!("not valid XML: {error}"))])
    })?;
    let mut lists = HatLists::default();
    for node in document.descendants() {
        if node.has_tag_name((DATA_FORM_NAMESPACE, "item")) {
            lists.take_item(&document, node);
        } else if node.has_tag_name((HATS_NAMESPACE, "hat")) {
            lists.take_hat(&document, node);
        }
    }
    lists.finish(room_of(&document).as_ref())
}

/// The room that sent the lists: the bare address in `from` of the outermost element.
fn room_of(document: &Document<'_>) -> Option<Jid> {
    let stanza = document.root_element();
    Jid::parse_room(stanza.attribute("from")?).ok()
}

#[derive(Default)]
struct HatLists {
    catalog: BTreeMap<HatId, CatalogHat>,
    /// The users, each with the line of the user's first hat, and with all hats of the user.
    users: BTreeMap<Jid, (usize, BTreeMap<HatId, Attachment>)>,
    /// The hats of a presence, whose user is not named.
    unnamed: BTreeMap<HatId, Attachment>,
    has_title: bool,
    has_hue: bool,
    errors: Vec<AtLine<String>>,
}

fn line_of(document: &Document<'_>, node: Node<'_, '_>) -> usize {
    document.text_pos_at(node.range().start).row as usize
}

/// The value of the field `name` of an item; `None` if it is missing or empty.
fn field(item: Node<'_, '_>, name: &str) -> Option<String> {
    let field = item.children().find(|field| {
        field.has_tag_name((DATA_FORM_NAMESPACE, "field")) && field.attribute("var") == Some(name)
    })?;
    let value = field
        .children()
        .find(|value| value.has_tag_name((DATA_FORM_NAMESPACE, "value")))?;
    let text: String = value.children().filter_map(|child| child.text()).collect();
    (!text.is_empty()).then_some(text)
}

fn non_empty(title: Option<String>) -> Option<Arc<str>> {
    title.filter(|title| !title.is_empty()).map(Into::into)
}

impl HatLists {
    fn take_item(&mut self, document: &Document<'_>, item: Node<'_, '_>) {
        let line = line_of(document, item);
        let user = field(item, "hats#jid").or_else(|| field(item, "jid"));
        let old_fields = (field(item, "hat_uri"), field(item, "hat_title"));
        let (id, title) = match (field(item, "hats#uri"), old_fields) {
            (Some(id), _) => (Some(id), field(item, "hats#title")),
            // ejabberd before 25.10 swaps these two fields in its list.
            (None, (Some(uri), Some(title))) if !is_uri(&uri) && is_uri(&title) => (Some(title), Some(uri)),
            (None, (uri, title)) => (uri, title),
        };
        let Some(id) = id else {
            let message = "the item has no field hats#uri (or hat_uri)".into();
            return self.errors.push((line, message));
        };
        let id = HatId::unchecked(id);
        if let Some(user) = user {
            return self.assign(line, &user, id, non_empty(title));
        }
        let hue = field(item, "hats#hue").and_then(|hue| parse_hue(&hue));
        self.has_hue |= hue.is_some();
        self.define(line, id, non_empty(title), hue);
    }

    fn define(&mut self, line: usize, id: HatId, title: Option<Arc<str>>, hue: Option<Hue>) {
        self.has_title |= title.is_some();
        let entry = CatalogHat {
            title,
            hue,
            extra: Extra::default(),
        };
        match self.catalog.entry(id) {
            Entry::Vacant(free) => drop(free.insert(entry)),
            Entry::Occupied(other) if *other.get() == entry => {}
            Entry::Occupied(other) => {
                let message = format!("the hat {} is listed twice, with different values", other.key());
                self.errors.push((line, message));
            }
        }
    }

    fn assign(&mut self, line: usize, user: &str, id: HatId, title: Option<Arc<str>>) {
        let jid = match Jid::parse_input(user) {
            Ok(jid) => jid,
            Err(error) => {
                return self.errors.push((
                    line,
                    format!("{} is not an address: {}", quoted(user), error.reason),
                ));
            }
        };
        self.has_title |= title.is_some();
        let hat = attachment(title);
        let (_, hats) = self.users.entry(jid).or_insert_with(|| (line, BTreeMap::new()));
        hats.insert(id, hat);
    }

    /// Takes a hat in a presence. The hat belongs to the user whose address is in the same presence, if the room shows
    /// addresses.
    fn take_hat(&mut self, document: &Document<'_>, hat: Node<'_, '_>) {
        let line = line_of(document, hat);
        let Some(id) = hat.attribute("uri").filter(|id| !id.is_empty()) else {
            return self.errors.push((line, "the hat has no uri".into()));
        };
        let (id, title) = (
            HatId::unchecked(id),
            non_empty(hat.attribute("title").map(str::to_owned)),
        );
        let presence = hat.ancestors().find(|node| node.tag_name().name() == "presence");
        let address = presence.and_then(|presence| {
            let is_item = |node: &Node<'_, '_>| {
                node.has_tag_name(("http://jabber.org/protocol/muc#user", "item"))
                    && node.has_attribute("jid")
            };
            presence.descendants().find(is_item)?.attribute("jid")
        });
        if let Some(address) = address {
            return self.assign(line, address, id, title);
        }
        self.has_title |= title.is_some();
        self.unnamed.insert(id, attachment(title));
    }

    fn finish(self, room: Option<&Jid>) -> Result<ParsedImport, ImportErrors> {
        if !self.errors.is_empty() {
            return Err(ImportErrors::rows(self.errors));
        }
        let has_lists = !self.catalog.is_empty() || !self.users.is_empty();
        let mut columns = vec![TableColumn::User, TableColumn::Hat, TableColumn::Active];
        columns.extend(self.has_title.then_some(TableColumn::Title));
        columns.extend(self.has_hue.then_some(TableColumn::Hue));
        let columns = ColumnIndex::of(&columns);
        if !self.unnamed.is_empty() {
            if has_lists {
                return Err(ImportErrors::of_file(
                    "the file contains hats of a user without an address, and hats of other users; import them separately",
                ));
            }
            let user = User {
                hats: self.unnamed.into_iter().collect(),
                ..User::default()
            };
            let content = ImportExtent::User(Box::new(user), false);
            return Ok(ParsedImport::with_columns(content, columns));
        }
        if !has_lists {
            return Err(ImportErrors::of_file(
                "the file contains no list of hats: no <item/> of a data form and no <hat/> (urn:xmpp:hats:0)",
            ));
        }
        let mut missing = BTreeMap::new();
        let users = self.users.into_iter().map(|(jid, (line, hats))| {
            missing.insert((room.cloned(), jid.clone()), line);
            let user = User {
                hats: hats.into_iter().collect(),
                ..User::default()
            };
            (jid, user)
        });
        let mut content = Room::default().with_users(users.collect()).unwrap_or_default();
        content.catalog = self.catalog;
        let content = match room {
            Some(room) => ImportExtent::Document(Wardrobe::from_rooms(vec![(room.clone(), content.into())])),
            None => ImportExtent::Room(Box::new(content)),
        };
        let mut parsed = ParsedImport::with_columns(content, columns);
        parsed.missing_affiliations = missing;
        Ok(parsed)
    }
}

/// Creates the attachment of a hat that a server lists: the hat is shown in the room, so it is active.
fn attachment(title: Option<Arc<str>>) -> Attachment {
    Attachment {
        title,
        ..Attachment::default().with_active(true)
    }
}

fn is_uri(text: &str) -> bool {
    HatId::unchecked(text).is_uri()
}
