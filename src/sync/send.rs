//! The changes of a plan to send, in the required order: removals before additions, definitions before hats,
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
    /// Lines that should be sent but cannot be, with the reason.
    pub left: Vec<(usize, Reason)>,
}

/// The phase in which a change is sent.
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
    taken: Vec<(usize, ItemChange)>,
    undefined: Vec<(usize, ItemChange)>,
    unaffiliated: Vec<(usize, ItemChange)>,
    defined: Vec<(usize, ItemChange)>,
    affiliated: Vec<(usize, ItemChange)>,
    given: Vec<(usize, ItemChange)>,
    left: BTreeMap<usize, Reason>,
}

impl RoomPlan {
    /// The changes to send for the current decisions.
    pub fn sending(&self) -> Sending {
        let mut phases = Phases {
            plan: Some(self),
            ..Phases::default()
        };
        for (number, line) in self.lines.iter().enumerate() {
            if line.decision == Decision::Send && line.allows(Decision::Send) && !line.implied {
                phases.add(number, line);
            }
        }
        phases.keep_an_owner();
        phases.keep_used_entries();
        phases.define_what_is_implied();
        phases.drop_what_depends();
        phases.keep_to_limits();
        phases.in_order()
    }

    /// Skips lines that cannot be sent, with the reason. Catalog entries that are only implied by hats are sent if such
    /// a hat is.
    pub(super) fn leave_out_what_cannot_be_sent(&mut self) {
        loop {
            let left = self.sending().left;
            if left.is_empty() {
                break;
            }
            for (number, reason) in left {
                if let Some(line) = self.lines.get_mut(number) {
                    line.action = Action::LeaveOut;
                    line.reason = Some(reason);
                    line.decision = Decision::Skip;
                }
            }
        }
        let given: BTreeSet<usize> = self.sending().changes.iter().map(|(number, _)| *number).collect();
        let offered: BTreeSet<HatId> = self
            .lines
            .iter()
            .filter(|line| line.action != Action::LeaveOut && line.allows(Decision::Send))
            .filter_map(|line| match &line.subject {
                Subject::Item(Item::Hat { hat, .. }) if line.local.is_some() => Some(hat.clone()),
                _ => None,
            })
            .collect();
        let mut number = 0;
        self.lines.retain_mut(|line| {
            if line.implied && given.contains(&number) {
                line.decision = Decision::Send;
                line.reason = None;
            }
            number += 1;
            let hat = |item: &Item| item.hat().is_some_and(|hat| offered.contains(hat));
            let needed = matches!(&line.subject, Subject::Item(item) if hat(item));
            !line.implied || line.decision == Decision::Send || line.reason.is_some() || needed
        });
    }
}

