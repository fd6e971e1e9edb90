//! What lies over the panes: a stack of layers, of which the topmost gets the keys and Esc takes away exactly one.

use std::any::Any;
use std::fmt::Debug;

use crate::app::command::{Command, CommandId};
use crate::app::draft::Draft;
use crate::app::place::Place;
use crate::app::text::TextInput;
use crate::app::view::View;
use crate::app::{Confirm, Effect, Spot};
use crate::model::Wardrobe;

use super::State;

/// Something over the panes: all that the program asks of it, whichever it is.
pub trait Layer: Any + Debug + CloneLayer {
    /// Where one is while it is the topmost: what its keys mean.
    fn place(&self) -> Place;

    /// What it shows.
    fn view<'a>(&'a self, state: &'a State) -> View<'a>;

    /// Whether text can be typed or pasted into it.
    fn takes_text(&self) -> bool {
        false
    }

    /// Whether a letter goes into a text now.
    fn is_typing(&self) -> bool {
        self.takes_text()
    }

    /// Lets the text that has the keys take something that is typed or pasted.
    fn type_into(&mut self, _take: &mut dyn FnMut(&mut TextInput) -> bool, _effects: &mut Vec<Effect>) {}

    /// The selected row of the list that has the keys, and how many rows there are; `None`: there is none to move in.
    fn rows(&self, _wardrobe: &Wardrobe) -> Option<(usize, usize)> {
        None
    }

    /// Selects a row of [`rows`](Self::rows).
    fn select(&mut self, _row: usize, _wardrobe: &Wardrobe, _effects: &mut Vec<Effect>) {}

    /// Goes up from the first row.
    fn leave_rows(&mut self) {}

    /// Takes a click on something in it that is no row.
    fn click(&mut self, _on: Spot) {}

    /// Brings the list under the wheel of the mouse to the keys.
    fn focus_spot(&mut self, _on: &[Spot]) {}

    /// Follows the file; why there is nothing to ask about any more, where that is so. `below`: what it lies on.
    fn close_reason(&mut self, _below: Option<&dyn Layer>, _now: &Wardrobe) -> Option<&'static str> {
        None
    }

    /// Puts what must not be lost into the draft; `ending`: the session ends now.
    fn add_to_draft(&self, _draft: &mut Draft, _ending: bool) {}
}

/// A copy of a layer; comes with `Clone`.
pub trait CloneLayer {
    /// The copy.
    fn clone_boxed(&self) -> Box<dyn Layer>;
}

impl<T: Layer + Clone> CloneLayer for T {
    fn clone_boxed(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Layer> {
    fn clone(&self) -> Self {
        (**self).clone_boxed()
    }
}

impl dyn Layer {
    /// The layer as what it is, where it is of this type.
    pub fn downcast_ref<T: Layer>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }

    /// The same, to be changed.
    pub(in crate::app) fn downcast_mut<T: Layer>(&mut self) -> Option<&mut T> {
        (self as &mut dyn Any).downcast_mut()
    }
}

impl State {
    /// The label of a command's key: its title, except that a question names its action.
    pub fn label(&self, command: &Command) -> &'static str {
        match self.top_as::<Confirm>() {
            Some(confirm) if command.id == CommandId::Yes => confirm.verb(),
            _ => command.title,
        }
    }

    /// What lies over the panes, the topmost last.
    pub fn overlays(&self) -> &[Box<dyn Layer>] {
        &self.overlays
    }

    /// What lies on top.
    pub fn top(&self) -> Option<&dyn Layer> {
        self.overlays.last().map(|top| &**top)
    }

    /// What lies on top, where it is of this type.
    pub fn top_as<T: Layer>(&self) -> Option<&T> {
        self.top()?.downcast_ref()
    }

    /// The same, to be changed.
    pub(in crate::app) fn top_as_mut<T: Layer>(&mut self) -> Option<&mut T> {
        self.overlays.last_mut()?.downcast_mut()
    }

    /// Puts something on top.
    pub(in crate::app) fn open(&mut self, layer: impl Layer) {
        self.overlays.push(Box::new(layer));
    }

    /// Takes away what lies on top, where it is of this type.
    pub(in crate::app) fn close<T: Layer>(&mut self) -> Option<T> {
        self.top_as::<T>()?;
        let top: Box<dyn Any> = self.overlays.pop()?;
        top.downcast().ok().map(|top| *top)
    }
}
