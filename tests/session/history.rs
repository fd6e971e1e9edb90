//! The history: its list, the search, and the details of an entry.

use hatrack::app::history::{EntryOverlay, EntryValue, EntryValuesOverlay, HistoryOverlay, RollbackOverlay};
use hatrack::app::prompt::Prompt;
use hatrack::app::{Effect, Msg, SessionOptions, State, describe, update};
use hatrack::model::{Affiliation, Attachment, Edit, EditGroup, Jid};
use hatrack::store::{ChangeReason, HistoryEntry, HistoryPage, Snapshot, StoreEvent, StoreRequest};
use hatrack::ui::Theme;

use super::session::{self, Session};
use super::{HAT, ROOM, TERRY, hat, jid, open, screen, wardrobe};

const PROF: &str = "prof@example.org";

fn history(session: &Session) -> &HistoryOverlay {
    session.state.top_as().unwrap()
}

/// The revisions of the listed entries.
fn listed(session: &Session) -> Vec<u64> {
    let history = history(session);
    let rows = 0..history.len();
    rows.map(|row| history.entry_at(row).unwrap().revision).collect()
}

/// Five changes of earlier sessions of the same actor, by revision: 1 to Terry's hat, 2 to the professor's, 3 to
/// another room, 4 to Terry's affiliation, 5 to both users.
fn with_five_changes() -> Session {
    let mut session = open();
    let new = Attachment::default().with_title(Some("Büro"));
    session.external_change(|wardrobe| wardrobe.remove_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT)));
    session.external_change(|wardrobe| {
        wardrobe.add_user_hat(&jid(PROF), &jid(ROOM), &hat("urn:x:office"), new.clone())
    });
    session.external_change(|wardrobe| wardrobe.add_room(&jid("staff@c.example"), Some("Staff")));
    session.external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::Admin));
    session.external_change(|wardrobe| {
        let mut group = EditGroup::default();
        for user in [TERRY, PROF] {
            let added =
                wardrobe.add_user_hat(&jid(user), &jid(ROOM), &hat("urn:x:2"), Attachment::default())?;
            group.0.extend(added.0);
        }
        Ok(group)
    });
    session
}

/// From the pane of rooms, and if nothing is selected, the history lists all changes.
#[test]
fn opens_for_selected_user_or_hat() {
    for (keys, expected) in [
        ("H", vec![5, 4, 3, 2, 1]),
        ("Enter H", vec![5, 2]),                              // prof
        ("Enter j H", vec![5, 4, 1]),                         // terry
        ("Enter j Enter H", vec![5]),                         // terry's hat
        ("w j H", vec![5]),                                   // a hat
        ("w H", vec![2]),                                     // another hat
        ("w j Enter j H", vec![5]),                           // terry's hat, in the Hats view
        ("w w H", vec![5, 2]),                                // prof, in the Users view
        ("w w j H", vec![5, 4, 1]),                           // terry, in the Users view
        ("w w j Enter H", vec![5, 4, 1]),                     // terry in the room
        ("w w j Enter Enter H", vec![5]),                     // terry's hat in the room
        ("Enter j H x", vec![5, 4, 3, 2, 1]),                 // all again
        ("Enter / n o b o d y Enter H", vec![5, 4, 3, 2, 1]), // no user is selected
    ] {
        let mut session = with_five_changes();
        session.keys(keys);
        assert_eq!(listed(&session), expected, "{keys}");
    }
}

/// Words are found in every part of an entry, whatever their case and accents; while typing, keys are text.
#[test]
fn search_finds_all_words_in_any_part() {
    for (typed, expected) in [
        ("terry@", vec![5, 4, 1]),
        ("TERRY@ teacher", vec![1]),
        ("buro", vec![2]),
        ("staff", vec![3]),
        ("#", vec![5, 2, 1]),
        ("#urn:x", vec![5, 2]),
        ("@admin", vec![4]),
        ("!terry@", vec![3, 2]),
        ("terry@ prof@", vec![5]),
        // The action, in the words of the rows.
        ("removed", vec![1]),
        ("added", vec![5, 3, 2]),
        ("to admin", vec![4]),
        ("!added", vec![4, 1]),
        ("jk", vec![]),
        ("", vec![5, 4, 3, 2, 1]),
    ] {
        let mut session = with_five_changes();
        session.keys("H /");
        session.text(typed);
        assert_eq!(listed(&session), expected, "{typed}");
        session.keys("Enter");
        assert_eq!(listed(&session), expected, "{typed}, applied");
        session.keys("/ Esc");
        assert_eq!(listed(&session), [5, 4, 3, 2, 1], "{typed}, cleared");
    }
}

