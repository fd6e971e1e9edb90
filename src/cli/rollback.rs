//! `hatrack undo --by NAME --since TIME`: undoes all changes of a person since a time, as one change.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use super::args::UndoArgs;
use super::confirm;
use super::context::SessionContext;
use super::failure::Failure;
use super::moment;
use super::open_store::{OpenStore, store_failure};
use super::output::{Output, saved_text};
use crate::app::describe;
use crate::app::rollback::{COMBINED, Rollback, RollbackTarget};
use crate::model::{Edit, Wardrobe};
use crate::store::{Change, HistoryEntry, HistoryFilter, HistoryQuery, person};
use crate::sync::room_with_changed_affiliation;

/// The maximum number of entries that are read at a time.
const PAGE_SIZE: usize = 500;

pub(super) fn run(
    (by, since): (&str, &str),
    args: &UndoArgs,
    context: &SessionContext,
    out: &mut Output,
) -> Result<(), Failure> {
    let zone = context.zone();
    let since = moment::parse_start(since, &ZonedDateTime::now().with_time_zone(zone.clone()))?;
    let mut data = OpenStore::open_existing(context)?;
    if !args.dry_run {
        data.check_writable()?;
    }
    let plan = plan(&data, by, since, &zone)?;
    if plan.is_empty() {
        return out.line("No changes: already undone");
    }
    data.check_permitted(&plan.group)?;
    print(&plan, data.wardrobe(), &zone, out)?;
    if plan.is_combined() {
        out.line(COMBINED)?;
    }
    let changes = format!("{} by {by}", describe::count(plan.undone, "change"));
    if plan.group.is_empty() {
        return out.line("No changes: everything is skipped");
    }
    if args.dry_run {
        return out.line(&format!("Would undo {changes}"));
    }
    if !args.yes && !confirm::ask(&format!("Undo {changes}?"), "undo --yes", out)? {
        return out.line("Canceled: nothing was changed");
    }
    let summary = plan.describe(data.wardrobe(), &zone);
    // Hats that have expired meanwhile are restored without their expiry time, unless later edits of the group could then
    // no longer be applied.
    let group = plan.group.without_past_ends(Timestamp::now()).into_owned();
    let can_apply = data.wardrobe().clone().apply(&group).is_ok();
    let change = Change {
        rolled_back: Some(plan.undone_count()),
        reason: args.reason_option.reason.clone(),
        ..Change::from(if can_apply { group } else { plan.group })
    };
    match data.commit(change, out)? {
        Some(revision) => out.line(&saved_text(&summary, revision)),
        None => out.line("No changes: already undone"),
    }
}

/// Computes the rollback of all changes by a person since a time.
///
/// Errors: there are no such changes; the advice names the people who made changes since then.
fn plan(data: &OpenStore, by: &str, since: Timestamp, zone: &TimeZone) -> Result<Rollback, Failure> {
    let is_theirs = |entry: &HistoryEntry| person(&entry.actor) == by;
    let (mut revisions, mut actors) = (HashSet::new(), BTreeSet::new());
    for_each_since(data, since, |entry| {
        if is_theirs(entry) {
            revisions.insert(entry.revision);
        }
        actors.insert(person(&entry.actor).to_owned());
    })?;
    let Some(oldest) = revisions.iter().min() else {
        let since_then = if since == Timestamp::MIN {
            ""
        } else {
            " since then"
        };
        let since = match since {
            since if since == Timestamp::MIN => String::new(),
            since => zone
                .to_datetime(since)
                .strftime(" since %Y-%m-%d %H:%M:%S")
                .to_string(),
        };
        let others: Vec<String> = actors.into_iter().collect();
        let others = match others.as_slice() {
            [] => "nobody changed anything".to_owned(),
            names => format!("only {} made changes{since_then}", names.join(", ")),
        };
        let failure = Failure::not_found(format!("no changes by {by}{since}"));
        return Err(failure.with_advice(others));
    };
    let entries = data.store.history_since(*oldest);
    let entries = entries.map_err(|error| store_failure(&error))?;
    let entries: Vec<Arc<HistoryEntry>> = entries.into_iter().map(Arc::new).collect();
    let mut all = entries.iter().flat_map(|entry| &entry.group.0);
    let servers = if all.any(|edit| room_with_changed_affiliation(edit).is_some()) {
        data.servers()?
    } else {
        Vec::new()
    };
    let problem = |edit: &Edit| {
        let room = room_with_changed_affiliation(edit)?;
        let server = servers.iter().find(|server| server.is_linked(room))?;
        server.entry.affiliation_problem(room)
    };
    let target = RollbackTarget::Revisions(revisions);
    Ok(Rollback::plan(data.wardrobe(), &entries, &target, zone, problem))
}

/// Calls `visit` for all entries since a time, newest first.
fn for_each_since(
    data: &OpenStore,
    since: Timestamp,
    mut visit: impl FnMut(&HistoryEntry),
) -> Result<(), Failure> {
    let mut query = HistoryQuery {
        filter: HistoryFilter {
            since: Some(since),
            ..HistoryFilter::default()
        },
        from: None,
        limit: PAGE_SIZE,
    };
    loop {
        let page = data
            .store
            .history(&query)
            .map_err(|error| store_failure(&error))?;
        page.entries.iter().for_each(&mut visit);
        query.from = page.next;
        if query.from.is_none() {
            return Ok(());
        }
    }
}

/// Prints the changes that are undone and those that are skipped, as a table.
fn print(plan: &Rollback, wardrobe: &Wardrobe, zone: &TimeZone, out: &mut Output) -> Result<(), Failure> {
    let row = |result: &str, edit: &Edit, reason: Option<&str>| {
        let (name, action) = describe::subject_and_action(edit, wardrobe, zone);
        let reason = reason.map_or_else(String::new, |reason| format!("; {reason}"));
        vec![result.to_owned(), name, format!("{action}{reason}")]
    };
    let undone = plan.group.0.iter().map(|edit| row("undo", &edit.inverse(), None));
    let skipped = plan.skipped.iter();
    let skipped = skipped.map(|skipped| row("skipped", &skipped.edit, Some(&skipped.reason)));
    let rows: Vec<Vec<String>> = undone.chain(skipped).collect();
    out.table(&["RESULT", "NAME", "CHANGE"], &rows)
}
