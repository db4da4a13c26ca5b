//! Owns the words for what a result holds for: level, atomicity, faults and time, and the marks that a schedule has for
//! them.

use std::collections::{BTreeMap, BTreeSet};

use raceproof::{Choice, FaultKind, FaultModel, Isolation, Outcome, Schedule};

use super::counted;

/// The name of a scenario at a level and under a fault model, as far as these are told:
/// `inventory/two-warehouses @ serializable`, `lock/set-nx-px under crash`.
#[must_use]
pub fn name_of(name: &str, isolation: Option<Isolation>, model: Option<&FaultModel>) -> String {
    let level = isolation.map_or_else(String::new, |level| format!(" @ {level}"));
    let model = model.map_or_else(String::new, |model| format!(" under {model}"));
    format!("{name}{level}{model}")
}

/// The name of an outcome: its scenario, its level if it ran at one, and its fault model if that is told.
#[must_use]
pub fn name(outcome: &Outcome) -> String {
    name_of(&outcome.card.name, outcome.isolation, outcome.told_model())
}

/// What a result holds for: what was taken for atomic, the isolation level, what could break. `None` where there is no
/// choice: no store of the run can split a request, and nothing is said of faults.
#[must_use]
pub fn model(outcome: &Outcome) -> Option<String> {
    let mut facts = model_beside_name(outcome);
    facts.extend(outcome.isolation.map(|level| format!("isolation {level}")));
    facts.extend(outcome.told_model().map(breakage));
    (!facts.is_empty()).then(|| facts.join(", "))
}

/// The same beside a name that tells level and fault model where they are not the default; one phrase each.
#[must_use]
pub fn model_beside_name(outcome: &Outcome) -> Vec<String> {
    let Some(splits_max) = outcome.coverage.splits_max else { return Vec::new() };
    let own = outcome.isolation.is_none().then(|| "isolation the store's own".to_owned());
    [Some(atomicity(splits_max)), own].into_iter().flatten().collect()
}

/// What is taken for atomic where at most so many requests of a schedule are split.
#[must_use]
pub fn atomicity(splits_max: usize) -> String {
    match splits_max {
        0 => "statements atomic".to_owned(),
        most => format!("statements split (at most {most} per schedule)"),
    }
}

/// What could break, and whether anybody could pause: `at most one crash, no pauses`.
#[must_use]
pub fn breakage(model: &FaultModel) -> String {
    let kinds = FaultKind::ALL.into_iter().filter(|kind| model.allows(*kind)).collect();
    breakage_of(&kinds, model.faults_max, model.pauses)
}

/// The same of so many faults of these kinds.
#[must_use]
pub fn breakage_of(kinds: &BTreeSet<FaultKind>, faults_max: usize, pauses: bool) -> String {
    let kinds: Vec<FaultKind> = kinds.iter().copied().collect();
    let faults = match (kinds.as_slice(), faults_max) {
        ([], _) | (_, 0) => "no faults".to_owned(),
        ([only], 1) => format!("at most one {}", fault(*only)),
        ([only], most) => format!("at most {}", counted(most as u64, fault(*only))),
        (all, most) if all.len() == FaultKind::ALL.len() => {
            format!("at most {} of any kind", counted(most as u64, "fault"))
        }
        (several, most) => {
            let words: Vec<_> = several.iter().map(|kind| fault(*kind)).collect();
            format!("at most {} ({})", counted(most as u64, "fault"), words.join(", "))
        }
    };
    format!("{faults}, {}", if pauses { "pauses at any moment" } else { "no pauses" })
}

fn fault(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Crash => "crash",
        FaultKind::LostReply => "lost reply",
        FaultKind::Drop => "dropped connection",
        FaultKind::Error => "injected error",
        FaultKind::Restart => "restart",
        FaultKind::Wipe => "wipe",
        FaultKind::FailOver => "fail-over",
    }
}

