//! Parses times in the past as people write them: on the command line, and where the history asks for one.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Timestamp, ToSpan, ZonedDateTime};

use super::until::{YearlyDate, parse_named_date};

/// Examples of accepted times, for an error.
pub const EXAMPLES: &str =
    "2026-01-31, \"31 January\", \"2026-01-31 18:00\", 2026-01-31T18:00:00Z, yesterday or \"2 hours ago\"";

/// Parses a time: with its zone (RFC 3339); a date, a date and time, or a time of today, in the zone of `now`; `now`,
/// `today` or `yesterday`; or how long ago it is (`2 hours`, `3d`). A date means the start of that day. Times in the
/// future are accepted. `None` if the text is not a time.
pub fn parse(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    let text = text.trim();
    relative(text, now).or_else(|| absolute(text, now))
}

/// Like [`parse`], for the start of a period; `all` stands for the earliest time.
pub fn parse_start(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    if text.trim().eq_ignore_ascii_case("all") {
        Some(Timestamp::MIN)
    } else {
        parse(text, now)
    }
}

/// The day of a time as [`parse`] accepts it: `today`, `yesterday` or a date.
pub(super) fn day(time: Timestamp, now: &ZonedDateTime) -> String {
    let date = now.time_zone().to_datetime(time).date();
    if date == now.date() {
        "today".into()
    } else if now.date().yesterday().is_ok_and(|yesterday| yesterday == date) {
        "yesterday".into()
    } else {
        date.to_string()
    }
}

fn relative(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    let moment = match text.to_lowercase().as_str() {
        "now" => now.clone(),
        "today" => now.start_of_day().ok()?,
        "yesterday" => now.checked_sub(1.day()).ok()?.start_of_day().ok()?,
        text => now.checked_sub(text.parse::<Span>().ok()?.abs()).ok()?,
    };
    Some(moment.timestamp())
}

fn absolute(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    // A civil time would silently drop an offset or a zone in brackets.
    if text.contains(['+', '[']) {
        return None;
    }
    let local = match (text.parse::<DateTime>(), text.parse::<Time>()) {
        (Ok(local), _) => local,
        (_, Ok(time)) => now.date().to_datetime(time),
        _ => named_date(text, now.date())?,
    };
    let moment = local.to_zoned_datetime(now.time_zone().clone()).ok()?;
    Some(moment.timestamp())
}

/// Parses a date with the name of the month, perhaps with a time: `31 January`, `January 31, 2026 18:00`. Without a
/// year, the last such date up to today is meant.
fn named_date(text: &str, today: Date) -> Option<DateTime> {
    let date = |text: &str| parse_named_date(text, today, YearlyDate::Last);
    match text.rsplit_once(' ') {
        Some((day, time)) if time.contains(':') => Some(date(day)?.to_datetime(time.parse().ok()?)),
        _ => Some(date(text)?.to_datetime(Time::midnight())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_times_as_people_write_them() {
        let now: ZonedDateTime = "2026-03-01T12:30:00+02:00[+02:00]".parse().unwrap();
        let at = |text: &str| parse(text, &now).map(|moment| moment.to_string());
        for (text, expected) in [
            ("2026-01-31", "2026-01-30T22:00:00Z"),
            ("2026-01-31 18:00", "2026-01-31T16:00:00Z"),
            ("2026-01-31T18:00:05", "2026-01-31T16:00:05Z"),
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
            ("2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00Z"),
            ("2026-01-31T12:00-05:00", "2026-01-31T17:00:00Z"),
            ("31 January 2026", "2026-01-30T22:00:00Z"),
            ("January 31, 2026 18:00", "2026-01-31T16:00:00Z"),
            ("31 Dec", "2025-12-30T22:00:00Z"),
            ("1 March", "2026-02-28T22:00:00Z"),
            ("18:00", "2026-03-01T16:00:00Z"),
            ("now", "2026-03-01T10:30:00Z"),
            ("today", "2026-02-28T22:00:00Z"),
            ("Yesterday", "2026-02-27T22:00:00Z"),
            ("2 hours", "2026-03-01T08:30:00Z"),
            ("2 hours ago", "2026-03-01T08:30:00Z"),
            ("90m", "2026-03-01T09:00:00Z"),
            ("3 days", "2026-02-26T10:30:00Z"),
            ("1 month", "2026-02-01T10:30:00Z"),
        ] {
            assert_eq!(at(text).as_deref(), Some(expected), "{text}");
        }
        for bad in [
            "",
            "2",
            "soon",
            "2026-13-01",
            "31.01.2026",
            "31 February 2026",
            "31 January noon",
            "2026-01-31T12:00+99:00",
            "2026-01-31T12:00[Nowhere/City]",
            "999999999999 years",
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }

    #[test]
    fn start_of_a_period_may_be_all() {
        let now: ZonedDateTime = "2026-03-01T00:30:00+02:00[+02:00]".parse().unwrap();
        assert_eq!(parse_start(" All ", &now), Some(Timestamp::MIN));
        assert_eq!(parse_start("today", &now), parse("today", &now));
        assert_eq!(parse("all", &now), None);
    }

    #[test]
    fn shown_day_can_be_parsed() {
        let now: ZonedDateTime = "2026-03-01T12:30:00+02:00[+02:00]".parse().unwrap();
        for (time, expected) in [
            ("2026-02-28T22:00:00Z", "today"),
            ("2026-02-28T21:59:00Z", "yesterday"),
            ("2026-02-27T12:00:00Z", "2026-02-27"),
        ] {
            let shown = day(time.parse().unwrap(), &now);
            assert_eq!(shown, expected, "{time}");
            assert!(parse(&shown, &now).is_some(), "{shown}");
        }
    }
}
