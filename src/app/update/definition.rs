//! A hat of a room's catalogue in a form: its fields, and the change that they mean.

use crate::app::form::{Field, Form, Name, Value};
use crate::app::text::Text;
use crate::app::{Effect, State, words};
use crate::model::{CatalogueHat, HatId, Hue, Jid};

use super::batch::{self, BatchEdit, BatchOutcome};

/// The fields of a form about a hat of the catalogue.
pub(super) fn fields(state: &State, (room, hat): (&Jid, &HatId), before: &CatalogueHat) -> Vec<Field> {
    let there = state.view.room(room);
    let worn_as = there.and_then(|there| there.known_hat(hat)?.title.clone());
    // What is only worn is defined under the title that it has.
    let is_defined = there.is_some_and(|there| there.catalogue.contains_key(hat));
    let title = if is_defined { before.title.clone() } else { worn_as };
    let users = there.iter().flat_map(|there| there.users());
    let own = users
        .filter_map(|(_, user)| user.hats.get(hat).filter(|hat| hat.has_own_title()))
        .map(|attachment| attachment.title.as_deref())
        .collect::<Vec<_>>();
    let mut fields = vec![
        text(Name::Title, title.as_deref()),
        text(Name::Hue, hue(before).as_deref()),
    ];
    if !own.is_empty() {
        // Whoever has it under the very title that is changed here is meant too.
        let same = own.contains(&title.as_deref());
        fields.push(Field {
            name: Name::Wearers,
            value: Value::Tick(same),
        });
    }
    fields
}

fn text(name: Name, text: Option<&str>) -> Field {
    Field {
        name,
        value: Value::Text(Box::new(Text::new(text.unwrap_or_default()))),
    }
}

fn hue(hat: &CatalogueHat) -> Option<String> {
    let hue = hat.hue.as_ref()?;
    Some(hue.as_json().as_str().trim_matches('"').to_owned())
}

/// What the catalogue gets of a form.
pub(super) fn entry(form: &Form, before: &CatalogueHat) -> CatalogueHat {
    let title = form.text(Name::Title);
    let mut after = before.clone();
    after.title = Some(title.trim())
        .filter(|title| !title.is_empty())
        .map(Into::into);
    if let Some(typed) = form.typed(Name::Hue) {
        after.hue = Hue::parse(&typed);
    }
    after
}

/// Changes the catalogue and, where that is wanted, the titles of those who have the hat: one change.
pub(super) fn save(
    state: &mut State,
    effects: &mut Vec<Effect>,
    form: &Form,
    (room, hat, before): (&Jid, &HatId, &CatalogueHat),
) -> BatchOutcome {
    let after = entry(form, before);
    let title = after.title.clone();
    let mut plan = BatchEdit::new(&state.view);
    plan.define(room, hat, after, form.ticked(Name::Wearers));
    let name = words::hat(hat, title.as_deref());
    let is_new = state
        .view
        .room(room)
        .is_some_and(|there| !there.catalogue.contains_key(hat));
    let question = |who: &str| {
        if is_new {
            format!("Put {name} into the catalogue, and title it so for {who}?")
        } else {
            format!("Title it {name} in the catalogue, and for {who}?")
        }
    };
    batch::propose(state, effects, plan, question, "")
}
