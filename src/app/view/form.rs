//! A form: its fields with their problems, the suggestions and the preview.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::command::CommandId;
use crate::app::form::{Field, FieldName, FieldValue, Form, FormSubject, NewEnd};
use crate::app::hat_color;
use crate::app::suggest::{Existing, Suggestion, Suggestions};
use crate::app::text::TextInput;
use crate::app::{MouseTarget, RoomUser, State, describe, until};
use crate::model::{Affiliation, Attachment, HatId, Jid, write};

use super::{
    Body, CellWidth, FieldView, FieldsView, HatAppearance, Heading, ItemRow, ListRow, ListView, Preview,
    RowCell, StoredHat, SuggestionsView, Swatch, ValueView, View, label,
};

pub(in crate::app) fn view<'a>(state: &'a State, form: &'a Form) -> View<'a> {
    let fields = form.fields.iter().enumerate();
    let fields = fields
        .map(|(index, form_field)| field(state, form, index, form_field))
        .collect();
    let has_focus = form.field().is_some_and(|field| field.name.suggests());
    let suggestions = form.suggestions.as_ref().map(|matching| SuggestionsView {
        title: match form.subject {
            FormSubject::AddToRoom { .. } => "Rooms",
            _ => "Existing hats",
        },
        count: matching.existing_count(),
        total: matching.available_count(),
        list: suggestions(form, matching),
        has_focus,
    });
    let heading = form.subject.heading();
    // Computed only once, because it takes time for very many users.
    let skipped = skipped_users(state, form);
    View {
        heading: Heading {
            spoken: heading.clone(),
            title: heading.into(),
            ..Heading::default()
        },
        size: (if suggestions.is_some() { 100 } else { 90 }, u16::MAX),
        input: None,
        remarks: Vec::new(),
        body: Body::Fields(Box::new(FieldsView {
            warning: form
                .concurrent_change(state.wardrobe())
                .map(|now| format!("Changed in the meantime: {now}")),
            fields,
            focus: form.focus,
            status: status(state, form, &skipped),
            keys_sentence: keys_sentence(state, form),
            preview: suggestions.as_ref().and_then(|_| preview(state, form, skipped)),
            suggestions,
        })),
        details: None,
    }
}

/// Says how to save and cancel. If saving first completes an address, the hint of that field names the key instead.
fn keys_sentence(state: &State, form: &Form) -> String {
    let cancel = state.key(CommandId::CancelForm);
    if form.completion_to_confirm(state.wardrobe()).is_some() {
        return format!("Press {cancel} to cancel");
    }
    format!("Press {} to save, {cancel} to cancel", state.key(CommandId::Save))
}

fn field<'a>(state: &State, form: &Form, index: usize, field: &'a Field) -> FieldView<'a> {
    let hint = || field_hint(state, form, field);
    let value = match &field.value {
        FieldValue::Text(text) if has_several_lines(field) => ValueView::Lines(text),
        FieldValue::Text(text) => ValueView::Text(text),
        FieldValue::Toggle(on) | FieldValue::Mixed(Some(on)) => {
            ValueView::Checkbox(Some(*on), hint(), short_hint(form, field.name))
        }
        FieldValue::Mixed(None) => ValueView::Checkbox(None, "mixed (unchanged)".into(), "mixed"),
        FieldValue::Choice { options, selected } => {
            ValueView::Choice(options.iter().map(|option| option.as_str()).collect(), *selected)
        }
    };
    let problem = form.problem(index, state.wardrobe(), state.keymap());
    let is_hue = field.name == FieldName::Hue && !form.text(FieldName::Hue).trim().is_empty();
    let sample = form.hat_with_hue().filter(|_| is_hue && problem.is_none());
    let is_checkbox = matches!(value, ValueView::Checkbox(..));
    FieldView {
        label: field.name.label(),
        value,
        hint: (problem.is_none() && !is_checkbox && !is_hue).then(|| field_hint(state, form, field)),
        problems: problem.into_iter().collect(),
        sample: sample.map(|(id, hue)| (form.text(FieldName::Title), id, hue)),
        swatches: if field.name == FieldName::Hue && index == form.focus {
            swatches(&form.text(FieldName::Hue))
        } else {
            Vec::new()
        },
        mouse_target: Some(MouseTarget::Field(index)),
    }
}

