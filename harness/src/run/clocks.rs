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
