//! The command palette, the help, and *Go to*.

use hatrack::app::finder::Finder;
use hatrack::app::form::Form;
use hatrack::app::offer::FinderItem;
use hatrack::app::{Pane, command, lookup};
use hatrack::model::{Affiliation, Attachment, read};
use hatrack::ui::Theme;

use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, open, screen};

fn sample() -> Session {
    let sample = read::wardrobe(include_bytes!("../../assets/demo.json")).unwrap();
    Session::open(sample, (100, 30))
}

fn found(session: &Session) -> Vec<String> {
    let Some(finder) = session.state.top_as::<Finder>() else {
        panic!("no finder")
    };
    let name = |item: &FinderItem| match item {
        FinderItem::Command(offer) => offer.command.id.to_string(),
        FinderItem::Note(note) => note.example.to_owned(),
        FinderItem::Hat { id, .. } => id.to_string(),
        FinderItem::Destination { room, user, hat, .. } => {
            let user = user.as_ref().map_or("", |user| user.as_str());
            let hat = hat.as_ref().map_or("", |hat| hat.as_str());
            format!("{room} {user} {hat}").trim().to_owned()
        }
    };
    finder.matches.iter().map(|found| name(&found.item)).collect()
}

#[test]
fn palette_has_every_pane_command() {
    use hatrack::app::place::Place;
    let mut session = sample();
    session.keys(":");
    let finder = session.state.top_as::<Finder>().unwrap();
    let offered: Vec<_> = finder
        .matches
        .iter()
        .filter_map(|found| match &found.item {
            FinderItem::Command(offer) => Some(offer.command),
            _ => None,
        })
        .collect();
    for row in command::COMMANDS {
        let panes = [
            Place::Rooms,
            Place::Users,
            Place::Hats,
            Place::AllHats,
            Place::UsersWithHat,
            Place::RoomsWithHat,
            Place::AllUsers,
            Place::RoomsOfUser,
            Place::Panes,
            Place::Lists,
            Place::Everywhere,
        ];
        // Commands that do the same by the same key in different places are one row.
        let does_same = |other: &&&command::Command| {
            other.help == row.help && other.keys.iter().any(|key| row.keys.contains(key))
        };
        let is_offered = panes.contains(&row.place) && row.id.name() != "palette";
        if panes.contains(&row.place) {
            assert_eq!(
                offered.iter().filter(does_same).count(),
                usize::from(is_offered),
                "{}",
                row.id
            );
        } else {
            assert!(offered.iter().all(|command| command.id != row.id), "{}", row.id);
        }
    }
}

/// This decides among equally good matches.
#[test]
fn usable_commands_come_before_others() {
    for (keys, words, first) in [
        ("Enter Down Enter", "remove a hat", "remove-hat"),
        ("Enter Down Enter", "add a hat", "add-hat"),
        ("Enter Down", "add a hat", "add-hat-to-users"),
        ("w Enter", "remove a hat", "remove-hat-from-user"),
        ("w w", "add a hat", "add-hat-everywhere"),
        ("Enter Down Enter", "color", "catalog"),
        ("Enter Down Enter", "ban", "ban-user"),
        ("Enter", "ban", "ban-user"),
    ] {
        for key in [":", "?"] {
            let mut session = open();
            session.keys(keys);
            session.keys(key);
            session.text(words);
            assert_eq!(found(&session)[0], first, "{keys} {key} {words}");
            let finder = session.state.top_as::<Finder>().unwrap();
            let FinderItem::Command(offer) = &finder.matches[0].item else {
                panic!("{words}")
            };
            assert_eq!(offer.enabled, Ok(()), "{keys} {key} {words}");
        }
    }
}

