//! What was typed, and what could not be saved, when a session was cut off: kept outside, offered at the next start.

use serde::{Deserialize, Serialize};

use crate::model::{Affiliation, Group, Jid};
use crate::store::{Change, Scope};

use super::form::{FieldName, FieldValue, Form, FormSubject};

/// What a session leaves behind when it is cut off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The forms that were open, the topmost last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<FormDraft>,
    /// Changes that could not be written, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsaved: Vec<UnsavedChange>,
}

/// A form's subject and what its fields held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormDraft {
    /// What the form was about.
    pub subject: FormSubject,
    pub(super) texts: Vec<(FieldName, String)>,
    pub(super) ticks: Vec<(FieldName, bool)>,
    pub(super) affiliation: Affiliation,
    pub(super) focus: usize,
}

/// A change that could not be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsavedChange {
    /// What.
    pub edits: Group,
    #[serde(default)]
    pub(super) undoes: Option<u64>,
    #[serde(default)]
    pub(super) redoes: Option<u64>,
}

impl From<&Change> for UnsavedChange {
    fn from(change: &Change) -> Self {
        Self {
            edits: change.group.clone(),
            undoes: change.undoes,
            redoes: change.redoes,
        }
    }
}

impl From<UnsavedChange> for Change {
    fn from(unsaved: UnsavedChange) -> Self {
        Self {
            group: unsaved.edits,
            undoes: unsaved.undoes,
            redoes: unsaved.redoes,
        }
    }
}

impl UnsavedChange {
    fn is_within(&self, scope: &Scope) -> bool {
        self.edits.0.iter().all(|edit| is_in_scope(scope, edit.room()))
    }
}

/// Whether what is about this room, or about the whole document, is for a session of this scope.
fn is_in_scope(scope: &Scope, room: Option<&Jid>) -> bool {
    match (&scope.rooms, room) {
        (None, _) => true,
        (Some(rooms), Some(room)) => rooms.contains(room),
        (Some(_), None) => false,
    }
}

impl FormDraft {
    fn is_within(&self, scope: &Scope) -> bool {
        let typed = || {
            let (_, text) = self
                .texts
                .iter()
                .find(|(name, _)| matches!(name, FieldName::Room | FieldName::ExistingRoom))?;
            Jid::parse_input(text.trim()).ok()
        };
        match self.subject.rooms().as_slice() {
            [] => is_in_scope(scope, typed().as_ref()),
            rooms => rooms.iter().all(|room| is_in_scope(scope, Some(room))),
        }
    }

    /// What was typed, field by field; fields in which nothing was are left out.
    pub fn texts(&self) -> impl Iterator<Item = (FieldName, &str)> {
        let texts = self.texts.iter().map(|(name, text)| (*name, text.as_str()));
        texts.filter(|(_, text)| !text.is_empty())
    }

