//! Owns the `raceproof` program: from its arguments to an exit code. What it does is the engine's and the
//! reports' business.

mod allowance;
mod args;
mod breakage;
mod catalogue_page;
mod check;
mod checked;
mod checker;
mod completions;
mod course;
mod doctor;
mod exit;
mod explorer;
mod failure;
mod files;
mod follow;
mod gate;
mod init;
mod kept;
mod leg;
mod list;
mod merge;
mod meter;
mod output;
mod pattern;
mod redacting;
mod replay;
mod report;
mod reports;
mod request;
mod resumption;
mod run;
mod schema;
mod serve;
mod step_summary;
mod telling;
mod transcript;
mod voice;

#[cfg(test)]
mod fake;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use raceproof::Scenario;
use raceproof::interrupt;

use args::{Args, Command};
use exit::Exit;
use failure::Failure;
use output::Output;

/// The whole program on a catalogue: reads the arguments, does what they say, and returns the exit code.
pub fn main(catalogue: &[Arc<dyn Scenario>]) -> ExitCode {
    let mut output = Output::standard();
    let exit = match Args::try_parse() {
        Ok(args) => finish(dispatch(&args, catalogue, &mut output), &mut output),
        Err(told) => {
            // Help that was asked for is told in the same way as an error; a closed pipe is neither.
            let _ = told.print();
            if told.use_stderr() { Exit::Usage } else { Exit::AsExpected }
        }
    };
    ExitCode::from(exit.code())
}

fn dispatch(args: &Args, catalogue: &[Arc<dyn Scenario>], output: &mut Output) -> Result<Exit, Failure> {
    match &args.command {
        Command::List(args) => list::list(args, catalogue, output),
        Command::Run(args) => run::run(args, catalogue, output),
        Command::Init(args) => init::init(args, output),
        Command::Gate(args) => gate::gate(args, output),
        Command::Replay(args) => replay::replay(args, catalogue, output),
        Command::Transcript(args) => transcript::transcript(args, output),
        Command::Merge(args) => merge::merge(args, output),
        Command::Check(args) => check::check(args, output),
        Command::Report(args) => report::report(args, output),
        Command::Serve(args) => serve::serve(args, output),
        Command::Schema(args) => schema::schema(args, output),
        Command::Doctor(args) => doctor::doctor(args, output),
        Command::Completions(args) => Ok(completions::completions(args, output)),
    }
}

fn finish(result: Result<Exit, Failure>, output: &mut Output) -> Exit {
    let exit = result.unwrap_or_else(|failure| {
        output.error(&failure);
        failure.exit()
    });
    interrupt::arrived().map_or(exit, Exit::Interrupted)
}
