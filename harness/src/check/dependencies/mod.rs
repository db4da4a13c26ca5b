//! Owns what orders transactions: the direct serialization graph of a history, its cycles, and what they are called.
//!
//! After Adya ("Weak Consistency", 1999) a history is serializable if no transaction must come before itself, and each weaker level forbids
//! some kinds of such cycles. After Elle (Kingsbury and Alvaro, VLDB 2020) the order of versions, which Adya takes as given, is read off
//! the history: a list tells the order of all that was ever appended to it; who reads a register and then writes it tells two versions.
//!
//! Everything takes time linear in the history, but for the shortening of cycles that are told, which has a limit. For lists the answer is complete: a
//! history without findings has a serial order. For registers it is sound only, since the order of blind writes is not known.

mod accesses;
mod analysis;
mod anomaly;
mod components;
mod cycle;
mod finding;
mod graph;
mod level;
mod micro;
mod moments;
mod names;
mod notation;
mod promise;
mod readings;
mod rows;
mod search;
mod shortest;
mod transactions;
mod versions;
mod walks;

pub use accesses::{Access, cycle_of};
pub use analysis::{Analysis, Scope};
pub use anomaly::Anomaly;
pub use cycle::{Cycle, Dependency, Link, Member};
pub use finding::{Finding, TOLD_MAX};
pub use level::{Level, LevelError};
pub use micro::{Micro, MicroList, Seen};
pub use notation::NotationError;
pub use promise::{TRANSACTION, judge_transactions};
pub use transactions::{Header, MICROS_MAX, Malformed, Status, Transactions};

/// A count or a position as the numbers that graphs are made of.
fn number(count: usize) -> u32 {
    u32::try_from(count).expect("histories have fewer reads and writes than that")
}
