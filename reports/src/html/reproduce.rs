//! Owns what a reader needs to see a violation again: the command, how often that worked, and everything that was in
//! force.

use raceproof::Outcome;

use super::Visible;
use crate::story::Story;
use crate::wording;

/// How to see a violation again.
pub(super) struct Reproduce {
    pub(super) command: Option<Visible>,
    /// `10/10 with the same violation`, and the first difference that a replay showed.
    pub(super) replays: Option<String>,
    pub(super) difference: Option<Visible>,
    /// The choices, and what their marks mean.
    pub(super) schedule: Option<Visible>,
    pub(super) legend: Option<String>,
    /// From what it was shrunk, to what, and after how many tries.
    pub(super) sizes: Option<(String, String, String)>,
    /// How the larger execution replayed.
    pub(super) found_replays: Option<String>,
    pub(super) burst: Option<String>,
    pub(super) seed: String,
    /// What was taken for atomic, what could break.
    pub(super) model: Visible,
    pub(super) clock: Visible,
    /// Each with its version and its provider.
    pub(super) stores: Vec<Visible>,
    /// The program that found it.
    pub(super) program: Visible,
}

/// Most stores that are listed.
const STORES_MAX: usize = 16;

impl Reproduce {
    pub(super) fn of(outcome: &Outcome, story: &Story, program: &str) -> Self {
        let schedule = outcome.counterexample.as_ref().map(|evidence| &evidence.shrunk.schedule);
        let mut model = wording::model_beside_name(outcome);
        model.extend(outcome.isolation.map(|level| format!("isolation {level}")));
        model.push(wording::breakage(&outcome.model));
        Self {
            command: story.replay_command.clone(),
            replays: story.replays.clone(),
            difference: story.difference.clone(),
            schedule: schedule.map(|schedule| Visible::of(&schedule.to_string())),
            legend: schedule.and_then(wording::legend),
            sizes: story.sizes.clone().map(|(found, shrunk)| (found, shrunk, story.shrink_tries.clone())),
            found_replays: story.found_replays.clone(),
            burst: story.burst.clone(),
            seed: format!("{}, strategy {}", outcome.seed, Visible::of(&outcome.coverage.strategy)),
            model: Visible::of(&model.join(", ")),
            clock: Visible::of(&outcome.clock),
            stores: outcome.stores.iter().take(STORES_MAX).map(|store| Visible::of(store)).collect(),
            program: Visible::of(program),
        }
    }
}
