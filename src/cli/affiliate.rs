//! `hatrack affiliate`: sets a user's affiliation with a room.

use super::args::AffiliateArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use crate::model::Jid;

pub(super) fn run(args: &AffiliateArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::invalid_argument)?;
    let affiliation = args.affiliation.into();
    OpenStore::open(context)?.change(out, |wardrobe| {
        wardrobe.set_affiliation(&user, &room, affiliation)
    })
}
