//! The `raceproof` program with the catalogue of this repository.

use std::process::ExitCode;

fn main() -> ExitCode {
    raceproof_scenarios::cli::main(&raceproof_scenarios::catalogue::all())
}
