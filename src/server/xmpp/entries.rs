//! The entries of long lists, taken out of a stanza as they arrive: a tree of elements for each would take most of the time
//! of reading a room.

use tokio_xmpp::minidom::rxml::{AttrMap, Event, NcName, QName};

const MUC_ADMIN: &str = "http://jabber.org/protocol/muc#admin";
const COMMANDS: &str = "http://jabber.org/protocol/commands";
const FORM: &str = "jabber:x:data";

/// An entry of an affiliation list, or of the result form of a command.
#[derive(Debug, Clone, Default)]
pub(super) struct ListEntry {
    /// Those without a namespace. The map of the parser is several times as large.
    attributes: Vec<(NcName, String)>,
    /// The reason of an affiliation by the name of its element, or the first value of each field by its name.
    values: Vec<(String, String)>,
}

impl ListEntry {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|(key, _)| key.as_str() == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first value of that name, empty if it has no text.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What the entries of a list look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Affiliations,
    Form,
}

impl Kind {
    fn namespace(self) -> &'static str {
        match self {
            Self::Affiliations => MUC_ADMIN,
            Self::Form => FORM,
        }
    }
}

/// Where the list is: the depth of its element, of which the stanza has 1.
#[derive(Debug, Clone, Copy)]
enum ListPosition {
    Before,
    /// In the first command, whose first form may follow.
    Command,
    In(Kind, usize),
    After,
}

/// Collects the entries of the first list of a stanza.
#[derive(Debug)]
pub(super) struct Entries {
    found: Vec<ListEntry>,
    place: ListPosition,
    open: Option<Open>,
}

/// An unfinished entry.
#[derive(Debug)]
struct Open {
    kind: Kind,
    entry: ListEntry,
    /// Number of open elements within the entry.
    depth: usize,
    /// The depth whose text belongs to the last value.
    text: Option<usize>,
    /// In a field that has no value yet.
    awaits_value: bool,
}

impl Entries {
    pub(super) fn new() -> Self {
        Self {
            found: Vec::new(),
            place: ListPosition::Before,
            open: None,
        }
    }

    pub(super) fn finish(self) -> Vec<ListEntry> {
        self.found
    }

    /// Takes an event if it belongs to an entry, else returns it. `depth` is the number of open elements before it.
    pub(super) fn take(&mut self, event: Event, depth: usize) -> Option<Event> {
        if let Some(mut open) = self.open.take() {
            if open.feed(event) {
                self.found.push(open.entry);
            } else {
                self.open = Some(open);
            }
            return None;
        }
        match event {
            Event::StartElement(metrics, name, attributes) => {
                if let ListPosition::In(kind, list) = self.place
                    && depth == list
                    && is(&name, "item", kind.namespace())
                {
                    self.open = Some(Open::new(kind, attributes));
                    return None;
                }
                self.enter(&name, depth);
                Some(Event::StartElement(metrics, name, attributes))
            }
            Event::EndElement(metrics) => {
                self.leave(depth);
                Some(Event::EndElement(metrics))
            }
            event => Some(event),
        }
    }

    fn enter(&mut self, name: &QName, depth: usize) {
        self.place = match (self.place, depth) {
            (ListPosition::Before, 1) if is(name, "query", MUC_ADMIN) => {
                ListPosition::In(Kind::Affiliations, 2)
            }
            (ListPosition::Before, 1) if is(name, "command", COMMANDS) => ListPosition::Command,
            (ListPosition::Command, 2) if is(name, "x", FORM) => ListPosition::In(Kind::Form, 3),
            (place, _) => place,
        };
    }

    fn leave(&mut self, depth: usize) {
        match self.place {
            ListPosition::In(_, list) if depth == list => self.place = ListPosition::After,
            ListPosition::Command if depth == 2 => self.place = ListPosition::After,
            _ => {}
        }
    }
}

impl Open {
    fn new(kind: Kind, attributes: AttrMap) -> Self {
        let attributes = attributes.into_iter();
        let entry = ListEntry {
            attributes: attributes
                .filter(|((namespace, _), _)| namespace.is_none())
                .map(|((_, name), value)| (name, value))
                .collect(),
            values: Vec::new(),
        };
        Self {
            kind,
            entry,
            depth: 0,
            text: None,
            awaits_value: false,
        }
    }

    /// Returns whether the entry is complete.
    fn feed(&mut self, event: Event) -> bool {
        match event {
            Event::StartElement(_, name, attributes) => {
                self.depth += 1;
                self.start(&name, attributes);
            }
            Event::Text(_, text) if self.text == Some(self.depth) => {
                if let Some((_, value)) = self.entry.values.last_mut() {
                    append(value, text);
                }
            }
            Event::EndElement(_) => {
                if self.depth == 0 {
                    return true;
                }
                if self.text == Some(self.depth) {
                    self.text = None;
                }
                self.awaits_value &= self.depth > 1;
                self.depth -= 1;
            }
            Event::Text(..) | Event::XmlDeclaration(..) => {}
        }
        false
    }

    fn start(&mut self, name: &QName, attributes: AttrMap) {
        match (self.kind, self.depth) {
            (Kind::Affiliations, 1) if name.1.as_str() == "reason" => {
                self.text = Some(1);
                self.entry.values.push(("reason".into(), String::new()));
            }
            (Kind::Form, 1) if is(name, "field", FORM) => {
                let mut attributes = attributes.into_iter();
                let var =
                    attributes.find(|((namespace, key), _)| namespace.is_none() && key.as_str() == "var");
                if let Some((_, var)) = var {
                    self.awaits_value = true;
                    self.entry.values.push((var, String::new()));
                }
            }
            (Kind::Form, 2) if self.awaits_value && name.1.as_str() == "value" => {
                self.text = Some(2);
                self.awaits_value = false;
            }
            _ => {}
        }
    }
}

/// Usually a text arrives as a whole.
fn append(value: &mut String, text: String) {
    if value.is_empty() {
        *value = text;
    } else {
        value.push_str(&text);
    }
}

fn is(name: &QName, local: &str, namespace: &str) -> bool {
    name.1.as_str() == local && name.0.as_str() == namespace
}

#[cfg(test)]
mod tests {
    use tokio_xmpp::minidom::rxml::{Parse as _, Parser};

    use super::*;

    /// The entries of a stanza, fed as its builder does.
    fn entries(stanza: &str) -> Vec<ListEntry> {
        let (mut parser, mut entries, mut depth) = (Parser::default(), Entries::new(), 0);
        let read = parser.parse_all(&mut stanza.as_bytes(), true, |event| {
            let before = depth;
            match &event {
                Event::StartElement(..) => depth += 1,
                Event::EndElement(_) => depth -= 1,
                _ => {}
            }
            if before > 0 {
                entries.take(event, before);
            }
        });
        read.expect("well-formed");
        entries.finish()
    }

    #[test]
    fn attributes_of_other_namespaces_are_not_those_of_an_entry() {
        let found = entries(
            "<iq xmlns='jabber:client'><query xmlns='http://jabber.org/protocol/muc#admin'>\
             <item xmlns:o='urn:x:other' o:jid='other' jid='ana@example.org' o:nick='other' affiliation='member'>\
             <reason>why</reason></item></query></iq>",
        );
        let [entry] = &found[..] else { panic!("{found:?}") };
        assert_eq!(entry.attribute("jid"), Some("ana@example.org"));
        assert_eq!(entry.attribute("affiliation"), Some("member"));
        assert_eq!(entry.attribute("nick"), None);
        assert_eq!(entry.value("reason"), Some("why"));
    }
}
