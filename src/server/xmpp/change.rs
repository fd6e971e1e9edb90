//! Changes items of a room.
//!
//! ejabberd has no compare-and-set, so the expected value is compared with a value that was read just before. If someone
//! changes the same item between the read and the command, the later command wins. The time between is at most half a
//! second or, if that is longer, ten times the duration of the read. Before a change of a catalog entry, the catalog is
//! always read.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio_xmpp::minidom::Element;

use super::dialect::{self, Dialect};
use super::element::{element, is_completed, with_child};
use super::link::{RequestFailure, RequestSender};
use super::outcome::{DONE, compare, explained, fits, refuse};
use super::read::{self, MUC_ADMIN, NotRead};
use super::server_context::ServerContext;
use crate::model::{Affiliation, HatId, Jid};
use crate::server::error::Error;
use crate::sync::{Condition, Item, ItemChange, ItemOutcome, ItemValue, RemoteRoom, RoomRead};

/// The time for which values that were read are used, unless [`CACHE_LIFETIME_FACTOR`] gives a longer time.
const CACHE_LIFETIME: Duration = Duration::from_millis(500);
/// The time for which values that were read are used, in multiples of the duration of reading them, if that is longer than
/// [`CACHE_LIFETIME`].
const CACHE_LIFETIME_FACTOR: u32 = 10;

/// A part of the room as it was read, with the time until which it is used.
struct CachedRead {
    room: RemoteRoom,
    expires: Instant,
}

/// Makes the changes of a room, and keeps the values that were read to be compared.
pub(super) struct RoomChanger<'a> {
    sender: &'a RequestSender,
    context: &'a ServerContext<'a>,
    room: &'a Jid,
    hats: Option<CachedRead>,
    catalog: Option<CachedRead>,
    affiliations: Option<CachedRead>,
}

/// The result of a change.
enum ChangeResult {
    Outcome(ItemOutcome),
    /// The room cannot be read, or does not answer. The other changes of the room are not tried.
    RoomFailed(ItemOutcome),
    /// The connection was lost. There is an outcome if the change was requested.
    ConnectionLost(Error, Option<ItemOutcome>),
}

/// The end of a batch, which decides whether the next changes of the room can be made.
pub(super) enum BatchEnd {
    /// All changes have an outcome.
    Completed,
    /// The room cannot be read: this is the outcome of all its other changes.
    RoomFailed(ItemOutcome),
    /// The room did not answer a request that may have changed something.
    NoAnswer,
    /// The connection was lost.
    ConnectionLost(Error),
}

impl<'a> RoomChanger<'a> {
    pub(super) fn new(sender: &'a RequestSender, context: &'a ServerContext<'a>, room: &'a Jid) -> Self {
        Self {
            sender,
            context,
            room,
            hats: None,
            catalog: None,
            affiliations: None,
        }
    }

    /// Makes a batch of changes, which are sent together. Returns the outcomes of the changes from the first one on, and the end
    /// of the batch. If that is [`BatchEnd::Completed`], these are the outcomes of all changes.
    pub(super) async fn make_batch(&mut self, changes: &[ItemChange]) -> (Vec<ItemOutcome>, BatchEnd) {
        if changes.len() > 1 {
            return self.change_affiliations(changes).await;
        }
        let Some(change) = changes.first() else {
            return (Vec::new(), BatchEnd::Completed);
        };
        match self.make_one(change).await {
            ChangeResult::Outcome(outcome) => (vec![outcome], BatchEnd::Completed),
            ChangeResult::RoomFailed(ItemOutcome::Unknown) => {
                (vec![ItemOutcome::Unknown], BatchEnd::NoAnswer)
            }
            ChangeResult::RoomFailed(outcome) => (Vec::new(), BatchEnd::RoomFailed(outcome)),
            ChangeResult::ConnectionLost(error, outcome) => {
                (outcome.into_iter().collect(), BatchEnd::ConnectionLost(error))
            }
        }
    }

    async fn make_one(&mut self, change: &ItemChange) -> ChangeResult {
        if let Err(outcome) = fits(change, self.context.dialect) {
            return ChangeResult::Outcome(outcome);
        }
        match &change.item {
            Item::Hat { user, hat } => self.change_hat(change, user, hat).await,
            Item::Catalog { hat } => self.change_entry(change, hat).await,
            Item::Affiliation { user } => self.change_affiliation(change, user).await,
        }
    }

