//! ejabberd 21.12 and later, with an XMPP account. Uses the ad-hoc commands of a room for hats, and the affiliation lists of
//! the room. The account never joins a room, because the occupants would see that.
//!
//! A call runs in the calling thread. Many rooms are processed in parallel, with at most one pending command per room.

mod address;
mod apply;
mod bounded;
mod change;
mod check;
mod dialect;
mod discover;
mod element;
mod entries;
mod link;
mod login;
mod outcome;
mod password;
mod read;
mod sasl;
mod server_context;
mod tls;
mod uptime;
mod watch;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use self::apply::OutcomeReporter;
use self::dialect::Dialect;
use self::link::{Link, RequestSender};
use self::server_context::{MAX_PARALLEL_ROOMS, ServerContext};
use self::watch::{Fingerprint, WatchAction, XmppWatch};
use super::backend::{
    Applied, AskPassword, Backend, ReadEvent, ResultCallback, RoomChanges, RoomList, WatchEvent,
};
use super::error::Error;
use super::refused_login::RefusedLogin;
use super::settings::{Account, PasswordSource, ServerSettings};
use crate::model::Jid;
use crate::sync::{RoomRead, Secret, ServerClass, ServerReport};

/// A backend that uses an account on an XMPP server.
pub struct Xmpp {
    settings: ServerSettings,
    account: Account,
    ask_password: AskPassword,
    /// The password of the last successful login.
    password: Option<Secret>,
    /// Why the last login was refused, for display. [`Backend::check`] tries to log in again, and so does [`Backend::connect`]
    /// unless the refusal is stored in `refusal_document`; other calls do not.
    refused: Option<String>,
    /// The document that stores a refused login for all sessions; `None`: refusals are not stored.
    refusal_document: Option<RefusedLogin>,
    /// The open connection.
    session: Option<XmppSession>,
    /// Number of successful logins.
    generation: u64,
    /// The dialect of the server on this connection; `None` until it is detected.
    dialect: Option<Dialect>,
    /// The last answer of the server about how long it has been running; `None` before it was asked.
    start_time: Option<StartTime>,
    watch: XmppWatch,
}

/// A logged-in connection, and the runtime that it needs.
struct XmppSession {
    link: Link,
    runtime: Runtime,
}

impl Xmpp {
    /// Creates a backend without connecting. `ask_password` is called if the configuration has no password command.
    pub fn new(settings: ServerSettings, account: Account, ask_password: AskPassword) -> Self {
        Self {
            settings,
            account,
            ask_password,
            password: None,
            refused: None,
            refusal_document: None,
            session: None,
            generation: 0,
            dialect: None,
            start_time: None,
            watch: XmppWatch::default(),
        }
    }

    /// Sets the document that remembers a refused login, so that a session does not repeat a login that was refused in another
    /// session.
    pub(super) fn with_refusal_document(mut self, document: Option<RefusedLogin>) -> Self {
        self.refusal_document = document;
        self
    }

    /// Drops the connection if it was closed since the last call. Returns whether it was.
    fn drop_closed(&mut self) -> bool {
        let Some(XmppSession { link, runtime }) = &mut self.session else {
            return false;
        };
        let is_closed = !runtime.block_on(link.is_open());
        if is_closed {
            self.drop_session();
        }
        is_closed
    }