/// Returns the meaning of a checkbox in few words, for small screens.
fn short_hint(form: &Form, name: FieldName) -> &'static str {
    let holds_flags = form
        .server
        .as_ref()
        .is_none_or(|server| server.class.holds_flags());
    match name {
        FieldName::Active => "shown in chat",
        FieldName::Required if !holds_flags => "only in data file",
        FieldName::Required => "cannot be removed",
        FieldName::RetitleUsers => "change title, too",
        _ => "",
    }
}

/// Returns the colors that the form offers. The one with the hue of the text is marked as chosen.
fn swatches(text: &str) -> Vec<Swatch> {
    let chosen = hat_color::parse(text).ok();
    let all = hat_color::SWATCHES.iter().filter_map(|(name, _)| {
        let hue = hat_color::parse(name).ok()?;
        Some(Swatch {
            name,
            is_chosen: chosen.as_ref() == Some(&hue),
            hue,
        })
    });
    all.collect()
}

/// Returns whether a field has a list of addresses in several lines.
fn has_several_lines(field: &Field) -> bool {
    let is_list = |text: &TextInput| text.lines().len() > 1;
    field.name == FieldName::User && matches!(&field.value, FieldValue::Text(text) if is_list(text))
}

/// Returns the hint of a field: the hat or room that the typed title matches, or a description of the input.
fn field_hint(state: &State, form: &Form, field: &Field) -> String {
    match title_match(form, field) {
        Some((id, title)) if title.is_empty() => format!("→ {id}"),
        Some((_, title)) if field.name == FieldName::Hat => format!("→ {title}"),
        Some((id, title)) => format!("→ {title} · {id}"),
        None if has_several_lines(field) => match &field.value {
            FieldValue::Text(text) => format!(
                "line {} of {}",
                describe::with_thousands_commas(text.cursor_in_lines().0 + 1),
                describe::with_thousands_commas(text.lines().len())
            ),
            _ => String::new(),
        },
        None if field.name == FieldName::User => match form.completion_to_confirm(state.wardrobe()) {
            Some(completed) => format!(
                "press {} to complete it to {completed}",
                state.key(CommandId::Save)
            ),
            None => field.name.hint(state.keymap()),
        },
        None if field.name == FieldName::Hat && form.new_hat_title().is_some() => {
            format!(
                "→ new hat {}",
                describe::quoted(form.new_hat_title().unwrap_or_default())
            )
        }
        None if field.name == FieldName::Affiliation => match form.affiliation() {
            Affiliation::None => "removes the user and their hats from the room".into(),
            Affiliation::Outcast => "bans the user from the room".into(),
            _ => field.name.hint(state.keymap()),
        },
        // An empty field that was not edited: the titles differ, or there are none.
        None if field.name == FieldName::Title
            && matches!(form.subject, FormSubject::EditHats { before: None, .. })
            && matches!(&field.value, FieldValue::Text(text) if !text.is_changed() && text.text().is_empty()) =>
        {
            "leave empty to keep each user's title".into()
        }
        None if field.name == FieldName::Title
            && matches!(form.subject, FormSubject::EditHats { before: Some(_), .. }) =>
        {
            server_hint(state, form, field)
                .unwrap_or_else(|| "shown in chat, only for this user in this room".into())
        }
        None if field.name == FieldName::Expires => {
            end_hint(form).unwrap_or_else(|| field.name.hint(state.keymap()))
        }
        None => server_hint(state, form, field).unwrap_or_else(|| field.name.hint(state.keymap())),
    }
}

/// Says how the text of the field for the expiration time was understood, or, if several hats are edited, that an empty
/// text keeps their expiration times; `None` if there is no expiration time.
fn end_hint(form: &Form) -> Option<String> {
    let text = form.text(FieldName::Expires);
    let end = match (&form.subject, form.changed_end()) {
        (_, Some(NewEnd(end))) => end,
        (FormSubject::EditHats { before: None, .. }, None) if text.is_empty() => {
            return Some("leave empty to keep each hat's expiration time".into());
        }
        (FormSubject::EditHats { before, .. }, None) => before.as_ref().and_then(Attachment::until),
        (_, None) => None,
    };
    end.map(|end| format!("→ {}", until::explain(end, &form.now)))
}

/// Returns the hint for a field that works differently on the server of the form's rooms; `None` for other fields.
fn server_hint(state: &State, form: &Form, field: &Field) -> Option<String> {
    let server = form.server.as_ref()?;
    let users = form.user_count_with_hat(state.wardrobe());
    server.hint(field.name, users)
}

