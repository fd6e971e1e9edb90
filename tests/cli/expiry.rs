//! Hats that expire: `add --expires`, `show --expires-by` and `expire`.

use std::time::{Duration, Instant};

use super::process::{Home, ROOM, TERRY};

/// Terry has a hat that has expired, one that expires in 2099 and one that does not expire.
#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
fn home() -> Home {
    let home = Home::new();
    let file = r#"{"version": 1, "revision": 7, "rooms": {"courses@conference.example.org": {"users": {"terry@example.org": {
        "affiliation": "member", "hats": {
            "urn:x:proctor": {"active": true, "title": "Proctor", "until": "2026-01-31T18:00:00Z"},
            "urn:x:teacher": {"title": "Teacher", "until": "2099-01-31T18:00:00Z"},
            "urn:x:visitor": {"active": true, "title": "Visitor"}
        }}}}}}"#;
    std::fs::create_dir_all(home.data().parent().unwrap()).unwrap();
    std::fs::write(home.data(), file).unwrap();
    home
}

#[test]
fn expired_hats_are_removed_once_and_undo_restores_them_without_expiration() {
    let home = home();
    let before = std::fs::read_to_string(home.data()).unwrap();
    assert_eq!(
        home.run_ok(&["expire", "--dry-run"]),
        "Would remove \"Proctor\" from terry@example.org in courses@conference.example.org\n"
    );
    assert_eq!(std::fs::read_to_string(home.data()).unwrap(), before);
    let refused = home.run(&["--read-only", "expire"]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert_eq!(
        home.run_ok(&["expire"]),
        "Removed \"Proctor\" from terry@example.org in courses@conference.example.org (revision 8)\n"
    );
    assert_eq!(home.run_ok(&["expire"]), "No changes: no hats have expired\n");
    let history = home.run_ok(&["history"]);
    assert!(history.contains("hatrack (expired)"), "{history}");
    // The removal is no change of this actor, so it can be undone only by its revision.
    assert_eq!(home.run(&["undo"]).code, 3);
    home.run_ok(&["undo", "8"]);
    let json = home.run_ok(&["show", ROOM, TERRY, "--json"]);
    let user: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        user["hats"]["urn:x:proctor"],
        serde_json::json!({"active": true, "title": "Proctor"})
    );
    assert_eq!(user["hats"]["urn:x:teacher"]["until"], "2099-01-31T18:00:00Z");
    assert_eq!(home.run_ok(&["expire"]), "No changes: no hats have expired\n");
}

#[test]
fn redo_restores_expired_hats_without_expiration() {
    let home = home();
    let hats = br#"{"urn:x:late": {"title": "Late", "until": "2026-01-31T18:00:00Z"}}"#;
    let set = home.run_with_input(&["set", ROOM, TERRY], hats);
    assert_eq!(set.code, 0, "{}", set.err);
    home.run_ok(&["undo"]);
    home.run_ok(&["redo"]);
    let json = home.run_ok(&["show", ROOM, TERRY, "--json"]);
    let user: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(user["hats"], serde_json::json!({"urn:x:late": {"title": "Late"}}));
}

#[test]
fn restricted_session_removes_expired_hats_of_its_rooms_only() {
    let home = home();
    assert_eq!(
        home.run_ok(&["--room", "other@conference.example.org", "expire"]),
        "No changes: no hats have expired\n"
    );
    assert!(
        home.run_ok(&["--room", ROOM, "expire"])
            .starts_with("Removed \"Proctor\"")
    );
}

#[test]
fn expiration_is_shown_and_invalid_times_are_rejected() {
    let home = home();
    home.run_ok(&[
        "add",
        ROOM,
        TERRY,
        "urn:x:guest",
        "--title",
        "Guest",
        "--expires",
        "2099-02-28 12:00",
    ]);
    let user = home.run_ok(&["show", ROOM, TERRY]);
    for title in ["Guest", "Teacher"] {
        let line = user.lines().find(|line| line.starts_with(title)).unwrap();
        assert!(line.contains("2099-"), "{user}");
    }
    assert!(user.contains("EXPIRES"), "{user}");
    let room = home.run_ok(&["show", ROOM]);
    assert!(room.contains("Guest (expires 2099-02-28)"), "{room}");
    assert!(room.contains("Proctor (active; expired)"), "{room}");
    for (text, why) in [
        ("2020-01-01", "--expires: \"2020-01-01\" is in the past"),
        (
            "soon",
            "--expires: \"soon\" is not a time; use Sunday, 2 weeks, 18:00, 2027-01-31 or 31 January 18:00",
        ),
        ("", "--expires needs a time"),
    ] {
        let refused = home.run(&["add", ROOM, TERRY, "urn:x:guest", "--expires", text]);
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains(why), "{}", refused.err);
    }
}