#[test]
fn equal_commands_of_several_places_are_one_row() {
    let rows = |session: &Session, help: &str| {
        let finder = session.state.top_as::<Finder>().unwrap();
        let is_row = |item: &FinderItem| match item {
            FinderItem::Command(offer) => (offer.command.help == help).then_some(offer.enabled.is_ok()),
            _ => None,
        };
        let rows = finder.matches.iter().filter_map(|found| is_row(&found.item));
        rows.collect::<Vec<bool>>()
    };
    let help = "Add the copied hats and keep the others";
    for key in [":", "?"] {
        let mut session = open();
        session.keys("Enter Down");
        session.keys(key);
        session.text("copied");
        assert_eq!(rows(&session, help), [false], "nothing is copied yet");
        session.keys("Esc y Up");
        session.keys(key);
        session.text("copied");
        assert_eq!(rows(&session, help), [true], "{key}");
    }
    // Without a query, the help lists the commands of each place under its heading.
    let mut session = open();
    session.keys("?");
    assert_eq!(rows(&session, help).len(), 3);
}

/// A hat is listed once for all its users, before their hats with this title; choosing it shows all of them, also those for
/// whom it has another title.
#[test]
fn go_to_finds_the_hat_itself() {
    let mut wardrobe = super::wardrobe();
    let translated = Attachment::default().with_title(Some("Lehrer"));
    wardrobe
        .add_user_hat(&jid("prof@example.org"), &jid(ROOM), &hat(HAT), translated)
        .unwrap();
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("Ctrl-P");
    session.text("teacher");
    assert_eq!(
        found(&session)[..2],
        [HAT.to_owned(), format!("{ROOM} {TERRY} {HAT}")]
    );
    let shown = screen::lines(&screen::frame(&session.state, Theme::default(), (100, 30)).0).join("\n");
    assert!(shown.contains("2 users in 1 room"), "{shown}");
    assert!(
        shown.contains("Teacher · Lehrer"),
        "the other title is shown, too: {shown}"
    );
    session.keys("Enter");
    assert!(session.state.is_by_hat() && session.state.focus() == Pane::First);
    assert_eq!(session.state.existing_hat().unwrap().id, hat(HAT));
    assert_eq!(session.state.length(Pane::Second), 2);
    // The same happens in the Hats view.
    session.keys("Enter Ctrl-P");
    session.text("teacher");
    session.keys("Enter");
    assert_eq!(session.state.focus(), Pane::First);
}

/// In the help and the palette, the selected row is shown in full below the list.
#[test]
fn long_descriptions_are_shown_in_full() {
    let mut session = open();
    session.keys("w w Enter ?");
    session.text("remove user from this room");
    let shown = screen::lines(&screen::frame(&session.state, Theme::default(), (100, 30)).0).join(" ");
    let shown = shown.replace(['│', '┃'], " ");
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let full = "(asks first for several rooms, or if the user has hats or is an owner or admin)";
    assert!(shown.contains(full), "{shown}");
}

#[test]
fn palette_finds_and_runs_command() {
    let mut session = open();
    session.keys("Enter j Enter :");
    session.text("add room");
    assert_eq!(found(&session).first().unwrap(), "add-room");
    session.keys("Enter");
    assert!(session.state.top_as::<Form>().is_some());
    assert_eq!(session.state.focus(), Pane::First);
    session.keys("Esc Tab Tab :");
    session.text("toggle active");
    session.keys("Enter");
    assert!(session.notice().contains("inactive"), "{}", session.notice());
    // A disabled command gives the reason, and the palette stays open.
    session.keys(":");
    session.text("recreate");
    session.keys("Enter");
    assert_eq!(session.notice(), "Nothing to recreate: the data file exists");
    session.keys("Esc");
    assert!(session.state.overlays().is_empty());
}

#[test]
fn palette_finds_commands_by_synonym() {
    let mut session = open();
    for (typed, id) in [
        ("exit", "quit"),
        ("revert", "undo"),
        ("search", "go-to"),
        ("undo everything", "history"),
        ("expire", "expired-hats"),
        ("merge", "import"),
        ("who is online", "filter"),
        ("color", "catalog"),
        ("reason", "history"),
    ] {
        session.keys(":");
        session.text(typed);
        assert!(found(&session).iter().any(|found| found == id), "{typed}: {id}");
        session.keys("Esc");
    }
}