fn suggestions<'a>(form: &'a Form, matching: &'a Suggestions) -> ListView<'a> {
    let selected = form.selected_suggestion().and_then(|row| matching.get(row));
    ListView {
        empty_lines: vec!["No matches".into()],
        full_text: match selected {
            Some(Suggestion::Existing(existing)) => Some(existing.id().to_owned()),
            _ => None,
        },
        ..ListView::new(matching.len(), form.selected_suggestion(), move |index| {
            ListRow::Item(ItemRow {
                cells: matching.get(index).map(suggestion).unwrap_or_default(),
                marked: false,
                mouse_target: MouseTarget::Suggestion(index),
            })
        })
    }
}

/// Returns the cells of a suggestion: the title of the hat or the name of the room; the rooms of the hat or the address
/// of the room, which distinguish suggestions with the same title; and the number of users. A new hat has one cell.
fn suggestion(row: Suggestion<'_>) -> Vec<RowCell<'_>> {
    let existing = match row {
        Suggestion::Existing(existing) => existing,
        Suggestion::NewHat(title) => {
            let name = describe::quoted(title);
            return vec![
                RowCell::text(format!("+ New hat {name}"))
                    .width(CellWidth::Share(1))
                    .gap(2)
                    .spoken(format!("New hat {name}")),
            ];
        }
    };
    let (title, distinction) = match existing {
        Existing::Hat(hat) => (
            label::hat(&hat.id, hat.title.as_deref()),
            RowCell::text(hat.room_phrase()),
        ),
        Existing::Room(id, room) => (label::room(id, room).into(), RowCell::address(id.as_str())),
    };
    vec![
        RowCell::text(title).width(CellWidth::Share(9)).gap(2),
        RowCell {
            min_row_width: 46,
            ..distinction.width(CellWidth::Share(11)).gap(2)
        },
        RowCell {
            right_aligned: true,
            ..RowCell::text(describe::count(existing.users(), "user"))
                .width(CellWidth::Fixed(12))
                .gap(0)
        },
    ]
}

fn preview<'a>(state: &State, form: &'a Form, skipped: String) -> Option<Preview<'a>> {
    let (room, user) = match &form.subject {
        // Of several users, the first who gets the hat is the example.
        FormSubject::AddHat { room_users } => {
            let hat = form.resolve_hat().ok().map(|chosen| chosen.id);
            let mut all = room_users.iter();
            let changed = all.find(|at| skip_reason(state, hat.as_ref(), at).is_none());
            changed.or(room_users.first()).map(|(room, user)| (room, user))?
        }
        FormSubject::EditHats { attachments, .. } => attachments.first().map(|at| (&at.room, &at.user))?,
        _ => return None,
    };
    let attachment = form.attachment();
    let hat = form.resolve_hat().ok().map(|chosen| chosen.id);
    let new_title = hat.is_none().then(|| form.new_hat_title()).flatten();
    let local = state.wardrobe().room(room);
    let appearance = match &hat {
        None if new_title.is_some() && attachment.is_active() => {
            HatAppearance::New(attachment.title.as_deref().unwrap_or_default().to_owned())
        }
        None if new_title.is_some() => HatAppearance::Inactive,
        None => HatAppearance::Unknown,
        Some(_) if !attachment.is_active() => HatAppearance::Inactive,
        Some(id) => {
            let shown_title = local.and_then(|local| local.hat(id)?.title.clone());
            let catalog_title = form.catalog_title(shown_title.as_deref());
            let title = match (local, &catalog_title) {
                (_, Some(title)) => Some(title.as_str()),
                (Some(local), None) => local.title(id, &attachment),
                (None, None) => attachment.title.as_deref(),
            };
            let defined = local.and_then(|local| local.catalog.get(id));
            let hue = defined.and_then(|hat| hat.hue.clone());
            HatAppearance::Hat(label::hat(id, title).into_owned(), id.clone(), hue)
        }
    };
    Some(Preview {
        user: user.local().unwrap_or(user.as_str()),
        appearance,
        stored: hat
            .as_ref()
            .map(HatId::as_str)
            .or(new_title.map(|_| "urn:uuid:…"))
            .map(|id| StoredHat {
                id: serde_json::Value::from(id).to_string(),
                value: write::compact(&attachment),
            }),
        skipped,
    })
}

