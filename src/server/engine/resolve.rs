//! Carries out a moderator's decision about a change that the server refused, or that conflicts with a change on the server.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use super::apply::LOCK_TIMEOUT;
use super::at_once::NO_ID;
use super::room::PlanRequest;
use crate::model::{Jid, Room};
use crate::sync::{
    Decision, Failed, Item, ItemValue, LocalRoom, OtherRooms, Outbox, PlanCounts, Report, RoomPlan, RoomRead,
    RoomReport, SendFailure, ServerEvent, Subject, local_value,
};

impl Engine {
    /// Sends a refused or left-out change again.
    pub(super) fn retry(&mut self, room: Jid, item: &Item) {
        let permitted = self.check_rights(item);
        match permitted.and_then(|()| self.change_outbox(&room, |outbox| outbox.retry(item))) {
            Ok(()) => self.send_saved(vec![self.local_room(room)], 0, true),
            Err(why) => self.report_failure(&room, why),
        }
    }

    /// Resolves a conflict. `shown`: the server's value that the user saw.
    pub(super) fn resolve(&mut self, room: Jid, item: &Item, decision: Decision, shown: Option<&ItemValue>) {
        let resolved = self.check_rights(item).and_then(|()| match decision {
            Decision::Send => self.keep_file(&room, item, shown).map(|()| None),
            Decision::Receive => self.take_from_server(&room, item, shown),
            Decision::Skip => self
                .change_outbox(&room, |outbox| outbox.forget(item))
                .map(|()| None),
        });
        match resolved {
            Ok(_) if decision == Decision::Send => self.send_saved(vec![self.local_room(room)], 0, true),
            Ok(report) => {
                self.emit_outbox(&room);
                self.emit_answer(report.into_iter().collect());
            }
            Err(why) => self.report_failure(&room, why),
        }
    }

    /// Checks that this session may decide about an item: other sessions of the account, which share its outbox, may have more
    /// rights.
    fn check_rights(&self, item: &Item) -> Result<(), String> {
        item.check_permitted_by(&self.scope.rights)
            .map_err(|error| error.to_string())
    }

    /// Lets the file's value overwrite the server's value, if that is still the value that was shown.
    fn keep_file(&mut self, room: &Jid, item: &Item, shown: Option<&ItemValue>) -> Result<(), String> {
        let mut hats = None;
        if let Item::Affiliation { user } = item {
            // Removing a user also removes the user's hats on the server, so these are compared, too.
            let class = self.connect().map_err(|error| error.to_string())?;
            self.reads.remove(room);
            self.read_for_sending(std::slice::from_ref(room), class)?;
            if let Some(RoomRead::Read(read)) = self.reads.get(room).map(|reading| &reading.read) {
                hats = read.users.get(user).map(|user| user.hats.clone());
            }
        }
        self.change_outbox(room, |outbox| outbox.keep_local(item, shown.cloned(), hats))
    }

    /// Reports a plan that receives the server's value of an item, and nothing else of the room. If the server no longer has the
    /// value that was shown, nothing is received, and the returned report says that someone has to decide again.
    fn take_from_server(
        &mut self,
        room: &Jid,
        item: &Item,
        shown: Option<&ItemValue>,
    ) -> Result<Option<RoomReport>, String> {
        let newest = self.data.newer(room, u64::MAX);
        let (local, revision) = newest.map_err(|error| error.to_string())?.unwrap_or_default();
        self.data.close();
        let request = PlanRequest {
            id: NO_ID,
            rooms: vec![LocalRoom {
                room: room.clone(),
                local,
                is_requested: false,
            }],
            others: OtherRooms::Ignore,
            revision,
            affiliations: self.settings.entry.affiliations,
        };
        let mut plan = self.plan(request)?;
        // The caller commits nothing of the plan unless it is reported.
        self.set_planned(room, false);
        let room_plan = plan.rooms.iter_mut().find(|candidate| candidate.room == *room);
        let room_plan = room_plan.ok_or("the server sent no data for this room")?;
        if let Some(why) = room_plan.state.message() {
            return Err(why.to_owned());
        }
        if room_plan.is_first_comparison || room_plan.set_aside.is_some() {
            return Err("the room has to be compared as a whole first".into());
        }
        if !receive_only(room_plan, item) {
            self.change_outbox(room, |outbox| outbox.forget(item))?;
            return Ok(None);
        }
        let actual = room_plan.remote().value(item);
        if actual.as_ref() != shown {
            let report = changed_again(room_plan, item, self.local_room(room.clone()).local.as_deref());
            self.change_outbox(room, |outbox| outbox.update_conflict(item, actual))?;
            return Ok(Some(report));
        }
        plan.rooms.retain(|candidate| candidate.room == *room);
        self.set_planned(room, true);
        self.emit(ServerEvent::Incoming {
            plan: Arc::new(plan),
            by: BTreeMap::new(),
        });
        Ok(None)
    }

