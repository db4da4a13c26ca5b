//! Owns the rules about the files that make one search on several machines: they are well-formed as far as can be seen, and
//! name the same number of shards wherever they name one.

use std::collections::BTreeSet;

/// What is wrong with such a file.
pub(crate) fn broken(text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if line.contains('\t') || indent % 2 == 1 {
            broken.push(format!("line {}: indented by {indent} columns, or with a tab", index + 1));
        }
    }
    let numbers: BTreeSet<usize> = text.lines().filter_map(number_of_shards).collect();
    match numbers.len() {
        0 => broken.push("names no number of shards".to_owned()),
        1 => {}
        _ => broken.push(format!("names several numbers of shards: {numbers:?}")),
    }
    broken
}

/// The number of shards that a line names, be it as a list of all, as a count, as that of one, or as their folders.
fn number_of_shards(line: &str) -> Option<usize> {
    let line = line.trim_start();
    if let Some(list) = line.strip_prefix("shard: [") {
        return Some(list.split(',').count());
    }
    if let Some(count) = line.strip_prefix("completions: ").or_else(|| line.strip_prefix("parallelism: ")) {
        return count.parse().ok();
    }
    if let Some((_, rest)) = line.split_once(" --shard ") {
        let (_, count) = rest.split_once('/')?;
        return count.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok();
    }
    let folders = line.matches("/shard-").count();
    (line.contains(" merge ") && folders > 0).then_some(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_that_names_one_number_is_fine() {
        assert!(
            broken("shard: [1, 2]\n  run: raceproof run --shard ${{ matrix.shard }}/2 --out x").is_empty()
        );
        assert!(broken("completions: 3\nparallelism: 3\n  raceproof run --shard \"$n/3\"").is_empty());
        assert!(broken("raceproof merge /r/shard-1 /r/shard-2").is_empty());
    }

    #[test]
    fn numbers_that_differ_and_no_number_are_found() {
        assert_eq!(broken("shard: [1, 2]\nraceproof run --shard 1/3").len(), 1);
        assert_eq!(broken("completions: 3\nparallelism: 2").len(), 1);
        assert_eq!(broken("raceproof run").len(), 1);
    }

    #[test]
    fn tabs_and_odd_indents_are_found() {
        assert_eq!(broken("completions: 3\n\tx: 1\n   y: 2").len(), 2);
    }
}
