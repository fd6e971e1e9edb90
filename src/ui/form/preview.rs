//! How it will look in chat, and what will be stored.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::app::State;
use crate::app::form::{Form, Subject};
use crate::model::{HatId, Hue, Jid, write};

use super::super::{label, text};
use super::{Canvas, LABEL, below, heading};

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, form: &Form, area: Rect) {
    let (room, user) = match &form.subject {
        Subject::AddHat { room, user } | Subject::EditHat { room, user, .. } => (room, user),
        // Of many the first is the example.
        Subject::GiveMany { room, users } => match users.first() {
            Some(user) => (room, user),
            None => return,
        },
        _ => return,
    };
    // A heading alone would tell nothing.
    if area.height < 2 {
        return;
    }
    let mut rows = area.rows();
    let Some(first) = rows.next() else { return };
    heading(canvas, first, "Preview");
    let chosen = form.hat().ok();
    if let Some(row) = rows.next() {
        let row = named(canvas, row, "In chat");
        in_chat(
            canvas,
            state,
            form,
            row,
            (room, user, chosen.as_ref().map(|it| &it.id)),
        );
    }
    let rest = below(area, 2);
    if let Some(row) = rest.rows().next() {
        named(canvas, row, "Stored");
    }
    let Some(chosen) = chosen else {
        let place = beside(rest);
        canvas.left(place, canvas.theme.dash(), canvas.theme.faint());
        return;
    };
    let id = serde_json::Value::from(chosen.id.as_str()).to_string();
    let stored = format!("{id}: {}", write::compact(&form.attachment()));
    let place = beside(rest);
    let lines = text::folded(
        &stored,
        usize::from(place.width),
        usize::from(place.height),
        canvas.charset(),
    );
    for (row, line) in place.rows().zip(&lines) {
        canvas.left(row, line, Style::new());
    }
}

/// The hat beside the name, as chat programs show it.
fn in_chat(
    canvas: &mut Canvas<'_>,
    state: &State,
    form: &Form,
    row: Rect,
    (room, user, hat): (&Jid, &Jid, Option<&HatId>),
) {
    let name = user.local().unwrap_or(user.as_str());
    let half = usize::from(row.width) / 2;
    let name = text::cut(name, half, canvas.charset());
    let attachment = form.attachment();
    let there = state.wardrobe().room(room);
    let title = hat.and_then(|hat| match there {
        Some(there) => there.title(hat, &attachment),
        None => attachment.title.as_deref(),
    });
    let rest = canvas.left(row, &name, canvas.theme.strong());
    let rest = canvas.left(rest, " ", Style::new());
    let Some(hat) = hat else { return };
    if !attachment.is_active() {
        let says = "(not worn: nobody sees it)";
        canvas.text(rest, says, canvas.theme.faint());
        return;
    }
    let hue: Option<&Hue> = there
        .and_then(|there| there.catalogue.get(hat))
        .and_then(|hat| hat.hue.as_ref());
    let style = canvas.theme.hat(hat, hue).add_modifier(Modifier::BOLD);
    let shown = match title {
        Some(title) => {
            text::cut(title, usize::from(rest.width).saturating_sub(2), canvas.charset()).into_owned()
        }
        None => label::untitled(hat),
    };
    let shown = text::cut(
        &shown,
        usize::from(rest.width).saturating_sub(2),
        canvas.charset(),
    )
    .into_owned();
    canvas.left(rest, &format!("[{shown}]"), style);
}

fn named(canvas: &mut Canvas<'_>, row: Rect, name: &str) -> Rect {
    let rest = canvas.left(row, &format!("  {name:<12}"), Style::new());
    Rect {
        width: rest.width.saturating_sub(1),
        ..rest
    }
}

/// Right of the names.
fn beside(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(LABEL),
        width: area.width.saturating_sub(LABEL + 1),
        ..area
    }
}
