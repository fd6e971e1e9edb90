//! Explains why hats of a user cannot be added or changed, and how to change the user's affiliation first.

use super::command::CommandId;
use super::place::Grouping;
use super::{Pane, State};
use crate::model::{Affiliation, Jid};

impl State {
    /// Why hats of this user cannot be added or changed, and what to do; `None` if they can.
    pub(super) fn hats_problem(&self, room: &Jid, user: &Jid, affiliation: Affiliation) -> Option<String> {
        let is = match affiliation {
            Affiliation::Owner | Affiliation::Admin | Affiliation::Member => return None,
            Affiliation::Outcast => "is banned",
            Affiliation::None => "is not affiliated",
        };
        let advice = self.affiliation_advice(room);
        Some(format!(
            "{user} {is}. Hats can be added and changed only for owners, admins and members.{advice}"
        ))
    }

    /// How to set another affiliation with this room first, or why that is not possible, as a sentence after a space.
    /// Empty if this session must not change affiliations.
    pub(super) fn affiliation_advice(&self, room: &Jid) -> String {
        let start = self.start();
        if start.scope.rights.no_affiliations || start.scope.read_only {
            return String::new();
        }
        if let Some(problem) = self.servers.affiliation_problem(room) {
            return format!(" {problem}.");
        }
        let (pane, command) = match self.grouping() {
            Grouping::ByRoom => (Pane::Second, CommandId::EditUser),
            Grouping::ByUser => (Pane::Second, CommandId::EditUserInRooms),
            Grouping::ByHat => {
                let view = self.key(CommandId::NextView);
                return format!(" Change the affiliation first, in another view (press {view}).");
            }
        };
        let key = self.key(command);
        let place = match self.grouping().kind(pane) {
            _ if self.focus() == pane => "",
            super::RowKind::Room => " in the rooms pane",
            _ => " in the users pane",
        };
        format!(" Change the affiliation first: press {key}{place}.")
    }
}
