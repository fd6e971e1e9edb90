//! A session and a server to which things happen: answers that are lost, crashes, a server that is killed.

use std::collections::BTreeSet;

use hatrack::sync::{Item, ItemOutcome, ItemValue, ServerClass};
use proptest::prelude::*;
use proptest::sample::select;

use crate::session::*;
use crate::sides::*;

pub(crate) type HatChange = (&'static str, &'static str, Option<&'static str>);

#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// This session's moderator changes a hat; the session crashes before (1) or after (2) the file has it.
    Mine(HatChange, u8),
    /// Another writer changes a hat on the server.
    Theirs(HatChange),
    /// All that is to be sent goes; the request is lost (1), the answer is lost (2), the session crashes before it writes
    /// down the answer (3).
    Send(u8),
    /// The room is read, and what differs is received.
    Read,
    /// The session ends and another begins.
    Restart,
    /// The server is killed: ejabberd loses what it acknowledged in its last two seconds.
    Kill,
    Wait(i64),
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let hat = || {
        let user = select(vec!["ann", "bob"]);
        (
            user,
            select(vec!["t", "s"]),
            select(vec![None, Some("a T"), Some("a S"), Some(" T")]),
        )
    };
    prop_oneof![
        4 => (hat(), select(vec![0, 0, 0, 1, 2])).prop_map(|(hat, crash)| Op::Mine(hat, crash)),
        1 => hat().prop_map(Op::Theirs),
        4 => select(vec![0, 0, 1, 2, 3]).prop_map(Op::Send),
        3 => Just(Op::Read),
        1 => Just(Op::Restart),
        1 => Just(Op::Kill),
        3 => (0..5_i64).prop_map(Op::Wait),
    ]
}

pub(crate) struct World {
    pub(crate) session: Session,
    pub(crate) now: i64,
    pub(crate) stream: u64,
    /// What the server acknowledged or took of ours: when, what, what it had before and has.
    pub(crate) recent: Vec<(i64, Item, Option<ItemValue>, Option<ItemValue>)>,
    pub(crate) mine: BTreeSet<Item>,
    pub(crate) theirs: BTreeSet<Item>,
}

impl World {
    pub(crate) fn step(&mut self, op: &Op) {
        match op {
            Op::Mine((user, id, text), crash) => {
                self.mine.insert(item(user, id));
                let (after, _) = self.session.prepare(|sides| {
                    sides.local_hat(user, id, *text);
                });
                match crash {
                    1 => self.restart(),
                    2 => {
                        self.session.sides.file = after.file;
                        self.restart();
                    }
                    _ => {
                        self.session.sides.file = after.file;
                        self.session.take_over(0);
                    }
                }
            }
            Op::Theirs((user, id, text)) => {
                self.theirs.insert(item(user, id));
                self.session.sides.remote_hat(user, id, *text);
            }
            Op::Send(fault) => self.send(*fault),
            Op::Read => self.read(),
            Op::Restart => self.restart(),
            Op::Kill => self.kill(),
            Op::Wait(seconds) => self.now += seconds,
        }
    }

    pub(crate) fn restart(&mut self) {
        self.session.restart();
        self.stream += 1;
    }

    pub(crate) fn send(&mut self, fault: u8) {
        let next = self.session.next();
        for change in &next {
            let sides = &mut self.session.sides;
            let had = sides.remote.value(&change.item);
            let outcome = match fault {
                1 => ItemOutcome::Unknown,
                _ => crate::world::apply(&mut sides.remote, sides.class, change),
            };
            let has = sides.remote.value(&change.item);
            if had != has {
                self.recent.push((self.now, change.item.clone(), had, has));
            }
            match fault {
                1 | 2 => self
                    .session
                    .answer(change, &ItemOutcome::Unknown, self.now, self.stream),
                3 => return self.restart(),
                _ => self.session.answer(change, &outcome, self.now, self.stream),
            }
        }
        if fault > 0 {
            self.stream += 1;
        }
    }

    pub(crate) fn read(&mut self) {
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
        session.outbox.expire(seconds(*now));
        session.store();
    }

    pub(crate) fn kill(&mut self) {
        self.stream += 1;
        if self.session.sides.class == P {
            return;
        }
        let now = self.now;
        // Until it is back, some time passes.
        self.now += 1;
        for (time, item, had, has) in self.recent.drain(..).rev() {
            let remote = &mut self.session.sides.remote;
            if now - time <= 2 && remote.value(&item) == has {
                let (user, hat) = (item.user().unwrap(), item.hat().unwrap());
                let there = remote.users.get_mut(user).unwrap();
                match had {
                    Some(ItemValue::Hat(value)) => drop(there.hats.insert(hat.clone(), value)),
                    _ => drop(there.hats.remove(hat)),
                }
            }
        }
    }

    /// All comes to rest; what is left to the plan is done by it.
    pub(crate) fn rest(&mut self) {
        for _ in 0..4 {
            self.now += 10;
            self.send(0);
            self.now += 10;
            self.read();
        }
        let plan = self.session.sides.merge();
        assert!(self.session.outbox.is_quiet(), "{:?}", self.session.outbox);
        self.session.sides.receive(&plan);
        self.session.sides.send(&plan);
        self.session.sides.settle();
    }
}

pub(crate) fn begun(class: ServerClass) -> World {
    let sides = Sides::known(class, |sides| {
        sides.both_entry("t", "T").both_entry("s", "S");
        sides.member("ann", &[("t", "a T")]).member("bob", &[]);
    });
    let mut session = Session::of(sides);
    session.stored = Some(session.outbox.clone());
    World {
        session,
        now: 0,
        stream: 1,
        recent: Vec::new(),
        mine: BTreeSet::new(),
        theirs: BTreeSet::new(),
    }
}