/// If the entry has only one user, the filter is set at once.
#[test]
fn user_to_filter_by_is_chosen_among_several() {
    let mut session = with_five_changes();
    session.keys("H");
    assert_eq!(history(&session).entry().unwrap().revision, 5);
    session.keys("s");
    let shown: &EntryValuesOverlay = session.state.top_as().unwrap();
    assert_eq!(
        shown.values.as_ref(),
        [EntryValue::User(jid(PROF)), EntryValue::User(jid(TERRY))]
    );
    session.keys("Esc");
    assert_eq!(listed(&session), [5, 4, 3, 2, 1], "canceled");
    session.keys("s j Enter");
    assert_eq!(listed(&session), [5, 4, 1], "terry");
    session.keys("s");
    assert_eq!(listed(&session), [5, 4, 3, 2, 1], "s again clears the filter");
    session.keys("j s");
    assert_eq!(listed(&session), [5, 4, 1], "the only user of the entry");
    session.keys("x g t");
    assert_eq!(listed(&session), [5], "both users got the same hat");
}

/// Entries on later pages are found too, and the selected entry stays selected.
#[test]
fn search_reads_all_pages() {
    let mut session = open();
    let rename = |session: &mut Session, name: &str| {
        session.external_change(|wardrobe| wardrobe.rename_room(&jid(ROOM), Some(name)));
    };
    rename(&mut session, "Needle");
    for number in 0..450 {
        rename(&mut session, &format!("Room {number}"));
    }
    session.keys("H");
    assert_eq!(listed(&session).len(), 200, "one page");
    session.keys("/");
    session.text("needle");
    // Revision 2 contains the name too, as the old one.
    assert_eq!(listed(&session), [2, 1]);
    session.keys("Enter j x");
    assert_eq!(listed(&session).len(), 451);
    let selected = history(&session).entry().map(|entry| entry.revision);
    assert_eq!(selected, Some(1), "the entry stays selected, on the last page");
}

#[test]
fn open_entry_lists_every_edit() {
    let mut session = with_five_changes();
    session.external_change(|wardrobe| wardrobe.remove_room(&jid(ROOM)));
    session.keys("H j Enter");
    let entry: &EntryOverlay = session.state.top_as().unwrap();
    let users: Vec<&str> = entry
        .edits
        .iter()
        .filter_map(Edit::user)
        .map(Jid::as_str)
        .collect();
    assert_eq!(users, [TERRY, PROF]);
    // A removed room had users.
    session.keys("Enter g Enter");
    let entry: &EntryOverlay = session.state.top_as().unwrap();
    let users: Vec<&str> = entry
        .edits
        .iter()
        .filter_map(Edit::user)
        .map(Jid::as_str)
        .collect();
    assert_eq!(users, ["mallory@example.net", PROF, TERRY]);
    // Undo from the entry goes back to the list, where the undo is the newest entry.
    session.keys("u");
    assert_eq!(
        history(&session).entries[0].undoes,
        Some(6),
        "{}",
        session.notice()
    );
}

