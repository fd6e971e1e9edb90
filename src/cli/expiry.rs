//! Parses the times of `add --expires` and `show --expires-by`, and prints hats that expire by a certain time.

use jiff::{Timestamp, ZonedDateTime};
use serde::Serialize;

use super::context::SessionContext;
use super::failure::Failure;
use super::output::Output;
use crate::app::until;
use crate::model::{Attachment, HatId, Jid, Room, Wardrobe, write};

/// The current time in the time zone of displayed times.
pub(super) fn now(context: &SessionContext) -> ZonedDateTime {
    Timestamp::now().to_zoned_datetime(context.zone())
}

/// Parses a time at which hats expire. An empty text is an error. `option` is the name of the option in errors.
pub(super) fn parse(option: &str, text: &str, now: &ZonedDateTime) -> Result<Timestamp, Failure> {
    match until::parse(text, now) {
        Ok(Some(end)) => Ok(end),
        Ok(None) => Err(Failure::usage(format!(
            "{option} needs a time, such as {}",
            until::EXAMPLES
        ))),
        Err(error) => Err(Failure::usage(format!("{option}: {error}"))),
    }
}

/// A hat that expires, as JSON.
#[derive(Serialize)]
struct ExpiringHat<'a> {
    until: Timestamp,
    room: &'a Jid,
    user: &'a Jid,
    hat: &'a HatId,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
}

/// Prints the hats that expire at `by` or earlier, soonest first, of all rooms and users or only of the given ones. With
/// `now`, prints a table with times in the time zone of `now`; with `None`, prints JSON.
pub(super) fn print_expiring(
    wardrobe: &Wardrobe,
    (only_room, only_user): (Option<&Jid>, Option<&Jid>),
    by: Timestamp,
    now: Option<&ZonedDateTime>,
    out: &mut Output,
) -> Result<(), Failure> {
    let is_selected = |only: Option<&Jid>, jid: &Jid| only.is_none_or(|only| only == jid);
    let rooms = wardrobe.rooms().filter(|(room, _)| is_selected(only_room, room));
    let mut expiring: Vec<ExpiringHat<'_>> = rooms
        .flat_map(|(jid, room)| {
            let users = room
                .users()
                .iter()
                .filter(|(user, _)| is_selected(only_user, user));
            users.flat_map(move |(user, content)| {
                let hats = content.hats.iter();
                hats.filter_map(move |(hat, attachment)| expiring_hat((jid, room), user, (hat, attachment)))
            })
        })
        .filter(|hat| hat.until <= by)
        .collect();
    expiring.sort_by_key(|hat| hat.until);
    let Some(now) = now else {
        return out.json(&write::pretty(&expiring));
    };
    if expiring.is_empty() {
        return out.line("No hats expire by then.");
    }
    let rows: Vec<Vec<String>> = expiring
        .iter()
        .map(|hat| {
            vec![
                until::full(hat.until, now.time_zone()),
                hat.room.to_string(),
                hat.user.to_string(),
                hat.title.unwrap_or(hat.hat.as_str()).to_owned(),
            ]
        })
        .collect();
    out.table(&["EXPIRES", "ROOM", "USER", "HAT"], &rows)
}

fn expiring_hat<'a>(
    (jid, room): (&'a Jid, &'a Room),
    user: &'a Jid,
    (hat, attachment): (&'a HatId, &'a Attachment),
) -> Option<ExpiringHat<'a>> {
    Some(ExpiringHat {
        until: attachment.until()?,
        room: jid,
        user,
        hat,
        title: room.title(hat, attachment),
    })
}