    /// Logs in unless there is a connection.
    ///
    /// Errors: the login failed, the login was refused before and is not tried again, or the connection was lost since
    /// the last call.
    fn log_in(&mut self) -> Result<(), Error> {
        if self.drop_closed() {
            return Err(Error::Away("The server closed the connection.".into()));
        }
        if self.session.is_some() {
            return Ok(());
        }
        if let Some(why) = &self.refused {
            return Err(Error::Refused(why.clone()));
        }
        if let Some(why) = self.refusal_document.as_ref().and_then(RefusedLogin::reason) {
            self.refused = Some(why.clone());
            return Err(Error::Refused(why));
        }
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Away(format!("Cannot start a connection: {error}")))?;
        let mut used_password = None;
        let (account, last_password, ask) = (&self.account, &self.password, &mut self.ask_password);
        let mut password = || {
            let password = match (last_password, &account.password) {
                (Some(password), _) => password.clone(),
                (None, PasswordSource::Command(line)) => password::from_command(line, &account.jid)?,
                (None, PasswordSource::Ask) => ask(&account.jid)
                    .ok_or_else(|| Error::Refused(format!("No password was entered for {}.", account.jid)))?,
            };
            used_password = Some(password.clone());
            Ok(password)
        };
        let logged_in = runtime.block_on(login::login(account, self.settings.timeout, &mut password));
        match logged_in {
            Ok(logged_in) => {
                self.password = used_password;
                if let Some(refusal_document) = &self.refusal_document {
                    refusal_document.forget();
                }
                let link = Link::new(logged_in, self.account.jid.domain());
                log::debug!(server = &*self.settings.entry.name, through = &*link.transport; "connected");
                self.session = Some(XmppSession { link, runtime });
                self.generation += 1;
                // The server may have been updated meanwhile.
                self.dialect = None;
                Ok(())
            }
            Err(error) => {
                // A DNS lookup may still be running.
                runtime.shutdown_background();
                if let Error::Refused(why) = &error {
                    self.refused = Some(why.clone());
                    self.password = None;
                    // If no password was used, the server has not refused the account.
                    if let Some(refusal_document) =
                        self.refusal_document.as_ref().filter(|_| used_password.is_some())
                    {
                        refusal_document.remember(why);
                    }
                }
                Err(error)
            }
        }
    }

    /// Logs in if necessary, and runs requests. Returns their result, and the error if the connection was lost; then the
    /// connection is dropped.
    fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&RequestSender, &ServerSettings) -> T,
    ) -> Result<(T, Option<Error>), Error> {
        self.log_in()?;
        let Some(XmppSession { link, runtime }) = &mut self.session else {
            return Err(Error::Away("The connection is closed.".into()));
        };
        let settings = &self.settings;
        let (value, lost) =
            runtime.block_on(link.run(settings.timeout, async |sender| work(sender, settings).await));
        if lost.is_some() {
            self.drop_session();
        }
        Ok((value, lost))
    }

    /// Runs requests that change nothing. If they fail and the connection was lost, the error is that of the connection.
    fn query<T>(
        &mut self,
        work: impl AsyncFnOnce(&RequestSender, &ServerSettings) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (value, lost) = self.run(work)?;
        match (value, lost) {
            (Err(_), Some(lost)) => Err(lost),
            (value, _) => value,
        }
    }

    /// Requests the fingerprint of a room; `None` if it is unknown, for example because the room does not answer.
    fn fingerprint(&mut self, room: &Jid) -> Result<Option<Fingerprint>, Error> {
        let dialect = match self.dialect() {
            Ok(dialect) => Some(dialect),
            Err(Error::NoHats(_)) => None,
            Err(error) => return Err(error),
        };
        self.query(async |sender, _| read::fingerprint(sender, dialect, room).await)
    }

    fn drop_session(&mut self) {
        if let Some(session) = self.session.take() {
            session.runtime.shutdown_background();
        }
    }

    /// The dialect of the server, which is detected if it is not known on this connection.
    fn dialect(&mut self) -> Result<Dialect, Error> {
        self.log_in()?;
        if let Some(dialect) = self.dialect {
            return Ok(dialect);
        }
        let own = self.account.jid.clone();
        let dialect = self.query(async |sender, settings| discover::dialect(sender, settings, &own).await)?;
        self.dialect = Some(dialect);
        Ok(dialect)
    }
}

/// A server's answer about how long it has been running.
#[derive(Debug, Clone, Copy)]
struct StartTime {
    /// The number of the login after which the server was asked.
    login: u64,
    /// A time since which the server has been running; `None` if it does not report this.
    running_since: Option<Timestamp>,
}

impl Backend for Xmpp {
    fn connect(&mut self) -> Result<ServerClass, Error> {
        self.refused = None;
        self.drop_closed();
        let class = self.dialect()?.class();
        if self
            .start_time
            .is_none_or(|answer| answer.login != self.generation)
        {
            let own = self.account.jid.clone();
            let running_since =
                self.query(async |sender, settings| uptime::running_since(sender, settings, &own).await)?;
            self.start_time = Some(StartTime {
                login: self.generation,
                running_since,
            });
        }
        Ok(class)
    }

