//! Measures the isolation checker: time and memory for long histories of transactions on lists, growth with their length, and whether one
//! planted anomaly of each kind is found among them. Exits with 1 if a bar is missed.
//!
//! `cargo bench -p raceproof --bench isolation` (under a minute).

mod history;
mod planted;

use std::time::Instant;

use history::Workload;
use raceproof::check::{Analysis, Level, Scope, Transactions};

/// Transactions of the main measurement, and how long it may take on one core.
const TRANSACTIONS: usize = 100_000;
const SECONDS_MAX: f64 = 2.0;
/// Most memory of the whole process while so many are checked.
const PEAK_MIB_MAX: u64 = 500;
/// Most that one transaction of a million may cost more than one of ten thousand, all of which fit into the processor's caches. Were the
/// time quadratic, it would be a hundred times as much.
const GROWTH_MAX: f64 = 3.0;
/// Measurements of each length, of which the fastest counts.
const ROUNDS: usize = 3;

fn main() {
    let mut is_met = true;
    let mut bar = |what: String, met: bool| {
        println!("{what:<76} {}", if met { "met" } else { "MISSED" });
        is_met &= met;
    };
    for real_time in [false, true] {
        let scope = Scope { process: real_time, real_time };
        let workload = Workload::drawn(7, TRANSACTIONS);
        let seconds = (0..ROUNDS).map(|_| checked(&workload, scope)).fold(f64::MAX, f64::min);
        let level = if real_time { "strict" } else { "serial" };
        bar(
            format!("{TRANSACTIONS} transactions, {level}: {seconds:.3} s (at most {SECONDS_MAX})"),
            seconds <= SECONDS_MAX,
        );
    }
    let peak = peak_mib();
    bar(
        format!("peak memory: {peak} MiB with the workload itself (at most {PEAK_MIB_MAX})"),
        peak <= PEAK_MIB_MAX,
    );
    for (name, found) in planted::all(&Workload::drawn(11, 20_000)) {
        bar(format!("one {name} among 20000 transactions: {found}"), found == name);
    }
    let mut each = Vec::new();
    for count in [10_000, 100_000, 1_000_000] {
        let workload = Workload::drawn(3, count);
        let scope = Scope { process: true, real_time: true };
        let seconds = (0..ROUNDS).map(|_| checked(&workload, scope)).fold(f64::MAX, f64::min);
        let nanoseconds = seconds * 1e9 / count as f64;
        println!(
            "{count:>8} transactions, strict: {seconds:.3} s, {nanoseconds:.0} ns each, peak {} MiB",
            peak_mib()
        );
        each.push(nanoseconds);
    }
    let growth = each[2] / each[0];
    bar(
        format!("a million cost {growth:.2} times as much each as ten thousand (at most {GROWTH_MAX})"),
        growth <= GROWTH_MAX,
    );
    std::process::exit(i32::from(!is_met));
}

/// Seconds for taking in a valid history and judging it.
fn checked(workload: &Workload, scope: Scope) -> f64 {
    let begin = Instant::now();
    let mut history = Transactions::new();
    workload.tell(&mut history);
    let analysis = Analysis::of(&history, scope);
    let seconds = begin.elapsed().as_secs_f64();
    assert_eq!(
        analysis.strongest(),
        strongest(scope),
        "a serial execution is consistent: {:?}",
        analysis.findings
    );
    seconds
}

fn strongest(scope: Scope) -> Option<Level> {
    Some(if scope.real_time { Level::StrictSerializable } else { Level::Serializable })
}

/// The most memory that this process has had, as the system counts it.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<u64> = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    kib.map_or(u64::MAX, |kib| kib / 1_024)
}
