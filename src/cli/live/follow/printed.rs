//! Prints the followed rooms and the received changes of `hatrack follow`.

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
use crate::model::{Edit, Group, Jid, Wardrobe};
use crate::sync::Follower;

impl FollowSession<'_> {
    /// Prints who follows a room now, unless the last report was of the same kind, even if it was about another
    /// session. That this session follows is always printed, but not as JSON.
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
                let server = servers.find(|server| server.has(room));
                let again = server.is_some_and(|server| self.availability.lacks_password(&server.name));
                let again = if again { ", then hatrack follow again" } else { "" };
                out.warn(&format!(
                    "{room} is not followed: it has not been compared with its server yet; run hatrack pull {room}{again}"
                ))
            }
        }
    }

    /// Prints a line for each change. `by`: who changed each room, if the server reports it.
    pub(super) fn print_changes(
        &self,
        server: &str,
        group: &Group,
        by: &BTreeMap<Jid, Arc<str>>,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let now = Timestamp::now();
        let wardrobe = self.data.wardrobe();
        for edit in &group.0 {
            let by = edit.room().and_then(|room| by.get(room));
            if self.json {
                out.json(&json_line(
                    (now, &self.zone),
                    server,
                    (edit, wardrobe),
                    by.map(|by| &**by),
                ))?;
                continue;
            }
            let time = self.zone.to_datetime(now).strftime("%Y-%m-%d %H:%M:%S");
            let who = match by {
                Some(by) => format!("{by} on {server:?}"),
                None => format!("from {server:?}"),
            };
            out.line(&format!(
                "{time} {who}: {}",
                describe::edit(edit, wardrobe, &self.zone)
            ))?;
        }
        out.flush()
    }
}

/// Returns a change as a line of JSON (assets/follow.schema.json).
fn json_line(
    (time, zone): (Timestamp, &TimeZone),
    server: &str,
    (edit, wardrobe): (&Edit, &Wardrobe),
    by: Option<&str>,
) -> Vec<u8> {
    let line = serde_json::json!({
        "time": time.to_string(),
        "server": server,
        "room": edit.room().map(Jid::as_str),
        "user": edit.user().map(Jid::as_str),
        "hat": edit.hat().map(crate::model::HatId::as_str),
        "what": describe::edit(edit, wardrobe, zone),
        "by": by,
    });
    format!("{line}\n").into_bytes()
}
