//! Owns the question whether amounts add up.

use std::fmt::Write as _;

use super::Opinion;

/// Most amounts that are told.
const TOLD_MAX: usize = 16;

/// Whether `amounts`, each with the name of where it lies, add up to `total`: money that moves between accounts is neither
/// made nor lost.
#[must_use]
pub fn conserved(total: i64, amounts: &[(String, i64)]) -> Opinion {
    let sum: i128 = amounts.iter().map(|(_, amount)| i128::from(*amount)).sum();
    let difference = sum - i128::from(total);
    if difference == 0 {
        return Opinion::Holds;
    }
    let (much, what) = (difference.abs(), if difference > 0 { "too much" } else { "missing" });
    let mut told = format!("{sum} instead of {total}, {much} {what}:");
    for (name, amount) in amounts.iter().take(TOLD_MAX) {
        let _ = write!(told, " {name}={amount}");
    }
    if amounts.len() > TOLD_MAX {
        let _ = write!(told, " … {} more", amounts.len() - TOLD_MAX);
    }
    Opinion::Broken(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(amounts: &[i64]) -> Opinion {
        let named = (b'a'..).zip(amounts).map(|(name, amount)| (char::from(name).to_string(), *amount));
        conserved(100, &named.collect::<Vec<_>>())
    }

    #[test]
    fn sum_is_kept_or_the_difference_is_told() {
        assert_eq!(of(&[70, 50, -20]), Opinion::Holds);
        assert_eq!(of(&[70, 20]), Opinion::Broken("90 instead of 100, 10 missing: a=70 b=20".to_owned()));
        assert_eq!(of(&[70, 40]), Opinion::Broken("110 instead of 100, 10 too much: a=70 b=40".to_owned()));
        assert!(matches!(of(&[i64::MAX, i64::MAX]), Opinion::Broken(_)), "sums do not overflow");
    }
}
