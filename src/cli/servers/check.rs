//! `hatrack servers check`: prints the connection, version, permissions, rooms and problems of servers.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::super::failure::Failure;
use super::super::output::Output;
use super::super::password::{self, PasswordInput};
use super::{ListedState, access_text, start_call};
use crate::app::describe::count;
use crate::app::servers::rights_text;
use crate::model::{Jid, write};
use crate::server::{Error, ServerSettings};
use crate::sync::{Secret, ServerClass, ServerReport, ServerRights};

/// The maximum number of rooms of a server that are printed as text; JSON has all rooms.
const SHOWN_ROOMS: usize = 20;

/// A report as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct CheckedServer {
    state: ListedState,
    reason: Option<String>,
    #[serde(flatten)]
    report: ServerReport,
}

/// Checks servers at the same time, and prints the reports in the order of the configuration.
///
/// Errors: Ctrl-C; at least one of the servers cannot be used.
pub(super) fn run(
    servers: &[ServerSettings],
    state_dir: Option<&Path>,
    json: bool,
    out: &mut Output,
) -> Result<(), Failure> {
    let checked = check(servers, state_dir).ok_or_else(Failure::interrupted)?;
    let failed: Vec<&str> = checked
        .iter()
        .filter(|server| server.state != ListedState::Ready)
        .map(|server| &*server.report.server)
        .collect();
    if json {
        out.json(&write::pretty(&checked))?;
    } else {
        for (number, (server, settings)) in checked.iter().zip(servers).enumerate() {
            if number > 0 {
                out.line("")?;
            }
            print(server, settings, out)?;
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::error(format!(
        "{} of {} cannot be used: {}",
        failed.len(),
        count(servers.len(), "server"),
        failed.join(", ")
    )))
}

/// Checks the servers and returns their reports, in the same order; `None` after Ctrl-C.
fn check(servers: &[ServerSettings], state_dir: Option<&Path>) -> Option<Vec<CheckedServer>> {
    let (sender, receiver) = channel();
    let prompts = Arc::<PasswordPrompts>::default();
    for (number, server) in servers.iter().enumerate() {
        let prompts = prompts.clone();
        let ask = Box::new(move |account: &Jid| prompts.ask(account));
        start_call(server, state_dir, ask, number, &sender, |backend| backend.check());
    }
    drop(sender);
    let mut answers: Vec<Option<Result<ServerReport, Error>>> = servers.iter().map(|_| None).collect();
    for (number, answer) in receiver {
        if prompts.interrupted.load(Ordering::Relaxed) {
            return None;
        }
        if let Some(slot) = answers.get_mut(number) {
            *slot = Some(answer);
        }
    }
    let lost = || Err(Error::Lost("internal error while checking this server".into()));
    let answers = answers.into_iter().map(|answer| answer.unwrap_or_else(lost));
    let checked = answers
        .zip(servers)
        .map(|(answer, server)| checked_server(answer, server));
    Some(checked.collect())
}

/// Asks for passwords on the terminal: one after the other, although servers are checked at the same time.
#[derive(Debug, Default)]
struct PasswordPrompts {
    /// Locked while a prompt is on the terminal.
    terminal: Mutex<()>,
    /// Set by Ctrl-C at a prompt. After that, there are no more prompts.
    interrupted: AtomicBool,
}

impl PasswordPrompts {
    fn ask(&self, account: &Jid) -> Option<Secret> {
        let _terminal = self.terminal.lock().unwrap_or_else(PoisonError::into_inner);
        if self.interrupted.load(Ordering::Relaxed) {
            return None;
        }
        let input = password::ask(account);
        if input == PasswordInput::Interrupted {
            self.interrupted.store(true, Ordering::Relaxed);
        }
        input.into()
    }
}

fn checked_server(answer: Result<ServerReport, Error>, server: &ServerSettings) -> CheckedServer {
    match answer {
        Ok(report) => CheckedServer {
            // If the report has no class, the account cannot change any hats; the reported problems say why.
            state: match report.class {
                Some(_) => ListedState::Ready,
                None => ListedState::Refused,
            },
            reason: None,
            report,
        },
        Err(error) => CheckedServer {
            state: ListedState::from_error(&error),
            reason: Some(error.to_string()),
            report: ServerReport {
                server: server.entry.name.clone(),
                kind: server.entry.kind,
                class: None,
                version: None,
                transport: None,
                rights: ServerRights::None,
                rooms: Vec::new(),
                all_rooms: false,
                problems: Vec::new(),
            },
        },
    }
}

fn print(server: &CheckedServer, settings: &ServerSettings, out: &mut Output) -> Result<(), Failure> {
    let report = &server.report;
    out.line(&format!("{}: {}", report.server, server.state.text()))?;
    let mut row = |name: &str, text: &str| out.line(&format!("  {name:<11} {text}"));
    let connection = report.transport.clone().unwrap_or_else(|| access_text(settings));
    row("connection", &connection)?;
    if let Some(reason) = &server.reason {
        return row("reason", reason);
    }
    row("version", report.version.as_deref().unwrap_or("unknown"))?;
    row("permissions", rights_text(report.rights))?;
    if let Some(class) = report.class {
        for (number, line) in capabilities(class).into_iter().enumerate() {
            row(if number == 0 { "supports" } else { "" }, &line)?;
        }
    }
    let all = if report.all_rooms {
        ", all that the configuration allows"
    } else {
        "; there may be more"
    };
    row("rooms", &format!("{}{all}", report.rooms.len()))?;
    for room in report.rooms.iter().take(SHOWN_ROOMS) {
        let name = room
            .name
            .as_deref()
            .map_or_else(String::new, |name| format!("  {name}"));
        let allowed = match room.allowed {
            Some(false) => "  (no permission)",
            Some(true) | None => "",
        };
        row("", &format!("{}{name}{allowed}", room.room))?;
    }
    if let Some(more @ 1..) = report.rooms.len().checked_sub(SHOWN_ROOMS) {
        row("", &format!("and {more} more; use --json to print all"))?;
    }
    for problem in &report.problems {
        row("problem", &problem.description)?;
        row("solution", &problem.solution)?;
    }
    if report.problems.is_empty() {
        row("problems", "none")?;
    }
    Ok(())
}

/// Describes what a class of servers can store.
fn capabilities(class: ServerClass) -> Vec<String> {
    let hats = match (class.holds_flags(), class.holds_own_titles()) {
        (true, _) => "hats with active, required and a title for each user",
        (false, true) => "hats with a title for each user; all of them are active",
        (false, false) => "hats with the title of the catalog; all of them are active",
    };
    let catalog = if class.holds_catalog() {
        "the hat catalog, with titles and colors"
    } else {
        "no hat catalog and no colors: they stay in the data file"
    };
    let users = if class.allows_unaffiliated() {
        "hats of users with and without an affiliation"
    } else {
        "hats of users with an affiliation only"
    };
    let limits = class.limits().map(|limits| {
        format!(
            "up to {} hats per user, and {} users with hats per room",
            limits.hats_of_user, limits.users_with_hats
        )
    });
    let lines = [hats, catalog, users].map(String::from);
    lines.into_iter().chain(limits).collect()
}
