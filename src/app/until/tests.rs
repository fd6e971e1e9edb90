use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::model::Attachment;

/// A Saturday.
fn now() -> ZonedDateTime {
    "2026-11-28T15:30:20.5+01:00[+01:00]".parse().unwrap()
}

fn end(text: &str) -> String {
    match parse(text, &now()) {
        Ok(Some(end)) => full(end, now().time_zone()),
        Ok(None) => "none".into(),
        Err(error) => error,
    }
}

#[test]
fn parses_weekdays_dates_times_and_durations() {
    for (text, expected) in [
        ("", "none"),
        (" ", "none"),
        ("Sunday", "2026-11-29"),
        ("sun", "2026-11-29"),
        ("fri", "2026-12-04"),
        ("saturday", "2026-12-05"),
        ("Sunday 18:00", "2026-11-29 18:00"),
        ("today", "2026-11-28"),
        ("tomorrow", "2026-11-29"),
        ("tomorrow 09:15", "2026-11-29 09:15"),
        ("18:00", "2026-11-28 18:00"),
        ("15:30", "2026-11-29 15:30"),
        ("2 weeks", "2026-12-12 15:30"),
        ("in 2 weeks", "2026-12-12 15:30"),
        ("3d", "2026-12-01 15:30"),
        ("1 month", "2026-12-28 15:30"),
        ("90 min", "2026-11-28 17:00"),
        ("1d 2h", "2026-11-29 17:30"),
        ("2027-01-31", "2027-01-31"),
        ("2027-01-31 18:00", "2027-01-31 18:00"),
        ("2027-01-31T18:00", "2027-01-31 18:00"),
        ("2027-01-31 18:00:30", "2027-01-31 18:00:30"),
        ("31 January 2027", "2027-01-31"),
        ("31 Jan", "2027-01-31"),
        ("January 31, 2027 18:00", "2027-01-31 18:00"),
        ("28 Nov", "2026-11-28"),
        ("28 Nov 12:00", "\"28 Nov 12:00\" is in the past"),
        ("30s", "2026-11-28 15:30:50"),
        ("2027-01-31T18:00:00Z", "2027-01-31 19:00"),
        ("2027-01-31t18:00:00+01:00", "2027-01-31 18:00"),
    ] {
        assert_eq!(end(text), expected, "{text:?}");
    }
}

#[test]
fn refuses_past_times_and_texts_that_are_not_times() {
    for past in [
        "2026-11-27",
        "2020-01-01 10:00",
        "-2 weeks",
        "2 weeks ago",
        "2026-11-28T14:30:20Z",
    ] {
        assert_eq!(end(past), format!("{past:?} is in the past"));
    }
    for text in [
        "soon",
        "su",
        "18",
        "25:00",
        "31.01.2027",
        "2027-13-01",
        "2027-02-30",
        "2",
        "99999999 years",
        "2027-01-31 noon",
        "sun sun",
    ] {
        assert_eq!(end(text), format!("{text:?} is not a time; use {EXAMPLES}"));
    }
}

#[test]
fn days_end_at_their_midnight_also_when_clocks_change() {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let now = "2027-03-25T12:00:00Z"
        .parse::<Timestamp>()
        .unwrap()
        .to_zoned_datetime(zone);
    let end = |text: &str| parse(text, &now).unwrap().unwrap().to_string();
    // The last Sunday of March has 23 hours; its 02:30 does not exist.
    assert_eq!(end("sat"), "2027-03-27T23:00:00Z");
    assert_eq!(end("sun"), "2027-03-28T22:00:00Z");
    assert_eq!(end("sun 02:30"), "2027-03-28T01:30:00Z");
    assert_eq!(end("1 week"), "2027-04-01T11:00:00Z");
    assert_eq!(end("7d"), "2027-04-01T11:00:00Z");
    assert_eq!(end("168h"), "2027-04-01T12:00:00Z");
}

