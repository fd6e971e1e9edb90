//! Random sequences of changes that are sent at once: two accounts with one data file, someone else on the server,
//! failures of the server, and sessions that are killed between a commit and its sending. In the end, both sides agree,
//! except for conflicts, and no change that only one side made is lost.

use std::collections::BTreeMap;

use hatrack::sync::{AfterCommit, Item, ItemValue, LocalRoom, OtherRooms, ServerClass, ServerRequest};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::simulated::Fault;
use crate::stage::*;

const ACCOUNTS: [&str; 2] = ["state", "other"];
/// Users whose hats are changed only in the file.
const LOCAL: [&str; 2] = ["u0", "u1"];
/// A user whose hats are changed only on the server.
const REMOTE: &str = "u2";
/// A user whose hats are changed on both sides.
const SHARED: &str = "u3";
const HATS: [&str; 2] = ["urn:x:old", "urn:x:there"];

#[derive(Debug, Clone)]
enum Step {
    /// A session of an account changes a hat. If `sends` is false, the session is killed before it sends the change.
    Commit {
        account: usize,
        user: usize,
        hat: usize,
        title: Option<usize>,
        sends: bool,
    },
    /// Someone else changes a hat on the server: of [`SHARED`], or else of [`REMOTE`].
    Set {
        shared: bool,
        hat: usize,
        title: Option<usize>,
    },
    /// One of the next calls fails.
    Fault { after: usize, fault: usize },
    /// The server crashes and restarts.
    Crash,
    /// Another session of the account sends the waiting changes.
    Resume { account: usize },
    /// A session of the account compares and applies.
    Apply { account: usize },
}

fn any_step() -> impl Strategy<Value = Step> {
    let title = || prop_oneof![1 => Just(None), 2 => (0..2_usize).prop_map(Some)];
    prop_oneof![
        6 => (0..2_usize, 0..3_usize, 0..2_usize, title(), prop::bool::weighted(0.7)).prop_map(
            |(account, user, hat, title, sends)| Step::Commit { account, user, hat, title, sends }
        ),
        3 => (any::<bool>(), 0..2_usize, title()).prop_map(|(shared, hat, title)| Step::Set { shared, hat, title }),
        2 => (1..6_usize, 0..Fault::ALL.len()).prop_map(|(after, fault)| Step::Fault { after, fault }),
        1 => Just(Step::Crash),
        1 => (0..2_usize).prop_map(|account| Step::Resume { account }),
        2 => (0..2_usize).prop_map(|account| Step::Apply { account }),
    ]
}

/// The first or second title of a hat. Servers with a catalog ignore the title.
fn title(hat: &str, number: usize) -> &'static str {
    match (hat, number) {
        ("urn:x:old", 0) => "Old",
        ("urn:x:old", _) => "Older",
        (_, 0) => "There",
        _ => "Elsewhere",
    }
}

fn send(stage: &Stage, account: &str, request: ServerRequest) {
    let session = stage.session_of(account);
    session.worker.request(request).unwrap();
    session.wait_for_sent();
    session.worker.finish();
}

fn resume(stage: &Stage, account: &str) {
    let store = stage.store();
    let request = ServerRequest::Send {
        server: "example".into(),
        rooms: vec![LocalRoom {
            room: room(),
            local: store.wardrobe().room(&room()).cloned(),
            is_requested: false,
        }],
        revision: store.wardrobe().revision,
        may_ask: true,
    };
    send(stage, account, request);
}

fn apply(stage: &Stage, account: &str) {
    let session = stage.session_of(account);
    // If the server fails, a later step compares it.
    if session.compare(OtherRooms::Ignore, &|_| true).is_ok() {
        let plan = session.plan(&stage.store(), OtherRooms::Ignore);
        if let Ok(plan) = plan {
            session.send(&plan);
        }
    }
    session.worker.finish();
}

/// The last value that was written on each side.
#[derive(Default)]
struct Written {
    local: BTreeMap<Item, Option<ItemValue>>,
    remote: BTreeMap<Item, Option<ItemValue>>,
}

fn run_step(stage: &Stage, step: &Step, written: &mut Written) {
    let class = stage.class;
    match step {
        Step::Commit {
            account,
            user,
            hat,
            title: number,
            sends,
        } => {
            let user = [LOCAL[0], LOCAL[1], SHARED][*user];
            let (hat, account) = (HATS[*hat], ACCOUNTS[*account]);
            let title = number.map(|number| title(hat, number));
            let item = item(user, hat);
            if stage.local(&item).is_none() && title.is_none() {
                return;
            }
            let after_commit = stage.set_local_hat_at_once(account, user, hat, title);
            written
                .local
                .insert(item, title.and_then(|title| value(class, title)));
            for after in after_commit.into_iter().filter(|_| *sends) {
                match after {
                    AfterCommit::Send(request) => send(stage, account, request),
                    // A server with a catalog does not store users' own titles.
                    AfterCommit::Unstored { .. } => {}
                    AfterCommit::Held { .. } => panic!("{after:?}"),
                }
            }
        }
        Step::Set {
            shared,
            hat,
            title: number,
        } => {
            let hat = HATS[*hat];
            let item = item(if *shared { SHARED } else { REMOTE }, hat);
            let value = number.and_then(|number| value(class, title(hat, number)));
            stage.set_remote(&item, value.clone());
            written.remote.insert(item, value);
        }
        Step::Fault { after, fault } => {
            let mut server = stage.server.lock().unwrap();
            let call = server.calls + after;
            server.faults.insert(call, Fault::ALL[*fault]);
        }
        Step::Crash => stage.server.lock().unwrap().crash(),
        Step::Resume { account } => resume(stage, ACCOUNTS[*account]),
        Step::Apply { account } => apply(stage, ACCOUNTS[*account]),
    }
}