/// Results, the history and lists name the same local day.
#[test]
fn expirations_are_shown_in_the_local_time_zone() {
    let home = home();
    let run = |args: &[&str]| {
        let mut command = home.command(args);
        command.env("TZ", "CET-1");
        super::process::output_of(&mut command).out
    };
    let changed = run(&[
        "add",
        ROOM,
        TERRY,
        "urn:x:teacher",
        "--title",
        "Teacher",
        "--expires",
        "2099-02-28",
    ]);
    assert!(changed.contains("expires 2099-02-28 (revision"), "{changed}");
    assert!(run(&["history"]).contains("expires 2099-02-28\n"));
    let guest = [
        "add",
        ROOM,
        TERRY,
        "urn:x:guest",
        "--title",
        "Guest",
        "--expires",
        "2099-02-28",
    ];
    assert!(run(&guest).contains("Added \"Guest\" (expires 2099-02-28) to "));
    assert!(run(&["history"]).contains("added \"Guest\" (expires 2099-02-28) to "));
    let listed = run(&["show", "--expires-by", "2100-01-01"]);
    assert!(listed.contains("\n2099-02-28  "), "{listed}");
}

#[test]
fn expiring_hats_are_listed_by_time() {
    let home = home();
    assert_eq!(
        home.run_ok(&["show", "--expires-by", "1 day"]),
        "EXPIRES           ROOM                            USER               HAT\n\
         2026-01-31 18:00  courses@conference.example.org  terry@example.org  Proctor\n"
    );
    let all = home.run_ok(&["show", ROOM, TERRY, "--expires-by", "2100-01-01"]);
    let hats: Vec<&str> = all
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    assert_eq!(hats, ["Proctor", "Teacher"]);
    let json = home.run_ok(&["show", "--expires-by", "1d", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json,
        serde_json::json!([{
            "until": "2026-01-31T18:00:00Z", "room": ROOM, "user": TERRY, "hat": "urn:x:proctor", "title": "Proctor"
        }])
    );
    assert_eq!(
        home.run(&["show", "nowhere@conference.example.org", "--expires-by", "1d"])
            .code,
        3
    );
}

/// A home folder with 21 users whose hats expired in 2020.
fn home_with_long_expired_hats() -> Home {
    let home = Home::new();
    let users: Vec<String> = (0..21)
        .map(|number| {
            format!(
                r#""u{number}@example.org": {{"affiliation": "member", "hats": {{"urn:x:proctor": {{"title": "Proctor",
                    "until": "2020-01-31T18:00:00Z"}}}}}}"#
            )
        })
        .collect();
    let users = users.join(",");
    let file = format!(r#"{{"version": 1, "revision": 7, "rooms": {{"{ROOM}": {{"users": {{{users}}}}}}}}}"#);
    home.write(".config/hatrack/hats.json", file);
    home
}

#[test]
fn many_hats_that_expired_long_ago_need_a_confirmation() {
    let home = home_with_long_expired_hats();
    let before = std::fs::read_to_string(home.data()).unwrap();
    let refused = home.run(&["expire"]);
    assert_eq!(refused.code, 5, "{}", refused.err);
    let err = "hatrack: 21 users would lose hats that expired more than a day ago, so nothing is removed. Check the clock: it says 2";
    assert!(refused.err.starts_with(err), "{}", refused.err);
    assert!(
        refused
            .err
            .ends_with(". Use hatrack expire --yes to remove them\n"),
        "{}",
        refused.err
    );
    assert_eq!(std::fs::read_to_string(home.data()).unwrap(), before);
    // With --dry-run, no confirmation is needed.
    let preview = home.run_ok(&["expire", "--dry-run"]);
    assert!(
        preview.starts_with("Would remove \"Proctor\" from 21 users"),
        "{preview}"
    );
    let removed = home.run_ok(&["expire", "--yes"]);
    assert!(
        removed.starts_with("Removed \"Proctor\" from 21 users"),
        "{removed}"
    );
    assert_eq!(home.run_ok(&["expire"]), "No changes: no hats have expired\n");
}

#[test]
fn follow_reports_but_keeps_many_hats_that_expired_long_ago() {
    let home = home_with_long_expired_hats();
    let config = "[servers.example]\nkind = \"prosody\"\nservices = [\"conference.example.org\"]\nsocket = \"/nowhere\"\n";
    home.write(".config/hatrack/config.toml", config);
    let errors = home.path("errors");
    let mut child = home
        .command(&["follow"])
        .stdout(std::process::Stdio::null())
        .stderr(std::fs::File::create(&errors).unwrap())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let text = loop {
        let text = std::fs::read_to_string(&errors).unwrap();
        if text.contains("to remove them\n") || Instant::now() >= deadline {
            break text;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        text.contains("21 users would lose hats that expired more than a day ago"),
        "{text}"
    );
    assert!(text.contains(". Run hatrack expire to remove them\n"), "{text}");
    assert!(home.run_ok(&["show", ROOM]).contains("Proctor (expired)"));
}
