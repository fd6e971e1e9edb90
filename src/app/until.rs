//! Parses and formats the time at which a hat expires: `Sunday`, `2 weeks`, `31 January`, `2027-01-31 18:00`. Days and
//! times are local to a time zone. A day without a time means the midnight at its end.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ZonedDateTime};

mod month;

pub use month::{YearlyDate, parse_named_date};

/// Durations from now of at least this length end at a full minute: the seconds are dropped.
const MIN_ROUNDED_DURATION: SignedDuration = SignedDuration::from_hours(1);

/// Examples of accepted texts, for hints and errors.
pub const EXAMPLES: &str = "Sunday, 2 weeks, 18:00, 2027-01-31 or 31 January 18:00";

/// Parses the time at which a hat expires; `None` for an empty text.
///
/// Errors: why the text is not a time in the future, for display.
pub fn parse(text: &str, now: &ZonedDateTime) -> Result<Option<Timestamp>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let lower = text.to_lowercase();
    if lower == "yesterday" || lower.ends_with(" ago") {
        return Err(format!("{:?} is in the past", excerpt(text)));
    }
    let Some(end) = parse_any(&lower, now) else {
        return Err(format!("{:?} is not a time; use {EXAMPLES}", excerpt(text)));
    };
    // Fractions of seconds, such as those of the current time, are dropped.
    let end = Timestamp::from_second(end.as_second()).unwrap_or(end);
    if end > now.timestamp() {
        Ok(Some(end))
    } else {
        Err(format!("{:?} is in the past", excerpt(text)))
    }
}

/// The start of a text, for errors.
fn excerpt(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into(),
    }
}

/// Parses a text in lower case that is not empty; the result may be in the past.
fn parse_any(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    if let Ok(exact) = text.to_uppercase().parse::<Timestamp>() {
        return Some(exact);
    }
    if let Ok(time) = parse_time(text) {
        let today = local_time(now.date(), time, now)?;
        let next = if today > *now {
            today
        } else {
            local_time(tomorrow(now)?, time, now)?
        };
        return Some(next.timestamp());
    }
    let (day, time) = match text.rsplit_once([' ', 't']) {
        Some((day, time)) if parse_time(time).is_ok() => (day.trim_end(), parse_time(time).ok()),
        _ => (text, None),
    };
    if let Some(day) = parse_day(day, now) {
        let end = match time {
            Some(time) => local_time(day, time, now)?,
            None => day
                .tomorrow()
                .ok()?
                .to_zoned_datetime(now.time_zone().clone())
                .ok()?,
        };
        return Some(end.timestamp());
    }
    let span: Span = text.strip_prefix("in ").unwrap_or(text).parse().ok()?;
    let end = now.checked_add(span).ok()?.timestamp();
    let is_exact = end.duration_since(now.timestamp()) < MIN_ROUNDED_DURATION;
    let seconds = if is_exact {
        0
    } else {
        end.as_second().rem_euclid(60)
    };
    Timestamp::from_second(end.as_second().checked_sub(seconds)?).ok()
}

/// Parses `18:00` or `18:00:30`; `18` alone is not a time.
fn parse_time(text: &str) -> Result<Time, jiff::Error> {
    Time::strptime("%H:%M", text).or_else(|_| Time::strptime("%H:%M:%S", text))
}

/// Parses a date, also with the name of the month, `today`, `tomorrow`, or at least three letters of a weekday, which
/// means the next such day after today.
fn parse_day(text: &str, now: &ZonedDateTime) -> Option<Date> {
    match text {
        "today" => return Some(now.date()),
        "tomorrow" => return tomorrow(now),
        _ => {}
    }
    if let Some(day) = weekday(text) {
        return now.date().nth_weekday(1, day).ok();
    }
    let date = Date::strptime("%Y-%m-%d", text).ok();
    date.or_else(|| parse_named_date(text, now.date(), YearlyDate::Next))
}

fn weekday(text: &str) -> Option<Weekday> {
    let begins_name = |name: &str| text.len() >= 3 && name.starts_with(text);
    WEEKDAYS
        .into_iter()
        .find(|(_, name)| begins_name(name))
        .map(|(day, _)| day)
}

