//! Questions with a few answers: a confirmation, a conflict, a draft.

use crate::app::draft::Draft;
use crate::app::{Confirm, Conflict, describe};

use super::{Body, Heading, QuestionParagraph, View};

/// Columns of a question's box.
const WIDTH: u16 = 72;

fn view<'a>(title: &'static str, paragraphs: Vec<QuestionParagraph>) -> View<'a> {
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

fn plain(text: impl Into<String>) -> QuestionParagraph {
    QuestionParagraph {
        text: text.into(),
        strong: false,
    }
}

fn strong(text: impl Into<String>) -> QuestionParagraph {
    QuestionParagraph {
        text: text.into(),
        strong: true,
    }
}

pub(in crate::app) fn confirm<'a>(shown: &Confirm) -> View<'a> {
    let paragraphs = vec![strong(&shown.question), plain(""), plain(&shown.consequence)];
    view("Really?", paragraphs)
}

pub(in crate::app) fn conflict<'a>(shown: &Conflict) -> View<'a> {
    let paragraphs = vec![
        strong(&shown.what),
        plain(""),
        plain(format!("Now: {}", shown.theirs)),
        plain(format!("Yours: {}", shown.mine)),
        plain(""),
        plain("Nothing is written until you choose."),
    ];
    view("Changed by somebody else meanwhile", paragraphs)
}

pub(in crate::app) fn draft<'a>(shown: &Draft) -> View<'a> {
    let mut paragraphs = vec![
        strong("Your last session ended before this was saved."),
        plain(""),
    ];
    for form in &shown.forms {
        paragraphs.push(plain(form.subject.heading()));
        let texts = form.texts();
        paragraphs.extend(texts.map(|(name, text)| plain(format!("  {}: {text}", name.label()))));
    }
    paragraphs.extend(shown.unsaved.first().map(|first| {
        let number = describe::count(shown.unsaved.len(), "change");
        plain(format!(
            "{number} that could not be saved: {}",
            describe::group(&first.edits)
        ))
    }));
    view("Unsaved", paragraphs)
}
