//! `hatrack affiliate`: sets a user's affiliation with a room.

use super::args::Affiliate;
use super::failure::Failure;
use super::kept::Kept;
use super::output::Out;
use super::place::Place;
use crate::model::Jid;

pub(super) fn run(args: &Affiliate, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::argument)?;
    let affiliation = args.affiliation.into();
    Kept::open(place)?.change(out, |wardrobe| {
        wardrobe.set_affiliation(&user, &room, affiliation)
    })
}
