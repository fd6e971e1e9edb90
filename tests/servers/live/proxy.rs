//! Stands between hatrack and a server, and counts connections and requests.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::server::Server;

/// What passed until now.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) connections: AtomicUsize,
    pub(super) requests: AtomicUsize,
}

impl Counts {
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// A connection of either kind, from which two threads read and write.
trait Stream: Read + Write + Send + Sized + 'static {
    fn again(&self) -> Self;
    fn close(&self);
}

impl Stream for UnixStream {
    fn again(&self) -> Self {
        self.try_clone().unwrap()
    }

    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Stream for TcpStream {
    fn again(&self) -> Self {
        self.try_clone().unwrap()
    }

    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// Before the admin socket of Prosody: gives the counts of what goes through this path.
pub(super) fn before_socket(server: &Server, path: &Path) -> Arc<Counts> {
    let listener = UnixListener::bind(path).unwrap();
    let (socket, counts) = (server.socket(), Arc::<Counts>::default());
    let counted = counts.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(there) = UnixStream::connect(&socket) else {
                continue;
            };
            carry(client, there, "<repl-input", counted.clone());
        }
    });
    counts
}

/// Before ejabberd, where nothing is encrypted: gives the port and the counts.
pub(super) fn before_port(server: &Server) -> (u16, Arc<Counts>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (there, counts) = (server.ports.client, Arc::<Counts>::default());
    let counted = counts.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(there) = TcpStream::connect(("127.0.0.1", there)) else {
                continue;
            };
            carry(client, there, "<iq", counted.clone());
        }
    });
    (port, counts)
}

/// Carries both ways until one side closes. A request begins with this text.
fn carry<S: Stream>(client: S, server: S, request: &'static str, counts: Arc<Counts>) {
    counts.connections.fetch_add(1, Ordering::SeqCst);
    let (from_client, to_server) = (client.again(), server.again());
    std::thread::spawn(move || {
        pass(from_client, to_server, request, |number| {
            counts.requests.fetch_add(number, Ordering::SeqCst);
        });
    });
    std::thread::spawn(move || pass(server, client, request, |_| {}));
}

fn pass<S: Stream>(mut from: S, mut to: S, request: &str, count: impl Fn(usize)) {
    let (mut bytes, mut rest) = ([0; 16_384], String::new());
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        let read = &bytes[..length];
        // What may be the beginning of the next one is looked at again.
        rest.push_str(&String::from_utf8_lossy(read));
        count(rest.matches(request).count());
        let kept = rest.char_indices().rev().take(request.len() - 1).last();
        rest.drain(..kept.map_or(0, |(at, _)| at));
        if to.write_all(read).is_err() {
            break;
        }
    }
    from.close();
    to.close();
}
