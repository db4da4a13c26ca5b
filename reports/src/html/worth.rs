//! Owns the column that says what each promise is worth after each step.

use super::grid::{GridCell, cell, line, words};
use crate::story::{Is, Lanes, Promised, Standing};
use crate::visible::Visible;

/// Most columns of what was found instead.
const NEWS_COLUMNS_MAX: usize = 200;

/// Whether this is the step since which what the story tells is broken, in the end. What never held was broken by no step.
pub(super) fn breaks(lanes: &Lanes, promised: &Promised, step: usize) -> bool {
    step > 0 && promised.broken_since == Some(step) && lanes.broken_at_end.as_ref() == Some(&promised.promise)
}

/// What the promises are worth after `step`; nothing if none is known.
pub(super) fn worth(lanes: &Lanes, standings: &[Standing], step: usize) -> Option<GridCell> {
    if lanes.promises.is_empty() {
        return None;
    }
    let are_many = lanes.promises.len() > 1;
    let (mut lines, mut unchanged) = (Vec::new(), Vec::new());
    for (number, (promised, standing)) in (1..).zip(lanes.promises.iter().zip(standings)) {
        let number = if are_many { format!("{number} ") } else { String::new() };
        let is_final = breaks(lanes, promised, step) || !promised.is_for_the_end;
        let (class, sign, told) = match standing.is {
            Is::Kept => ("kept", "✓", "holds"),
            Is::Broken if is_final => ("promise", "✗", "broken"),
            Is::Broken => ("unkept", "✗", "would not hold now"),
            Is::Undecided => ("unkept", "?", "cannot be said now"),
        };
        match &standing.news {
            Some(news) => {
                let news = Visible::cut_to(news.as_str(), NEWS_COLUMNS_MAX);
                lines.push(line(class, vec![words(format!("{number}{sign} {told}: {news}"))]));
            }
            None if step == 0 => lines.push(line(class, vec![words(format!("{number}{sign} {told}"))])),
            None => unchanged.push((class, format!("{number}{sign}"))),
        }
    }
    // Of several promises of which nothing new is to be said, one line is enough.
    if let Some((class, _)) = unchanged.first() {
        let class = if unchanged.iter().all(|(other, _)| other == class) { *class } else { "unkept" };
        let signs: Vec<String> = unchanged.into_iter().map(|(_, sign)| sign).collect();
        lines.push(line(class, vec![words(signs.join(" "))]));
    }
    Some(cell("worth", lines))
}
