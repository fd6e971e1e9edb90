//! `hatrack affiliate`: sets a user's affiliation with a room.

use super::args::AffiliateArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::hat_argument;
use super::open_store::OpenStore;
use super::output::Output;
use crate::model::{Affiliation, Jid};

pub(super) fn run(args: &AffiliateArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::invalid_argument)?;
    let affiliation: Affiliation = args.affiliation.into();
    let data = OpenStore::open(context)?;
    let command = format!("hatrack affiliate {user} {room} {affiliation}");
    hat_argument::check_order(data.wardrobe(), (&room, &user), &command)?;
    data.with_reason(args.reason_option.reason.as_ref())
        .change(out, |wardrobe| {
            wardrobe.set_affiliation(&user, &room, affiliation)
        })
}
