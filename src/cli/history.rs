//! `hatrack history`: prints the history, newest first, or deletes old entries.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime, civil};

use super::args::HistoryArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::moment;
use super::open_store::{OpenStore, no_such_file, store_failure};
use super::output::Output;
use crate::app::describe;
use crate::app::filter::Filter;
use crate::app::suggest::hats_with_title;
use crate::model::{HatId, Jid, Wardrobe, write};
use crate::store::{self, HatFilter, HistoryEntry, HistoryFilter, HistoryQuery, read_history};

/// The default maximum number of entries in a table.
const DEFAULT_LIMIT: usize = 100;
/// The maximum number of entries that are read at a time.
const PAGE_SIZE: usize = 500;

pub(super) fn run(args: &HistoryArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    if let Some(before) = &args.forget {
        return forget(before, context, out);
    }
    let filter = filter(args, context)?;
    let search = Filter::of(args.search.as_deref().unwrap_or_default());
    if context.file_is_explicit && !store::data_or_history_exists(&context.file) {
        return Err(no_such_file(context));
    }
    let default_limit = if args.json { usize::MAX } else { DEFAULT_LIMIT };
    let zone = context.zone();
    // Without a readable data file, hats are named by the titles in the history.
    let data = OpenStore::open(context).ok();
    let wardrobe = data.map(|data| data.wardrobe().clone()).unwrap_or_default();
    let mut printer = Printer {
        json: args.json,
        wardrobe: wardrobe.clone(),
        zone: zone.clone(),
        printed: 0,
        hint: search.quotes_hint(),
    };
    let (mut remaining, mut from, mut unreadable) = (args.limit.unwrap_or(default_limit), None, 0);
    let has_more = loop {
        if remaining == 0 {
            break from.is_some();
        }
        let query = HistoryQuery {
            filter: filter.clone(),
            from,
            limit: remaining.min(PAGE_SIZE),
        };
        let page =
            read_history(&context.file, &context.scope, &query).map_err(|error| store_failure(&error))?;
        let mut entries = page.entries;
        entries.retain(|entry| search.matches_entry(entry, &wardrobe, &zone));
        remaining = remaining.saturating_sub(entries.len());
        unreadable += page.unreadable;
        printer.print_page(&entries, out)?;
        from = page.next;
        if from.is_none() {
            break false;
        }
    };
    printer.print_end(has_more && args.limit.is_none(), unreadable, out)
}

fn filter(args: &HistoryArgs, context: &SessionContext) -> Result<HistoryFilter, Failure> {
    let room = args.room.as_deref().map(Jid::parse_room_input).transpose();
    let user = args.user.as_deref().map(Jid::parse_input).transpose();
    let now = ZonedDateTime::now().with_time_zone(context.zone());
    let moment = |text: &Option<String>| text.as_deref().map(|text| moment::parse(text, &now)).transpose();
    let room = room.map_err(Failure::invalid_argument)?;
    Ok(HistoryFilter {
        user: user.map_err(Failure::invalid_argument)?,
        hat: args
            .hat
            .as_deref()
            .map(|hat| hat_filter(hat, room.as_ref(), context))
            .transpose()?,
        room,
        actor: args.by.clone(),
        since: moment(&args.since)?,
        until: moment(&args.until)?,
    })
}

/// Returns the filter for a hat that is given by its ID, or by a title in the data file or in the history. Several hats may
/// have the title; the filter accepts all of them.
fn hat_filter(text: &str, room: Option<&Jid>, context: &SessionContext) -> Result<HatFilter, Failure> {
    let id = HatId::unchecked(text);
    if id.is_uri() {
        return Ok(id.into());
    }
    let data = OpenStore::open(context)?;
    let named = hats_with_title(data.wardrobe(), room, text).into_iter();
    Ok(HatFilter {
        ids: named.map(|(hat, _)| hat).chain([id]).collect(),
        title: Some(text.into()),
    })
}

/// Prints entries page by page, as a table or as a JSON array.
struct Printer {
    json: bool,
    wardrobe: Wardrobe,
    zone: TimeZone,
    /// The number of entries printed so far.
    printed: usize,
    /// How to search for a title with spaces, if nothing was found.
    hint: Option<String>,
}

