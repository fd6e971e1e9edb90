//! `hatrack set`: makes a user's hats exactly those of a JSON object.

use std::io::Read;
use std::path::Path;

use super::args::Set;
use super::failure::Failure;
use super::kept::Kept;
use super::output::Out;
use super::place::Place;
use crate::model::{Jid, read};

pub(super) fn run(args: &Set, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let room = Jid::parse_room(&args.room).map_err(Failure::argument)?;
    let user = Jid::parse(&args.user).map_err(Failure::argument)?;
    let input = args.from == Path::new("-");
    if !input {
        place.unrestricted("a FILE to read hats from")?;
    }
    let (name, bytes) = if input {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        ("standard input".into(), read.map(|_| bytes))
    } else {
        (args.from.display().to_string(), std::fs::read(&args.from))
    };
    let bytes = bytes.map_err(|error| Failure::error(format!("cannot read {name}: {error}")))?;
    let (hats, named) =
        read::typed_hats(&bytes).map_err(|error| Failure::error(format!("bad-request: {name}: {error}")))?;
    let kept = Kept::open(place)?;
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
