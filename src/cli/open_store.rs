//! The data file of a command: opened, changed, and what went wrong with it in a sentence.

use std::mem::ManuallyDrop;

use super::context::SessionContext;
use super::failure::Failure;
use super::output::Output;
use crate::app::describe;
use crate::model::{EditError, Group, Wardrobe};
use crate::store::{self, Change, Store, StoreOptions};

/// So often a change is worked out anew when somebody else was quicker.
const TRIES: usize = 5;

/// The open data file.
pub(super) struct OpenStore<'a> {
    /// Never taken down piece by piece, which takes its time with a large wardrobe: the process ends with the command.
    pub(super) store: ManuallyDrop<Store>,
    place: &'a SessionContext,
}

impl<'a> OpenStore<'a> {
    pub(super) fn open(place: &'a SessionContext) -> Result<Self, Failure> {
        let options = StoreOptions {
            actor: place.actor.to_string(),
            scope: place.scope.clone(),
        };
        let store = Store::open(&place.file, options).map_err(|error| failure(&error))?;
        let store = ManuallyDrop::new(store);
        Ok(Self { store, place })
    }

    /// For a command that only reads: a file that somebody named must be there.
    pub(super) fn open_to_read(place: &'a SessionContext) -> Result<Self, Failure> {
        let kept = Self::open(place)?;
        if place.named && !kept.store.exists() {
            return Err(no_file(place));
        }
        Ok(kept)
    }

    pub(super) fn wardrobe(&self) -> &Wardrobe {
        self.store.wardrobe()
    }

    /// Makes a change, commits it and says what happened. A command says what is to be so, whatever was before: when
    /// somebody else was quicker it is worked out again on what is there now.
    pub(super) fn change(
        self,
        out: &mut Output,
        make: impl Fn(&mut Wardrobe) -> Result<Group, EditError>,
    ) -> Result<(), Failure> {
        self.change_in_words(out, |wardrobe| {
            let group = make(wardrobe)?;
            let what = describe::group(&group);
            Ok((group, what))
        })
    }

    /// The same with words of its own for what was done.
    pub(super) fn change_in_words(
        mut self,
        out: &mut Output,
        make: impl Fn(&mut Wardrobe) -> Result<(Group, String), Failure>,
    ) -> Result<(), Failure> {
        let mut tries = TRIES;
        loop {
            let (group, what) = make(&mut self.wardrobe().clone())?;
            if group.is_empty() {
                self.may_write()?;
                return out.line("nothing to change: it is so already");
            }
            tries -= 1;
            match self.commit(group.into(), out) {
                Ok(None) => return out.line("nothing to change: it is so already"),
                Ok(Some(revision)) => return out.line(&format!("{what} (revision {revision})")),
                Err(CommitFailure::Refused(EditError::Conflict { .. })) if tries > 0 => {
                    self.store.refresh().map_err(|error| failure(&error))?;
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
    }

    /// Commits one change; gives its revision, `None` when it makes no difference any more.
    pub(super) fn commit(&mut self, change: Change, out: &mut Output) -> Result<Option<u64>, CommitFailure> {
        self.may_write().map_err(CommitFailure::Failed)?;
        let is_new = place_is_new(self.place, &self.store);
        let results = self.store.commit(&[change]);
        let results = results.map_err(|error| CommitFailure::Failed(failure(&error)))?;
        match results.into_iter().next() {
            Some(Ok(Some(revision))) => {
                out.saved();
                if is_new {
                    let file = self.place.file.display();
                    out.line(&format!("New file: {file}"))
                        .map_err(CommitFailure::Failed)?;
                }
                Ok(Some(revision))
            }
            Some(Err(error)) => Err(CommitFailure::Refused(error)),
            Some(Ok(None)) | None => Ok(None),
        }
    }

    /// Refuses a change in a session that only looks.
    pub(super) fn may_write(&self) -> Result<(), Failure> {
        if self.place.scope.read_only {
            return Err(Failure::not_allowed("this session is read-only"));
        }
        Ok(())
    }
}

/// Why a change was not committed.
pub(super) enum CommitFailure {
    /// What is there does not allow it.
    Refused(EditError),
    /// It could not be written.
    Failed(Failure),
}

impl From<CommitFailure> for Failure {
    fn from(trouble: CommitFailure) -> Self {
        match trouble {
            CommitFailure::Refused(error) => error.into(),
            CommitFailure::Failed(failure) => failure,
        }
    }
}

/// The data file that somebody named is not there.
pub(super) fn no_file(place: &SessionContext) -> Failure {
    Failure::error(format!("{}: there is no such file", place.file.display()))
}

/// Whether a change will make the data file that somebody named: a slip in its name must not go unseen.
fn place_is_new(place: &SessionContext, store: &Store) -> bool {
    place.named && !store.exists()
}

/// The sentence and the exit code.
pub(super) fn failure(error: &store::StoreError) -> Failure {
    Failure::with(error.exit_code(), error.to_string())
}
