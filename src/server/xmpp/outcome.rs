//! Determines the outcomes of changes that are not sent, and explains those of changes that the server refuses.

use super::dialect::Dialect;
use super::element::StanzaError;
use super::read::{self, MAX_HUE_BYTES, MAX_TEXT_BYTES};
use crate::model::{HatId, Jid};
use crate::sync::{Condition, HatValue, Item, ItemChange, ItemOutcome, ItemValue, Refusal};

/// The outcome of a change that is refused, with a text for display.
pub(super) fn refuse(condition: Condition, text: Option<&str>) -> ItemOutcome {
    ItemOutcome::Refused(Refusal {
        condition,
        text: text.map(Into::into),
    })
}

/// The outcome of a change that ejabberd acknowledged, which happens before the change is stored.
pub(super) const DONE: ItemOutcome = ItemOutcome::Done { saved: false };

/// Compares a change with the server's value. Returns the outcome if no request is needed, because the server already has the
/// wanted value, or does not have the expected one.
pub(super) fn compare(change: &ItemChange, actual: Option<ItemValue>) -> Option<ItemOutcome> {
    if actual == change.wanted {
        Some(DONE)
    } else if actual == change.expected {
        None
    } else {
        Some(ItemOutcome::Changed { actual })
    }
}

/// Replaces the text of an error by an explanation, if there is one for the error's condition.
pub(super) fn explained(error: StanzaError, room: &Jid) -> StanzaError {
    let text = match error.condition {
        Condition::Forbidden => read::permission_message(room),
        Condition::BadRequest => {
            let detail = error
                .text
                .as_deref()
                .map(|text| format!(": {text}"))
                .unwrap_or_default();
            format!("the server rejects the address, ID or title{detail}")
        }
        _ => return error,
    };
    StanzaError {
        text: Some(text),
        ..error
    }
}

/// Checks that the server can store the values of a change. The server would alter other values, or close the connection.
///
/// Errors: the outcome of a change that cannot be stored.
pub(super) fn fits(change: &ItemChange, dialect: Dialect) -> Result<(), ItemOutcome> {
    let reject = |why: &str| Err(refuse(Condition::NotAcceptable, Some(why)));
    let is_storable = |text: &str| {
        // The server alters carriage returns.
        text.len() <= MAX_TEXT_BYTES && dialect.class().accepts_text(text) && !text.contains('\r')
    };
    match change.item.hat().map(HatId::as_str) {
        Some("") => return reject("the ID is empty"),
        Some(id) if !is_storable(id) => {
            return reject("the ID is too long or contains characters that XMPP does not allow");
        }
        _ => {}
    }
    if change
        .reason
        .as_deref()
        .is_some_and(|reason| !is_storable(reason))
    {
        return reject("the reason is too long or contains characters that XMPP does not allow");
    }
    let check_title = |title: Option<&str>| match title {
        None | Some("") => reject("this server requires a title"),
        Some(title) if !is_storable(title) => {
            reject("the title is too long or contains characters that XMPP does not allow")
        }
        Some(_) => Ok(()),
    };
    match (&change.item, &change.wanted) {
        (Item::Hat { .. }, Some(ItemValue::Hat(HatValue { title, .. }))) if dialect != Dialect::Catalog => {
            check_title(title.as_deref())
        }
        (_, None)
        | (Item::Hat { .. }, Some(ItemValue::Hat(_)))
        | (Item::Affiliation { .. }, Some(ItemValue::Affiliation(_))) => Ok(()),
        (Item::Catalog { .. }, Some(ItemValue::Catalog(entry))) => {
            let hue_fits = |hue: &str| is_storable(hue) && hue.len() <= MAX_HUE_BYTES;
            if entry.hue.as_ref().is_some_and(|hue| !hue_fits(hue.as_str())) {
                return reject("the hue is too long or contains characters that XMPP does not allow");
            }
            check_title(entry.title.as_deref())
        }
        _ => Err(refuse(Condition::BadRequest, None)),
    }
}
