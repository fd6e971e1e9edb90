//! Two stores on one file, manual edits, crashes and restarts in any order, compared with a simple model.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hatrack::model::{Attachment, EditGroup, Json, read, write};
use hatrack::store::{Change, Disk, DiskFault, DiskOperation, Refreshed, Store};
use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::common::*;

/// Terry's hats: number and title.
type Hats = BTreeMap<u8, u8>;

/// The state of the model: the content of the file, and what each store last saw.
#[derive(Debug, Clone, Default)]
struct Model {
    file: Hats,
    seen: [Hats; 2],
}

#[derive(Debug, Clone)]
enum Action {
    /// A store adds a hat with a title, or removes it, based on what it last saw.
    Commit(usize, u8, Option<u8>),
    /// The same, with the process ending during the commit.
    Crash(usize, u8, Option<u8>, End),
    /// The file is edited by hand, in place or as a new file.
    ByHand(u8, Option<u8>, bool),
    Refresh(usize),
    Restart(usize),
    /// A torn line is appended to the history.
    Tear,
    Forget,
}

/// When a process ends.
#[derive(Debug, Clone, Copy)]
enum End {
    /// Before the n-th operation of this kind, before the rename.
    Before(DiskOperation, usize),
    /// Just after the rename.
    AfterRename,
}

/// The outcome of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Saved,
    NoDifference,
    Conflict,
}

impl Model {
    /// A commit by a store based on what it last saw; `done` tells whether it completes.
    fn commit(&mut self, who: usize, hat: u8, title: Option<u8>, done: bool) -> Outcome {
        let (believed, there) = (self.seen[who].get(&hat).copied(), self.file.get(&hat).copied());
        let outcome = match () {
            () if believed == title || there == title && believed != there => Outcome::NoDifference,
            () if there == believed => Outcome::Saved,
            () => Outcome::Conflict,
        };
        if outcome == Outcome::Saved && done {
            put(&mut self.file, hat, title);
        }
        outcome
    }
}

fn put(hats: &mut Hats, hat: u8, title: Option<u8>) {
    match title {
        Some(title) => drop(hats.insert(hat, title)),
        None => drop(hats.remove(&hat)),
    }
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Action;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Action> {
        let who = 0usize..2;
        let hat = 0u8..4;
        let title = prop::option::of(0u8..3);
        let end = prop_oneof![
            (
                prop::sample::select(vec![
                    DiskOperation::Create,
                    DiskOperation::SetAccess,
                    DiskOperation::Rename,
                    DiskOperation::Stat
                ]),
                Just(0)
            )
                .prop_map(|(step, n)| End::Before(step, n)),
            (
                prop::sample::select(vec![DiskOperation::Write, DiskOperation::Sync]),
                0usize..2
            )
                .prop_map(|(step, n)| End::Before(step, n)),
            Just(End::AfterRename),
        ];
        prop_oneof![
            8 => (who.clone(), hat.clone(), title.clone()).prop_map(|(w, h, t)| Action::Commit(w, h, t)),
            3 => (who.clone(), hat.clone(), title.clone(), end).prop_map(|(w, h, t, e)| Action::Crash(w, h, t, e)),
            2 => (hat, title, any::<bool>()).prop_map(|(h, t, place)| Action::ByHand(h, t, place)),
            2 => who.clone().prop_map(Action::Refresh),
            1 => who.prop_map(Action::Restart),
            1 => Just(Action::Tear),
            1 => Just(Action::Forget),
        ]
        .boxed()
    }

    fn apply(mut model: Self, action: &Action) -> Self {
        match *action {
            Action::Commit(who, hat, title) => {
                model.commit(who, hat, title, true);
                model.seen[who] = model.file.clone();
            }
            Action::Crash(who, hat, title, end) => {
                model.commit(who, hat, title, matches!(end, End::AfterRename));
                model.seen[who] = model.file.clone();
            }
            Action::ByHand(hat, title, _) => put(&mut model.file, hat, title),
            Action::Refresh(who) | Action::Restart(who) => model.seen[who] = model.file.clone(),
            Action::Tear | Action::Forget => {}
        }
        model
    }
}

/// The system under test: the stores on a file.
struct Real {
    folder: tempfile::TempDir,
    stores: [Store; 2],
    ends: [Arc<Ending>; 2],
    revision: u64,
}

/// The disk hook of one store: the process "ends" in that all later operations fail.
#[derive(Default)]
struct Ending {
    armed: AtomicBool,
    dead: AtomicBool,
    plan: std::sync::Mutex<Option<End>>,
    count: AtomicUsize,
}

impl Ending {
    fn step(&self, step: DiskOperation) -> Result<(), DiskFault> {
        let ends = match *self.plan.lock().unwrap() {
            Some(End::Before(at, nth)) => at == step && self.count.fetch_add(1, Ordering::Relaxed) == nth,
            Some(End::AfterRename) => step == DiskOperation::SyncFolder,
            None => false,
        };
        if self.armed.load(Ordering::Relaxed) && (ends || self.dead.load(Ordering::Relaxed)) {
            self.dead.store(true, Ordering::Relaxed);
            let error = std::io::Error::other("the process has ended");
            return Err(DiskFault { error, written: 3 });
        }
        Ok(())
    }
}

impl Real {
    fn path(&self) -> PathBuf {
        self.folder.path().join("hats.json")
    }

    fn history_path(&self) -> PathBuf {
        self.folder.path().join("hats.history.jsonl")
    }

    fn restart(&mut self, who: usize) {
        let (store, end) = started(&self.path(), who);
        (self.stores[who], self.ends[who]) = (store, end);
    }

