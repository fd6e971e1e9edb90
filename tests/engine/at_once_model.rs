//! Random lives of changes that are sent at once: two accounts with one data file, somebody else on the server, failures of
//! both, and sessions killed between a commit and its sending. In the end both sides agree, and nothing that only one of
//! them changed is lost.

use std::collections::BTreeMap;

use hatrack::sync::{AfterCommit, Item, ItemValue, LocalRoom, OtherRooms, ServerClass, ServerRequest};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::simulated::Fault;
use crate::stage::*;

const ACCOUNTS: [&str; 2] = ["state", "other"];
/// Users whose hats only the accounts change, only the server, and both.
const LOCAL: [&str; 2] = ["u0", "u1"];
const REMOTE: &str = "u2";
const SHARED: &str = "u3";
const HATS: [&str; 2] = ["urn:x:old", "urn:x:there"];

#[derive(Debug, Clone)]
enum Step {
    /// An account changes a hat in its session, which ends before or after it is sent.
    Commit {
        account: usize,
        user: usize,
        hat: usize,
        title: Option<usize>,
        sends: bool,
    },
    /// Somebody changes a hat on the server.
    Set {
        shared: bool,
        hat: usize,
        title: Option<usize>,
    },
    /// Something happens at one of the next calls.
    Fault { after: usize, fault: usize },
    /// The server falls over.
    Crash,
    /// Another session of the account begins, which sends what waits.
    Resume { account: usize },
    /// A session of the account compares and applies.
    Apply { account: usize },
}

fn step() -> impl Strategy<Value = Step> {
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

/// A hat's title; on ejabberd 25.10 titles belong to the catalog.
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
    session.sent();
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
    // A server that fails is compared the next time.
    if session
        .compare(OtherRooms::Ignore, &|_| true)
        .is_ok_and(|(_, died)| !died)
    {
        let plan = session.plan(&stage.store(), OtherRooms::Ignore);
        if let Ok(plan) = plan {
            session.send(&plan);
        }
    }
    session.worker.finish();
}

/// Values as the last writers left them.
#[derive(Default)]
struct Written {
    local: BTreeMap<Item, Option<ItemValue>>,
    remote: BTreeMap<Item, Option<ItemValue>>,
}

fn take(stage: &Stage, step: &Step, written: &mut Written) {
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
            let follows = stage.local_hat_at_once(account, user, hat, title);
            written
                .local
                .insert(item, title.and_then(|title| value(class, title)));
            for after in follows.into_iter().filter(|_| *sends) {
                match after {
                    AfterCommit::Send(request) => send(stage, account, request),
                    // The classes of ejabberd cannot have what the model sometimes adds.
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
            let now = number.and_then(|number| value(class, title(hat, number)));
            stage.remote_set(&item, now.clone());
            written.remote.insert(item, now);
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

fn live(class: ServerClass, steps: &[Step]) -> Result<(), TestCaseError> {
    let stage = Stage::known(class);
    let mut written = Written::default();
    let mut last = 0;
    for step in steps {
        if let Step::Commit { account, .. } | Step::Resume { account } | Step::Apply { account } = step
            && *account != last
        {
            // So much later that ejabberd has stored what the other account sent: what one account saw on the server and
            // the server then lost is known only to the account that sent it.
            stage.server.lock().unwrap().stored();
            last = *account;
        }
        take(&stage, step, &mut written);
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
                    let at_first = (hat == "urn:x:old").then(|| value(class, "Old")).flatten();
                    prop_assert_eq!(
                        &sides,
                        &(at_first.clone(), at_first),
                        "{:?}: nobody changed it",
                        &item
                    );
                }
                (Some(last), None) | (None, Some(last)) => {
                    prop_assert_eq!(&sides, &(last.clone(), last.clone()), "{:?}", &item);
                }
                (Some(local), Some(remote)) => {
                    let agree = sides.0 == sides.1 && (sides.0 == *local || sides.0 == *remote);
                    // A conflict waits for somebody to choose.
                    let waits = sides == (local.clone(), remote.clone());
                    prop_assert!(
                        agree || waits,
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

fn lives(class: ServerClass) {
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
    let steps = prop::collection::vec(step(), 1..14);
    let result = TestRunner::new(config).run(&steps, |steps| live(class, &steps));
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// What was lost once.
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
    let lives = [
        // What one account removed, the other adds again before a read confirms the removal.
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
        // Somebody changes on the server what the account sent, then changes it back; another account receives that.
        vec![
            commit(0, 2, None, true),
            set(Some(0)),
            Step::Apply { account: 1 },
            set(None),
        ],
    ];
    for class in CLASSES {
        for steps in &lives {
            if let Err(error) = live(class, steps) {
                panic!("{class:?} {steps:?}: {error}");
            }
        }
    }
}

#[test]
fn changes_sent_at_once_to_prosody_are_lost_on_neither_side() {
    lives(ServerClass::Prosody);
}

#[test]
fn changes_sent_at_once_to_an_older_ejabberd_are_lost_on_neither_side() {
    lives(ServerClass::EjabberdOld);
}

#[test]
fn changes_sent_at_once_to_ejabberd_are_lost_on_neither_side() {
    lives(ServerClass::EjabberdCatalog);
}