/// Edits to items that changed since then are skipped.
#[test]
fn marked_entries_are_undone_as_one_change() {
    let mut session = with_five_changes();
    let before = session.json();
    // Terry's affiliation is changed again after revision 4.
    session.external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::Owner));
    session.keys("H j Space Space");
    assert_eq!(history(&session).selected, 3, "Space moves on to the next row");
    session.keys("u");
    let rollback: &RollbackOverlay = session.state.top_as().unwrap();
    assert_eq!((rollback.plan.undone, rollback.plan.group.0.len()), (1, 2));
    let skipped: Vec<&str> = rollback
        .plan
        .skipped
        .iter()
        .map(|skipped| skipped.reason.as_str())
        .collect();
    assert_eq!(skipped, ["terry changed it in revision 6"]);
    // A change by someone else in the meantime does not matter if it is about something else.
    session.external_change(|wardrobe| wardrobe.add_room(&jid("new@c.example"), None));
    session.keys("y");
    assert!(
        session
            .notice()
            .starts_with("Undid 1 change: removed <urn:x:2> from "),
        "{}",
        session.notice()
    );
    assert_eq!(listed(&session), [8, 7, 6, 5, 4, 3, 2, 1]);
    let users = &session.json()["rooms"][ROOM]["users"];
    assert_eq!(users[TERRY]["affiliation"], "owner");
    assert!(users[PROF]["hats"].get("urn:x:2").is_none());
    // One undo restores everything, and a redo removes it again.
    session.keys("Esc u");
    assert_eq!(
        session.json()["rooms"][ROOM]["users"][PROF],
        before["rooms"][ROOM]["users"][PROF]
    );
    session.keys("Ctrl-R");
    assert!(
        session.json()["rooms"][ROOM]["users"][PROF]["hats"]
            .get("urn:x:2")
            .is_none()
    );
}

/// The prompt asks for the time since which changes are undone. It proposes the day of the selected change.
#[test]
fn changes_of_an_actor_are_undone_since_a_time() {
    let mut session = with_five_changes();
    session.send(Msg::Now("2026-01-31T12:30:00Z".parse().unwrap()));
    let phrase = |session: &Session| {
        session
            .state
            .top_as::<RollbackOverlay>()
            .unwrap()
            .changes_phrase
            .clone()
    };
    // The newest change is selected, but the proposal is to undo all changes of its day.
    session.keys("H U");
    let prompt: &Prompt = session.state.top_as().unwrap();
    assert_eq!(
        (prompt.full_heading().as_str(), prompt.text.text().as_str()),
        ("Undo changes by terry", "today")
    );
    session.keys("Enter");
    assert_eq!(phrase(&session), "5 changes by terry since 2026-01-31 00:00");
    session.keys("Esc");
    for (typed, expected) in [
        ("all", "5 changes by terry"),
        ("12:04", "2 changes by terry since 2026-01-31 12:04"),
        ("27 minutes ago", "3 changes by terry since 2026-01-31 12:03"),
        ("selected", "1 change by terry since 2026-01-31 12:05"),
    ] {
        session.keys("U Ctrl-U");
        session.text(typed);
        session.keys("Enter");
        assert_eq!(phrase(&session), expected, "{typed}");
        session.keys("Esc");
    }
    // Another day than today is proposed as its date.
    session.send(Msg::Now("2026-02-02T12:00:00Z".parse().unwrap()));
    session.keys("U");
    let proposed = session.state.top_as::<Prompt>().unwrap().text.text();
    assert_eq!(proposed, "2026-01-31");
}

#[test]
fn rejects_times_without_changes_of_the_actor() {
    let mut session = with_five_changes();
    session.send(Msg::Now("2026-01-31T12:30:00Z".parse().unwrap()));
    let errors = |session: &Session| session.state.top_as::<Prompt>().unwrap().errors.clone();
    session.keys("H U Ctrl-U");
    session.text("soon");
    session.keys("Enter");
    assert!(errors(&session)[0].starts_with("Not a time. Use for example 2026"));
    session.keys("Ctrl-U");
    session.text("1 minute ago");
    assert_eq!(errors(&session), [""; 0]);
    session.keys("Enter");
    assert_eq!(errors(&session), ["No changes by terry since 2026-01-31 12:29"]);
    session.keys("Ctrl-U");
    session.text("all");
    session.keys("Enter y U Enter");
    assert_eq!(
        session.state.top_as::<Prompt>().unwrap().errors,
        ["All changes by terry since 2026-01-31 00:00 are already undone"]
    );
}

