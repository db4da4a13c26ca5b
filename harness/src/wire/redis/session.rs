//! Owns [`RedisSession`], one client connection seen from the middle.

use super::arguments::Arguments;
use super::command::{self, Meaning};
use super::owed::{Kind, Notice, Owed, Subscriptions, Verb, Version};
use super::refusal::malformed;
use super::request::RequestScanner;
use super::scanner::Scanner;
use super::{errors, limiting, show, transcript, unchanged};
use crate::id::Word;
use crate::wire::{
    Context, Injected, Limits, Reply, ReplyClass, Request, RequestClass, Session, Wait, WireError,
};
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

/// Requests that may be unanswered before the queue of what is owed has to grow.
const OWED_AT_FIRST: usize = 16;

/// The [`Context`] of a request whose connection is not where it was opened: it may have left its database, or hears of
/// what others write.
#[derive(Debug)]
pub struct Elsewhere;

/// Follows one Redis connection.
///
/// It takes a request for forwarded as soon as it is cut, in that order, and expects its answer; only
/// an unsupported request is never answered. An answer that a fault makes up goes through
/// [`reply`](Session::reply) too, in its turn. Redis 6.2 or newer is expected, where `RESET` exists.
#[derive(Debug)]
pub struct RedisSession {
    /// The only database that may be touched, if the server is not ours alone.
    database: Option<u32>,
    requests: RequestScanner,
    replies: Scanner,
    // As far as the requests have come:
    /// Between `MULTI` and its end.
    in_transaction: bool,
    /// How many transactions were opened, to know the one that a late error is about.
    transactions: u64,
    watching: bool,
    /// A setting other than those tracked here was made since the last `RESET`.
    settings: bool,
    stored_code: bool,
    /// Another database was selected, or tracking switched on, since the last `RESET`.
    elsewhere: bool,

    // As far as the replies have come:
    version: Version,
    subscriptions: Subscriptions,
    tracking: bool,

    /// One entry for each request without its answer, the oldest first.
    owed: VecDeque<Owed>,
}

