//! A plan: rooms, users and differences, each with its planned action, and the selected row in full.

use crate::app::command::CommandId;
use crate::app::servers::plan::{PlanOverlay, PlanPart};
use crate::app::servers::{
    PlanFilter, PlanRow, RoomNote, describe_line, describe_note, line_target, sending_time_text, sides,
    unreadable_text,
};
use crate::app::{MouseTarget, State, describe};
use crate::sync::{Action, Decision, Line, PlanCounts, RoomPlan, RoomState};

use super::servers::progress;
use super::{
    Body, CellWidth, Glyph, Heading, ItemRow, ListRow, ListView, Remark, RowCell, TitleName, Tone,
    Truncation, View, label,
};

pub(in crate::app) fn view<'a>(state: &'a State, overlay: &'a PlanOverlay) -> View<'a> {
    let len = overlay.len();
    let selected = (len > 0).then_some(overlay.selected);
    let counts = overlay.counts();
    let (name, spoken) = match overlay.parts.as_slice() {
        [part] => (part.server.to_string(), format!("{:?}", part.server)),
        parts => {
            let servers = describe::count(parts.len(), "server");
            (servers.clone(), servers)
        }
    };
    View {
        heading: Heading {
            title: "Comparison".into(),
            spoken: format!("Comparison with {spoken}"),
            // The first remark counts the differences.
            count: None,
            subjects: vec![TitleName::new(name, Truncation::End)],
            busy: overlay.applying.is_some(),
        },
        size: (140, u16::MAX),
        input: None,
        remarks: remarks(state, overlay, counts),
        body: Body::List(ListView {
            narrow_below: 60,
            empty_lines: empty_text(state, overlay),
            full_text: selected.and_then(|index| full_text(state, overlay, overlay.row(index)?)),
            ..ListView::new(len, selected, move |index| row(overlay, index))
        }),
        details: None,
    }
}

fn empty_text(state: &State, overlay: &PlanOverlay) -> Vec<String> {
    if overlay.filter != PlanFilter::All {
        let key = state.key(CommandId::ShowNextLines);
        return vec![
            format!("Nothing {}.", overlay.filter.label()),
            format!("Press {key} to show more."),
        ];
    }
    match overlay.room_count() {
        0 => vec!["There are no rooms to compare.".into()],
        rooms => vec![format!(
            "No differences: {} compared.",
            describe::count(rooms, "room")
        )],
    }
}

/// Returns the remarks: the numbers of differences by their planned action; while the plan is applied, only the
/// progress.
fn remarks(state: &State, overlay: &PlanOverlay, counts: PlanCounts) -> Vec<Remark> {
    // The footer names the key that stops this.
    if let Some(applying) = &overlay.applying {
        let sent = applying.progress();
        let (shown, spoken) = match (applying.is_stopping(), applying.is_saving(), sent.total) {
            (true, ..) => ("Stopping when the server has answered…".to_owned(), None),
            (false, true, _) | (false, false, 0) => ("Saving received changes…".to_owned(), None),
            (false, false, _) => (
                format!("Sending: {}", progress(sent, "change")),
                Some("Sending…".to_owned()),
            ),
        };
        let spoken = spoken.unwrap_or_else(|| shown.clone());
        return vec![Remark::progress(shown, spoken)];
    }
    let mut remarks = vec![Remark::new(counts_text(counts))];
    remarks.extend(
        overlay
            .seconds_to_send
            .and_then(sending_time_text)
            .map(Remark::new),
    );
    if overlay.filter != PlanFilter::All {
        remarks.push(Remark::new(format!("Shown: {}", overlay.filter.label())));
    }
    if !overlay.changed_since.is_empty() {
        let rooms = describe::count(overlay.changed_since.len(), "room");
        let key = state.key(CommandId::CompareAgain);
        remarks.push(Remark::error(format!(
            "{rooms} changed in the data file in the meantime; press {key} to compare again"
        )));
    }
    remarks
}

/// Describes numbers of differences: `3 to send, 2 to receive, 1 conflict, 4 left out`.
pub(super) fn counts_text(counts: PlanCounts) -> String {
    let number = describe::with_thousands_commas;
    let parts = [
        (counts.send, format!("{} to send", number(counts.send))),
        (counts.receive, format!("{} to receive", number(counts.receive))),
        (counts.conflicts, describe::count(counts.conflicts, "conflict")),
        (counts.held, format!("{} held back", number(counts.held))),
        (counts.left_out + counts.skipped, {
            let left_out = counts.left_out + counts.skipped;
            format!("{} left out", number(left_out))
        }),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(_, text)| text).collect();
    if parts.is_empty() {
        "nothing to send or receive".into()
    } else {
        parts.join(", ")
    }
}

