//! Objects whose operations have a meaning: each file says which operations, arguments and results it understands.

mod cas_register;
mod counter;
mod inventory;
mod key_value;
mod lock;
mod queue;
mod rate_limiter;
mod register;
mod set;
mod unique_id;
mod value;

pub use cas_register::{CasCall, CasRegister};
pub use counter::{Counter, CounterCall};
pub use inventory::{Inventory, InventoryCall};
pub use key_value::{KeyValue, KeyValueCall};
pub use lock::{Lock, LockCall, LockState};
pub use queue::{Queue, QueueCall};
pub use rate_limiter::{RateCall, RateLimiter};
pub use register::{Register, RegisterCall};
pub use set::{Set, SetCall};
pub use unique_id::{Given, UniqueId};
pub use value::Value;
