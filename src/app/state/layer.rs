//! The stack of overlays. The top overlay receives keys; Esc closes only this one.

use std::any::Any;
use std::fmt::Debug;

use crate::app::command::{Command, CommandId};
use crate::app::draft::Draft;
use crate::app::finder::Finder;
use crate::app::form::Form;
use crate::app::place::Place;
use crate::app::prompt::Prompt;
use crate::app::servers::plan::PlanOverlay;
use crate::app::text::TextInput;
use crate::app::view::View;
use crate::app::{Confirm, Effect, MouseTarget};
use crate::model::Wardrobe;

use super::State;

/// An overlay over the panes.
pub trait Layer: Any + Debug + CloneLayer {
    /// The place whose commands apply while the overlay is on top.
    fn place(&self) -> Place;

    /// The contents to draw.
    fn view<'a>(&'a self, state: &'a State) -> View<'a>;

    /// Whether pasted text may be inserted into the overlay.
    fn takes_text(&self) -> bool {
        false
    }

    /// Whether letter keys type text now instead of running commands.
    fn is_typing(&self) -> bool {
        self.takes_text()
    }

    /// Whether an overlay that no key opened may cover this one. True for lists, in which no text is typed and no
    /// question is answered.
    fn may_be_covered(&self) -> bool {
        false
    }

    /// Passes the focused text input to `edit`, which applies a key or pasted text to it and returns whether the input
    /// used the key or text.
    fn type_into(&mut self, _edit: &mut dyn FnMut(&mut TextInput) -> bool, _effects: &mut Vec<Effect>) {}

    /// Selected row and number of rows of the focused list; `None` if no list has the focus.
    fn rows(&self, _wardrobe: &Wardrobe) -> Option<(usize, usize)> {
        None
    }

    /// Selects a row of [`rows`](Self::rows).
    fn select(&mut self, _row: usize, _wardrobe: &Wardrobe, _effects: &mut Vec<Effect>) {}

    /// Moves the focus out of the list, when the user moves up from the first row.
    fn leave_rows(&mut self) {}

    /// Handles a click on something other than a row.
    fn click(&mut self, _target: MouseTarget) {}

    /// Focuses the list under the mouse pointer, if the targets under the pointer include one.
    fn focus_list_at(&mut self, _targets: &[MouseTarget]) {}

    /// Updates the overlay after the wardrobe changed to `now`. Returns the reason to close the overlay if it no longer
    /// applies. `below` is the overlay under this one.
    fn update_after_change(&mut self, _below: Option<&dyn Layer>, _now: &Wardrobe) -> Option<&'static str> {
        None
    }

    /// Adds the input that must not be lost to the draft. `ending`: the session ends now.
    fn add_to_draft(&self, _draft: &mut Draft, _ending: bool) {}
}

/// Clones a boxed layer; implemented for all layers that are `Clone`.
pub trait CloneLayer {
    /// Clones the layer into a box.
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
    /// The layer as this type; `None` if it has another type.
    pub fn downcast_ref<T: Layer>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }

    /// Like [`downcast_ref`](#method.downcast_ref), but mutable.
    pub(in crate::app) fn downcast_mut<T: Layer>(&mut self) -> Option<&mut T> {
        (self as &mut dyn Any).downcast_mut()
    }
}

impl State {
    /// The label of a command's key: the action of the command in the current situation, else the title of the command.
    pub fn label(&self, command: &Command) -> &'static str {
        match command.id {
            CommandId::Yes | CommandId::YesWithEnter => self.top_as::<Confirm>().map(Confirm::confirm_label),
            CommandId::No => self.top_as::<Confirm>().and_then(Confirm::decline_label),
            CommandId::AcceptFound => self.top_as::<Finder>().map(Finder::verb),
            CommandId::Save => self
                .top_as::<Form>()
                .and_then(|form| form.completion_to_confirm(self.wardrobe()))
                .map(|_| "Complete"),
            CommandId::SubmitPrompt => self.top_as::<Prompt>().map(Prompt::verb),
            CommandId::Back => self
                .shown_marks()
                .map(|marks| if marks.is_range { "Cancel" } else { "Unmark" }),
            CommandId::MarkRange => {
                let range = self.shown_marks().filter(|marks| marks.is_range);
                range.map(|_| "Finish range")
            }
            CommandId::ToggleLine => self.top_as::<PlanOverlay>().and_then(PlanOverlay::toggle_label),
            CommandId::CloseServers => self.servers.comparison.as_ref().map(|_| "Stop"),
            CommandId::ClosePlan => {
                let applying = self
                    .top_as::<PlanOverlay>()
                    .and_then(|plan| plan.applying.as_ref());
                applying.map(|_| "Stop")
            }
            _ => None,
        }
        .unwrap_or(command.title)
    }

    /// Whether the top overlay is a question that was not drawn yet.
    pub fn has_unseen_question(&self) -> bool {
        self.top_as::<Confirm>().is_some_and(|confirm| !confirm.is_shown)
    }

    /// The overlays, the top one last.
    pub fn overlays(&self) -> &[Box<dyn Layer>] {
        &self.overlays
    }

    /// The top overlay.
    pub fn top(&self) -> Option<&dyn Layer> {
        self.overlays.last().map(|top| &**top)
    }

    /// The top overlay as this type; `None` if it has another type.
    pub fn top_as<T: Layer>(&self) -> Option<&T> {
        self.top()?.downcast_ref()
    }

    /// Like [`State::top_as`], but mutable.
    pub(in crate::app) fn top_as_mut<T: Layer>(&mut self) -> Option<&mut T> {
        self.overlays.last_mut()?.downcast_mut()
    }

    /// Opens an overlay on top.
    pub(in crate::app) fn open(&mut self, layer: impl Layer) {
        self.overlays.push(Box::new(layer));
    }

    /// Opens a prompt. If its text is empty, fills in the text of the last canceled prompt with the same heading.
    pub(in crate::app) fn open_prompt(&mut self, mut prompt: Prompt) {
        if let Some(typed) = self.canceled_prompts.get(prompt.heading())
            && prompt.text.text().is_empty()
        {
            prompt.text.set(typed);
        }
        self.open(prompt);
    }

    /// Closes the top overlay and returns it; does nothing and returns `None` if it has another type.
    pub(in crate::app) fn close<T: Layer>(&mut self) -> Option<T> {
        self.top_as::<T>()?;
        let top: Box<dyn Any> = self.overlays.pop()?;
        top.downcast().ok().map(|top| *top)
    }
}
