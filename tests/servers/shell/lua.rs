//! What is sent to a real Lua arrives as what it was, whatever is in it: no text becomes code.

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

/// A Lua that plays Prosody.
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

    fn say(&mut self, line: &str) {
        assert!(line.bytes().all(|byte| (32..127).contains(&byte)), "{line}");
        writeln!(self.input, "{line}").unwrap();
    }

    fn hear(&mut self) -> (char, String) {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let line = line.trim_end_matches('\n');
        let (kind, said) = line.split_once(' ').unwrap();
        (kind.chars().next().unwrap(), said.to_owned())
    }

    /// Who did the last change, and why.
    fn ask(&mut self) -> (String, String) {
        self.say("ASK");
        let (_, answer) = self.hear();
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

/// Carries the shell between a connection and Lua.
fn carry(stream: UnixStream, lua: &Mutex<Lua>) {
    let mut lua = lua.lock().unwrap();
    lua.say("RESET");
    let mut output = stream.try_clone().unwrap();
    let _ = write!(
        output,
        "<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>"
    );
    let mut input = BufReader::new(stream);
    let mut text = Vec::new();
    while input.read_until(b'>', &mut text).is_ok_and(|count| count > 0) {
        let so_far = String::from_utf8(text.clone()).unwrap();
        let Some(line) = so_far.strip_suffix("</repl-input>") else {
            continue;
        };
        let line = line.rsplit_once("<repl-input>").unwrap().1;
        assert!(
            line.len() < 9_900,
            "Prosody 13 ends the connection at 10,000 bytes"
        );
        lua.say(
            &line
                .replace("&gt;", ">")
                .replace("&lt;", "<")
                .replace("&amp;", "&"),
        );
        text.clear();
        loop {
            let (kind, said) = lua.hear();
            let said = escape(&said);
            let _ = match kind {
                'O' => write!(output, "<repl-output>{said}</repl-output>"),
                'R' => write!(output, "<repl-result>Result: {said}</repl-result>"),
                _ => write!(output, "<repl-result type='error'>{said}</repl-result>"),
            };
            if kind != 'O' {
                break;
            }
        }
    }
}

/// A socket behind which Lua plays Prosody.
pub(super) struct Stage {
    _folder: tempfile::TempDir,
    pub(super) path: PathBuf,
    lua: Arc<Mutex<Lua>>,
}

impl Stage {
    pub(super) fn start() -> Option<Self> {
        let lua = Arc::new(Mutex::new(Lua::start()?));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prosody.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let (other, count) = (Arc::clone(&lua), 100_000);
        std::thread::spawn(move || {
            for stream in listener.incoming().take(count) {
                carry(stream.unwrap(), &other);
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

fn check(stage: &Stage, room: &Jid, users: &[(Jid, Hats)], actor: &str, reason: &str) {
    let service = Jid::parse(room.domain()).unwrap();
    let mut backend = prosody(ServerSettings::new(
        "example",
        vec![service],
        ServerAccess::Prosody(ProsodyAccess::Socket(stage.path.clone())),
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
            let sound = |text: &str| ServerClass::Prosody.accepts_text(text);
            if !id.is_empty() && sound(id) && hat.title.as_deref().is_none_or(sound) {
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
    let standing = ItemChange {
        reason: Some(reason.into()),
        ..ItemChange::new(
            Item::Affiliation {
                user: users[0].0.clone(),
            },
            ItemValue::affiliation(Affiliation::Member),
            ItemValue::affiliation(Affiliation::Admin),
        )
    };
    let sound = ServerClass::Prosody.accepts_text(reason);
    changes.push((sound, standing));
    let work = RoomChanges {
        room: room.clone(),
        created: None,
        actor: actor.into(),
        changes: changes.iter().map(|(_, change)| change.clone()).collect(),
    };
    let mut outcomes = std::collections::BTreeMap::new();
    let done = backend.apply(&[work], &mut |applied| {
        outcomes.extend(applied.outcomes);
        ControlFlow::Continue(())
    });
    done.unwrap();
    for (number, (fine, change)) in changes.iter().enumerate() {
        match &outcomes[&number] {
            outcome if *fine => assert_eq!(*outcome, SAVED, "{change:?}"),
            outcome => assert!(
                matches!(outcome, ItemOutcome::Refused(_)),
                "{change:?}: {outcome:?}"
            ),
        }
    }
    if wanted.is_empty() && !sound {
        return; // nothing was sent
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
    let (did, why) = stage.lua.lock().unwrap().ask();
    if sound {
        assert_eq!((did.as_str(), why.as_str()), (actor, reason));
    }
}

#[test]
fn text_never_becomes_code() {
    let Some(stage) = Stage::start() else { return };
    let runner = cases(150);
    proptest!(runner, |(room in room_jid(), users in prop::collection::vec((jid(), hats()), 1..4), actor in text(), reason in text())| {
        let mut once: Vec<(Jid, Hats)> = users;
        once.sort_by(|one, other| one.0.cmp(&other.0));
        once.dedup_by(|one, other| one.0 == other.0);
        check(&stage, &room, &once, &actor, &reason);
    });
}

#[test]
fn lua_syntax_in_texts_is_inert() {
    let Some(stage) = Stage::start() else { return };
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
            &stage,
            &room,
            &[(super::jid("ana@localhost"), vec![(text.to_owned(), hat)])],
            text,
            text,
        );
    }
}

#[test]
fn splits_long_requests() {
    let Some(stage) = Stage::start() else { return };
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
    check(&stage, &room, &[(super::jid("ana@localhost"), hats)], "ana", "");
}
