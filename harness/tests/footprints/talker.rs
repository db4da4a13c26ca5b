//! Owns [`Talker`]: a client whose requests and replies are told to the backend as the gate would tell them.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use raceproof::explore::Footprint;
use raceproof::gate::{Backend, Exchange, Standing, Upstream};
use raceproof::id::{ConnectionId, WorkerId};
use raceproof::wire::{Context, ReplyClass, RequestClass, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A state that should come about comes within this time, even on a busy machine.
const STATE_MS_MAX: Duration = Duration::from_millis(10_000);

/// A client of a store.
pub(crate) struct Talker {
    id: ConnectionId,
    upstream: Upstream,
    session: Box<dyn Session>,
    input: BytesMut,
    context: Option<Context>,
    /// Whether its last request waits.
    pub(crate) waits: bool,
}

impl Talker {
    pub(crate) async fn connect(backend: &mut dyn Backend, worker: u16, opening: &Bytes) -> Self {
        let upstream = backend.open(opening).await.unwrap();
        let mut session = backend.session();
        session.greeted(&upstream.greeting).unwrap();
        let id = ConnectionId { worker: WorkerId(worker), ordinal: 0 };
        Self { id, upstream, session, input: BytesMut::new(), context: None, waits: false }
    }

    /// Sends requests of which the last one is a step; what it touches, and the essence of the reply, or nothing if it waits.
    pub(crate) async fn step(
        &mut self,
        backend: &mut dyn Backend,
        requests: &[Vec<u8>],
    ) -> (Footprint, Vec<u8>) {
        let (mut queued, mut last) = (Vec::new(), (Bytes::new(), None));
        for request in requests {
            let cut = self.session.request(request).unwrap().unwrap();
            assert_eq!(cut.length, request.len());
            self.upstream.stream.write_all(request).await.unwrap();
            self.context = cut.context;
            match cut.class {
                RequestClass::Queue => {
                    queued.push(Bytes::copy_from_slice(request));
                    self.reply(backend).await;
                }
                RequestClass::Pass => drop(self.reply(backend).await),
                _ => last = (Bytes::copy_from_slice(request), self.reply(backend).await),
            }
        }
        let (request, reply) = last;
        self.waits = reply.is_none();
        let footprint = self.tell(backend, &queued, &request, reply.as_deref()).await;
        let essence = reply
            .map_or_else(|| b"waits".to_vec(), |reply| self.session.essence_of_reply(&reply).into_owned());
        (footprint, essence)
    }

    /// What the request that waits is answered in the end.
    pub(crate) async fn rest(&mut self, backend: &mut dyn Backend) -> Vec<u8> {
        let deadline = Instant::now() + STATE_MS_MAX;
        let reply = loop {
            if let Some(reply) = self.listen().await {
                break reply;
            }
            assert!(Instant::now() < deadline, "nobody lets it go on");
        };
        self.waits = false;
        self.tell(backend, &[], b"", Some(&reply)).await;
        self.session.essence_of_reply(&reply).into_owned()
    }

    async fn tell(
        &mut self,
        backend: &mut dyn Backend,
        queued: &[Bytes],
        request: &[u8],
        reply: Option<&[u8]>,
    ) -> Footprint {
        let context = self.context.as_ref();
        backend.footprint(&Exchange { connection: self.id, queued, request, context, reply }).await.unwrap()
    }

    /// The whole reply; `None` if the request waits for somebody.
    async fn reply(&mut self, backend: &mut dyn Backend) -> Option<Vec<u8>> {
        let deadline = Instant::now() + STATE_MS_MAX;
        loop {
            if let Some(reply) = self.listen().await {
                return Some(reply);
            }
            let standing = backend.standing(&[self.upstream.key]).await.unwrap().pop().unwrap();
            if matches!(standing, Standing::Blocked(_)) {
                return None;
            }
            assert!(Instant::now() < deadline, "it is {standing:?} and does not answer");
        }
    }

    /// The whole reply, if it is here after a moment.
    async fn listen(&mut self) -> Option<Vec<u8>> {
        let moment = Duration::from_millis(1);
        let read = self.upstream.stream.read_buf(&mut self.input);
        if let Ok(read) = tokio::time::timeout(moment, read).await {
            assert!(read.unwrap() > 0, "the server closed the connection");
        }
        let mut whole = 0;
        // What was cut once is not cut again, so a reply is cut when it is here with its end.
        if !is_whole(&self.input) {
            return None;
        }
        while let Some(reply) = self.session.reply(&self.input[whole..]).unwrap() {
            whole += reply.length;
            if reply.class == ReplyClass::Complete {
                return Some(self.input.split_to(whole).to_vec());
            }
        }
        panic!("a reply that is whole is complete");
    }
}

/// Whether a reply is here with its end: of Postgres its last message, of Redis anything that can be read to its end.
fn is_whole(input: &[u8]) -> bool {
    input.windows(5).any(|window| window == b"Z\0\0\0\x05") && input.get(input.len() - 6) == Some(&b'Z')
        || raceproof::wire::redis::decode(input).is_ok()
}