#[test]
fn go_to_finds_rooms_users_and_hats() {
    let mut session = sample();
    session.keys("Ctrl-P");
    assert_eq!(found(&session).len(), 6, "with nothing typed: the rooms");
    session.text("orch");
    session.keys("Enter");
    assert_eq!(
        session.state.room().unwrap().1.name.as_deref(),
        Some("School orchestra \u{1f3bb}")
    );
    assert_eq!(session.state.focus(), Pane::First);
    session.keys("Ctrl-P");
    session.text("yuki cour");
    session.keys("Enter");
    assert_eq!(session.state.focus(), Pane::Second);
    assert_eq!(session.state.user().unwrap().0.as_str(), "yuki@example.org");
    assert_eq!(
        session.state.room().unwrap().0.as_str(),
        "courses@conference.example.org"
    );
    session.keys("Ctrl-P");
    session.text("proctor terry");
    session.keys("Enter");
    assert_eq!(session.state.focus(), Pane::Third);
    assert_eq!(session.state.user().unwrap().0.as_str(), "terry@example.org");
    assert!(
        session
            .state
            .hat()
            .unwrap()
            .1
            .title
            .as_deref()
            .unwrap()
            .contains("Proctor")
    );
    session.keys("Ctrl-P");
    session.text("no such thing");
    session.keys("Enter");
    assert_eq!(session.notice(), "No matches");
}

#[test]
fn go_to_ignores_filters() {
    let mut session = sample();
    session.keys("Tab /");
    session.text("prof");
    session.keys("Enter Ctrl-P");
    session.text("yuki cour");
    session.keys("Enter");
    assert_eq!(session.state.user().unwrap().0.as_str(), "yuki@example.org");
}

#[test]
fn go_to_reports_removed_target() {
    let mut session = open();
    session.keys("Enter j Ctrl-P");
    session.text("teacher terry");
    session.external_change(|wardrobe| wardrobe.remove_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT)));
    session.keys("Enter");
    assert_eq!(session.state.focus(), Pane::Second);
    assert!(
        session.notice().contains("no longer exists"),
        "{}",
        session.notice()
    );
    session.keys("Ctrl-P");
    session.text("terry");
    session.external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::None));
    session.keys("Enter");
    assert_eq!(session.state.focus(), Pane::First);
    session.keys("Ctrl-P");
    session.external_change(|wardrobe| wardrobe.remove_room(&jid(ROOM)));
    session.keys("Enter");
    assert!(session.notice().starts_with(ROOM), "{}", session.notice());
}

#[test]
fn large_lists_are_searched_in_chunks() {
    let users: Vec<String> = (0..12_000)
        .map(|number| format!("\"u{number:05}@x.example\": {{\"affiliation\": \"member\", \"hats\": {{}}}}"))
        .collect();
    let document = format!(
        "{{\"version\": 1, \"rooms\": {{\"r@c.example\": {{\"users\": {{{}}}}}}}}}",
        users.join(",")
    );
    let mut session = Session::open(read::wardrobe(document.as_bytes()).unwrap(), (100, 30));
    session.keys("Ctrl-P");
    let mut effects = hatrack::app::update(&mut session.state, hatrack::app::Msg::Paste("u11999".into()));
    let mut chunks = 1;
    while effects == [hatrack::app::Effect::Continue] {
        chunks += 1;
        effects = hatrack::app::update(&mut session.state, hatrack::app::Msg::Continue);
    }
    assert_eq!(chunks, 7);
    assert_eq!(found(&session), ["r@c.example u11999@x.example"]);
}

/// A chunk of 2,000 rooms and users ends with the second room, before its only user.
#[test]
fn room_at_the_end_of_a_chunk_is_listed_once() {
    let users = |numbers: std::ops::Range<usize>| -> String {
        let users =
            numbers.map(|number| format!("\"u{number:05}@x.example\": {{\"affiliation\": \"member\"}}"));
        users.collect::<Vec<_>>().join(",")
    };
    let document = format!(
        "{{\"version\": 1, \"rooms\": {{\"a@c.example\": {{\"users\": {{{}}}}}, \"zebra@c.example\": {{\"users\": {{{}}}}}}}}}",
        users(0..1_998),
        users(0..1)
    );
    let mut session = Session::open(read::wardrobe(document.as_bytes()).unwrap(), (100, 30));
    session.keys("Ctrl-P");
    session.text("zebra");
    let rooms = found(&session)
        .into_iter()
        .filter(|found| found == "zebra@c.example");
    assert_eq!(rooms.count(), 1, "{:?}", found(&session));
}

