//! Owns `raceproof completions`: what a shell needs to complete our arguments.

use clap::CommandFactory;

use super::args::{Args, CompletionsArgs};
use super::exit::Exit;
use super::output::Output;

/// Writes the completions.
pub(super) fn completions(args: &CompletionsArgs, output: &mut Output) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "raceproof", &mut script);
    output.result(&String::from_utf8_lossy(&script));
    Exit::AsExpected
}