fn row(overlay: &PlanOverlay, index: usize) -> ListRow<'_> {
    let cells = overlay.row(index).and_then(|row| match row {
        PlanRow::Server(server) => Some(server_row(overlay.parts.get(server)?)),
        PlanRow::Room(server, room) => {
            let (part, plan) = overlay.room(server, room)?;
            Some(room_row(overlay, (server, part), plan, part.room_counts(room)))
        }
        PlanRow::User(server, room, line) => {
            let (_, _, line) = overlay.line(server, room, line)?;
            Some(vec![
                RowCell::address(line_target(line))
                    .width(CellWidth::Share(1))
                    .gap(2),
            ])
        }
        PlanRow::Line(server, room, line, is_below_user) => {
            let (part, room, line) = overlay.line(server, room, line)?;
            Some(line_row(part, room, line, is_below_user))
        }
        PlanRow::Note(server, room, note) => {
            let (_, room) = overlay.room(server, room)?;
            let text = RowCell::text(note_text(room, note));
            Some(vec![text.width(CellWidth::Share(1)).gap(2).tone(Tone::Faint)])
        }
    });
    ListRow::Item(ItemRow {
        cells: cells.unwrap_or_default(),
        marked: false,
        mouse_target: MouseTarget::Row(index),
    })
}

fn server_row(part: &PlanPart) -> Vec<RowCell<'_>> {
    let (text, tone) = match &part.plan {
        Ok(_) => (counts_text(part.counts()), Tone::Plain),
        Err(reason) => (reason.clone(), Tone::Warning),
    };
    vec![
        RowCell::text(&*part.server).gap(0),
        RowCell::text(text).width(CellWidth::Share(1)).gap(2).tone(tone),
    ]
}

/// Returns a room's name in the file; if the file does not have the room, its name on the server, else the local part
/// of its address.
fn room_name<'a>(part: &'a PlanPart, plan: &'a RoomPlan) -> &'a str {
    let remote_name = || plan.remote().name.as_deref();
    match part.local(&plan.room) {
        Some(room) => label::room(&plan.room, room),
        None => remote_name().unwrap_or_else(|| plan.room.local().unwrap_or(plan.room.as_str())),
    }
}

fn room_row<'a>(
    overlay: &PlanOverlay,
    (server, part): (usize, &'a PlanPart),
    plan: &'a RoomPlan,
    counts: PlanCounts,
) -> Vec<RowCell<'a>> {
    let is_loading = overlay.is_loading(server, &plan.room);
    let (text, tone) = match &plan.state {
        _ if is_loading => ("reading".to_owned(), Tone::Faint),
        RoomState::Compared => (counts_text(counts), Tone::Plain),
        RoomState::OnlyOnServer => ("only on the server".to_owned(), Tone::Plain),
        RoomState::RemovedFromFile => ("removed here, still on the server".to_owned(), Tone::Plain),
        RoomState::OnlyInFile => ("not on the server".to_owned(), Tone::Warning),
        RoomState::GoneFromServer => ("no longer on the server".to_owned(), Tone::Warning),
        RoomState::Forbidden(reason) | RoomState::Unread(reason) => {
            (not_compared_text(reason), Tone::Warning)
        }
    };
    vec![
        RowCell::text(room_name(part, plan))
            .gap(0)
            .spoken(plan.room.as_str()),
        RowCell::text(text).width(CellWidth::Share(1)).gap(2).tone(tone),
    ]
}

fn not_compared_text(reason: &str) -> String {
    format!("not compared: {}", describe::after_colon(reason))
}

fn line_row<'a>(
    part: &'a PlanPart,
    plan: &'a RoomPlan,
    line: &'a Line,
    is_below_user: bool,
) -> Vec<RowCell<'a>> {
    let text = describe_line(line, plan, part.local(&plan.room));
    let (glyph, tone) = match (line.decision, text.action) {
        (Decision::Send, _) => (Glyph::Send, Tone::Plain),
        (Decision::Receive, _) => (Glyph::Receive, Tone::Plain),
        (Decision::Skip, "conflict" | "held back") => (Glyph::Warning, Tone::Warning),
        (Decision::Skip, _) => (Glyph::Dash, Tone::Faint),
    };
    let target = line_target(line);
    let action = text.action;
    let mut cells = vec![
        RowCell::glyph(glyph).gap(2).tone(tone),
        RowCell {
            min_row_width: 46,
            ..RowCell::text(action)
                .width(CellWidth::Fixed(9))
                .tone(tone)
                .silent()
        },
    ];
    if is_below_user {
        let sentence = format!("{action}: {target}, {}", text.change);
        cells.push(
            RowCell::text(text.change)
                .width(CellWidth::Share(1))
                .tone(tone)
                .spoken(sentence),
        );
    } else {
        let sentence = format!("{action}: {target}, {}", text.change);
        cells.push(
            RowCell::address(target)
                .width(CellWidth::Share(2))
                .tone(tone)
                .spoken(sentence),
        );
        let change = RowCell::text(text.change).width(CellWidth::Share(3));
        cells.push(change.gap(2).tone(tone).silent());
    }
    cells
}

