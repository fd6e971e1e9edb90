//! `hatrack set`: replaces a user's hats with those of a JSON object.

use super::args::SetArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::hat_argument;
use super::open_store::{OpenStore, store_failure};
use super::output::Output;
use crate::model::{Jid, read};
use crate::store;

pub(super) fn run(args: &SetArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::invalid_argument)?;
    let input = store::is_dash(&args.from);
    if !input {
        context.require_unrestricted("set FILE")?;
    }
    let (name, bytes) = if input {
        hat_argument::announce_stdin(out)?;
        let bytes = store::read_all(std::io::stdin().lock());
        let bytes = bytes.map_err(|error| Failure::error(format!("cannot read standard input: {error}")));
        ("standard input".into(), bytes?)
    } else {
        let bytes = store::read_file(&args.from).map_err(|error| store_failure(&error));
        (args.from.display().to_string(), bytes?)
    };
    let (hats, named) =
        read::hats_input(&bytes).map_err(|error| Failure::error(format!("bad-request: {name}: {error}")))?;
    let data = OpenStore::open(context)?;
    let current = data.wardrobe().room(&room).and_then(|room| room.user(&user));
    let current = current.map(|user| user.affiliation);
    data.change(out, |wardrobe| wardrobe.set_user_hats(&user, &room, &hats))?;
    match named.filter(|named| Some(*named) != current) {
        Some(named) => out.warn(&format!("ignored affiliation {named}; use hatrack affiliate")),
        None => Ok(()),
    }
}
