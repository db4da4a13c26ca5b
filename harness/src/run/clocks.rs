//! Owns the words for the clocks that a run was under.

use crate::clock::Clock;

/// Which clock everybody lives by, in one sentence.
pub(super) fn told(stores: &[(&str, Clock)]) -> String {
    let on = |clock: Clock| {
        let names: Vec<&str> = stores.iter().filter(|(_, by)| *by == clock).map(|(name, _)| *name).collect();
        (!names.is_empty()).then(|| (names.join(" and "), names.len() > 1))
    };
    let share = |(names, many)| format!("which {names} {}", if many { "share" } else { "shares" });
    let moved = |(names, _)| format!("limits in {names} are moved with it");
    let apart = |(names, many)| {
        let (verb, whose) = if many { ("keep", "their") } else { ("keeps", "its") };
        format!("{names} {verb} {whose} own (real) time")
    };
    let parts = [
        Some("workers sleep on the run's clock".to_owned()),
        on(Clock::Virtual).map(share),
        on(Clock::Shifted).map(moved),
        on(Clock::Real).map(apart),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join("; ").replacen("; which", ", which", 1)
}

/// The same where workers ran free, in real time.
pub(super) fn told_free(stores: &[(&str, Clock)]) -> String {
    let names = |is_set: bool| {
        let on = stores.iter().filter(|(_, by)| (*by == Clock::Virtual) == is_set);
        on.map(|(name, _)| *name).collect::<Vec<_>>()
    };
    let (set, own) = (names(true), names(false));
    let follow = match set.as_slice() {
        [] => String::new(),
        names => format!(" and the clock of {}", names.join(" and ")),
    };
    let apart = match own.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} keeps its own (real) time"),
        several => format!("; {} keep their own (real) time", several.join(" and ")),
    };
    format!(
        "real time: the run's clock{follow} followed it to the millisecond, from where executions start{apart}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_store_is_told_with_its_clock() {
        let told = |stores: &[(&'static str, Clock)]| told(stores);
        assert_eq!(told(&[]), "workers sleep on the run's clock");
        assert_eq!(
            told(&[("one", Clock::Virtual), ("two", Clock::Virtual)]),
            "workers sleep on the run's clock, which one and two share"
        );
        assert_eq!(
            told(&[("one", Clock::Virtual), ("two", Clock::Real)]),
            "workers sleep on the run's clock, which one shares; two keeps its own (real) time"
        );
        assert_eq!(
            told(&[("one", Clock::Shifted), ("two", Clock::Real)]),
            "workers sleep on the run's clock; limits in one are moved with it; two keeps its own (real) time"
        );
    }
}
