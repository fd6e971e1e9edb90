//! Prints plans and reports as text.

use std::sync::Arc;

use super::super::failure::Failure;
use super::super::output::Output;
use crate::app::describe::{after_colon, count, first_few};
use crate::app::servers::{
    compare_lines, describe_line, describe_note, line_target, sending_time_text, unreadable_text,
};
use crate::model::{Jid, Wardrobe};
use crate::server::ServerSettings;
use crate::sync::{
    Failed, Item, Line, Plan, PlanCounts, Reason, Report, RoomPlan, RoomReport, RoomState, SendFailure,
    Subject,
};

/// Prints the plans of all servers. The rooms without differences are not listed, but counted.
pub(super) fn print_plans(plans: &[Arc<Plan>], wardrobe: &Wardrobe, out: &mut Output) -> Result<(), Failure> {
    let mut listed_count = 0;
    let mut unchanged_count = 0;
    for plan in plans {
        for room in &plan.rooms {
            let is_unchanged =
                room.state == RoomState::Compared && room.lines.is_empty() && room.set_aside.is_none();
            if is_unchanged && room.unreadable == 0 {
                unchanged_count += 1;
            } else {
                listed_count += 1;
                print_room_plan(&plan.server, room, wardrobe, out)?;
            }
        }
    }
    for plan in plans {
        if let Some(time) = plan.seconds_to_send().and_then(sending_time_text) {
            out.line(&format!(
                "{time}: {} probably limits this account, as ejabberd limits all but server administrators",
                plan.server
            ))?;
        }
    }
    match (listed_count, unchanged_count) {
        // For each server, a warning has said why there is no plan.
        (0, 0) if plans.is_empty() => Ok(()),
        (0, 0) => out.line("No rooms to compare"),
        (0, unchanged) => out.line(&format!("No differences in {}", count(unchanged, "room"))),
        (_, 0) => Ok(()),
        (_, unchanged) => out.line(&format!("No differences in {}", count(unchanged, "more room"))),
    }
}

/// Removes from a plan the rooms that the account may not read, except those in the data file or in the configuration.
/// Returns a line that lists the removed rooms; `None` if there are none.
pub(super) fn skip_forbidden(
    plan: &mut Plan,
    wardrobe: &Wardrobe,
    server: &ServerSettings,
) -> Option<String> {
    let skipped = plan.skip_forbidden(|room| wardrobe.room(room).is_some() || server.is_configured(room));
    let rooms = count(skipped.len(), "room");
    (!skipped.is_empty()).then(|| {
        format!(
            "{}: skipped {rooms} (no permission): {}",
            plan.server,
            first_few(&skipped)
        )
    })
}

fn print_room_plan(
    server: &str,
    plan: &RoomPlan,
    wardrobe: &Wardrobe,
    out: &mut Output,
) -> Result<(), Failure> {
    let room = &plan.room;
    let state = match &plan.state {
        RoomState::Compared => counts_text(&plan.counts()),
        RoomState::OnlyOnServer => format!("only on the server; run hatrack pull {room} to receive it"),
        RoomState::RemovedFromFile => format!("removed here; run hatrack pull {room} to receive it again"),
        RoomState::OnlyInFile => "not on the server".into(),
        RoomState::GoneFromServer => "no longer on the server; nothing is removed here".into(),
        RoomState::Forbidden(reason) | RoomState::Unread(reason) => {
            format!("not compared: {}", after_colon(reason))
        }
    };
    out.line(&format!("{room} on {server:?}: {state}"))?;
    if let Some(reason) = plan.set_aside {
        out.line(&format!("  First comparison: {reason}"))?;
    } else if plan.is_first_comparison && !plan.lines.is_empty() {
        out.line("  First comparison: nothing is deleted on either side")?;
    }
    let mut lines: Vec<&Line> = plan.lines.iter().collect();
    lines.sort_by(|one, other| compare_lines(one, other));
    let mut previous_target = None;
    for line in lines {
        let target = line_target(line);
        if previous_target != Some(target) {
            out.line(&format!("  {target}"))?;
            previous_target = Some(target);
        }
        print_plan_line(line, plan, wardrobe, out)?;
    }
    for note in &plan.notes {
        out.line(&format!("  Note: {}", describe_note(note, plan)))?;
    }
    if plan.unreadable > 0 {
        out.line(&format!("  {}", unreadable_text(plan.unreadable)))?;
    }
    Ok(())
}

fn print_plan_line(
    line: &Line,
    plan: &RoomPlan,
    wardrobe: &Wardrobe,
    out: &mut Output,
) -> Result<(), Failure> {
    let text = describe_line(line, plan, wardrobe.room(&plan.room));
    let reason = match line.reason {
        // The action already says "held back".
        Some(Reason::Held) | None => String::new(),
        Some(reason) => format!("; {reason}"),
    };
    out.line(&format!("    {:<9} {}{reason}", text.action, text.change))
}

/// Formats the counts of a room's plan, such as `2 to send, 1 conflict`.
fn counts_text(counts: &PlanCounts) -> String {
    let parts = [
        (counts.send, "to send"),
        (counts.receive, "to receive"),
        (
            counts.conflicts,
            if counts.conflicts == 1 {
                "conflict"
            } else {
                "conflicts"
            },
        ),
        (counts.held, "held back"),
        (counts.left_out, "left out"),
        (counts.skipped, "skipped"),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, label)| format!("{} {label}", crate::app::describe::with_thousands_commas(number)))
        .collect();
    match parts.as_slice() {
        [] => "no differences".into(),
        parts => parts.join(", "),
    }
}

