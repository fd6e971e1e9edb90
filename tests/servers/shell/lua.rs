//! Texts that are sent to a real Lua arrive unchanged, whatever they contain: no text becomes code.

use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::ControlFlow;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use hatrack::model::{Affiliation, HatId, Jid};
use hatrack::server::{Backend as _, ReadEvent, RoomChanges};
use hatrack::server::{ProsodyAccess, ServerAccess, ServerSettings};
use hatrack::sync::{HatValue, Item, ItemChange, ItemOutcome, ItemValue, RoomRead, ServerClass};
use proptest::prelude::*;

use super::{SAVED, prosody};
use crate::support::{cases, jid, room_jid, text};
use crate::system::skip;

/// A Lua process that runs `prosody.lua`, a stand-in for Prosody's admin shell.
struct Lua {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Lua {
    fn start() -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/shell/prosody.lua");
        let child = Command::new("lua5.4")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            skip("lua5.4 is missing");
            return None;
        };
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, input, output })
    }

    fn send(&mut self, line: &str) {
        assert!(line.bytes().all(|byte| (32..127).contains(&byte)), "{line}");
        writeln!(self.input, "{line}").unwrap();
    }

    /// Receives a line: its kind, such as `R` for a result, and its text.
    fn receive(&mut self) -> (char, String) {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let line = line.trim_end_matches('\n');
        let (kind, text) = line.split_once(' ').unwrap();
        (kind.chars().next().unwrap(), text.to_owned())
    }

    /// Returns the actor and the reason of the last change.
    fn actor_and_reason(&mut self) -> (String, String) {
        self.send("ASK");
        let (_, answer) = self.receive();
        let (actor, reason) = answer.split_once(' ').unwrap();
        let bytes = |list: &str| {
            list.split_terminator(',')
                .map(|byte| byte.parse().unwrap())
                .collect()
        };
        (
            String::from_utf8(bytes(actor)).unwrap(),
            String::from_utf8(bytes(reason)).unwrap(),
        )
    }
}

