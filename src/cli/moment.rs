//! The times of `history` and `undo`.

use jiff::{Timestamp, ZonedDateTime};

use super::failure::Failure;
use crate::app::moment;

/// Parses a time; see [`moment::parse`].
pub(super) fn parse(text: &str, now: &ZonedDateTime) -> Result<Timestamp, Failure> {
    moment::parse(text, now).ok_or_else(|| invalid(text, moment::EXAMPLES))
}

/// Parses the start of a period; see [`moment::parse_start`].
pub(super) fn parse_start(text: &str, now: &ZonedDateTime) -> Result<Timestamp, Failure> {
    moment::parse_start(text, now).ok_or_else(|| invalid(text, &format!("{}, or \"all\"", moment::EXAMPLES)))
}

fn invalid(text: &str, examples: &str) -> Failure {
    Failure::usage(format!(
        "invalid time {:?}; use for example {examples}",
        text.trim()
    ))
}