#[test]
fn short_times_depend_on_their_distance_from_now() {
    let shown = |text: &str| short(parse(text, &now()).unwrap().unwrap(), &now());
    for (text, expected) in [
        ("18:00", "expires 18:00"),
        ("today", "expires tonight"),
        ("Sunday", "expires Sun"),
        ("fri", "expires Fri"),
        ("sat", "expires Dec 5"),
        ("2027-01-31 18:00", "expires Jan 31"),
        ("2028-01-31", "expires 2028-01-31"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
    assert_eq!(short(now().timestamp(), &now()), "expired");
    let extreme =
        [Timestamp::MIN, Timestamp::MAX].map(|end| (short(end, &now()), full(end, now().time_zone())));
    assert_eq!(extreme[0].0, "expired");
    assert_eq!(extreme[1].0, "expires 9999-12-30");
    let end = |text: &str| full(text.parse().unwrap(), now().time_zone());
    assert_eq!(end("2027-01-01T23:00:00Z"), "2027-01-01");
    assert_eq!(end("2027-01-01T18:30:00Z"), "2027-01-01 19:30");
}

/// Time zones whose clocks change at 2:00 and 3:00 (Berlin), at midnight in both directions (São Paulo, by its former
/// rules), from 0:00 to 1:00 and from 1:00 back to 0:00 (Havana), by half an hour (Lord Howe Island), or never
/// (Kathmandu, UTC).
const ZONES: [&str; 6] = [
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "<-03>3<-02>,M10.3.0/0,M2.3.0/0",
    "CST5CDT,M3.2.0/0,M11.1.0/1",
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
    "<+0545>-5:45",
    "UTC0",
];

fn in_zone(now: &str, zone: &str) -> ZonedDateTime {
    let zone = TimeZone::posix(zone).unwrap();
    now.parse::<Timestamp>().unwrap().to_zoned_datetime(zone)
}

/// Zone, time of typing, typed text, resulting time in UTC, and the shown text.
const TYPED: &str = "
berlin | 2027-03-01T12:00:00Z | 2027-03-28 02:30 | 2027-03-28T01:30:00Z | 2027-03-28 03:30
berlin | 2026-10-01T12:00:00Z | 2026-10-25 02:30 | 2026-10-25T00:30:00Z | 2026-10-25 02:30
berlin | 2026-10-25T00:10:00Z | 02:30 | 2026-10-25T00:30:00Z | 2026-10-25 02:30
berlin | 2026-10-25T00:40:00Z | 02:30 | 2026-10-25T01:30:00Z | 2026-10-25 02:30+01:00
berlin | 2026-10-25T01:10:00Z | 02:30 | 2026-10-25T01:30:00Z | 2026-10-25 02:30+01:00
berlin | 2026-10-25T01:10:00Z | today 02:30 | 2026-10-25T01:30:00Z | 2026-10-25 02:30+01:00
berlin | 2026-10-25T01:40:00Z | 02:30 | 2026-10-26T01:30:00Z | 2026-10-26 02:30
berlin | 2026-10-24T10:00:00Z | tomorrow 9:00 | 2026-10-25T08:00:00Z | 2026-10-25 09:00
berlin | 2026-10-24T10:00:00Z | sunday | 2026-10-25T23:00:00Z | 2026-10-25
berlin | 2026-10-20T10:00:00Z | 2 weeks | 2026-11-03T11:00:00Z | 2026-11-03 12:00
sao paulo | 2027-10-10T12:00:00Z | 2027-10-16 | 2027-10-17T03:00:00Z | 2027-10-16
sao paulo | 2027-10-10T12:00:00Z | 2027-10-17 00:00 | 2027-10-17T03:00:00Z | 2027-10-16
sao paulo | 2027-02-15T12:00:00Z | 2027-02-20 | 2027-02-21T03:00:00Z | 2027-02-20
sao paulo | 2027-02-15T12:00:00Z | 2027-02-20 23:30 | 2027-02-21T01:30:00Z | 2027-02-20 23:30
havana | 2026-10-30T12:00:00Z | 2026-10-31 | 2026-11-01T04:00:00Z | 2026-10-31
havana | 2026-11-01T04:10:00Z | 00:00 | 2026-11-01T05:00:00Z | 2026-11-01 00:00-05:00
lord howe | 2027-04-03T15:00:00Z | 01:45 | 2027-04-03T15:15:00Z | 2027-04-04 01:45+10:30
";

#[test]
fn times_that_clocks_skip_or_show_twice_are_read_back_as_shown() {
    let zones = ["berlin", "sao paulo", "havana", "lord howe"]
        .into_iter()
        .zip(ZONES);
    let zones: std::collections::BTreeMap<&str, &str> = zones.collect();
    for line in TYPED.trim().lines() {
        let fields: Vec<&str> = line.split(" | ").collect();
        let [zone, now, text, stored, shown] = fields[..] else {
            panic!("{line}")
        };
        let now = in_zone(now, zones[zone]);
        let end = parse(text, &now).unwrap().unwrap();
        assert_eq!(
            (&*end.to_string(), &*full(end, now.time_zone())),
            (stored, shown),
            "{line}"
        );
        assert_eq!(parse(shown, &now), Ok(Some(end)), "{line}");
    }
    let [berlin, _, havana, ..] = ZONES;
    // A day that has ended is in the past, although the clock will show its midnight again.
    let now = in_zone("2026-11-01T04:10:00Z", havana);
    assert!(parse("2026-10-31", &now).is_err());
    let twice = "2026-10-25T01:30:00Z".parse().unwrap();
    let now = in_zone("2026-10-24T10:00:00Z", berlin);
    assert_eq!(explain(twice, &now), "on Sunday, 2026-10-25 at 02:30+01:00");
}

#[test]
fn a_week_is_seven_calendar_days() {
    let berlin = ZONES[0];
    for (now, stored) in [
        ("2027-03-24T11:00:59Z", "2027-03-31T10:00:00Z"),
        ("2026-10-21T10:00:59Z", "2026-10-28T11:00:00Z"),
    ] {
        let now = in_zone(now, berlin);
        let end = |text: &str| parse(text, &now).unwrap().unwrap();
        assert_eq!(end("7d").to_string(), stored);
        // The filter `~7d` finds a hat that was added with `7d` in the same minute, because both ends are rounded down
        // to the minute.
        assert_eq!(end("1 week"), end("7d"));
        assert_ne!(end("168h"), end("7d"));
    }
}

#[test]
fn a_weekday_includes_its_last_second() {
    for now in ["2027-03-24T11:00:59Z", "2026-10-21T10:00:59Z"] {
        let now = in_zone(now, ZONES[0]);
        let end = |text: &str| parse(text, &now).unwrap().unwrap();
        // A weekday without a time means the end of the day.
        let sunday = end("sunday");
        assert_eq!(full(sunday, now.time_zone()).len(), "2027-03-28".len());
        assert!(end("sunday 23:59:59") < sunday && sunday < end("monday 00:00:01"));
    }
}

fn text() -> impl Strategy<Value = String> {
    const FIXED: [&str; 16] = [
        "Sunday",
        "mon",
        "today",
        "tomorrow",
        "2 weeks",
        "1 month",
        "36h",
        "90 min",
        "59m",
        "20s",
        "1d 2h",
        "7d",
        "1 year",
        "tomorrow 9:00",
        "sun 00:00",
        "sat 23:59:59",
    ];
    let times = (prop_oneof![0..4_u8, 0..24_u8], 0..60_u8)
        .prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"));
    let days = (2026..2030_u16, 1..13_u8, 1..32_u8, 0..4_u8, 0..60_u8);
    // Most times that clocks skip or show twice are in the first hours of a day.
    let dates = days.clone().prop_map(|(year, month, day, hour, minute)| {
        format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
    });
    let days = days.prop_map(|(year, month, day, ..)| format!("{year}-{month:02}-{day:02}"));
    prop_oneof![select(&FIXED[..]).prop_map(str::to_owned), times, dates, days]
}

/// The time `seconds` after a change of the clocks, or after a midnight (UTC). The midnight is `days` days after June 1,
/// 2026; for an even number of days, the next change of the clocks after the midnight is used, if there is one.
fn time_near(zone: &TimeZone, days: i64, seconds: i64) -> Timestamp {
    let start = "2026-06-01T00:00:00Z".parse::<Timestamp>().unwrap();
    let midnight = start + SignedDuration::from_secs(days * 86_400);
    let change = zone.following(midnight).next().map(|change| change.timestamp());
    change.filter(|_| days % 2 == 0).unwrap_or(midnight) + SignedDuration::from_secs(seconds)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn stored_and_shown_times_are_parsed_as_the_same_time(
        zone in select(&ZONES[..]), days in 0..1000_i64, seconds in -7200..7200_i64, text in text(),
    ) {
        let zone = TimeZone::posix(zone).unwrap();
        let now = time_near(&zone, days, seconds).to_zoned_datetime(zone);
        if let Ok(Some(end)) = parse(&text, &now) {
            prop_assert!(end > now.timestamp());
            prop_assert_eq!(Attachment::default().with_until(Some(end)).until(), Some(end));
            let shown = full(end, now.time_zone());
            prop_assert_eq!(parse(&shown, &now), Ok(Some(end)), "{} is shown as {} at {}", text, shown, now);
        }
    }
}
