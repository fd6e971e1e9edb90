//! Parses dates with the name of the month, as people write them in English: `31 December 2026`, `Dec 31`.

use jiff::civil::Date;

/// Maximum number of years between one February 29 and the next.
const MAX_LEAP_GAP: i16 = 8;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The day that a date without a year means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YearlyDate {
    /// The first such day from today on.
    Next,
    /// The last such day up to today.
    Last,
}

/// Parses a day, a month of at least three letters, and perhaps a year of four digits: `31 December 2026`, `31st Dec`,
/// `December 31, 2026`, in upper or lower case. `None` if the text is something else or no such day exists.
pub fn parse_named_date(text: &str, today: Date, without_year: YearlyDate) -> Option<Date> {
    let lower = text.to_lowercase();
    let mut words = lower.split([' ', ',']).filter(|word| !word.is_empty());
    let (first, second, year) = (words.next()?, words.next()?, words.next());
    if words.next().is_some() {
        return None;
    }
    let (month, day) = match month(first) {
        Some(month) => (month, day(second)?),
        None => (month(second)?, day(first)?),
    };
    if let Some(year) = year {
        let is_year = year.len() == 4 && year.bytes().all(|digit| digit.is_ascii_digit());
        return Date::new(is_year.then(|| year.parse().ok())??, month, day).ok();
    }
    // February 29 does not exist in every year.
    (0..=MAX_LEAP_GAP).find_map(|years| {
        let (year, is_in_range): (i16, fn(&Date, &Date) -> bool) = match without_year {
            YearlyDate::Next => (today.year().checked_add(years)?, Date::ge),
            YearlyDate::Last => (today.year().checked_sub(years)?, Date::le),
        };
        Date::new(year, month, day)
            .ok()
            .filter(|date| is_in_range(date, &today))
    })
}

/// The number of a month, by at least three letters of its name.
fn month(word: &str) -> Option<i8> {
    let word = word.strip_suffix('.').unwrap_or(word);
    let at = MONTHS
        .iter()
        .position(|name| word.len() >= 3 && name.starts_with(word))?;
    i8::try_from(at + 1).ok()
}

/// A day of a month: `31`, `31st`.
fn day(word: &str) -> Option<i8> {
    let endings = ["st", "nd", "rd", "th"];
    let digits = endings.iter().find_map(|ending| word.strip_suffix(ending));
    let digits = digits.unwrap_or(word);
    let is_number = digits.len() < 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_dates_with_the_name_of_the_month() {
        let today: Date = "2026-11-28".parse().unwrap();
        for (text, next, last) in [
            ("31 December 2026", "2026-12-31", "2026-12-31"),
            ("December 31, 2026", "2026-12-31", "2026-12-31"),
            ("31 Dec", "2026-12-31", "2025-12-31"),
            ("Dec. 31", "2026-12-31", "2025-12-31"),
            ("1st of", "none", "none"),
            ("november 28th", "2026-11-28", "2026-11-28"),
            ("27 nov", "2027-11-27", "2026-11-27"),
            ("29 feb", "2028-02-29", "2024-02-29"),
            ("sept 1,2027", "2027-09-01", "2027-09-01"),
            ("30 February 2027", "none", "none"),
            ("31 de", "none", "none"),
            ("Dec 2026", "none", "none"),
            ("31 Dec 26", "none", "none"),
            ("31 Dec 2026 noon", "none", "none"),
            ("+1 Dec", "none", "none"),
            ("2 weeks", "none", "none"),
            ("3 decades", "none", "none"),
        ] {
            let parsed = |without_year| {
                parse_named_date(text, today, without_year)
                    .map_or_else(|| "none".into(), |date| date.to_string())
            };
            let both = [YearlyDate::Next, YearlyDate::Last].map(parsed);
            assert_eq!(both, [next, last], "{text}");
        }
    }
}