    async fn change_hat(&mut self, change: &ItemChange, user: &Jid, hat: &HatId) -> ChangeResult {
        if let Err(end) = self.read_hats().await {
            return end;
        }
        if let Some(outcome) = compare_with(self.hats.as_ref(), change) {
            return ChangeResult::Outcome(outcome);
        }
        let dialect = self.context.dialect;
        let wanted = match &change.wanted {
            Some(ItemValue::Hat(wanted)) => Some(wanted.clone()),
            _ => None,
        };
        if wanted.is_some() && dialect == Dialect::Catalog {
            match self.is_defined(hat).await {
                Ok(true) => {}
                Ok(false) => {
                    let why = "the hat is not in the room's catalog";
                    return ChangeResult::Outcome(refuse(Condition::ItemNotFound, Some(why)));
                }
                Err(end) => return end,
            }
        }
        let command = match &wanted {
            Some(wanted) => dialect.assign(user.as_str(), hat.as_str(), wanted),
            None => dialect.unassign(user.as_str(), hat.as_str()),
        };
        let result = self.run_command(command).await;
        if let (ChangeResult::Outcome(ItemOutcome::Done { .. }), Some(hats)) = (&result, &mut self.hats) {
            let known = hats.room.users.entry(user.clone()).or_default();
            match wanted {
                Some(wanted) => drop(known.hats.insert(hat.clone(), wanted)),
                None => drop(known.hats.remove(hat)),
            }
        }
        result
    }

    /// Whether the catalog has a hat. Reads the catalog if it was not read just before.
    async fn is_defined(&mut self, hat: &HatId) -> Result<bool, ChangeResult> {
        if self
            .catalog
            .as_ref()
            .is_none_or(|cached| cached.expires < Instant::now())
        {
            self.read_catalog().await?;
        }
        let defines =
            |room: &RemoteRoom| room.catalog.contains_key(hat) || room.unreadable.catalog.contains(hat);
        Ok(self.catalog.as_ref().is_some_and(|cached| defines(&cached.room)))
    }

    async fn change_entry(&mut self, change: &ItemChange, hat: &HatId) -> ChangeResult {
        if self.context.dialect != Dialect::Catalog {
            return ChangeResult::Outcome(refuse(Condition::FeatureNotImplemented, None));
        }
        if let Err(end) = self.read_catalog().await {
            return end;
        }
        if let Some(outcome) = compare_with(self.catalog.as_ref(), change) {
            return ChangeResult::Outcome(outcome);
        }
        let command = if let Some(ItemValue::Catalog(wanted)) = &change.wanted {
            dialect::define(hat.as_str(), wanted)
        } else {
            // Destroying a hat removes it from all users.
            self.hats = None;
            if let Err(end) = self.read_hats().await {
                return end;
            }
            let hats = self.hats.as_ref().map(|cached| &cached.room);
            let users = hats.into_iter().flat_map(|room| room.users.values());
            let count = users.filter(|user| user.hats.contains_key(hat)).count();
            if count > 0 {
                let why = match count {
                    1 => "1 user has the hat".to_owned(),
                    _ => format!("{count} users have the hat"),
                };
                return ChangeResult::Outcome(refuse(Condition::Conflict, Some(&why)));
            }
            if hats.is_none_or(|room| room.unreadable.may_have(hat)) {
                let why = "a user whose address cannot be read may have the hat";
                return ChangeResult::Outcome(refuse(Condition::Conflict, Some(why)));
            }
            dialect::undefine(hat.as_str())
        };
        // The catalog is read again before its next use.
        self.catalog = None;
        self.run_command(command).await
    }

    async fn change_affiliation(&mut self, change: &ItemChange, user: &Jid) -> ChangeResult {
        if let Err(end) = self.read_affiliations().await {
            return end;
        }
        if let Some(expected) = &change.expected_hats {
            if let Err(end) = self.read_hats().await {
                return end;
            }
            let actual = self.hats.as_ref().and_then(|cached| cached.room.users.get(user));
            let none = BTreeMap::new();
            if actual.map_or(&none, |actual| &actual.hats) != expected {
                return ChangeResult::Outcome(ItemOutcome::Changed {
                    actual: self.actual_affiliation(user),
                });
            }
        }
        if let Some(outcome) = compare_with(self.affiliations.as_ref(), change) {
            return ChangeResult::Outcome(outcome);
        }
        self.set_affiliations(&[change]).await
    }

