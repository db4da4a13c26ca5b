//! Owns what a client says before it may have a connection: requests for encryption, for the end of another
//! connection's work, and the start-up message.

use super::fields::Fields;
use super::refusal::{malformed, too_large};
use crate::wire::{Opening, WireError};
use std::collections::BTreeMap;

const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS_ENCRYPTION: u32 = 80_877_104;

/// Longest message before a connection, in bytes; the server has the same limit.
const STARTUP_BYTES_MAX: usize = 10_000;

/// Shortest and longest request to cancel: the secret has 4 bytes, or up to 256 since protocol 3.2.
const CANCEL_BYTES: std::ops::RangeInclusive<usize> = 16..=12 + 256;

/// The first byte of a TLS handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// Cuts the first message off `buffer`.
pub(super) fn opening(buffer: &[u8]) -> Result<Option<Opening>, WireError> {
    if buffer.first() == Some(&TLS_HANDSHAKE) {
        return Err(malformed("a TLS handshake without a request for one (pass `sslmode=disable`)"));
    }
    let mut fields = Fields::new(buffer);
    let Some(announced) = fields.long() else { return Ok(None) };
    let length = usize::try_from(announced).unwrap_or(usize::MAX);
    match length {
        0..8 => return Err(malformed(format!("a start-up message announces {length} bytes"))),
        8..=STARTUP_BYTES_MAX => {}
        _ => return Err(too_large("bytes", length, STARTUP_BYTES_MAX)),
    }
    let Some(code) = fields.long() else { return Ok(None) };
    match code {
        SSL | GSS_ENCRYPTION if length != 8 => {
            Err(malformed(format!("a request for encryption announces {length} bytes")))
        }
        SSL | GSS_ENCRYPTION => Ok(Some(Opening::Answer { length, bytes: b"N" })),
        CANCEL if !CANCEL_BYTES.contains(&length) => {
            Err(malformed(format!("a request to cancel announces {length} bytes")))
        }
        CANCEL if buffer.len() < length => Ok(None),
        CANCEL => Ok(fields.long().map(|key| Opening::Cancel { length, key: u64::from(key) })),
        _ if code >> 16 != 3 => Err(malformed(format!(
            "the client speaks version {}.{} of the protocol, only version 3 is known",
            code >> 16,
            code & 0xffff
        ))),
        _ if buffer.len() < length => Ok(None),
        _ if startup_parameters(&buffer[..length]).is_none() => {
            Err(malformed("the parameters of a start-up message break off"))
        }
        _ => Ok(Some(Opening::Connect { length })),
    }
}

/// The parameters of a start-up message (`user`, `database`, `options`, …); `None` if it is none.
///
/// ```
/// use raceproof::wire::postgres::startup_parameters;
/// let message = b"\0\0\0\x14\0\x03\0\0user\0alice\0\0";
/// assert_eq!(startup_parameters(message).and_then(|all| all.get("user").cloned()), Some("alice".to_owned()));
/// ```
#[must_use]
pub fn startup_parameters(message: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut fields = Fields::new(message);
    if usize::try_from(fields.long()?).ok()? != message.len() || fields.long()? >> 16 != 3 {
        return None;
    }
    let mut parameters = BTreeMap::new();
    loop {
        let name = fields.text()?;
        if name.is_empty() {
            return Some(parameters);
        }
        let value = fields.text()?;
        parameters.insert(lossy(name), lossy(value));
    }
}

/// The user and the database that a start-up message asks for; a database that is not named is the user's.
#[must_use]
pub fn startup_user(message: &[u8]) -> Option<(String, String)> {
    let mut parameters = startup_parameters(message)?;
    let user = parameters.remove("user")?;
    let database = parameters.remove("database").filter(|database| !database.is_empty());
    Some((user.clone(), database.unwrap_or(user)))
}

/// Why a connection that begins so could not be followed.
pub(super) fn unsupported(message: &[u8]) -> Option<String> {
    let replication = startup_parameters(message)?.remove("replication")?;
    let off = ["", "false", "off", "no", "0"].contains(&replication.to_ascii_lowercase().as_str());
    (!off).then(|| {
        format!("`replication={replication}` makes the connection a stream without requests and replies")
    })
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests;
