use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use hatrack::model::{Affiliation, Attachment, EditGroup, HatId, Jid};
use hatrack::store::{Store, StoreOptions};

fn main() -> Result<(), Box<dyn Error>> {
    add_teacher(Path::new("hats.json"), &mut io::stdout())
}

fn add_teacher(file: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let actor = "enrollment-bot".to_owned();
    let mut store = Store::open(file, StoreOptions { actor, ..StoreOptions::default() })?;
    let room = Jid::parse_room("courses@conference.example.org")?;
    let user = Jid::parse("terry@example.org")?;
    let hat = HatId::parse("http://example.com/hats/teacher")?;
    // Operations change a copy and return their edits; a group of edits is committed whole and undone in one step.
    let (mut next, mut group) = (store.wardrobe().clone(), EditGroup::default());
    if next.room(&room).is_none() {
        group.0.extend(next.add_room(&room, Some("Courses"))?.0);
    }
    group.0.extend(next.set_affiliation(&user, &room, Affiliation::Member)?.0);
    let teacher = Attachment::default().with_active(true).with_title(Some("Teacher"));
    group.0.extend(next.add_user_hat(&user, &room, &hat, teacher)?.0);
    for revision in store.commit(&[group.into()])? {
        revision?;
    }
    for (room_jid, room) in store.wardrobe().rooms() {
        for (user_jid, user) in room.users() {
            for (hat, attachment) in user.hats.iter() {
                let title = room.title(hat, attachment).unwrap_or("no title");
                writeln!(out, "{room_jid}: {user_jid} has {title} ({hat})")?;
            }
        }
    }
    Ok(())
}
