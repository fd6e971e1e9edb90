//! Merges users: affiliations, hats, and users who were removed on one side.

use super::super::join::join;
use super::super::plan::{Action, Line, Note, Reason, SideValue, Subject};
use super::super::{HatValue, Item, ItemValue, RemoteUser, ServerClass, UserValue, local, refuse};
use super::catalog::UsedHats;
use super::propose::propose;
use super::{Affiliations, Context, item_line, line};
use crate::model::{Affiliation, Attachment, HatId, Jid, User};
use crate::sync::base::BaseUser;

/// The values of a user on the three sides; `None` where the user is missing.
#[derive(Clone, Copy)]
struct Sides<'a> {
    user: &'a Jid,
    base: Option<&'a BaseUser>,
    local: Option<&'a User>,
    remote: Option<&'a RemoteUser>,
}

impl Sides<'_> {
    fn base_affiliation(self) -> Affiliation {
        self.base.map_or(Affiliation::None, |base| base.affiliation)
    }

    fn local_affiliation(self) -> Affiliation {
        self.local.map_or(Affiliation::None, |local| local.affiliation)
    }

    fn remote_affiliation(self) -> Affiliation {
        self.remote.map_or(Affiliation::None, |remote| remote.affiliation)
    }
}

/// The values of a user's hat on the three sides.
struct HatSides<'a> {
    hat: &'a HatId,
    /// `None`: no common value is known; `Some(None)`: the server did not have the hat while it was inactive in the file.
    base: Option<&'a Option<HatValue>>,
    attachment: Option<&'a Attachment>,
    /// The attachment as the server would store it; `None` if the file does not have the hat, or the server would not store it.
    local: Option<HatValue>,
    remote: Option<&'a HatValue>,
}