#[test]
fn help_lists_every_command_available_first() {
    let mut session = sample();
    session.keys("Tab ?");
    let all = found(&session);
    for row in command::COMMANDS {
        assert_eq!(
            all.iter().filter(|id| *id == row.id.name()).count(),
            1,
            "{}",
            row.id
        );
    }
    let at = |id: &str| all.iter().position(|other| other == id).unwrap();
    assert_eq!(all[0], "open-user");
    assert!(at("add-user") < at("undo") && at("undo") < at("@owner"));
    assert!(at("@owner") < at("apply-filter") && at("apply-filter") < at("add-room"));
    assert!(at("add-room") < at("save"));
}

#[test]
fn help_runs_command_or_explains() {
    let mut session = open();
    session.keys("?");
    session.text("add user to the room");
    assert_eq!(found(&session)[0], "add-user");
    session.keys("Enter");
    assert_eq!(session.state.focus(), Pane::Second);
    assert!(session.state.top_as::<Form>().is_some());
    session.keys("Esc ?");
    session.text("next field");
    session.keys("Enter");
    assert_eq!(session.notice(), "Only in a form");
    session.keys("Ctrl-U");
    session.text("@owner");
    session.keys("Enter");
    assert_eq!(session.notice(), "To filter by @owner, press / first");
    // Pressing a key finds its command; letters are search text.
    session.keys("Ctrl-U");
    session.text("Ctrl-R");
    assert_eq!(found(&session)[0], "redo");
    session.keys("Ctrl-U q j Esc");
    assert!(session.state.top().is_none() && session.exit_status.is_none());
}

#[test]
fn help_shows_headings_when_unfiltered() {
    let mut session = open();
    session.keys("?");
    let headings = |session: &Session| {
        let Some(finder) = session.state.top_as::<Finder>() else {
            panic!("no help")
        };
        let all = 0..finder.matches.len();
        all.filter_map(|row| finder.heading(row)).collect::<Vec<_>>()
    };
    let shown = headings(&session);
    assert_eq!(
        shown[..5],
        ["Rooms", "All panes", "Lists", "Everywhere", "Filter"]
    );
    let each: std::collections::BTreeSet<_> = shown.iter().collect();
    assert_eq!(each.len(), shown.len(), "each heading appears once");
    session.keys("r");
    assert_eq!(headings(&session), [] as [&str; 0]);
}

/// Words that other programs use, and the command that each word finds first.
#[test]
fn ordinary_words_find_commands() {
    for (keys, words) in [
        (
            "",
            "create:add-room new:add-room rename:edit-room destroy:remove-room delete:remove-room find:filter \
             search:filter exit:quit close:quit leave:quit audit:history sync:servers backup:export upload:import \
             redo:redo revert:undo jump:go-to dark:choose-theme keys:help template:sets promote:edit-user \
             kick:remove-user unban:edit-user ban:ban-user bulk:add-user-to-rooms",
        ),
        (
            "Enter",
            "ban:ban-user block:ban-user unban:edit-user kick:remove-user expel:remove-user promote:edit-user demote:edit-user \
             moderator:edit-user owner:edit-user admin:edit-user mute:edit-user role:edit-user delete:remove-user \
             invite:add-user give:add-hat-to-users grant:add-hat-to-users paste:replace-user-hats duplicate:copy-user-hats",
        ),
        (
            "Enter j Enter",
            "rename:edit-hat revoke:remove-hat delete:remove-hat hide:toggle-active show:toggle-active lock:toggle-required \
             give:add-hat",
        ),
        (
            "w w",
            "ban:ban-everywhere block:ban-everywhere unban:edit-user-everywhere kick:remove-user-everywhere \
             promote:edit-user-everywhere moderator:edit-user-everywhere give:add-hat-everywhere",
        ),
        ("w", "rename:edit-hat-everywhere revoke:remove-hat-everywhere"),
    ] {
        for pair in words.split_whitespace() {
            let (word, id) = pair.split_once(':').unwrap();
            let mut session = open();
            session.keys(keys);
            session.keys(":");
            session.text(word);
            assert_eq!(
                found(&session).first().map(String::as_str),
                Some(id),
                "{keys}: {word}"
            );
        }
    }
    for (keys, words, id) in [
        ("", "select all", "mark-all"),
        ("Enter", "remove hat", "remove-hat"),
        ("", "remove hat", "remove-hat"),
        ("Enter", "remove user", "remove-user"),
    ] {
        let mut session = open();
        session.keys(keys);
        session.keys(":");
        session.text(words);
        assert_eq!(found(&session)[0], id, "{keys}: {words}");
    }
}

