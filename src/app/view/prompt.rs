//! A prompt: a text input, a choice and errors.

use crate::app::describe;
use crate::app::prompt::Prompt;

use super::{Body, FieldView, FieldsView, Heading, ValueView, View};

pub(in crate::app) fn view(shown: &Prompt) -> View<'_> {
    let [label, choice] = shown.labels();
    let mut fields = vec![FieldView {
        label,
        value: ValueView::Text(&shown.text),
        problems: shown.errors.as_slice().into(),
        hint: Some(shown.hint()),
        sample: None,
        swatches: Vec::new(),
        spot: None,
    }];
    if !shown.choices.is_empty() {
        fields.push(FieldView {
            label: choice,
            value: ValueView::ChoiceLines(&shown.choices, shown.at),
            problems: [].as_slice().into(),
            hint: shown.is_choosing.then(|| shown.choice_hint().to_owned()),
            sample: None,
            swatches: Vec::new(),
            spot: None,
        });
    }
    let status = match (shown.is_waiting, shown.errors.first()) {
        (true, _) => "Working".to_owned(),
        (false, Some(wrong)) => format!("Error: {wrong}"),
        (false, None) if shown.is_choosing => describe::sentence(shown.choice_hint()),
        (false, None) => describe::sentence(&shown.hint()),
    };
    View {
        heading: Heading {
            title: shown.heading().into(),
            spoken: shown.heading().into(),
            busy: shown.is_waiting,
            ..Heading::default()
        },
        size: (90, u16::MAX),
        input: None,
        remarks: Vec::new(),
        body: Body::Fields(Box::new(FieldsView {
            warning: None,
            fields,
            focus: usize::from(shown.is_choosing),
            suggestions: None,
            preview: None,
            status,
            keys: String::new(),
        })),
        details: None,
    }
}
