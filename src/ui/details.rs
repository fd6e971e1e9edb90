//! The line below the panes: what just happened, else the whole of what is selected.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::finder::What;
use crate::app::{Notice, Overlay, Pane, Phase, State, Tally, words};
use crate::model::{Attachment, HatId, Room};

use super::canvas::Canvas;
use super::{label, text};

/// What just happened; where it is too long for this line it takes the footer's too, until the next key. True when it
/// did.
pub(super) fn notice(canvas: &mut Canvas<'_>, notice: &Notice, place: Rect) -> bool {
    let theme = canvas.theme;
    let (style, shown) = if notice.refused {
        (theme.error(), format!("{} {}", theme.warning_mark(), notice.text))
    } else {
        (theme.good(), notice.text.clone())
    };
    let columns = usize::from(place.width.saturating_sub(2));
    let lines = text::folded(&shown, columns, usize::from(place.height), canvas.charset());
    for (row, line) in place.rows().zip(&lines) {
        let row = Rect {
            x: row.x + 1,
            width: row.width.saturating_sub(2),
            ..row
        };
        canvas.left(row, line, style);
    }
    lines.len() > 1
}

/// The whole of what is selected.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, line: Rect) {
    let line = Rect {
        x: line.x + 1,
        width: line.width.saturating_sub(2),
        ..line
    };
    // The row may have had no room for all of it.
    if let Some(Overlay::Finder(finder)) = state.top()
        && let Some(What::Command(offer)) = finder.chosen()
    {
        let shown = match &offer.enabled {
            Ok(()) => offer.command.help.to_owned(),
            Err(reason) => format!("not now: {reason}"),
        };
        canvas.text(line, &shown, Style::new());
    }
    // What lies on top is about something of its own.
    if state.phase() != Phase::Open || !state.overlays().is_empty() {
        return;
    }
    let dot = canvas.theme.dot();
    if state.is_turned() {
        return turned(canvas, state, line);
    }
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
                match state.tally(id) {
                    Some(tally) => tallied(canvas, line, id, tally),
                    None => hat(canvas, line, room, (id, attachment)),
                }
            }
        }
        Pane::Users | Pane::Hats => {
            if let Some((jid, user)) = state.user() {
                let rest = canvas.text(line, jid.as_str(), Style::new());
                let hats = match user.hats.len() {
                    0 => "no hats".to_owned(),
                    number => {
                        let worn = user.hats.iter().filter(|(_, hat)| hat.is_active()).count();
                        format!("{}, {worn} worn", words::count(number, "hat"))
                    }
                };
                let more = format!(" {dot} {} {dot} {hats}", user.affiliation);
                canvas.text(rest, &more, Style::new());
            }
        }
    }
}

/// In the view turned round: the id, the address, the room's address.
fn turned(canvas: &mut Canvas<'_>, state: &State, line: Rect) {
    let Some(row) = state.selected(state.focus()) else {
        return;
    };
    match state.focus() {
        Pane::Rooms => {
            if let Some(known) = state.turned_hat_at(row) {
                let given = format!("   given {}", words::count(known.users, "time"));
                let rest = canvas.right(line, &given, Style::new());
                let space = usize::from(rest.width);
                let id = text::cut_middle(known.id.as_str(), space, canvas.charset());
                canvas.left(rest, &id, Style::new());
            }
        }
        Pane::Users => {
            if let Some(jid) = state.wearer_at(row) {
                canvas.text(line, jid.as_str(), Style::new());
            }
        }
        Pane::Hats => {
            if let Some((jid, ..)) = state.room_of_wearer_at(row) {
                canvas.text(line, jid.as_str(), Style::new());
            }
        }
    }
}

/// The id, and what the marked users have of it.
fn tallied(canvas: &mut Canvas<'_>, line: Rect, id: &HatId, tally: &Tally) {
    let mut remarks = vec![
        format!("{} have it", words::count(tally.have, "user")),
        format!("{} wear it", tally.worn),
    ];
    if tally.required > 0 {
        remarks.push(format!("required of {}", tally.required));
    }
    if tally.titles_differ {
        remarks.push("titles differ".into());
    }
    let rest = canvas.right(line, &format!("   {}", remarks.join(", ")), Style::new());
    let id = text::cut_middle(id.as_str(), usize::from(rest.width), canvas.charset());
    canvas.left(rest, &id, Style::new());
}

/// The id, which is cut in its middle so that what is special about it is seen, too.
fn hat(canvas: &mut Canvas<'_>, line: Rect, room: &Room, (id, attachment): (&HatId, &Attachment)) {
    let theme = canvas.theme;
    let mut remarks: Vec<String> = Vec::new();
    if !label::is_uri(id) {
        remarks.push(format!("{} no URI", theme.warning_mark()));
    }
    remarks.push(
        if attachment.is_active() {
            "worn"
        } else {
            "not worn"
        }
        .into(),
    );
    if attachment.is_required() {
        remarks.push("required".into());
    }
    if attachment.title.as_deref().is_none_or(str::is_empty) && room.title(id, attachment).is_some() {
        remarks.push("title of the room".into());
    }
    let remarks = format!("   {}", remarks.join(", "));
    let rest = canvas.right(line, &remarks, Style::new());
    let space = usize::from(rest.width);
    let id = text::cut_middle(id.as_str(), space, canvas.charset());
    canvas.left(rest, &id, Style::new());
}
