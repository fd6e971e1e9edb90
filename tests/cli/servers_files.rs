//! The configuration files that a session reads, and those that may name servers. Some of these tests need root.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

use std::fs::{Permissions, create_dir, set_permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{CommandOutput, Home, output_of};
use super::skip::skipped;

/// The ID of a user who has no account on the machine.
const BOB: u32 = 54_321;

fn server_section(name: &str) -> String {
    format!("[servers.{name}]\nkind = \"xmpp\"\nservices = [\"{name}.example\"]\njid = \"a@b.example\"\n")
}

fn set_mode(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Whether the test is run by root, which can give files to other users. If not, reports the test as skipped.
fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skipped(true, "only root can give files to other users");
    }
    root
}

/// Creates a folder with a configuration file that only the account can write, regardless of the umask. Returns both.
fn make_own_file(home: &Home) -> (PathBuf, PathBuf) {
    let folder = home.path("own");
    create_dir(&folder).unwrap();
    set_mode(&folder, 0o755);
    let file = home.write("own/config.toml", server_section("a"));
    set_mode(&file, 0o644);
    (folder, file)
}

fn list_servers(home: &Home, file: &Path) -> CommandOutput {
    home.run(&["--config", file.to_str().unwrap(), "servers"])
}

fn assert_read(output: &CommandOutput) {
    assert!(output.code == 0 && output.out.contains("a.example"), "{output:?}");
}

/// Checks that servers are not read from the file, with this reason and this command that repairs it.
fn assert_refused(output: &CommandOutput, file: &Path, reason: &str, repair: &str) {
    let expected = format!(
        "hatrack: {}:1: servers are not read from this file, because {reason}; run: {repair}\n",
        file.display()
    );
    assert_eq!((output.code, output.err.as_str()), (2, expected.as_str()));
}

#[test]
fn files_that_others_can_write_name_no_servers() {
    let home = Home::new();
    let (folder, file) = make_own_file(&home);
    assert_read(&list_servers(&home, &file));
    for bits in [0o664, 0o646, 0o666, 0o620, 0o602] {
        set_mode(&file, bits);
        let reason = format!("others can write to it (mode {bits:03o})");
        assert_refused(
            &list_servers(&home, &file),
            &file,
            &reason,
            &format!("chmod go-w {}", file.display()),
        );
        // The command that the error names repairs it.
        let done = Command::new("chmod").arg("go-w").arg(&file).status().unwrap();
        assert!(done.success());
        assert_read(&list_servers(&home, &file));
    }
    for bits in [0o775, 0o757, 0o2775] {
        set_mode(&folder, bits);
        let reason = format!(
            "others can write to the folder {} (mode {bits:03o})",
            folder.display()
        );
        assert_refused(
            &list_servers(&home, &file),
            &file,
            &reason,
            &format!("chmod go-w {}", folder.display()),
        );
    }
    // As in /tmp, nobody can replace the files of others in a sticky folder.
    set_mode(&folder, 0o1777);
    assert_read(&list_servers(&home, &file));
}

#[test]
fn a_file_without_servers_may_belong_to_any_user() {
    let home = Home::new();
    let file = home.write("screen.toml", "mouse = true\n");
    set_mode(&file, 0o666);
    let output = list_servers(&home, &file);
    assert!(
        output.code == 0 && output.out.starts_with("No servers configured"),
        "{output:?}"
    );
    if is_root() {
        chown(&file, Some(BOB), None).unwrap();
        assert_eq!(list_servers(&home, &file).code, 0);
    }
}

#[test]
fn a_path_in_a_repair_is_quoted_for_the_shell() {
    let home = Home::new();
    let file = home.write("it's mine/config.toml", server_section("a"));
    set_mode(file.parent().unwrap(), 0o755);
    set_mode(&file, 0o666);
    let output = list_servers(&home, &file);
    let repair = output.err.split_once("; run: ").unwrap().1.trim_end();
    assert!(repair.ends_with(r"it'\''s mine/config.toml'"), "{output:?}");
    assert!(
        Command::new("sh")
            .args(["-c", repair])
            .status()
            .unwrap()
            .success()
    );
    assert_read(&list_servers(&home, &file));
}

