//! Owns the spec for PostgreSQL's isolationtester: the set-up, a session for each connection, and the one permutation.

use std::collections::BTreeMap;

use raceproof::Outcome;
use raceproof::id::ConnectionId;
use raceproof::outcome::Counterexample;

use super::act::{Act, acts};
use super::{Untypable, comment, is_printable};
use crate::wording;

/// The spec for the counterexample of `outcome`.
pub(super) fn spec(outcome: &Outcome, evidence: &Counterexample) -> Result<String, Untypable> {
    let acts = acts(&evidence.shrunk)?;
    let Some(set_up) = &evidence.set_up else {
        return Err(Untypable(
            "what the set-up has sent is not in the record, or cannot be typed".to_owned(),
        ));
    };
    let mut text = comment(&format!("raceproof: {}", wording::name(outcome)));
    text += &comment(&format!("promised: {}", evidence.violation.invariant));
    text += &comment(&format!("happened: {}", evidence.violation.found));
    text +=
        "# For isolationtester, which is given a connection string and this; the database must be empty.\n\n";
    for typed in set_up {
        if typed.store != "postgres" {
            return Err(Untypable(format!("the set-up speaks to {}", typed.store)));
        }
        for line in &typed.lines {
            text +=
                &format!("setup {}\n", block(line).map_err(|why| Untypable(format!("the set-up {why}")))?);
        }
    }
    let (mut sessions, mut order) = (BTreeMap::<ConnectionId, Vec<String>>::new(), Vec::new());
    for (index, (act, _)) in acts.iter().enumerate() {
        let step = index + 1;
        let (connection, store, lines) = match act {
            Act::Send { connection, store, lines, is_split: false, is_lost: false, .. } => {
                (connection, store, lines)
            }
            Act::Await(_) | Act::Nothing => continue,
            Act::Send { is_split: true, .. } | Act::Resume { .. } => {
                return Err(Untypable::at(step, "stops a statement half-way, which isolationtester cannot"));
            }
            Act::Pass { .. } => return Err(Untypable::at(step, "lets time pass")),
            _ => return Err(Untypable::at(step, "ends a session or a store")),
        };
        if store != "postgres" {
            return Err(Untypable::at(step, format!("speaks to {store}")));
        }
        let name = format!("{}_{step}", identifier(*connection));
        let block = block(&lines.join("; ")).map_err(|why| Untypable::at(step, why))?;
        sessions.entry(*connection).or_default().push(format!("step {name} {block}\n"));
        order.push(name);
    }
    let victims = |connection: &ConnectionId| {
        evidence.shrunk.schedule.0.contains(&raceproof::Choice::Victim(*connection))
    };
    let has_victim = sessions.keys().any(victims);
    for (connection, steps) in &sessions {
        text += &format!("\nsession {}\n", identifier(*connection));
        if let Some(level) = outcome.isolation {
            text += &format!(
                "setup {{ SET default_transaction_isolation = '{}'; }}\n",
                level.name().replace('-', " ")
            );
        }
        if has_victim {
            let limit = if victims(connection) { "10ms" } else { "100s" };
            text += &format!("setup {{ SET deadlock_timeout = '{limit}'; }}\n");
        }
        text += &steps.concat();
    }
    Ok(format!("{text}\npermutation {}\n", order.join(" ")))
}

/// The statements between braces, which nothing in them can end.
fn block(sql: &str) -> Result<String, &'static str> {
    if sql.contains('}') {
        return Err("has a brace, which would end it for isolationtester");
    }
    if !is_printable(sql) {
        return Err("holds characters that cannot be seen");
    }
    let end = if sql.trim_end().ends_with(';') { "" } else { ";" };
    // A comment at its end would hide what follows.
    let line = if sql.lines().last().is_some_and(|line| line.contains("--")) { "\n" } else { "" };
    Ok(format!("{{ {sql}{line}{end} }}"))
}

fn identifier(connection: ConnectionId) -> String {
    connection.to_string().replace('.', "_")
}