impl Context<'_> {
    /// Adds the lines of a user, and the user's hats to `used_hats`.
    pub(super) fn add_user(
        &mut self,
        user: &Jid,
        base: Option<&BaseUser>,
        local: Option<&User>,
        remote: Option<&RemoteUser>,
        used_hats: &mut UsedHats,
    ) {
        let sides = Sides {
            user,
            base,
            local,
            remote,
        };
        let none = Affiliation::None;
        let item = Item::Affiliation { user: user.clone() };
        let is_known = self.remote.knows(&item);
        if is_known
            && sides.base_affiliation() != none
            && sides.remote_affiliation() != none
            && sides.local_affiliation() == none
        {
            // On Prosody, hats are removed with the affiliation.
            if local.is_none() || self.class == ServerClass::Prosody {
                return self.add_user_removed_from_file(sides);
            }
        }
        if is_known
            && sides.base_affiliation() != none
            && sides.local_affiliation() != none
            && sides.remote_affiliation() == none
        {
            if sides.local_affiliation() != sides.base_affiliation() || self.hats_differ(sides) {
                used_hats.add_active(sides.local);
                return self.add_conflict_of_user_removed_on_server(sides);
            }
            if self.class == ServerClass::Prosody {
                return self.add_user_removed_on_server(sides);
            }
        }
        let is_affiliation_sent = is_known && self.add_affiliation(sides, item);
        self.add_hats(sides, is_affiliation_sent, used_hats);
    }

    /// Merges the affiliation by the table ([`propose`]), and adds a line if it differs. Returns whether it is proposed to be sent.
    fn add_affiliation(&mut self, sides: Sides<'_>, item: Item) -> bool {
        let [base, local, remote] = [
            sides.base_affiliation(),
            sides.local_affiliation(),
            sides.remote_affiliation(),
        ]
        .map(ItemValue::affiliation);
        let Some(action) = propose(base.as_ref(), local.as_ref(), remote.as_ref()) else {
            return false;
        };
        let reason = self
            .why_affiliation_not_sent(sides.user)
            .filter(|_| action != Action::Receive);
        let action = match (action, reason) {
            (Action::Send, Some(_)) => Action::LeaveOut,
            (action, _) => action,
        };
        let side = |value: Option<ItemValue>| value.map(SideValue::Item);
        self.lines.push(Line {
            base: side(base),
            local: side(local),
            remote: side(remote),
            ..item_line(item, action, reason)
        });
        action == Action::Send
    }

    /// Why a user's affiliation is not sent; `None` if it may be sent.
    fn why_affiliation_not_sent(&self, user: &Jid) -> Option<Reason> {
        if self.options.affiliations == Affiliations::Show {
            Some(Reason::AffiliationsShown)
        } else if self.options.account.as_ref() == Some(user) {
            Some(Reason::OwnAccount)
        } else {
            None
        }
    }

    /// Adds one line for the affiliation and the hats of a user who lost the affiliation in the file but not on the server.
    fn add_user_removed_from_file(&mut self, sides: Sides<'_>) {
        let line = self.user_line(sides, Action::Send, self.why_affiliation_not_sent(sides.user));
        let has_remote_changed = line.base != line.remote;
        let action = match line.reason {
            Some(_) => Action::LeaveOut,
            None if has_remote_changed => Action::Conflict,
            None => Action::Send,
        };
        self.lines.push(Line {
            action,
            decision: super::default_decision(action, line.reason),
            ..line
        });
    }

    /// Adds one conflict for a user who, compared with the base, lost the affiliation on the server and differs in the file.
    fn add_conflict_of_user_removed_on_server(&mut self, sides: Sides<'_>) {
        let reason = self.why_affiliation_not_sent(sides.user);
        let line = self.user_line(sides, Action::Conflict, reason);
        self.lines.push(line);
    }

    /// Adds one line that receives the removal of a user who lost the affiliation on the server, together with the hats.
    fn add_user_removed_on_server(&mut self, sides: Sides<'_>) {
        let line = self.user_line(sides, Action::Receive, None);
        self.lines.push(line);
    }

    /// Creates a line about a whole user.
    fn user_line(&self, sides: Sides<'_>, action: Action, reason: Option<Reason>) -> Line {
        let base = sides.base.map(BaseUser::value);
        let local_value = sides
            .local
            .map(|local| local::user(self.class, self.local, local));
        let remote_value = sides.remote.map(|remote| UserValue {
            affiliation: remote.affiliation,
            hats: remote.hats.clone(),
        });
        Line {
            base: base.map(SideValue::User),
            local: local_value.map(SideValue::User),
            remote: remote_value.map(SideValue::User),
            ..line(Subject::User(sides.user.clone()), action, reason)
        }
    }

    /// The hats of a user on the three sides, without those that could not be read.
    fn hat_sides<'s>(&'s self, sides: Sides<'s>) -> impl Iterator<Item = HatSides<'s>> {
        let base_hats = sides.base.into_iter().flat_map(|base| &base.hats);
        let local_hats = sides.local.into_iter().flat_map(|local| local.hats.iter());
        let remote_hats = sides.remote.into_iter().flat_map(|remote| &remote.hats);
        join(base_hats, local_hats, remote_hats).filter_map(move |(hat, base, attachment, remote)| {
            let stored = |attachment| local::hat(self.class, self.local, hat, attachment);
            let item = Item::Hat {
                user: sides.user.clone(),
                hat: hat.clone(),
            };
            self.remote.knows(&item).then(|| HatSides {
                hat,
                base,
                attachment,
                local: attachment.and_then(stored),
                remote,
            })
        })
    }

    /// Whether any hat of the user was changed in the file and differs from the server's, or is a conflict.
    fn hats_differ(&self, sides: Sides<'_>) -> bool {
        let differs = |hat: HatSides<'_>| {
            let base = hat.base.and_then(Option::as_ref);
            let is_changed = hat.local.as_ref() != base && hat.local.as_ref() != hat.remote;
            is_changed || Self::propose_for_hat(&hat) == Some(Action::Conflict)
        };
        self.hat_sides(sides).any(differs)
    }

    /// Adds the lines and notes of a user's hats, and the hats to `used_hats`.
    fn add_hats(&mut self, sides: Sides<'_>, is_affiliation_sent: bool, used_hats: &mut UsedHats) {
        let (mut lines, mut notes) = (Vec::new(), Vec::new());
        for hat in self.hat_sides(sides) {
            notes.extend(self.own_title_note(sides.user, &hat));
            let action = Self::propose_for_hat(&hat);
            used_hats.add(hat.local.as_ref(), hat.hat, action);
            let Some(action) = action else {
                continue;
            };
            let reason = self.why_hat_not_sent(&hat, sides, is_affiliation_sent);
            let reason = reason.filter(|_| action != Action::Receive);
            let is_sent_only_if_chosen =
                reason == Some(Reason::NotAffiliated) && self.class.allows_unaffiliated();
            let (action, reason) = match (action, reason) {
                (Action::Send, Some(_)) if !is_sent_only_if_chosen => (Action::LeaveOut, reason),
                // Choosing the file's side of the conflict confirms that the hat is sent.
                (Action::Conflict, Some(_)) if is_sent_only_if_chosen => (Action::Conflict, None),
                _ => (action, reason),
            };
            let item = Item::Hat {
                user: sides.user.clone(),
                hat: hat.hat.clone(),
            };
            let side = |value: HatValue| SideValue::Item(ItemValue::Hat(value));
            lines.push(Line {
                base: hat.base.cloned().flatten().map(side),
                local: hat.local.map(side),
                remote: hat.remote.cloned().map(side),
                ..item_line(item, action, reason)
            });
        }
        self.lines.append(&mut lines);
        self.notes.append(&mut notes);
    }

    /// Returns the proposal for a hat; `None` if both sides agree. A hat that is inactive in the file but present on the server
    /// is a conflict if the base has no record of it. If the base records that the server did not have the hat, someone has
    /// added the hat on the server since, and the hat becomes active in the file.
    fn propose_for_hat(hat: &HatSides<'_>) -> Option<Action> {
        let is_inactive = hat.attachment.is_some() && hat.local.is_none();
        if is_inactive && hat.base.is_none() && hat.remote.is_some() {
            return Some(Action::Conflict);
        }
        propose(hat.base.and_then(Option::as_ref), hat.local.as_ref(), hat.remote)
    }

    /// Why a hat of the file is not sent; `None` if it may be sent, as every removal may.
    fn why_hat_not_sent(
        &self,
        hat: &HatSides<'_>,
        sides: Sides<'_>,
        is_affiliation_sent: bool,
    ) -> Option<Reason> {
        let value = hat.local.as_ref()?;
        if let Some(reason) = refuse::hat(self.class, hat.hat, value) {
            return Some(reason);
        }
        let is_unaffiliated = sides.remote_affiliation() == Affiliation::None && hat.remote.is_none();
        (is_unaffiliated && !is_affiliation_sent).then_some(Reason::NotAffiliated)
    }

    /// Creates a note about a user's own title that the server does not store; `None` if the server stores it, if it is
    /// equal to the title in the server's catalog, or if that catalog does not have the hat.
    fn own_title_note(&self, user: &Jid, hat: &HatSides<'_>) -> Option<Note> {
        if self.class.holds_own_titles() {
            return None;
        }
        let title = hat.attachment?.title.clone().filter(|title| !title.is_empty())?;
        let entry = self.remote.catalog.get(hat.hat)?;
        (entry.title.as_ref() != Some(&title)).then(|| Note::OwnTitle {
            user: user.clone(),
            hat: hat.hat.clone(),
            title,
        })
    }
}
