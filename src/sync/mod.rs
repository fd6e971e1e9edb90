//! The part of the synchronization with live servers that needs no connection: the values that a server can store, the last
//! common values of both sides, the differences, and the changes to send or receive.
//!
//! A backend reads a room as a [`RemoteRoom`] and applies [`ItemChange`]s, each only if the server has the expected
//! value. Nothing here accesses files, clocks or the network; callers pass the time.

mod after_commit;
mod answered;
mod base;
mod change;
mod changed;
mod choose;
mod class;
mod data;
mod entry;
mod event;
mod guard;
mod incoming;
mod item;
mod join;
mod local;
mod merge;
mod noted;
mod occupants;
mod outbox;
mod permit;
mod plan;
mod rate_limit;
mod receive;
mod received_affiliations;
mod refuse;
mod remote;
mod report;
mod request;
mod send;
mod sending_time;
mod sent;
mod server;
mod unstored;

pub use after_commit::{AfterCommit, HeldReason};
pub use answered::{AnswerTime, Answered, Stream};
pub use base::{Base, BaseUser, MAX_BASE_BYTES, SetAside};
pub use change::{Condition, ItemChange, ItemOutcome, Refusal};
pub use changed::{ChangedItem, changed_items, count_users_losing_hats};
pub use choose::{Prefer, ReadMark};
pub use class::{HatLimits, ServerClass, ServerKind};
pub use entry::{SendMode, ServerEntry};
pub use event::{Follower, Progress, ServerEvent};
pub use guard::{GUARD_PERIOD, GUARD_USERS, RemovalGuard, late_expiry};
pub use incoming::UserMark;
pub use item::{CatalogValue, HatValue, HueText, Item, ItemValue, UserValue};
pub use local::local_value;
pub use merge::{Affiliations, MergeOptions, merge};
pub use noted::CONFIRM_AFTER;
pub use occupants::{Occupant, Occupants};
pub use outbox::{BaseUpdate, COMMIT_PERIOD, MAX_OUTBOX_BYTES, Outbox, ROLLBACK_PERIOD, SendState};
pub use plan::{
    Action, Decision, Line, Note, Plan, PlanCounts, Reason, RoomPlan, RoomState, SideValue, Subject,
};
pub use rate_limit::{RateLimit, request_size};
pub use receive::{is_server_actor, server_actor};
pub use received_affiliations::room_with_changed_affiliation;
pub use remote::{Coverage, RemoteRoom, RemoteUser, RoomRead, Unreadable};
pub use report::{Failed, Report, RoomReport, SendFailure, Status};
pub use request::{LocalRoom, OtherRooms, ReceivedItem, SENDING_ID, Secret, ServerRequest};
pub use send::Sending;
pub use server::{RemoteRoomInfo, ServerProblem, ServerReport, ServerRights, ServerState};
pub use unstored::{Unstored, UnstoredHat, unstored_hats};