/// Returns the reason why a user does not get this hat, as a verb for one and for several users; `None` if the user gets it.
fn skip_reason(state: &State, hat: Option<&HatId>, (room, user): &RoomUser) -> Option<[&'static str; 2]> {
    let user = state.wardrobe().user(room, user)?;
    if !user.affiliation.is_affiliated() {
        Some(["cannot get hats"; 2])
    } else if hat.is_some_and(|hat| user.hats.get(hat).is_some()) {
        Some(["already has it", "already have it"])
    } else {
        None
    }
}

/// Says how many of several users do not get the hat of the form, and why: `skipped: 2 users already have it`; empty if all get
/// it.
fn skipped_users(state: &State, form: &Form) -> String {
    let all: &[RoomUser] = match &form.subject {
        FormSubject::AddHat { room_users } if room_users.len() > 1 => room_users,
        _ => &[],
    };
    if all.is_empty() {
        return String::new();
    }
    let hat = form.resolve_hat().ok().map(|chosen| chosen.id);
    let mut skipped: BTreeMap<[&str; 2], BTreeSet<&Jid>> = BTreeMap::new();
    for at in all {
        if let Some(reason) = skip_reason(state, hat.as_ref(), at) {
            skipped.entry(reason).or_default().insert(&at.1);
        }
    }
    let reasons = skipped.iter().map(|([one, several], users)| {
        let verb = if users.len() == 1 { one } else { several };
        format!("{} {verb}", describe::count(users.len(), "user"))
    });
    match reasons.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => none,
        reasons => format!("skipped: {reasons}"),
    }
}

/// Returns the text for screen readers: a concurrent change, else the problem, match, meaning or hint of the focused
/// field; then the number of its suggestions.
fn status(state: &State, form: &Form, skipped: &str) -> String {
    let Some(field) = form.field() else {
        return form.subject.heading();
    };
    let problem = form.problem(form.focus, state.wardrobe(), state.keymap());
    let text = match (form.concurrent_change(state.wardrobe()), problem) {
        (Some(now), _) => format!("Changed in the meantime: {now}"),
        (None, Some(problem)) => format!("Error: {problem}"),
        (None, None) => matched_phrase(form, field).map_or_else(
            || {
                let hint = field_hint(state, form, field);
                // A screen reader reads the hint alone: it must not seem to be the value.
                let is_meaning = matches!(
                    field.name,
                    FieldName::Active | FieldName::Required | FieldName::RetitleUsers
                ) && hint == field.name.hint(state.keymap());
                let hint = if is_meaning {
                    format!("if yes: {hint}")
                } else {
                    hint
                };
                describe::sentence(&crate::app::spell_arrows(hint.trim_start_matches("→ ")))
            },
            |hat| format!("Selected: {hat}"),
        ),
    };
    let list_hint = match (&form.suggestions, field.name) {
        (Some(matching), name) if name.suggests() && !matching.is_empty() => {
            let noun = if name == FieldName::Hat {
                "existing hat"
            } else {
                "existing room"
            };
            let number = match matching.existing_count() {
                number if form.text(name).trim().is_empty() => describe::count(number, noun),
                0 => "no matches".to_owned(),
                1 => "1 match".to_owned(),
                more => format!("{} matches", describe::with_thousands_commas(more)),
            };
            let key = state.key(CommandId::OpenSuggestions);
            format!(". {}; press {key} for the list", describe::capitalized(&number))
        }
        _ => String::new(),
    };
    let skipped = if field.name == FieldName::Hat && !skipped.is_empty() {
        format!(". {}", describe::capitalized(skipped))
    } else {
        String::new()
    };
    format!("{text}{skipped}{list_hint}")
}

/// Returns the ID and the title of the hat or room that the typed title matches; `None` if there is none.
fn title_match(form: &Form, field: &Field) -> Option<(String, String)> {
    match field.name {
        FieldName::Hat => form
            .resolve_hat()
            .ok()
            .and_then(|hat| Some((hat.id.to_string(), hat.matched_title?))),
        FieldName::ExistingRoom => form
            .resolve_room()
            .ok()
            .and_then(|room| Some((room.id.to_string(), room.matched_title?))),
        _ => None,
    }
}

/// Returns the result of [`title_match`] as a phrase for a screen reader.
fn matched_phrase(form: &Form, field: &Field) -> Option<String> {
    let (id, title) = title_match(form, field)?;
    let title = Some(title).filter(|title| !title.is_empty());
    Some(title.map_or_else(|| id.clone(), |title| format!("{title}, {id}")))
}
