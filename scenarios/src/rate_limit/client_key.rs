//! Owns the question whose limit a call counts against.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::history::{Operation, OperationEnd};
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use super::limited::eval;
use super::promise::{CALL, LIMIT, WINDOW_MS};
use crate::anomaly::KEY_COLLISION;
use crate::card::{Details, broken, correct};

const SCRIPT: &str = "
local usage = redis.call('INCR', KEYS[1])
if usage == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return usage
";
/// Where all calls seem to come from.
const PROXY: &str = "10.0.0.1";

/// Ann calls as often as she may, Bob once, and both come through the same proxy.
///
/// ```text
/// A (Ann)                     B (Bob)
/// EVAL usage:10.0.0.1 -> 1
/// EVAL usage:10.0.0.1 -> 2
///                             EVAL usage:10.0.0.1 -> 3    refused, and he has never called
/// ```
struct ClientKey {
    is_clients_own: bool,
}

#[async_trait(?Send)]
impl Scenario for ClientKey {
    fn card(&self) -> Card {
        if self.is_clients_own {
            let about = "Calls are counted under the account that makes them. However much one client calls, another has its own \
                         limit.";
            correct("rate-limit/key-per-client", about).on_redis().workers(3)
        } else {
            let about = "Calls are counted under the address they come from, which is that of a proxy. Everybody behind it shares \
                         one limit, and one client's calls use up another's.";
            broken("rate-limit/key-of-the-proxy", about, KEY_COLLISION).on_redis()
        }
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let (client, calls) = match worker.index() {
            0 => ("ann", LIMIT),
            1 => ("bob", 1),
            _ => ("cyd", 1),
        };
        let key = format!("usage:{}", if self.is_clients_own { client } else { PROXY });
        for _ in 0..calls {
            let call = worker.invoke(CALL, client);
            let usage: usize = eval(&mut redis, SCRIPT, &key, &[WINDOW_MS.to_string()]).await?;
            if usage <= LIMIT {
                call.ok("admitted");
            } else {
                call.refused("too many");
            }
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let promise = "nobody is refused who has called less often than the limit allows";
        vec![Invariant::new(promise, |view: &View<'_>| {
            let is_refused = |call: &&Operation| matches!(call.end, OperationEnd::Refused(_));
            for call in view.operations.iter().filter(is_refused) {
                let is_earlier =
                    |other: &&Operation| other.argument == call.argument && other.invoked < call.invoked;
                let earlier = view.operations.iter().filter(is_earlier).count();
                if earlier < LIMIT {
                    return Err(format!(
                        "{} was refused after {earlier} calls: {}",
                        call.argument, view.state
                    ));
                }
            }
            Ok(())
        })]
    }
}

/// Every limiter of this file.
pub(super) fn all() -> Vec<Arc<dyn Scenario>> {
    vec![Arc::new(ClientKey { is_clients_own: false }), Arc::new(ClientKey { is_clients_own: true })]
}
