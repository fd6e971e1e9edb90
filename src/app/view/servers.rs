//! The list of servers: whether each can be used, its software, and the progress of a comparison; and the password
//! prompt.

use crate::app::command::CommandId;
use crate::app::servers::password::PasswordPrompt;
use crate::app::servers::{KnownServer, ServersOverlay, class_name, rights_text};
use crate::app::{MouseTarget, State, describe};
use crate::model::Jid;
use crate::sync::{Progress, ServerKind, ServerReport, ServerState};

use super::{
    Body, CellWidth, FieldView, FieldsView, Heading, ItemRow, ListRow, ListView, Remark, RowCell, RowCount,
    Tone, ValueView, View,
};

pub(in crate::app) fn view<'a>(state: &'a State, overlay: &'a ServersOverlay) -> View<'a> {
    let servers = state.servers();
    let len = servers.len();
    let selected = len.checked_sub(1).map(|last| overlay.row.min(last));
    let selected_text = selected
        .and_then(|index| servers.get(index))
        .map(|server| full_text(state, server));
    View {
        heading: Heading {
            title: "Servers".into(),
            spoken: "Servers".into(),
            count: Some(RowCount {
                shown: len,
                noun: Some("server"),
                ..RowCount::default()
            }),
            busy: state.servers.comparison.is_some(),
            ..Heading::default()
        },
        size: (100, u16::try_from(len + 10).unwrap_or(u16::MAX)),
        input: None,
        remarks: comparison_remark(state).into_iter().collect(),
        body: Body::List(ListView {
            narrow_below: 60,
            full_text: selected_text,
            ..ListView::new(len, selected, move |index| row(servers.get(index), index))
        }),
        details: None,
    }
}

/// Returns the progress of the comparison; `None` if nothing is being compared.
fn comparison_remark(state: &State) -> Option<Remark> {
    let comparison = state.servers.comparison.as_ref()?;
    let mut all = Progress::default();
    for part in &comparison.parts {
        all.done += part.progress.done;
        all.total += part.progress.total;
        all.rate = all.rate.saturating_add(part.progress.rate);
    }
    // The footer names the key that stops this.
    let started = "Comparing…".to_owned();
    Some(match all.total {
        0 => Remark::new(started),
        _ => Remark::progress(format!("Comparing: {}", progress(all, "room")), started),
    })
}

/// Describes the progress of work on items with this noun: `12 of 100 rooms, 4 per second, about 22 seconds left`.
pub(super) fn progress(progress: Progress, noun: &str) -> String {
    let mut parts = vec![format!(
        "{} of {}",
        describe::with_thousands_commas(progress.done),
        describe::count(progress.total, noun)
    )];
    if progress.rate > 0 {
        parts.push(format!("{} per second", progress.rate));
    }
    match progress.seconds_left() {
        Some(0) | None => {}
        Some(seconds @ ..120) => parts.push(format!("about {} left", describe::count(seconds, "second"))),
        Some(seconds) => {
            let minutes = describe::count(seconds.div_ceil(60), "minute");
            parts.push(format!("about {minutes} left"));
        }
    }
    parts.join(", ")
}

fn row(server: Option<&KnownServer>, index: usize) -> ListRow<'_> {
    let cells = server.map(|server| {
        let (state, tone) = state_text(&server.state);
        let mut cells = vec![
            RowCell::text(&*server.entry.name)
                .width(CellWidth::Share(2))
                .gap(0),
            RowCell::text(state)
                .width(CellWidth::Adaptive { narrow: 13, wide: 13 })
                .gap(2)
                .tone(tone),
        ];
        cells.push(RowCell {
            min_row_width: 46,
            ..RowCell::text(access_and_software(server))
                .width(CellWidth::Share(3))
                .gap(2)
        });
        cells
    });
    ListRow::Item(ItemRow {
        cells: cells.unwrap_or_default(),
        marked: false,
        mouse_target: MouseTarget::Row(index),
    })
}

