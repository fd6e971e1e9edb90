//! Determines the changes of a plan to send, in the required order: removals before additions, definitions before hats,
//! affiliations before the hats that they allow. A change that depends on an unsent one is not sent either.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Action, Decision, Line, Reason, RoomPlan, SideValue, Subject};
use super::{Item, ItemChange, ItemValue, UserValue, refuse};
use crate::model::{Affiliation, HatId, Jid};

/// The changes of a room's plan to send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sending {
    /// The changes in order, each with the index of its line in [`RoomPlan::lines`]. A line of a whole user can have
    /// several.
    pub changes: Vec<(usize, ItemChange)>,
    /// The indices of lines that should be sent but cannot be, with the reasons.
    pub left_out: Vec<(usize, Reason)>,
}

/// The phase in which a change is sent; lower phases come first.
pub(super) fn phase(change: &ItemChange) -> u8 {
    match (&change.item, &change.wanted) {
        (Item::Hat { .. }, None) => 0,
        (Item::Catalog { .. }, None) => 1,
        (Item::Affiliation { .. }, None) => 2,
        (Item::Catalog { .. }, Some(_)) => 3,
        (Item::Affiliation { .. }, Some(_)) => 4,
        (Item::Hat { .. }, Some(_)) => 5,
    }
}

/// The changes by phase.
#[derive(Default)]
struct Phases<'a> {
    plan: Option<&'a RoomPlan>,
    removed_hats: Vec<(usize, ItemChange)>,
    removed_entries: Vec<(usize, ItemChange)>,
    removed_affiliations: Vec<(usize, ItemChange)>,
    sent_entries: Vec<(usize, ItemChange)>,
    sent_affiliations: Vec<(usize, ItemChange)>,
    sent_hats: Vec<(usize, ItemChange)>,
    left_out: BTreeMap<usize, Reason>,
}

impl RoomPlan {
    /// Determines the changes to send for the current decisions.
    pub fn sending(&self) -> Sending {
        let mut phases = Phases {
            plan: Some(self),
            ..Phases::default()
        };
        for (index, line) in self.lines.iter().enumerate() {
            if line.decision == Decision::Send && line.allows(Decision::Send) && !line.implied {
                phases.add(index, line);
            }
        }
        phases.keep_last_owner();
        phases.keep_used_entries();
        phases.add_implied_entries();
        phases.leave_out_dependent_hats();
        phases.apply_limits();
        phases.into_sending()
    }

    /// Decides to skip lines that cannot be sent, with the reason, and to send an implied catalog entry if a hat that needs the
    /// entry is sent. Removes lines of implied entries that no line needs.
    pub(super) fn leave_out_unsendable(&mut self) {
        loop {
            let left_out = self.sending().left_out;
            if left_out.is_empty() {
                break;
            }
            for (index, reason) in left_out {
                if let Some(line) = self.lines.get_mut(index) {
                    line.action = Action::LeaveOut;
                    line.reason = Some(reason);
                    line.decision = Decision::Skip;
                }
            }
        }
        let sent: BTreeSet<usize> = self.sending().changes.iter().map(|(index, _)| *index).collect();
        let offered: BTreeSet<HatId> = self
            .lines
            .iter()
            .filter(|line| line.action != Action::LeaveOut && line.allows(Decision::Send))
            .filter_map(|line| match &line.subject {
                Subject::Item(Item::Hat { hat, .. }) if line.local.is_some() => Some(hat.clone()),
                _ => None,
            })
            .collect();
        let mut index = 0;
        self.lines.retain_mut(|line| {
            if line.implied && sent.contains(&index) {
                line.decision = Decision::Send;
                line.reason = None;
            }
            index += 1;
            let has_offered_hat = |item: &Item| item.hat().is_some_and(|hat| offered.contains(hat));
            let is_needed = matches!(&line.subject, Subject::Item(item) if has_offered_hat(item));
            !line.implied || line.decision == Decision::Send || line.reason.is_some() || is_needed
        });
    }
}