impl Phases<'_> {
    fn add(&mut self, number: usize, line: &Line) {
        let value = |side: &Option<SideValue>| match side {
            Some(SideValue::Item(value)) => Some(value.clone()),
            _ => None,
        };
        match &line.subject {
            // A room's name is never sent.
            Subject::Name => {}
            Subject::Item(item) => {
                let change = ItemChange::new(item.clone(), value(&line.remote), value(&line.local));
                self.put(number, change);
            }
            Subject::User(user) => self.add_user(number, user, line),
        }
    }

    fn put(&mut self, number: usize, change: ItemChange) {
        let phase = match phase(&change) {
            0 => &mut self.taken,
            1 => &mut self.undefined,
            2 => &mut self.unaffiliated,
            3 => &mut self.defined,
            4 => &mut self.affiliated,
            _ => &mut self.given,
        };
        phase.push((number, change));
    }

    /// A whole user: as in the file, or removed.
    fn add_user(&mut self, number: usize, user: &Jid, line: &Line) {
        let whole = |side: &Option<SideValue>| match side {
            Some(SideValue::User(value)) => value.clone(),
            _ => UserValue::default(),
        };
        let (here, there) = (whole(&line.local), whole(&line.remote));
        let Some(class) = self.plan.map(|plan| plan.class) else {
            return;
        };
        if here.affiliation != there.affiliation {
            let mut change = ItemChange::new(
                Item::Affiliation { user: user.clone() },
                ItemValue::affiliation(there.affiliation),
                ItemValue::affiliation(here.affiliation),
            );
            if class.affiliation_holds_hats() && change.wanted.is_none() {
                change.expected_hats = Some(there.hats.clone());
                return self.put(number, change);
            }
            self.put(number, change);
        }
        let hats: BTreeSet<&HatId> = here.hats.keys().chain(there.hats.keys()).collect();
        for hat in hats {
            let (expected, wanted) = (there.hats.get(hat), here.hats.get(hat));
            // What cannot be sent stays in the file, and becomes a line of its own once the user exists on the server.
            let refused = wanted.and_then(|wanted| refuse::hat(class, hat, wanted));
            if expected != wanted && refused.is_none() {
                let item = Item::Hat {
                    user: user.clone(),
                    hat: hat.clone(),
                };
                let value = |hat: Option<&super::HatValue>| hat.cloned().map(ItemValue::Hat);
                self.put(number, ItemChange::new(item, value(expected), value(wanted)));
            }
        }
    }

    /// Keeps an owner: the last one is not removed.
    fn keep_an_owner(&mut self) {
        let Some(plan) = self.plan else { return };
        let owner = Some(ItemValue::Affiliation(Affiliation::Owner));
        let loses = |(number, change): &(usize, ItemChange)| {
            (change.expected == owner && change.wanted != owner).then_some(*number)
        };
        let changes = self.unaffiliated.iter().chain(&self.affiliated);
        let losing: Vec<usize> = changes.filter_map(loses).collect();
        let owners = plan.remote.users.values();
        let owners = owners
            .filter(|user| user.affiliation == Affiliation::Owner)
            .count();
        if let Some(last) = losing.iter().max().filter(|_| losing.len() >= owners) {
            self.leave(vec![(*last, Reason::LastOwner)]);
        }
    }

    /// Removes an entry only if no user on the server has the hat.
    fn keep_used_entries(&mut self) {
        let Some(plan) = self.plan.filter(|_| !self.undefined.is_empty()) else {
            return;
        };
        let mut with: BTreeMap<&HatId, usize> = BTreeMap::new();
        for hat in plan.remote.users.values().flat_map(|user| user.hats.keys()) {
            *with.entry(hat).or_default() += 1;
        }
        for hat in self.taken.iter().filter_map(|(_, change)| change.item.hat()) {
            if let Some(users) = with.get_mut(hat) {
                *users = users.saturating_sub(1);
            }
        }
        let used = |(number, change): &(usize, ItemChange)| {
            let used = change.item.hat().is_some_and(|hat| {
                with.get(hat).is_some_and(|users| *users > 0) || plan.remote.unreadable.may_have(hat)
            });
            used.then_some((*number, Reason::StillUsed))
        };
        let used = self.undefined.iter().filter_map(used).collect();
        self.leave(used);
    }

    /// Implied entries are sent with the first hat that needs them, whatever was decided for their own line.
    fn define_what_is_implied(&mut self) {
        let Some(plan) = self.plan else { return };
        let given: BTreeSet<HatId> = self
            .given
            .iter()
            .filter_map(|(_, change)| change.item.hat().cloned())
            .collect();
        for (number, line) in plan.lines.iter().enumerate().filter(|(_, line)| line.implied) {
            let needed = matches!(&line.subject, Subject::Item(item) if item.hat().is_some_and(|hat| given.contains(hat)));
            if needed || line.decision == Decision::Send {
                self.add(number, line);
            }
        }
    }

    /// A hat is sent only if the server's room can give it to the user, and its entry exists.
    fn drop_what_depends(&mut self) {
        let Some(plan) = self.plan else { return };
        let class = plan.class;
        let gone: BTreeSet<&HatId> = self.undefined.iter().filter_map(|(_, c)| c.item.hat()).collect();
        let defined: BTreeSet<&HatId> = self.defined.iter().filter_map(|(_, c)| c.item.hat()).collect();
        let let_in: BTreeSet<&Jid> = self
            .affiliated
            .iter()
            .filter_map(|(_, c)| c.item.user())
            .collect();
        let is_there = |user: &Jid| {
            let there = plan.remote.users.get(user);
            there.is_some_and(|there| there.affiliation != Affiliation::None)
        };
        let titled: BTreeSet<&HatId> = plan.lines.iter().filter_map(titled_entry).collect();
        let why_not = |change: &ItemChange| {
            let (user, hat) = (change.item.user()?, change.item.hat()?);
            if !class.allows_unaffiliated() && !is_there(user) && !let_in.contains(user) {
                return Some(Reason::NotAffiliated);
            }
            let there = plan.remote.catalog.contains_key(hat) && !gone.contains(hat);
            if !class.holds_catalog() || there || defined.contains(hat) || !plan.remote.coverage.catalog {
                return None;
            }
            Some(if titled.contains(hat) {
                Reason::NotDefined
            } else {
                Reason::NeedsTitle
            })
        };
        let left = |(number, change): &(usize, ItemChange)| Some((*number, why_not(change)?));
        let left = self.given.iter().filter_map(left).collect();
        self.leave(left);
    }

    /// Hats beyond the server's limits are not sent.
    fn keep_to_limits(&mut self) {
        let Some((plan, limits)) = self.plan.and_then(|plan| Some((plan, plan.class.limits()?))) else {
            return;
        };
        let mut hats: BTreeMap<&Jid, usize> = BTreeMap::new();
        for (user, there) in &plan.remote.users {
            if !there.hats.is_empty() {
                hats.insert(user, there.hats.len());
            }
        }
        for user in self.taken.iter().filter_map(|(_, change)| change.item.user()) {
            if let Some(count) = hats.get_mut(user) {
                *count = count.saturating_sub(1);
            }
        }
        hats.retain(|_, count| *count > 0);
        let mut left = Vec::new();
        for (number, change) in &self.given {
            let Some(user) = change.item.user().filter(|_| change.expected.is_none()) else {
                continue;
            };
            let (users, count) = (hats.len(), hats.get(user).copied().unwrap_or_default());
            if count >= limits.hats_of_user {
                left.push((*number, Reason::LimitOfUser));
            } else if count == 0 && users >= limits.users_with_hats {
                left.push((*number, Reason::LimitOfRoom));
            } else {
                hats.insert(user, count + 1);
            }
        }
        self.leave(left);
    }

    /// Removes lines from all phases.
    fn leave(&mut self, left: Vec<(usize, Reason)>) {
        if left.is_empty() {
            return;
        }
        self.left.extend(left);
        let left = &self.left;
        for phase in [
            &mut self.taken,
            &mut self.undefined,
            &mut self.unaffiliated,
            &mut self.defined,
            &mut self.affiliated,
            &mut self.given,
        ] {
            phase.retain(|(number, _)| !left.contains_key(number));
        }
    }

    fn in_order(self) -> Sending {
        let phases = [
            self.taken,
            self.undefined,
            self.unaffiliated,
            self.defined,
            self.affiliated,
            self.given,
        ];
        Sending {
            changes: phases.concat(),
            left: self.left.into_iter().collect(),
        }
    }
}

/// The hat of a catalog line that has a title in the file.
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
