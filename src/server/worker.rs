//! The server worker of a session: one thread for each server in use.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::backend::AskPassword;
use super::engine::Engine;
use super::make::create_backend;
use super::options::{Control, MakeBackend, Notify, WorkerOptions, lock};
use super::redact;
use super::settings::ServerSettings;
use crate::model::Jid;
use crate::sync::{Secret, ServerEvent, ServerRequest, ServerState};

/// Maximum time for which [`ServerWorker::stop`] waits for pending answers.
const STOP_TIMEOUT: Duration = Duration::from_millis(1500);
/// The stack size of a thread, in bytes; data from servers is not deeply nested.
const STACK_BYTES: usize = 2 << 20;

/// Communicates with servers. Accepts requests and answers with events. Requests of one server are processed in order,
/// servers in parallel. An unused server has neither thread nor connection.
pub struct ServerWorker {
    options: Arc<WorkerOptions>,
    notify: Notify,
    make_backend: MakeBackend,
    control: Arc<Control>,
    threads: Mutex<BTreeMap<Arc<str>, ServerThread>>,
}

impl std::fmt::Debug for ServerWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerWorker").finish_non_exhaustive()
    }
}

/// The number of the request that a thread is processing; `None` if it processes none, or one without a number.
type CurrentRequest = Arc<Mutex<Option<u64>>>;

/// The thread of a server.
struct ServerThread {
    requests: Sender<ServerRequest>,
    passwords: Sender<Option<Secret>>,
    current_request: CurrentRequest,
    /// Receives a message when the thread ends without a panic.
    done: Receiver<()>,
    handle: JoinHandle<()>,
}

impl ServerWorker {
    /// Creates a worker for these servers without starting anything. `notify` is called in the threads of the servers.
    pub fn new(options: WorkerOptions, notify: impl Fn(ServerEvent) + Send + Sync + 'static) -> Self {
        let state_dir = options.state_dir.clone();
        let make_backend =
            move |settings: &_, ask_password| create_backend(settings, ask_password, state_dir.as_deref());
        Self::with_backends(options, notify, Arc::new(make_backend))
    }

    /// Like [`Self::new`], but with the backends that `make_backend` creates.
    pub fn with_backends(
        options: WorkerOptions,
        notify: impl Fn(ServerEvent) + Send + Sync + 'static,
        make_backend: MakeBackend,
    ) -> Self {
        Self {
            notify: redact::wrap_notify(&options, Arc::new(notify)),
            options: Arc::new(options),
            make_backend,
            control: Arc::default(),
            threads: Mutex::default(),
        }
    }

    /// Sends a request, which is answered by events.
    ///
    /// Errors: the system cannot start another thread.
    pub fn request(&self, request: ServerRequest) -> io::Result<()> {
        match request {
            ServerRequest::Stop { id } => {
                self.control.stop(id);
                // If this request waits for a password, this ends the wait. Other requests go on waiting.
                for thread in lock(&self.threads).values() {
                    if *lock(&thread.current_request) == Some(id) {
                        let _ = thread.passwords.send(None);
                    }
                }
                Ok(())
            }
            ServerRequest::Password { server, password } => {
                if let Some(thread) = lock(&self.threads).get(&server) {
                    let _ = thread.passwords.send(password);
                }
                Ok(())
            }
            ServerRequest::Follow {
                rooms,
                selected,
                revision,
                interval,
                may_ask,
            } => {
                for settings in &self.options.servers {
                    let is_linked = |room: &Jid| settings.is_linked(room);
                    let rooms: Vec<_> = rooms
                        .iter()
                        .filter(|room| is_linked(&room.room))
                        .cloned()
                        .collect();
                    let selected = selected.clone().filter(is_linked);
                    let is_used = !rooms.is_empty() || selected.is_some();
                    if !is_used && !lock(&self.threads).contains_key(&settings.entry.name) {
                        continue;
                    }
                    let request = ServerRequest::Follow {
                        rooms,
                        selected,
                        revision,
                        interval,
                        may_ask,
                    };
                    self.send(settings, request)?;
                }
                Ok(())
            }
            request => {
                let Some(settings) = self.server_of(&request) else {
                    log::warn!("request to a server that is not configured");
                    return Ok(());
                };
                self.send(settings, request)
            }
        }
    }