/// Runs these steps, then sessions without faults, and checks the result.
fn check(class: ServerClass, steps: &[Step]) -> Result<(), TestCaseError> {
    let stage = Stage::compared(class);
    let mut written = Written::default();
    let mut last_account = 0;
    for step in steps {
        if let Step::Commit { account, .. } | Step::Resume { account } | Step::Apply { account } = step
            && *account != last_account
        {
            // Enough time passes for ejabberd to store what the other account sent. Otherwise, a change that one
            // account sent, the other saw, and the server then lost would look like a change on the server to the other
            // account.
            stage.server.lock().unwrap().store_all();
            last_account = *account;
        }
        run_step(&stage, step, &mut written);
    }
    stage.server.lock().unwrap().faults.clear();
    for _ in 0..2 {
        for account in ACCOUNTS {
            resume(&stage, account);
            apply(&stage, account);
        }
    }
    for user in [LOCAL[0], LOCAL[1], REMOTE, SHARED, "u4"] {
        for hat in HATS {
            let item = item(user, hat);
            let sides = (stage.local(&item), stage.remote(&item));
            let (local, remote) = (written.local.get(&item), written.remote.get(&item));
            match (local, remote) {
                (None, None) => {
                    let initial = (hat == "urn:x:old").then(|| value(class, "Old")).flatten();
                    prop_assert_eq!(
                        &sides,
                        &(initial.clone(), initial),
                        "{:?}: no step changed this item",
                        &item
                    );
                }
                (Some(last), None) | (None, Some(last)) => {
                    prop_assert_eq!(&sides, &(last.clone(), last.clone()), "{:?}", &item);
                }
                (Some(local), Some(remote)) => {
                    let agree = sides.0 == sides.1 && (sides.0 == *local || sides.0 == *remote);
                    let is_conflict = sides == (local.clone(), remote.clone());
                    prop_assert!(
                        agree || is_conflict,
                        "{:?}: {:?}, written {:?} and {:?}",
                        &item,
                        &sides,
                        local,
                        remote
                    );
                }
            }
        }
    }
    Ok(())
}

fn check_random_steps(class: ServerClass) {
    let cases = if std::env::var_os("HATRACK_LONG").is_some() {
        400
    } else {
        12
    };
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::with_cases(cases)
    };
    let steps = prop::collection::vec(any_step(), 1..14);
    let result = TestRunner::new(config).run(&steps, |steps| check(class, &steps));
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// Sequences in which an earlier version lost changes.
#[test]
fn changes_of_two_accounts_that_undo_each_other_are_not_lost() {
    let commit = |account, user, title, sends| Step::Commit {
        account,
        user,
        hat: 0,
        title,
        sends,
    };
    let set = |title| Step::Set {
        shared: true,
        hat: 0,
        title,
    };
    let sequences = [
        // One account adds a hat again that the other removed, before a read confirms the removal.
        vec![commit(1, 1, None, true), commit(0, 1, Some(0), false)],
        vec![
            commit(0, 1, None, false),
            Step::Apply { account: 1 },
            commit(0, 1, Some(0), false),
        ],
        // The server loses the second of two changes, of which none was confirmed.
        vec![
            commit(1, 0, None, true),
            Step::Resume { account: 0 },
            commit(1, 0, Some(0), true),
            Step::Crash,
        ],
        // Someone changes on the server what an account sent, then changes it back. In between, another account
        // compares.
        vec![
            commit(0, 2, None, true),
            set(Some(0)),
            Step::Apply { account: 1 },
            set(None),
        ],
    ];
    for class in CLASSES {
        for steps in &sequences {
            if let Err(error) = check(class, steps) {
                panic!("{class:?} {steps:?}: {error}");
            }
        }
    }
}

#[test]
fn changes_sent_at_once_to_prosody_are_lost_on_neither_side() {
    check_random_steps(ServerClass::Prosody);
}

#[test]
fn changes_sent_at_once_to_an_older_ejabberd_are_lost_on_neither_side() {
    check_random_steps(ServerClass::EjabberdOld);
}

#[test]
fn changes_sent_at_once_to_ejabberd_are_lost_on_neither_side() {
    check_random_steps(ServerClass::EjabberdCatalog);
}
