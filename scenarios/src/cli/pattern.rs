//! Owns the selection of scenarios by name, family or glob.

use globset::GlobBuilder;
use raceproof_reports::Visible;
use thiserror::Error;

/// Why a pattern selects nothing.
#[derive(Debug, Error)]
pub(super) enum PatternError {
    /// No scenario has this name or family.
    #[error("no scenario matches `{pattern}` ({way_out})")]
    Unknown {
        /// The pattern.
        pattern: Visible,
        /// The nearest names.
        way_out: String,
    },
    /// A glob that cannot be read.
    #[error("`{pattern}` is no pattern (quote it; `*`, `?`, `[ab]` and `{{a,b}}` are understood)")]
    Malformed {
        /// The pattern.
        pattern: Visible,
        /// Why.
        source: globset::Error,
    },
}

/// How many names are offered in place of an unknown one.
const OFFERED_MAX: usize = 3;
/// How alike (from 0 to 1) an offered name must be.
const LIKENESS_MIN: f64 = 0.6;

/// The positions of the `names` that any of `patterns` selects, in the order of `names`; all of them if
/// there is no pattern. A pattern is a name (`counter/get-set`), a family (`counter`) or a glob
/// (`*/get-*`), in which `*` crosses the slash.
pub(super) fn select(names: &[String], patterns: &[String]) -> Result<Vec<usize>, PatternError> {
    if patterns.is_empty() {
        return Ok((0..names.len()).collect());
    }
    let mut selected = vec![false; names.len()];
    for pattern in patterns {
        let matches = matcher(pattern)?;
        let mut hits = 0;
        for (index, name) in names.iter().enumerate().filter(|(_, name)| matches(name)) {
            debug_assert!(!name.is_empty(), "cards have names");
            selected[index] = true;
            hits += 1;
        }
        if hits == 0 {
            return Err(PatternError::Unknown {
                pattern: Visible::of(pattern),
                way_out: way_out(names, pattern),
            });
        }
    }
    Ok((0..names.len()).filter(|index| selected[*index]).collect())
}

type Matcher = Box<dyn Fn(&str) -> bool>;

fn matcher(pattern: &str) -> Result<Matcher, PatternError> {
    if pattern.contains(['*', '?', '[', '{']) {
        let glob = GlobBuilder::new(pattern).build();
        let glob =
            glob.map_err(|source| PatternError::Malformed { pattern: Visible::of(pattern), source })?;
        let glob = glob.compile_matcher();
        return Ok(Box::new(move |name| glob.is_match(name)));
    }
    let pattern = pattern.to_owned();
    Ok(Box::new(move |name| name == pattern || family(name) == pattern))
}

fn family(name: &str) -> &str {
    name.split_once('/').map_or(name, |(family, _)| family)
}

/// `did you mean …?` with the nearest names and families, else where the names are listed.
fn way_out(names: &[String], pattern: &str) -> String {
    let mut families: Vec<_> = names.iter().map(|name| family(name)).collect();
    families.dedup();
    let variant = |name: &str| name.split_once('/').map_or(0.0, |(_, variant)| likeness(variant, pattern));
    let mut offered: Vec<_> = families
        .into_iter()
        .map(|family| (likeness(family, pattern), family))
        .chain(names.iter().map(|name| (likeness(name, pattern).max(variant(name)), name.as_str())))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .collect();
    offered.sort_by(|first, second| second.0.total_cmp(&first.0).then(first.1.cmp(second.1)));
    offered.dedup_by_key(|(_, name)| *name);
    let offered: Vec<_> = offered.iter().take(OFFERED_MAX).map(|(_, name)| format!("`{name}`")).collect();
    if offered.is_empty() {
        "`raceproof list` shows the names".to_owned()
    } else {
        format!("did you mean {}?", offered.join(", "))
    }
}

/// How alike two names are, from 0 to 1; a long pattern is not worth the quadratic comparison.
fn likeness(name: &str, pattern: &str) -> f64 {
    const COMPARED_MAX: usize = 100;
    if pattern.len() > COMPARED_MAX { 0.0 } else { strsim::normalized_damerau_levenshtein(name, pattern) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["counter/get-set", "counter/incr", "counter/watch-retry", "lock/setnx", "lock/set-nx-px"]
            .map(str::to_owned)
            .to_vec()
    }

    fn selected(patterns: &[&str]) -> Vec<usize> {
        let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        select(&names(), &patterns).expect("every pattern matches")
    }

    fn refused(pattern: &str) -> String {
        select(&names(), &[pattern.to_owned()]).expect_err("nothing matches").to_string()
    }

    #[test]
    fn name_family_and_glob_select() {
        assert_eq!(selected(&["counter/incr"]), [1]);
        assert_eq!(selected(&["lock"]), [3, 4]);
        assert_eq!(selected(&["*/set*"]), [3, 4]);
        assert_eq!(selected(&["*set"]), [0]);
        assert_eq!(selected(&["counter/{incr,get-set}"]), [0, 1]);
    }

    #[test]
    fn no_pattern_selects_all_and_overlap_selects_once_in_order() {
        assert_eq!(selected(&[]), [0, 1, 2, 3, 4]);
        assert_eq!(selected(&["lock", "counter/incr", "*"]), [0, 1, 2, 3, 4]);
        assert_eq!(selected(&["lock", "counter/incr", "lock/setnx"]), [1, 3, 4]);
    }

    /// A part of a name is no pattern: `get` must not quietly run something else.
    #[test]
    fn part_of_a_name_selects_nothing() {
        assert!(refused("count").contains("did you mean `counter`"));
        assert!(refused("counter/").contains("`counter`"));
    }

    #[test]
    fn unknown_name_is_answered_with_the_nearest() {
        assert!(refused("counter/get_set").contains("did you mean `counter/get-set`"));
        assert!(refused("watch-retri").contains("`counter/watch-retry`"));
        assert!(refused("xyzzy").contains("`raceproof list` shows the names"));
        assert!(refused("zzz*").contains("zzz*"));
        assert!(refused(&"a".repeat(1_000_000)).len() < 1_000);
    }

    #[test]
    fn one_unknown_pattern_among_known_ones_is_refused() {
        assert!(select(&names(), &["lock".to_owned(), "lokc".to_owned()]).is_err());
    }

    #[test]
    fn malformed_glob_is_refused() {
        assert!(refused("counter/[a").contains("is no pattern"));
        assert!(refused("{a").contains("is no pattern"));
    }

    /// What a shell or a terminal would obey is shown, not obeyed.
    #[test]
    fn hostile_pattern_is_made_visible() {
        assert!(refused("a\u{1b}[2J").contains("a\\x1b"));
    }
}
