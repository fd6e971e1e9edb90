//! The merge: base, file and server of a room, item by item.
//!
//! | base, local, remote | proposal |
//! |---|---|
//! | local = remote | nothing |
//! | base = remote ≠ local | send |
//! | base = local ≠ remote | receive |
//! | all differ | conflict |
//!
//! Without a base, an item that exists on only one side is copied to the other, and an item with different values is a
//! conflict. Exceptions are explained in the code that makes them.

mod catalog;
mod propose;
mod user;

use std::cell::LazyCell;
use std::sync::Arc;

use jiff::Timestamp;

use super::join::join;
use super::plan::{Action, Decision, Line, Note, Reason, RoomPlan, RoomState, SideValue, Subject};
use super::{Base, Item, RemoteRoom, RoomRead, ServerClass, SetAside};
use crate::model::{Jid, Room};

/// Whether affiliations that were changed in the file are sent. Affiliations are always received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Affiliations {
    /// Not sent.
    #[default]
    Show,
    /// Sent.
    Manage,
}

/// Options for merging a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MergeOptions {
    /// Whether affiliations that were changed in the file are sent.
    pub affiliations: Affiliations,
    /// The account of the connection, whose own affiliation is never sent. `None` for a shell.
    pub account: Option<Jid>,
    /// Whether the room is received even if it is only on the server or was removed from the file: for example, because it was
    /// requested explicitly.
    pub is_requested: bool,
}

/// The inputs of a merge, and its result so far.
struct Context<'a> {
    class: ServerClass,
    options: &'a MergeOptions,
    base: Option<&'a Base>,
    local: &'a Room,
    remote: &'a RemoteRoom,
    lines: Vec<Line>,
    notes: Vec<Note>,
}

/// Three-way merge of a room: compares the file and the server, given the last values that both had in common.
///
/// `base` is the room's base, `None` if there is none, or the reason why an earlier base is no longer valid. `local` is
/// `None` if the file does not have the room.
pub fn merge(
    room: &Jid,
    base: Result<Option<&Base>, SetAside>,
    local: Option<&Room>,
    read: &RoomRead,
    class: ServerClass,
    options: &MergeOptions,
) -> RoomPlan {
    let (mut base, mut set_aside) = match base {
        Ok(base) => (base, None),
        Err(reason) => (None, Some(reason)),
    };
    let without_lines = |state, set_aside| RoomPlan {
        room: room.clone(),
        class,
        state,
        is_first_comparison: false,
        set_aside,
        lines: Vec::new(),
        notes: Vec::new(),
        unreadable: 0,
        limit: None,
        began: Timestamp::default(),
        remote: Arc::default(),
    };
    let remote = match read {
        RoomRead::Read(remote) => remote,
        RoomRead::Forbidden(text) => return without_lines(RoomState::Forbidden(text.clone()), set_aside),
        RoomRead::Unread(text) => return without_lines(RoomState::Unread(text.clone()), set_aside),
        RoomRead::Gone if base.is_some() => {
            return without_lines(RoomState::GoneFromServer, Some(SetAside::RoomGone));
        }
        RoomRead::Gone => return without_lines(RoomState::OnlyInFile, set_aside),
    };
    let one_sided_state = match (local, base) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(RoomState::RemovedFromFile),
        (None, None) => Some(RoomState::OnlyOnServer),
    };
    let new_room = Room::default();
    if let Some(state) = one_sided_state {
        if !options.is_requested {
            return without_lines(state, set_aside);
        }
        base = None;
    } else if let Some(Err(reason)) = base.map(|base| base.check_room(remote)) {
        (base, set_aside) = (None, Some(reason));
    }
    let mut context = Context {
        class,
        options,
        base,
        local: local.unwrap_or(&new_room),
        remote,
        lines: Vec::new(),
        notes: Vec::new(),
    };
    context.add_name();
    let used_hats = context.add_users();
    if class.holds_catalog() {
        // Received user changes are applied before the catalog is compared.
        let user_plan = RoomPlan {
            lines: std::mem::take(&mut context.lines),
            ..without_lines(RoomState::Compared, None)
        };
        let is_received = |line: &Line| line.decision == Decision::Receive;
        let local = context.local;
        let after = LazyCell::new(|| {
            let is_any_received = user_plan.lines.iter().any(is_received);
            is_any_received
                .then(|| super::receive::room_after(&user_plan, local))
                .flatten()
        });
        let entries = context.catalog_lines(&used_hats, &|| after.as_ref().unwrap_or(local));
        drop(after);
        context.lines = user_plan.lines;
        let after_name = usize::from(context.lines.first().is_some_and(|line| line.user().is_none()));
        context.lines.splice(after_name..after_name, entries);
    }
    let (lines, notes) = (context.lines, context.notes);
    let mut plan = RoomPlan {
        is_first_comparison: base.is_none(),
        lines,
        notes,
        unreadable: remote.unreadable.count,
        remote: remote.clone(),
        ..without_lines(RoomState::Compared, set_aside)
    };
    plan.leave_out_unsendable();
    if let Some(base) = base {
        plan.hold(&base.held, Reason::Held);
    }
    plan
}

impl Context<'_> {
    /// Adds a line that receives the room's name if the file's name is unchanged. A name is never sent.
    fn add_name(&mut self) {
        let (local, remote) = (self.local.name.as_ref(), self.remote.name.as_ref());
        let text = |name: Option<&Arc<str>>| name.filter(|name| !name.is_empty()).cloned();
        let base = self.base.and_then(|base| base.name.clone());
        let (local, remote) = (text(local), text(remote));
        if local != remote && local == base {
            let side = |name: Option<Arc<str>>| name.map(SideValue::Name);
            self.lines.push(Line {
                base: side(base),
                local: side(local),
                remote: side(remote),
                ..line(Subject::Name, Action::Receive, None)
            });
        }
    }

    /// Adds the lines of all users. Returns their hats that matter for the catalog.
    fn add_users(&mut self) -> catalog::UsedHats {
        let mut used_hats = catalog::UsedHats::default();
        let (local, remote) = (self.local, self.remote);
        let base_users = self.base.into_iter().flat_map(|base| &base.users);
        let local_users = local.users().iter().map(|(jid, user)| (jid, user));
        for (user, base, local_user, remote_user) in join(base_users, local_users, &remote.users) {
            if remote.unreadable.users.contains(user) {
                continue;
            }
            self.add_user(user, base, local_user, remote_user, &mut used_hats);
        }
        used_hats
    }
}

/// The decision before anyone chooses: the proposal, unless there is a reason against the proposal.
fn default_decision(action: Action, reason: Option<Reason>) -> Decision {
    match (action, reason) {
        (Action::Send, None) => Decision::Send,
        (Action::Receive, None) => Decision::Receive,
        _ => Decision::Skip,
    }
}

/// Creates a line without values, with the default decision.
fn line(subject: Subject, action: Action, reason: Option<Reason>) -> Line {
    Line {
        subject,
        base: None,
        local: None,
        remote: None,
        action,
        reason,
        decision: default_decision(action, reason),
        implied: false,
    }
}

/// Creates a line about an item, without values.
fn item_line(item: Item, action: Action, reason: Option<Reason>) -> Line {
    line(Subject::Item(item), action, reason)
}