    fn change(&self, who: usize, hat: u8, title: Option<u8>) -> Change {
        let mut draft = self.stores[who].wardrobe().clone();
        let id = super::common::hat(&hat.to_string());
        let group: EditGroup = match title {
            None => draft.remove_user_hat(&terry(), &courses(), &id),
            Some(title) => {
                let attachment = Attachment::default().with_title(Some(&title.to_string()));
                draft.add_user_hat(&terry(), &courses(), &id, attachment)
            }
        }
        .unwrap();
        group.into()
    }
}

fn started(path: &std::path::Path, who: usize) -> (Store, Arc<Ending>) {
    let end = Arc::new(Ending::default());
    let hook = end.clone();
    let disk = Disk {
        hook: Some(Arc::new(move |step| hook.step(step))),
        ..Disk::default()
    };
    let store = Store::open_with(path, options_for(&format!("store {who}")), disk, &|_, _| ()).unwrap();
    (store, end)
}

fn hats_of(wardrobe: &hatrack::model::Wardrobe) -> Hats {
    let terry = wardrobe.user(&courses(), &terry()).unwrap();
    let number = |text: &str| text.trim_start_matches("urn:x:").parse::<u8>().unwrap();
    terry
        .hats
        .iter()
        .map(|(id, hat)| (number(id.as_str()), number(hat.title.as_deref().unwrap())))
        .collect()
}

impl StateMachineTest for Real {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_: &Model) -> Self {
        let folder = memory_folder();
        let path = folder.path().join("hats.json");
        create_sample(&mut open(&path, "alice"));
        let ((one, end_one), (two, end_two)) = (started(&path, 0), started(&path, 1));
        Self {
            folder,
            stores: [one, two],
            ends: [end_one, end_two],
            revision: 2,
        }
    }

    fn apply(mut real: Self, after: &Model, action: Action) -> Self {
        match action {
            Action::Commit(who, hat, title) => {
                let change = real.change(who, hat, title);
                // The outcome that the model expects.
                let mut before = Model {
                    file: hats_of(&read::wardrobe(&fs::read(real.path()).unwrap()).unwrap()),
                    seen: [Hats::new(), Hats::new()],
                };
                before.seen[who] = hats_of(real.stores[who].wardrobe());
                let expected = before.commit(who, hat, title, true);
                let found = match commit(&mut real.stores[who], change) {
                    Ok(Some(revision)) => {
                        assert!(revision > real.revision, "revisions only grow");
                        real.revision = revision;
                        Outcome::Saved
                    }
                    Ok(None) => Outcome::NoDifference,
                    Err(error) => {
                        assert_eq!(error.condition(), "conflict");
                        Outcome::Conflict
                    }
                };
                assert_eq!(found, expected);
                assert_eq!(hats_of(real.stores[who].wardrobe()), after.file);
            }
            Action::Crash(who, hat, title, end) => {
                let change = real.change(who, hat, title);
                *real.ends[who].plan.lock().unwrap() = Some(end);
                real.ends[who].armed.store(true, Ordering::Relaxed);
                // The commit may complete without anything to write.
                let _ = real.stores[who].commit(&[change]);
                real.restart(who);
            }
            Action::ByHand(hat, title, write_in_place) => {
                let text = fs::read(real.path()).unwrap();
                let mut wardrobe = read::wardrobe(&text).unwrap();
                let id = super::common::hat(&hat.to_string());
                let made = match title {
                    Some(title) => {
                        let attachment = Attachment::default().with_title(Some(&title.to_string()));
                        wardrobe.add_user_hat(&terry(), &courses(), &id, attachment)
                    }
                    None => wardrobe.remove_user_hat(&terry(), &courses(), &id),
                };
                made.unwrap();
                let json = String::from_utf8(write::wardrobe(&wardrobe)).unwrap();
                if write_in_place {
                    fs::write(real.path(), Json::new(&json).unwrap().as_str()).unwrap();
                } else {
                    fs::write(real.folder.path().join("tmp"), json).unwrap();
                    fs::rename(real.folder.path().join("tmp"), real.path()).unwrap();
                }
            }
            Action::Refresh(who) => {
                let differs = hats_of(real.stores[who].wardrobe()) != after.file;
                let found = real.stores[who].refresh().unwrap();
                assert!(found == Refreshed::Changed || !differs);
            }
            Action::Restart(who) => real.restart(who),
            Action::Tear => {
                if let Ok(mut file) = fs::OpenOptions::new().append(true).open(real.history_path()) {
                    file.write_all(b"{\"revision\":").unwrap();
                }
            }
            Action::Forget => drop(fs::remove_file(real.history_path())),
        }
        real
    }

    fn check_invariants(real: &Self, model: &Model) {
        let bytes = fs::read(real.path()).unwrap();
        assert_eq!(hats_of(&read::wardrobe(&bytes).unwrap()), model.file, "the file");
        for (store, seen) in real.stores.iter().zip(&model.seen) {
            assert_eq!(&hats_of(store.wardrobe()), seen, "what a store has seen");
        }
        let report = hatrack::store::check(&real.path());
        assert_eq!((report.exit_code(), report.errors), (0, vec![]));
        let history: Vec<u64> = history(&real.stores[0])
            .iter()
            .map(|entry| entry.revision)
            .collect();
        assert!(history.is_sorted_by(|a, b| a > b), "{history:?}");
    }
}

prop_state_machine! {
    #![proptest_config(Config {
        cases: u32::try_from(rounds(64, 2000)).unwrap(),
        failure_persistence: None,
        ..Config::default()
    })]
    #[test]
    fn interleavings_agree_with_the_model(sequential 1..40 => Real);
}
