//! Servers whose answers never end. Reading stops with an error that says what there is too much of.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use hatrack::server::{Backend, ProsodyAccess, ReadEvent, ServerAccess, ServerSettings, create_backend};
use hatrack::sync::RoomRead;

use crate::stage::jid;

const OPEN: &str =
    "<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>";

/// Reads a complete call, and returns its nonce; `None`: the other side has closed the connection.
fn read_call(stream: &mut UnixStream) -> Option<String> {
    let (mut received, mut buffer) = (String::new(), [0; 16384]);
    loop {
        let nonce = match (received.split_once("end)[["), received.split_once("put[[")) {
            (Some((_, load)), _) if load.contains("]]</repl-input>") => Some(load),
            (_, Some((_, first))) if received.contains("hatrack.call()</repl-input>") => Some(first),
            _ => None,
        };
        if let Some(nonce) = nonce {
            return Some(nonce.chars().take(32).collect());
        }
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        received.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
}

/// Starts a simulated Prosody, and returns a backend for it. `answer` returns the answer to the call with this number,
/// from 1 on. The call 0 loads the library, and has an empty answer.
fn start_server(folder: &Path, answer: impl Fn(usize) -> String + Send + 'static) -> Box<dyn Backend> {
    let path = folder.join("prosody.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        write!(stream, "{OPEN}").unwrap();
        for number in 0.. {
            let Some(nonce) = read_call(&mut stream) else {
                return;
            };
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

fn read_room(backend: &mut dyn Backend) -> Result<RoomRead, String> {
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
fn endless_list_of_rooms_that_the_configuration_does_not_allow_is_an_error() {
    for (step, name) in [(1000, "x"), (100, "")] {
        let folder = tempfile::tempdir().unwrap();
        let answer = move |number: usize| {
            format!(
                "room {number}@rooms.example.org {name};next {}",
                number * step + 1
            )
        };
        let error = start_server(folder.path(), answer)
            .list_rooms()
            .unwrap_err()
            .to_string();
        assert!(error.contains("more than 100000 rooms"), "{error}");
    }
}

#[test]
fn endless_pages_of_a_room_are_an_error() {
    // Pages with 1000 users who have long nicknames.
    let folder = tempfile::tempdir().unwrap();
    let nickname = "x".repeat(9_000);
    let page = move |page: usize| {
        let users = (0..1000).map(|number| format!("user u{number}.{page}@x member {nickname}"));
        users.collect::<Vec<_>>().join(";")
    };
    let mut large_pages = start_server(folder.path(), move |number| {
        let found = if number == 1 { "found 5 -;" } else { "" };
        format!("{found}{}", page(number))
    });
    let found = read_room(&mut *large_pages).unwrap();
    assert!(
        matches!(&found, RoomRead::Unread(why) if why.contains("more than 64 MB")),
        "the size is not limited"
    );
    // Pages with one user each.
    let folder = tempfile::tempdir().unwrap();
    let mut small_pages = start_server(folder.path(), |number| match number {
        1 => "found 5 -;user a@x member".into(),
        more => format!("user u{more}@x member"),
    });
    let error = read_room(&mut *small_pages).unwrap_err();
    assert!(error.contains("too few users"), "{error}");
}
