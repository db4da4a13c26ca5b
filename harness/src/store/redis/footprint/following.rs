//! Owns [`Following`]: what follows for a step from what its connection, and others, have done before.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::exchange::Exchange as Control;
use super::reach::{Reach, Reaches};
use crate::explore::{Access, Footprint, Touch};
use crate::gate::{BackendError, Exchange};
use crate::id::ConnectionId;
use crate::octets;
use crate::wire::Context;
use crate::wire::redis::{Arguments, Elsewhere, is_told, name};

/// In which order the server keeps its keys: every write may change it, and some answers show it.
const ORDER: &[u8] = b"order";
/// Errors that tell of the whole server and not of what the request touches.
const PLIGHTS: [&[u8]; 7] =
    [b"-OOM", b"-BUSY", b"-LOADING", b"-READONLY", b"-MISCONF", b"-NOREPLICAS", b"-MASTERDOWN"];

/// What was seen of connections, and what was learnt about which differences show.
#[derive(Debug, Default)]
pub(in super::super) struct Following {
    reaches: Reaches,
    /// What the next `EXEC` of a connection depends on.
    watched: BTreeMap<ConnectionId, Vec<Touch>>,
    /// What a connection's last request touches.
    last: BTreeMap<ConnectionId, Footprint>,
    /// Somebody hears of what others write.
    is_heard: bool,
    learnt: Learnt,
}

/// What holds for all executions of a search.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Learnt {
    coarseness: u64,
    /// The order of the keys was shown.
    order_shows: bool,
    /// A write was said to touch nothing but its key.
    order_left_out: bool,
    /// Scripts that were called by their names.
    called: BTreeSet<String>,
    /// Scripts whose storing was left out.
    stored: BTreeSet<String>,
}

impl Following {
    /// An execution begins.
    pub(in super::super) fn begin(&mut self) {
        self.watched.clear();
        self.last.clear();
        self.is_heard = false;
    }

    /// Forgets what was learnt.
    pub(in super::super) fn forget(&mut self) {
        self.begin();
        self.learnt = Learnt::default();
    }

    pub(in super::super) fn coarseness(&self) -> u64 {
        self.learnt.coarseness
    }

    /// What was learnt, to be [known again](Self::relearn).
    pub(in super::super) fn learnt(&self) -> Value {
        json!(self.learnt)
    }

    /// Knows nothing but what was learnt before; `false` if it is not that.
    pub(in super::super) fn relearn(&mut self, learnt: Value) -> bool {
        self.begin();
        serde_json::from_value(learnt).map(|learnt| self.learnt = learnt).is_ok()
    }

    /// What an exchange touches; asks the server about requests that are new.
    pub(in super::super) async fn look(
        &mut self,
        control: &mut Control,
        exchange: &Exchange<'_>,
    ) -> Result<Footprint, BackendError> {
        let mut reaches = Vec::with_capacity(1);
        let requests = exchange.queued.iter().map(AsRef::as_ref).chain(Some(exchange.request));
        for request in requests.filter(|_| !exchange.request.is_empty()) {
            reaches.push(self.reaches.of(control, request).await?);
        }
        Ok(self.take(exchange, &reaches))
    }

    /// What an exchange touches whose requests reach so far.
    fn take(&mut self, exchange: &Exchange<'_>, reaches: &[Reach]) -> Footprint {
        let id = exchange.connection;
        if exchange.reply.is_some_and(<[u8]>::is_empty) {
            // Its client is gone.
            return Footprint::everything();
        }
        if exchange.request.is_empty() {
            return self.last.get(&id).cloned().unwrap_or_else(Footprint::everything);
        }
        let is_elsewhere = exchange.context.and_then(Context::get::<Elsewhere>).is_some();
        self.is_heard |= is_elsewhere || reaches.contains(&Reach::Listens);
        let mut footprint = Footprint::nothing();
        for reach in reaches {
            footprint.add(self.one(id, reach));
        }
        let is_refused =
            exchange.reply.is_some_and(|reply| PLIGHTS.iter().any(|word| reply.starts_with(word)));
        let whole =
            if self.is_heard || is_refused { Footprint::everything() } else { self.ordered(footprint) };
        self.last.insert(id, whole.clone());
        match exchange.reply {
            Some(reply) if !self.is_heard && !is_refused => self.answered(exchange, reaches, reply, whole),
            _ => whole,
        }
    }

