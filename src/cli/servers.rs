//! `hatrack servers`: lists the live servers of the configuration with their states, checks them, or prints an example
//! section of the configuration.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::args::{ExampleKind, ServerCheckArgs, ServersArgs, ServersCommand};
use super::context::{SessionContext, retain_server};
use super::failure::Failure;
use super::output::Output;
use crate::app::describe::after_colon;
use crate::app::servers::class_name;
use crate::model::{Jid, write};
use crate::server::{
    AskPassword, Backend, Error, PasswordSource, ProsodyAccess, Redactor, ServerAccess, ServerSettings,
    create_backend,
};
use crate::sync::{ServerClass, ServerKind};

mod check;

/// The maximum time for connecting to a server while servers are listed.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);
/// The time for which the list waits after [`LIST_TIMEOUT`], as connecting can have several steps.
const LIST_GRACE: Duration = Duration::from_secs(2);

/// Runs `hatrack servers` and its subcommands.
pub(super) fn run(args: &ServersArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    match &args.command {
        None => list(args.json, context, out),
        Some(ServersCommand::Check(inner)) => check(args.json, inner, context, out),
        Some(ServersCommand::Example(inner)) => example(inner.kind, out),
    }
}

fn example(kind: ExampleKind, out: &mut Output) -> Result<(), Failure> {
    let text = match kind {
        ExampleKind::Prosody => include_str!("../../assets/servers/prosody.toml"),
        ExampleKind::Xmpp => include_str!("../../assets/servers/xmpp.toml"),
    };
    text.lines().try_for_each(|line| out.line(line))
}

fn check(
    json: bool,
    args: &ServerCheckArgs,
    context: &SessionContext,
    out: &mut Output,
) -> Result<(), Failure> {
    // A report lists rooms and problems that a session restricted to rooms must not see.
    if context.scope.rooms.is_some() {
        context.require_unrestricted("servers check")?;
    }
    let mut servers = context.servers()?;
    if let Some(name) = &args.server {
        retain_server(&mut servers, name)?;
    }
    if servers.is_empty() && !args.json && !json {
        return print_no_servers(out);
    }
    check::run(&servers, context.state_dir.as_deref(), args.json || json, out)
}

fn print_no_servers(out: &mut Output) -> Result<(), Failure> {
    out.line(
        "No servers configured; run hatrack servers example prosody (or xmpp) to print an example section",
    )
}

/// A server in the list, also as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ListedServer {
    server: Arc<str>,
    kind: ServerKind,
    services: Vec<Jid>,
    access: String,
    state: ListedState,
    class: Option<ServerClass>,
    reason: Option<String>,
}

/// The state of a server in the list and in a report, also as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum ListedState {
    /// The server can be used.
    Ready,
    /// The server cannot be reached now.
    Away,
    /// The login, the permissions or the configuration do not allow the use of the server.
    Refused,
    /// Connecting was not tried, because the server asks for a password.
    Unchecked,
}

impl ListedState {
    fn from_error(error: &Error) -> Self {
        match error {
            Error::Refused(_) | Error::NoHats(_) => Self::Refused,
            Error::Away(_) | Error::Lost(_) | Error::Malformed(_) | Error::Stopped => Self::Away,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Ready => "connected",
            Self::Away => "not reachable",
            Self::Refused => "no access",
            Self::Unchecked => "not checked",
        }
    }
}

fn list(json: bool, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let servers = context.servers()?;
    if servers.is_empty() && !json {
        return print_no_servers(out);
    }
    let redactor = context.scope.rooms.clone().map(|rooms| {
        let entries = servers.iter().map(|server| server.entry.clone());
        Redactor::new(rooms, entries.collect())
    });
    let rows: Vec<ListedServer> = states(&servers, context.state_dir.as_deref())
        .into_iter()
        .zip(&servers)
        .map(|((state, class, reason), server)| ListedServer {
            server: server.entry.name.clone(),
            kind: server.entry.kind,
            services: server.entry.services.clone(),
            access: match &redactor {
                Some(_) => access_kind(server).into(),
                None => access_text(server),
            },
            reason: match (&redactor, state) {
                (Some(_), ListedState::Unchecked) => Some("asks for a password".into()),
                (Some(redactor), _) => reason.map(|reason| redactor.reason(reason)),
                (None, _) => reason,
            },
            state,
            class,
        })
        .collect();
    if json {
        return out.json(&write::pretty(&rows));
    }
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    out.wide_table(&["NAME", "KIND", "SERVICES", "CONNECTION", "STATE"], &rows)
}

