//! The loop of the main thread: everything that happens is one [`Event`], taken in order.
//!
//! Edits and conversions of places happen here. Checks and questions go to the pool with a [`Snapshot`]; what comes back
//! is an event too. A check begins a short pause after the last edit, so that typing is not checked letter by letter.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};

use crate::check::{self, Found, Published};
use crate::documents::Documents;
use crate::initialize::{self, Hello};
use crate::notifications;
use crate::pages::Pages;
use crate::pool::Pool;
use crate::requests::{self, Answer};
use crate::snapshot::Moments;
use crate::transport::{Inbound, Outbound, Outgoing};

/// From the last edit to the beginning of a check. Shorter, and fast typing is checked in vain; longer, and one sees it.
pub const PAUSE: Duration = Duration::from_millis(25);

/// From the first edit to the beginning of a check at the latest: whoever types on and on is told something too.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// How often it is seen whether the client's process is still there.
const LOOK_FOR_PARENT: Duration = Duration::from_secs(2);

/// Threads for checks and questions: so a question need not wait for a check.
const THREADS: usize = 2;

/// What happens.
#[derive(Debug)]
pub enum Event {
    /// The client has said something.
    Inbound(Inbound),
    /// A check has ended: with what it found, without if it was stale, or with the words of a panic.
    Checked(u64, Result<Option<Found>, String>),
    /// A question has its answer, or the words of a panic.
    Answered(RequestId, Result<Answer, String>),
    /// The client reads no more.
    Unread,
}

/// How far the conversation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Before `initialize`.
    Waiting,
    /// After it.
    Running,
    /// After `shutdown`.
    Ending,
}

/// The state of the main thread.
pub struct Server {
    events: Receiver<Event>,
    tell: Sender<Event>,
    outgoing: Outgoing,
    pool: Pool,
    phase: Phase,
    pages: Arc<Pages>,
    pub(crate) moments: Moments,
    pub(crate) documents: Documents,
    published: Published,
    pending: HashSet<RequestId>,
    asked: i32,
    has_watching: bool,
    parent: Option<u32>,
    due: Option<Due>,
    is_checking: bool,
}

/// When the next check is to begin.
#[derive(Clone, Copy, Debug)]
struct Due {
    since: Instant,
    at: Instant,
}