#[test]
fn the_link_and_its_target_are_both_checked() {
    let home = Home::new();
    let (folder, file) = make_own_file(&home);
    let link_folder = home.path("links");
    create_dir(&link_folder).unwrap();
    set_mode(&link_folder, 0o755);
    let link = link_folder.join("link.toml");
    symlink(&file, &link).unwrap();
    assert_read(&list_servers(&home, &link));
    set_mode(&file, 0o664);
    let output = list_servers(&home, &link);
    assert!(
        output.err.contains("others can write to it (mode 664)"),
        "{output:?}"
    );
    assert!(
        output.err.ends_with(&format!("chmod go-w {}\n", file.display())),
        "{output:?}"
    );
    set_mode(&file, 0o644);
    set_mode(&folder, 0o775);
    assert!(
        list_servers(&home, &link)
            .err
            .contains(&format!("the folder {} ", folder.display()))
    );
    set_mode(&folder, 0o755);
    // Anyone who can write to this folder can make the link point to another file of the account.
    set_mode(&link_folder, 0o775);
    assert!(
        list_servers(&home, &link)
            .err
            .contains(&format!("the folder {} ", link_folder.display()))
    );
}

#[test]
fn files_of_other_users_name_no_servers() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    let (folder, file) = make_own_file(&home);
    chown(&file, Some(BOB), None).unwrap();
    let output = list_servers(&home, &file);
    let repair = format!("sudo chown root {}", file.display());
    assert_refused(&output, &file, &format!("it belongs to uid {BOB}"), &repair);
    chown(&file, Some(0), None).unwrap();
    chown(&folder, Some(BOB), None).unwrap();
    // The advice does not change the owner of the folder.
    let output = list_servers(&home, &file);
    let expected = format!(
        "hatrack: {}:1: servers are not read from this file, because the folder {} belongs to uid {BOB}; \
         move the file to a folder of your own and name it with --config\n",
        file.display(),
        folder.display()
    );
    assert_eq!((output.code, output.err), (2, expected));
}

/// Makes a link to a link to the file. Returns the first link, and the folder of the second.
fn make_two_links(home: &Home, file: &Path) -> (PathBuf, PathBuf) {
    let [first, second] = ["first", "second"].map(|name| home.path(name));
    for folder in [&first, &second] {
        create_dir(folder).unwrap();
        set_mode(folder, 0o755);
    }
    symlink(file, second.join("link.toml")).unwrap();
    symlink("../second/link.toml", first.join("link.toml")).unwrap();
    (first.join("link.toml"), second)
}

#[test]
fn every_link_on_the_path_is_checked() {
    let home = Home::new();
    let (folder, file) = make_own_file(&home);
    let (link, between) = make_two_links(&home, &file);
    assert_read(&list_servers(&home, &link));
    let reports_folder = |output: &CommandOutput, folder: &Path| {
        let reason = format!("others can write to the folder {} (mode 775)", folder.display());
        output.code == 2 && output.err.contains(&reason)
    };
    set_mode(&between, 0o775);
    let output = list_servers(&home, &link);
    assert!(reports_folder(&output, &between), "{output:?}");
    set_mode(&between, 0o755);
    // A folder of the path may be a link, too.
    let outside = home.path("outside");
    create_dir(&outside).unwrap();
    set_mode(&outside, 0o755);
    symlink(&folder, outside.join("own")).unwrap();
    symlink("outside/own", home.path("shortcut")).unwrap();
    let short = home.path("shortcut/config.toml");
    assert_read(&list_servers(&home, &short));
    set_mode(&outside, 0o775);
    let output = list_servers(&home, &short);
    assert!(reports_folder(&output, &outside), "{output:?}");
    // A link to itself leads to no file.
    symlink("round.toml", home.path("round.toml")).unwrap();
    assert_eq!(list_servers(&home, &home.path("round.toml")).code, 2);
}

