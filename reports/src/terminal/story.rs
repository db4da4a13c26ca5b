//! Owns the telling of one violation: in full with its lanes, or shortened to two lines.

use super::lanes::Table;
use super::style::{Style, Tone};
use crate::story::{Lanes, Story};
use crate::visible::Visible;

/// Columns that the labels on the left take, with the indentation before and the blanks behind.
const LABEL_COLUMNS: usize = 12;

/// The violation with its lanes; the last line is the command that shows it again.
#[must_use]
pub fn full(story: &Story, style: &Style) -> String {
    let mut text = title(story, style);
    if let Some(essence) = &story.essence {
        for line in style.wrap(essence.as_str(), style.width() - 2, 8) {
            text += &format!("  {}\n", style.paint(Tone::Strong, &line));
        }
    }
    // Code of one's own need not say anything about itself.
    if !story.about.as_str().is_empty() {
        if story.essence.is_some() {
            text += "\n";
        }
        for line in style.wrap(story.about.as_str(), style.width() - 2, 5) {
            text += &format!("  {}\n", style.paint(Tone::Quiet, &line));
        }
    }
    text += "\n";
    text += &labelled(style, "promised", story.promised.as_str(), 4);
    let happened = format!("{} ({})", story.found, story.shown);
    text += &labelled(style, "happened", &happened, 6);
    if let Some(execution) = &story.lanes {
        text += "\n";
        text += &lanes(execution, style);
        text += "\n";
    }
    if let Some(passes) = &story.passes {
        text += &labelled(style, "passes", passes.as_str(), 4);
    }
    if let Some(cycle) = &story.cycle {
        let told = format!("no serial order keeps these dependencies: {cycle}");
        text += &labelled(style, "because", &told, 5);
    }
    text += &evidence(story, style);
    if let Some(command) = &story.replay_command {
        // Never cut: a command that was cut is none.
        text += &format!("  {:<10}{command}\n", "replay");
    }
    text
}

/// The violation in two lines or so, for one that was expected; the last is the command.
#[must_use]
pub fn shortened(story: &Story, style: &Style) -> String {
    let shrunk = story.shrunk.as_ref().map_or(String::new(), |shrunk| format!("{shrunk}: "));
    let happened = format!("{shrunk}{}; promised: {}", story.found, story.promised);
    let width = style.width() - 4;
    let mut text: String =
        style.wrap(&happened, width, 2).iter().map(|line| format!("    {line}\n")).collect();
    if let Some(command) = &story.replay_command {
        text += &format!("    {}{command}\n", style.paint(Tone::Quiet, "replay: "));
    }
    text
}

/// An execution as lanes, between the states before and after it.
#[must_use]
pub fn lanes(execution: &Lanes, style: &Style) -> String {
    let mut text = listed(style, "workload", &execution.planned);
    text += &labelled(style, "start", execution.initial.as_str(), 3);
    text += &Table::of(execution, style).draw();
    if let Some(promise) = &execution.broken_at_end {
        let told = style.wrap(&format!("✗ broken at the end: {promise}"), style.width() - 2, 2);
        text += &told.iter().map(|line| format!("  {}\n", style.paint(Tone::Bad, line))).collect::<String>();
    }
    text += &labelled(style, "end", execution.last.as_str(), 3);
    text + &listed(style, "reported", &execution.reported)
}

/// Lines of which the first has a label.
fn listed(style: &Style, label: &str, lines: &[Visible]) -> String {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels.zip(lines).map(|(label, line)| labelled(style, label, line.as_str(), 4)).collect()
}

fn title(story: &Story, style: &Style) -> String {
    let anomaly = story.anomaly.as_ref().map_or(String::new(), |anomaly| format!(": {anomaly}"));
    let title = style.fit(&format!("✗ {}{anomaly}", story.name), style.width());
    style.paint(Tone::Bad, &title) + "\n"
}

fn evidence(story: &Story, style: &Style) -> String {
    let mut text = String::new();
    if let Some(replays) = &story.replays {
        text += &labelled(style, "replayed", replays, 2);
    }
    if let Some(difference) = &story.difference {
        text += &labelled(style, "", &format!("first difference {difference}"), 4);
    }
    if let Some((original, shrunk)) = &story.sizes {
        let replayed = story.found_replays.as_ref().map(|replays| format!("; replayed {replays}"));
        text += &labelled(style, "found in", &format!("{original}{}", replayed.unwrap_or_default()), 3);
        let told = if original == shrunk {
            format!("the same, after {}", story.shrink_tries)
        } else {
            format!("{shrunk}, after {}", story.shrink_tries)
        };
        text += &labelled(style, "shrunk to", &told, 3);
    }
    if let Some(burst) = &story.burst {
        text += &labelled(style, "free run", burst, 3);
    }
    if let Some(model) = &story.model {
        text += &labelled(style, "model", model, 3);
    }
    if let Some(clock) = &story.clock {
        text += &labelled(style, "clock", clock.as_str(), 3);
    }
    text + &labelled(style, "seed", &story.seed.to_string(), 1)
}

/// A label and its text, which goes on under itself, in at most `lines_max` lines.
#[must_use]
pub fn labelled(style: &Style, label: &str, text: &str, lines_max: usize) -> String {
    let mut told = String::new();
    for (position, line) in style.wrap(text, style.width() - LABEL_COLUMNS, lines_max).iter().enumerate() {
        let label = if position == 0 { label } else { "" };
        let label = style.paint(Tone::Strong, &Style::pad(label, LABEL_COLUMNS - 2));
        told += format!("  {label}{line}").trim_end();
        told += "\n";
    }
    told
}