/// From the selected entry on, all changes by its actor are undone, but only after confirmation.
#[test]
fn changes_of_an_actor_are_undone_from_the_selected_entry_on() {
    let mut session = with_five_changes();
    let before = session.json();
    session.keys("H j j j U Ctrl-U");
    session.text("selected");
    session.keys("Enter");
    let rollback: &RollbackOverlay = session.state.top_as().unwrap();
    assert_eq!(
        rollback.changes_phrase,
        "4 changes by terry since 2026-01-31 12:02"
    );
    session.keys("Esc");
    assert_eq!(session.json(), before);
    session.keys("U Ctrl-U");
    session.text("selected");
    session.keys("Enter y");
    let now = session.json();
    assert!(now["rooms"].get("staff@c.example").is_none());
    assert_eq!(now["rooms"][ROOM]["users"][TERRY]["affiliation"], "member");
    assert_eq!(now["rooms"][ROOM]["users"][TERRY]["hats"], serde_json::json!({}));
    // The history describes it in the same way.
    session.keys("Esc H");
    let history: &HistoryOverlay = session.state.top_as().unwrap();
    let what = describe::entry(
        history.entry().unwrap(),
        session.state.wardrobe(),
        &jiff::tz::TimeZone::UTC,
    );
    assert!(what.starts_with("undid 4 changes: "), "{what}");
}

/// Mallory added a hat, whose title Bob then changed. If `with_other_hat`, Mallory first added another hat.
fn changed_again_by_bob(with_other_hat: bool) -> Session {
    let mut session = open();
    let titled = |title| Attachment::default().with_title(Some(title));
    if with_other_hat {
        session.change_by("mallory", |wardrobe| {
            wardrobe.add_user_hat(&jid(PROF), &jid(ROOM), &hat("urn:x:2"), titled("Ape"))
        });
    }
    session.change_by("mallory", |wardrobe| {
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat("urn:x:fool"), titled("Fool"))
    });
    session.change_by("bob", |wardrobe| {
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat("urn:x:fool"), titled("Jester"))
    });
    session
}

/// There is no preview then.
#[test]
fn reasons_are_shown_if_nothing_can_be_undone() {
    let mut session = changed_again_by_bob(false);
    session.keys("H j U Enter");
    let errors = &session.state.top_as::<Prompt>().unwrap().errors;
    assert_eq!(
        errors[..],
        [
            "None of the changes by mallory since 2026-01-31 00:00 can be undone:",
            "terry@example.org: bob changed it in revision 2 (\"Fool\" added in courses@conference.example.org)"
        ]
    );
    session.keys("Esc Space u");
    assert_eq!(
        session.notice(),
        "None of the marked changes can be undone: terry@example.org: bob changed it in revision 2 (\"Fool\" added in courses@conference.example.org)"
    );
}

/// The row of a change that is skipped says why, without being selected.
#[test]
fn preview_gives_the_reason_in_the_row() {
    let mut session = changed_again_by_bob(true);
    session.keys("H j U Enter");
    let (buffer, _) = screen::frame(&session.state, Theme::default(), (100, 24));
    let rows = screen::lines(&buffer);
    let row = rows.iter().find(|row| row.contains("Skipped  ")).unwrap();
    assert!(
        row.contains("bob changed it in revision 3 (\"Fool\" added"),
        "{row}"
    );
}

/// The list hides them because of a filter.
#[test]
fn undo_by_actor_says_that_hidden_changes_are_undone_too() {
    for (keys, hidden) in [
        ("H U Enter", false),
        ("H a U Enter", false),
        ("H r U Enter", true),
    ] {
        let mut session = with_five_changes();
        session.keys(keys);
        let rollback: &RollbackOverlay = session.state.top_as().unwrap();
        assert_eq!(rollback.undoes_hidden, hidden, "{keys}");
    }
}

/// The list says how many changes are missing.
#[test]
fn unsaved_changes_are_not_listed() {
    let mut session = open();
    session.fail_writes("the disk is full");
    session.keys("Enter j Enter Space H");
    let (buffer, _) = screen::frame(&session.state, Theme::default(), (100, 24));
    let shown = screen::lines(&buffer).join("\n");
    assert!(shown.contains("1 unsaved change is not listed"), "{shown}");
}

/// A preview closes when the changes can no longer be undone as shown.
#[test]
fn preview_closes_when_data_changes() {
    let mut session = with_five_changes();
    session.keys("H Space u");
    session.external_change(|wardrobe| wardrobe.remove_room(&jid(ROOM)));
    assert!(session.state.top_as::<RollbackOverlay>().is_none());
    assert_eq!(
        session.notice(),
        "Not undone: the data changed in the meantime. Try again"
    );
}

