//! Parses the times of `history` and `undo` as people write them on the command line.

use jiff::civil::{DateTime, Time};
use jiff::{Span, Timestamp, ToSpan, ZonedDateTime};

use super::failure::Failure;

/// Parses a time: a date and time with its zone (RFC 3339); a date, a date and time, or a time of today, in the time zone
/// of `now`; `now`, `today` or `yesterday`; or the duration since the time (`2 hours`, `3d`). A date means the start of
/// that day. Times in the future are accepted.
pub(super) fn parse(text: &str, now: &ZonedDateTime) -> Result<Timestamp, Failure> {
    let text = text.trim();
    let found = relative(text, now).or_else(|| absolute(text, now));
    found.ok_or_else(|| {
        Failure::usage(format!(
            "invalid time {text:?}; use for example 2026-01-31, \"2026-01-31 18:00\", 2026-01-31T18:00:00Z, yesterday or \"2 hours ago\""
        ))
    })
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
        _ => return None,
    };
    let moment = local.to_zoned_datetime(now.time_zone().clone()).ok()?;
    Some(moment.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_times_as_people_write_them() {
        let now: ZonedDateTime = "2026-03-01T12:30:00+02:00[+02:00]".parse().unwrap();
        let parsed = |text: &str| parse(text, &now).map(|moment| moment.to_string());
        for (text, expected) in [
            ("2026-01-31", "2026-01-30T22:00:00Z"),
            ("2026-01-31 18:00", "2026-01-31T16:00:00Z"),
            ("2026-01-31T18:00:05", "2026-01-31T16:00:05Z"),
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
            ("2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00Z"),
            ("2026-01-31T12:00-05:00", "2026-01-31T17:00:00Z"),
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
            assert_eq!(parsed(text).as_deref(), Ok(expected), "{text}");
        }
        for bad in [
            "",
            "2",
            "soon",
            "2026-13-01",
            "31.01.2026",
            "2026-01-31T12:00+99:00",
            "2026-01-31T12:00[Nowhere/City]",
            "999999999999 years",
        ] {
            assert_eq!(parsed(bad).map_err(|failure| failure.code), Err(2), "{bad}");
        }
    }
}
