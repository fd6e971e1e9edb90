//! Outcomes of changes that are not sent, and of changes that the server refuses.

use super::dialect::Dialect;
use super::element::Refused;
use super::read::{self, MAX_HUE_BYTES, MAX_TEXT_BYTES};
use crate::model::{HatId, Jid};
use crate::sync::{Condition, HatValue, Item, ItemChange, ItemOutcome, ItemValue, Refusal};

pub(super) fn refuse(condition: Condition, text: Option<&str>) -> ItemOutcome {
    ItemOutcome::Refused(Refusal {
        condition,
        text: text.map(Into::into),
    })
}

/// ejabberd acknowledges a change before it is stored.
pub(super) const DONE: ItemOutcome = ItemOutcome::Done { saved: false };

/// The outcome if no request is needed: already as wanted, or not as expected.
pub(super) fn compare(change: &ItemChange, actual: Option<ItemValue>) -> Option<ItemOutcome> {
    if actual == change.wanted {
        Some(DONE)
    } else if actual == change.expected {
        None
    } else {
        Some(ItemOutcome::Changed { actual })
    }
}

/// Adds an explanation to an error.
pub(super) fn explained(refused: Refused, room: &Jid) -> Refused {
    let text = match refused.condition {
        Condition::Forbidden => read::who_may(room),
        Condition::BadRequest => {
            let said = refused
                .text
                .as_deref()
                .map(|text| format!(": {text}"))
                .unwrap_or_default();
            format!("the server rejects the address, ID or title{said}")
        }
        _ => return refused,
    };
    Refused {
        text: Some(text),
        ..refused
    }
}

/// Checks whether the server can store a value. It would change it, or close the connection.
pub(super) fn fits(change: &ItemChange, dialect: Dialect) -> Result<(), ItemOutcome> {
    let odd = |what: &str| Err(refuse(Condition::NotAcceptable, Some(what)));
    let sound = |text: &str| {
        // The server changes carriage returns.
        text.len() <= MAX_TEXT_BYTES && dialect.class().accepts_text(text) && !text.contains('\r')
    };
    match change.item.hat().map(HatId::as_str) {
        Some("") => return odd("the ID is empty"),
        Some(id) if !sound(id) => {
            return odd("the ID is too long or contains characters that XMPP does not allow");
        }
        _ => {}
    }
    if change.reason.as_deref().is_some_and(|reason| !sound(reason)) {
        return odd("the reason is too long or contains characters that XMPP does not allow");
    }
    let titled = |title: Option<&str>| match title {
        None | Some("") => odd("this server requires a title"),
        Some(title) if !sound(title) => {
            odd("the title is too long or contains characters that XMPP does not allow")
        }
        Some(_) => Ok(()),
    };
    match (&change.item, &change.wanted) {
        (Item::Hat { .. }, Some(ItemValue::Hat(HatValue { title, .. }))) if dialect != Dialect::Catalog => {
            titled(title.as_deref())
        }
        (_, None)
        | (Item::Hat { .. }, Some(ItemValue::Hat(_)))
        | (Item::Affiliation { .. }, Some(ItemValue::Affiliation(_))) => Ok(()),
        (Item::Catalog { .. }, Some(ItemValue::Catalog(entry))) => {
            let fits = |hue: &str| sound(hue) && hue.len() <= MAX_HUE_BYTES;
            if entry.hue.as_ref().is_some_and(|hue| !fits(hue.as_str())) {
                return odd("the hue is too long or contains characters that XMPP does not allow");
            }
            titled(entry.title.as_deref())
        }
        _ => Err(refuse(Condition::BadRequest, None)),
    }
}
