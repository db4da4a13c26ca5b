//! Owns reading what the server had said when a client was given its connection.

use super::fields::Fields;
use super::frame::Messages;
use super::refusal::{kind, malformed};
use crate::wire::WireError;

/// What a greeting says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Greeting {
    /// The process id of the backend.
    pub(super) key: Option<u64>,
    /// The server waits for requests; otherwise the start-up is under way (a password is asked for).
    pub(super) ready: bool,
    /// Why the connection cannot be followed.
    pub(super) unsupported: Option<String>,
}

/// Reads the messages up to the first moment at which the server waits for the client.
pub(super) fn greeting(bytes: &[u8]) -> Result<Greeting, WireError> {
    let mut found = Greeting::default();
    let mut messages = Messages::of(bytes);
    for message in messages.by_ref() {
        match message.tag {
            b'K' => found.key = found.key.or(key(message.body)),
            b'Z' => found.ready = true,
            b'v' => found.unsupported = refused_options(message.body),
            b'R' | b'S' | b'N' | b'A' | b'E' => {}
            other => return Err(malformed(format!("a greeting holds a message {}", kind(other)))),
        }
    }
    if messages.rest.is_empty() { Ok(found) } else { Err(malformed("a greeting breaks off")) }
}

/// The process id in a `BackendKeyData`.
pub(super) fn key(body: &[u8]) -> Option<u64> {
    Fields::new(body).long().map(u64::from)
}

/// The options that a `NegotiateProtocolVersion` refuses. An older minor version is no obstacle: the client
/// decides.
pub(super) fn refused_options(body: &[u8]) -> Option<String> {
    let mut fields = Fields::new(body);
    let (_version, count) = (fields.long()?, fields.long()?);
    let names: Vec<String> = (0..count)
        .map_while(|_| fields.text())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect();
    (!names.is_empty())
        .then(|| format!("the server does not know the protocol options `{}`", names.join("`, `")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: &[u8] = b"R\0\0\0\x08\0\0\0\0S\0\0\0\x08a\0b\0K\0\0\0\x0c\0\0\x10\0\0\0\0\x07Z\0\0\0\x05I";

    #[test]
    fn a_whole_greeting_is_ready_and_names_the_process() {
        assert_eq!(greeting(READY), Ok(Greeting { key: Some(4096), ready: true, unsupported: None }));
    }

    #[test]
    fn a_question_for_a_password_is_not_ready() {
        assert_eq!(greeting(b"R\0\0\0\x08\0\0\0\x03"), Ok(Greeting::default()));
        assert_eq!(greeting(b""), Ok(Greeting::default()));
    }

    #[test]
    fn what_is_no_greeting_is_refused() {
        for bytes in [&READY[..READY.len() - 1], b"T\0\0\0\x06\0\0", b"x", b"R\0\0\0\x01"] {
            assert!(matches!(greeting(bytes), Err(WireError::Malformed { .. })), "{bytes:?}");
        }
    }

    #[test]
    fn refused_options_are_named_and_a_refused_minor_version_is_none() {
        assert_eq!(refused_options(b"\0\x03\0\0\0\0\0\0"), None);
        let reason = refused_options(b"\0\x03\0\0\0\0\0\x01_pq_.x\0").expect("there is one");
        assert!(reason.contains("`_pq_.x`"), "{reason}");
    }
}
