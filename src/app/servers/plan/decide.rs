//! Deciding what is done about the lines of a plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::sync::{Action, Decision, Line, Prefer, Reason, RoomPlan};

use super::PlanOverlay;
use crate::app::servers::rows::{self, PlanRow};

/// The place of a line: part, room, line.
type LineAt = (usize, usize, usize);

impl PlanOverlay {
    /// The lines that a command on the selected row applies to.
    fn targets(&self) -> Vec<LineAt> {
        let all_of = |server: usize, room: usize| {
            let lines = self.room(server, room).map_or(0, |(_, room)| room.lines.len());
            (0..lines).map(move |line| (server, room, line))
        };
        match self.selected_row() {
            None | Some(PlanRow::Note(..)) => Vec::new(),
            Some(PlanRow::Line(server, room, line, _)) => vec![(server, room, line)],
            Some(PlanRow::User(server, room, first)) => {
                let user = |(server, room, line): &LineAt| {
                    self.line(*server, *room, *line)
                        .and_then(|(_, _, line)| line.user())
                };
                let wanted = user(&(server, room, first));
                let lines = all_of(server, room);
                lines.skip(first).take_while(|at| user(at) == wanted).collect()
            }
            Some(PlanRow::Room(server, room)) => all_of(server, room).collect(),
            Some(PlanRow::Server(server)) => {
                let rooms = self.parts.get(server).map_or(0, |part| part.rooms().len());
                (0..rooms).flat_map(|room| all_of(server, room)).collect()
            }
        }
    }

    /// Decides lines, as far as that can be decided of them; gives how many were.
    fn decide(&mut self, lines: impl IntoIterator<Item = (LineAt, Decision)>) -> usize {
        let (mut number, mut touched) = (0, BTreeSet::new());
        for ((server, room, line), decision) in lines {
            if let Some(part) = self.parts.get_mut(server)
                && let Ok(plan) = &mut part.plan
                && let Some(room_plan) = Arc::make_mut(plan).rooms.get_mut(room)
                && room_plan.decide(line, decision)
            {
                touched.insert((server, room));
                number += 1;
            }
        }
        for (server, room) in touched {
            if let Some(part) = self.parts.get_mut(server)
                && let Some(counts) = part.rooms().get(room).map(RoomPlan::counts)
                && let Some(known) = part.counts.get_mut(room)
            {
                *known = counts;
            }
        }
        self.count();
        self.has_choices |= number > 0;
        number
    }

    /// Leaves out what the selected row is about, or includes it again; the error says why that cannot be done.
    pub(in crate::app) fn toggle(&mut self) -> Result<(), Excluded> {
        let targets = self.targets();
        let lines = targets
            .iter()
            .filter_map(|at| Some((*at, self.line(at.0, at.1, at.2)?.2)));
        let lines: Vec<(LineAt, &Line)> = lines.collect();
        if lines.is_empty() {
            return Err(Excluded::Nothing);
        }
        let includes: Vec<_> = lines
            .iter()
            .filter(|(_, line)| line.decision != Decision::Skip)
            .collect();
        let decisions: Vec<_> = if includes.is_empty() {
            let single = lines.len() == 1;
            let proposed = |(at, line): &(LineAt, &Line)| {
                let held = line.is_held();
                let decision = match line.action {
                    Action::Send if line.reason.is_none() || single => Decision::Send,
                    Action::Receive if !held || single => Decision::Receive,
                    _ => return None,
                };
                Some((*at, decision))
            };
            lines.iter().filter_map(proposed).collect()
        } else {
            includes.iter().map(|(at, _)| (*at, Decision::Skip)).collect()
        };
        if decisions.is_empty() {
            let has = |is: &dyn Fn(&Line) -> bool| lines.iter().any(|(_, line)| is(line));
            return Err(if has(&|line| line.action == Action::Conflict) {
                Excluded::Conflict
            } else if has(&|line| line.is_held()) {
                Excluded::Held
            } else if lines.len() > 1 && has(&|line| line.action == Action::Send) {
                Excluded::OneByOne
            } else {
                Excluded::ByRule(lines.first().and_then(|(_, line)| line.reason))
            });
        }
        self.decide(decisions);
        Ok(())
    }

