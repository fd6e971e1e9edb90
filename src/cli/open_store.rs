//! The data file of a command: opening it, changing it, and reporting errors.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;

use super::context::SessionContext;
use super::failure::Failure;
use super::output::{Output, saved_text};
use crate::app::describe;
use crate::model::{Affiliation, EditError, EditGroup, Jid, Wardrobe};
use crate::server::ServerSettings;
use crate::store::{self, Change, ChangeReason, Refreshed, Store, StoreOptions};
use crate::sync::room_with_changed_affiliation;

/// The maximum number of attempts to commit a change while it conflicts with changes by other writers.
pub(super) const MAX_ATTEMPTS: usize = 5;

/// The open data file of a command.
pub(super) struct OpenStore<'a> {
    /// Never dropped: freeing a large wardrobe takes time, and the process ends with the command.
    pub(super) store: ManuallyDrop<Store>,
    context: &'a SessionContext,
    /// The reason that [`Self::change`] records.
    reason: Option<ChangeReason>,
}

impl<'a> OpenStore<'a> {
    pub(super) fn open(context: &'a SessionContext) -> Result<Self, Failure> {
        let options = StoreOptions {
            actor: context.actor.to_string(),
            scope: context.scope.clone(),
            ..StoreOptions::default()
        };
        let store = Store::open(&context.file, options).map_err(|error| store_failure(&error))?;
        let store = ManuallyDrop::new(store);
        Ok(Self {
            store,
            context,
            reason: None,
        })
    }

    /// Sets the reason that [`Self::change`] records.
    pub(super) fn with_reason(self, reason: Option<&ChangeReason>) -> Self {
        Self {
            reason: reason.cloned(),
            ..self
        }
    }

    /// Opens the data file, which must exist if it was named explicitly.
    pub(super) fn open_existing(context: &'a SessionContext) -> Result<Self, Failure> {
        let data = Self::open(context)?;
        if context.file_is_explicit && !data.store.exists() {
            return Err(no_such_file(context));
        }
        Ok(data)
    }

    pub(super) fn wardrobe(&self) -> &Wardrobe {
        self.store.wardrobe()
    }

    /// Makes a change, commits it and prints a summary. If the commit conflicts with a change by another writer, calls
    /// `make` again with the current data, as the user of the command wants the result in any case.
    pub(super) fn change(
        self,
        out: &mut Output,
        make: impl Fn(&mut Wardrobe) -> Result<EditGroup, EditError>,
    ) -> Result<(), Failure> {
        let context = self.context;
        self.change_with_summary(out, |wardrobe| {
            let group = make(wardrobe).map_err(|error| refusal(error, wardrobe, context))?;
            let summary = describe::group(&group, wardrobe, &context.zone());
            Ok((group, summary))
        })
    }

