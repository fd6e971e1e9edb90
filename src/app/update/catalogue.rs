//! The catalogue of a room: defining, retitling, recolouring and deleting hats.

use crate::app::catalogue::Catalogue;
use crate::app::command::CommandId;
use crate::app::form::Subject;
use crate::app::place::Place;
use crate::app::view::View;
use crate::app::{Effect, Layer, State, words};
use crate::model::{CatalogueHat, HatId, Jid, Wardrobe};

use super::{batch, commit, form};

pub(crate) fn open(state: &mut State, _: &mut Vec<Effect>) {
    let on = state.hat().map(|(hat, _)| hat.clone());
    if let Some((room, _)) = state.room() {
        let catalogue = Catalogue::new(room.clone(), on);
        state.open(catalogue);
    }
}

impl Layer for Catalogue {
    fn place(&self) -> Place {
        Place::Catalogue
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::catalogue::view(state, self)
    }

    fn rows(&self, wardrobe: &Wardrobe) -> Option<(usize, usize)> {
        let entries = self.entries(wardrobe);
        self.selected(&entries).map(|at| (at, entries.len()))
    }

    fn select(&mut self, row: usize, wardrobe: &Wardrobe, _: &mut Vec<Effect>) {
        let on = self
            .entries(wardrobe)
            .get(row)
            .map(|entry| entry.known.id.clone());
        (self.on, self.at) = (on, row);
    }
}

fn top(state: &State) -> Option<&Catalogue> {
    state.over::<Catalogue>()
}

/// The room, the selected hat, and what the catalogue has of it.
fn selected(state: &State) -> Option<(Jid, HatId, Option<CatalogueHat>)> {
    let catalogue = top(state)?;
    let entries = catalogue.entries(&state.view);
    let entry = entries.get(catalogue.selected(&entries)?)?;
    Some((
        catalogue.room.clone(),
        entry.known.id.clone(),
        entry.defined.cloned(),
    ))
}

pub(crate) fn may_define(state: &State) -> Result<(), String> {
    state.may_change()?;
    let there = top(state).and_then(|catalogue| state.view.room(&catalogue.room));
    there
        .map(drop)
        .ok_or_else(|| "the room is not there any more".into())
}

pub(crate) fn may_edit(state: &State) -> Result<(), String> {
    state.may_change()?;
    selected(state).map(drop).ok_or_else(|| {
        let key = state.key(CommandId::DefineHat);
        format!("there is no hat here yet; {key} defines one")
    })
}

pub(crate) fn may_delete(state: &State) -> Result<(), String> {
    state.may_change()?;
    match selected(state) {
        None => Err("there is no hat here".into()),
        Some((.., None)) => Err("the hat is not in the catalogue: it is only worn".into()),
        Some(_) => Ok(()),
    }
}

pub(crate) fn define(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(room) = top(state).map(|catalogue| catalogue.room.clone()) {
        form::open(state, Subject::DefineHat { room });
    }
}

pub(crate) fn edit(state: &mut State, _: &mut Vec<Effect>) {
    if let Some((room, hat, before)) = selected(state) {
        let before = before.unwrap_or_default();
        form::open(state, Subject::EditDefined { room, hat, before });
    }
}

/// Takes a hat out of the catalogue; where users have it, that is said and asked first.
pub(crate) fn delete(state: &mut State, effects: &mut Vec<Effect>) {
    let Some((room, hat, Some(entry))) = selected(state) else {
        return;
    };
    let Some(there) = state.view.room(&room).cloned() else {
        return;
    };
    let having: Vec<(&Jid, bool)> = there
        .users()
        .iter()
        .filter_map(|(jid, user)| {
            let title = user.hats.get(&hat)?.title.as_deref();
            Some((jid, title.is_none_or(str::is_empty)))
        })
        .collect();
    if having.is_empty() {
        commit::make(state, effects, |next| next.set_catalogue_hat(&room, &hat, None));
        return;
    }
    let name = words::hat(&hat, entry.title.as_deref());
    let names: Vec<String> = having.iter().map(|(jid, _)| jid.to_string()).collect();
    let untitled = having.iter().filter(|(_, untitled)| *untitled).count();
    let lose = match untitled {
        0 => String::new(),
        number => format!(" {number} of them without a title of their own will have none."),
    };
    let consequence = format!(
        "{} {}: {}.{lose} {} takes it back.",
        words::count(having.len(), "user"),
        if having.len() == 1 {
            "has it and keeps it"
        } else {
            "have it and keep it"
        },
        words::listed(&names),
        state.key(CommandId::Undo)
    );
    let question = format!("Take {name} out of the catalogue of {room}?");
    batch::ask(state, question, consequence, |next| {
        next.set_catalogue_hat(&room, &hat, None)
    });
}