impl Phases<'_> {
    /// Adds the changes of a line with this index.
    fn add(&mut self, index: usize, line: &Line) {
        let value = |side: &Option<SideValue>| match side {
            Some(SideValue::Item(value)) => Some(value.clone()),
            _ => None,
        };
        match &line.subject {
            // A room's name is never sent.
            Subject::Name => {}
            Subject::Item(item) => {
                let change = ItemChange::new(item.clone(), value(&line.remote), value(&line.local));
                self.put(index, change);
            }
            Subject::User(user) => self.add_user(index, user, line),
        }
    }

    fn put(&mut self, index: usize, change: ItemChange) {
        let phase = match phase(&change) {
            0 => &mut self.removed_hats,
            1 => &mut self.removed_entries,
            2 => &mut self.removed_affiliations,
            3 => &mut self.sent_entries,
            4 => &mut self.sent_affiliations,
            _ => &mut self.sent_hats,
        };
        phase.push((index, change));
    }

    /// Adds the changes that make a whole user on the server equal to the user in the file, or remove the user.
    fn add_user(&mut self, index: usize, user: &Jid, line: &Line) {
        let whole = |side: &Option<SideValue>| match side {
            Some(SideValue::User(value)) => value.clone(),
            _ => UserValue::default(),
        };
        let (local, remote) = (whole(&line.local), whole(&line.remote));
        let Some(class) = self.plan.map(|plan| plan.class) else {
            return;
        };
        if local.affiliation != remote.affiliation {
            let mut change = ItemChange::new(
                Item::Affiliation { user: user.clone() },
                ItemValue::affiliation(remote.affiliation),
                ItemValue::affiliation(local.affiliation),
            );
            if class.removes_hats_with_affiliation() && change.wanted.is_none() {
                change.expected_hats = Some(remote.hats.clone());
                return self.put(index, change);
            }
            self.put(index, change);
        }
        let hats: BTreeSet<&HatId> = local.hats.keys().chain(remote.hats.keys()).collect();
        for hat in hats {
            let (expected, wanted) = (remote.hats.get(hat), local.hats.get(hat));
            // A hat that cannot be sent stays in the file, and gets a line of its own once the user exists on the server.
            let refused = wanted.and_then(|wanted| refuse::hat(class, hat, wanted));
            if expected != wanted && refused.is_none() {
                let item = Item::Hat {
                    user: user.clone(),
                    hat: hat.clone(),
                };
                let value = |hat: Option<&super::HatValue>| hat.cloned().map(ItemValue::Hat);
                self.put(index, ItemChange::new(item, value(expected), value(wanted)));
            }
        }
    }

    /// If the changes would remove all owners, leaves out the last of those that remove an owner.
    fn keep_last_owner(&mut self) {
        let Some(plan) = self.plan else { return };
        let owner = Some(ItemValue::Affiliation(Affiliation::Owner));
        let loses_owner = |(index, change): &(usize, ItemChange)| {
            (change.expected == owner && change.wanted != owner).then_some(*index)
        };
        let changes = self.removed_affiliations.iter().chain(&self.sent_affiliations);
        let losing: Vec<usize> = changes.filter_map(loses_owner).collect();
        let owners = plan.remote.users.values();
        let owners = owners
            .filter(|user| user.affiliation == Affiliation::Owner)
            .count();
        if let Some(last) = losing.iter().max().filter(|_| losing.len() >= owners) {
            self.leave_out(vec![(*last, Reason::LastOwner)]);
        }
    }

    /// Leaves out the removal of an entry if a user on the server still has the hat.
    fn keep_used_entries(&mut self) {
        let Some(plan) = self.plan.filter(|_| !self.removed_entries.is_empty()) else {
            return;
        };
        let mut user_counts: BTreeMap<&HatId, usize> = BTreeMap::new();
        for hat in plan.remote.users.values().flat_map(|user| user.hats.keys()) {
            *user_counts.entry(hat).or_default() += 1;
        }
        for hat in self
            .removed_hats
            .iter()
            .filter_map(|(_, change)| change.item.hat())
        {
            if let Some(users) = user_counts.get_mut(hat) {
                *users = users.saturating_sub(1);
            }
        }
        let leave_out_if_used = |(index, change): &(usize, ItemChange)| {
            let is_used = change.item.hat().is_some_and(|hat| {
                user_counts.get(hat).is_some_and(|users| *users > 0) || plan.remote.unreadable.may_have(hat)
            });
            is_used.then_some((*index, Reason::StillUsed))
        };
        let left_out = self
            .removed_entries
            .iter()
            .filter_map(leave_out_if_used)
            .collect();
        self.leave_out(left_out);
    }

    /// Adds the implied entries that hats to be sent need, whatever was decided for the entries' own lines.
    fn add_implied_entries(&mut self) {
        let Some(plan) = self.plan else { return };
        let sent: BTreeSet<HatId> = self
            .sent_hats
            .iter()
            .filter_map(|(_, change)| change.item.hat().cloned())
            .collect();
        for (index, line) in plan.lines.iter().enumerate().filter(|(_, line)| line.implied) {
            let is_needed = matches!(&line.subject, Subject::Item(item) if item.hat().is_some_and(|hat| sent.contains(hat)));
            if is_needed || line.decision == Decision::Send {
                self.add(index, line);
            }
        }
    }

    /// Leaves out hats whose user cannot have hats on the server, and hats whose entry would not be in the server's catalog.
    fn leave_out_dependent_hats(&mut self) {
        let Some(plan) = self.plan else { return };
        let class = plan.class;
        let undefined: BTreeSet<&HatId> = self
            .removed_entries
            .iter()
            .filter_map(|(_, change)| change.item.hat())
            .collect();
        let defined: BTreeSet<&HatId> = self
            .sent_entries
            .iter()
            .filter_map(|(_, change)| change.item.hat())
            .collect();
        let newly_affiliated: BTreeSet<&Jid> = self
            .sent_affiliations
            .iter()
            .filter_map(|(_, change)| change.item.user())
            .collect();
        let is_affiliated = |user: &Jid| {
            let user = plan.remote.users.get(user);
            user.is_some_and(|user| user.affiliation != Affiliation::None)
        };
        let titled: BTreeSet<&HatId> = plan.lines.iter().filter_map(titled_entry).collect();
        let reason = |change: &ItemChange| {
            let (user, hat) = (change.item.user()?, change.item.hat()?);
            if !class.allows_unaffiliated() && !is_affiliated(user) && !newly_affiliated.contains(user) {
                return Some(Reason::NotAffiliated);
            }
            let stays_defined = plan.remote.catalog.contains_key(hat) && !undefined.contains(hat);
            if !class.holds_catalog()
                || stays_defined
                || defined.contains(hat)
                || !plan.remote.coverage.catalog
            {
                return None;
            }
            Some(if titled.contains(hat) {
                Reason::NotDefined
            } else {
                Reason::NeedsTitle
            })
        };
        let left_out = |(index, change): &(usize, ItemChange)| Some((*index, reason(change)?));
        let left_out = self.sent_hats.iter().filter_map(left_out).collect();
        self.leave_out(left_out);
    }

    /// Leaves out hats beyond the server's limits.
    fn apply_limits(&mut self) {
        let Some((plan, limits)) = self.plan.and_then(|plan| Some((plan, plan.class.limits()?))) else {
            return;
        };
        let mut hat_counts: BTreeMap<&Jid, usize> = BTreeMap::new();
        for (jid, user) in &plan.remote.users {
            if !user.hats.is_empty() {
                hat_counts.insert(jid, user.hats.len());
            }
        }
        for user in self
            .removed_hats
            .iter()
            .filter_map(|(_, change)| change.item.user())
        {
            if let Some(count) = hat_counts.get_mut(user) {
                *count = count.saturating_sub(1);
            }
        }
        hat_counts.retain(|_, count| *count > 0);
        let mut left_out = Vec::new();
        for (index, change) in &self.sent_hats {
            let Some(user) = change.item.user().filter(|_| change.expected.is_none()) else {
                continue;
            };
            let users_with_hats = hat_counts.len();
            let count = hat_counts.get(user).copied().unwrap_or_default();
            if count >= limits.hats_of_user {
                left_out.push((*index, Reason::LimitOfUser));
            } else if count == 0 && users_with_hats >= limits.users_with_hats {
                left_out.push((*index, Reason::LimitOfRoom));
            } else {
                hat_counts.insert(user, count + 1);
            }
        }
        self.leave_out(left_out);
    }

    /// Removes the changes of these lines, given by index, from all phases, and keeps the reasons.
    fn leave_out(&mut self, lines: Vec<(usize, Reason)>) {
        if lines.is_empty() {
            return;
        }
        self.left_out.extend(lines);
        let left_out = &self.left_out;
        for phase in [
            &mut self.removed_hats,
            &mut self.removed_entries,
            &mut self.removed_affiliations,
            &mut self.sent_entries,
            &mut self.sent_affiliations,
            &mut self.sent_hats,
        ] {
            phase.retain(|(index, _)| !left_out.contains_key(index));
        }
    }

    fn into_sending(self) -> Sending {
        let phases = [
            self.removed_hats,
            self.removed_entries,
            self.removed_affiliations,
            self.sent_entries,
            self.sent_affiliations,
            self.sent_hats,
        ];
        Sending {
            changes: phases.concat(),
            left_out: self.left_out.into_iter().collect(),
        }
    }
}

/// The hat of a line about a catalog entry that has a title in the file; `None` for other lines.
fn titled_entry(line: &Line) -> Option<&HatId> {
    match (&line.subject, &line.local) {
        (Subject::Item(Item::Catalog { hat }), Some(SideValue::Item(ItemValue::Catalog(entry))))
            if entry.title.is_some() =>
        {
            Some(hat)
        }
        _ => None,
    }
}