    fn running_since(&self) -> Option<Timestamp> {
        let answer = self.start_time?;
        answer.running_since.filter(|_| answer.login == self.generation)
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn disconnect(&mut self) {
        if let Some(XmppSession { link, runtime }) = self.session.take() {
            runtime.block_on(link.close());
            runtime.shutdown_background();
        }
    }

    fn check(&mut self) -> Result<ServerReport, Error> {
        self.refused = None;
        if let Some(refusal_document) = &self.refusal_document {
            refusal_document.forget();
        }
        self.drop_closed();
        self.log_in()?;
        let transport = self
            .session
            .as_ref()
            .map(|session| session.link.transport.clone());
        let own = self.account.jid.clone();
        let (report, dialect) =
            self.query(async |sender, settings| check::check(sender, settings, &own, transport).await)?;
        self.dialect = self.dialect.or(dialect);
        Ok(report)
    }

    fn list_rooms(&mut self) -> Result<RoomList, Error> {
        let own = self.account.jid.clone();
        self.query(async |sender, settings| discover::rooms(sender, settings, &own).await)
    }

    fn read_rooms(&mut self, rooms: &[Jid], on_result: ResultCallback<'_, ReadEvent>) -> Result<(), Error> {
        let dialect = match self.dialect() {
            Ok(dialect) => Some(dialect),
            Err(Error::NoHats(_)) => None,
            Err(error) => return Err(error),
        };
        // The callback, and whether it stopped the call.
        let callback = RefCell::new((on_result, false));
        let fingerprints = RefCell::new(Vec::new());
        let (result, lost) = self.run(async |sender, settings| {
            let failed = RefCell::new(None);
            let each = iter(rooms).for_each_concurrent(MAX_PARALLEL_ROOMS, async |room| {
                if callback.borrow().1 || failed.borrow().is_some() {
                    return;
                }
                let began = Instant::now();
                let without_fingerprint = |read| (read, None);
                let read = match dialect {
                    _ if !settings.entry.owns(room) => Ok(without_fingerprint(RoomRead::Forbidden(format!(
                        "{room} does not belong to the services of the server {:?} in the configuration.",
                        settings.entry.name
                    )))),
                    Some(dialect) => {
                        read::read_room(sender, &ServerContext { dialect, settings }, room).await
                    }
                    None => read::why_unreadable(sender, room).await.map(without_fingerprint),
                };
                match read {
                    Ok((read, fingerprint)) => {
                        let event = ReadEvent::Room {
                            room: room.clone(),
                            read,
                        };
                        let (on_result, is_stopped) = &mut *callback.borrow_mut();
                        if !*is_stopped {
                            *is_stopped = on_result(event).is_break();
                            fingerprints.borrow_mut().push((room, fingerprint, began));
                        }
                    }
                    Err(error) => drop(failed.borrow_mut().get_or_insert(error)),
                }
            });
            each.await;
            failed.into_inner().map_or(Ok(()), Err)
        })?;
        for (room, fingerprint, began) in fingerprints.into_inner() {
            self.watch.note_read(room, fingerprint, began);
        }
        match (result, lost) {
            (Err(error), lost) => Err(lost.unwrap_or(error)),
            (Ok(()), _) if callback.borrow().1 => Err(Error::Stopped),
            (Ok(()), _) => Ok(()),
        }
    }

    fn apply(&mut self, work: &[RoomChanges], on_result: ResultCallback<'_, Applied>) -> Result<(), Error> {
        let dialect = self.dialect()?;
        // A room may occur several times in the work, but must have only one pending command.
        let mut rooms: BTreeMap<&Jid, Vec<usize>> = BTreeMap::new();
        for (work_index, changes) in work.iter().enumerate() {
            rooms.entry(&changes.room).or_default().push(work_index);
        }
        let reporter = OutcomeReporter::new(on_result, work);
        let (result, lost) = self.run(async |sender, settings| {
            let context = ServerContext { dialect, settings };
            let failed = RefCell::new(None);
            let each = iter(rooms.values()).for_each_concurrent(MAX_PARALLEL_ROOMS, async |work_indices| {
                if reporter.is_stopped() {
                    return;
                }
                if let Err(error) = apply::apply_room(sender, &context, work_indices, &reporter).await {
                    failed.borrow_mut().get_or_insert(error);
                }
            });
            each.await;
            failed.into_inner().map_or(Ok(()), Err)
        })?;
        match (result, lost) {
            (Err(error), lost) => {
                self.drop_session();
                Err(lost.unwrap_or(error))
            }
            (Ok(()), _) if reporter.is_stopped() => Err(Error::Stopped),
            (Ok(()), _) => Ok(()),
        }
    }

    fn watch(&mut self, rooms: &[Jid], selected: Option<&Jid>, _: bool) {
        let entry = &self.settings.entry;
        let rooms = rooms.iter().filter(|room| entry.owns(room));
        self.watch.set_rooms(rooms, selected);
    }

    fn next_poll(&self) -> Option<Instant> {
        self.watch.next_action().map(|(at, _)| at)
    }

    fn poll(&mut self, on_result: ResultCallback<'_, WatchEvent>) -> Result<(), Error> {
        while let Some((_, action)) = self.watch.next_action().filter(|(at, _)| *at <= Instant::now()) {
            let (room, is_queried) = match action {
                WatchAction::RequestRead(room) => (room, false),
                WatchAction::QueryFingerprint(room) => {
                    let fingerprint = self.fingerprint(&room)?;
                    if !self.watch.note_query(&room, fingerprint, Instant::now()) {
                        return Ok(());
                    }
                    (room, true)
                }
            };
            self.watch.note_report(&room, Instant::now());
            if on_result(WatchEvent::Room { room }).is_break() {
                return Err(Error::Stopped);
            }
            // After one request, the call ends, so that the caller can do something else.
            if is_queried {
                return Ok(());
            }
        }
        Ok(())
    }
}