pub(super) fn note_text(plan: &RoomPlan, note: RoomNote) -> String {
    match note {
        RoomNote::FirstComparison => {
            let reason_note = plan
                .set_aside
                .map_or_else(String::new, |reason| format!(" ({reason})"));
            format!(
                "First comparison{reason_note}: nothing is removed; items that were removed on one side come back"
            )
        }
        RoomNote::Unreadable(number) => unreadable_text(number),
        RoomNote::Note(index) => plan
            .notes
            .get(index)
            .map_or_else(String::new, |note| describe_note(note, plan)),
    }
}

/// Returns the selected row in full.
fn full_text(state: &State, overlay: &PlanOverlay, row: PlanRow) -> Option<String> {
    Some(match row {
        PlanRow::Server(server) => {
            let part = overlay.parts.get(server)?;
            match &part.plan {
                Ok(_) => format!("{}: {}", part.server, counts_text(part.counts())),
                Err(reason) => format!("{}: {}", part.server, describe::after_colon(reason)),
            }
        }
        PlanRow::Room(server, room) => {
            let (part, plan) = overlay.room(server, room)?;
            format!(
                "{}: {}",
                plan.room,
                room_text(state, plan, part.room_counts(room))
            )
        }
        PlanRow::User(server, room, first) => {
            let (_, plan, line) = overlay.line(server, room, first)?;
            let user = line.user();
            let lines = plan.lines.iter().filter(|other| other.user() == user).count();
            let lines = describe::count(lines, "difference");
            format!("{} in {}: {lines}", line_target(line), plan.room)
        }
        PlanRow::Line(server, room, line, _) => {
            let (part, plan, line) = overlay.line(server, room, line)?;
            line_text(state, part, plan, line)
        }
        PlanRow::Note(server, room, note) => {
            let (_, plan) = overlay.room(server, room)?;
            format!("{}: {}", plan.room, note_text(plan, note))
        }
    })
}

pub(super) fn room_text(state: &State, plan: &RoomPlan, counts: PlanCounts) -> String {
    let toggle = state.key(CommandId::ToggleLine);
    match &plan.state {
        RoomState::Compared => counts_text(counts),
        RoomState::OnlyOnServer => format!("only on the server; press {toggle} to add it to the data file"),
        RoomState::RemovedFromFile => {
            format!("removed here, but still on the server; press {toggle} to add it again")
        }
        RoomState::OnlyInFile => "not on the server; hatrack does not create rooms there".into(),
        RoomState::GoneFromServer => {
            "no longer on the server; nothing is removed here. If it comes back, it is compared again".into()
        }
        RoomState::Forbidden(reason) | RoomState::Unread(reason) => not_compared_text(reason),
    }
}

/// Describes the planned action for a difference, as a phrase.
pub(super) fn planned_action_text(state: &State, part: &PlanPart, plan: &RoomPlan, line: &Line) -> String {
    let text = describe_line(line, plan, part.local(&plan.room));
    let key = |id| state.key(id);
    match (line.decision, line.action) {
        (Decision::Send, Action::Conflict) => "Send: keeps yours".to_owned(),
        (Decision::Receive, Action::Conflict) => "Receive: keeps theirs".to_owned(),
        (Decision::Skip, Action::Conflict) => format!("Conflict: {}", choice_hint(state)),
        (Decision::Send, _) => format!("Send: {}", text.change),
        (Decision::Receive, _) => format!("Receive: {}", text.change),
        (Decision::Skip, _) if text.action == "held back" => {
            format!("Press {} to receive it", key(CommandId::ToggleLine))
        }
        (Decision::Skip, _) => "Left out".to_owned(),
    }
}

fn choice_hint(state: &State) -> String {
    format!(
        "press {} to keep yours, {} to keep theirs",
        state.key(CommandId::ChooseYours),
        state.key(CommandId::ChooseTheirs)
    )
}

/// Describes a difference, the planned action, and the value on each side.
fn line_text(state: &State, part: &PlanPart, plan: &RoomPlan, line: &Line) -> String {
    let [subject, yours, theirs, base] = sides(line, plan, part.local(&plan.room));
    let sides = format!("Yours (data file): {yours}. Theirs (server): {theirs}. Last common value: {base}");
    let reason = line
        .reason
        .map_or_else(String::new, |reason| format!(": {reason}"));
    if let (Decision::Skip, Action::Conflict) = (line.decision, line.action) {
        let hint = describe::sentence(&choice_hint(state));
        return format!("{subject}: conflict{reason}. {sides}. {hint}");
    }
    let planned_action = planned_action_text(state, part, plan, line);
    format!("{subject}. {planned_action}{reason}. {sides}")
}