    fn one(&mut self, id: ConnectionId, reach: &Reach) -> Footprint {
        match reach {
            Reach::Nothing => Footprint::nothing(),
            Reach::Everything | Reach::Listens => Footprint::everything(),
            Reach::Reads { shows_order } => {
                if *shows_order && !self.learnt.order_shows {
                    self.learnt.order_shows = true;
                    self.learnt.coarseness += u64::from(self.learnt.order_left_out);
                }
                Footprint(vec![Touch { object: None, part: None, access: Access::Reads }])
            }
            Reach::Keys(touches) => Footprint(touches.to_vec()),
            Reach::Watches(touches) => {
                self.watched.entry(id).or_default().extend(touches.iter().cloned());
                Footprint(touches.to_vec())
            }
            Reach::Executes => Footprint(self.watched.get(&id).cloned().unwrap_or_default()),
            Reach::Script { touches, sha, stores } => {
                let mut footprint = Footprint(touches.to_vec());
                footprint.add(self.named(sha, *stores));
                footprint
            }
        }
    }

    /// Whether a script is known by its name can be noticed only by those who call it so.
    fn named(&mut self, sha: &Bytes, stores: bool) -> Footprint {
        let learnt = &mut self.learnt;
        let name = octets::text(sha);
        if stores && !learnt.called.contains(&name) {
            learnt.stored.insert(name);
            return Footprint::nothing();
        }
        if !stores && !learnt.called.contains(&name) {
            learnt.coarseness += u64::from(learnt.stored.contains(&name));
            learnt.called.insert(name);
        }
        let object = Some([b"script ", sha.as_ref()].concat().into());
        Footprint(vec![Touch { object, part: None, access: Access::of(stores) }])
    }

    /// With the order of the keys, if that matters.
    fn ordered(&mut self, mut footprint: Footprint) -> Footprint {
        if footprint.0.iter().any(|touch| touch.access != Access::Reads) {
            if self.learnt.order_shows {
                footprint.0.push(Touch {
                    object: Some(Bytes::from_static(ORDER)),
                    part: None,
                    access: Access::Writes,
                });
            } else {
                self.learnt.order_left_out = true;
            }
        }
        footprint
    }

    /// What is left of a footprint when the answer is known.
    fn answered(
        &mut self,
        exchange: &Exchange<'_>,
        reaches: &[Reach],
        reply: &[u8],
        whole: Footprint,
    ) -> Footprint {
        let is_given_up = matches!(reply, b"*-1\r\n" | b"_\r\n");
        match reaches {
            // Whatever was queued was not looked at.
            [.., Reach::Executes] if is_given_up => {
                Footprint(self.watched.remove(&exchange.connection).unwrap_or_default())
            }
            [.., Reach::Executes] => {
                self.watched.remove(&exchange.connection);
                whole
            }
            [Reach::Keys(touches)] if changes_nothing(exchange.request, reply) => Footprint(
                touches.iter().map(|touch| Touch { access: Access::Reads, ..touch.clone() }).collect(),
            ),
            _ => whole,
        }
    }
}

/// Whether a request that writes has written nothing, as its answer says.
fn changes_nothing(request: &[u8], reply: &[u8]) -> bool {
    let name = name(request);
    // A reader that is new to its group is entered there, what was counted is kept with the value, and one that waits has
    // stood in the queue.
    let leaves_traces = ["PFCOUNT", "XREAD", "XREADGROUP"].contains(&name.as_str());
    !leaves_traces
        && !name.starts_with('B')
        && !name.starts_with("OBJECT")
        && is_told(&Arguments::of(request), reply)
}

#[cfg(test)]
mod tests;