/// Prints what was sent to a server and received from it.
pub(super) fn print_report(plan: &Plan, report: &Report, out: &mut Output) -> Result<(), Failure> {
    let server = &report.server;
    let mut is_printed = false;
    for room in &report.rooms {
        let room_plan = plan.rooms.iter().find(|plan| plan.room == room.room);
        is_printed |= print_room_report(server, room_plan, room, out)?;
    }
    if !is_printed {
        out.line(&format!("{server}: nothing to do"))?;
    }
    Ok(())
}

/// Prints the report of a room. Returns whether there was anything to print.
fn print_room_report(
    server: &str,
    plan: Option<&RoomPlan>,
    report: &RoomReport,
    out: &mut Output,
) -> Result<bool, Failure> {
    let room = &report.room;
    let mut done = Vec::new();
    for (number, label) in [
        (report.sent, "sent"),
        (report.received, "received"),
        (report.failed.len(), "failed"),
        (report.unsent, "not sent"),
    ] {
        if number > 0 {
            done.push(format!(
                "{} {label}",
                crate::app::describe::with_thousands_commas(number)
            ));
        }
    }
    if let Some(error) = &report.error {
        let done = if done.is_empty() {
            String::new()
        } else {
            format!("{}; ", done.join(", "))
        };
        out.line(&format!("{room} on {server:?}: {done}{error}"))?;
    } else if !done.is_empty() {
        out.line(&format!("{room} on {server:?}: {}", done.join(", ")))?;
    }
    for failed in &report.failed {
        out.line(&format!("  {}", failure_text(plan, failed)))?;
    }
    let (conflicts, held) = (report.left.conflicts, report.left.held);
    if conflicts > 0 {
        let conflicts = count(conflicts, "conflict");
        out.line(&format!(
            "{room}: {conflicts} unresolved; choose on the screen, or with hatrack apply --prefer yours or theirs"
        ))?;
    }
    if held > 0 {
        let removals = count(held, "removal");
        out.line(&format!(
            "{room}: {removals} held back because many users lost hats at once; use --accept-removals to accept them"
        ))?;
    }
    Ok(!done.is_empty() || report.error.is_some() || conflicts + held > 0)
}

/// Describes a change that was not made on the server, with the reason.
fn failure_text(plan: Option<&RoomPlan>, failed: &Failed) -> String {
    let is_about_item = |line: &&Line| match &line.subject {
        Subject::Item(item) => *item == failed.item,
        Subject::User(user) => failed.item.user() == Some(user),
        Subject::Name => false,
    };
    let line = plan.and_then(|plan| Some((plan, plan.lines.iter().find(is_about_item)?)));
    let change = match line {
        Some((plan, line)) => format!(
            "{}: {}",
            line_target(line),
            describe_line(line, plan, None).change
        ),
        None => item_text(&failed.item),
    };
    let reason = match &failed.why {
        SendFailure::Changed { .. } => "changed on the server in the meantime; compare again".into(),
        SendFailure::Refused(refusal) => match &refusal.text {
            Some(text) => format!("the server refused: {text}"),
            None => format!("the server refused ({})", refusal.condition),
        },
        SendFailure::NotStored => {
            "the server could not store it and may lose it; the next apply sends it again".into()
        }
        SendFailure::Unknown => {
            "the server did not answer; the next apply checks whether the change was made".to_owned()
        }
    };
    format!("{change}: {reason}")
}

fn item_text(item: &Item) -> String {
    let parts = [
        item.user().map(Jid::as_str),
        item.hat().map(crate::model::HatId::as_str),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Affiliation, HatId};
    use crate::sync::{HatValue, MergeOptions, RemoteRoom, RemoteUser, RoomRead, ServerClass, merge};

    #[test]
    fn lists_users_in_the_order_of_the_screen() {
        let mut remote = RemoteRoom::default();
        for user in ["user10", "user2", "anna"] {
            let user = Jid::parse(&format!("{user}@example.org")).unwrap();
            let hats = [(HatId::unchecked("urn:x:1"), HatValue::titled("One"))];
            let remote_user = RemoteUser {
                affiliation: Affiliation::Member,
                hats: hats.into(),
                ..RemoteUser::default()
            };
            remote.users.insert(user, remote_user);
        }
        let room = Jid::parse("courses@rooms.example.org").unwrap();
        let read = RoomRead::Read(Arc::new(remote));
        let local = crate::model::Room::default();
        let options = MergeOptions::default();
        let plan = merge(
            &room,
            Ok(None),
            Some(&local),
            &read,
            ServerClass::Prosody,
            &options,
        );
        let mut written = Vec::new();
        let mut out = Output::new(&mut written, false);
        print_room_plan("example", &plan, &Wardrobe::default(), &mut out).unwrap();
        let text = String::from_utf8(written).unwrap();
        let users: Vec<&str> = text.lines().filter(|line| line.contains('@')).skip(1).collect();
        assert_eq!(
            users,
            [
                "  anna@example.org",
                "  user2@example.org",
                "  user10@example.org"
            ]
        );
    }
}