#[test]
fn links_of_other_users_name_no_servers() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    let (_, file) = make_own_file(&home);
    let (link, between) = make_two_links(&home, &file);
    // Anyone can make a link in a folder such as /tmp.
    set_mode(&between, 0o1777);
    assert_read(&list_servers(&home, &link));
    std::os::unix::fs::lchown(between.join("link.toml"), Some(BOB), None).unwrap();
    let output = list_servers(&home, &link);
    let reason = format!(
        "because the symbolic link {} belongs to uid {BOB}; name the file itself: {}\n",
        between.join("link.toml").display(),
        file.display()
    );
    assert!(output.code == 2 && output.err.ends_with(&reason), "{output:?}");
}

/// Runs a copy of hatrack in a folder that all users can read, as another user than root.
#[test]
fn an_account_reads_its_own_files_and_those_of_root() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    set_mode(&home.path(""), 0o755);
    let program = home.path("hatrack");
    crate::copy_program::copy_program(Path::new(env!("CARGO_BIN_EXE_hatrack")), &program);
    set_mode(&program, 0o755);
    let (folder, file) = make_own_file(&home);
    let as_bob = || {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=54321", "--regid=54321", "--clear-groups"])
            .arg(&program)
            .arg("--config")
            .args([&file, Path::new("servers")])
            .env_clear()
            .env("HOME", "/nonexistent");
        output_of(&mut command)
    };
    assert_read(&as_bob());
    chown(&file, Some(BOB), None).unwrap();
    chown(&folder, Some(BOB), None).unwrap();
    assert_read(&as_bob());
    chown(&file, Some(BOB + 1), None).unwrap();
    let output = as_bob();
    assert!(
        output
            .err
            .contains("it belongs to uid 54322; run: sudo chown 54321 /"),
        "{output:?}"
    );
}

#[test]
fn others_who_can_write_by_an_access_control_list_are_reported() {
    let home = Home::new();
    let (folder, file) = make_own_file(&home);
    let setfacl = |entries: &str, path: &Path| {
        let output = Command::new("setfacl").args(["-m", entries]).arg(path).output();
        let done = output.is_ok_and(|output| output.status.success());
        if !done {
            skipped(
                false,
                "setfacl is needed, and a file system with access control lists",
            );
        }
        done
    };
    if !setfacl("u:54321:r", &file) {
        return;
    }
    assert_read(&list_servers(&home, &file));
    assert!(setfacl("u:54321:rw", &file));
    assert_refused(
        &list_servers(&home, &file),
        &file,
        "others can write to it (mode 664)",
        &format!("chmod go-w {}", file.display()),
    );
    // The command in the error changes the mask, which revokes the right to write.
    assert!(
        Command::new("chmod")
            .arg("go-w")
            .arg(&file)
            .status()
            .unwrap()
            .success()
    );
    assert_read(&list_servers(&home, &file));
    assert!(setfacl("u:54321:rwx", &folder));
    assert!(
        list_servers(&home, &file)
            .err
            .contains("others can write to the folder")
    );
}

#[test]
fn config_check_reports_a_file_that_others_can_write() {
    let home = Home::new();
    let path = home.write(
        ".config/hatrack/config.toml",
        format!("mouse = 1\n{}", server_section("a")),
    );
    set_mode(&path, 0o664);
    let output = home.run(&["config", "--check"]);
    let lines: Vec<&str> = output.err.lines().collect();
    assert_eq!((output.code, lines.len()), (2, 2), "{output:?}");
    assert!(
        lines[0].contains(":1: mouse must be") && lines[1].contains(":2: servers are not read"),
        "{output:?}"
    );
    // For standard input, there is no file whose owner could be checked.
    assert_eq!(
        home.run_with_input(&["config", "--check", "-"], server_section("a").as_bytes())
            .out,
        "-: no errors\n"
    );
    // Commands that only read the data file do not need the configuration.
    assert_eq!(home.run(&["show"]).code, 0);
    let output = home.run(&[]);
    assert!(
        output.code == 2 && output.err.contains("and 1 more"),
        "{output:?}"
    );
}

