//! A proxy between hatrack and a server that counts connections and requests.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::server::Server;

/// The numbers so far.
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
    fn duplicate(&self) -> Self;
    fn close(&self);
}

impl Stream for UnixStream {
    fn duplicate(&self) -> Self {
        self.try_clone().unwrap()
    }

    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Stream for TcpStream {
    fn duplicate(&self) -> Self {
        self.try_clone().unwrap()
    }

    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// Starts a proxy for Prosody's admin socket that listens on this path.
pub(super) fn proxy_socket(server: &Server, path: &Path) -> Arc<Counts> {
    let listener = UnixListener::bind(path).unwrap();
    let (socket, counts) = (server.socket(), Arc::<Counts>::default());
    let counted = counts.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(upstream) = UnixStream::connect(&socket) else {
                continue;
            };
            forward(client, upstream, "<repl-input", counted.clone());
        }
    });
    counts
}

/// Starts a proxy for unencrypted connections to ejabberd, and returns its port and counts.
pub(super) fn proxy_port(server: &Server) -> (u16, Arc<Counts>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (server_port, counts) = (server.ports.client, Arc::<Counts>::default());
    let counted = counts.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(upstream) = TcpStream::connect(("127.0.0.1", server_port)) else {
                continue;
            };
            forward(client, upstream, "<iq", counted.clone());
        }
    });
    (port, counts)
}

/// Forwards data in both directions until one side closes. A request starts with the text `request`.
fn forward<S: Stream>(client: S, server: S, request: &'static str, counts: Arc<Counts>) {
    counts.connections.fetch_add(1, Ordering::SeqCst);
    let (from_client, to_server) = (client.duplicate(), server.duplicate());
    std::thread::spawn(move || {
        forward_one_way(from_client, to_server, request, |number| {
            counts.requests.fetch_add(number, Ordering::SeqCst);
        });
    });
    std::thread::spawn(move || forward_one_way(server, client, request, |_| {}));
}

/// Forwards data in one direction, and calls `count` with the number of requests in it.
fn forward_one_way<S: Stream>(mut from: S, mut to: S, request: &str, count: impl Fn(usize)) {
    let (mut bytes, mut rest) = ([0; 16_384], String::new());
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        let read = &bytes[..length];
        // The end of the data is kept, because it may be the start of a request.
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
