//! Owns [`Meter`]: how far a search is, as a bar on a terminal, as a line now and then elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use raceproof::Plan;
use raceproof::run::Progress;
use raceproof_reports::wording::counted;

use super::output::Output;

/// Between two plain lines; CI systems end jobs that say nothing for minutes.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// The progress of one scenario.
pub(super) struct Meter {
    name: String,
    /// What is counted.
    noun: &'static str,
    bar: Option<ProgressBar>,
    last_plain: Instant,
}

impl Meter {
    /// A meter for the scenario (and level) called `name`, which is at `place` (from 1, of how many).
    pub(super) fn start(name: &str, place: (usize, usize), plan: &Plan, output: &Output) -> Self {
        let noun = plan.strategy.noun();
        let bar = output.progress_moves.then(|| {
            let bar = ProgressBar::new(plan.schedules_max);
            let template =
                format!("{{prefix}} {{bar:24}} {noun} {{pos}} of at most {{len}}, {{msg}}, {{elapsed}}");
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style.progress_chars("=>-"));
            }
            bar.set_message("0 violating");
            bar.set_prefix(format!("[{}/{}] {name}", place.0, place.1));
            bar
        });
        Self { name: name.to_owned(), noun, bar, last_plain: Instant::now() }
    }

    /// Shows how far the search is.
    pub(super) fn show(&mut self, progress: Progress, output: &mut Output) {
        let violating = format!("{} violating", progress.violating);
        if let Some(bar) = &self.bar {
            bar.set_length(progress.schedules_max);
            bar.set_position(progress.schedules);
            bar.set_message(violating);
        } else if self.last_plain.elapsed() >= PLAIN_INTERVAL {
            self.last_plain = Instant::now();
            let Progress { schedules, schedules_max, .. } = progress;
            let most = counted(schedules_max, self.noun);
            output.note(&format!("{}: {schedules} of at most {most}, {violating}, going on", self.name));
        }
    }

    /// Removes the bar, so that what follows is written on a line of its own.
    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
