//! Sessions without a terminal: messages in, state and effects out.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

#[path = "../support/session.rs"]
mod session;

#[path = "../support/screen.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod screen;

mod by_user;
mod catalog;
mod conflicts;
mod drafts;
mod ease;
mod ending;
mod everywhere;
mod exchange;
mod expired;
mod filter;
mod finder;
mod footer;
mod forms;
mod hats_view;
mod history;
mod keys;
mod marks;
mod mouse;
mod new_hats;
mod new_users;
mod others;
mod panes;
mod questions;
mod reasons;
mod rights;
mod server_forms;
mod servers;
mod sets;
mod space;
mod targets;
mod themes;
mod undo;

use hatrack::app::{Effect, Msg, State};
use hatrack::model::{Affiliation, Attachment, HatId, Jid, Wardrobe};
use session::Session;

const ROOM: &str = "courses@conference.example.org";
const TERRY: &str = "terry@example.org";
const HAT: &str = "http://example.com/hats/teacher";

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

fn hat(text: &str) -> HatId {
    HatId::parse(text).unwrap()
}

/// One room with an owner, a member with a hat, and a banned user.
fn wardrobe() -> Wardrobe {
    let mut wardrobe = Wardrobe::default();
    let room = jid(ROOM);
    wardrobe.add_room(&room, Some("Courses")).unwrap();
    for (user, affiliation) in [
        ("prof@example.org", Affiliation::Owner),
        (TERRY, Affiliation::Member),
        ("mallory@example.net", Affiliation::Outcast),
    ] {
        wardrobe.set_affiliation(&jid(user), &room, affiliation).unwrap();
    }
    let teacher = Attachment::default()
        .with_active(true)
        .with_title(Some("Teacher"));
    wardrobe
        .add_user_hat(&jid(TERRY), &room, &hat(HAT), teacher)
        .unwrap();
    wardrobe
}

fn open() -> Session {
    Session::open(wardrobe(), (100, 30))
}

/// The hats of Terry in the store.
fn terrys_hats(session: &Session) -> serde_json::Value {
    session.json()["rooms"][ROOM]["users"][TERRY]["hats"].clone()
}

/// The effects of a message, except delays.
fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    let mut effects = hatrack::app::update(state, msg);
    effects.retain(|effect| !matches!(effect, Effect::Wait(_) | Effect::CancelWait(_)));
    effects
}
