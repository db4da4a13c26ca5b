//! Owns the start of a connection: the start-up message and what the server wants to know then.

use bytes::{Bytes, BytesMut};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;

use super::exchange::{Exchange, Message, Refusal, refused};
use crate::gate::BackendError;
use crate::store::Server;

/// What the server said to a start-up message.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    /// What a client is to hear of it.
    pub(super) bytes: BytesMut,
    /// The process id; 0 if the server did not come to that.
    pub(super) key: u64,
    /// Why it would not.
    pub(super) refusal: Option<Refusal>,
}

const ACTION: &str = "log in";

/// The start-up message of connections of our own.
pub(super) fn startup(server: &Server) -> Bytes {
    let user = server.user.as_deref().unwrap_or("postgres");
    let parameters = [
        ("user", user),
        ("database", &server.database),
        ("application_name", "raceproof"),
        ("client_encoding", "UTF8"),
    ];
    let mut bytes = BytesMut::new();
    let written = frontend::startup_message(parameters, &mut bytes);
    written.expect("the names of users and databases hold no zero byte");
    bytes.freeze()
}

/// Sends `startup` and answers as `server`'s own user until the server is ready or refuses. What was said about the
/// password is not part of the greeting.
pub(super) async fn log_in(
    exchange: &mut Exchange,
    startup: &[u8],
    server: &Server,
) -> Result<Greeting, BackendError> {
    exchange.write(ACTION, startup).await?;
    let (mut greeting, mut scram) = (Greeting::default(), None);
    loop {
        let message = exchange.receive(ACTION).await?;
        match wanted(&message) {
            Some((kind, data)) => {
                if let Some(proof) = prove(kind, data, server, &mut scram)? {
                    exchange.write(ACTION, &proof).await?;
                }
            }
            None if greeting.hear(&message) => return Ok(greeting),
            None => {}
        }
    }
}

/// Sends `startup` and reads until the server wants something that only the client knows, is ready or refuses.
pub(super) async fn introduce(exchange: &mut Exchange, startup: &[u8]) -> Result<Greeting, BackendError> {
    exchange.write(ACTION, startup).await?;
    let mut greeting = Greeting::default();
    loop {
        let message = exchange.receive(ACTION).await?;
        if greeting.hear(&message) || wanted(&message).is_some() {
            return Ok(greeting);
        }
    }
}

impl Greeting {
    /// Adds a message; whether it is the last.
    fn hear(&mut self, message: &Message) -> bool {
        self.bytes.extend_from_slice(&message.whole);
        match message.tag {
            b'K' => self.key = message.body.first_chunk().map_or(0, |pid| u32::from_be_bytes(*pid).into()),
            b'E' => self.refusal = Some(Refusal::read(&message.body)),
            _ => {}
        }
        matches!(message.tag, b'E' | b'Z')
    }
}

/// What an authentication message wants, by its number, unless it says that all is well (0).
fn wanted(message: &Message) -> Option<(u32, &[u8])> {
    let (kind, data) = message.body.split_first_chunk().filter(|_| message.tag == b'R')?;
    let kind = u32::from_be_bytes(*kind);
    (kind != 0).then_some((kind, data))
}

/// The answer to an authentication message, if it wants one.
fn prove(
    kind: u32,
    data: &[u8],
    server: &Server,
    scram: &mut Option<ScramSha256>,
) -> Result<Option<BytesMut>, BackendError> {
    let no_password = || refused(ACTION, "it wants a password, and none was given");
    let password = || server.password.as_deref().map(str::as_bytes).ok_or_else(no_password);
    let failed = |error: std::io::Error| refused(ACTION, error.to_string());
    let mut proof = BytesMut::new();
    match (kind, scram.as_mut()) {
        (3, _) => frontend::password_message(password()?, &mut proof),
        (5, _) => {
            let salt = data.first_chunk().ok_or_else(|| refused(ACTION, "its salt is too short"))?;
            let user = server.user.as_deref().unwrap_or_default();
            frontend::password_message(md5_hash(user.as_bytes(), password()?, *salt).as_bytes(), &mut proof)
        }
        (10, _) if data.split(|byte| *byte == 0).any(|name| name == SCRAM_SHA_256.as_bytes()) => {
            let scram = scram.insert(ScramSha256::new(password()?, ChannelBinding::unsupported()));
            frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut proof)
        }
        (11, Some(scram)) => {
            scram.update(data).map_err(failed)?;
            frontend::sasl_response(scram.message(), &mut proof)
        }
        (12, Some(scram)) => return scram.finish(data).map(|()| None).map_err(failed),
        _ => {
            let answer = format!("it wants a proof of kind {kind}, and only passwords are known");
            return Err(refused(ACTION, answer));
        }
    }
    .map_err(failed)?;
    Ok(Some(proof))
}