fn cells(row: &ListedServer) -> Vec<String> {
    let services: Vec<&str> = row.services.iter().map(Jid::as_str).collect();
    let detail = row
        .reason
        .clone()
        .or_else(|| row.class.map(|class| class_name(class).into()));
    let state = match detail {
        Some(detail) => format!("{}: {}", row.state.text(), after_colon(&detail)),
        None => row.state.text().into(),
    };
    vec![
        row.server.to_string(),
        kind_name(row.kind).into(),
        services.join(" "),
        row.access.clone(),
        state,
    ]
}

/// Returns the name that a kind of server has in the configuration.
fn kind_name(kind: ServerKind) -> &'static str {
    match kind {
        ServerKind::Prosody => "prosody",
        ServerKind::Xmpp => "xmpp",
    }
}

/// Describes how hatrack connects to a server. Arguments of a command are left out, as they may be confidential.
fn access_text(server: &ServerSettings) -> String {
    match &server.access {
        ServerAccess::Prosody(ProsodyAccess::Socket(path)) => format!("socket {}", path.display()),
        ServerAccess::Prosody(ProsodyAccess::Command(command)) => {
            format!("command {}", command.program.display())
        }
        ServerAccess::Xmpp(account) => match &account.address {
            Some((host, port)) => format!("account {} at {host}:{port}", account.jid),
            None => format!("account {}", account.jid),
        },
    }
}

/// Like [`access_text`], without the details that concern only the administrator.
fn access_kind(server: &ServerSettings) -> &'static str {
    match &server.access {
        ServerAccess::Prosody(ProsodyAccess::Socket(_)) => "socket",
        ServerAccess::Prosody(ProsodyAccess::Command(_)) => "command",
        ServerAccess::Xmpp(_) => "account",
    }
}

/// The state of a server, its class if hatrack is connected, and the reason for another state.
type ServerStatus = (ListedState, Option<ServerClass>, Option<String>);

/// Connects to all servers at the same time, except to those that ask for a password. Waits for at most [`LIST_TIMEOUT`]
/// plus [`LIST_GRACE`]. Servers that have not answered by then are listed as not reachable.
fn states(servers: &[ServerSettings], state_dir: Option<&Path>) -> Vec<ServerStatus> {
    let (sender, receiver) = channel();
    let mut states: Vec<ServerStatus> = Vec::new();
    for (number, server) in servers.iter().enumerate() {
        let state = if needs_password(server) {
            let reason = format!(
                "asks for a password; try hatrack servers check {}",
                server.entry.name
            );
            (ListedState::Unchecked, None, Some(reason))
        } else {
            let mut server = server.clone();
            server.timeout = server.timeout.min(LIST_TIMEOUT);
            start_call(
                &server,
                state_dir,
                Box::new(|_| None),
                number,
                &sender,
                |backend| backend.connect(),
            );
            let reason = format!("no answer within {} s", (LIST_TIMEOUT + LIST_GRACE).as_secs());
            (ListedState::Away, None, Some(reason))
        };
        states.push(state);
    }
    drop(sender);
    let deadline = Instant::now() + LIST_TIMEOUT + LIST_GRACE;
    loop {
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((number, connected)) => {
                if let Some(state) = states.get_mut(number) {
                    *state = match connected {
                        Ok(class) => (ListedState::Ready, Some(class), None),
                        Err(error) => (ListedState::from_error(&error), None, Some(error.to_string())),
                    };
                }
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return states,
        }
    }
}

/// Whether someone must enter the password of a server's account.
fn needs_password(server: &ServerSettings) -> bool {
    matches!(&server.access, ServerAccess::Xmpp(account) if account.password == PasswordSource::Ask)
}

/// Calls a server in a new thread, which sends the answer together with `number`, the index of the server.
fn start_call<T: Send + 'static>(
    server: &ServerSettings,
    state_dir: Option<&Path>,
    ask_password: AskPassword,
    number: usize,
    sender: &Sender<(usize, Result<T, Error>)>,
    call: fn(&mut dyn Backend) -> Result<T, Error>,
) {
    let (server, answers, state_dir) = (server.clone(), sender.clone(), state_dir.map(Path::to_path_buf));
    let work = move || {
        let mut backend = create_backend(&server, ask_password, state_dir.as_deref());
        let answer = call(&mut *backend);
        // The receiver is gone if the answer comes too late.
        let _ = answers.send((number, answer));
        backend.disconnect();
    };
    let thread = std::thread::Builder::new().name("server".into()).spawn(work);
    if let Err(error) = thread {
        let reason = format!("cannot start a thread: {error}");
        let _ = sender.send((number, Err(Error::Away(reason))));
    }
}
