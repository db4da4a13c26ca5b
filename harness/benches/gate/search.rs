//! Owns the measurement of what a long search itself takes, without any store: memory, time, and the size of its checkpoint.

use std::time::Instant;

use raceproof::explore::{Decision, Point, Strategy, Systematic, Transition};
use raceproof::{Choice, ConnectionId, WorkerId};

use crate::Failure;
use crate::memory::resident_kib;
use crate::table::{Bar, Table};

const WORKERS: u16 = 5;
const STEPS: usize = 6;
const EXECUTIONS: u32 = 1_000_000;
/// Executions by which about as many branches wait as may.
const EXECUTIONS_EARLY: u32 = 10_000;
const MIB_MAX: u64 = 300;

/// Searches that take turns, as those of generated workloads do.
const SERIES: u32 = 16;

/// A search over 1,000,000 executions of 5 workers with 6 steps each, all of which depend on each other, and as many executions of
/// several searches.
pub(crate) fn measure(table: &mut Table) -> Result<(), Failure> {
    for (reduces, searches) in [(false, 1), (true, 1), (true, SERIES)] {
        let (begun, mut most, before) = (Instant::now(), 0, resident_kib());
        let mut all: Vec<_> =
            (0..searches).map(|_| Systematic::new(None, reduces).one_of(searches as usize)).collect();
        for search in &mut all {
            for number in 0..EXECUTIONS / searches {
                if !search.begin() {
                    return Err(format!("the search ended after {number} executions").into());
                }
                execute(search)?;
                if number.is_multiple_of(EXECUTIONS_EARLY) {
                    most = most.max(resident_kib());
                }
            }
        }
        let rate = f64::from(EXECUTIONS) / begun.elapsed().as_secs_f64();
        let kind = if reduces { "reduced" } else { "full" };
        let name =
            if searches == 1 { format!("{kind} search") } else { format!("{searches} {kind} searches") };
        let (mib, grown) = (most >> 10, most.saturating_sub(before) >> 10);
        let bar = Bar::new(format!("at most {MIB_MAX} MiB"), mib <= MIB_MAX);
        let measured = format!("{mib} MiB ({grown} more than before)");
        table.row(format!("{name}, {EXECUTIONS} executions"), measured, Some(bar));
        table.row(format!("{name}, no store"), format!("{rate:.0} executions/s"), None);
        let states =
            all.iter_mut().map(|search| search.checkpoint().ok_or("a systematic search can be written"));
        let states = states.collect::<Result<Vec<_>, _>>()?;
        let bytes = serde_json::to_vec(&states)?.len();
        let size = format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
        table.row(format!("{name}, checkpoint"), size, None);
    }
    Ok(())
}

fn execute(search: &mut Systematic) -> Result<(), Failure> {
    let (mut left, mut previous) = ([STEPS; WORKERS as usize], None);
    for _ in 0..STEPS * usize::from(WORKERS) {
        let ready = (0..WORKERS).filter(|worker| left[usize::from(*worker)] > 0).map(WorkerId);
        let options: Vec<Choice> =
            ready.map(|worker| Choice::Run(ConnectionId { worker, ordinal: 0 })).collect();
        let taken = match search.choose(&Point { options: &options, previous }) {
            Decision::Take(taken) => taken,
            Decision::Redundant => return Ok(()),
            other => return Err(format!("{other:?}").into()),
        };
        previous = options[taken].worker();
        left[previous.ok_or("a run is a worker's")?.index()] -= 1;
        if search.observes() {
            let returns = left[previous.map_or(0, WorkerId::index)] == 0;
            search.observe(Transition { turn: previous, is_total: true, returns, ..Transition::default() });
        }
    }
    Ok(search.end(STEPS * usize::from(WORKERS))?)
}