/// Both the last change and an entry of the history can be copied.
#[test]
fn changes_are_copied_as_commands() {
    let mut session = open();
    let copied = |session: &mut Session, keys: &str| {
        session.effects.clear();
        session.keys(keys);
        session.effects.iter().find_map(|effect| match effect {
            Effect::Copy(text) => Some(text.clone()),
            _ => None,
        })
    };
    assert_eq!(copied(&mut session, "c"), None);
    assert_eq!(session.notice(), "Nothing was changed in this session");
    let active = format!("hatrack add {ROOM} {TERRY} {HAT} --title Teacher --active");
    let inactive = format!("hatrack add {ROOM} {TERRY} {HAT} --title Teacher '--active=false'");
    session.keys("Enter j Enter Space");
    assert_eq!(copied(&mut session, "c").as_ref(), Some(&inactive));
    // After an undo, the undo is copied.
    session.keys("u");
    assert_eq!(copied(&mut session, "c").as_ref(), Some(&active));
    session.keys("Ctrl-R d");
    assert_eq!(
        copied(&mut session, "c"),
        Some(format!("hatrack remove {ROOM} {TERRY} {HAT}"))
    );
    session.keys("H x G");
    assert_eq!(copied(&mut session, "c").as_ref(), Some(&inactive));
    assert_eq!(copied(&mut session, "Enter c").as_ref(), Some(&inactive));
    assert_eq!(
        session.notice(),
        format!("Sent to the clipboard: {inactive} (if your terminal supports it)")
    );
}

/// Until then, the store worker cannot list it, because it reads the history before it commits pending changes.
#[test]
fn undo_is_listed_once_it_is_saved() {
    let mut session = with_five_changes();
    session.keys("H j");
    session.delay_answers();
    session.keys("u");
    assert_eq!(listed(&session), [5, 4, 3, 2, 1]);
    session.answer_all();
    assert_eq!(listed(&session), [6, 5, 4, 3, 2, 1]);
    assert_eq!(history(&session).entry().map(|entry| entry.revision), Some(4));
    session.keys("g U Enter");
    assert!(session.state.top_as::<RollbackOverlay>().is_some());
    session.delay_answers();
    session.keys("y");
    session.answer_all();
    assert_eq!(listed(&session).first(), Some(&7));
}

/// The history does not record whether the change arrived at the servers. The rows do not name the servers.
#[test]
fn details_name_the_servers_of_a_change() {
    let mut session = with_five_changes();
    session.keys("H");
    let mut entry = HistoryEntry::clone(history(&session).entry().unwrap());
    entry.send_to = ["example".into(), "lab".into()].into();
    entry.reason = ChangeReason::new("a new term");
    let mut state = State::new(SessionOptions::default());
    let key = |state: &mut State, name| update(state, Msg::Key(session::key(name)));
    let snapshot = Snapshot {
        wardrobe: wardrobe(),
        exists: true,
        ..Snapshot::default()
    };
    update(&mut state, Msg::Store(Box::new(StoreEvent::Opened(snapshot))));
    let effects = key(&mut state, "H");
    let query = effects.iter().find_map(|effect| match effect {
        Effect::Store(StoreRequest::History(query)) => Some(query.clone()),
        _ => None,
    });
    let query = query.unwrap();
    let page = Ok(HistoryPage {
        entries: vec![entry],
        ..HistoryPage::default()
    });
    update(
        &mut state,
        Msg::Store(Box::new(StoreEvent::History { query, page })),
    );
    let text = |state: &State| {
        let (buffer, _) = screen::frame(state, Theme::default(), (200, 30));
        let text = screen::lines(&buffer).concat().replace(['┃', '│'], " ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let details = "; for servers \"example\", \"lab\"; reason: a new term";
    assert_eq!(
        text(&state).matches("; for servers").count(),
        1,
        "{}",
        text(&state)
    );
    assert!(text(&state).contains(details), "{}", text(&state));
    key(&mut state, "Enter");
    assert!(state.top_as::<EntryOverlay>().is_some());
    assert!(text(&state).contains(details), "{}", text(&state));
}
