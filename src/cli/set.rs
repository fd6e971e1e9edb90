//! `hatrack set`: makes a user's hats exactly those of a JSON object.

use super::args::SetArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::{OpenStore, failure};
use super::output::Output;
use crate::model::{Jid, read};
use crate::store;

pub(super) fn run(args: &SetArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::argument)?;
    let input = store::is_stream(&args.from);
    if !input {
        place.unrestricted("a FILE to read hats from")?;
    }
    let (name, bytes) = if input {
        let bytes = store::read_all(std::io::stdin().lock());
        let bytes = bytes.map_err(|error| Failure::error(format!("cannot read standard input: {error}")));
        ("standard input".into(), bytes?)
    } else {
        let bytes = store::read_file(&args.from).map_err(|error| failure(&error));
        (args.from.display().to_string(), bytes?)
    };
    let (hats, named) =
        read::typed_hats(&bytes).map_err(|error| Failure::error(format!("bad-request: {name}: {error}")))?;
    let kept = OpenStore::open(place)?;
    let there = kept.wardrobe().room(&room).and_then(|room| room.user(&user));
    let there = there.map(|user| user.affiliation);
    kept.change(out, |wardrobe| wardrobe.set_user_hats(&user, &room, &hats))?;
    match named.filter(|named| Some(*named) != there) {
        Some(named) => out.aside(&format!(
            "the affiliation {named} was left aside; hatrack affiliate changes it"
        )),
        None => Ok(()),
    }
}
