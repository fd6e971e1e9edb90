//! The backend for XMPP accounts, with real ejabberd servers and with fake ones.

mod documented;
mod fake;
mod hostile;
pub(crate) mod logging_in;
mod odd;
mod parallel_speed;
mod pull_speed;
pub(crate) mod reading;
mod robust;
mod speed;
mod writing;

use std::ops::ControlFlow;
use std::time::Duration;

use hatrack::model::{HatId, Jid};
use hatrack::server::xmpp::Xmpp;
use hatrack::server::{
    Account, Applied, Backend as _, CommandLine, Error, PasswordSource, ReadEvent, RoomChanges, ServerAccess,
    ServerSettings, TlsMode,
};
use hatrack::sync::{CatalogValue, HatValue, Item, ItemChange, ItemOutcome, ItemValue, RemoteRoom, RoomRead};

pub(super) use crate::changes::{affiliate, change, jid};
use crate::pool::on_each;
use crate::server::{Kind, Server};

pub(super) const SERVICE: &str = "conference.localhost";
pub(super) const ROOM: &str = "courses@conference.localhost";
pub(super) const ANA: &str = "ana@localhost";
pub(super) const BOB: &str = "bob@localhost";

/// A command line that prints a text.
pub(super) fn echo(text: &str) -> CommandLine {
    CommandLine {
        program: "/bin/echo".into(),
        arguments: vec![text.to_owned()],
        variables: Vec::new(),
    }
}

/// The account of a user, with encryption, and with the server's certificate as the trusted one.
pub(super) fn account(server: &Server, user: &str) -> Account {
    Account {
        jid: jid(&format!("{user}@localhost")),
        password: PasswordSource::Command(echo("secret")),
        address: Some(("127.0.0.1".into(), server.ports.client)),
        tls: TlsMode::Required,
        ca_file: Some(server.certificate()),
    }
}

pub(super) fn settings(account: &Account) -> ServerSettings {
    ServerSettings {
        timeout: Duration::from_secs(30),
        ..ServerSettings::new("example", vec![jid(SERVICE)], ServerAccess::Xmpp(account.clone()))
    }
}

/// A backend that cannot ask for a password.
pub(super) fn xmpp(settings: ServerSettings) -> Xmpp {
    match settings.access.clone() {
        ServerAccess::Xmpp(account) => Xmpp::new(settings, account, Box::new(|_| None)),
        ServerAccess::Prosody(_) => panic!("the server has no XMPP account"),
    }
}

pub(super) fn login(server: &Server, user: &str) -> Xmpp {
    xmpp(settings(&account(server, user)))
}

/// Runs a test on each kind of ejabberd, with the accounts siteadmin, ana and bob.
pub(super) fn on_each_ejabberd(test: impl Fn(&mut Server) + Sync) {
    on_each(&Kind::EJABBERD, |server| {
        for user in ["siteadmin", "ana", "bob"] {
            server.add_account(user);
        }
        test(server);
    });
}

pub(super) fn read_all(backend: &mut Xmpp, rooms: &[&str]) -> Result<Vec<(Jid, RoomRead)>, Error> {
    let rooms: Vec<Jid> = rooms.iter().copied().map(jid).collect();
    let mut all = Vec::new();
    backend.read_rooms(&rooms, &mut |event| {
        if let ReadEvent::Room { room, read } = event {
            all.push((room, read));
        }
        ControlFlow::Continue(())
    })?;
    all.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(all)
}

pub(super) fn read(backend: &mut Xmpp, room: &str) -> RemoteRoom {
    match read_all(backend, &[room]).unwrap().remove(0).1 {
        RoomRead::Read(room) => (*room).clone(),
        other => panic!("{room}: {other:?}"),
    }
}

/// The value of a hat as a server of this kind stores it: the title is in the catalog if there is one.
pub(super) fn hat(server: &Server, title: &str) -> HatValue {
    match server.kind {
        Kind::Ejabberd26 => HatValue::assigned(),
        _ => HatValue::titled(title),
    }
}

/// A change of a catalog entry.
pub(super) fn define(id: &str, expected: Option<CatalogValue>, wanted: Option<CatalogValue>) -> ItemChange {
    let item = Item::Catalog {
        hat: HatId::unchecked(id),
    };
    ItemChange::new(
        item,
        expected.map(ItemValue::Catalog),
        wanted.map(ItemValue::Catalog),
    )
}

pub(super) fn try_apply(
    backend: &mut Xmpp,
    work: &[(&str, Vec<ItemChange>)],
) -> (Vec<Applied>, Result<(), Error>) {
    let work: Vec<RoomChanges> = work
        .iter()
        .map(|(room, changes)| RoomChanges {
            room: jid(room),
            created: None,
            actor: "ana".into(),
            changes: changes.clone(),
        })
        .collect();
    let mut reports = Vec::new();
    let result = backend.apply(&work, &mut |applied| {
        reports.push(applied);
        ControlFlow::Continue(())
    });
    (reports, result)
}

/// Applies changes and returns the outcome of each of them.
pub(super) fn apply(backend: &mut Xmpp, room: &str, changes: Vec<ItemChange>) -> Vec<ItemOutcome> {
    let count = changes.len();
    let (reports, result) = try_apply(backend, &[(room, changes)]);
    result.unwrap();
    let mut outcomes: Vec<_> = reports.into_iter().flat_map(|applied| applied.outcomes).collect();
    outcomes.sort_by_key(|(number, _)| *number);
    let numbers: Vec<usize> = outcomes.iter().map(|(number, _)| *number).collect();
    assert_eq!(
        numbers,
        (0..count).collect::<Vec<_>>(),
        "each outcome is reported once"
    );
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

pub(super) const DONE: ItemOutcome = ItemOutcome::Done { saved: false };
