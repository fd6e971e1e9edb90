//! `hatrack add`: gives a user a hat.

use super::args::AddArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use crate::model::{Attachment, HatId, Jid};

pub(super) fn run(args: &AddArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::argument)?;
    let hat = HatId::parse_input(&args.hat).map_err(Failure::argument)?;
    Failure::unless_line("a title", args.title.as_deref())?;
    // Exactly what was said: what was not said is not in the JSON.
    let attachment = Attachment {
        active: args.active.then_some(true),
        required: args.required.then_some(true),
        title: args.title.as_deref().map(Into::into),
        ..Attachment::default()
    };
    OpenStore::open(place)?.change(out, |wardrobe| {
        wardrobe.add_user_hat(&user, &room, &hat, attachment.clone())
    })
}
