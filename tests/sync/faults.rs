//! A session and a server that fail: answers are lost, sessions crash, and the server is killed.

use std::collections::BTreeSet;

use hatrack::sync::{Item, ItemOutcome, ItemValue, ServerClass};
use proptest::prelude::*;
use proptest::sample::select;

use crate::session::*;
use crate::sides::*;

pub(crate) type HatChange = (&'static str, &'static str, Option<&'static str>);

/// When a session crashes while it commits a change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CommitCrash {
    Never,
    BeforeCommit,
    AfterCommit,
}

/// A failure while changes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendFault {
    None,
    RequestLost,
    AnswerLost,
    /// The session crashes before it stores the first answer.
    Crash,
}

#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// This account changes a hat in the file.
    Commit(HatChange, CommitCrash),
    /// Someone else changes a hat on the server.
    ChangeRemotely(HatChange),
    /// The session sends the waiting changes.
    Send(SendFault),
    /// The session reads the room, and receives the differences.
    Read,
    /// The session ends, and another one begins.
    Restart,
    /// The server is killed. ejabberd loses the changes that it acknowledged in the last two seconds.
    Kill,
    /// This number of seconds passes.
    Wait(i64),
}

pub(crate) fn any_op() -> impl Strategy<Value = Op> {
    let hat = || {
        let user = select(vec!["ann", "bob"]);
        (
            user,
            select(vec!["t", "s"]),
            select(vec![None, Some("a T"), Some("a S"), Some(" T")]),
        )
    };
    let crash = select(vec![
        CommitCrash::Never,
        CommitCrash::Never,
        CommitCrash::Never,
        CommitCrash::BeforeCommit,
        CommitCrash::AfterCommit,
    ]);
    let fault = select(vec![
        SendFault::None,
        SendFault::None,
        SendFault::RequestLost,
        SendFault::AnswerLost,
        SendFault::Crash,
    ]);
    prop_oneof![
        4 => (hat(), crash).prop_map(|(hat, crash)| Op::Commit(hat, crash)),
        1 => hat().prop_map(Op::ChangeRemotely),
        4 => fault.prop_map(Op::Send),
        3 => Just(Op::Read),
        1 => Just(Op::Restart),
        1 => Just(Op::Kill),
        3 => (0..5_i64).prop_map(Op::Wait),
    ]
}

pub(crate) struct World {
    pub(crate) session: Session,
    /// The current time, in seconds.
    now: i64,
    /// The number of the session's connection.
    stream: u64,
    /// The changes that the session made on the server: time, item, value before, and value after.
    made_changes: Vec<(i64, Item, Option<ItemValue>, Option<ItemValue>)>,
    /// The items that the account has changed.
    pub(crate) changed_by_account: BTreeSet<Item>,
    /// The items that someone else has changed on the server.
    pub(crate) changed_by_others: BTreeSet<Item>,
}

impl World {
    pub(crate) fn step(&mut self, op: &Op) {
        match op {
            Op::Commit((user, id, text), crash) => {
                self.changed_by_account.insert(item(user, id));
                let (after, _) = self.session.prepare(|sides| {
                    sides.set_local_hat(user, id, *text);
                });
                match crash {
                    CommitCrash::BeforeCommit => self.restart(),
                    CommitCrash::AfterCommit => {
                        self.session.sides.file = after.file;
                        self.restart();
                    }
                    CommitCrash::Never => {
                        self.session.sides.file = after.file;
                        self.session.take_over(0);
                    }
                }
            }
            Op::ChangeRemotely((user, id, text)) => {
                self.changed_by_others.insert(item(user, id));
                self.session.sides.set_remote_hat(user, id, *text);
            }
            Op::Send(fault) => self.send(*fault),
            Op::Read => self.read(),
            Op::Restart => self.restart(),
            Op::Kill => self.kill(),
            Op::Wait(seconds) => self.now += seconds,
        }
    }

    fn restart(&mut self) {
        self.session.restart();
        self.stream += 1;
    }

    fn send(&mut self, fault: SendFault) {
        let changes = self.session.next_changes();
        for change in &changes {
            let sides = &mut self.session.sides;
            let before = sides.remote.value(&change.item);
            let outcome = match fault {
                SendFault::RequestLost => ItemOutcome::Unknown,
                _ => crate::world::apply(&mut sides.remote, sides.class, change),
            };
            let after = sides.remote.value(&change.item);
            if before != after {
                self.made_changes
                    .push((self.now, change.item.clone(), before, after));
            }
            match fault {
                SendFault::RequestLost | SendFault::AnswerLost => {
                    self.session
                        .answer(change, &ItemOutcome::Unknown, self.now, self.stream);
                }
                SendFault::Crash => return self.restart(),
                SendFault::None => self.session.answer(change, &outcome, self.now, self.stream),
            }
        }
        if fault != SendFault::None {
            self.stream += 1;
        }
    }

    fn read(&mut self) {
        let Self {
            session, now, stream, ..
        } = self;
        session.read(*now, *stream);
        let mut plan = session.sides.merge();
        let outbox = session.outbox.clone();
        let in_flight = |item: &Item| outbox.is_in_flight(item);
        plan.drop_lines(&in_flight);
        session.sides.receive(&plan);
        let mut base = session.sides.base.take().unwrap();
        base.record_common_values(
            session.sides.local().unwrap(),
            &session.sides.remote,
            jiff::Timestamp::now(),
            &in_flight,
        );
        session.sides.base = Some(base);
        session.outbox.expire(after_seconds(*now));
        session.store();
    }

    fn kill(&mut self) {
        self.stream += 1;
        if self.session.sides.class == PROSODY {
            return;
        }
        let now = self.now;
        // The restart takes some time.
        self.now += 1;
        for (time, item, before, after) in self.made_changes.drain(..).rev() {
            let remote = &mut self.session.sides.remote;
            if now - time <= 2 && remote.value(&item) == after {
                let (user, hat) = (item.user().unwrap(), item.hat().unwrap());
                let remote_user = remote.users.get_mut(user).unwrap();
                match before {
                    Some(ItemValue::Hat(value)) => drop(remote_user.hats.insert(hat.clone(), value)),
                    _ => drop(remote_user.hats.remove(hat)),
                }
            }
        }
    }

    /// Sends and reads without failures until no change is in flight, then applies a plan.
    pub(crate) fn finish(&mut self) {
        for _ in 0..4 {
            self.now += 10;
            self.send(SendFault::None);
            self.now += 10;
            self.read();
        }
        let plan = self.session.sides.merge();
        assert!(self.session.outbox.is_finished(), "{:?}", self.session.outbox);
        self.session.sides.receive(&plan);
        self.session.sides.send(&plan);
        self.session.sides.update_base();
    }
}

pub(crate) fn create_world(class: ServerClass) -> World {
    let sides = Sides::compared(class, |sides| {
        sides.set_both_entry("t", "T").set_both_entry("s", "S");
        sides.add_member("ann", &[("t", "a T")]).add_member("bob", &[]);
    });
    let mut session = Session::of(sides);
    session.stored = Some(session.outbox.clone());
    World {
        session,
        now: 0,
        stream: 1,
        made_changes: Vec::new(),
        changed_by_account: BTreeSet::new(),
        changed_by_others: BTreeSet::new(),
    }
}
