//! `docs/follow.md`: the systemd service.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::chown;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{HATS, Machine, Page, ROOM, are_installed, prosody};
use crate::process::spawn;

const PAGE: &str = include_str!("../../../docs/follow.md");

#[test]
fn service_follows_and_ends_on_sigterm() {
    if !are_installed(&["/usr/bin/sudo", "/usr/sbin/visudo"]) {
        return;
    }
    let Some(machine) = Machine::with_prosody() else {
        return;
    };
    // The account that the unit names.
    let id = HATS + 1;
    machine.add_account("hatrack", id);
    chown(machine.path("lib/hatrack"), Some(id), Some(id)).unwrap();
    machine.permit_shell("hatrack");
    let with_sudo = Page::new(prosody::PAGE).section("Connection").configurations()[0].to_owned();
    machine.configure(&with_sudo);
    let section = Page::new(PAGE).section("As a service");
    let [receive, copy, enable] = section.lines()[..] else {
        panic!("{:?}", section.lines())
    };
    machine.run_ok("root", receive);
    let folder = env!("CARGO_MANIFEST_DIR");
    machine.run_ok(
        "root",
        &format!("mkdir -p /etc/systemd/system && cd {folder} && {copy}"),
    );
    assert!(
        enable.ends_with("systemctl enable --now hatrack-follow"),
        "{enable}"
    );
    machine.run_ok("root", "systemctl --root=/ enable hatrack-follow");
    if are_installed(&["/usr/bin/systemd-analyze"]) {
        machine.run_ok(
            "root",
            "sed -i s,/usr/bin/hatrack,/usr/local/bin/hatrack, /etc/systemd/system/hatrack-follow.service",
        );
        let verified = machine.run(
            "root",
            "systemd-analyze --man=no verify /etc/systemd/system/hatrack-follow.service",
        );
        assert!(
            !verified.text.contains("hatrack-follow.service:"),
            "{}",
            verified.text
        );
    }

    let unit = std::fs::read_to_string(machine.path("etc/systemd/system/hatrack-follow.service")).unwrap();
    let value = |name: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name}")).to_owned()
    };
    let line = format!(
        "export {} && exec {} --json",
        value("Environment="),
        value("ExecStart=")
    );
    let mut command = machine.command(&value("User="), &line);
    command.stdout(Stdio::piped());
    let mut child = spawn(command).unwrap();
    // Someone else adds a hat on the server.
    machine.server().lua_room(
        ROOM,
        "return tostring(r:set_affiliation(true, 'terry@localhost', 'member', nil, \
         { hats = { ['http://example.com/hats/ta'] = { active = true, title = 'Assistant' } } }))",
    );
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let printed: Value = serde_json::from_str(&line).unwrap();
    // The line has the fields of the example in the documentation; only `by` may be missing.
    let (_, example) = PAGE.split_once("    {\"time\"").unwrap();
    let example = format!(
        "{{\"time\"{}",
        example.split_once("}\n").unwrap().0.replace('\n', " ")
    ) + "}";
    let example: Value = serde_json::from_str(&example).unwrap();
    for name in example.as_object().unwrap().keys().filter(|name| *name != "by") {
        assert!(printed[name].is_string(), "{name}: {printed}");
    }
    assert_eq!(printed["user"], "terry@localhost", "{printed}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let shown = machine.run_ok(
        "hatrack",
        &format!("hatrack --file /var/lib/hatrack/hats.json show {ROOM} terry@localhost"),
    );
    assert!(shown.contains("Assistant"), "{shown}");
}
