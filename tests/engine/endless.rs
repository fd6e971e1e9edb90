//! A server that always has more to say: it ends, with an error that says of what there is too much.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use hatrack::server::{Backend, ProsodyAccess, ReadEvent, ServerAccess, ServerSettings, create_backend};
use hatrack::sync::RoomRead;

use crate::stage::jid;

const OPEN: &str =
    "<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>";

/// Reads until a call is complete, and gives its name; `None`: the other side is gone.
fn call(stream: &mut UnixStream) -> Option<String> {
    let (mut seen, mut buffer) = (String::new(), [0; 16384]);
    loop {
        let nonce = match (seen.split_once("end)[["), seen.split_once("put[[")) {
            (Some((_, load)), _) if load.contains("]]</repl-input>") => Some(load),
            (_, Some((_, first))) if seen.contains("hatrack.call()</repl-input>") => Some(first),
            _ => None,
        };
        if let Some(nonce) = nonce {
            return Some(nonce.chars().take(32).collect());
        }
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        seen.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
}

/// A Prosody that gives an answer to each call, which depends on how many there were.
fn server(folder: &Path, answer: impl Fn(usize) -> String + Send + 'static) -> Box<dyn Backend> {
    let path = folder.join("prosody.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        write!(stream, "{OPEN}").unwrap();
        for number in 0.. {
            let Some(nonce) = call(&mut stream) else { return };
            let text = if number == 0 {
                String::new()
            } else {
                answer(number)
            };
            let mut pieces = 0;
            for piece in text.as_bytes().chunks(200_000) {
                pieces += 1;
                let piece = std::str::from_utf8(piece).unwrap();
                let _ = write!(
                    stream,
                    "<repl-output>hatrack {nonce} {pieces} {piece}</repl-output>"
                );
            }
            let _ = write!(
                stream,
                "<repl-result>Result: hatrack {nonce} done {pieces}</repl-result>"
            );
        }
    });
    let access = ServerAccess::Prosody(ProsodyAccess::Socket(path));
    let mut settings = ServerSettings::new("example", vec![jid("rooms.example.org")], access);
    settings.rooms = Some(vec![jid("courses@rooms.example.org")]);
    create_backend(&settings, Box::new(|_| None), None)
}

fn read(backend: &mut dyn Backend) -> Result<RoomRead, String> {
    let mut found = None;
    let result = backend.read_rooms(&[jid("courses@rooms.example.org")], &mut |event| {
        if let ReadEvent::Room { read, .. } = event {
            found = Some(read);
        }
        std::ops::ControlFlow::Continue(())
    });
    result.map(|()| found.unwrap()).map_err(|error| error.to_string())
}

#[test]
fn a_list_without_end_of_rooms_that_nobody_may_see_ends() {
    for (step, name) in [(1000, "x"), (100, "")] {
        let folder = tempfile::tempdir().unwrap();
        let answer = move |number: usize| {
            format!(
                "room {number}@rooms.example.org {name};next {}",
                number * step + 1
            )
        };
        let error = server(folder.path(), answer)
            .list_rooms()
            .unwrap_err()
            .to_string();
        assert!(error.contains("more than 100000 rooms"), "{error}");
    }
}

#[test]
fn pages_without_end_of_a_room_end() {
    // Users whose texts are long; and pages with one user each.
    let folder = tempfile::tempdir().unwrap();
    let nickname = "x".repeat(9_000);
    let page = move |page: usize| {
        let users = (0..1000).map(|number| format!("user u{number}.{page}@x member {nickname}"));
        users.collect::<Vec<_>>().join(";")
    };
    let mut long = server(folder.path(), move |number| {
        let found = if number == 1 { "found 5 -;" } else { "" };
        format!("{found}{}", page(number))
    });
    let found = read(&mut *long).unwrap();
    assert!(
        matches!(&found, RoomRead::Unread(why) if why.contains("more than 64 MB")),
        "it is not too much"
    );
    let folder = tempfile::tempdir().unwrap();
    let mut small = server(folder.path(), |number| match number {
        1 => "found 5 -;user a@x member".into(),
        more => format!("user u{more}@x member"),
    });
    let error = read(&mut *small).unwrap_err();
    assert!(error.contains("too few users"), "{error}");
}
