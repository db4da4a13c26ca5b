//! Owns the tests of the analysis: the minimal example of each anomaly, and agreement with brute force.

mod examples;
mod hermitage;
mod serial;

use super::*;
use crate::check::dependencies::{Header, Malformed, MicroList};

/// One transaction per line: `status process invoked..completed micros`, such as `ok 0 1..2 [[:append x 1]]`.
pub(super) fn history(lines: &[&str]) -> Transactions {
    let mut history = Transactions::new();
    for line in lines {
        let mut words = line.splitn(4, ' ');
        let status = match words.next().unwrap() {
            "ok" => Status::Committed,
            "fail" => Status::Aborted,
            _ => Status::Unknown,
        };
        let process = words.next().unwrap().parse().unwrap();
        let (invoked, completed) = words.next().unwrap().split_once("..").unwrap();
        let header =
            Header { process, status, invoked: invoked.parse().unwrap(), completed: completed.parse().ok() };
        let micros: MicroList = words.next().unwrap().parse().unwrap();
        history.push(header, &micros.0).unwrap();
    }
    history
}

/// Committed transactions of processes of their own, all at the same time.
pub(super) fn committed(micros: &[&str]) -> Transactions {
    let lines = micros.iter().enumerate().map(|(process, micros)| format!("ok {process} 0..100 {micros}"));
    let lines: Vec<String> = lines.collect();
    history(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

pub(super) fn anomalies(analysis: &Analysis) -> Vec<Anomaly> {
    let mut anomalies: Vec<_> = analysis.findings.iter().map(|finding| finding.anomaly).collect();
    anomalies.dedup();
    anomalies
}
