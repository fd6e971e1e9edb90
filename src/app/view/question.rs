//! Questions: a confirmation, a conflict, a draft.

use crate::app::draft::Draft;
use crate::app::{Confirm, Conflict, describe};

use super::{Body, Heading, QuestionParagraph, View};

/// Width of a question.
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

pub(in crate::app) fn confirm<'a>(shown: &Confirm) -> View<'a> {
    let paragraphs = vec![
        emphasized(&shown.question),
        paragraph(""),
        paragraph(&shown.consequence),
    ];
    question(shown.title, paragraphs)
}

pub(in crate::app) fn conflict<'a>(shown: &Conflict) -> View<'a> {
    let mut paragraphs = vec![
        emphasized(&shown.what),
        paragraph(""),
        paragraph(format!("Theirs: {}", shown.theirs)),
        paragraph(format!("Yours: {}", shown.yours)),
    ];
    paragraphs.extend([paragraph(""), paragraph("Nothing is saved until you choose.")]);
    question("Conflict: someone else changed this", paragraphs)
}

pub(in crate::app) fn draft<'a>(shown: &Draft) -> View<'a> {
    let what = match (shown.forms.len(), shown.unsaved.is_empty()) {
        (0, _) => "changes",
        (1, true) => "form",
        (_, true) => "forms",
        (_, false) => "form and changes",
    };
    let mut paragraphs = vec![
        emphasized(format!("Unsaved {what} from your last session:")),
        paragraph(""),
    ];
    for form in &shown.forms {
        paragraphs.push(paragraph(form.subject.heading()));
        let texts = form.texts();
        paragraphs.extend(texts.map(|(name, text)| paragraph(format!("  {}: {text}", name.label()))));
    }
    paragraphs.extend(shown.unsaved.first().map(|first| {
        let number = describe::count(shown.unsaved.len(), "unsaved change");
        paragraph(format!("{number}: {}", describe::group(&first.edits)))
    }));
    question("Draft", paragraphs)
}
