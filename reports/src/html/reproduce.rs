//! Owns what a reader needs to see a violation again: the command, how often that worked, and everything that was in
//! force.

use raceproof::Outcome;

use super::Visible;
use crate::story::Story;
use crate::transcript::{Form, transcript};
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
    /// What each is for, and the text.
    pub(super) transcripts: Vec<(&'static str, String)>,
    /// Why there is none.
    pub(super) untypable: Option<Visible>,
}

/// Longest transcript that is shown; `raceproof transcript` prints longer ones.
const TRANSCRIPT_BYTES_MAX: usize = 16 << 10;

/// Most stores that are listed.
const STORES_MAX: usize = 16;

impl Reproduce {
    /// With `transcripts` if there is room for them.
    pub(super) fn of(outcome: &Outcome, story: &Story, program: &str, transcripts: bool) -> Self {
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
            transcripts: if transcripts { written(outcome) } else { Vec::new() },
            untypable: (outcome.counterexample.is_some() && transcripts)
                .then(|| transcript(outcome, Form::Shell).err())
                .flatten()
                .map(|why| Visible::of(&why.to_string())),
        }
    }
}

/// The transcripts that can be made.
fn written(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let forms = [
        (Form::Shell, "the script for bash, psql and redis-cli"),
        (Form::Isolationtester, "the spec for PostgreSQL’s isolationtester"),
    ];
    let made = forms.into_iter().filter_map(|(form, what)| Some((what, transcript(outcome, form).ok()?)));
    made.filter(|(_, text)| text.len() <= TRANSCRIPT_BYTES_MAX).collect()
}
