//! Questions: a confirmation, a conflict, a change that a server refused, and a draft.

use jiff::tz::TimeZone;

use crate::app::draft::Draft;
use crate::app::servers::unresolved::RefusedChange;
use crate::app::{Confirm, Conflict, ConflictSubject, describe};
use crate::model::Wardrobe;

use super::{Body, Heading, QuestionParagraph, View};

/// Width of a question, in columns.
const WIDTH: u16 = 72;

fn question<'a>(title: &'static str, paragraphs: Vec<QuestionParagraph>) -> View<'a> {
    View {
        heading: Heading {
            title: title.into(),
            spoken: title.into(),
            ..Heading::default()
        },
        size: (WIDTH, u16::MAX),
        input: None,
        remarks: Vec::new(),
        body: Body::Question(paragraphs),
        details: None,
    }
}

fn paragraph(text: impl Into<String>) -> QuestionParagraph {
    QuestionParagraph {
        text: text.into(),
        strong: false,
    }
}

fn emphasized(text: impl Into<String>) -> QuestionParagraph {
    QuestionParagraph {
        text: text.into(),
        strong: true,
    }
}

pub(in crate::app) fn confirm<'a>(overlay: &Confirm) -> View<'a> {
    let mut paragraphs = vec![emphasized(&overlay.question)];
    if !overlay.names.is_empty() {
        paragraphs.push(paragraph(&overlay.names));
    }
    paragraphs.extend([paragraph(""), paragraph(&overlay.consequence)]);
    if let Some(reason) = &overlay.reason {
        paragraphs.push(paragraph(format!("Reason: {}", reason.as_str())));
    }
    question(overlay.title, paragraphs)
}

pub(in crate::app) fn conflict<'a>(overlay: &Conflict) -> View<'a> {
    let mut paragraphs = vec![
        emphasized(&overlay.item_phrase),
        paragraph(""),
        paragraph(format!("Theirs: {}", overlay.theirs)),
        paragraph(format!("Yours: {}", overlay.yours)),
    ];
    let before = overlay.before.as_ref();
    paragraphs.extend(before.map(|before| paragraph(format!("Last common value: {before}"))));
    let (heading, note) = match overlay.subject {
        ConflictSubject::Sent(..) => (
            "Conflict: changed on the server",
            "Nothing is changed until you choose.",
        ),
        ConflictSubject::Form | ConflictSubject::Change(_) => (
            "Conflict: changed in the meantime",
            "Nothing is saved until you choose.",
        ),
    };
    paragraphs.extend([paragraph(""), paragraph(note)]);
    question(heading, paragraphs)
}

pub(in crate::app) fn refused<'a>(overlay: &RefusedChange) -> View<'a> {
    let paragraphs = vec![
        emphasized(&overlay.item_phrase),
        paragraph(""),
        paragraph(&overlay.reason),
        paragraph(""),
        paragraph("The change is saved in the data file only."),
    ];
    question("Refused change", paragraphs)
}

pub(in crate::app) fn draft<'a>(overlay: &Draft, wardrobe: &Wardrobe, zone: &TimeZone) -> View<'a> {
    let noun = match (overlay.forms.len(), overlay.unsaved.is_empty()) {
        (0, true) if !overlay.prompts.is_empty() => "input",
        (0, _) => "changes",
        (1, true) => "form",
        (_, true) => "forms",
        (1, false) => "form and changes",
        (_, false) => "forms and changes",
    };
    let mut paragraphs = vec![
        emphasized(format!("Unsaved {noun} from an earlier session:")),
        paragraph(""),
    ];
    for form in &overlay.forms {
        paragraphs.push(paragraph(form.subject.heading()));
        let texts = form.texts();
        paragraphs.extend(texts.map(|(name, text)| paragraph(format!("  {}: {text}", name.label()))));
    }
    for prompt in &overlay.prompts {
        paragraphs.push(paragraph(format!("{}: {}", prompt.heading, prompt.text)));
    }
    paragraphs.extend(overlay.unsaved.first().map(|first| {
        let number = describe::count(overlay.unsaved.len(), "unsaved change");
        paragraph(format!(
            "{number}: {}",
            describe::group(&first.edits, wardrobe, zone)
        ))
    }));
    question("Draft", paragraphs)
}
