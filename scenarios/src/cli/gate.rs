//! Owns `raceproof gate -- CMD`: any command with its stores behind gates, and what it sent, step by step.

use std::sync::Arc;

use raceproof::Scenario;
use raceproof::history::WorkerEnd;
use raceproof::interrupt::Interrupt;
use raceproof::run::Engine;
use raceproof_reports::story::Lanes;
use raceproof_reports::terminal::{labelled, lanes};

use super::args::GateArgs;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::request;
use crate::file::Watched;

/// Runs the command with every request let through at once, and tells them.
pub(super) fn gate(args: &GateArgs, output: &mut Output) -> Result<Exit, Failure> {
    let watched = Watched::new(&args.command, &args.on);
    if !watched.is_there() {
        let name = args.command.first().map_or("", String::as_str);
        return Err(Failure::NoSuchCommand { name: raceproof_reports::Visible::of(name) });
    }
    let scenario: Arc<dyn Scenario> = Arc::new(watched);
    let stores = request::stores(&args.stores, &[&scenario.card()])?;
    let interrupt = Interrupt::install().map_err(Failure::Signals)?;
    let mut engine = Engine::start(&stores, interrupt)?;
    for line in engine.description() {
        output.note(&line);
    }
    let trace = engine.run_through(&scenario);
    let stopped = engine.stop();
    let trace = trace?;
    stopped?;
    let style = output.style;
    output.result(&format!("\n{}\n", lanes(&Lanes::of(&trace, None), &style)));
    let failed = trace.ends.values().find_map(|end| match end {
        WorkerEnd::Failed(what) | WorkerEnd::Panicked(what) => Some(what.clone()),
        _ => None,
    });
    let told = failed.clone().unwrap_or_else(|| "the command ended with status 0".to_owned());
    output.result(&labelled(&style, "ended", &told, 5));
    output.result(&labelled(
        &style,
        "sent",
        &raceproof_reports::wording::counted(trace.steps.len() as u64, "step"),
        6,
    ));
    Ok(if failed.is_some() { Exit::Surprise } else { Exit::AsExpected })
}