    /// What [`Self::toggle`] does here, if it is not leaving out.
    pub(in crate::app) fn toggle_verb(&self) -> Option<&'static str> {
        let is_included = match self.selected_row()? {
            PlanRow::Line(server, room, line, _) => {
                self.line(server, room, line)?.2.decision != Decision::Skip
            }
            PlanRow::User(..) => {
                let targets = self.targets();
                let mut lines = targets
                    .iter()
                    .filter_map(|at| Some(self.line(at.0, at.1, at.2)?.2));
                lines.any(|line| line.decision != Decision::Skip)
            }
            PlanRow::Room(..) if !self.rooms_to_add(false).is_empty() => return Some("Add room"),
            // There may be many lines, and this is asked for each frame.
            PlanRow::Room(server, room) => {
                let counts = self.parts.get(server)?.room_counts(room);
                counts.send + counts.receive > 0
            }
            PlanRow::Server(server) => {
                let counts = self.parts.get(server)?.counts();
                counts.send + counts.receive > 0
            }
            PlanRow::Note(..) => return None,
        };
        (!is_included).then_some("Include")
    }

    /// Takes a side in the conflicts that the selected row is about, or in its only line; gives how many lines that
    /// concerns. The error says why the file's side cannot be sent.
    pub(in crate::app) fn prefer(&mut self, side: Prefer) -> Result<usize, Excluded> {
        let decision = match side {
            Prefer::Local => Decision::Send,
            Prefer::Server => Decision::Receive,
        };
        let targets = self.targets();
        let single = targets.len() == 1;
        let mut reason = Excluded::Nothing;
        let mut decisions = Vec::new();
        for at in targets {
            let Some((_, _, line)) = self.line(at.0, at.1, at.2) else {
                continue;
            };
            if !single && line.action != Action::Conflict {
                continue;
            }
            if line.allows(decision) {
                decisions.push((at, decision));
            } else {
                reason = match line.action {
                    Action::Receive => Excluded::OnlyReceived,
                    _ => Excluded::ByRule(line.reason),
                };
            }
        }
        if decisions.is_empty() {
            return Err(reason);
        }
        Ok(self.decide(decisions))
    }

    /// Receives what is held back, in all rooms; gives how many lines that concerns.
    pub(in crate::app) fn take_removals(&mut self) -> usize {
        let mut held = Vec::new();
        for (server, part) in self.parts.iter().enumerate() {
            for (room, plan) in part.rooms().iter().enumerate() {
                for (line, there) in plan.lines.iter().enumerate() {
                    if there.is_held() && there.decision == Decision::Skip {
                        held.push(((server, room, line), Decision::Receive));
                    }
                }
            }
        }
        self.decide(held)
    }

    /// Selects the next row that someone has to decide, or the one before, wrapping around; false if there is none.
    pub(in crate::app) fn select_undecided(&mut self, forward: bool) -> bool {
        let is_undecided = |at: &usize| match self.row(*at) {
            Some(PlanRow::Line(server, room, line, _)) => self
                .line(server, room, line)
                .is_some_and(|(_, _, line)| rows::is_undecided(line)),
            _ => false,
        };
        let len = self.rows.len();
        let found = if forward {
            let after = (self.selected + 1..len).chain(0..=self.selected.min(len.saturating_sub(1)));
            after.into_iter().find(is_undecided)
        } else {
            let before = (0..self.selected).rev().chain((self.selected..len).rev());
            before.into_iter().find(is_undecided)
        };
        if let Some(at) = found {
            self.selected = at;
        }
        found.is_some()
    }
}

/// Why something cannot be decided so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Excluded {
    /// The row has no differences.
    Nothing,
    /// A conflict: a side has to be chosen.
    Conflict,
    /// Removals that are held back are only received when that is asked for.
    Held,
    /// What is only offered is not sent together with others.
    OneByOne,
    /// What was changed only on the server is not overwritten.
    OnlyReceived,
    /// By a rule.
    ByRule(Option<Reason>),
}
