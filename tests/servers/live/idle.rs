//! How often an idle session wakes up, and how fast the screen reacts to keys while many hats change. Nothing is
//! asserted: the figures are printed (`cargo test --release --test servers live::idle -- --ignored --nocapture`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::site::Site;
use super::{ANA, BOB, KINDS, OFF, on_each_prosody};
use crate::pool::on_each;
use crate::server::Server;
use crate::stage::{Home, Stage};

const BIG: &str = "big@conference.localhost";
/// How long wake-ups are counted.
const COUNTING: Duration = Duration::from_secs(60);

/// The number of wake-ups of the threads of a process so far, by the names of the threads.
fn wake_up_counts(process: Pid) -> BTreeMap<String, f64> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", process.as_raw_pid())).unwrap();
    let mut all = BTreeMap::new();
    for task in tasks.flatten().map(|task| task.path()) {
        let name = std::fs::read_to_string(task.join("comm")).unwrap_or_default();
        let status = std::fs::read_to_string(task.join("status")).unwrap_or_default();
        let count = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        let count: f64 = count.unwrap_or("0").trim().parse().unwrap();
        *all.entry(name.trim().to_owned()).or_default() += count;
    }
    all
}

fn print_wakes(what: &str, process: Pid) {
    // Wait until the session is idle.
    std::thread::sleep(Duration::from_secs(15));
    let before = wake_up_counts(process);
    std::thread::sleep(COUNTING);
    let each = wake_up_counts(process).into_iter().map(|(thread, count)| {
        let rate = (count - before.get(&thread).copied().unwrap_or_default()) / COUNTING.as_secs_f64();
        (thread, rate)
    });
    let each: Vec<_> = each.filter(|(_, rate)| *rate > 0.0).collect();
    let sum: f64 = each.iter().map(|(_, rate)| rate).sum();
    let each: Vec<String> = each
        .iter()
        .map(|(thread, rate)| format!("{thread} {rate:.2}"))
        .collect();
    println!("{what}: {sum:.2} wake-ups a second ({})", each.join(", "));
}

/// Opens the screen of an account.
fn open_screen(site: &Site) -> Stage {
    let command = site.command(&[]);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
    let stage = Stage::start(&Home::new(), &words, (100, 30));
    stage.see("Rooms");
    stage
}

#[test]
#[ignore = "prints figures"]
fn wake_ups() {
    on_each(KINDS, |server| {
        for number in 0..10 {
            let users = [
                (ANA, "owner", &[][..]),
                (BOB, "member", &[]),
                (OFF, "member", &[]),
            ];
            server.create_room(&format!("room{number}@conference.localhost"), &users);
        }
        let site = Site::send_at_once(server);
        site.run_ok(&["pull"]);
        let mut follow = site.spawn(&["follow"]);
        print_wakes(&format!("{:?}: follow", server.kind), Pid::from_child(&follow));
        kill_process(Pid::from_child(&follow), Signal::TERM).unwrap();
        follow.wait().unwrap();
        let mut stage = open_screen(&site);
        print_wakes(&format!("{:?}: screen", server.kind), stage.process());
        stage.press("q");
        stage.end();
    });
}

/// Moves the selection down and up while `is_to_continue` is true for the number of keys so far. Returns the seconds
/// from each key to the frame that shows its effect, in ascending order.
fn time_keys(stage: &mut Stage, mut is_to_continue: impl FnMut(usize) -> bool) -> Vec<f64> {
    let mut times = Vec::new();
    while is_to_continue(times.len()) || times.len() % 2 == 1 {
        let key = if times.len() % 2 == 0 { "j" } else { "k" };
        // The user that the key selects.
        let user = if key == "j" {
            "user2@localhost"
        } else {
            "user1@localhost"
        };
        let is_selected = |line: &str| line.contains("> member") && line.contains(user);
        let began = Instant::now();
        stage.press(key);
        stage.until("the key selects the user", |seen| {
            seen.text().lines().any(is_selected)
        });
        times.push(began.elapsed().as_secs_f64());
        std::thread::sleep(Duration::from_millis(40));
    }
    times.sort_by(f64::total_cmp);
    times
}

/// Prints percentiles of sorted seconds. Returns the median in milliseconds.
fn print_times(what: &str, times: &[f64]) -> f64 {
    let at = |percent: usize| times[(times.len() - 1) * percent / 100] * 1000.0;
    println!(
        "{what}: {} keys, median {:.1} ms, 95 % {:.1} ms, 99 % {:.1} ms, maximum {:.1} ms",
        times.len(),
        at(50),
        at(95),
        at(99),
        at(100)
    );
    at(50)
}

/// Adds a hat to users as Prosody does, but without storing the whole room for each of them.
fn change_hats(server: &Server, users: std::ops::Range<usize>, title: &str) {
    let (first, last) = (users.start, users.end - 1);
    server.lua_room(
        BIG,
        &format!(
            "for i = {first}, {last} do local u = 'user' .. i .. '@localhost'; \
             r._affiliation_data[u] = {{ hats = {{ ['urn:x:new'] = {{ active = true, title = '{title}' }} }} }}; \
             hosts['conference.localhost'].events.fire_event('muc-set-affiliation-data/hats', \
             {{ room = r, jid = u, key = 'hats' }}) end return ''"
        ),
    );
}

#[test]
#[ignore = "prints figures"]
fn keys_while_ten_thousand_hats_change() {
    on_each_prosody(|server| {
        server.create_prosody_room(BIG, &json!([["ana@localhost", "owner"]]));
        server.lua_room(
            BIG,
            "for i = 1, 10000 do r._affiliations['user' .. i .. '@localhost'] = 'member' end return tostring(r:save(true))",
        );
        let site = Site::send_at_once(server);
        site.run_ok(&["pull"]);
        let open = |site: &Site| {
            let mut stage = open_screen(site);
            stage.press_and_see("l", "Users 10,001");
            stage.press_and_see("j", "user1@localhost · member");
            stage
        };
        let quiet = {
            let config = site.path("config.toml");
            let text = std::fs::read_to_string(&config).unwrap();
            std::fs::write(&config, "").unwrap();
            let mut stage = open(&site);
            let times = time_keys(&mut stage, |number| number < 200);
            stage.press("q");
            stage.end();
            std::fs::write(&config, text).unwrap();
            print_times("without a server", &times)
        };
        let mut stage = open(&site);
        std::thread::sleep(Duration::from_secs(5));
        let times = time_keys(&mut stage, |number| number < 200);
        print_times("while nothing changes", &times);
        for (title, step) in [("In parts", 500), ("At once", 10_000)] {
            let busy = std::thread::scope(|scope| {
                let changes = scope.spawn(|| {
                    for from in (1..10_000).step_by(step) {
                        change_hats(server, from..from + step, title);
                        std::thread::sleep(Duration::from_millis(500));
                    }
                    // Wait until all changes are received.
                    std::thread::sleep(Duration::from_secs(8));
                });
                let times = time_keys(&mut stage, |_| !changes.is_finished());
                print_times(&format!("while 10,000 hats change, {title}"), &times)
            });
            println!("{:?}: ratio {:.2}", server.kind, busy / quiet);
        }
        let received = site.file()["rooms"][BIG]["users"].as_object().map_or(0, |users| {
            users
                .values()
                .filter(|user| user["hats"]["urn:x:new"]["title"] == "At once")
                .count()
        });
        println!("received: {received}");
        stage.press("q");
        stage.end();
    });
}
