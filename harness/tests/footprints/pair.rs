//! Owns [`Pair`]: two steps of two clients, taken in both orders.

use bytes::Bytes;
use raceproof::explore::Footprint;
use raceproof::gate::Backend;

use crate::talker::Talker;

/// Two steps, and what their clients have done before.
pub(crate) struct Pair {
    pub(crate) before: [&'static [&'static str]; 2],
    pub(crate) steps: [&'static str; 2],
}

/// Two steps out of nothing.
pub(crate) const fn pair(one: &'static str, other: &'static str) -> Pair {
    Pair { before: [&[], &[]], steps: [one, other] }
}

/// Two steps after others.
pub(crate) const fn after(
    before: [&'static [&'static str]; 2],
    one: &'static str,
    other: &'static str,
) -> Pair {
    Pair { before, steps: [one, other] }
}

/// How a kind of store is talked to.
pub(crate) struct Manner {
    /// What a client says first.
    pub(crate) opening: Bytes,
    /// The requests of one step.
    pub(crate) requests: fn(&str) -> Vec<Vec<u8>>,
    /// What ends a transaction, if something may have begun one.
    pub(crate) end: Option<&'static str>,
}

/// What came of two steps: the replies of each client, and what is there in the end.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    replies: [Vec<String>; 2],
    content: String,
}

/// A store that can be brought back to its beginning and shown.
#[async_trait::async_trait(?Send)]
pub(crate) trait Ground {
    fn backend(&mut self) -> &mut dyn Backend;
    async fn bring_back(&mut self);
    async fn content(&mut self) -> String;
}

/// Takes the steps in both orders; whether they are deemed independent, and whether nobody can tell the orders apart.
pub(crate) async fn judge(ground: &mut dyn Ground, manner: &Manner, pair: &Pair) -> (bool, bool) {
    let (footprints, one) = run(ground, manner, pair, [0, 1]).await;
    let (others, other) = run(ground, manner, pair, [1, 0]).await;
    let conflicts = footprints[0].conflicts_with(&footprints[1]);
    assert_eq!(
        conflicts,
        others[0].conflicts_with(&others[1]),
        "{:?}: {footprints:?} {others:?}",
        pair.steps
    );
    (!conflicts, one == other)
}

/// What an execution in this order comes to, once nothing more is learnt from it.
async fn run(
    ground: &mut dyn Ground,
    manner: &Manner,
    pair: &Pair,
    order: [usize; 2],
) -> ([Footprint; 2], Outcome) {
    // What was learnt of other pairs is not the matter here.
    ground.backend().unlearn();
    loop {
        let before = ground.backend().coarseness();
        let ran = execute(ground, manner, pair, order).await;
        if ground.backend().coarseness() == before {
            return ran;
        }
    }
}

async fn execute(
    ground: &mut dyn Ground,
    manner: &Manner,
    pair: &Pair,
    order: [usize; 2],
) -> ([Footprint; 2], Outcome) {
    ground.bring_back().await;
    let backend = ground.backend();
    backend.follow();
    let mut talkers = [
        Talker::connect(backend, 0, &manner.opening).await,
        Talker::connect(backend, 1, &manner.opening).await,
    ];
    for (talker, before) in talkers.iter_mut().zip(pair.before) {
        for step in before {
            talker.step(backend, &(manner.requests)(step)).await;
            assert!(!talker.waits, "{step} waits");
        }
    }
    let mut footprints = [Footprint::nothing(), Footprint::nothing()];
    let mut replies = [Vec::new(), Vec::new()];
    let told = |reply: Vec<u8>| reply.escape_ascii().to_string();
    for index in order {
        let (footprint, reply) = talkers[index].step(backend, &(manner.requests)(pair.steps[index])).await;
        footprints[index] = footprint;
        replies[index].push(told(reply));
    }
    // Those who do not wait end first, and let the others go on.
    let mut ending = [0, 1];
    ending.sort_by_key(|index| talkers[*index].waits);
    for index in ending {
        let talker = &mut talkers[index];
        if let Some(end) = manner.end {
            if talker.waits {
                replies[index].push(told(talker.rest(backend).await));
            }
            let (_, reply) = talker.step(backend, &(manner.requests)(end)).await;
            replies[index].push(told(reply));
        }
    }
    let content = ground.content().await;
    (footprints, Outcome { replies, content })
}

/// Fails with all pairs that are not as they should be.
pub(crate) async fn check(ground: &mut dyn Ground, manner: &Manner, pairs: &[Pair], independent: bool) {
    let mut wrong = Vec::new();
    for pair in pairs {
        let (deemed, same) = judge(ground, manner, pair).await;
        if deemed != independent || same != independent {
            wrong.push(format!(
                "{:?} after {:?}: deemed independent {deemed}, same {same}",
                pair.steps, pair.before
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