    /// Like [`Self::change`], but `make` also returns the summary.
    pub(super) fn change_with_summary(
        mut self,
        out: &mut Output,
        make: impl Fn(&mut Wardrobe) -> Result<(EditGroup, String), Failure>,
    ) -> Result<(), Failure> {
        let mut attempts_left = MAX_ATTEMPTS;
        loop {
            let (group, summary) = make(&mut self.wardrobe().clone())?;
            if group.is_empty() {
                self.check_writable()?;
                return out.line("Nothing changed");
            }
            attempts_left -= 1;
            let change = Change {
                reason: self.reason.clone(),
                ..Change::from(group)
            };
            match self.commit(change, out) {
                Ok(None) => return out.line("Nothing changed"),
                Ok(Some(revision)) => {
                    return out.line(&saved_text(&summary, revision));
                }
                Err(CommitFailure::Refused(EditError::Conflict { .. })) if attempts_left > 0 => {
                    self.store.refresh().map_err(|error| store_failure(&error))?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Commits one change and returns its revision; `None` if the change has no effect on the current data.
    pub(super) fn commit(&mut self, change: Change, out: &mut Output) -> Result<Option<u64>, CommitFailure> {
        self.check_writable().map_err(CommitFailure::Failed)?;
        // A change with its own actor comes from a server or removes expired hats, so the rights of this session do not
        // apply to it.
        if change.actor.is_none() {
            let checked = self.check_permitted(&change.group);
            checked.map_err(CommitFailure::Failed)?;
        }
        let is_new = creates_explicit_file(self.context, &self.store);
        let hooks = self.context.commit_hooks().map_err(CommitFailure::Failed)?;
        self.store.set_hooks(hooks);
        let results = self.store.commit(&[change]);
        let results = results.map_err(|error| CommitFailure::Failed(store_failure(&error)))?;
        match results.into_iter().next() {
            Some(Ok(Some(revision))) => {
                out.mark_saved();
                if is_new {
                    let file = self.context.file.display();
                    out.line(&format!("Created {file}"))
                        .map_err(CommitFailure::Failed)?;
                }
                Ok(Some(revision))
            }
            Some(Err(error)) => Err(CommitFailure::Refused(error)),
            Some(Ok(None)) | None => Ok(None),
        }
    }

    /// Reads the data file again if another writer has changed it. Returns whether it has.
    pub(super) fn refresh(&mut self) -> Result<bool, Failure> {
        let refreshed = self.store.refresh().map_err(|error| store_failure(&error))?;
        Ok(refreshed == Refreshed::Changed)
    }

    /// The live servers that the session may see.
    pub(super) fn servers(&self) -> Result<Vec<ServerSettings>, Failure> {
        self.context.servers()
    }

    /// Returns an error if a change exceeds the rights of the session, or if it changes an affiliation in a room of a server
    /// whose affiliations are only received (`affiliations = "show"`).
    pub(super) fn check_permitted(&self, group: &EditGroup) -> Result<(), Failure> {
        let permitted = self.context.scope.rights.permit(group);
        permitted.map_err(EditError::from)?;
        let rooms: BTreeSet<&Jid> = group.0.iter().filter_map(room_with_changed_affiliation).collect();
        if rooms.is_empty() {
            return Ok(());
        }
        let servers = self.context.servers()?;
        let problem = rooms.into_iter().find_map(|room| {
            let server = servers.iter().find(|server| server.is_linked(room))?;
            server.entry.affiliation_problem(room)
        });
        problem.map_or(Ok(()), |problem| Err(Failure::not_allowed(problem)))
    }

    /// Returns an error in a read-only session.
    pub(super) fn check_writable(&self) -> Result<(), Failure> {
        if self.context.scope.read_only {
            return Err(Failure::not_allowed("this session is read-only"));
        }
        Ok(())
    }
}

/// The reason why a change was not committed.
pub(super) enum CommitFailure {
    /// The change cannot be applied to the current data, for example because of a conflict.
    Refused(EditError),
    /// The change is not permitted in this session, or it could not be saved.
    Failed(Failure),
}

impl From<CommitFailure> for Failure {
    fn from(error: CommitFailure) -> Self {
        match error {
            CommitFailure::Refused(error) => Self::without_advice(error),
            CommitFailure::Failed(failure) => failure,
        }
    }
}

/// Converts the error of an operation to a failure. If the user is not affiliated with the room, the failure says that the
/// user is banned, or advises how to change the affiliation.
pub(super) fn refusal(error: EditError, wardrobe: &Wardrobe, context: &SessionContext) -> Failure {
    let EditError::NotAffiliated { room, user } = &error else {
        return error.into();
    };
    let affiliation = wardrobe.user(room, user).map(|user| user.affiliation);
    if affiliation == Some(Affiliation::Outcast) {
        return Failure::not_found(format!("{user} is banned from {room} and cannot get a hat"));
    }
    let servers = context.servers().unwrap_or_default();
    let mut linked_servers = servers.iter().filter(|server| server.is_linked(room));
    match linked_servers.find_map(|server| server.entry.affiliation_problem(room)) {
        Some(problem) => Failure::not_found(error).with_advice(problem),
        None => error.into(),
    }
}

/// The error for a data file that does not exist.
pub(super) fn no_such_file(context: &SessionContext) -> Failure {
    Failure::error(format!("{}: no such file", context.file.display()))
}

/// Whether the next commit will create a data file that was named explicitly. The command prints this, as the name may have
/// a typo.
fn creates_explicit_file(context: &SessionContext, store: &Store) -> bool {
    context.file_is_explicit && !store.exists()
}

/// Converts a store error to a failure with its exit code.
pub(super) fn store_failure(error: &store::StoreError) -> Failure {
    Failure::with_code(error.exit_code(), error.to_string())
}