    /// The affiliation of a user, as it was read; `None` for the affiliation `none`.
    fn actual_affiliation(&self, user: &Jid) -> Option<ItemValue> {
        let room = self.affiliations.as_ref().map(|cached| &cached.room);
        room.and_then(|room| room.value(&Item::Affiliation { user: user.clone() }))
    }

    /// Changes affiliations of different users, in one request if possible.
    async fn change_affiliations(&mut self, changes: &[ItemChange]) -> (Vec<ItemOutcome>, BatchEnd) {
        match self.read_affiliations().await {
            Ok(()) => {}
            Err(ChangeResult::ConnectionLost(error, _)) => {
                return (Vec::new(), BatchEnd::ConnectionLost(error));
            }
            Err(ChangeResult::RoomFailed(outcome) | ChangeResult::Outcome(outcome)) => {
                return (Vec::new(), BatchEnd::RoomFailed(outcome));
            }
        }
        let compared: Vec<Option<ItemOutcome>> = changes
            .iter()
            .map(|change| match fits(change, self.context.dialect) {
                Err(outcome) => Some(outcome),
                Ok(()) => compare_with(self.affiliations.as_ref(), change),
            })
            .collect();
        let remaining: Vec<&ItemChange> = changes
            .iter()
            .zip(&compared)
            .filter_map(|(change, outcome)| outcome.is_none().then_some(change))
            .collect();
        if remaining.is_empty() {
            return (compared.into_iter().flatten().collect(), BatchEnd::Completed);
        }
        let with_outcome = |outcome: &ItemOutcome| {
            let each = compared
                .iter()
                .map(|known| known.as_ref().unwrap_or(outcome).clone());
            each.collect::<Vec<_>>()
        };
        match self.set_affiliations(&remaining).await {
            ChangeResult::Outcome(outcome @ ItemOutcome::Refused(_)) if remaining.len() == 1 => {
                (with_outcome(&outcome), BatchEnd::Completed)
            }
            // The server has refused all changes. Individual requests show which of them it refuses.
            ChangeResult::Outcome(ItemOutcome::Refused(_)) => {
                let mut outcomes = Vec::new();
                for (change, known) in changes.iter().zip(&compared) {
                    let result = match known {
                        Some(outcome) => ChangeResult::Outcome(outcome.clone()),
                        None => self.set_affiliations(&[change]).await,
                    };
                    match result {
                        ChangeResult::Outcome(outcome) => outcomes.push(outcome),
                        ChangeResult::RoomFailed(outcome) => {
                            outcomes.push(outcome);
                            return (outcomes, BatchEnd::NoAnswer);
                        }
                        ChangeResult::ConnectionLost(error, outcome) => {
                            outcomes.extend(outcome);
                            return (outcomes, BatchEnd::ConnectionLost(error));
                        }
                    }
                }
                (outcomes, BatchEnd::Completed)
            }
            ChangeResult::Outcome(outcome) => (with_outcome(&outcome), BatchEnd::Completed),
            ChangeResult::RoomFailed(outcome) => (with_outcome(&outcome), BatchEnd::NoAnswer),
            ChangeResult::ConnectionLost(error, outcome) => (
                outcome.map(|outcome| with_outcome(&outcome)).unwrap_or_default(),
                BatchEnd::ConnectionLost(error),
            ),
        }
    }

    /// Sets affiliations in one request, of which the server sets all or none.
    async fn set_affiliations(&mut self, changes: &[&ItemChange]) -> ChangeResult {
        let mut query = element("query", MUC_ADMIN, &[]);
        for change in changes {
            let Some(user) = change.item.user() else { continue };
            let wanted = match &change.wanted {
                Some(ItemValue::Affiliation(wanted)) => *wanted,
                _ => Affiliation::None,
            };
            let attributes = [("jid", user.as_str()), ("affiliation", wanted.as_str())];
            let mut item = element("item", MUC_ADMIN, &attributes);
            if let Some(reason) = change.reason.as_deref().filter(|reason| !reason.is_empty()) {
                let mut text = element("reason", MUC_ADMIN, &[]);
                text.append_text_node(reason);
                item = with_child(item, text);
            }
            query.append_child(item);
        }
        let answer = self.sender.request(self.room.as_str(), "set", query).await;
        let result = self.result_of(answer.map(|_| ()));
        if let (ChangeResult::Outcome(ItemOutcome::Done { .. }), Some(users)) =
            (&result, &mut self.affiliations)
        {
            for change in changes {
                if let (Some(user), wanted) = (change.item.user(), &change.wanted) {
                    let affiliation = match wanted {
                        Some(ItemValue::Affiliation(wanted)) => *wanted,
                        _ => Affiliation::None,
                    };
                    users.room.users.entry(user.clone()).or_default().affiliation = affiliation;
                }
            }
        }
        result
    }