impl RedisSession {
    /// A new connection to a server that is the run's alone.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            database: None,
            requests: RequestScanner::new(limits),
            replies: Scanner::new(limits),
            in_transaction: false,
            transactions: 0,
            watching: false,
            settings: false,
            stored_code: false,
            elsewhere: false,
            version: Version::Resp2,
            subscriptions: Subscriptions::default(),
            tracking: false,
            owed: VecDeque::with_capacity(OWED_AT_FIRST),
        }
    }

    /// A new connection that may touch nothing but logical database `database` of a shared server, in
    /// which the caller has put it.
    ///
    /// Commands that reach further are [`Unsupported`](RequestClass::Unsupported). What a script calls
    /// is not seen: a script that runs `FLUSHALL` is stopped by nobody but the server's ACL.
    #[must_use]
    pub fn confined(limits: Limits, database: u32) -> Self {
        Self { database: Some(database), ..Self::new(limits) }
    }

    fn classify_request(&mut self, request: &Arguments<'_>) -> RequestClass {
        let meaning = match self.permit(command::meaning(request), request) {
            Ok(meaning) => meaning,
            Err(reason) => return RequestClass::Unsupported(reason),
        };
        let (owed, class) =
            if self.in_transaction { self.queue(meaning, request) } else { self.run(meaning, request) };
        self.owed.push_back(owed);
        class
    }

    /// The meaning without its conditions, or why the request may not be forwarded.
    fn permit(&self, meaning: Meaning, request: &Arguments<'_>) -> Result<Meaning, String> {
        let name = || command::name(request);
        match meaning {
            Meaning::Refused(reason) | Meaning::Unless { reason, .. } => {
                Err(format!("`{}` {reason}", name()))
            }
            Meaning::Subscribe(_) | Meaning::Unsubscribe(_) if self.in_transaction => {
                Err(format!("`{}` inside `MULTI` puts confirmations into the answer of `EXEC`", name()))
            }
            Meaning::Hello if self.in_transaction => {
                Err("`HELLO` inside `MULTI` switches the protocol in the middle of an answer".to_owned())
            }
            Meaning::ServerWide(inner) => match self.database {
                None => self.permit(*inner, request),
                Some(database) => Err(beyond(&name(), database)),
            },
            Meaning::Select | Meaning::MoveKey | Meaning::CopyKey | Meaning::Reset => match self.database {
                Some(database) if leaves(meaning, request, database) => Err(beyond(&name(), database)),
                _ => Ok(meaning),
            },
            allowed => Ok(allowed),
        }
    }

    /// Inside a transaction nothing runs before `EXEC`, except what ends it or is an error.
    fn queue(&mut self, meaning: Meaning, request: &Arguments<'_>) -> (Owed, RequestClass) {
        match meaning {
            Meaning::Exec => {
                // It ends the transaction whether it succeeds or not.
                self.in_transaction = false;
                self.watching = false;
                (Owed::One, RequestClass::Step { wait: Wait::Never })
            }
            // With arguments the server refuses them, and the transaction goes on.
            Meaning::Discard | Meaning::Reset if request.remaining() == 1 => self.run(meaning, request),
            Meaning::Tracking => {
                // Seen as on as soon as it is queued, and never as off: that is known at `EXEC` only.
                self.settings = true;
                let on = switches_on(request);
                self.elsewhere |= on;
                (if on { Owed::Tracking(true) } else { Owed::One }, RequestClass::Queue)
            }
            _ => {
                self.settings |= matches!(meaning, Meaning::Setting | Meaning::Select);
                self.elsewhere |= self.moves_away(meaning, request);
                self.stored_code |= meaning == Meaning::StoresCode;
                (Owed::One, RequestClass::Queue)
            }
        }
    }

    fn run(&mut self, meaning: Meaning, request: &Arguments<'_>) -> (Owed, RequestClass) {
        let alone = request.remaining() == 1;
        let owed = match meaning {
            Meaning::Multi if alone => {
                self.in_transaction = true;
                self.transactions += 1;
                Owed::Multi(self.transactions)
            }
            Meaning::Discard if alone && self.in_transaction => {
                self.in_transaction = false;
                self.watching = false;
                Owed::One
            }
            Meaning::Unwatch if alone => {
                self.watching = false;
                Owed::One
            }
            Meaning::Reset if alone => {
                self.in_transaction = false;
                self.watching = false;
                self.settings = false;
                self.elsewhere = false;
                Owed::Reset
            }
            Meaning::Watch => {
                self.watching = true;
                Owed::One
            }
            Meaning::Hello => {
                self.settings |= !alone;
                Owed::Hello(version(request))
            }
            Meaning::Tracking => {
                self.settings = true;
                self.elsewhere |= switches_on(request);
                Owed::Tracking(switches_on(request))
            }
            Meaning::Subscribe(kind) => subscribe(kind, request),
            Meaning::Unsubscribe(kind) => unsubscribe(kind, request),
            _ => Owed::One,
        };
        self.settings |= match meaning {
            Meaning::Setting => true,
            // A confined connection can only select the database in which it already is.
            Meaning::Select => self.database.is_none(),
            _ => false,
        };
        self.stored_code |= meaning == Meaning::StoresCode;
        self.elsewhere |= self.moves_away(meaning, request);
        (owed, class_of(meaning, request))
    }

    fn moves_away(&self, meaning: Meaning, request: &Arguments<'_>) -> bool {
        meaning == Meaning::Select && leaves(meaning, request, self.database.unwrap_or(0))
    }

    fn classify_reply(&mut self, message: &[u8]) -> Result<ReplyClass, WireError> {
        if self.may_be_notice(message)
            && let Some(class) = self.notice(message)
        {
            return Ok(class);
        }
        let failed = matches!(message.first(), Some(b'-' | b'!'));
        match self.owed.pop_front() {
            None => return Err(WireError::Unasked { what: show::reply(message) }),
            Some(Owed::Confirmations { .. }) if !failed => {
                let what = show::reply(message);
                return Err(malformed(format!("expected a subscription's confirmation, found `{what}`")));
            }
            Some(Owed::Multi(number)) if failed && number == self.transactions => self.in_transaction = false,
            Some(Owed::Hello(Some(version))) if !failed => self.version = version,
            Some(Owed::Tracking(on)) if !failed => self.tracking = on,
            Some(Owed::Reset) if failed => self.settings = true,
            Some(Owed::Reset) => {
                self.version = Version::Resp2;
                self.subscriptions = Subscriptions::default();
                self.tracking = false;
            }
            Some(_) => {}
        }
        Ok(ReplyClass::Complete)
    }

    /// Whether the message could be something other than an ordinary answer. In RESP2 an array is only
    /// looked into where Redis sends no others: while subscribed, it refuses every reading command.
    fn may_be_notice(&self, message: &[u8]) -> bool {
        match message.first() {
            Some(b'>') => true,
            Some(b'*') if self.version == Version::Resp2 => {
                self.subscriptions.any() || matches!(self.owed.front(), Some(Owed::Confirmations { .. }))
            }
            _ => false,
        }
    }

    /// What a message is that is no ordinary answer, or `None` if it is one (`PING` while subscribed).
    fn notice(&mut self, message: &[u8]) -> Option<ReplyClass> {
        let pushed = message.first() == Some(&b'>');
        match Notice::of(message) {
            Notice::Delivery => Some(ReplyClass::Push),
            Notice::Other => pushed.then_some(ReplyClass::Push),
            Notice::Confirmation { verb, left } => {
                let before = self.subscriptions.of(verb.kind());
                self.subscriptions.count(verb, left);
                let Some(Owed::Confirmations { verb: asked, due }) = self.owed.front_mut() else {
                    return Some(ReplyClass::Push);
                };
                if *asked != verb {
                    return Some(ReplyClass::Push);
                }
                let still_due = due.unwrap_or(before).saturating_sub(1);
                if still_due > 0 {
                    *due = Some(still_due);
                    return Some(ReplyClass::Part);
                }
                self.owed.pop_front();
                Some(ReplyClass::Complete)
            }
        }
    }
}

