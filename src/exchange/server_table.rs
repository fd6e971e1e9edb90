//! Parses the table that ejabberd's `get_room_affiliations` prints: a line for each user, with cells separated by tabs,
//! without a header. Since version 3 of ejabberd's API, the address is one cell.

use super::columns::quoted;
use super::lines::{TableLine, TableLines};
use super::parsed::{ImportErrors, ParsedImport};
use super::server_json::{AffiliationLists, address};
use crate::model::{Affiliation, Jid};

/// Whether the first line that is not blank is a user with an affiliation.
pub(super) fn is_affiliation_table(text: &str) -> bool {
    text.lines()
        .find(|line| !line.trim().is_empty())
        .is_some_and(|line| parse_line(line).is_some())
}

/// Returns the address and the affiliation of a line; `None` if the line has another form. The cells are address,
/// affiliation, reason, or name, domain, affiliation, reason. The reason may contain anything, even tabs.
fn parse_line(line: &str) -> Option<(String, Affiliation)> {
    let mut cells = line.split('\t').map(str::trim);
    let (first, second) = (cells.next()?, cells.next()?);
    match (
        Affiliation::from_name(second),
        cells.next().and_then(Affiliation::from_name),
    ) {
        (Some(affiliation), _) if !first.is_empty() => Some((first.to_owned(), affiliation)),
        (_, Some(affiliation)) if !second.is_empty() => Some((address(first, second), affiliation)),
        _ => None,
    }
}

pub(super) fn read(text: &str) -> Result<ParsedImport, ImportErrors> {
    let mut users = AffiliationLists::default();
    let mut lines = Vec::new();
    for (number, line) in (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
    {
        match parse_line(line) {
            Some((address, affiliation)) => {
                users.add(&format!("line {number}"), &address, affiliation.as_str());
                lines.extend(Jid::parse_input(&address).ok().map(|user| TableLine {
                    room: None,
                    user: Some(user),
                    hat: None,
                    line: number,
                }));
            }
            None => users.add_error(format!(
                "line {number}: {} is not a user and an affiliation",
                quoted(line)
            )),
        }
    }
    let mut parsed = users.finish(None, &[])?;
    parsed.lines = TableLines::new(lines, false);
    Ok(parsed)
}