    /// Finds the server of a request; `None` if it is not configured, or the request is not for a single server.
    fn server_of(&self, request: &ServerRequest) -> Option<&ServerSettings> {
        let mut servers = self.options.servers.iter();
        match request {
            ServerRequest::Check { server }
            | ServerRequest::Plan { server, .. }
            | ServerRequest::Received { server, .. }
            | ServerRequest::Send { server, .. }
            | ServerRequest::Reconnect { server }
            | ServerRequest::Password { server, .. } => {
                servers.find(|settings| settings.entry.name == *server)
            }
            ServerRequest::Apply { plan, .. } => servers.find(|settings| settings.entry.name == plan.server),
            ServerRequest::Changed { room, .. } => servers.find(|settings| settings.is_linked(&room.room)),
            ServerRequest::Retry { room, .. } | ServerRequest::Resolve { room, .. } => {
                servers.find(|settings| settings.is_linked(room))
            }
            ServerRequest::Stop { .. } | ServerRequest::Follow { .. } => None,
        }
    }

    /// Passes a request to the thread of a server, which is started if necessary.
    fn send(&self, settings: &ServerSettings, request: ServerRequest) -> io::Result<()> {
        let mut threads = lock(&self.threads);
        let name = &settings.entry.name;
        if !threads.contains_key(name) {
            threads.insert(name.clone(), self.start_thread(settings)?);
        }
        if let Some(thread) = threads.get(name) {
            // If the thread has ended, the request cannot be answered.
            let _ = thread.requests.send(request);
        }
        Ok(())
    }

    /// Starts the thread of a server.
    fn start_thread(&self, settings: &ServerSettings) -> io::Result<ServerThread> {
        let (requests, incoming_requests) = channel();
        let (passwords, incoming_passwords) = channel();
        let (finished, done) = channel();
        let (settings, options) = (settings.clone(), self.options.clone());
        let (notify, control) = (self.notify.clone(), self.control.clone());
        let make_backend = self.make_backend.clone();
        let current_request = CurrentRequest::default();
        let thread_request = current_request.clone();
        let name = format!("server {}", settings.entry.name);
        let handle = std::thread::Builder::new()
            .name(name)
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let is_stopped = {
                    let (thread_request, control) = (thread_request.clone(), control.clone());
                    move || lock(&thread_request).is_some_and(|id| control.is_stopped(id))
                };
                let _panic_guard = PanicGuard {
                    server: settings.clone(),
                    notify: notify.clone(),
                    control: control.clone(),
                };
                let ask_password = ask_password(
                    &settings.entry.name,
                    notify.clone(),
                    incoming_passwords,
                    is_stopped,
                );
                let backend = make_backend(&settings, ask_password);
                let mut engine = Engine::new(settings, backend, &options, notify, control.clone());
                while let Some(request) = next_request(&incoming_requests, &mut engine) {
                    // When the session is ending, requests that only report the content of the data file are still
                    // processed, but no other requests.
                    if !control.is_ending() || only_reports_the_file(&request) {
                        *lock(&thread_request) = request_number(&request);
                        engine.handle(request);
                        *lock(&thread_request) = None;
                    }
                }
                engine.disconnect();
                // This fails if nobody waits for the end of the thread.
                let _ = finished.send(());
            })?;
        Ok(ServerThread {
            requests,
            passwords,
            current_request,
            done,
            handle,
        })
    }

    /// Lets other sessions follow all rooms, immediately and until [`Self::resume_following`] is called.
    pub fn suspend_following(&self) {
        self.control.set_following_suspended(true);
    }

    /// Resumes following: rooms that no other session has taken in the meantime are followed again.
    pub fn resume_following(&self) {
        self.control.set_following_suspended(false);
    }

    /// Whether the thread of a server has panicked, so that its requests are never answered.
    pub fn is_broken(&self) -> bool {
        lock(&self.threads)
            .values()
            .any(|thread| thread.handle.is_finished())
    }

    /// Waits until all requests are processed and all threads have ended, however long that takes.
    pub fn finish(self) {
        let threads = self.threads.into_inner().unwrap_or_else(PoisonError::into_inner);
        let handles: Vec<_> = threads.into_values().map(|thread| thread.handle).collect();
        for handle in handles {
            // A thread that panicked has already reported it.
            let _ = handle.join();
        }
    }

    /// Ends all threads as soon as their pending calls are answered, and waits at most 1.5 seconds for their ends. Returns whether
    /// all threads have ended in time and without a panic.
    pub fn stop(self) -> bool {
        self.control.end();
        let deadline = Instant::now() + STOP_TIMEOUT;
        let threads = self.threads.into_inner().unwrap_or_else(PoisonError::into_inner);
        let ending: Vec<_> = threads
            .into_values()
            // Dropping the senders ends the threads.
            .map(|thread| (thread.done, thread.handle))
            .collect();
        let mut have_all_ended = true;
        for (done, handle) in ending {
            let left = deadline.saturating_duration_since(Instant::now());
            have_all_ended &= match done.recv_timeout(left) {
                Err(RecvTimeoutError::Timeout) => false,
                Ok(()) | Err(RecvTimeoutError::Disconnected) => handle.join().is_ok(),
            };
        }
        have_all_ended
    }
}

