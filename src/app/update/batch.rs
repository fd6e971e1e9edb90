//! A change of many: worked out as one group, told before it is made.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::command::CommandId;
use crate::app::{Act, Confirm, Effect, Grouping, Overlay, Pane, State, words};
use crate::model::{Affiliation, CatalogueHat, Edit, Error, Group, HatId, Jid, Wardrobe};

use super::commit;

/// Why somebody is left out of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// It would make no difference.
    Already,
    /// Keeps the hat as it is, as it was there before.
    HasHat,
    Banned,
    NotAffiliated,
    /// Is not there any more.
    Gone,
    /// Is there already, and keeps the affiliation.
    There,
}

impl Why {
    /// The end of a sentence that begins with a number.
    fn words(self, number: usize) -> String {
        let (one, more) = match self {
            Self::Already => ("is so already", "are so already"),
            Self::HasHat => (
                "has it already and keeps it as it is",
                "have it already and keep it as it is",
            ),
            Self::Banned => ("is banned (outcast)", "are banned (outcast)"),
            Self::NotAffiliated => ("is not affiliated", "are not affiliated"),
            Self::Gone => ("is not there any more", "are not there any more"),
            Self::There => (
                "is there already and stays as it is",
                "are there already and stay as they are",
            ),
        };
        format!("{number} {}", if number == 1 { one } else { more })
    }
}

/// What a change of many would do, and to whom not.
pub(super) struct BatchEdit {
    next: Wardrobe,
    edits: Vec<Edit>,
    changed: BTreeSet<(Jid, Jid)>,
    left: BTreeMap<Why, BTreeSet<(Jid, Jid)>>,
}

/// What became of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BatchOutcome {
    /// There was nothing to do.
    Nothing,
    /// It is done.
    Made,
    /// It waits for an answer.
    Asked,
}

impl BatchEdit {
    pub(super) fn new(wardrobe: &Wardrobe) -> Self {
        Self {
            next: wardrobe.clone(),
            edits: Vec::new(),
            changed: BTreeSet::new(),
            left: BTreeMap::new(),
        }
    }

    /// The wardrobe with all that is planned so far.
    pub(super) fn next(&self) -> &Wardrobe {
        &self.next
    }

    /// Leaves a user out.
    pub(super) fn leave_out(&mut self, why: Why, room: &Jid, user: &Jid) {
        self.left
            .entry(why)
            .or_default()
            .insert((room.clone(), user.clone()));
    }

    /// Plans something for one user; what the model refuses is left out, with the reason.
    pub(super) fn change(
        &mut self,
        room: &Jid,
        user: &Jid,
        operation: impl FnOnce(&mut Wardrobe) -> Result<Group, Error>,
    ) {
        match operation(&mut self.next) {
            Ok(group) if group.is_empty() => self.leave_out(Why::Already, room, user),
            Ok(group) => {
                self.edits.extend(group.0);
                self.changed.insert((room.clone(), user.clone()));
            }
            Err(_) => self.leave_out(self.why_refused(room, user), room, user),
        }
    }

    /// Plans what a room's catalogue has of a hat and, where that is wanted, the titles of those who have it.
    pub(super) fn define(&mut self, room: &Jid, hat: &HatId, entry: CatalogueHat, retitle_users: bool) {
        let Ok(defined) = self.next.define_hat(room, hat, entry, retitle_users) else {
            return;
        };
        let retitled = defined.group.0.iter().filter_map(Edit::user);
        self.changed
            .extend(retitled.map(|user| (room.clone(), user.clone())));
        self.edits.extend(defined.group.0);
        for user in defined.unchanged {
            self.leave_out(Why::Already, room, &user);
        }
        for user in defined.refused {
            self.leave_out(self.why_refused(room, &user), room, &user);
        }
    }

    /// Why the model refuses a hat for a user.
    fn why_refused(&self, room: &Jid, user: &Jid) -> Why {
        match self.next.user(room, user).map(|user| user.affiliation) {
            Some(Affiliation::Outcast) => Why::Banned,
            Some(_) => Why::NotAffiliated,
            None => Why::Gone,
        }
    }

