//! The hat catalog of a room: defining, editing and removing hats.

use crate::app::catalog::CatalogOverlay;
use crate::app::command::CommandId;
use crate::app::form::FormSubject;
use crate::app::place::Place;
use crate::app::view::View;
use crate::app::{Effect, Layer, State, describe};
use crate::model::{CatalogHat, HatId, Jid, Wardrobe};

use super::{batch, commit, form};

pub(crate) fn open(state: &mut State, _: &mut Vec<Effect>) {
    let selected_hat = state.hat().map(|(hat, _)| hat.clone());
    if let Some((room, _)) = state.room() {
        let catalog = CatalogOverlay::new(room.clone(), selected_hat);
        state.open(catalog);
    }
}

impl Layer for CatalogOverlay {
    fn place(&self) -> Place {
        Place::Catalog
    }

    fn may_be_covered(&self) -> bool {
        true
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::catalog::view(state, self)
    }

    fn rows(&self, wardrobe: &Wardrobe) -> Option<(usize, usize)> {
        let entries = self.entries(wardrobe);
        self.selected(&entries).map(|row| (row, entries.len()))
    }

    fn select(&mut self, row: usize, wardrobe: &Wardrobe, _: &mut Vec<Effect>) {
        let selected_hat = self.entries(wardrobe).get(row).map(|entry| entry.hat.id.clone());
        (self.selected_hat, self.row) = (selected_hat, row);
    }
}

fn top_catalog(state: &State) -> Option<&CatalogOverlay> {
    state.top_as::<CatalogOverlay>()
}

/// Returns the room, the selected hat, and the catalog entry of that hat if it has one.
fn selected(state: &State) -> Option<(Jid, HatId, Option<CatalogHat>)> {
    let catalog = top_catalog(state)?;
    let entries = catalog.entries(&state.shown);
    let entry = entries.get(catalog.selected(&entries)?)?;
    Some((
        catalog.room.clone(),
        entry.hat.id.clone(),
        entry.definition.cloned(),
    ))
}

pub(crate) fn may_define(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    let room = top_catalog(state).and_then(|catalog| state.shown.room(&catalog.room));
    room.map(drop).ok_or_else(|| "The room no longer exists".into())
}

pub(crate) fn may_edit(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    selected(state).map(drop).ok_or_else(|| {
        let key = state.key(CommandId::DefineHat);
        format!("The catalog is empty ({key} to define a hat)")
    })
}

pub(crate) fn may_remove(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    match selected(state) {
        None => Err("The catalog is empty".into()),
        Some((.., None)) => Err("The hat is not in the catalog".into()),
        Some(_) => Ok(()),
    }
}

pub(crate) fn define(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(room) = top_catalog(state).map(|catalog| catalog.room.clone()) {
        form::open(state, FormSubject::DefineHat { room });
    }
}

pub(crate) fn edit(state: &mut State, _: &mut Vec<Effect>) {
    if let Some((room, hat, before)) = selected(state) {
        let before = before.unwrap_or_default();
        form::open(state, FormSubject::EditDefined { room, hat, before });
    }
}

/// Removes a hat from the catalog. Asks first if users have it.
pub(crate) fn remove(state: &mut State, effects: &mut Vec<Effect>) {
    let Some((room, hat, Some(entry))) = selected(state) else {
        return;
    };
    let Some(room_data) = state.shown.room(&room).cloned() else {
        return;
    };
    let users_with_hat: Vec<(&Jid, bool)> = room_data
        .users()
        .iter()
        .filter_map(|(jid, user)| {
            let title = user.hats.get(&hat)?.title.as_deref();
            Some((jid, title.is_none_or(str::is_empty)))
        })
        .collect();
    if users_with_hat.is_empty() {
        commit::execute(state, effects, |next| next.set_catalog_hat(&room, &hat, None));
        return;
    }
    let name = describe::hat(&hat, entry.title.as_deref());
    let names: Vec<String> = users_with_hat.iter().map(|(jid, _)| jid.to_string()).collect();
    let untitled = users_with_hat.iter().filter(|(_, untitled)| *untitled).count();
    let lost_titles = match untitled {
        0 => String::new(),
        number => format!(" {} will have no title for it.", describe::count(number, "user")),
    };
    let consequence = format!(
        "{} {}: {}.{lost_titles}",
        describe::count(users_with_hat.len(), "user"),
        if users_with_hat.len() == 1 {
            "keeps it"
        } else {
            "keep it"
        },
        describe::first_few(&names),
    );
    let question = format!("Remove {name} from the catalog of {room}?");
    batch::confirm(state, ("Remove hat", question), consequence, |next| {
        next.set_catalog_hat(&room, &hat, None)
    });
}
