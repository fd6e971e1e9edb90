//! Builds and reads XML elements. The typed parsers of `xmpp-parsers` are not used, because they drop unknown parts, and reject
//! a whole list because of one invalid entry.

use tokio_xmpp::minidom::Element;
use tokio_xmpp::minidom::rxml::{Namespace, NcName};

use crate::server::error::sanitize_line;
use crate::sync::{Condition, Refusal};

pub(super) const STREAMS: &str = "http://etherx.jabber.org/streams";
const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
const FORM: &str = "jabber:x:data";
const COMMANDS: &str = "http://jabber.org/protocol/commands";

/// Builds an element with attributes. Attributes with invalid names are omitted.
pub(super) fn element(name: &str, namespace: &str, attributes: &[(&str, &str)]) -> Element {
    let mut element = Element::bare(name, namespace);
    for (name, value) in attributes {
        if let Ok(name) = NcName::try_from(*name) {
            element.set_attr(Namespace::NONE, name, *value);
        }
    }
    element
}

/// Appends a child to an element.
pub(super) fn with_child(mut parent: Element, child: Element) -> Element {
    parent.append_child(child);
    parent
}

pub(super) fn child<'a>(parent: &'a Element, name: &str, namespace: &str) -> Option<&'a Element> {
    parent.get_child(name, namespace)
}

pub(super) fn attribute<'a>(element: &'a Element, name: &'a str) -> Option<&'a str> {
    element.attr(name)
}

/// The texts of all children with this name.
pub(super) fn texts(parent: &Element, name: &str) -> Vec<String> {
    let children = parent.children().filter(|child| child.name() == name);
    children.map(Element::text).collect()
}

/// Builds a request for an ad-hoc command (XEP-0050). With `fields`, which may be empty, the request completes the
/// command with a form, because ejabberd 25.10 to 26.07 does not answer `complete` without a form. With `None`,
/// the request executes the command.
pub(super) fn command(node: &str, fields: Option<&[(&str, &str)]>) -> Element {
    let action = if fields.is_some() { "complete" } else { "execute" };
    let command = element("command", COMMANDS, &[("node", node), ("action", action)]);
    let Some(fields) = fields else { return command };
    let mut form = element("x", FORM, &[("type", "submit")]);
    for (var, value) in fields {
        let mut text = element("value", FORM, &[]);
        text.append_text_node(*value);
        form.append_child(with_child(element("field", FORM, &[("var", var)]), text));
    }
    with_child(command, form)
}

/// The form in the answer to a command; `None` if there is none.
pub(super) fn form(answer: &Element) -> Option<&Element> {
    child(child(answer, "command", COMMANDS)?, "x", FORM)
}

/// Whether an answer says that its command is completed.
pub(super) fn is_completed(answer: &Element) -> bool {
    child(answer, "command", COMMANDS)
        .is_some_and(|command| attribute(command, "status") == Some("completed"))
}

/// The values of the first field with this name in a form or an item; empty if there is no such field.
pub(super) fn values(fields: &Element, var: &str) -> Vec<String> {
    let field = fields
        .children()
        .find(|field| field.is("field", FORM) && attribute(field, "var") == Some(var));
    field.map(|field| texts(field, "value")).unwrap_or_default()
}

/// The first value of the first field with this name, empty if the field has none; `None` if there is no such field.
pub(super) fn value(fields: &Element, var: &str) -> Option<String> {
    let mut named = fields
        .children()
        .filter(|field| field.is("field", FORM) && attribute(field, "var") == Some(var));
    let field = named.next()?;
    Some(texts(field, "value").into_iter().next().unwrap_or_default())
}

/// A server's text without its final period, so that the sentence can continue; an ellipsis stays.
fn as_clause(text: &str) -> &str {
    let start = text.strip_suffix('.').filter(|start| !start.ends_with('.'));
    start.unwrap_or(text)
}

/// The error with which a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StanzaError {
    pub(super) condition: Condition,
    /// The server's message, sanitized.
    pub(super) text: Option<String>,
}

impl StanzaError {
    /// The reason for the refusal as a clause, for display.
    pub(super) fn explanation(&self) -> String {
        match &self.text {
            Some(text) => format!("{} ({})", as_clause(text), self.condition),
            None => self.condition.to_string(),
        }
    }
}

impl From<StanzaError> for Refusal {
    fn from(error: StanzaError) -> Self {
        Self {
            condition: error.condition,
            text: error.text.map(Into::into),
        }
    }
}

/// Reads the error of an answer.
pub(super) fn stanza_error(answer: &Element) -> StanzaError {
    let error = answer.children().find(|child| child.name() == "error");
    let mut read = StanzaError {
        condition: Condition::UndefinedCondition,
        text: None,
    };
    for part in error.into_iter().flat_map(Element::children) {
        if !part.has_ns(STANZA_ERRORS) {
            continue;
        }
        if part.name() == "text" {
            read.text = Some(sanitize_line(&part.text())).filter(|text| !text.is_empty());
        } else if let Some(condition) = Condition::from_name(part.name()) {
            read.condition = condition;
        }
    }
    read
}

/// Describes a stream error, for display.
pub(super) fn stream_error(error: &Element) -> String {
    let condition = error.children().map(Element::name).find(|name| *name != "text");
    let text = texts(error, "text").into_iter().next().unwrap_or_default();
    let condition = sanitize_line(condition.unwrap_or("no reason"));
    match sanitize_line(&text) {
        text if text.is_empty() => condition,
        text => format!("{} ({condition})", as_clause(&text)),
    }
}

/// Builds the error that answers an unsupported request.
pub(super) fn unavailable() -> Element {
    with_child(
        element("error", "jabber:client", &[("type", "cancel")]),
        element("service-unavailable", STANZA_ERRORS, &[]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_follows_the_text_without_its_period() {
        let text = element("text", STANZA_ERRORS, &[]);
        let condition = element("forbidden", STANZA_ERRORS, &[]);
        for (sent, shown) in [
            ("Only owners can.", "Only owners can (forbidden)"),
            ("Wait...", "Wait... (forbidden)"),
        ] {
            let mut text = text.clone();
            text.append_text_node(sent);
            let error = with_child(
                with_child(element("error", "jabber:client", &[]), condition.clone()),
                text.clone(),
            );
            let answer = with_child(element("iq", "jabber:client", &[]), error);
            assert_eq!(stanza_error(&answer).explanation(), shown);
            let mut stream = element("error", STREAMS, &[]);
            stream.append_child(element("forbidden", STREAMS, &[]));
            let mut text = element("text", STREAMS, &[]);
            text.append_text_node(sent);
            stream.append_child(text);
            assert_eq!(stream_error(&stream), shown);
        }
    }
}
