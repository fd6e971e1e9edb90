//! Detects values that a server would refuse or fail on in any state; they are never sent.

use super::plan::Reason;
use super::{CatalogValue, HatValue, HueText, ServerClass};
use crate::model::HatId;

/// Why a hat of a user cannot be sent; `None` if it can be sent.
pub(super) fn hat(class: ServerClass, id: &HatId, value: &HatValue) -> Option<Reason> {
    let texts = [Some(id.as_str()), value.title.as_deref()];
    if !texts.into_iter().flatten().all(|text| class.accepts_text(text)) {
        return Some(Reason::TextRefused);
    }
    if class.holds_catalog() && id.as_str().is_empty() {
        return Some(Reason::TextRefused);
    }
    let needs_own_title = class.needs_title() && class.holds_own_titles();
    (needs_own_title && value.title.is_none()).then_some(Reason::NeedsTitle)
}

/// Why a catalog entry cannot be sent; `None` if it can be sent.
pub(super) fn entry(class: ServerClass, id: &HatId, value: &CatalogValue) -> Option<Reason> {
    let hue = value.hue.as_ref().map(HueText::as_str);
    let mut texts = [Some(id.as_str()), value.title.as_deref(), hue]
        .into_iter()
        .flatten();
    if id.as_str().is_empty() || texts.any(|text| !class.accepts_text(text)) {
        return Some(Reason::TextRefused);
    }
    value.title.is_none().then_some(Reason::NeedsTitle)
}
