//! How long commands take, compared with a minimal script that does the same, in turn. Nothing is asserted about time:
//! the figures are printed (`cargo test --release --test servers live::speed -- --ignored --nocapture`).

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::on_each_prosody;
use super::site::{Site, hat};
use crate::server::Server;

const BIG: &str = "big@conference.localhost";

/// Runs the script for comparison (`read` or `write`) and returns the seconds that it took.
fn run_bare_script(server: &Server, operation: &str) -> f64 {
    let output = Command::new("/usr/bin/python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/bare.py"))
        .arg(server.socket())
        .args([operation, BIG])
        .output()
        .unwrap();
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    printed["seconds"].as_f64().unwrap()
}

/// Runs hatrack. Returns the seconds that it took, and its peak memory in MiB.
fn run_timed(site: &Site, arguments: &[&str]) -> (f64, u64) {
    let began = Instant::now();
    let mut child = site.spawn(arguments);
    let (mut peak, path) = (0, format!("/proc/{}/status", child.id()));
    let status = loop {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or_default() / 1024);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(matches!(status.code(), Some(0 | 6)), "{arguments:?}: {status}");
    (began.elapsed().as_secs_f64(), peak)
}

/// Adds a hat to the first `max_users` users of each of these rooms in the data file. Returns the seconds that the
/// import took.
fn add_hats(site: &Site, rooms: &[String], id: &str, max_users: usize) -> f64 {
    let mut file = site.file();
    for room in rooms {
        let users = file["rooms"][room]["users"].as_object_mut().unwrap();
        for user in users.values_mut().take(max_users) {
            user["hats"][id] = hat("Teacher");
        }
    }
    std::fs::write(site.path("new.json"), file.to_string()).unwrap();
    run_timed(site, &["import", &site.path("new.json").display().to_string()]).0
}

#[test]
#[ignore = "prints figures"]
fn speed() {
    on_each_prosody(|server| {
        server.create_prosody_room(BIG, &json!([["ana@localhost", "owner"]]));
        server.lua_room(BIG, "for i = 1, 10000 do local u = 'user' .. i .. '@localhost'; r._affiliations[u] = 'member' \
            if i % 2 == 0 then r._affiliation_data[u] = { hats = { ['http://example.org/hats/' .. i] = { active = true, title = 'Title ' .. i } } } end end return tostring(r:save(true))");
        for round in 0..3 {
            let site = Site::send_ask(server);
            let bare = run_bare_script(server, "read");
            let (pull, memory) = run_timed(&site, &["pull"]);
            let again = run_timed(&site, &["pull"]).0;
            let plan = run_timed(&site, &["plan"]).0;
            let commit = add_hats(&site, &[BIG.to_owned()], &format!("urn:x:{round}"), 1000);
            println!(
                "pull {pull:.3} again {again:.3} plan {plan:.3} bare read {bare:.3} a commit {commit:.3}, {memory} MiB"
            );
            let bare = run_bare_script(server, "write");
            let (apply, memory) = run_timed(&site, &["apply", "--yes"]);
            println!(
                "apply 1000 {apply:.3} bare {bare:.3} ratio {:.2}, {memory} MiB",
                apply / bare
            );
        }
        let rooms: Vec<String> = (0..100)
            .map(|number| format!("room{number:03}@conference.localhost"))
            .collect();
        let users: Vec<Value> = (0..20)
            .map(|number| json!([format!("u{number}@localhost"), "member"]))
            .collect();
        for room in &rooms {
            server.create_prosody_room(room, &users.clone().into());
        }
        let site = Site::send_ask(server);
        let pull = run_timed(&site, &["pull"]).0;
        add_hats(&site, &rooms, "urn:x:1", 20);
        let apply = run_timed(&site, &["apply", "--yes"]).0;
        println!("100 rooms: pull {pull:.3} apply 2000 {apply:.3}");
    });
}