const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Monday, "monday"),
    (Weekday::Tuesday, "tuesday"),
    (Weekday::Wednesday, "wednesday"),
    (Weekday::Thursday, "thursday"),
    (Weekday::Friday, "friday"),
    (Weekday::Saturday, "saturday"),
    (Weekday::Sunday, "sunday"),
];

fn tomorrow(now: &ZonedDateTime) -> Option<Date> {
    now.date().tomorrow().ok()
}

/// The time of a day, in the time zone of `now`. A time that the clock skips is moved forward by as much as the clock.
/// Of a time that the clock shows twice, returns the first if it is after `now`, else the second.
fn local_time(day: Date, time: Time, now: &ZonedDateTime) -> Option<ZonedDateTime> {
    let zone = now.time_zone().clone();
    let ambiguous = zone.into_ambiguous_zoned_datetime(DateTime::from_parts(day, time));
    let first = ambiguous.clone().compatible().ok()?;
    if first > *now {
        Some(first)
    } else {
        ambiguous.later().ok()
    }
}

/// Says when a hat expires, for lists: `expires 18:00` or `expires tonight` today, `expires Sun` in the next six days,
/// `expires Jan 31` in the next 300 days, else the date with the year. `expired` if that time has passed.
pub fn short(until: Timestamp, now: &ZonedDateTime) -> String {
    short_end(until, now).map_or_else(|| "expired".into(), |end| format!("expires {end}"))
}

/// Like [`short`], but without the word `expires`, for narrow lists.
pub fn shortest(until: Timestamp, now: &ZonedDateTime) -> String {
    short_end(until, now).unwrap_or_else(|| "expired".into())
}

/// The time as [`short`] shows it; `None` if it has passed.
fn short_end(until: Timestamp, now: &ZonedDateTime) -> Option<String> {
    if until <= now.timestamp() {
        return None;
    }
    let (end, day) = last_day(until, now.time_zone());
    let text = match now.date().until(day).map(|span| span.get_days()) {
        Ok(0) if day == end.date() => end.strftime("%H:%M"),
        Ok(0) => return Some("tonight".into()),
        Ok(1..=6) => day.strftime("%a"),
        Ok(7..=300) => day.strftime("%b %-d"),
        _ => day.strftime("%Y-%m-%d"),
    };
    Some(text.to_string())
}

/// Says when a hat expires, as a phrase: `on Sunday, 2027-01-31 at 18:00`, or `at the end of Sunday, 2027-01-31`.
pub fn explain(until: Timestamp, now: &ZonedDateTime) -> String {
    let (end, day) = last_day(until, now.time_zone());
    let date = day.strftime("%A, %Y-%m-%d");
    if day == end.date() {
        format!("on {date} at {}", time_of_day(&end))
    } else {
        format!("at the end of {date}")
    }
}

/// The full time at which a hat expires: `2027-01-31 18:00`, or only the day if it expires at the end of that day.
/// [`parse`] turns this into the same time, as long as it is in the future.
pub fn full(until: Timestamp, zone: &TimeZone) -> String {
    let (end, day) = last_day(until, zone);
    if day == end.date() {
        format!("{day} {}", time_of_day(&end))
    } else {
        day.to_string()
    }
}

/// `18:00`, with the seconds unless they are 0, and with the offset from UTC if the clock shows this time for the
/// second time.
fn time_of_day(end: &ZonedDateTime) -> String {
    let time = if end.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    let first = end.datetime().to_zoned_datetime(end.time_zone().clone());
    let offset = if first.is_ok_and(|first| first.timestamp() < end.timestamp()) {
        "%:z"
    } else {
        ""
    };
    end.strftime(&format!("{time}{offset}")).to_string()
}

/// The end in the time zone, and the last day on which the user has the hat. If the end is the start of a day, the last
/// day is the one before.
fn last_day(until: Timestamp, zone: &TimeZone) -> (ZonedDateTime, Date) {
    // Fractions of a second are shown nowhere.
    let until = Timestamp::from_second(until.as_second()).unwrap_or(until);
    let end = until.to_zoned_datetime(zone.clone());
    let is_start = end
        .start_of_day()
        .is_ok_and(|start| start.timestamp() == end.timestamp());
    let day = if is_start {
        end.date().yesterday().unwrap_or(end.date())
    } else {
        end.date()
    };
    (end, day)
}

#[cfg(test)]
mod tests;
