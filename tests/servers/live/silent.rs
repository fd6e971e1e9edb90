//! A follower whose process is stopped keeps its rooms. Another session reports this, and reports when the process
//! continues.

use rustix::process::{Pid, Signal, kill_process};

use super::ROOM;
use super::at_once::pulled_site;
use super::following::{end, follow, printed, wait_for};
use crate::pool::on_each;
use crate::server::Kind;

#[test]
fn stopped_follower_is_reported_as_silent_until_it_continues() {
    on_each(&Kind::PROSODY[..1], |server| {
        let site = pulled_site(server);
        let first = follow(&site, "first", &[], &format!("Following {ROOM}"));
        let by = format!("another session (maya, process {})", first.id());
        let second = follow(&site, "second", &[], "is followed by another session");
        let process = Pid::from_child(&first);
        kill_process(process, Signal::STOP).unwrap();
        let silent = format!(
            "hatrack: {ROOM}: not followed: another session (maya, process {}) is not responding",
            first.id()
        );
        wait_for("the stopped session is not reported", || {
            printed(&site, "second").contains(&silent)
        });
        kill_process(process, Signal::CONT).unwrap();
        let again = format!("hatrack: {ROOM}: followed by {by} again");
        wait_for("the continued session is not reported", || {
            printed(&site, "second").contains(&again)
        });
        assert_eq!(printed(&site, "second").matches("not followed").count(), 1);
        end(first, Signal::TERM, 0);
        wait_for("no session takes over", || {
            printed(&site, "second").contains(&format!("Following {ROOM}"))
        });
        end(second, Signal::TERM, 0);
    });
}
