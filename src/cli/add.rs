//! `hatrack add`: adds a hat to a user.

use super::args::AddArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use crate::model::{Attachment, HatId, Jid};

pub(super) fn run(args: &AddArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::invalid_argument)?;
    let hat = HatId::parse_input(&args.hat).map_err(Failure::invalid_argument)?;
    Failure::check_single_line("title", args.title.as_deref())?;
    // Options that were not given stay out of the JSON.
    let attachment = Attachment {
        active: args.active.then_some(true),
        required: args.required.then_some(true),
        title: args.title.as_deref().map(Into::into),
        ..Attachment::default()
    };
    OpenStore::open(context)?.change(out, |wardrobe| {
        wardrobe.add_user_hat(&user, &room, &hat, attachment.clone())
    })
}
