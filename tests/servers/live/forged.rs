//! Forged files next to the data file, from someone who may write there: they cause no session to send anything.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::at_once::pulled_site;
use super::following::{end, printed, spawn_and_wait, wait_for};
use super::site::Site;
use super::state::{Titles, titles};
use super::{ANA, BOB, OFF, ROOM};
use crate::pool::on_each;
use crate::server::Server;

const FORGED: &str = "urn:x:forged";
/// A file of the account that the forged links try to overwrite.
const PRECIOUS: &str = "precious";

/// The files of an account.
struct Files {
    /// The folder of the server's bases.
    bases: PathBuf,
    /// The path of the only base.
    base: PathBuf,
    /// The genuine content of the base.
    base_content: Vec<u8>,
    /// The content of an outbox of the account, which would send the forged hat.
    outbox: Vec<u8>,
    /// The name of the file of the outbox.
    outbox_name: String,
}

impl Files {
    /// Adds the forged hat to the data file. It is not sent automatically, because the outbox is removed.
    fn prepare(site: &Site, server: &Server) -> Self {
        let config = fs::read(site.path("config.toml")).unwrap();
        site.make_unreachable(server);
        site.run(&["add", ROOM, BOB, FORGED, "--title", "Forged", "--active"])
            .exits(7);
        fs::write(site.path("config.toml"), config).unwrap();
        let outboxes = site.path(".local/state/hatrack/outbox");
        let names = fs::read_dir(&outboxes)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        let is_document = |name: &&String| !name.contains('.');
        let outbox_name = names.iter().find(is_document).unwrap().clone();
        let outbox = fs::read(outboxes.join(&outbox_name)).unwrap();
        assert!(String::from_utf8_lossy(&outbox).contains(FORGED));
        fs::remove_dir_all(outboxes).unwrap();
        let bases = site.path("hats.servers/example");
        let mut names = fs::read_dir(&bases).unwrap().map(|entry| entry.unwrap().path());
        let base = names.find(|path| path.extension().is_none()).unwrap();
        let base_content = fs::read(&base).unwrap();
        Self {
            bases,
            base,
            base_content,
            outbox,
            outbox_name,
        }
    }

    /// Replaces the base with a changed one.
    fn forge_base(&self, forge: impl FnOnce(&mut Value)) {
        let mut base = serde_json::from_slice(&self.base_content).unwrap();
        forge(&mut base);
        fs::write(&self.base, base.to_string()).unwrap();
    }

    /// The path of the base with a suffix.
    fn base_with_suffix(&self, suffix: &str) -> PathBuf {
        let name = self.base.file_name().unwrap().to_str().unwrap();
        self.bases.join(format!("{name}{suffix}"))
    }

    /// Removes all files next to the base, and restores the base.
    fn restore(&self) {
        for entry in fs::read_dir(&self.bases).unwrap() {
            let path = entry.unwrap().path();
            if fs::remove_file(&path).is_err() {
                fs::remove_dir_all(&path).unwrap();
            }
        }
        fs::write(&self.base, &self.base_content).unwrap();
    }
}

