//! `hatrack expire`: removes expired hats. A timer can run this command on machines on which the screen is not always open
//! and `hatrack follow` does not run.

use std::io::{IsTerminal as _, stderr, stdin};

use jiff::Timestamp;

use super::args::ExpireArgs;
use super::confirm;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::{CommitFailure, MAX_ATTEMPTS, OpenStore, store_failure};
use super::output::{Output, saved_text};
use crate::app::describe;
use crate::model::{EditError, EditGroup};
use crate::store::Change;
use crate::sync::late_expiry;

/// The command that removes expired hats without asking.
const CONFIRMED_COMMAND: &str = "hatrack expire --yes";
const NONE_EXPIRED: &str = "No changes: no hats have expired";

pub(super) fn run(args: &ExpireArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let mut data = OpenStore::open_existing(context)?;
    if args.dry_run {
        let group = data
            .wardrobe()
            .clone()
            .remove_ended_hats(Timestamp::now(), |_| true);
        return if group.is_empty() {
            out.line(NONE_EXPIRED)
        } else {
            out.line(&format!(
                "Would {}",
                describe::group_infinitive(&group, data.wardrobe(), &context.zone())
            ))
        };
    }
    data.check_writable()?;
    let mut confirmed = args.yes;
    loop {
        match remove_expired(&mut data, confirmed, out)? {
            ExpireOutcome::Removed(group, revision) => {
                let summary = describe::group(&group, data.wardrobe(), &context.zone());
                return out.line(&saved_text(&summary, revision));
            }
            ExpireOutcome::Nothing => return out.line(NONE_EXPIRED),
            ExpireOutcome::Late(users) => {
                let late = late_text(users, context);
                if !stdin().is_terminal() || !stderr().is_terminal() {
                    return Err(Failure::with_code(
                        5,
                        format!("{late} Use {CONFIRMED_COMMAND} to remove them"),
                    ));
                }
                confirmed = confirm::ask(&format!("{late} Remove them?"), CONFIRMED_COMMAND, out)?;
                if !confirmed {
                    return out.line("Canceled");
                }
            }
        }
    }
}

/// Returns the message that no hats are removed because this number of users would lose hats that expired long ago.
pub(super) fn late_text(users: usize, context: &SessionContext) -> String {
    let now = context.zone().to_datetime(Timestamp::now());
    format!(
        "{} would lose hats that expired more than a day ago, so nothing is removed. Check the clock: it says {}.",
        describe::count(users, "user"),
        now.strftime("%Y-%m-%d %H:%M")
    )
}

/// The outcome of removing expired hats.
pub(super) enum ExpireOutcome {
    /// There were no expired hats.
    Nothing,
    /// The expired hats were removed with this group of edits, in this revision.
    Removed(EditGroup, u64),
    /// Nothing was removed: this number of users would lose hats that expired long ago, which must be confirmed.
    Late(usize),
}

/// Removes the hats that have expired. Unless `confirmed`, removes nothing if many users would lose hats that expired
/// long ago (see [`late_expiry`]).
pub(super) fn remove_expired(
    data: &mut OpenStore<'_>,
    confirmed: bool,
    out: &mut Output,
) -> Result<ExpireOutcome, CommitFailure> {
    let mut attempts_left = MAX_ATTEMPTS;
    loop {
        let mut next = data.wardrobe().clone();
        let now = Timestamp::now();
        let group = next.remove_ended_hats(now, |_| true);
        if group.is_empty() {
            return Ok(ExpireOutcome::Nothing);
        }
        if let Some(users) = late_expiry(&group, now).filter(|_| !confirmed) {
            return Ok(ExpireOutcome::Late(users));
        }
        let change = Change::expired(group.clone());
        attempts_left -= 1;
        match data.commit(change, out) {
            Ok(Some(revision)) => return Ok(ExpireOutcome::Removed(group, revision)),
            Ok(None) => return Ok(ExpireOutcome::Nothing),
            // Another writer changed these hats, so the expired hats are computed again.
            Err(CommitFailure::Refused(EditError::Conflict { .. })) if attempts_left > 0 => {
                let refreshed = data.store.refresh();
                refreshed.map_err(|error| CommitFailure::Failed(store_failure(&error)))?;
            }
            Err(error) => return Err(error),
        }
    }
}
