//! Owns [`Replica`]: a second server that has everything but the last write of an execution, and takes over without it.
//!
//! ```text
//! between executions    server -- all -->  relay -- all --> replica
//! in an execution       server -- all -->  relay (holds)    replica
//! at the fail-over                         relay -- up to the last write but one --> replica, which takes over
//! ```

use std::time::Instant;

use super::NAME;
use super::backend::{READ, RedisBackend};
use super::endurance::{BACK_MS_MAX, PAUSE_MS, refused};
use super::exchange::{Exchange, refusal};
use super::log_in::{log_in, slices};
use super::relay::Relay;
use super::snapshot;
use crate::gate::BackendError;
use crate::history::State;
use crate::store::Server;
use crate::wire::redis::Value;

/// Nothing but writes is told to a replica, no side ever gives the other up whatever the clock says, and the end of a
/// transfer is noticed within milliseconds.
const SETTINGS: [&[&[u8]]; 5] = [
    &[b"CONFIG", b"SET", b"repl-ping-replica-period", b"2147483647"],
    &[b"CONFIG", b"SET", b"repl-timeout", b"2147483647"],
    &[b"CONFIG", b"SET", b"repl-diskless-sync", b"no"],
    &[b"CONFIG", b"SET", b"repl-diskless-load", b"swapdb"],
    &[b"CONFIG", b"SET", b"hz", b"500"],
];
const ALONE: &[&[u8]] = &[b"REPLICAOF", b"NO", b"ONE"];
const ACTION: &str = "replicate";

/// A replica, and what stands between it and its server.
#[derive(Debug)]
pub(super) struct Replica {
    /// The server that is not in force: the replica, or after a fail-over the one that was lost.
    server: Server,
    control: Exchange,
    relay: Relay,
    /// Whether fail-overs are expected at all.
    is_wanted: bool,
    has_taken_over: bool,
    /// How much the server had ever told its replica when the relay began to hold; `None` if the two are not in step.
    held_from: Option<u64>,
    /// How much it was after the last step.
    seen: u64,
    /// How much it was before the last step that has written.
    before_last_write: Option<u64>,
}

impl Replica {
    /// Whether some step of this execution has written.
    pub(super) fn has_unreplicated(&self) -> bool {
        self.held_from.is_some() && self.before_last_write.is_some()
    }

    /// Lets the two go their ways until the next execution.
    pub(super) fn leave(&mut self) {
        self.relay.cut();
        self.held_from = None;
    }
}