    pub(super) fn of_form(form: &Form) -> Self {
        let (mut texts, mut ticks) = (Vec::new(), Vec::new());
        for field in &form.fields {
            match &field.value {
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

    /// Puts into the fields of a form what was typed.
    pub(super) fn restore(&self, form: &mut Form) {
        for (name, text) in &self.texts {
            form.set_text(*name, text);
        }
        for field in &mut form.fields {
            match &mut field.value {
                FieldValue::Toggle(on) => {
                    if let Some((_, was)) = self.ticks.iter().find(|(name, _)| *name == field.name) {
                        *on = *was;
                    }
                }
                FieldValue::Mixed(answer) => {
                    let was = self.ticks.iter().find(|(name, _)| *name == field.name);
                    *answer = was.map(|(_, was)| *was);
                }
                FieldValue::Choice { options, at } => {
                    *at = options
                        .iter()
                        .position(|option| *option == self.affiliation)
                        .unwrap_or(*at);
                }
                FieldValue::Text(_) => {}
            }
        }
        // The list is that of what is typed, as it was: what it offers first is what the letters mean.
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
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty() && self.unsaved.is_empty()
    }

    /// What of the kept bytes is for a session of this scope; the rest stays where it is. The error says why the bytes
    /// are no draft.
    pub(super) fn read(bytes: &[u8], scope: &Scope) -> Result<Self, String> {
        let mut draft: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        draft.forms.retain(|form| form.is_within(scope));
        draft.unsaved.retain(|unsaved| unsaved.is_within(scope));
        Ok(draft)
    }

    /// Takes out of this draft what another has in it, each once.
    fn subtract(&mut self, other: &Self) {
        for form in &other.forms {
            if let Some(at) = self.forms.iter().position(|there| there == form) {
                self.forms.remove(at);
            }
        }
        for unsaved in &other.unsaved {
            if let Some(at) = self.unsaved.iter().position(|there| there == unsaved) {
                self.unsaved.remove(at);
            }
        }
    }
}

/// The bytes to be kept in the place of those that are kept now: with what this session has to keep in the place of what
/// it had (`before`), and with all that others left there. `None`: nothing is to be kept. (One person may have several
/// sessions open, and a session may see less than another.)
pub fn update_stored(now: Option<&[u8]>, before: &Draft, after: &Draft) -> Option<Vec<u8>> {
    // Bytes that are no draft were said to be none, and can be of no use.
    let mut draft: Draft = now
        .and_then(|now| serde_json::from_slice(now).ok())
        .unwrap_or_default();
    draft.subtract(before);
    draft.forms.extend_from_slice(&after.forms);
    draft.unsaved.extend_from_slice(&after.unsaved);
    to_bytes(&draft)
}

/// The bytes to be kept when what killed sessions left in their own drafts is put to what is kept now, each once.
pub fn merge_orphaned(now: Option<&[u8]>, left: &[Vec<u8>]) -> Option<Vec<u8>> {
    let read = |bytes: &[u8]| serde_json::from_slice::<Draft>(bytes).ok();
    let mut draft = now.and_then(read).unwrap_or_default();
    for mut more in left.iter().filter_map(|bytes| read(bytes)) {
        more.subtract(&draft);
        draft.forms.append(&mut more.forms);
        draft.unsaved.append(&mut more.unsaved);
    }
    to_bytes(&draft)
}

/// A draft as it is kept; `None`: there is nothing in it.
pub fn to_bytes(draft: &Draft) -> Option<Vec<u8>> {
    (!draft.is_empty()).then(|| crate::model::write::pretty(draft))
}

/// What a session knows of the draft that is kept outside.
#[derive(Debug, Clone, Default)]
pub(super) struct DraftState {
    /// What came before the file was open.
    pub received: Option<Vec<u8>>,
    /// That about which nothing was decided yet.
    pub undecided: Option<Draft>,
    /// What this session has in it.
    pub stored: Draft,
    /// What it asked to be kept last, before there is an answer.
    pub storing: Option<Draft>,
    /// What could not be kept: not asked for again and again.
    pub failed: Option<Draft>,
    /// Forms that were taken up from it and are open.
    pub restored_forms: Vec<FormDraft>,
    /// Changes were taken up from it that may not be saved yet.
    pub has_restored_changes: bool,
    /// The session's own draft.
    pub own: OwnDraftState,
}

/// What a session knows of its own draft, which is there in case that it is killed.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnDraftState {
    /// What is in it.
    pub kept: Draft,
    /// The forms that were open when typing paused.
    pub forms: Vec<FormDraft>,
    /// Changes are long without an answer.
    pub has_overdue_changes: bool,
    /// Typing is waited for to pause.
    pub awaiting_pause: bool,
    /// An answer is waited for.
    pub awaiting_answer: bool,
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
            unsaved: Vec::new(),
        }
    }

    #[test]
    fn what_others_keep_there_stays() {
        let bytes = |names: &[&str]| update_stored(None, &Draft::default(), &draft(names)).unwrap();
        let now = bytes(&["theirs", "mine", "mine"]);
        let after = update_stored(Some(&now), &draft(&["mine"]), &draft(&["new"])).unwrap();
        assert_eq!(after, bytes(&["theirs", "mine", "new"]));
        assert_eq!(
            update_stored(Some(&now), &draft(&["theirs", "mine", "mine"]), &draft(&[])),
            None
        );
        assert_eq!(
            update_stored(Some(b"{]"), &draft(&["mine"]), &draft(&["new"])).unwrap(),
            bytes(&["new"])
        );
        assert_eq!(
            update_stored(Some(&now), &draft(&["mine"; 3]), &draft(&[])).unwrap(),
            bytes(&["theirs"])
        );
    }

    #[test]
    fn what_killed_sessions_left_is_gathered_each_once() {
        let bytes = |names: &[&str]| to_bytes(&draft(names)).unwrap();
        let left = [bytes(&["a", "b"]), b"{]".to_vec(), bytes(&["b", "c"])];
        assert_eq!(
            merge_orphaned(Some(&bytes(&["a"])), &left),
            Some(bytes(&["a", "b", "c"]))
        );
        assert_eq!(merge_orphaned(None, &[b"{]".to_vec()]), None);
    }

    #[test]
    fn a_limited_session_gets_what_is_about_its_rooms() {
        let scope = |rooms: &[&str]| Scope {
            rooms: Some(rooms.iter().map(|room| Jid::parse(room).unwrap()).collect()),
            read_only: false,
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
