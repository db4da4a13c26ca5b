//! Claims about the whole catalogue, each searched in this process on local stores.

#[path = "../../benches/search/comparison.rs"]
mod comparison;
mod minimal;
mod models;
mod reduction;
mod stores;
mod table;
mod triggers;
