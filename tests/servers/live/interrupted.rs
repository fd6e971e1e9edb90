//! Servers that stop and are killed, hatrack that is killed, and others who change the same users meanwhile.

use std::time::Duration;

use serde_json::{Value, json};

use super::site::{Site, hat, normal};
use super::{ROOM, each};
use crate::server::Server;
use crate::stage::{CTRL_C, ENTER, Home, Stage};

const ROOMS: usize = 100;
const USERS: usize = 20;

fn room(number: usize) -> String {
    format!("room{number:03}@conference.localhost")
}

fn user(number: usize) -> String {
    format!("u{number:02}@localhost")
}

/// A hundred rooms of twenty users, all known, in which everyone gets a hat here and half lose another.
fn many(server: &Server) -> Site {
    let users: Vec<Value> = (0..USERS)
        .map(|number| json!([user(number), "member", {"urn:x:old": hat("Old")}]))
        .collect();
    for number in 0..ROOMS {
        server.make_room(&room(number), &users.clone().into());
    }
    let site = Site::of(server);
    site.done(&["pull"]);
    let mut file = site.file();
    for number in 0..ROOMS {
        for person in 0..USERS {
            let hats = &mut file["rooms"][room(number)]["users"][user(person)]["hats"];
            hats["urn:x:new"] = hat("New");
            if person % 2 == 0 {
                hats.as_object_mut().unwrap().remove("urn:x:old");
            }
        }
    }
    std::fs::write(site.path("new.json"), file.to_string()).unwrap();
    site.done(&[
        "import",
        &site.path("new.json").display().to_string(),
        "--replace",
    ]);
    site
}

/// Everything arrived, and nothing else.
fn all_arrived(server: &Server, site: &Site) {
    let text = server.lua(
        "local m = hosts['conference.localhost'].modules.muc; local all = {} \
         for r in m.all_rooms() do all[r.jid] = {}; for u, d in pairs(r._affiliation_data) do all[r.jid][u] = d.hats end end \
         return require 'util.json'.encode(all)",
    );
    let there: Value = serde_json::from_str(&text).unwrap();
    let here = site.file();
    for number in 0..ROOMS {
        for person in 0..USERS {
            let mut hats = json!({"urn:x:new": hat("New")});
            if person % 2 == 1 {
                hats["urn:x:old"] = hat("Old");
            }
            let at = (room(number), user(person));
            assert_eq!(normal(there[&at.0][&at.1].clone()), hats, "{at:?} there");
            assert_eq!(here["rooms"][&at.0]["users"][&at.1]["hats"], hats, "{at:?} here");
        }
    }
}

/// How many have the new hat there.
fn arrived(server: &Server) -> usize {
    let text = server.lua(
        "local m = hosts['conference.localhost'].modules.muc; local n = 0 \
         for r in m.all_rooms() do for u, d in pairs(r._affiliation_data) do if d.hats and d.hats['urn:x:new'] then n = n + 1 end end end \
         return tostring(n)",
    );
    text.parse().unwrap()
}

/// Waits until an apply is under way.
fn under_way(server: &Server, child: &mut std::process::Child) {
    while arrived(server) == 0 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it was seen to work"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_apply_that_is_killed_is_finished_by_the_next() {
    each(|server| {
        let site = many(server);
        let mut child = site.begin(&["apply", "--yes"]);
        under_way(server, &mut child);
        child.kill().unwrap();
        child.wait().unwrap();
        let before = arrived(server);
        assert!(before < ROOMS * USERS, "it was killed too late to prove anything");
        site.done(&["apply", "--yes"]);
        all_arrived(server, &site);
        site.done(&["plan"]).said("No differences");
    });
}

#[test]
fn an_apply_whose_server_is_killed_goes_on_when_it_is_back_or_is_finished_by_the_next() {
    each(|server| {
        let site = many(server);
        let mut child = site.begin(&["apply", "--yes"]);
        under_way(server, &mut child);
        server.kill();
        std::thread::sleep(Duration::from_millis(100));
        server.begin();
        let code = child.wait().unwrap().code().unwrap();
        assert!([0, 1, 7].contains(&code), "{code}");
        site.done(&["apply", "--yes"]);
        all_arrived(server, &site);
        site.done(&["plan"]).said("No differences");
    });
}

#[test]
fn ctrl_c_stops_an_apply_when_what_is_on_its_way_is_answered() {
    each(|server| {
        let site = many(server);
        let mut child = site.begin(&["apply", "--yes"]);
        under_way(server, &mut child);
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(
            arrived(server) < ROOMS * USERS,
            "it was stopped too late to prove anything"
        );
        let sent = &site.history()[0]["sent"]["changes"];
        assert!(
            !sent.as_array().unwrap().is_empty(),
            "what was sent is in the history"
        );
        site.done(&["apply", "--yes"]);
        all_arrived(server, &site);
    });
}

#[test]
fn quitting_the_screen_stops_an_apply_and_records_what_was_sent() {
    each(|server| {
        let site = many(server);
        let command = site.command(&[]);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
        let mut stage = Stage::start(&Home::new(), &words, (100, 30));
        stage.see("room000");
        stage.press_and_see("S", "example");
        stage.press_and_see(ENTER, "3,000 to send");
        stage.press_and_see(ENTER, "Send 3,000 changes to example?");
        stage.press("y");
        while arrived(server) == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        stage.press(CTRL_C);
        assert_eq!(stage.end(), 0);
        let there = arrived(server);
        assert!(there < ROOMS * USERS, "it quit too late to prove anything");
        let sent = &site.history()[0]["sent"]["changes"];
        let sent = sent.as_array().map_or(0, Vec::len);
        assert!(sent > 0, "what was sent is in the history; {there} are there");
    });
}

#[test]
fn of_two_who_change_the_same_users_nobody_loses_an_acknowledged_change() {
    each(|server| {
        let users: Vec<Value> = (0..USERS).map(|number| json!([user(number), "member"])).collect();
        server.make_room(ROOM, &users.into());
        let site = Site::of(server);
        site.done(&["pull"]);
        for round in 0..3 {
            let mut file = site.file();
            for person in 0..USERS {
                let hats = &mut file["rooms"][ROOM]["users"][user(person)]["hats"];
                hats["urn:x:mine"] = hat(&format!("Mine {round}"));
            }
            std::fs::write(site.path("new.json"), file.to_string()).unwrap();
            site.done(&["import", &site.path("new.json").display().to_string()]);
            let mut child = site.begin(&["apply", "--yes"]);
            // The other one, meanwhile: each answer is an acknowledged change.
            for person in 0..USERS {
                let answer = server.lua_room(
                    ROOM,
                    &format!(
                        "local d = r._affiliation_data['{0}'] or {{}}; d.hats = d.hats or {{}}; \
                         d.hats['urn:x:theirs'] = {{ active = true, title = 'Theirs {round}' }}; \
                         r._affiliation_data['{0}'] = d; return tostring(r:save(true))",
                        user(person)
                    ),
                );
                assert_eq!(answer, "true");
            }
            let code = child.wait().unwrap().code().unwrap();
            assert!([0, 5].contains(&code), "{code}");
            site.done(&["apply", "--yes"]);
            for person in 0..USERS {
                let both = json!({"urn:x:mine": hat(&format!("Mine {round}")), "urn:x:theirs": hat(&format!("Theirs {round}"))});
                assert_eq!(server.hats(ROOM, &user(person)), both, "{person} there");
                assert_eq!(site.hats(ROOM, &user(person)), both, "{person} here");
            }
        }
    });
}