impl Session for RedisSession {
    fn request(&mut self, buffer: &[u8]) -> Result<Option<Request>, WireError> {
        let Some(length) = self.requests.scan(buffer)? else { return Ok(None) };
        let arguments = Arguments::of(&buffer[..length]);
        let class = self.classify_request(&arguments);
        let context = self.elsewhere.then(|| Context::new(Arc::new(Elsewhere)));
        Ok(Some(Request { limiting: limiting::of(&arguments), context, ..Request::new(length, class) }))
    }

    fn reply(&mut self, buffer: &[u8]) -> Result<Option<Reply>, WireError> {
        let Some(frame) = self.replies.scan(buffer)? else { return Ok(None) };
        let class = self.classify_reply(&buffer[frame.value_at..frame.length])?;
        Ok(Some(Reply { length: frame.length, class }))
    }

    /// A RESP3 connection to which another one redirects its invalidations gets them without having asked,
    /// which cannot be seen from here; they are still told from answers.
    fn listens(&self) -> bool {
        self.tracking || self.subscriptions.any()
    }

    /// A request without its answer counts too.
    fn used(&self) -> bool {
        self.settings || self.watching || self.in_transaction || self.listens() || !self.owed.is_empty()
    }

    fn stored_code(&self) -> bool {
        self.stored_code
    }

    fn changes_nothing(&self, request: &[u8], reply: &[u8]) -> bool {
        unchanged::is_told(&Arguments::of(request), reply)
    }

    fn errors(&self, queued: &[Bytes], request: &[u8], _context: Option<&Context>) -> Vec<Word> {
        errors::possible(queued, request)
    }

    fn inject(&self, request: &[u8], _context: Option<&Context>, code: Word) -> Injected {
        errors::inject(request, code)
    }

    fn verb<'a>(&self, request: &'a [u8], _context: Option<&'a Context>) -> Cow<'a, [u8]> {
        Arguments::of(request).next().unwrap_or_default()
    }

    fn show_request(&self, request: &[u8], _context: Option<&Context>) -> String {
        show::request(request)
    }

    fn transcribe(&self, request: &[u8], _context: Option<&Context>) -> Option<Vec<String>> {
        transcript::request(request)
    }

    fn show_reply(&self, reply: &[u8], _context: Option<&Context>) -> String {
        show::reply(reply)
    }
}

fn class_of(meaning: Meaning, request: &Arguments<'_>) -> RequestClass {
    match meaning {
        Meaning::Pass
        | Meaning::Setting
        | Meaning::Hello
        | Meaning::Select
        | Meaning::Tracking
        | Meaning::Reset
        | Meaning::Discard
        | Meaning::Unwatch => RequestClass::Pass,
        Meaning::Multi => RequestClass::Queue,
        Meaning::Blocks(limit) => RequestClass::Step { wait: limit.wait(request) },
        Meaning::BlocksIfAsked => RequestClass::Step { wait: command::asked_wait(request) },
        _ => RequestClass::Step { wait: Wait::Never },
    }
}

fn subscribe(kind: Kind, request: &Arguments<'_>) -> Owed {
    match request.remaining().saturating_sub(1) {
        // Redis answers a missing channel with an error.
        0 => Owed::One,
        channels => Owed::Confirmations { verb: Verb::Subscribe(kind), due: Some(channels) },
    }
}

fn unsubscribe(kind: Kind, request: &Arguments<'_>) -> Owed {
    let channels = request.remaining().saturating_sub(1);
    Owed::Confirmations { verb: Verb::Unsubscribe(kind), due: (channels > 0).then_some(channels) }
}

fn version(request: &Arguments<'_>) -> Option<Version> {
    match request.clone().nth(1).as_deref() {
        Some(b"2") => Some(Version::Resp2),
        Some(b"3") => Some(Version::Resp3),
        _ => None,
    }
}

fn switches_on(request: &Arguments<'_>) -> bool {
    request.clone().nth(2).is_some_and(|word| word.eq_ignore_ascii_case(b"ON"))
}

/// Whether the request would take the connection or a key out of `database`. What is no plain number is
/// taken for another one.
fn leaves(meaning: Meaning, request: &Arguments<'_>, database: u32) -> bool {
    let other = |text: Option<&[u8]>| text.is_some_and(|text| text != database.to_string().as_bytes());
    let mut arguments = request.clone();
    match meaning {
        Meaning::Select => other(arguments.nth(1).as_deref()),
        Meaning::MoveKey => other(arguments.nth(2).as_deref()),
        Meaning::CopyKey => {
            let mut options = arguments.skip(3);
            let named = options.any(|option| option.eq_ignore_ascii_case(b"DB"));
            named && other(options.next().as_deref())
        }
        // It goes back to database 0.
        Meaning::Reset => database != 0,
        _ => false,
    }
}

fn beyond(name: &str, database: u32) -> String {
    format!("`{name}` reaches beyond database {database}, the only one that this run may touch")
}

#[cfg(test)]
mod tests;
