//! Owns `raceproof doctor`: what killed runs have left behind.

use raceproof::store::leftovers;

use super::args::DoctorArgs;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;

/// Shows the leftovers, and removes them if asked to. What stays is a matter of the environment.
pub(super) fn doctor(args: &DoctorArgs, output: &mut Output) -> Result<Exit, Failure> {
    let left = leftovers(args.clean)?;
    for line in &left {
        output.result(&format!("{}\n", raceproof_reports::Visible::of(line)));
    }
    let (note, exit) = match (left.is_empty(), args.clean) {
        (true, _) => ("nothing is left over".to_owned(), Exit::AsExpected),
        (false, true) => (format!("removed {}", left.len()), Exit::AsExpected),
        (false, false) => {
            (format!("{} left over (remove with `raceproof doctor --clean`)", left.len()), Exit::Environment)
        }
    };
    output.note(&note);
    Ok(exit)
}