/// A description, and a function that writes the forged files.
type Forgery = (&'static str, fn(&Site, &Files));

fn replace(path: &Path, create: impl FnOnce(&Path)) {
    let _ = fs::remove_file(path);
    create(path);
}

/// The forged files. If hatrack trusted them, it would send the forged hat or overwrite a file of the account.
const FORGERIES: &[Forgery] = &[
    ("an outbox next to the data file", |site, files| {
        for folder in [
            "",
            "outbox",
            "hats.outbox",
            "hats.servers",
            "hats.servers/outbox",
            "hats.servers/example",
        ] {
            fs::create_dir_all(site.path(folder)).unwrap();
            fs::write(site.path(folder).join(&files.outbox_name), &files.outbox).unwrap();
        }
    }),
    ("an outbox instead of the base", |_, files| {
        fs::write(&files.base, &files.outbox).unwrap();
    }),
    ("a base in which bob had another hat", |_, files| {
        files.forge_base(|base| {
            base["users"][BOB]["hats"]["urn:x:never"] = json!({"active": true, "title": "Never"});
            base["users"][BOB]["hats"]
                .as_object_mut()
                .unwrap()
                .remove("urn:x:old");
        });
    }),
    ("a base with an answer of the server", |_, files| {
        files.forge_base(|base| {
            let now = jiff::Timestamp::now().to_string();
            let item = json!({"kind": "hat", "user": BOB, "hat": FORGED});
            base["answered"] = json!([{"item": item, "value": {"hat": {"active": true, "title": "Forged"}}, "time": now,
                "before": [null]}]);
        });
    }),
    ("a base without users", |_, files| {
        files.forge_base(|base| base["users"] = json!({}));
    }),
    ("a base of another class", |_, files| {
        files.forge_base(|base| base["class"] = json!("prosody"));
    }),
    ("a base with a later revision", |_, files| {
        files.forge_base(|base| base["revision"] = json!(u64::MAX));
    }),
    ("no base", |_, files| fs::remove_file(&files.base).unwrap()),
    ("half a base", |_, files| {
        fs::write(&files.base, &files.base_content[..files.base_content.len() / 2]).unwrap();
    }),
    ("a huge base", |_, files| {
        fs::File::options()
            .write(true)
            .open(&files.base)
            .unwrap()
            .set_len(1 << 40)
            .unwrap();
    }),
    ("a base that is a link to the outbox", |site, files| {
        fs::write(site.path("elsewhere"), &files.outbox).unwrap();
        replace(&files.base, |base| symlink(site.path("elsewhere"), base).unwrap());
    }),
    ("a base that is a pipe", |_, files| {
        replace(&files.base, |base| {
            let mode = rustix::fs::Mode::from(0o666);
            rustix::fs::mknodat(rustix::fs::CWD, base, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        });
    }),
    ("a base that is a folder", |_, files| {
        replace(&files.base, |base| fs::create_dir(base).unwrap());
    }),
    ("links to a file of the account", |site, files| {
        for suffix in [".follower.lock", ".hatrack-tmp", ".lock"] {
            replace(&files.base_with_suffix(suffix), |path| {
                symlink(site.path(PRECIOUS), path).unwrap();
            });
        }
    }),
    ("folders instead of locks", |_, files| {
        for suffix in [".follower.lock", ".hatrack-tmp", ".lock"] {
            replace(&files.base_with_suffix(suffix), |path| {
                fs::create_dir(path).unwrap();
            });
        }
    }),
    ("odd names", |_, files| {
        let long = vec![b'a'; 255];
        for name in [&b"\n"[..], b"..lock", b"\xff\xfe", b"\x1b[31m", b"* -rf", &long] {
            fs::write(files.bases.join(std::ffi::OsStr::from_bytes(name)), &files.outbox).unwrap();
        }
    }),
];

#[test]
fn forged_files_next_to_the_data_file_cause_no_sending() {
    on_each(super::some_kinds(), |server| {
        let site = pulled_site(server);
        fs::write(site.path(PRECIOUS), "precious").unwrap();
        let files = Files::prepare(&site, server);
        let own = |number: usize| format!("urn:x:own:{number}");
        let mut followed_count = 0;
        for (number, (name, forge)) in FORGERIES.iter().enumerate() {
            files.restore();
            forge(&site, &files);
            // Each round uses another user, because ejabberd limits users to ten hats.
            let (marker, user) = (
                format!("urn:x:there:{number}"),
                format!("there{number}@localhost"),
            );
            server.set_affiliation(ROOM, &user, "member");
            server.add_hats(ROOM, &user, &[(&marker, "There")]);
            let follower = spawn_and_wait(&site, "out", &["follow"], "");
            let out = || printed(&site, "out");
            wait_for("no line says who follows the room", || {
                ["Following ", "is followed by", "is not followed"]
                    .iter()
                    .any(|text| out().contains(text))
            });
            if out().contains("Following ") {
                wait_for("the change is not received", || {
                    site.titles(ROOM, &user).contains_key(&marker)
                });
                followed_count += 1;
            }
            let user = [OFF, ANA][number % 2];
            let output = site.run(&["add", ROOM, user, &own(number), "--title", "Own", "--active"]);
            assert!([0, 1, 5, 7].contains(&output.code), "{name}: {output:?}");
            end(follower, Signal::TERM, 0);
            let there = server.all_hats(ROOM);
            assert_eq!(there.get(BOB), Some(&old()), "{name}: {output:?}, {}", out());
            let is_own = |id: &String| (0..=number).any(|number| *id == own(number));
            for user in [OFF, ANA] {
                assert!(
                    there.get(user).is_none_or(|hats| hats.keys().all(is_own)),
                    "{name}: {there:?}"
                );
            }
            assert_eq!(
                fs::read_to_string(site.path(PRECIOUS)).unwrap(),
                "precious",
                "{name}"
            );
        }
        assert!(followed_count > 2, "almost no session followed the room");
        // With the genuine base, changes are sent again.
        files.restore();
        site.run_ok(&["add", ROOM, OFF, "urn:x:last", "--title", "Last", "--active"])
            .prints("Sent ");
        assert!(server.hats_of(ROOM, OFF).contains_key("urn:x:last"));
        assert_eq!(server.hats_of(ROOM, BOB), old());
        assert_eq!(
            site.titles(ROOM, BOB).get(FORGED).map(String::as_str),
            Some("Forged")
        );
    });
}

fn old() -> Titles {
    titles(&[("urn:x:old", "Old")])
}
