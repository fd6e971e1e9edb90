//! Rows of the list of servers, of plans and of reports in full, as paragraphs.

use crate::app::State;
use crate::app::command::CommandId;
use crate::app::describe::{self, capitalized, count};
use crate::app::servers::plan::{PlanOverlay, PlanPart};
use crate::app::servers::report::{ReportOverlay, ReportRow, failed_texts, room_counts};
use crate::app::servers::{KnownServer, PlanRow, describe_note, line_target, sides, unreadable_text};
use crate::sync::{Line, RoomPlan, RoomReport, ServerReport, ServerState};

use super::plan::{counts_text, note_text, planned_action_text, room_text};
use super::servers::{software, state_text};
use crate::app::servers::rights_text;

fn blank() -> String {
    String::new()
}

/// Describes a server: its state and services, the reason if it cannot be used, who follows its rooms, and the result
/// of the last check.
pub(in crate::app) fn server(state: &State, server: &KnownServer) -> Vec<String> {
    let services = server.entry.services.iter().map(ToString::to_string);
    let mut texts = vec![
        format!("{}: {}", server.entry.name, state_text(&server.state).0),
        format!("Services: {}", services.collect::<Vec<_>>().join(", ")),
    ];
    if let ServerState::Away(reason) | ServerState::Refused(reason) = &server.state {
        texts.extend([blank(), capitalized(reason)]);
    }
    let following = state.following_of_server(server);
    if !following.is_empty() {
        texts.push(blank());
        texts.extend(following);
    }
    match &server.report {
        Some(report) => texts.extend(check_result(server, report)),
        None => texts.extend([blank(), "No check result".into()]),
    }
    texts
}

/// Describes the result of a check.
fn check_result(server: &KnownServer, report: &ServerReport) -> Vec<String> {
    let mut texts = vec![
        blank(),
        format!("Software: {}", software(server).as_deref().unwrap_or("unknown")),
        format!("Permissions: {}", rights_text(report.rights)),
    ];
    texts.extend(report.transport.as_ref().map(|how| format!("Connection: {how}")));
    for problem in &report.problems {
        texts.extend([
            blank(),
            format!("Problem: {}", problem.description),
            format!("Solution: {}", problem.solution),
        ]);
    }
    let rooms = count(report.rooms.len(), "room");
    let more = if report.all_rooms {
        ""
    } else {
        " found; hidden rooms are not listed"
    };
    texts.extend([blank(), format!("{rooms}{more}")]);
    texts.extend(report.rooms.iter().map(|room| {
        let name = room
            .name
            .as_ref()
            .map_or_else(String::new, |name| format!(" {}", describe::quoted(name)));
        let allowed = if room.allowed == Some(false) {
            ", no permission"
        } else {
            ""
        };
        format!("{}{name}{allowed}", room.room)
    }));
    texts
}

/// Describes the selected row of a plan; also returns whether the row is a difference. `None` if no row is selected.
pub(in crate::app) fn plan(state: &State, overlay: &PlanOverlay) -> Option<(Vec<String>, bool)> {
    let texts = match overlay.selected_row()? {
        PlanRow::Server(server) => server_of_plan(overlay.parts.get(server)?),
        PlanRow::Room(server, room) => {
            let (part, plan) = overlay.room(server, room)?;
            let mut texts = about_room(part, plan);
            texts.push(capitalized(&room_text(state, plan, part.room_counts(room))));
            texts.extend(plan.set_aside.map(|reason| format!("First comparison: {reason}")));
            texts.extend((plan.unreadable > 0).then(|| unreadable_text(plan.unreadable)));
            texts.extend(plan.notes.iter().map(|note| describe_note(note, plan)));
            texts
        }
        PlanRow::User(server, room, first) => {
            let (part, plan, line) = overlay.line(server, room, first)?;
            let user = line.user();
            let mut texts = vec![line_target(line).to_owned()];
            texts.extend(about_room(part, plan));
            for line in plan.lines.iter().filter(|other| other.user() == user) {
                texts.push(blank());
                texts.extend(difference(state, part, plan, line));
            }
            texts
        }
        PlanRow::Line(server, room, line, _) => {
            let (part, plan, line) = overlay.line(server, room, line)?;
            let mut texts = difference(state, part, plan, line);
            texts.push(blank());
            texts.extend(about_room(part, plan));
            return Some((texts, true));
        }
        PlanRow::Note(server, room, note) => {
            let (part, plan) = overlay.room(server, room)?;
            let mut texts = about_room(part, plan);
            texts.push(note_text(plan, note));
            texts
        }
    };
    Some((texts, false))
}

fn server_of_plan(part: &PlanPart) -> Vec<String> {
    match &part.plan {
        Ok(plan) => vec![
            format!("{}: {}", part.server, count(plan.rooms.len(), "room")),
            capitalized(&counts_text(part.counts())),
        ],
        Err(reason) => vec![
            format!("{}: not compared", part.server),
            blank(),
            capitalized(reason),
        ],
    }
}

fn about_room(part: &PlanPart, plan: &RoomPlan) -> Vec<String> {
    vec![format!("{} on {:?}", plan.room, part.server)]
}

/// Describes a difference: the value on each side, and the planned action.
fn difference(state: &State, part: &PlanPart, plan: &RoomPlan, line: &Line) -> Vec<String> {
    let [subject, yours, theirs, base] = sides(line, plan, part.local(&plan.room));
    let planned_action = planned_action_text(state, part, plan, line);
    let mut texts = vec![
        subject,
        format!("Yours (data file): {yours}"),
        format!("Theirs (server): {theirs}"),
        format!("Last common value: {base}"),
        planned_action,
    ];
    texts.extend(line.reason.map(|reason| format!("Note: {reason}")));
    texts
}

/// Describes the selected row of a report; `None` if no row is selected.
pub(in crate::app) fn report(state: &State, overlay: &ReportOverlay) -> Option<Vec<String>> {
    Some(match overlay.row(overlay.selected)? {
        ReportRow::Server(server) => {
            let report = overlay.reports.get(server)?;
            let mut texts = vec![format!(
                "{}: {}",
                report.server,
                count(report.rooms.len(), "room")
            )];
            for room in &report.rooms {
                texts.push(blank());
                texts.extend(room_of_report(state, room));
            }
            texts
        }
        ReportRow::Room(server, room) => room_of_report(state, overlay.room(server, room)?),
        ReportRow::Failed(server, room, failed) => {
            let report = overlay.room(server, room)?;
            let local = state.wardrobe().room(&report.room).map(|room| &**room);
            let [target, change, reason] = failed_texts(report.failed.get(failed)?, local);
            vec![
                format!("{target} in {}", report.room),
                change,
                blank(),
                capitalized(&reason),
            ]
        }
    })
}

fn room_of_report(state: &State, report: &RoomReport) -> Vec<String> {
    let mut texts = vec![report.room.to_string(), capitalized(&room_counts(report))];
    texts.extend(report.error.as_ref().map(|error| capitalized(error)));
    let local = state.wardrobe().room(&report.room).map(|room| &**room);
    texts.extend(report.failed.iter().map(|failed| {
        let [target, change, reason] = failed_texts(failed, local);
        format!("{target}, {change}: {reason}")
    }));
    let undecided = report.left.conflicts + report.left.held;
    let key = state.key(CommandId::ReportCompareAgain);
    if undecided > 0 {
        texts.push(format!(
            "Unresolved: {}; close this and press {key} to compare again",
            count(undecided, "difference")
        ));
    }
    texts
}
