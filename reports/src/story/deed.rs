//! Owns [`Deed`]: what a step had one store do, for the lane of that store.

use raceproof::history::{Cause, Effect, Fault, Hit, TraceStep};

use crate::visible::Visible;

/// What one store did in a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Which lane of the stores, from 0.
    pub store: usize,
    /// Of which kind.
    pub kind: DeedKind,
    /// In a few words.
    pub words: Visible,
}

/// How a deed is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeedKind {
    /// A request was executed, or went on to its end.
    Executes,
    /// A request waits, or has stopped half-way.
    Holds,
    /// It sent something that nobody had asked for.
    Sends,
    /// Something broke.
    Breaks,
}

/// What the stores called `stores` did in a step; nothing if that is not known, or time passed.
pub(super) fn deed(told: &TraceStep, stores: &[String]) -> Option<Deed> {
    let (store, kind, words) = match &told.effect {
        Effect::Request { store, reply, stopped, .. } => {
            let (kind, words) = came_to(reply.is_some(), *stopped, "executes");
            (store.as_str(), kind, words)
        }
        Effect::Continued { store, cause: Cause::Victim, .. } => {
            (store.as_str(), DeedKind::Breaks, "gives it up")
        }
        Effect::Continued { store, reply, stopped, .. } => {
            let (kind, words) = came_to(reply.is_some(), *stopped, "finishes");
            (store.as_str(), kind, words)
        }
        Effect::Delivery { store, .. } => (store.as_str(), DeedKind::Sends, "sends"),
        Effect::Fault { fault, hit } => broken(fault, hit.as_ref())?,
        Effect::TimePassed { .. } => return None,
    };
    let woken: Vec<String> = told.woken.iter().map(|wake| wake.connection.to_string()).collect();
    let wakes = if woken.is_empty() { String::new() } else { format!(", wakes {}", woken.join(", ")) };
    let store = stores.iter().position(|name| name == store)?;
    Some(Deed { store, kind, words: Visible::of(&format!("{words}{wakes}")) })
}

fn came_to(is_answered: bool, stopped: bool, done: &'static str) -> (DeedKind, &'static str) {
    match (is_answered, stopped) {
        (true, _) => (DeedKind::Executes, done),
        (false, true) => (DeedKind::Holds, "stops half-way"),
        (false, false) => (DeedKind::Holds, "lets it wait"),
    }
}

fn broken<'a>(fault: &'a Fault, hit: Option<&'a Hit>) -> Option<(&'a str, DeedKind, &'static str)> {
    let store = match fault {
        Fault::Restart { store } | Fault::Wipe { store } | Fault::FailOver { store, .. } => store.as_str(),
        _ => hit?.store.as_str(),
    };
    Some(match fault {
        Fault::Restart { .. } => (store, DeedKind::Breaks, "restarts"),
        Fault::Wipe { .. } => (store, DeedKind::Breaks, "restarts empty"),
        Fault::FailOver { .. } => (store, DeedKind::Breaks, "fails over"),
        Fault::Error { .. } => (store, DeedKind::Breaks, "refuses"),
        Fault::LostReply { .. } | Fault::Crash { .. } | Fault::Drop { .. } => match hit {
            Some(Hit { executed: true, .. }) => (store, DeedKind::Executes, "executes"),
            Some(_) if matches!(fault, Fault::LostReply { .. }) => (store, DeedKind::Holds, "lets it wait"),
            _ => (store, DeedKind::Breaks, "never sees it"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn told(outcome: &raceproof::Outcome, stores: &[&str]) -> Vec<String> {
        let stores: Vec<String> = stores.iter().map(|store| (*store).to_owned()).collect();
        let evidence = outcome.counterexample.as_ref().expect("a violation");
        let deeds = evidence.shrunk.steps.iter().map(|step| deed(step, &stores));
        deeds
            .map(|deed| deed.map_or("-".to_owned(), |deed| format!("{} {}", deed.store, deed.words)))
            .collect()
    }

    /// Every kind of step once or more; what is asked of a store that the caller does not know is in no lane.
    #[test]
    fn each_step_is_a_deed_of_its_store() {
        let deadlock = told(&samples::deadlock(), &["postgres"]);
        assert_eq!(
            deadlock[1..],
            [
                "0 executes",
                "0 lets it wait",
                "0 lets it wait",
                "0 lets it wait",
                "0 gives it up, wakes B",
                "0 executes, wakes C"
            ]
        );
        let split = told(&samples::split(), &["redis", "postgres"]);
        assert_eq!([&split[0], &split[3], &split[6]], ["1 stops half-way", "1 lets it wait", "1 finishes"]);
        let faults = told(&samples::breakdown(), &["redis", "redis-2"]);
        let expected = [
            "0 lets it wait",
            "0 executes",
            "-",
            "0 never sees it",
            "0 refuses",
            "0 never sees it",
            "-",
            "0 restarts",
            "1 restarts empty",
            "0 fails over",
        ];
        assert_eq!(faults, expected);
        assert_eq!(told(&samples::eventful(), &["redis"])[1..4], ["-", "-", "0 sends"]);
    }
}
