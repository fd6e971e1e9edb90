//! The line below the panes: what just happened, else the whole of what is selected.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::{Notice, Pane, Phase, State, words};
use crate::model::{Attachment, HatId, Room};

use super::canvas::Canvas;
use super::text;

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, line: Rect) {
    let line = Rect {
        x: line.x + 1,
        width: line.width.saturating_sub(2),
        ..line
    };
    if let Some(notice) = state.notice() {
        return said(canvas, notice, line);
    }
    if state.phase() != Phase::Open {
        return;
    }
    let dot = canvas.theme.dot();
    match state.focus() {
        Pane::Rooms => {
            if let Some((jid, room)) = state.room() {
                let rest = canvas.text(line, jid.as_str(), Style::new());
                if let Some(name) = room.name.as_deref() {
                    let rest = canvas.left(rest, &format!(" {dot} "), Style::new());
                    canvas.text(rest, name, Style::new());
                }
            }
        }
        // Without a hat to tell of, the user is told of.
        Pane::Hats if state.hat().is_some() => {
            if let (Some((_, room)), Some((id, attachment))) = (state.room(), state.hat()) {
                hat(canvas, line, room, (id, attachment));
            }
        }
        Pane::Users | Pane::Hats => {
            if let Some((jid, user)) = state.user() {
                let rest = canvas.text(line, jid.as_str(), Style::new());
                let hats = user.hats.len();
                let worn = user.hats.iter().filter(|(_, hat)| hat.is_active()).count();
                let rest = canvas.left(rest, &format!(" {dot} {} {dot} ", user.affiliation), Style::new());
                canvas.left(
                    rest,
                    &format!("{}, {worn} worn", words::count(hats, "hat")),
                    Style::new(),
                );
            }
        }
    }
}

fn said(canvas: &mut Canvas<'_>, notice: &Notice, line: Rect) {
    if notice.refused {
        let mark = format!("{} ", canvas.theme.warning_mark());
        let style = canvas.theme.error();
        let rest = canvas.left(line, &mark, style);
        canvas.text(rest, &notice.text, style);
    } else {
        let style = canvas.theme.good();
        canvas.text(line, &notice.text, style);
    }
}

/// The id, which is cut in its middle so that what is special about it is seen, too.
fn hat(canvas: &mut Canvas<'_>, line: Rect, room: &Room, (id, attachment): (&HatId, &Attachment)) {
    let theme = canvas.theme;
    let mut remarks: Vec<String> = Vec::new();
    if !id.is_uri() {
        remarks.push(format!("{} no URI, kept as it came", theme.warning_mark()));
    }
    if attachment.title.as_deref().is_none_or(str::is_empty) && room.title(id, attachment).is_some() {
        remarks.push("title from the room's catalogue".into());
    }
    let worn = if attachment.is_active() {
        "worn"
    } else {
        "not worn"
    };
    let required = if attachment.is_required() {
        ", the user cannot take it off"
    } else {
        ""
    };
    remarks.push(format!("{worn}{required}"));
    let remarks = format!("   {}", remarks.join(&format!(" {} ", theme.dot())));
    let rest = canvas.right(line, &remarks, Style::new());
    let space = usize::from(rest.width);
    let id = text::cut_middle(id.as_str(), space, canvas.charset());
    canvas.left(rest, &id, Style::new());
}