/// The help names a key only where the key runs the command: over each overlay, and in each pane.
#[test]
fn help_names_only_keys_that_work() {
    for keys in [
        "",
        "Enter",
        "Enter j Enter",
        "w",
        "w Enter",
        "w w",
        "w w Enter",
        "H",
        "H Enter",
        "H s",
        "C",
        "N",
        "X",
        "I",
        "T",
        "S",
        "a",
        "Enter a",
        "d",
        "H /",
    ] {
        let mut session = open();
        session.external_change(|wardrobe| {
            let mut group = wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::Admin)?;
            let added = wardrobe.set_affiliation(&jid("new@example.org"), &jid(ROOM), Affiliation::Member)?;
            group.0.extend(added.0);
            Ok(group)
        });
        session.keys(keys);
        let below = session.state.clone();
        session.keys("F1");
        let Some(finder) = session.state.top_as::<Finder>() else {
            panic!("{keys}: no help; {}", session.notice())
        };
        let places = hatrack::app::places(&below);
        for found in &finder.matches {
            let FinderItem::Command(offer) = &found.item else {
                continue;
            };
            if !places.contains(&offer.command.place) {
                continue;
            }
            let of_command = offer.command.keys.iter().chain(offer.command.fallback);
            let working =
                of_command.filter(|key| lookup(&below, **key).is_some_and(|run| run.id == offer.command.id));
            let working: Vec<String> = working.map(|key| key.name()).collect();
            assert_eq!(offer.keys, working.join(", "), "{keys}: {}", offer.command.id);
        }
    }
}

/// Space marks an entry of the history, so it is not named as a key for page down.
#[test]
fn help_of_the_history_names_space_once() {
    let mut session = open();
    session.external_change(|wardrobe| wardrobe.rename_room(&jid(ROOM), Some("A")));
    session.keys("H ?");
    let finder: &Finder = session.state.top_as().unwrap();
    let with_space = finder.matches.iter().filter_map(|found| match &found.item {
        FinderItem::Command(offer) if offer.keys.contains("Space") => Some(offer.command.id.name()),
        _ => None,
    });
    let first_two: Vec<&str> = with_space.take(2).collect();
    assert_eq!(first_two[0], "mark-entry");
    assert_ne!(first_two.get(1), Some(&"page-down"));
}

#[test]
fn rows_hidden_by_a_filter_are_not_called_missing() {
    let mut session = open();
    session.keys("Enter / n o b o d y Enter e");
    assert_eq!(session.notice(), "The filter hides 3 users (Esc to clear it)");
    session.keys("Tab a");
    assert_eq!(
        session.notice(),
        "A filter hides 3 users (Esc in that pane to clear it)"
    );
    session.keys("Shift-Tab ?");
    let reasons = |session: &Session| -> Vec<String> {
        let finder: &Finder = session.state.top_as().unwrap();
        let reason = |item: &FinderItem| match item {
            FinderItem::Command(offer) => offer.enabled.clone().err(),
            _ => None,
        };
        finder
            .matches
            .iter()
            .filter_map(|found| reason(&found.item))
            .collect()
    };
    let all = reasons(&session);
    assert!(
        all.contains(&"The filter hides 3 users (Esc to clear it)".to_owned()),
        "{all:?}"
    );
    assert!(
        !all.iter().any(|reason| reason.contains("No users yet")),
        "{all:?}"
    );
    session.keys("Esc Esc Esc g / n o n e Enter e");
    assert_eq!(session.notice(), "The filter hides 1 room (Esc to clear it)");
}