    /// Notes whether a reported plan contains the last read of a room.
    fn set_planned(&mut self, room: &Jid, is_planned: bool) {
        if let Some(known) = self.rooms.get_mut(room) {
            known.is_planned = is_planned;
        }
    }

    /// Changes the outbox of a room under its lock.
    fn change_outbox(&self, room: &Jid, change: impl FnOnce(&mut Outbox)) -> Result<(), String> {
        if !self.may_write(room) {
            return Err("this session is not allowed to change the room".into());
        }
        let files = self.files()?;
        let Ok(Some(base)) = files.base(room).0 else {
            return Err("the room has not been compared with its server yet".into());
        };
        let lock = files
            .lock(room, LOCK_TIMEOUT)
            .map_err(|error| error.to_string())?;
        let Some(_lock) = lock else {
            return Err("another session of this account is sending changes to the room".into());
        };
        let mut outbox = files.outbox(room, base.class);
        change(&mut outbox);
        files.write_outbox(&outbox).map_err(|error| error.to_string())
    }

    /// A room of the file, as last reported to the engine.
    pub(super) fn local_room(&self, room: Jid) -> LocalRoom {
        let local = self.rooms.get(&room).and_then(|known| known.local.clone());
        LocalRoom {
            room,
            local,
            is_requested: false,
        }
    }

    /// Reports that a decision about a change of the room could not be carried out; `why` is for display.
    fn report_failure(&self, room: &Jid, why: String) {
        self.emit_answer(vec![RoomReport::unsent(room, 1, why)]);
    }

    /// Reports this as the answer to a request.
    fn emit_answer(&self, rooms: Vec<RoomReport>) {
        self.emit(ServerEvent::Sent {
            report: Report {
                server: self.settings.entry.name.clone(),
                rooms,
            },
            is_answer: true,
        });
    }
}

/// Creates the report about an item that has changed on the server since its value was shown.
fn changed_again(plan: &RoomPlan, item: &Item, local: Option<&Room>) -> RoomReport {
    let failed = Failed {
        item: item.clone(),
        wanted: local.and_then(|local| local_value(plan.class, local, item)),
        why: SendFailure::Changed {
            actual: plan.remote().value(item),
        },
    };
    RoomReport {
        failed: vec![failed],
        left: PlanCounts::default(),
        ..RoomReport::new(plan)
    }
}

/// Decides to receive only an item, or the item's whole user if the user has one line in the plan. Returns false if the item
/// does not differ.
fn receive_only(plan: &mut RoomPlan, item: &Item) -> bool {
    let is_item = |subject: &Subject| matches!(subject, Subject::Item(other) if other == item);
    let is_user = |subject: &Subject| matches!(subject, Subject::User(user) if Some(user) == item.user());
    let lines = || plan.lines.iter();
    let index = lines()
        .position(|line| is_item(&line.subject))
        .or_else(|| lines().position(|line| is_user(&line.subject)));
    for line in &mut plan.lines {
        line.decision = Decision::Skip;
    }
    index.is_some_and(|index| plan.decide(index, Decision::Receive))
}