impl Printer {
    fn print_page(&mut self, entries: &[HistoryEntry], out: &mut Output) -> Result<(), Failure> {
        if self.json {
            for entry in entries {
                let separator = if self.printed == 0 { "[\n" } else { ",\n" };
                self.printed += 1;
                out.json(format!("{separator}{}", write::compact(entry)).as_bytes())?;
            }
            return Ok(());
        }
        if entries.is_empty() {
            return Ok(());
        }
        let is_first = self.printed == 0;
        self.printed += entries.len();
        let rows: Vec<_> = entries
            .iter()
            .map(|entry| row(entry, &self.wardrobe, &self.zone))
            .collect();
        let head = ["REVISION", "TIME", "ACTOR", "CHANGE"];
        if is_first {
            out.table(&head, &rows)
        } else {
            out.more_rows(&head, &rows)
        }
    }

    /// Prints the end of a JSON array, and remarks on the list. `has_more`: whether to mention that there are older entries.
    fn print_end(&self, has_more: bool, unreadable: usize, out: &mut Output) -> Result<(), Failure> {
        let unreadable = (unreadable > 0).then(|| {
            let lines = describe::count(unreadable, "damaged line");
            format!("{lines} skipped; run hatrack check.")
        });
        if self.json {
            out.json(if self.printed == 0 { b"[]\n" } else { b"\n]\n" })?;
            return unreadable.map_or(Ok(()), |remark| out.warn(&remark));
        }
        if self.printed == 0 {
            out.line("No matching entries.")?;
            if let Some(hint) = &self.hint {
                out.line(&format!("{hint}."))?;
            }
        }
        if has_more {
            out.line("There are older entries; use --limit N to show more.")?;
        }
        unreadable.map_or(Ok(()), |remark| out.line(&remark))
    }
}

fn row(entry: &HistoryEntry, wardrobe: &Wardrobe, zone: &TimeZone) -> Vec<String> {
    let description = describe::entry_with_servers(entry, wardrobe, zone);
    let time = zone.to_datetime(entry.time).strftime("%Y-%m-%d %H:%M:%S");
    vec![
        entry.revision.to_string(),
        time.to_string(),
        entry.actor.to_string(),
        description,
    ]
}

fn forget(before: &str, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    context.require_unrestricted("history --forget")?;
    let cutoff = parse_cutoff(before, &TimeZone::system())?;
    let mut data = OpenStore::open(context)?;
    let lines = data.store.forget(cutoff).map_err(|error| store_failure(&error))?;
    out.mark_saved();
    let entries = if lines == 1 { "entry" } else { "entries" };
    out.line(&format!("Deleted {lines} {entries} from before {cutoff}"))
}

/// Parses a date (its start in `zone`) or a time with its zone.
fn parse_cutoff(text: &str, zone: &TimeZone) -> Result<Timestamp, Failure> {
    let day = || text.parse::<civil::Date>().ok();
    let start = |day: civil::Date| day.to_zoned_datetime(zone.clone()).ok();
    // A date with a time but without a zone would also parse as a date, so only texts of the length of a date are dates.
    let found = match text.parse::<Timestamp>() {
        Ok(moment) => Some(moment),
        Err(_) if text.len() == "2026-01-31".len() => {
            day().and_then(start).as_ref().map(ZonedDateTime::timestamp)
        }
        Err(_) => None,
    };
    found.ok_or_else(|| {
        Failure::usage(format!(
            "invalid date or time {text:?}; use 2026-01-31 or 2026-01-31T12:00:00Z"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_use_local_zone_and_times_need_a_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let parsed = |text: &str| parse_cutoff(text, &zone).map(|moment| moment.to_string());
        assert_eq!(parsed("2026-01-31").as_deref(), Ok("2026-01-30T22:00:00Z"));
        assert_eq!(
            parsed("2026-01-31T12:00:00Z").as_deref(),
            Ok("2026-01-31T12:00:00Z")
        );
        assert_eq!(
            parsed("2026-01-31T12:00:00+01:00").as_deref(),
            Ok("2026-01-31T11:00:00Z")
        );
        for bad in ["", "yesterday", "2026-13-01", "2026-01-31T12:00:00", "31.01.2026"] {
            assert_eq!(parsed(bad).unwrap_err().code, 2, "{bad}");
        }
    }
}
