//! `hatrack add`: adds a hat to a user.

use super::args::AddArgs;
use super::context::SessionContext;
use super::expiry;
use super::failure::Failure;
use super::hat_argument;
use super::open_store::{OpenStore, refusal};
use super::output::Output;
use crate::app::describe;
use crate::model::{Attachment, Jid};

pub(super) fn run(args: &AddArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::invalid_argument)?;
    Failure::check_single_line("title", args.title.as_deref())?;
    let until = args
        .expires
        .as_deref()
        .map(|text| expiry::parse("--expires", text, &expiry::now(context)));
    // Fields whose options were not given are omitted in the data file.
    let attachment = Attachment {
        active: args.active,
        required: args.required,
        title: args.title.as_deref().map(Into::into),
        ..Attachment::default()
    }
    .with_until(until.transpose()?);
    let data = OpenStore::open(context)?.with_reason(args.reason_option.reason.as_ref());
    data.change_with_summary(out, |wardrobe| {
        let command = format!("hatrack add {user} {room} HAT");
        hat_argument::check_order(wardrobe, (&room, &user), &command)?;
        let hat = hat_argument::find_or_new(wardrobe, None, &args.hat)?;
        let mut attachment = attachment.clone();
        // If the argument is the title of a hat, the attachment gets the title of the hat in this room or, if it has none
        // here, in another room.
        if hat.as_str() != args.hat && attachment.title.is_none() {
            attachment.title = hat_argument::title_of(wardrobe, &room, &hat);
        }
        let added = wardrobe.add_user_hat(&user, &room, &hat, attachment);
        let group = added.map_err(|error| refusal(error, wardrobe, context))?;
        let summary = describe::group(&group, wardrobe, &context.zone());
        Ok((group, summary))
    })
}
