//! Decisions about the lines of a plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::sync::{Action, Decision, Line, Prefer, Reason, RoomPlan};

use super::PlanOverlay;
use crate::app::servers::rows::{self, PlanRow};

/// The indices of a line: those of its part, its room and the line.
type LineIndex = (usize, usize, usize);

impl PlanOverlay {
    /// The lines to which a command on the selected row applies.
    fn targets(&self) -> Vec<LineIndex> {
        let all_of = |server: usize, room: usize| {
            let lines = self.room(server, room).map_or(0, |(_, room)| room.lines.len());
            (0..lines).map(move |line| (server, room, line))
        };
        match self.selected_row() {
            None | Some(PlanRow::Note(..)) => Vec::new(),
            Some(PlanRow::Line(server, room, line, _)) => vec![(server, room, line)],
            Some(PlanRow::User(server, room, first)) => {
                let user = |(server, room, line): &LineIndex| {
                    self.line(*server, *room, *line)
                        .and_then(|(_, _, line)| line.user())
                };
                let wanted = user(&(server, room, first));
                all_of(server, room)
                    .filter(|index| user(index) == wanted)
                    .collect()
            }
            Some(PlanRow::Room(server, room)) => all_of(server, room).collect(),
            Some(PlanRow::Server(server)) => {
                let rooms = self.parts.get(server).map_or(0, |part| part.rooms().len());
                (0..rooms).flat_map(|room| all_of(server, room)).collect()
            }
        }
    }

    /// Makes the decisions that their lines allow. Returns the number of these decisions.
    fn decide(&mut self, lines: impl IntoIterator<Item = (LineIndex, Decision)>) -> usize {
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
                && let Some(old) = part.counts.get_mut(room)
            {
                *old = counts;
            }
        }
        self.update_counts();
        self.has_choices |= number > 0;
        number
    }

    /// Leaves out the lines of the selected row; if all are left out, includes those that can be included. The error
    /// says why no line can be included.
    pub(in crate::app) fn toggle(&mut self) -> Result<(), DecisionProblem> {
        let targets = self.targets();
        let lines = targets
            .iter()
            .filter_map(|index| Some((*index, self.line(index.0, index.1, index.2)?.2)));
        let lines: Vec<(LineIndex, &Line)> = lines.collect();
        if lines.is_empty() {
            return Err(DecisionProblem::Nothing);
        }
        let included: Vec<_> = lines
            .iter()
            .filter(|(_, line)| line.decision != Decision::Skip)
            .collect();
        let decisions: Vec<_> = if included.is_empty() {
            let is_single = lines.len() == 1;
            let proposed = |(index, line): &(LineIndex, &Line)| {
                let decision = match line.action {
                    Action::Send if line.reason.is_none() || is_single => Decision::Send,
                    Action::Receive if !line.is_held() || is_single => Decision::Receive,
                    _ => return None,
                };
                Some((*index, decision))
            };
            lines.iter().filter_map(proposed).collect()
        } else {
            included
                .iter()
                .map(|(index, _)| (*index, Decision::Skip))
                .collect()
        };
        if decisions.is_empty() {
            let any_line = |matches: &dyn Fn(&Line) -> bool| lines.iter().any(|(_, line)| matches(line));
            return Err(if any_line(&|line| line.action == Action::Conflict) {
                DecisionProblem::Conflict
            } else if any_line(&|line| line.is_held()) {
                DecisionProblem::Held
            } else if lines.len() > 1 && any_line(&|line| line.action == Action::Send) {
                DecisionProblem::OneByOne
            } else {
                DecisionProblem::ByRule(lines.first().and_then(|(_, line)| line.reason))
            });
        }
        self.decide(decisions);
        Ok(())
    }

    /// The label of the command that calls [`Self::toggle`], for the selected row; `None`: the title of the command,
    /// `Leave out`.
    pub(in crate::app) fn toggle_label(&self) -> Option<&'static str> {
        let is_included = match self.selected_row()? {
            PlanRow::Line(server, room, line, _) => {
                self.line(server, room, line)?.2.decision != Decision::Skip
            }
            PlanRow::User(..) => {
                let targets = self.targets();
                let mut lines = targets
                    .iter()
                    .filter_map(|index| Some(self.line(index.0, index.1, index.2)?.2));
                lines.any(|line| line.decision != Decision::Skip)
            }
            PlanRow::Room(..) if !self.rooms_to_add(false).is_empty() => return Some("Add room"),
            // Counts instead of lines: there may be many lines, and this function is called for each frame.
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

    /// Chooses a side in the conflicts of the selected row; if the row has a single line, in this line, whether it is a
    /// conflict or not. Returns the number of decided lines. The error says why none was decided.
    pub(in crate::app) fn prefer(&mut self, side: Prefer) -> Result<usize, DecisionProblem> {
        let decision = match side {
            Prefer::Local => Decision::Send,
            Prefer::Server => Decision::Receive,
        };
        let targets = self.targets();
        let is_single = targets.len() == 1;
        let mut problem = DecisionProblem::Nothing;
        let mut decisions = Vec::new();
        for index in targets {
            let Some((_, _, line)) = self.line(index.0, index.1, index.2) else {
                continue;
            };
            if !is_single && line.action != Action::Conflict {
                continue;
            }
            if line.allows(decision) {
                decisions.push((index, decision));
            } else {
                problem = match line.action {
                    Action::Receive => DecisionProblem::OnlyReceived,
                    _ => DecisionProblem::ByRule(line.reason),
                };
            }
        }
        if decisions.is_empty() {
            return Err(problem);
        }
        Ok(self.decide(decisions))
    }

    /// Decides to receive the removals that are held back, in all rooms. Returns the number of these removals.
    pub(in crate::app) fn accept_removals(&mut self) -> usize {
        let mut held = Vec::new();
        for (server, part) in self.parts.iter().enumerate() {
            for (room, plan) in part.rooms().iter().enumerate() {
                for (index, line) in plan.lines.iter().enumerate() {
                    if line.is_held() && line.decision == Decision::Skip {
                        held.push(((server, room, index), Decision::Receive));
                    }
                }
            }
        }
        self.decide(held)
    }

    /// Selects the next row, or the previous one, that someone has to decide, wrapping around. False if there is no
    /// such row.
    pub(in crate::app) fn select_undecided(&mut self, forward: bool) -> bool {
        let is_undecided = |index: &usize| match self.row(*index) {
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
        if let Some(index) = found {
            self.selected = index;
        }
        found.is_some()
    }
}

/// The reason why a decision is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum DecisionProblem {
    /// The row has no difference that can be decided.
    Nothing,
    /// The line is a conflict, in which a side has to be chosen.
    Conflict,
    /// Removals that are held back are not included together with other lines.
    Held,
    /// Changes that are only offered to be sent are not included together with other lines.
    OneByOne,
    /// A change that was made only on the server is not overwritten.
    OnlyReceived,
    /// A rule excludes the line.
    ByRule(Option<Reason>),
}
