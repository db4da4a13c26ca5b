//! Claims about the whole catalogue, each searched in this process on local stores.

#[path = "../../benches/search/comparison.rs"]
mod comparison;
#[path = "../../benches/search/legs.rs"]
mod legs;
mod minimal;
mod models;
mod mutations;
mod reduction;
mod soak;
#[path = "../../benches/search/soak.rs"]
mod soaking;
mod stores;
mod table;
mod triggers;
mod twins;

type Failure = Box<dyn std::error::Error>;