/// Returns the name of a state in one or two words, and its style.
pub(super) fn state_text(state: &ServerState) -> (&'static str, Tone<'static>) {
    match state {
        ServerState::Idle => ("disconnected", Tone::Faint),
        ServerState::Connecting => ("connecting", Tone::Faint),
        ServerState::Ready(_) => ("connected", Tone::Plain),
        ServerState::Away(_) => ("not reachable", Tone::Warning),
        ServerState::Refused(_) => ("no access", Tone::Warning),
    }
}

/// Returns the software with its version, else the name of the class; `None` if neither is known yet.
pub(super) fn software(server: &KnownServer) -> Option<String> {
    let version = server.report.as_ref().and_then(|report| report.version.clone());
    version.or_else(|| server.class().map(|class| class_name(class).to_owned()))
}

/// Returns the kind of access to the server and, if known, its software.
fn access_and_software(server: &KnownServer) -> String {
    let access = match server.entry.kind {
        ServerKind::Prosody => "admin shell",
        ServerKind::Xmpp => "XMPP account",
    };
    software(server).map_or_else(|| access.to_owned(), |software| format!("{access}, {software}"))
}

/// Describes a server: its services and state, the reason if it cannot be used, the result of the last check, and who
/// follows its rooms.
fn full_text(state: &State, server: &KnownServer) -> String {
    let services: Vec<&str> = server.entry.services.iter().map(Jid::as_str).collect();
    let services = describe::first_few(&services);
    let mut sentences = vec![format!(
        "{}: {services}, {}",
        server.entry.name,
        state_text(&server.state).0
    )];
    if let (ServerState::Away(reason) | ServerState::Refused(reason), Some(first)) =
        (&server.state, sentences.first_mut())
    {
        *first = format!("{first}: {}", describe::after_colon(reason.trim_end_matches('.')));
    }
    sentences.extend(server.report.as_ref().map(report_text));
    sentences.extend(state.following_of_server(server));
    sentences.join(". ")
}

fn report_text(report: &ServerReport) -> String {
    let class = report.class.map(|class| class_name(class).to_owned());
    let mut parts = Vec::new();
    parts.extend(report.version.clone().or(class));
    parts.extend(report.transport.clone());
    let rooms = describe::with_thousands_commas(report.rooms.len());
    let more = if report.all_rooms {
        ""
    } else {
        " found; hidden rooms are not listed"
    };
    let facts = [
        parts.join(", "),
        format!("Permissions: {}", rights_text(report.rights)),
        format!("Rooms on the server: {rooms}{more}"),
    ];
    let problems = report.problems.iter();
    let problems =
        problems.map(|problem| format!("Problem: {}. Solution: {}", problem.description, problem.solution));
    let sentences: Vec<String> = facts
        .into_iter()
        .filter(|fact| !fact.is_empty())
        .chain(problems)
        .collect();
    sentences.join(". ")
}

pub(in crate::app) fn password<'a>(state: &'a State, overlay: &'a PasswordPrompt) -> View<'a> {
    let (typed, cursor) = overlay.typed();
    let title = format!("Log in to {}", describe::quoted(&overlay.server));
    let hint = format!("for {}; the password is not stored", overlay.account);
    View {
        heading: Heading {
            title: title.clone().into(),
            spoken: title,
            ..Heading::default()
        },
        size: (72, u16::MAX),
        input: None,
        remarks: Vec::new(),
        body: Body::Fields(Box::new(FieldsView {
            warning: None,
            fields: vec![FieldView {
                label: "Password",
                value: ValueView::Secret { typed, cursor },
                problems: [].as_slice().into(),
                hint: Some(hint.clone()),
                sample: None,
                swatches: Vec::new(),
                mouse_target: None,
            }],
            focus: 0,
            suggestions: None,
            preview: None,
            status: format!("Password {hint}"),
            keys_sentence: format!(
                "Press {} to log in, {} to cancel",
                state.key(CommandId::GivePassword),
                state.key(CommandId::CancelPassword)
            ),
        })),
        details: None,
    }
}
