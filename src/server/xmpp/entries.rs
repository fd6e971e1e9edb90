//! Takes the entries of long lists out of stanzas, because building a tree of elements for each entry would take most
//! of the time of reading a room.

use roxmltree::{Document, Node};

const MUC_ADMIN: &str = "http://jabber.org/protocol/muc#admin";
const COMMANDS: &str = "http://jabber.org/protocol/commands";
const FORM: &str = "jabber:x:data";
/// The attributes that are read from entries; they have no namespace.
const ATTRIBUTES: [&str; 3] = ["jid", "affiliation", "nick"];

/// An entry of an affiliation list, or of the result form of a command.
#[derive(Debug, Clone, Default)]
pub(super) struct ListEntry {
    attributes: Vec<(&'static str, String)>,
    /// Values by name: the reason of an affiliation by the name of its element, or the first value of each field by the name of
    /// the field.
    values: Vec<(String, String)>,
}

impl ListEntry {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first value with this name, empty if it has no text; `None` if there is no such value.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    fn new(item: Node<'_, '_>) -> Self {
        let named = |name| Some((name, attribute(item, name)?.to_owned()));
        let is_form = is(item, "item", FORM);
        Self {
            attributes: ATTRIBUTES.into_iter().filter_map(named).collect(),
            values: item
                .children()
                .filter_map(|part| match part.tag_name().name() {
                    "reason" if !is_form => Some(("reason".to_owned(), text(part))),
                    "field" if is_form && is(part, "field", FORM) => {
                        let value = part.children().find(|value| value.tag_name().name() == "value");
                        Some((
                            attribute(part, "var")?.to_owned(),
                            value.map(text).unwrap_or_default(),
                        ))
                    }
                    _ => None,
                })
                .collect(),
        }
    }
}

/// Takes the entries of the first list out of a stanza, and appends the rest of the stanza to `rest`. `header` is the
/// start tag of the stream. `None` if the stanza is not well-formed.
pub(super) fn take_entries(header: &str, stanza: &str, rest: &mut Vec<u8>) -> Option<Vec<ListEntry>> {
    let name = header.strip_prefix('<')?;
    let name = name
        .split(|end: char| end.is_ascii_whitespace() || end == '>')
        .next()?;
    let text = [header, stanza, "</", name, ">"].concat();
    let document = Document::parse(&text).ok()?;
    let stream = document.root_element();
    let mut entries = Vec::new();
    let mut rest_start = header.len();
    let mut pass_on = |range| {
        rest.extend_from_slice(text.as_bytes().get(range)?);
        Some(())
    };
    if let Some((list, namespace)) = stream.first_element_child().and_then(first_list) {
        for item in list.children().filter(|item| is(*item, "item", namespace)) {
            let range = item.range();
            pass_on(rest_start..range.start)?;
            rest_start = range.end;
            entries.push(ListEntry::new(item));
        }
    }
    pass_on(rest_start..header.len() + stanza.len())?;
    Some(entries)
}

/// Finds the element that contains the entries, and their namespace; `None` if the stanza has no list.
fn first_list<'a, 'input>(stanza: Node<'a, 'input>) -> Option<(Node<'a, 'input>, &'static str)> {
    let is_list = |part: &Node<'_, '_>| is(*part, "query", MUC_ADMIN) || is(*part, "command", COMMANDS);
    let found = stanza.children().find(is_list)?;
    if is(found, "query", MUC_ADMIN) {
        return Some((found, MUC_ADMIN));
    }
    let form = found.children().find(|part| is(*part, "x", FORM))?;
    Some((form, FORM))
}

/// Whether this is an element with this name and namespace.
fn is(node: Node<'_, '_>, name: &str, namespace: &str) -> bool {
    node.has_tag_name((namespace, name))
}

/// The value of the attribute with this name and no namespace; `None` if there is none.
fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let mut attributes = node.attributes();
    let found = attributes.find(|attribute| attribute.name() == name && attribute.namespace().is_none());
    found.map(|attribute| attribute.value())
}

/// The text that is directly in an element.
fn text(node: Node<'_, '_>) -> String {
    let texts = node.children().filter(Node::is_text);
    texts.filter_map(|text| text.text()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str =
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

    fn taken(stanza: &str) -> (Vec<ListEntry>, String) {
        let mut rest = Vec::new();
        let entries = take_entries(STREAM, stanza, &mut rest).expect("well-formed");
        (entries, String::from_utf8(rest).expect("text"))
    }

    #[test]
    fn attributes_of_other_namespaces_are_not_those_of_an_entry() {
        let (found, rest) = taken(
            "<iq><query xmlns='http://jabber.org/protocol/muc#admin'>\
             <item xmlns:o='urn:x:other' o:jid='other' jid='ana@example.org' o:nick='other' affiliation='member'>\
             <reason>wh<o:p xmlns:o='urn:x:other'>other</o:p>y &lt;1</reason></item><other/></query></iq>",
        );
        let [entry] = &found[..] else { panic!("{found:?}") };
        assert_eq!(entry.attribute("jid"), Some("ana@example.org"));
        assert_eq!(entry.attribute("affiliation"), Some("member"));
        assert_eq!(entry.attribute("nick"), None);
        assert_eq!(entry.value("reason"), Some("why <1"));
        assert_eq!(
            rest,
            "<iq><query xmlns='http://jabber.org/protocol/muc#admin'><other/></query></iq>"
        );
    }

    #[test]
    fn entries_of_a_form_are_those_of_its_namespace() {
        let form = "<iq><command xmlns='http://jabber.org/protocol/commands' status='completed'>\
            <x xmlns='jabber:x:data' type='result'><title>Hats</title>";
        let item = "<item><field var='a'><value>1</value><value>2</value></field><field var='b'/><field/>\
            <field xmlns='urn:x:other' var='c'><value>3</value></field></item>";
        let other = "<item xmlns='urn:x:other'/>";
        let end = "</x><x xmlns='jabber:x:data'><item/></x></command></iq>";
        let (found, rest) = taken(&[form, item, other, end].concat());
        let [entry] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            ["a", "b", "c"].map(|name| entry.value(name)),
            [Some("1"), Some(""), None]
        );
        assert_eq!(rest, [form, other, end].concat());
    }

    #[test]
    fn what_is_not_well_formed_has_no_entries() {
        for stanza in [
            "<iq><query></iq>",
            "<iq><item a='1' a='2'/></iq>",
            "<iq><o:item/></iq>",
            "<iq>&nonsense;</iq>",
            "<iq>\u{1}</iq>",
            "<iq a='<'/>",
            "</stream:stream><iq/>",
        ] {
            assert!(
                take_entries(STREAM, stanza, &mut Vec::new()).is_none(),
                "{stanza}"
            );
        }
        assert!(take_entries("", "<iq/>", &mut Vec::new()).is_none());
    }
}