    /// Sends a command that changes something.
    async fn run_command(&self, command: Element) -> ChangeResult {
        let answer = self.sender.request(self.room.as_str(), "set", command).await;
        match answer {
            // The server expects another step of the command, as no known release does.
            Ok(answer) if !is_completed(&answer) => ChangeResult::Outcome(ItemOutcome::Unknown),
            answer => self.result_of(answer.map(|_| ())),
        }
    }

    /// The result of a change, from the answer to its request.
    fn result_of(&self, answer: Result<(), RequestFailure>) -> ChangeResult {
        match answer {
            Ok(()) => ChangeResult::Outcome(DONE),
            Err(RequestFailure::Refused(refused)) => match refused.condition {
                Condition::RemoteServerTimeout => ChangeResult::RoomFailed(ItemOutcome::Unknown),
                _ => ChangeResult::Outcome(ItemOutcome::Refused(explained(refused, self.room).into())),
            },
            Err(RequestFailure::Silent) => ChangeResult::RoomFailed(ItemOutcome::Unknown),
            Err(RequestFailure::Broken(error)) => {
                ChangeResult::ConnectionLost(error, Some(ItemOutcome::Unknown))
            }
        }
    }

    /// Reads the assigned hats, unless they were read just before.
    async fn read_hats(&mut self) -> Result<(), ChangeResult> {
        if self
            .hats
            .as_ref()
            .is_some_and(|cached| cached.expires > Instant::now())
        {
            return Ok(());
        }
        let began = Instant::now();
        let mut room = RemoteRoom::default();
        read::hats(self.sender, self.context, self.room, &mut room)
            .await
            .map_err(not_read)?;
        self.hats = Some(cached(room, began));
        Ok(())
    }

    /// Reads the catalog.
    async fn read_catalog(&mut self) -> Result<(), ChangeResult> {
        let began = Instant::now();
        let mut room = RemoteRoom::default();
        read::catalog(self.sender, self.room, &mut room)
            .await
            .map_err(not_read)?;
        self.catalog = Some(cached(room, began));
        Ok(())
    }

    /// Reads the affiliations, unless they were read just before.
    async fn read_affiliations(&mut self) -> Result<(), ChangeResult> {
        if self
            .affiliations
            .as_ref()
            .is_some_and(|cached| cached.expires > Instant::now())
        {
            return Ok(());
        }
        let began = Instant::now();
        let room = RefCell::default();
        let listed = Affiliation::ALL.into_iter();
        let listed: Vec<_> = listed
            .filter(|affiliation| *affiliation != Affiliation::None)
            .collect();
        read::lists(self.sender, self.room, &listed, &room)
            .await
            .map_err(not_read)?;
        self.affiliations = Some(cached(room.into_inner(), began));
        Ok(())
    }
}

/// Compares a change with a value that was read just before. Returns the outcome if no request is needed.
fn compare_with(read: Option<&CachedRead>, change: &ItemChange) -> Option<ItemOutcome> {
    let room = read.map(|cached| &cached.room);
    if room.is_some_and(|room| !room.knows(&change.item)) {
        let why = "what the server has there cannot be read";
        return Some(refuse(Condition::UndefinedCondition, Some(why)));
    }
    compare(change, room.and_then(|room| room.value(&change.item)))
}

/// Keeps a part of the room whose read `began` at this time.
fn cached(room: RemoteRoom, began: Instant) -> CachedRead {
    let now = Instant::now();
    CachedRead {
        room,
        expires: now + CACHE_LIFETIME.max((now - began) * CACHE_LIFETIME_FACTOR),
    }
}

/// The result of a change that was not requested, because the value to compare could not be read.
fn not_read(why: NotRead) -> ChangeResult {
    match why {
        NotRead::Lost(error) => ChangeResult::ConnectionLost(error, None),
        NotRead::Room(read) => ChangeResult::RoomFailed(match read {
            RoomRead::Forbidden(why) => refuse(Condition::Forbidden, Some(&why)),
            RoomRead::Unread(why) => refuse(Condition::RecipientUnavailable, Some(&why)),
            RoomRead::Gone | RoomRead::Read(_) => refuse(Condition::Gone, None),
        }),
    }
}