impl Drop for Lua {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Serves a connection as the admin socket does, and runs the lines in Lua.
fn serve(stream: UnixStream, lua: &Mutex<Lua>) {
    let mut lua = lua.lock().unwrap();
    lua.send("RESET");
    let mut output = stream.try_clone().unwrap();
    let _ = write!(
        output,
        "<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>"
    );
    let mut input = BufReader::new(stream);
    let mut received = Vec::new();
    while input.read_until(b'>', &mut received).is_ok_and(|count| count > 0) {
        let so_far = String::from_utf8(received.clone()).unwrap();
        let Some(line) = so_far.strip_suffix("</repl-input>") else {
            continue;
        };
        let line = line.rsplit_once("<repl-input>").unwrap().1;
        assert!(
            line.len() < 9_900,
            "Prosody 13 ends the connection at 10,000 bytes"
        );
        lua.send(
            &line
                .replace("&gt;", ">")
                .replace("&lt;", "<")
                .replace("&amp;", "&"),
        );
        received.clear();
        loop {
            let (kind, text) = lua.receive();
            let text = escape(&text);
            let _ = match kind {
                'O' => write!(output, "<repl-output>{text}</repl-output>"),
                'R' => write!(output, "<repl-result>Result: {text}</repl-result>"),
                _ => write!(output, "<repl-result type='error'>{text}</repl-result>"),
            };
            if kind != 'O' {
                break;
            }
        }
    }
}

/// An admin socket whose lines Lua runs.
struct LuaShell {
    _folder: tempfile::TempDir,
    path: PathBuf,
    lua: Arc<Mutex<Lua>>,
}

impl LuaShell {
    fn start() -> Option<Self> {
        let lua = Arc::new(Mutex::new(Lua::start()?));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prosody.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let served = Arc::clone(&lua);
        std::thread::spawn(move || {
            for stream in listener.incoming().take(100_000) {
                serve(stream.unwrap(), &served);
            }
        });
        Some(Self {
            _folder: folder,
            path,
            lua,
        })
    }
}

type Hats = Vec<(String, HatValue)>;

fn hats() -> impl Strategy<Value = Hats> {
    let hat = (text(), any::<[bool; 2]>(), text()).prop_map(|(id, [active, required], title)| {
        let title = (!title.is_empty()).then(|| title.into());
        (
            id,
            HatValue {
                active,
                required,
                title,
            },
        )
    });
    prop::collection::vec(hat, 1..5)
}

/// Adds these hats and makes the first user an admin, then checks that all valid texts arrive unchanged, and that
/// changes with invalid texts are refused.
fn check(shell: &LuaShell, room: &Jid, users: &[(Jid, Hats)], actor: &str, reason: &str) {
    let service = Jid::parse(room.domain()).unwrap();
    let mut backend = prosody(ServerSettings::new(
        "example",
        vec![service],
        ServerAccess::Prosody(ProsodyAccess::Socket(shell.path.clone())),
    ));
    let mut wanted: std::collections::BTreeMap<(Jid, HatId), HatValue> = std::collections::BTreeMap::new();
    let mut changes = Vec::new();
    for (user, hats) in users {
        for (id, hat) in hats {
            let item = Item::Hat {
                user: user.clone(),
                hat: HatId::unchecked(id.as_str()),
            };
            let key = (user.clone(), HatId::unchecked(id.as_str()));
            let is_valid = |text: &str| ServerClass::Prosody.accepts_text(text);
            if !id.is_empty() && is_valid(id) && hat.title.as_deref().is_none_or(is_valid) {
                let before = wanted.insert(key, hat.clone());
                changes.push((
                    true,
                    ItemChange::new(
                        item,
                        before.map(ItemValue::Hat),
                        Some(ItemValue::Hat(hat.clone())),
                    ),
                ));
            } else {
                changes.push((
                    false,
                    ItemChange::new(item, None, Some(ItemValue::Hat(hat.clone()))),
                ));
            }
        }
    }
    let affiliation = ItemChange {
        reason: Some(reason.into()),
        ..ItemChange::new(
            Item::Affiliation {
                user: users[0].0.clone(),
            },
            ItemValue::affiliation(Affiliation::Member),
            ItemValue::affiliation(Affiliation::Admin),
        )
    };
    let is_reason_valid = ServerClass::Prosody.accepts_text(reason);
    changes.push((is_reason_valid, affiliation));
    let work = RoomChanges {
        room: room.clone(),
        created: None,
        actor: actor.into(),
        changes: changes.iter().map(|(_, change)| change.clone()).collect(),
    };
    let mut outcomes = std::collections::BTreeMap::new();
    let result = backend.apply(&[work], &mut |applied| {
        outcomes.extend(applied.outcomes);
        ControlFlow::Continue(())
    });
    result.unwrap();
    for (number, (is_valid, change)) in changes.iter().enumerate() {
        match &outcomes[&number] {
            outcome if *is_valid => assert_eq!(*outcome, SAVED, "{change:?}"),
            outcome => assert!(
                matches!(outcome, ItemOutcome::Refused(_)),
                "{change:?}: {outcome:?}"
            ),
        }
    }
    if wanted.is_empty() && !is_reason_valid {
        return; // Nothing was sent.
    }
    let mut found = Vec::new();
    let read = backend.read_rooms(std::slice::from_ref(room), &mut |event| {
        if let ReadEvent::Room {
            read: RoomRead::Read(room),
            ..
        } = event
        {
            found.push(room);
        }
        ControlFlow::Continue(())
    });
    read.unwrap();
    assert_eq!(found[0].unreadable.count, 0);
    let users = found[0].users.iter();
    let there = users.flat_map(|(user, found)| {
        found
            .hats
            .iter()
            .map(|(id, hat)| ((user.clone(), id.clone()), hat.clone()))
    });
    assert_eq!(there.collect::<std::collections::BTreeMap<_, _>>(), wanted);
    drop(backend);
    let (sent_actor, sent_reason) = shell.lua.lock().unwrap().actor_and_reason();
    if is_reason_valid {
        assert_eq!((sent_actor.as_str(), sent_reason.as_str()), (actor, reason));
    }
}

#[test]
fn text_never_becomes_code() {
    let Some(shell) = LuaShell::start() else { return };
    let runner = cases(150);
    proptest!(runner, |(room in room_jid(), users in prop::collection::vec((jid(), hats()), 1..4), actor in text(), reason in text())| {
        let mut users: Vec<(Jid, Hats)> = users;
        users.sort_by(|one, other| one.0.cmp(&other.0));
        users.dedup_by(|one, other| one.0 == other.0);
        check(&shell, &room, &users, &actor, &reason);
    });
}

#[test]
fn lua_syntax_in_texts_is_not_run() {
    let Some(shell) = LuaShell::start() else { return };
    let room = super::jid("courses@conference.localhost");
    for text in [
        "]] os.exit(1) --[[",
        "\" .. os.exit(1) .. \"",
        "\\\" os.exit(1)",
        "]==] x",
        "$(x)",
        "%s%d%n",
        "\\0",
        "--",
        "a;user b;hat c - 1=",
        "]]",
        "\u{2028}\r\nos.exit(1)\n",
        "&lt;/repl-input&gt;",
        "</repl-input>",
    ] {
        let hat = HatValue {
            active: true,
            required: false,
            title: Some(text.into()),
        };
        check(
            &shell,
            &room,
            &[(super::jid("ana@localhost"), vec![(text.to_owned(), hat)])],
            text,
            text,
        );
    }
}

#[test]
fn splits_long_requests() {
    let Some(shell) = LuaShell::start() else { return };
    let room = super::jid("courses@conference.localhost");
    let long = "é]]".repeat(4_000);
    let hat = HatValue {
        active: true,
        required: true,
        title: Some(long.as_str().into()),
    };
    let hats: Hats = (0..20)
        .map(|number| (format!("urn:x:{number}"), hat.clone()))
        .collect();
    check(&shell, &room, &[(super::jid("ana@localhost"), hats)], "ana", "");
}
