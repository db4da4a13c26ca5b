//! Owns [`Meter`]: how far a search is, as a bar on a terminal, as a line now and then elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use raceproof::run::Progress;

use super::output::Output;

/// Between two plain lines; CI systems end jobs that say nothing for minutes.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// The progress of one scenario.
pub(super) struct Meter {
    name: String,
    bar: Option<ProgressBar>,
    last_plain: Instant,
}

impl Meter {
    /// A meter for the scenario called `name`, the `position`th (from 1) of `count`.
    pub(super) fn start(name: &str, position: usize, count: usize, output: &Output, is_quiet: bool) -> Self {
        let bar = (output.progress_moves && !is_quiet).then(|| {
            let bar = ProgressBar::new(0);
            let template = "{prefix} {bar:24} {pos}/{len} schedules, {msg} {elapsed}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_prefix(format!("[{position}/{count}] {name}"));
            bar
        });
        Self { name: name.to_owned(), bar, last_plain: Instant::now() }
    }

    /// Shows how far the search is.
    pub(super) fn show(&mut self, progress: Progress, output: &mut Output) {
        let violating = format!("{} violating,", progress.violating);
        if let Some(bar) = &self.bar {
            bar.set_length(progress.schedules_max);
            bar.set_position(progress.schedules);
            bar.set_message(violating);
        } else if self.last_plain.elapsed() >= PLAIN_INTERVAL {
            self.last_plain = Instant::now();
            let Progress { schedules, schedules_max, .. } = progress;
            output.note(&format!(
                "{}: {schedules} of at most {schedules_max} schedules, {violating} going on",
                self.name
            ));
        }
    }

    /// Removes the bar, so that what follows is written on a line of its own.
    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