impl RedisBackend {
    /// Starts a replica if there is to be one; one that is not needed any more stays, alone.
    pub(super) async fn replicate(&mut self, wanted: bool) -> Result<(), BackendError> {
        match (&mut self.replica, wanted) {
            (None, true) if self.server.power.is_some() => {
                self.replica = Some(self.start_replica().await?);
                self.set_replication().await
            }
            (Some(replica), false) => {
                replica.leave();
                replica.is_wanted = false;
                replica.control.tell(ACTION, &[ALONE]).await
            }
            (Some(replica), true) => {
                replica.is_wanted = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Tells a server that has a replica how to treat it.
    pub(super) async fn set_replication(&mut self) -> Result<(), BackendError> {
        if self.replica.is_some() { self.control.tell(ACTION, &SETTINGS).await } else { Ok(()) }
    }

    async fn start_replica(&mut self) -> Result<Replica, BackendError> {
        let power = self.server.power.clone().ok_or_else(|| refused(ACTION, "it is not ours to copy"))?;
        let mut server = power.spare().await.map_err(|error| refused(ACTION, error))?;
        server.clock = self.server.clock.clone();
        let relay = Relay::start(&self.server.address);
        let relay = relay.map_err(|source| BackendError::Io { store: NAME, action: ACTION, source })?;
        let mut control = Exchange::open(&server.address).await?;
        let mut commands = log_in(&server);
        commands.extend(SETTINGS.map(<[_]>::to_vec));
        control.tell(ACTION, &slices(&commands)).await?;
        Ok(Replica {
            server,
            control,
            relay,
            is_wanted: true,
            has_taken_over: false,
            held_from: None,
            seen: 0,
            before_last_write: None,
        })
    }

    /// Brings the replica to where the server is, and holds back what comes from here on.
    pub(super) async fn catch_up(&mut self) -> Result<(), BackendError> {
        let Some(replica) = self.replica.as_mut().filter(|replica| replica.is_wanted) else {
            return Ok(());
        };
        replica.relay.open();
        if replica.held_from.take().is_none() {
            let port = replica.relay.port().to_string();
            let follow: &[&[u8]] = &[b"REPLICAOF", b"127.0.0.1", port.as_bytes()];
            // One that follows already must begin again, as its link was cut.
            replica.control.tell(ACTION, &[ALONE, follow]).await?;
        }
        let deadline = Instant::now() + BACK_MS_MAX;
        loop {
            let (told, _) = read_counts(&mut self.control).await?;
            let (_, followed) = read_counts(&mut replica.control).await?;
            if followed == Some(told) {
                replica.relay.hold();
                (replica.held_from, replica.seen, replica.before_last_write) = (Some(told), told, None);
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(late("its replica does not come up with it"));
            }
            crate::alarm::sleep(PAUSE_MS).await;
        }
    }

    /// Takes note of how much was written when a step is over.
    pub(super) async fn note_written(&mut self) -> Result<(), BackendError> {
        let Some(replica) = self.replica.as_mut().filter(|replica| replica.held_from.is_some()) else {
            return Ok(());
        };
        let (told, _) = read_counts(&mut self.control).await?;
        if told > replica.seen {
            replica.before_last_write = Some(replica.seen);
            replica.seen = told;
        }
        Ok(())
    }

    /// Lets the replica take over without what the last step that wrote has written.
    pub(super) async fn fail_over(&mut self) -> Result<(), BackendError> {
        let replica = self.replica.as_mut().ok_or_else(|| refused(ACTION, "it has no replica"))?;
        let (Some(from), Some(to)) = (replica.held_from, replica.before_last_write) else {
            return Err(refused(ACTION, "its replica is not in step with it"));
        };
        replica.relay.let_through(to - from);
        let deadline = Instant::now() + BACK_MS_MAX;
        while read_counts(&mut replica.control).await?.1 != Some(to) {
            if Instant::now() >= deadline {
                return Err(late("its replica does not take what it is let"));
            }
            crate::alarm::sleep(PAUSE_MS).await;
        }
        replica.leave();
        replica.control.tell(ACTION, &[ALONE]).await?;
        replica.has_taken_over = true;
        std::mem::swap(&mut self.server, &mut replica.server);
        std::mem::swap(&mut self.control, &mut replica.control);
        Ok(())
    }

    /// Brings the server that was lost back in force; gives what the replica held in its place.
    pub(super) async fn fail_back(&mut self) -> Result<Option<State>, BackendError> {
        let Some(replica) = self.replica.as_mut().filter(|replica| replica.has_taken_over) else {
            return Ok(None);
        };
        let mut states = self.control.ask("read all data", &[READ], |_, value| snapshot::read(value)).await?;
        replica.has_taken_over = false;
        std::mem::swap(&mut self.server, &mut replica.server);
        std::mem::swap(&mut self.control, &mut replica.control);
        Ok(states.pop())
    }
}

fn late(what: &str) -> BackendError {
    refused(ACTION, format!("{what} within {} ms", BACK_MS_MAX.as_millis()))
}

/// What a server has ever told a replica, and what it has heard itself if it follows one.
async fn read_counts(control: &mut Exchange) -> Result<(u64, Option<u64>), BackendError> {
    let info: &[&[u8]] = &[b"INFO", b"replication"];
    let read = |_: usize, value: &Value<'_>| match value.text() {
        Some(text) => Ok(counts(&String::from_utf8_lossy(text))),
        None => Err(refusal(value).unwrap_or_else(|| "no text".to_owned())),
    };
    Ok(control.ask(ACTION, &[info], read).await?[0])
}

fn counts(info: &str) -> (u64, Option<u64>) {
    let field = |name: &str| {
        let value = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim_end().to_owned());
        info.lines().find_map(value)
    };
    let number = |name: &str| field(name).and_then(|value| value.parse().ok());
    let is_linked = field("master_link_status").as_deref() == Some("up");
    (number("master_repl_offset").unwrap_or_default(), number("slave_repl_offset").filter(|_| is_linked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replica_counts_only_while_it_is_linked() {
        let info = "role:slave\r\nmaster_link_status:up\r\nslave_repl_offset:42\r\nmaster_repl_offset:42\r\n";
        assert_eq!(counts(info), (42, Some(42)));
        assert_eq!(counts(&info.replace(":up", ":down")), (42, None));
        assert_eq!(counts("role:master\r\nmaster_repl_offset:7\r\n"), (7, None));
    }
}
