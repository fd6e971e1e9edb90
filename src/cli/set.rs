//! `hatrack set`: replaces a user's hats with those of a JSON object.

use super::args::SetArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::{OpenStore, store_failure};
use super::output::Output;
use super::standard_input;
use crate::model::{Jid, read};
use crate::store;

pub(super) fn run(args: &SetArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::invalid_argument)?;
    let is_standard_input = store::is_dash(&args.from);
    if !is_standard_input {
        context.require_unrestricted("set FILE")?;
    }
    let (name, bytes) = if is_standard_input {
        (standard_input::NAME.into(), standard_input::read(out)?)
    } else {
        let bytes = store::read_file(&args.from).map_err(|error| store_failure(&error));
        (args.from.display().to_string(), bytes?)
    };
    let (hats, given_affiliation) =
        read::hats_input(&bytes).map_err(|error| Failure::bad_request(format!("{name}: {error}")))?;
    let data = OpenStore::open(context)?;
    let current = data.wardrobe().room(&room).and_then(|room| room.user(&user));
    let current = current.map(|user| user.affiliation);
    let data = data.with_reason(args.reason_option.reason.as_ref());
    data.change(out, |wardrobe| wardrobe.set_user_hats(&user, &room, &hats))?;
    match given_affiliation.filter(|given| Some(*given) != current) {
        Some(given) => out.warn(&format!("ignored affiliation {given}; use hatrack affiliate")),
        None => Ok(()),
    }
}
