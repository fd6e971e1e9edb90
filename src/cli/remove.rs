//! `hatrack remove`: takes a hat from a user.

use super::args::Remove;
use super::failure::Failure;
use super::kept::Kept;
use super::output::Out;
use super::place::Place;
use crate::model::{HatId, Jid};

pub(super) fn run(args: &Remove, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::argument)?;
    // Any id that a file or a server brought can be taken away.
    let hat = HatId::keep(args.hat.as_str());
    Kept::open(place)?.change(out, |wardrobe| wardrobe.remove_user_hat(&user, &room, &hat))
}