    /// Who would be changed: `18 users in courses@…`, `terry@… in 3 rooms`.
    pub(super) fn who(&self) -> String {
        let rooms: BTreeSet<&Jid> = self.changed.iter().map(|(room, _)| room).collect();
        let users: BTreeSet<&Jid> = self.changed.iter().map(|(_, user)| user).collect();
        let place = match (rooms.len(), rooms.first()) {
            (1, Some(room)) => room.to_string(),
            (many, _) => words::count(many, "room"),
        };
        match (users.len(), users.first()) {
            (1, Some(user)) => format!("{user} in {place}"),
            (many, _) => format!("{} in {place}", words::count(many, "user")),
        }
    }

    /// Who is left out and why; empty when nobody is. One who is changed in another way is not left out.
    fn left_out(&self) -> String {
        let mut parts = Vec::new();
        for (why, users) in &self.left {
            let number = users.iter().filter(|user| !self.changed.contains(user)).count();
            if number > 0 {
                parts.push(why.words(number));
            }
        }
        parts.join(", ")
    }
}

/// Makes a change of one user at once; asks before one of several, with exactly what will happen and to how many.
/// `question` begins the sentence that [`BatchEdit::who`] goes into; `consequence` is what else follows.
pub(super) fn propose(
    state: &mut State,
    effects: &mut Vec<Effect>,
    plan: BatchEdit,
    question: impl FnOnce(&str) -> String,
    consequence: &str,
) -> BatchOutcome {
    if let Err(reason) = state.may_change() {
        state.refuse(reason);
        return BatchOutcome::Nothing;
    }
    let left = plan.left_out();
    if plan.edits.is_empty() {
        state.say(match left.as_str() {
            "" => "nothing to change".to_owned(),
            left => format!("nothing to change: {left}"),
        });
        return BatchOutcome::Nothing;
    }
    let asks = plan.changed.len() > 1;
    let question = question(&plan.who());
    let group = Group(plan.edits);
    if !asks {
        let made = commit::make(state, effects, |next| next.apply(&group).map(|()| group));
        if let (Some(notice), false) = (&mut state.notice, left.is_empty()) {
            notice.text = format!("{}; left out: {left}", notice.text);
        }
        return if made.is_some() {
            BatchOutcome::Made
        } else {
            BatchOutcome::Nothing
        };
    }
    let left = match left.as_str() {
        "" => "Nobody is left out.".to_owned(),
        left => format!("Left out: {left}."),
    };
    let undo = format!("{} takes all of it back.", state.key(CommandId::Undo));
    let parts = [hidden(state), consequence.to_owned(), left, undo];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    let consequence = parts.collect::<Vec<_>>().join(" ");
    state.overlays.push(Overlay::Confirm(Confirm {
        question,
        consequence,
        act: Act::Commit(group),
    }));
    BatchOutcome::Asked
}

/// Asks before a change that takes much away.
pub(super) fn ask(
    state: &mut State,
    question: String,
    consequence: String,
    operation: impl FnOnce(&mut Wardrobe) -> Result<Group, Error>,
) {
    match operation(&mut state.view.clone()) {
        Ok(group) => {
            state.overlays.push(Overlay::Confirm(Confirm {
                question,
                consequence,
                act: Act::Commit(group),
            }));
        }
        Err(error) => state.refuse_error(&error),
    }
}

/// What is marked and is not on the screen, as a filter hides it: nobody should be surprised by it. Empty: nothing is.
pub(super) fn hidden(state: &State) -> String {
    let pane = match (state.focus, state.grouping()) {
        // What is done to hats is done to the marked users, or in the marked rooms.
        (Pane::Hats, Grouping::ByRoom | Grouping::ByUser) => Pane::Users,
        (pane, _) => pane,
    };
    let marked = state.marked(pane);
    let seen = (0..state.length(pane))
        .filter(|row| state.is_marked(pane, *row))
        .count();
    match marked - seen {
        0 => String::new(),
        hidden => format!(
            "{} of the marked {marked} are hidden by the filter.",
            words::grouped(hidden)
        ),
    }
}
