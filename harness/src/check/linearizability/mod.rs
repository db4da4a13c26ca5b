//! Linearizability: whether operations that overlapped can be put into an order, each at some moment between its
//! invocation and its return, in which one object gives the answers that were given (Herlihy and Wing, 1990).
//!
//! ```text
//! A  |---- write 1 ----|             write 1, then read → 1, then read → 0?  No order has the old value
//! B     |- read → 1 -|               after the new one: not linearizable.
//! C                      |- read → 0 -|
//! ```
//!
//! The search is Wing and Gong's ("Testing and verifying concurrent objects", 1993) with Lowe's memory ("Testing for
//! linearizability", 2017). Parts of the object, such as keys, are judged one by one, which is as good as judging the
//! whole (Herlihy and Wing's locality).
//!
//! An operation that is open, or that returned an error, may take effect at any time after its invocation, or never. One that was refused took no effect;
//! models judge whether "no" was right where they can.

mod adapters;
mod closures;
mod item;
mod judgement;
mod limits;
mod list;
mod model;
mod placed;
mod search;
mod seen;
mod states;

pub use adapters::{Only, WithoutRefusals};
pub use closures::{Sequential, Told, sequential};
pub use judgement::{Judgement, Point, Stuck};
pub use limits::{Exceeded, Limits};
pub use model::{Answer, Misfit, Model, Reported};

pub(in crate::check) use model::words;

use crate::history::Operation;
use search::{Found, Search};

/// Judges whether `operations` are linearizable with respect to `model`. The order of the slice does not matter.
///
/// # Errors
///
/// [`Misfit`] if the model does not understand one of them.
pub fn check<M: Model>(model: &M, operations: &[Operation], limits: &Limits) -> Result<Judgement, Misfit> {
    let (mut points, mut undecided, mut steps) = (Vec::new(), None, 0);
    for part in item::parts(model, operations)? {
        match Search::new(model, &part.items, limits, steps).run() {
            Ok((Found::Order(order), taken)) => {
                points.extend(judgement::points(&part.items, &order));
                steps = taken;
            }
            Ok((Found::None { prefix, state }, _)) => {
                return Ok(Judgement::Broken(Stuck::new(part, &prefix, model.show(&state))));
            }
            // Another part may still be broken, which is worse than undecided; but no steps are left if they were the limit.
            Err(exceeded @ Exceeded::Steps(_)) => return Ok(Judgement::Undecided(exceeded)),
            Err(exceeded @ Exceeded::Memory(_)) => undecided = undecided.or(Some(exceeded)),
        }
    }
    Ok(undecided.map_or_else(|| Judgement::linearizable(points), Judgement::Undecided))
}

#[cfg(test)]
mod tests;