/// What the marks in a schedule mean, for those that are not a worker's letter alone, each once, in the order of their
/// first appearance. `None` if there are none.
#[must_use]
pub fn legend(schedule: &Schedule) -> Option<String> {
    let mut told: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (position, choice) in schedule.0.iter().enumerate() {
        if let Some(meaning) = mark(*choice) {
            told.entry(meaning).or_insert(position);
        }
    }
    let mut told: Vec<_> = told.into_iter().map(|(meaning, position)| (position, meaning)).collect();
    told.sort_unstable();
    let told: Vec<_> = told.into_iter().map(|(_, meaning)| meaning).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn mark(choice: Choice) -> Option<&'static str> {
    match choice {
        Choice::Run(_) => None,
        Choice::Deliver(_) => Some("! a message is delivered"),
        Choice::Split(_) => Some("< stops before its first row"),
        Choice::Resume(_) => Some("> goes on"),
        Choice::Wake(_) => Some("^ is woken next"),
        Choice::Victim(_) => Some("# is the victim of a deadlock"),
        Choice::Advance => Some("+ time passes"),
        Choice::Crash(_) => Some("~ crashes"),
        Choice::Drop(_) => Some("- its connection is cut before the request is executed"),
        Choice::LoseReply(_) => Some("? is executed, but its reply is lost"),
        Choice::Refuse(..) => Some("= gets this error instead of being executed"),
        Choice::Restart(_) => Some(":restart comes back with what it had acknowledged"),
        Choice::Wipe(_) => Some(":wipe comes back with nothing"),
        Choice::FailOver(_) => Some(":fail-over goes on without the last writes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// A result without its model claims too much; where there is no choice there is no model.
    #[test]
    fn model_tells_atomicity_level_and_what_could_break() {
        let mut outcome = samples::split();
        let told = |outcome: &Outcome| model(outcome).expect("a Postgres took part");
        assert_eq!(told(&outcome), "statements split (at most 1 per schedule), isolation read-committed");
        outcome.coverage.splits_max = Some(0);
        outcome.isolation = None;
        assert_eq!(told(&outcome), "statements atomic, isolation the store's own");
        assert_eq!(model(&samples::caught()), None);
        outcome.model = "pause+crash".parse().expect("a model");
        let expected =
            "statements atomic, isolation the store's own, at most one crash, pauses at any moment";
        assert_eq!(told(&outcome), expected);
        assert_eq!(name(&outcome), "inventory/sum under pause+crash");
    }

    #[test]
    fn what_can_break_is_told_by_kinds_and_number() {
        let told = |text: &str| breakage(&text.parse().expect("a model"));
        assert_eq!(told("none"), "no faults, no pauses");
        assert_eq!(told("pause"), "no faults, pauses at any moment");
        assert_eq!(told("crash"), "at most one crash, no pauses");
        assert_eq!(told("lost-reply*2"), "at most 2 lost replies, no pauses");
        assert_eq!(
            told("pause+drop+error"),
            "at most 1 fault (dropped connection, injected error), pauses at any moment"
        );
        let all = FaultModel { pauses: false, kinds: FaultKind::ALL.into(), faults_max: 3 };
        assert_eq!(breakage(&all), "at most 3 faults of any kind, no pauses");
        assert_eq!(breakage(&FaultModel { faults_max: 0, ..all }), "no faults, no pauses");
    }

    /// Every mark has a meaning, and each is told once.
    #[test]
    fn marks_of_a_schedule_are_explained_once() {
        let of = |text: &str| legend(&text.parse().expect("a schedule"));
        assert_eq!(of("A B A"), None);
        assert_eq!(of("A B~ + A +").as_deref(), Some("~ crashes; + time passes"));
        let all = of("A! A< A> A^ A# + A~ A- A? A=LOADING redis:restart redis:wipe redis:fail-over");
        assert_eq!(all.expect("all have one").matches("; ").count(), 12);
    }
}