/// Waits for the next request, and does the work that becomes due meanwhile. Returns `None` if there will be no more requests.
fn next_request(requests: &Receiver<ServerRequest>, engine: &mut Engine) -> Option<ServerRequest> {
    loop {
        let Some(due) = engine.due() else {
            return requests.recv().ok();
        };
        match requests.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(request) => return Some(request),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => engine.do_due_work(),
        }
    }
}

/// Whether a request only reports the content of the data file.
fn only_reports_the_file(request: &ServerRequest) -> bool {
    matches!(
        request,
        ServerRequest::Received { .. } | ServerRequest::Changed { .. }
    )
}

/// The number by which a request can be stopped; `None` if it cannot be stopped.
fn request_number(request: &ServerRequest) -> Option<u64> {
    match request {
        ServerRequest::Plan { id, .. } | ServerRequest::Apply { id, .. } => Some(*id),
        _ => None,
    }
}

/// Reports when its thread panics, so that requests are no longer answered. Does nothing if the thread ends without a panic.
struct PanicGuard {
    server: ServerSettings,
    notify: Notify,
    control: Arc<Control>,
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // This session no longer follows the rooms of this server, so other sessions may follow them.
            self.control.release_all_of(&self.server);
            (self.notify)(ServerEvent::State {
                server: self.server.entry.name.clone(),
                state: ServerState::Away("internal error".into()),
            });
        }
    }
}

/// Creates a function that requests a password with an event and waits for the answer. `is_stopped` returns whether the
/// request for which the password is needed was stopped.
fn ask_password(
    server: &Arc<str>,
    notify: Notify,
    answers: Receiver<Option<Secret>>,
    is_stopped: impl Fn() -> bool + Send + 'static,
) -> AskPassword {
    let server = server.clone();
    Box::new(move |account| {
        // Discards answers to earlier requests for a password.
        while answers.try_recv().is_ok() {}
        // The answer that an earlier stop sent may be among the discarded ones; a later stop sends another one.
        if is_stopped() {
            return None;
        }
        notify(ServerEvent::Password {
            server: server.clone(),
            account: account.clone(),
        });
        answers.recv().ok().flatten()
    })
}
