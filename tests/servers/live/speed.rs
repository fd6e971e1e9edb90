//! How long commands take, against a bare script that does the same in the same minute. Nothing is asserted about time: the
//! figures are printed (`cargo test --release --test servers live::speed -- --ignored --nocapture`).

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::on_each_prosody;
use super::site::{Site, hat};
use crate::server::Server;

const BIG: &str = "big@conference.localhost";

fn bare(server: &Server, what: &str) -> f64 {
    let output = Command::new("/usr/bin/python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/bare.py"))
        .arg(server.socket())
        .args([what, BIG])
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    said["seconds"].as_f64().unwrap()
}

/// Seconds, and the most memory in use, in megabytes.
fn timed(site: &Site, arguments: &[&str]) -> (f64, u64) {
    let began = Instant::now();
    let mut child = site.spawn(arguments);
    let (mut most, path) = (0, format!("/proc/{}/status", child.id()));
    let status = loop {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        most = most.max(kilobytes.unwrap_or_default() / 1024);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(matches!(status.code(), Some(0 | 6)), "{arguments:?}: {status}");
    (began.elapsed().as_secs_f64(), most)
}

/// Everybody in these rooms gets a hat in the data file.
fn give(site: &Site, rooms: &[String], id: &str, most: usize) -> f64 {
    let mut file = site.file();
    for room in rooms {
        let users = file["rooms"][room]["users"].as_object_mut().unwrap();
        for user in users.values_mut().take(most) {
            user["hats"][id] = hat("Teacher");
        }
    }
    std::fs::write(site.path("new.json"), file.to_string()).unwrap();
    timed(site, &["import", &site.path("new.json").display().to_string()]).0
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
            let least = bare(server, "read");
            let (pull, memory) = timed(&site, &["pull"]);
            let again = timed(&site, &["pull"]).0;
            let plan = timed(&site, &["plan"]).0;
            let commit = give(&site, &[BIG.to_owned()], &format!("urn:x:{round}"), 1000);
            println!(
                "pull {pull:.3} again {again:.3} plan {plan:.3} bare read {least:.3} a commit {commit:.3}, {memory} MB"
            );
            let least = bare(server, "write");
            let (apply, memory) = timed(&site, &["apply", "--yes"]);
            println!(
                "apply 1000 {apply:.3} bare {least:.3} ratio {:.2}, {memory} MB",
                apply / least
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
        let pull = timed(&site, &["pull"]).0;
        give(&site, &rooms, "urn:x:1", 20);
        let apply = timed(&site, &["apply", "--yes"]).0;
        println!("100 rooms: pull {pull:.3} apply 2000 {apply:.3}");
    });
}
