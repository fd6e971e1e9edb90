//! What was typed, and what could not be saved, when a session was cut off: kept outside, offered at the next start.

use serde::{Deserialize, Serialize};

use crate::model::{Affiliation, Group, Wardrobe};
use crate::store::Change;

use super::form::{Form, Name, Subject, Value};

/// What a session leaves behind when it is cut off.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// The forms that were open, the topmost last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<FormDraft>,
    /// Changes that could not be written, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsaved: Vec<Unsaved>,
}

/// A form's subject and what its fields held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormDraft {
    /// What the form was about.
    pub subject: Subject,
    pub(super) texts: Vec<(Name, String)>,
    pub(super) ticks: Vec<(Name, bool)>,
    pub(super) affiliation: Affiliation,
    pub(super) focus: usize,
}

/// A change that could not be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unsaved {
    /// What.
    pub edits: Group,
    #[serde(default)]
    pub(super) undoes: Option<u64>,
    #[serde(default)]
    pub(super) redoes: Option<u64>,
}

impl From<&Change> for Unsaved {
    fn from(change: &Change) -> Self {
        Self {
            edits: change.group.clone(),
            undoes: change.undoes,
            redoes: change.redoes,
        }
    }
}

impl From<Unsaved> for Change {
    fn from(unsaved: Unsaved) -> Self {
        Self {
            group: unsaved.edits,
            undoes: unsaved.undoes,
            redoes: unsaved.redoes,
        }
    }
}

impl FormDraft {
    /// What was typed, field by field; fields in which nothing was are left out.
    pub fn texts(&self) -> impl Iterator<Item = (Name, &str)> {
        let texts = self.texts.iter().map(|(name, text)| (*name, text.as_str()));
        texts.filter(|(_, text)| !text.is_empty())
    }

    pub(super) fn of(form: &Form) -> Self {
        let (mut texts, mut ticks) = (Vec::new(), Vec::new());
        for field in &form.fields {
            match &field.value {
                Value::Text(text) => texts.push((field.name, text.text())),
                Value::Tick(on) => ticks.push((field.name, *on)),
                Value::Choice { .. } => {}
            }
        }
        let affiliation = form.affiliation();
        Self {
            subject: form.subject.clone(),
            texts,
            ticks,
            affiliation,
            focus: form.focus,
        }
    }

    /// Puts into the fields of a form what was typed.
    pub(super) fn restore(&self, form: &mut Form) {
        for (name, text) in &self.texts {
            form.set_text(*name, text);
        }
        for field in &mut form.fields {
            match &mut field.value {
                Value::Tick(on) => {
                    if let Some((_, was)) = self.ticks.iter().find(|(name, _)| *name == field.name) {
                        *on = *was;
                    }
                }
                Value::Choice { options, at } => {
                    *at = options
                        .iter()
                        .position(|option| *option == self.affiliation)
                        .unwrap_or(*at);
                }
                Value::Text(_) => {}
            }
        }
        form.focus = self.focus.min(form.fields.len().saturating_sub(1));
        form.changed = true;
    }
}

impl Draft {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty() && self.unsaved.is_empty()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        crate::model::write::pretty(self)
    }

    /// Reads a draft; `None` when it is none, or when it is about rooms that are not in this wardrobe (any more, or
    /// for this session).
    pub(super) fn read(bytes: &[u8], wardrobe: &Wardrobe) -> Option<Self> {
        let draft: Self = serde_json::from_slice(bytes).ok()?;
        let about = draft.forms.iter().filter_map(|form| form.subject.room());
        let edited = draft
            .unsaved
            .iter()
            .flat_map(|unsaved| &unsaved.edits.0)
            .filter_map(|edit| edit.room());
        let mut rooms = about.chain(edited);
        (!draft.is_empty() && rooms.all(|room| wardrobe.room(room).is_some())).then_some(draft)
    }
}