impl Server {
    /// A server that takes events and answers to `outgoing`.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub fn new(
        events: Receiver<Event>,
        tell: Sender<Event>,
        outgoing: Outgoing,
        pages: Pages,
    ) -> std::io::Result<Self> {
        let pages = Arc::new(pages);
        let client = Arc::new(Hello::read(&Value::Null).client);
        Ok(Self {
            events,
            tell,
            outgoing,
            pool: Pool::new(THREADS)?,
            phase: Phase::Waiting,
            moments: Moments::new(client, Vec::new(), pages.clone()),
            pages,
            documents: Documents::default(),
            published: Published::default(),
            pending: HashSet::new(),
            asked: 0,
            has_watching: false,
            parent: None,
            due: None,
            is_checking: false,
        })
    }

    /// Runs until the client has said goodbye or is gone. Gives the exit code: 0 if it had said `shutdown` before.
    pub fn run(mut self) -> u8 {
        loop {
            let event = match self.next() {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => {
                    if self.parent.is_some_and(is_gone) {
                        return self.farewell();
                    }
                    self.begin_check_if_due();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return self.farewell(),
            };
            match event {
                Event::Inbound(Inbound::Message(message)) => {
                    if !self.take(message) {
                        return self.farewell();
                    }
                }
                Event::Inbound(Inbound::Malformed(answer)) => self.send(Outbound::Raw(answer)),
                Event::Inbound(Inbound::End(words)) => {
                    if let Some(words) = words {
                        eprintln!("dynopc lsp: can't read on: {words}");
                    }
                    return self.farewell();
                }
                Event::Checked(number, result) => self.checked(number, result),
                Event::Answered(id, result) => self.answered(id, result),
                Event::Unread => return self.farewell(),
            }
            self.begin_check_if_due();
        }
    }

    fn farewell(&self) -> u8 {
        u8::from(self.phase != Phase::Ending)
    }

    fn next(&self) -> Result<Event, RecvTimeoutError> {
        let check = self.due.filter(|_| !self.is_checking).map(|due| due.at);
        let parent = self.parent.map(|_| Instant::now() + LOOK_FOR_PARENT);
        match check.into_iter().chain(parent).min() {
            Some(at) => {
                let wait = at.saturating_duration_since(Instant::now());
                self.events.recv_timeout(wait)
            }
            None => self
                .events
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Takes a message; whether the conversation goes on.
    fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Request(request) => self.asked_for(request),
            Message::Notification(told) if told.method == "exit" => return false,
            Message::Notification(told) => self.told(told),
            // Nothing that the client is asked has an answer of interest.
            Message::Response(_) => {}
        }
        true
    }

    fn asked_for(&mut self, request: Request) {
        let Request { id, method, params } = request;
        match (self.phase, method.as_str()) {
            (Phase::Waiting, "initialize") => self.initialize(id, &params),
            (Phase::Waiting, _) => {
                let words = format!("`initialize` comes before {method}");
                self.refuse(id, ErrorCode::ServerNotInitialized, &words);
            }
            (Phase::Ending, _) => {
                self.refuse(id, ErrorCode::InvalidRequest, "`shutdown` was asked for");
            }
            (Phase::Running, "initialize") => {
                self.refuse(id, ErrorCode::InvalidRequest, "`initialize` comes once");
            }
            (Phase::Running, "shutdown") => {
                self.phase = Phase::Ending;
                self.due = None;
                self.answer(id, Ok(Value::Null));
            }
            (Phase::Running, _) => self.question(id, &method, params),
        }
    }

    fn initialize(&mut self, id: RequestId, params: &Value) {
        let hello = Hello::read(params);
        // A client in another container names a process that is not to be seen here; that says nothing.
        self.parent = hello.parent.filter(|&process| !is_gone(process));
        match serde_json::to_value(hello.answer()) {
            Ok(answer) => self.answer(id, Ok(answer)),
            Err(why) => self.refuse(id, ErrorCode::InternalError, &why.to_string()),
        }
        self.has_watching = hello.client.has_watching;
        self.moments = Moments::new(Arc::new(hello.client), hello.roots, self.pages.clone());
        self.phase = Phase::Running;
    }

    fn question(&mut self, id: RequestId, method: &str, params: Value) {
        if self.pending.contains(&id) {
            self.refuse(id, ErrorCode::InvalidRequest, "this id is in use");
            return;
        }
        let job = match requests::route(method, params) {
            Ok(job) => job,
            Err(error) => {
                self.answer(id, Err(error));
                return;
            }
        };
        self.pending.insert(id.clone());
        let at = self.moments.snapshot(&self.documents);
        let tell = self.tell.clone();
        let work = move || {
            if at.is_stale() {
                let words = "the text has changed since";
                return Err(requests::error(ErrorCode::ContentModified, words));
            }
            job(&at)
        };
        self.pool.run(work, move |result| {
            let _ = tell.send(Event::Answered(id, result));
        });
    }

    fn answered(&mut self, id: RequestId, result: Result<Answer, String>) {
        // One that was cancelled has its answer.
        if !self.pending.remove(&id) {
            return;
        }
        let answer = result.unwrap_or_else(|panic| {
            self.log(&format!("a question could not be answered: {panic}"));
            Err(requests::error(ErrorCode::InternalError, panic))
        });
        self.answer(id, answer);
    }

    fn told(&mut self, told: Notification) {
        let Notification { method, params } = told;
        match (self.phase, method.as_str()) {
            (Phase::Running, "initialized") => {
                if self.has_watching {
                    self.ask("client/registerCapability", initialize::watching());
                }
            }
            (Phase::Running, "$/cancelRequest") => self.cancel(&params),
            (Phase::Running, _) => match notifications::take(self, &method, params) {
                Ok(notifications::Effect::Changed) => self.changed(),
                Ok(notifications::Effect::Nothing) => {}
                // Nobody waits for an answer, so it can only be told.
                Err(words) => self.log(&format!("{method} was not understood: {words}")),
            },
            (Phase::Waiting | Phase::Ending, _) => {}
        }
    }

    fn cancel(&mut self, params: &Value) {
        let id = params.get("id").cloned().unwrap_or_default();
        let Ok(id) = serde_json::from_value::<RequestId>(id) else {
            return;
        };
        if self.pending.remove(&id) {
            self.refuse(id, ErrorCode::RequestCanceled, "cancelled");
        }
    }

    /// Something has changed: what is under way is stale, and a check is due.
    fn changed(&mut self) {
        self.moments.advance();
        let now = Instant::now();
        let since = self.due.map_or(now, |due| due.since);
        let at = (now + PAUSE).min(since + LONGEST_PAUSE);
        self.due = Some(Due { since, at });
    }

    fn begin_check_if_due(&mut self) {
        let is_due = self.due.is_some_and(|due| due.at <= Instant::now());
        if !is_due || self.is_checking {
            return;
        }
        self.due = None;
        self.is_checking = true;
        let at = self.moments.snapshot(&self.documents);
        let number = at.number;
        let tell = self.tell.clone();
        self.pool.run(
            move || check::check(&at),
            move |result| {
                let _ = tell.send(Event::Checked(number, result));
            },
        );
    }

    fn checked(&mut self, number: u64, result: Result<Option<Found>, String>) {
        self.is_checking = false;
        match result {
            Ok(Some(found)) if self.moments.is_current(number) => {
                for file in self.published.update(found) {
                    match serde_json::to_value(file) {
                        Ok(params) => self.notify("textDocument/publishDiagnostics", params),
                        Err(why) => self.log(&why.to_string()),
                    }
                }
            }
            // Stale: the next check is due already.
            Ok(_) => {}
            Err(panic) => self.log(&format!("the check has failed: {panic}")),
        }
    }

    fn ask(&mut self, method: &str, params: Value) {
        let id = RequestId::from(self.asked);
        self.asked = self.asked.wrapping_add(1);
        let request = Request::new(id, method.to_owned(), params);
        self.send(Outbound::Message(request.into()));
    }

    fn notify(&self, method: &str, params: Value) {
        let told = Notification {
            method: method.to_owned(),
            params,
        };
        self.send(Outbound::Message(told.into()));
    }

    fn log(&self, words: &str) {
        self.notify("window/logMessage", json!({ "type": 1, "message": words }));
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, words: &str) {
        self.answer(id, Err(requests::error(code, words)));
    }

    fn answer(&self, id: RequestId, answer: Answer) {
        let response = Response {
            id,
            response_result: answer,
        };
        self.send(Outbound::Message(response.into()));
    }

    fn send(&self, outbound: Outbound) {
        // A writer that is gone has said so with an event.
        let _ = self.outgoing.send(outbound);
    }
}

/// Whether there is no process of this id any more. Where the system does not tell, there is.
fn is_gone(process: u32) -> bool {
    let all = std::path::Path::new("/proc");
    all.join("self").exists() && !all.join(process.to_string()).exists()
}
