//! A prompt: a text input, a choice and errors.

use crate::app::prompt::Prompt;
use crate::app::{State, describe};

use super::{Body, FieldView, FieldsView, Heading, ValueView, View};

pub(in crate::app) fn view<'a>(state: &State, overlay: &'a Prompt) -> View<'a> {
    let choice_hint = overlay.choice_hint(state.keymap());
    let [label, choice] = overlay.labels();
    let mut fields = vec![FieldView {
        label,
        value: ValueView::Text(&overlay.text),
        problems: overlay.errors.as_slice().into(),
        hint: Some(overlay.hint()),
        sample: None,
        swatches: Vec::new(),
        mouse_target: None,
    }];
    if !overlay.choices.is_empty() {
        fields.push(FieldView {
            label: choice,
            value: ValueView::ChoiceLines(&overlay.choices, overlay.selected),
            problems: [].as_slice().into(),
            hint: overlay.is_choosing.then(|| choice_hint.clone()),
            sample: None,
            swatches: Vec::new(),
            mouse_target: None,
        });
    }
    let status = match (overlay.is_waiting, overlay.errors.first()) {
        (true, _) => "Working".to_owned(),
        (false, Some(error)) => format!("Error: {error}"),
        (false, None) if overlay.is_choosing => describe::sentence(&choice_hint),
        (false, None) => describe::sentence(&overlay.hint()),
    };
    View {
        heading: Heading {
            title: overlay.full_heading().into(),
            spoken: overlay.full_heading(),
            busy: overlay.is_waiting,
            ..Heading::default()
        },
        size: (90, u16::MAX),
        input: None,
        remarks: Vec::new(),
        body: Body::Fields(Box::new(FieldsView {
            warning: None,
            fields,
            focus: usize::from(overlay.is_choosing),
            suggestions: None,
            preview: None,
            status,
            keys_sentence: String::new(),
        })),
        details: None,
    }
}