#[test]
fn config_option_replaces_the_file_of_the_user() {
    let home = Home::new();
    home.write(".config/hatrack/config.toml", server_section("user"));
    let named = home.write("named.toml", server_section("named"));
    let named = named.to_str().unwrap();
    assert!(home.run_ok(&["servers"]).contains("user.example"));
    for args in [["--config", named, "servers"], ["servers", "--config", named]] {
        let list = home.run_ok(&args);
        assert!(
            list.contains("named.example") && !list.contains("user.example"),
            "{list}"
        );
    }
    assert!(
        home.run_ok(&["--config", "~/named.toml", "servers"])
            .contains("named.example")
    );
    home.assert_fails(
        &["--config", "gone.toml", "servers"],
        2,
        "gone.toml: no such file",
    );
    home.assert_fails(
        &["--config", "gone.toml", "config", "--check"],
        2,
        "gone.toml: no such file",
    );
    home.assert_fails(
        &["--config", named, "servers", "--config", named],
        2,
        "--config given twice",
    );
    assert_eq!(
        home.run_ok(&["--config", named, "config", "--check"]),
        format!("{named}: no errors\n")
    );
}

/// Runs hatrack with the folder `etc` of the home folder mounted at /etc, for this process only. `None` if that is not
/// possible; then the test is reported as skipped.
fn with_etc(home: &Home, args: &[&str]) -> Option<CommandOutput> {
    let script = "mount --bind \"$1\" /etc && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--propagation=private", "sh", "-c", script, "sh"])
        .arg(home.path("etc"))
        .arg(env!("CARGO_BIN_EXE_hatrack"))
        .args(args)
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
        .env("HOME", home.path(""));
    let output = output_of(&mut command);
    if output.err.contains("unshare:") || output.err.contains("mount:") {
        skipped(true, &output.err);
        return None;
    }
    Some(output)
}

#[test]
fn the_file_in_etc_is_read_by_all_sessions() {
    let home = Home::new();
    let system = home.write(
        "etc/hatrack/config.toml",
        format!("mouse = true\n{}", server_section("all")),
    );
    let user = home.write(".config/hatrack/config.toml", server_section("user"));
    let named = home.write("named.toml", server_section("named"));
    let named = named.to_str().unwrap();
    for (args, expected) in [
        (&["servers"][..], &["all", "user"][..]),
        (&["--config", named, "servers"], &["all", "named"]),
        (&["--read-only", "servers"], &["all"]),
        (&["--room", "r@all.example", "servers"], &["all"]),
        (&["--room", "r@user.example", "servers"], &[]),
        (&["--config", named, "--read-only", "servers"], &["all", "named"]),
    ] {
        let Some(output) = with_etc(&home, args) else {
            return;
        };
        let found = ["all", "user", "named"]
            .into_iter()
            .filter(|name| output.out.contains(&format!("{name}.example")));
        assert_eq!(found.collect::<Vec<_>>(), expected, "{args:?}: {output:?}");
    }
    let check = with_etc(&home, &["config", "--check"]).unwrap();
    assert_eq!(
        check.out,
        format!(
            "/etc/hatrack/config.toml: no errors\n{}: no errors\n",
            user.display()
        )
    );
    // If both files have the same server or service, the error is in the second.
    for (text, error) in [
        (
            server_section("all"),
            "1: servers.all is also in /etc/hatrack/config.toml; use another name",
        ),
        (
            server_section("b").replace("b.example\"]", "all.example\"]"),
            "3: services: all.example is also a service of servers.all in /etc/hatrack/config.toml",
        ),
    ] {
        home.write(".config/hatrack/config.toml", text);
        let output = with_etc(&home, &["servers"]).unwrap();
        let expected = format!("hatrack: {}:{error}", user.display());
        assert!(
            output.code == 2 && output.err.starts_with(&expected),
            "{output:?}"
        );
    }
    set_mode(&system, 0o666);
    let output = with_etc(&home, &["--read-only", "servers"]).unwrap();
    assert!(
        output
            .err
            .starts_with("hatrack: /etc/hatrack/config.toml:2: servers are not read"),
        "{output:?}"
    );
}
