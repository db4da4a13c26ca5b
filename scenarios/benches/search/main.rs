//! Measures searches of the catalogue, each table for itself. Exits with 1 if a bar is missed.
//!
//! `cargo bench -p raceproof-scenarios --bench search -- reduction`, `-- strategies` or `-- soak`; with `--seconds 5 counter/ lock/getset`
//! behind it for less.

mod comparison;
mod legs;
mod reduction;
mod soak;
mod strategies;

use std::error::Error;
use std::time::Duration;

pub(crate) type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let (table, seconds, wanted) = arguments(&words);
    match table {
        Some("reduction") => reduction::table(&wanted, seconds.unwrap_or(60)),
        Some("soak") => soak::soak(&wanted, Duration::from_secs(seconds.unwrap_or(1_800)))?.told(),
        Some("strategies") => strategies::table(&wanted, seconds.unwrap_or(5)),
        _ => {
            reduction::table(&wanted, seconds.unwrap_or(60))?;
            strategies::table(&wanted, seconds.unwrap_or(5))
        }
    }
}

/// Which table, how many seconds for a search, and the parts of names that are wanted.
fn arguments(words: &[String]) -> (Option<&str>, Option<u64>, Vec<String>) {
    let (mut table, mut seconds, mut wanted) = (None, None, Vec::new());
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--seconds" => seconds = words.next().and_then(|number| number.parse().ok()),
            "reduction" | "strategies" | "soak" => table = Some(word),
            name => wanted.push(name.to_owned()),
        }
    }
    (table, seconds, wanted)
}
