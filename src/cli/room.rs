//! `hatrack room add`, `hatrack room rename` and `hatrack room remove`.

use super::args::{RoomArgs, RoomCommand};
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use crate::model::Jid;

pub(super) fn run(args: &RoomArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    match &args.command {
        RoomCommand::Add(args) => {
            let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
            Failure::check_single_line("name", args.name.as_deref())?;
            context.check_room_allowed(&room)?;
            OpenStore::open(context)?
                .with_reason(args.reason_option.reason.as_ref())
                .change(out, |wardrobe| wardrobe.add_room(&room, args.name.as_deref()))
        }
        RoomCommand::Rename(args) => {
            let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
            if args.name.is_none() && !args.clear {
                return Err(Failure::usage("give a name, or --clear"));
            }
            Failure::check_single_line("name", args.name.as_deref())?;
            OpenStore::open(context)?
                .with_reason(args.reason_option.reason.as_ref())
                .change(out, |wardrobe| wardrobe.rename_room(&room, args.name.as_deref()))
        }
        RoomCommand::Remove(args) => {
            let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
            OpenStore::open(context)?
                .with_reason(args.reason_option.reason.as_ref())
                .change(out, |wardrobe| wardrobe.remove_room(&room))
        }
    }
}
