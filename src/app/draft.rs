//! Drafts: unsaved input and changes, stored outside the data file and offered at the next start.

use serde::{Deserialize, Serialize};

use crate::model::{Affiliation, EditGroup, Jid};
use crate::store::{Change, ChangeReason, Scope};

use super::form::{FieldName, FieldValue, Form, FormSubject};

/// The unsaved input and changes of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The forms that were open, the topmost last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<FormDraft>,
    /// Changes that are not saved, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsaved: Vec<UnsavedChange>,
    /// The texts of prompts that were open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<PromptDraft>,
}

/// The text of a prompt. After the draft is restored, the next prompt with this heading starts with this text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptDraft {
    /// The prompt's heading, such as `Export`.
    pub heading: String,
    /// The text.
    pub text: String,
}

/// A form's subject and the contents of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormDraft {
    /// The subject of the form.
    pub subject: FormSubject,
    pub(super) texts: Vec<(FieldName, String)>,
    /// The values of the checkboxes, except those that are mixed.
    pub(super) ticks: Vec<(FieldName, bool)>,
    pub(super) affiliation: Affiliation,
    pub(super) focus: usize,
}

/// A change that is not saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsavedChange {
    /// The change.
    pub edits: EditGroup,
    #[serde(default)]
    pub(super) undoes: Option<u64>,
    #[serde(default)]
    pub(super) redoes: Option<u64>,
    #[serde(default, rename = "rolled-back", skip_serializing_if = "Option::is_none")]
    pub(super) rolled_back: Option<u64>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "ChangeReason::deserialize_stored"
    )]
    pub(super) reason: Option<ChangeReason>,
}

impl From<&Change> for UnsavedChange {
    fn from(change: &Change) -> Self {
        Self {
            edits: change.group.clone(),
            undoes: change.undoes,
            redoes: change.redoes,
            rolled_back: change.rolled_back,
            reason: change.reason.clone(),
        }
    }
}

impl From<UnsavedChange> for Change {
    fn from(unsaved: UnsavedChange) -> Self {
        Self {
            group: unsaved.edits,
            undoes: unsaved.undoes,
            redoes: unsaved.redoes,
            rolled_back: unsaved.rolled_back,
            actor: None,
            sent: None,
            reason: unsaved.reason,
            confirmed: false,
            accepted_removals: false,
        }
    }
}

impl UnsavedChange {
    fn is_within(&self, scope: &Scope) -> bool {
        self.edits.0.iter().all(|edit| is_in_scope(scope, edit.room()))
    }
}

/// Whether the scope of a session includes this room, or the whole data file (`None`).
fn is_in_scope(scope: &Scope, room: Option<&Jid>) -> bool {
    match (&scope.rooms, room) {
        (None, _) => true,
        (Some(rooms), Some(room)) => rooms.contains(room),
        (Some(_), None) => false,
    }
}

impl FormDraft {
    fn is_within(&self, scope: &Scope) -> bool {
        let typed_room = || {
            let (_, text) = self
                .texts
                .iter()
                .find(|(name, _)| matches!(name, FieldName::Room | FieldName::ExistingRoom))?;
            Jid::parse_input(text.trim()).ok()
        };
        match self.subject.rooms().as_slice() {
            [] => is_in_scope(scope, typed_room().as_ref()),
            rooms => rooms.iter().all(|room| is_in_scope(scope, Some(room))),
        }
    }

    /// The texts of the fields that are not empty.
    pub fn texts(&self) -> impl Iterator<Item = (FieldName, &str)> {
        let texts = self.texts.iter().map(|(name, text)| (*name, text.as_str()));
        texts.filter(|(_, text)| !text.is_empty())
    }

