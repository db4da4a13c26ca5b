//! Claims about the whole catalogue, each searched in this process on local stores.

mod minimal;
mod models;
mod stores;
mod table;
mod triggers;
