//! Prints which rooms `hatrack follow` follows, and the changes that it receives.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::super::failure::Failure;
use super::super::super::output::Output;
use super::FollowSession;
use crate::app::describe;
use crate::app::servers::follower_text;
use crate::model::{Edit, EditGroup, Jid, Wardrobe};
use crate::sync::Follower;

impl FollowSession<'_> {
    /// Notes the follower of a room, and prints it. Prints nothing if this session follows the room and `--json` is given,
    /// or if another session or nobody follows it and the last report on the room had the same variant of [`Follower`].
    pub(super) fn note_follower(
        &mut self,
        room: &Jid,
        follower: &Follower,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let before = self.followers.insert(room.clone(), follower.clone());
        let is_same_kind = before
            .as_ref()
            .is_some_and(|before| discriminant(before) == discriminant(follower));
        match follower {
            Follower::Here if self.json => Ok(()),
            Follower::Here => out.line(&format!("Following {room}")),
            _ if is_same_kind => Ok(()),
            Follower::Silent(_) => out.warn(&format!("{room}: {}", follower_text(follower))),
            Follower::Elsewhere(_) if matches!(before, Some(Follower::Silent(_))) => {
                out.warn(&format!("{room}: {} again", follower_text(follower)))
            }
            Follower::Elsewhere(_) => out.warn(&format!(
                "{room} is followed by another session; this one takes over when that ends"
            )),
            Follower::NotCompared => {
                let mut servers = self.servers.iter().map(|(settings, _)| &settings.entry);
                let server = servers.find(|server| server.owns(room));
                let needs_restart =
                    server.is_some_and(|server| self.availability.lacks_password(&server.name));
                let advice = if needs_restart {
                    ", then hatrack follow again"
                } else {
                    ""
                };
                out.warn(&format!(
                    "{room} is not followed: it must be compared with its server first; run hatrack pull {room}{advice}"
                ))
            }
        }
    }

    /// Prints a line for each change. `changed_by` has the person who changed each room, if the server reports this.
    pub(super) fn print_changes(
        &self,
        server: &str,
        group: &EditGroup,
        changed_by: &BTreeMap<Jid, Arc<str>>,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let now = Timestamp::now();
        let wardrobe = self.data.wardrobe();
        for edit in &group.0 {
            let person = edit.room().and_then(|room| changed_by.get(room));
            if self.json {
                out.json(&json_line(
                    (now, &self.zone),
                    server,
                    (edit, wardrobe),
                    person.map(|person| &**person),
                ))?;
                continue;
            }
            let time = self.zone.to_datetime(now).strftime("%Y-%m-%d %H:%M:%S");
            let origin = match person {
                Some(person) => format!("{person} on {server:?}"),
                None => format!("from {server:?}"),
            };
            out.line(&format!(
                "{time} {origin}: {}",
                describe::edit(edit, wardrobe, &self.zone)
            ))?;
        }
        out.flush()
    }
}

/// Formats a change as a line of JSON (see assets/follow.schema.json). `person` is who made the change, if known.
fn json_line(
    (time, zone): (Timestamp, &TimeZone),
    server: &str,
    (edit, wardrobe): (&Edit, &Wardrobe),
    person: Option<&str>,
) -> Vec<u8> {
    let line = serde_json::json!({
        "time": time.to_string(),
        "server": server,
        "room": edit.room().map(Jid::as_str),
        "user": edit.user().map(Jid::as_str),
        "hat": edit.hat().map(crate::model::HatId::as_str),
        "what": describe::edit(edit, wardrobe, zone),
        "by": person,
    });
    format!("{line}\n").into_bytes()
}