    /// The draft of a form with its current contents.
    pub(super) fn of_form(form: &Form) -> Self {
        let (mut texts, mut ticks) = (Vec::new(), Vec::new());
        for field in &form.fields {
            match &field.value {
                // Older versions cannot read a draft with this field, so it is left out unless it was changed.
                FieldValue::Text(text) if field.name == FieldName::Expires && !text.is_changed() => {}
                FieldValue::Text(text) => texts.push((field.name, text.text())),
                FieldValue::Toggle(on) | FieldValue::Mixed(Some(on)) => ticks.push((field.name, *on)),
                FieldValue::Mixed(None) | FieldValue::Choice { .. } => {}
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

    /// Puts the contents of the draft into the fields of a form.
    pub(super) fn restore(&self, form: &mut Form) {
        for (name, text) in &self.texts {
            form.set_text(*name, text);
        }
        for field in &mut form.fields {
            match &mut field.value {
                FieldValue::Toggle(on) => {
                    if let Some((_, saved)) = self.ticks.iter().find(|(name, _)| *name == field.name) {
                        *on = *saved;
                    }
                }
                FieldValue::Mixed(answer) => {
                    let saved = self.ticks.iter().find(|(name, _)| *name == field.name);
                    *answer = saved.map(|(_, saved)| *saved);
                }
                FieldValue::Choice { options, selected } => {
                    *selected = options
                        .iter()
                        .position(|option| *option == self.affiliation)
                        .unwrap_or(*selected);
                }
                FieldValue::Text(_) => {}
            }
        }
        // Search again, so that partial text resolves to the same suggestion as before.
        let field = form
            .fields
            .iter()
            .map(|field| field.name)
            .find(|name| name.suggests());
        let typed = field.map_or_else(String::new, |name| form.text(name));
        if let Some(suggestions) = &mut form.suggestions {
            suggestions.search(&typed);
        }
        form.focus = self.focus.min(form.fields.len().saturating_sub(1));
        form.changed = true;
    }
}

impl Draft {
    /// Whether the draft is empty.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty() && self.unsaved.is_empty() && self.prompts.is_empty()
    }

    /// Parses a stored draft and returns its entries in the scope of this session; the others stay stored. The error
    /// says why the bytes are not a draft.
    pub(super) fn read(bytes: &[u8], scope: &Scope) -> Result<Self, String> {
        let mut draft: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        draft.forms.retain(|form| form.is_within(scope));
        draft.unsaved.retain(|unsaved| unsaved.is_within(scope));
        // The text of a prompt may be about rooms outside the scope.
        draft.prompts.retain(|_| !scope.is_restricted());
        Ok(draft)
    }

    /// Removes each entry of another draft once.
    fn subtract(&mut self, other: &Self) {
        for form in &other.forms {
            if let Some(index) = self.forms.iter().position(|own| own == form) {
                self.forms.remove(index);
            }
        }
        for unsaved in &other.unsaved {
            if let Some(index) = self.unsaved.iter().position(|own| own == unsaved) {
                self.unsaved.remove(index);
            }
        }
        for prompt in &other.prompts {
            if let Some(index) = self.prompts.iter().position(|own| own == prompt) {
                self.prompts.remove(index);
            }
        }
    }
}

/// Replaces this session's previous entries (`before`) in the stored draft with `after`, and keeps those of other
/// sessions: one person may have several sessions with different scopes. `None` if the resulting draft is empty.
pub fn update_stored(stored: Option<&[u8]>, before: &Draft, after: &Draft) -> Option<Vec<u8>> {
    // Unreadable bytes were reported when they were read; they are dropped.
    let mut draft: Draft = stored
        .and_then(|stored| serde_json::from_slice(stored).ok())
        .unwrap_or_default();
    draft.subtract(before);
    draft.forms.extend_from_slice(&after.forms);
    draft.unsaved.extend_from_slice(&after.unsaved);
    draft.prompts.extend_from_slice(&after.prompts);
    to_bytes(&draft)
}

/// Adds the entries of the drafts of killed sessions (`orphaned`) to the stored draft, each once. Drops unreadable
/// drafts. `None` if the resulting draft is empty.
pub fn merge_orphaned(stored: Option<&[u8]>, orphaned: &[Vec<u8>]) -> Option<Vec<u8>> {
    let read = |bytes: &[u8]| serde_json::from_slice::<Draft>(bytes).ok();
    let mut draft = stored.and_then(read).unwrap_or_default();
    for mut orphan in orphaned.iter().filter_map(|bytes| read(bytes)) {
        orphan.subtract(&draft);
        draft.forms.append(&mut orphan.forms);
        draft.unsaved.append(&mut orphan.unsaved);
        draft.prompts.append(&mut orphan.prompts);
    }
    to_bytes(&draft)
}

/// Serializes a draft; `None` if it is empty.
pub fn to_bytes(draft: &Draft) -> Option<Vec<u8>> {
    (!draft.is_empty()).then(|| crate::model::write::pretty(draft))
}

/// A session's knowledge of the stored draft, and its own live draft.
#[derive(Debug, Clone, Default)]
pub(super) struct DraftState {
    /// The stored draft, if it was read before the data file was open.
    pub received: Option<Vec<u8>>,
    /// The draft of an earlier session that was neither restored nor discarded yet.
    pub undecided: Option<Draft>,
    /// This session's entries in the stored draft.
    pub stored: Draft,
    /// The entries being stored, until confirmed.
    pub storing: Option<Draft>,
    /// Entries that could not be stored. Storing the same entries is not retried.
    pub failed: Option<Draft>,
    /// Restored forms that are open.
    pub restored_forms: Vec<FormDraft>,
    /// Whether restored changes may still be unsaved.
    pub has_restored_changes: bool,
    /// The live draft of this session.
    pub live: LiveDraftState,
}

/// State of a session's live draft, which survives if the process is killed.
#[derive(Debug, Clone, Default)]
pub(super) struct LiveDraftState {
    /// The contents that were saved last.
    pub saved: Draft,
    /// Forms that were open at the last pause in typing.
    pub forms: Vec<FormDraft>,
    /// Prompts that were open at the last pause in typing.
    pub prompts: Vec<PromptDraft>,
    /// Whether changes were still unconfirmed after the delay [`Unconfirmed`](super::DraftDelay::Unconfirmed).
    pub has_overdue_changes: bool,
    /// Whether the delay [`Typing`](super::DraftDelay::Typing) is running.
    pub typing_delay_runs: bool,
    /// Whether the delay [`Unconfirmed`](super::DraftDelay::Unconfirmed) is running.
    pub unconfirmed_delay_runs: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(name: &str) -> FormDraft {
        FormDraft {
            subject: FormSubject::AddRoom,
            texts: vec![(FieldName::Room, name.into())],
            ticks: Vec::new(),
            affiliation: Affiliation::Member,
            focus: 0,
        }
    }

    fn draft(names: &[&str]) -> Draft {
        Draft {
            forms: names.iter().map(|name| form(name)).collect(),
            ..Draft::default()
        }
    }

    #[test]
    fn keeps_entries_of_other_sessions() {
        let bytes = |names: &[&str]| update_stored(None, &Draft::default(), &draft(names)).unwrap();
        let stored = bytes(&["theirs", "mine", "mine"]);
        let after = update_stored(Some(&stored), &draft(&["mine"]), &draft(&["new"])).unwrap();
        assert_eq!(after, bytes(&["theirs", "mine", "new"]));
        assert_eq!(
            update_stored(Some(&stored), &draft(&["theirs", "mine", "mine"]), &draft(&[])),
            None
        );
        assert_eq!(
            update_stored(Some(b"{]"), &draft(&["mine"]), &draft(&["new"])).unwrap(),
            bytes(&["new"])
        );
        assert_eq!(
            update_stored(Some(&stored), &draft(&["mine"; 3]), &draft(&[])).unwrap(),
            bytes(&["theirs"])
        );
    }

    #[test]
    fn collects_drafts_of_killed_sessions_once() {
        let bytes = |names: &[&str]| to_bytes(&draft(names)).unwrap();
        let orphaned = [bytes(&["a", "b"]), b"{]".to_vec(), bytes(&["b", "c"])];
        assert_eq!(
            merge_orphaned(Some(&bytes(&["a"])), &orphaned),
            Some(bytes(&["a", "b", "c"]))
        );
        assert_eq!(merge_orphaned(None, &[b"{]".to_vec()]), None);
    }

    #[test]
    fn restricted_session_gets_drafts_of_its_rooms() {
        let scope = |rooms: &[&str]| Scope {
            rooms: Some(rooms.iter().map(|room| Jid::parse(room).unwrap()).collect()),
            read_only: false,
            ..Scope::default()
        };
        let bytes = update_stored(
            None,
            &Draft::default(),
            &draft(&["a@c.example", "b@c.example", "a@"]),
        )
        .unwrap();
        assert_eq!(
            Draft::read(&bytes, &scope(&["a@c.example"])).unwrap(),
            draft(&["a@c.example"])
        );
        assert_eq!(Draft::read(&bytes, &Scope::default()).unwrap().forms.len(), 3);
        assert!(Draft::read(b"\xff{", &Scope::default()).is_err());
    }
}
