//! Owns the drawing of a deadlock as text: who waits for whom, and the way back that closes the circle.
//!
//! ```text
//! deadlock, broken by giving up A's request:
//! ┌─▶ A waits for B: a row of `stock`
//! └── B waits for A: a row of `stock` (closes the circle)
//! ```

use super::Style;
use crate::story::{Circle, Link};

/// Most lines that one wait takes.
const LINK_LINES_MAX: usize = 3;

/// The circle in lines of at most `width` columns.
pub(super) fn drawn(circle: &Circle, style: &Style, width: usize) -> Vec<String> {
    let head = format!("deadlock, broken by giving up {}'s request:", circle.victim);
    let mut lines = style.wrap(&head, width, 2);
    let last = circle.links.len().saturating_sub(1);
    for (position, link) in circle.links.iter().enumerate() {
        let (corner, side, end) = match position {
            0 if last == 0 => ("── ", "   ", " (itself)"),
            0 => ("┌─▶", "│  ", ""),
            _ if position == last => ("└──", "   ", " (closes the circle)"),
            _ => ("│  ", "│  ", ""),
        };
        lines.extend(waiting(link, (corner, side), end, style, width));
    }
    for link in &circle.others {
        lines.extend(waiting(link, ("also", "    "), "", style, width));
    }
    lines
}

fn waiting(link: &Link, (first, rest): (&str, &str), end: &str, style: &Style, width: usize) -> Vec<String> {
    let (first, rest) = (style.say(first), style.say(rest));
    let told = format!("{} waits for {}: {}{end}", link.waiter, link.holder, link.lock);
    let room = width.saturating_sub(crate::visible::columns(&first) + 1);
    let draw =
        |(index, line): (usize, &String)| format!("{} {line}", if index == 0 { &first } else { &rest });
    style.wrap(&told, room, LINK_LINES_MAX).iter().enumerate().map(draw).collect()
}
