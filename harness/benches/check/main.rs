//! Measures the checkers on one core. Exits with 1 if a bar is missed.
//!
//! `cargo bench -p raceproof --bench check` (some seconds), or `-- linearizability` for some of it.

#[path = "../gate/table.rs"]
mod table;

mod linearizability;

use table::Table;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut table = Table::default();
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    if wanted("linearizability") {
        linearizability::measure(&mut table)?;
    }
    if table.all_met() { Ok(()) } else { Err("a bar was missed".into()) }
}
