//! Owns `raceproof replay`: a record against the code as it is now.

use std::path::Path;
use std::sync::Arc;

use raceproof::interrupt::Interrupt;
use raceproof::outcome::Counterexample;
use raceproof::redacted::is_redacted;
use raceproof::run::{RegressionFolder, Replay};
use raceproof::{FaultModel, Isolation, Outcome, Scenario};
use raceproof_reports::terminal::{recorded, replayed};
use raceproof_reports::{Document, Visible, wording};

use super::args::ReplayArgs;
use super::exit::Exit;
use super::explorer::{Explorer, Session};
use super::failure::Failure;
use super::follow::follow;
use super::output::Output;
use super::redacting::Redacting;
use super::{files, request};

/// Replays the violation of a record and tells whether it still shows.
pub(super) fn replay(
    args: &ReplayArgs,
    catalogue: &[Arc<dyn Scenario>],
    output: &mut Output,
) -> Result<Exit, Failure> {
    if args.guided {
        return follow(args, catalogue, output);
    }
    let redactor = args.redaction.redactor()?;
    output.redactor = redactor.clone();
    let mut document =
        Document::read(&args.file).map_err(|error| match RegressionFolder::read(&args.file) {
            Ok(_) => Failure::NotGuided { path: args.file.clone() },
            Err(_) => error.into(),
        })?;
    document.outcomes = redactor.value(document.outcomes)?;
    let (outcome, evidence) = pick(&document, &args.file, &Wanted::of(args))?;
    let scenario = files::of_record(catalogue, args.config.as_deref(), &outcome.card)?;
    if is_redacted(&evidence.shrunk.programs) {
        return Err(Failure::OperationsRedacted { path: args.file.clone(), seed: outcome.seed });
    }
    with_stores(args, &scenario, outcome.seed, output, |explorer, output| {
        replay_with(explorer, outcome, evidence, args, output)
    })
}

/// The scenario of the catalogue with this name.
pub(super) fn scenario(catalogue: &[Arc<dyn Scenario>], name: &str) -> Result<Arc<dyn Scenario>, Failure> {
    let found = catalogue.iter().find(|scenario| scenario.card().name == name);
    found.cloned().ok_or_else(|| Failure::UnknownScenario { name: Visible::of(name) })
}

/// Starts the stores that `scenario` needs, does `work` with them, and removes them.
pub(super) fn with_stores(
    args: &ReplayArgs,
    scenario: &Arc<dyn Scenario>,
    seed: u64,
    output: &mut Output,
    work: impl FnOnce(&mut dyn Explorer, &mut Output) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let stores = request::stores(&args.stores, &[&scenario.card()])?;
    output.note(&format!("seed {seed}; stores: {}", stores.provider));
    let interrupt = Interrupt::install().map_err(Failure::Signals)?;
    let mut session = Session::start(&stores, None, interrupt, std::slice::from_ref(scenario))?;
    for line in session.description() {
        output.note(&line);
    }
    let mut redacting = Redacting { explorer: &mut session, redactor: output.redactor.clone() };
    let worked = work(&mut redacting, output);
    let stopped = session.stop();
    let exit = worked?;
    stopped?;
    Ok(exit)
}

/// Which violation is meant, as far as it was said.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    name: Option<&'a str>,
    isolation: Option<Isolation>,
    model: Option<&'a FaultModel>,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(
        name: Option<&'a str>,
        isolation: Option<Isolation>,
        model: Option<&'a FaultModel>,
    ) -> Self {
        Self { name, isolation, model }
    }

    pub(super) fn of(args: &'a ReplayArgs) -> Self {
        Self::new(args.name.as_deref(), args.isolation, args.under.as_ref())
    }

    fn is_met_by(&self, outcome: &Outcome) -> bool {
        self.name.is_none_or(|name| outcome.card.name == name)
            && self.isolation.is_none_or(|level| outcome.isolation == Some(level))
            && self.model.is_none_or(|model| outcome.model == *model)
    }
}

/// The violation in the document that is meant.
pub(super) fn pick<'a>(
    document: &'a Document,
    path: &Path,
    wanted: &Wanted<'_>,
) -> Result<(&'a Outcome, &'a Counterexample), Failure> {
    let all: Vec<_> = document
        .outcomes
        .iter()
        .filter_map(|outcome| outcome.counterexample.as_ref().map(|evidence| (outcome, evidence)))
        .collect();
    let path = path.to_owned();
    let names = || {
        all.iter()
            .map(|(outcome, _)| Visible::of(&wording::name(outcome)).to_string())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if all.is_empty() {
        let is_of_burst =
            |outcome: &Outcome| outcome.bursts.is_some() && outcome.verdict.violation().is_some();
        return Err(match document.outcomes.iter().any(is_of_burst) {
            true => Failure::BurstsToReplay { path },
            false => Failure::NothingToReplay { path },
        });
    }
    let meant: Vec<_> = all.iter().filter(|(outcome, _)| wanted.is_met_by(outcome)).copied().collect();
    match meant.as_slice() {
        [only] => Ok(*only),
        [] => {
            let name = wanted.name.unwrap_or("any scenario");
            let asked = wording::name_of(name, wanted.isolation, wanted.model);
            Err(Failure::NoSuchViolation { path, name: Visible::of(&asked), names: names() })
        }
        _ => Err(Failure::SeveralToReplay { path, names: names() }),
    }
}

fn replay_with(
    explorer: &mut dyn Explorer,
    outcome: &Outcome,
    evidence: &Counterexample,
    args: &ReplayArgs,
    output: &mut Output,
) -> Result<Exit, Failure> {
    output.result(&recorded(outcome, evidence, &output.style));
    let replay =
        explorer.replay(&outcome.card.name, &evidence.shrunk, &outcome.replay_plan(), args.repeat)?;
    Ok(tell(&replay, evidence, args.strict_pass, output))
}

/// Tells what the replays gave, with the lanes of the last one.
fn tell(replay: &Replay, evidence: &Counterexample, is_strict_pass: bool, output: &mut Output) -> Exit {
    output.result(&replayed(replay, evidence, &output.style));
    let reproduced = replay.replays.reproduced;
    let (verdict, exit) = match (reproduced, is_strict_pass) {
        (0, _) => ("not reproduced", Exit::Inconclusive),
        (_, true) => ("reproduced", Exit::Surprise),
        (_, false) => ("reproduced", Exit::AsExpected),
    };
    let refused = if exit == Exit::Surprise { ", refused by --strict-pass" } else { "" };
    output.result(&format!("{verdict} {reproduced}/{}{refused}\n", replay.replays.attempts));
    exit
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use raceproof::outcome::Replays;
    use raceproof::verdict::Verdict;
    use raceproof_reports::Style;

    use super::*;
    use crate::cli::args::{Args, Command};
    use crate::cli::fake::{self, Captured, Fake};

    fn args(words: &[&str]) -> ReplayArgs {
        let all = ["raceproof", "replay", "x.json", "--stores", "auto"].iter().chain(words).copied();
        match Args::try_parse_from(all).expect("well-formed").command {
            Command::Replay(args) => args,
            other => panic!("`replay` was read as {other:?}"),
        }
    }

    fn replayed(reproduced: u32, diverged: Option<(usize, String)>, is_strict_pass: bool) -> (Exit, String) {
        let outcome = fake::caught("counter/get-set");
        let evidence = outcome.counterexample.as_ref().expect("caught");
        let mut trace = evidence.shrunk.clone();
        if reproduced == 0 {
            trace.verdict = Verdict::Pass;
        }
        let differing = if diverged.is_some() { 10 } else { 0 };
        let replays = Replays { attempts: 10, reproduced, differing, first_difference: diverged };
        let mut explorer = Fake::replaying(Replay { trace, replays });
        let results = Captured::default();
        let mut output = Output::to(Box::new(results.clone()), Box::new(Captured::default()), Style::plain());
        let args = args(if is_strict_pass { &["--strict-pass"] } else { &[] });
        let exit = replay_with(&mut explorer, &outcome, evidence, &args, &mut output).expect("answered");
        (exit, results.text())
    }

    #[test]
    fn record_that_reproduces_is_told_with_its_lanes() {
        let (exit, told) = replayed(10, None, false);
        assert_eq!(exit, Exit::AsExpected);
        insta::assert_snapshot!(told, @r"
          record    counter/get-set
          promised  the counter ends at the number of increments
          recorded  the counter is 1
          schedule  A B A B

          start     (empty)
          step │ A                   │ B                   │ state
          ─────┼─────────────────────┼─────────────────────┼──────────────────
             1 │ GET counter → (nil) │                     │
             2 │                     │ GET counter → (nil) │
             3 │ SET counter 1 → OK  │                     │ counter: 1 (new)
             4 │                     │ SET counter 1 → OK  │
          ✗ broken at the end: the counter ends at the number of increments
          end       counter=1

          happened  the counter is 1
          replayed  10/10 with the same violation
        reproduced 10/10
        ");
        let (exit, told) = replayed(10, None, true);
        assert_eq!(exit, Exit::Surprise);
        assert!(told.ends_with("reproduced 10/10, refused by --strict-pass\n"), "{told}");
        assert_eq!(replayed(9, None, false).0, Exit::AsExpected);
    }

    #[test]
    fn code_that_differs_is_told_with_the_step() {
        let what = "expected A: `SET counter 1` -> OK, found A: `INCR counter` -> 1".to_owned();
        let (exit, told) = replayed(0, Some((3, what)), false);
        assert_eq!(exit, Exit::Inconclusive);
        insta::assert_snapshot!(told, @r"
          record    counter/get-set
          promised  the counter ends at the number of increments
          recorded  the counter is 1
          schedule  A B A B

          start     (empty)
          step │ A                   │ B                   │ state
          ─────┼─────────────────────┼─────────────────────┼──────────────────
             1 │ GET counter → (nil) │                     │
             2 │                     │ GET counter → (nil) │
             3 │ SET counter 1 → OK  │                     │ counter: 1 (new)
             4 │                     │ SET counter 1 → OK  │
          end       counter=1

          replayed  0/10 with the same violation, 10 with another history
                    the code (or the record) now differs at step 3: expected A: `SET counter 1` -> OK, found A: `INCR counter`
                    -> 1
        not reproduced 0/10
        ");
    }

    #[test]
    fn violation_that_is_gone_is_told_as_gone() {
        let (exit, told) = replayed(0, None, true);
        assert_eq!(exit, Exit::Inconclusive);
        assert!(
            told.contains("the promise is kept now") && told.ends_with("not reproduced 0/10\n"),
            "{told}"
        );
        assert!(!told.contains("broken at the end") && !told.contains("happened"), "{told}");
    }

    #[test]
    fn violation_is_picked_by_name_or_because_it_is_the_only_one() {
        let picked = |outcomes: Vec<Outcome>, name: Option<&str>| {
            let document = Document::new(Vec::new(), outcomes);
            pick(&document, Path::new("x.json"), &Wanted { name, ..Wanted::default() })
                .map(|(outcome, _)| outcome.card.name.clone())
                .map_err(|failure| failure.to_string())
        };
        let both = || vec![fake::caught("a/a"), fake::passed("a/p"), fake::caught("a/b")];
        assert_eq!(picked(vec![fake::passed("a/p"), fake::caught("a/a")], None), Ok("a/a".to_owned()));
        assert_eq!(picked(both(), Some("a/b")), Ok("a/b".to_owned()));
        assert!(picked(both(), None).expect_err("two").contains("under several models: a/a, a/b)"));
        assert!(picked(both(), Some("a/p")).expect_err("passed").contains("no violation of `a/p`"));
        assert!(picked(vec![fake::passed("a/p")], None).expect_err("none").contains("nothing to replay"));
    }
    /// A file may hold the same scenario at several levels; the level decides then.
    #[test]
    fn violation_at_one_of_several_levels_is_picked_by_its_level() {
        let levels = [Isolation::ReadCommitted, Isolation::RepeatableRead];
        let outcomes = levels.map(|level| fake::at(level, fake::caught("a/a")));
        let document = Document::new(Vec::new(), outcomes.to_vec());
        let picked = |name, level| {
            pick(&document, Path::new("x.json"), &Wanted { name, isolation: level, model: None })
                .map(|(outcome, _)| wording::name(outcome))
                .map_err(|failure| failure.to_string())
        };
        assert_eq!(picked(Some("a/a"), Some(levels[1])), Ok("a/a @ repeatable-read".to_owned()));
        assert_eq!(picked(None, Some(levels[0])), Ok("a/a @ read-committed".to_owned()));
        let several = picked(Some("a/a"), None).expect_err("two levels");
        assert!(several.contains("a/a @ read-committed, a/a @ repeatable-read"), "{several}");
        assert!(several.contains("`--isolation`"), "{several}");
        let none = picked(Some("a/a"), Some(Isolation::Serializable)).expect_err("not at this level");
        assert!(none.contains("no violation of `a/a @ serializable`"), "{none}");
    }

    /// As with levels; what is printed of a run picks what it printed.
    #[test]
    fn violation_under_one_of_several_models_is_picked_by_its_model() {
        let outcomes = ["pause", "crash"].map(|model| fake::under(model, fake::caught("a/a")));
        let document = Document::new(Vec::new(), outcomes.to_vec());
        let picked = |model: &str| {
            let model = model.parse().expect("a model");
            let wanted = Wanted { model: Some(&model), ..Wanted::default() };
            pick(&document, Path::new("x.json"), &wanted)
                .map(|(outcome, _)| wording::name(outcome))
                .map_err(|failure| failure.to_string())
        };
        assert_eq!(picked("crash"), Ok("a/a under crash".to_owned()));
        let none = picked("drop").expect_err("not under this model");
        assert!(none.contains("no violation of `any scenario under drop`"), "{none}");
        let several = pick(&document, Path::new("x.json"), &Wanted::default()).expect_err("two models");
        assert!(several.to_string().contains("`--under`"), "{several}");
    }

    /// A replay at another level, under another model, or with other splits, is none.
    #[test]
    fn replay_takes_level_model_and_splits_from_the_record() {
        let mut outcome = fake::at(Isolation::Serializable, fake::caught("a/a"));
        outcome.coverage.splits_max = Some(2);
        outcome.model = "crash".parse().expect("a model");
        let evidence = outcome.counterexample.as_mut().expect("caught");
        evidence.shrunk.schedule = "A B~ + A".parse().expect("a schedule");
        let evidence = outcome.counterexample.as_ref().expect("caught");
        let replays = Replays { attempts: 3, reproduced: 3, differing: 0, first_difference: None };
        let mut explorer = Fake::replaying(Replay { trace: evidence.shrunk.clone(), replays });
        let results = Captured::default();
        let mut output = Output::to(Box::new(results.clone()), Box::new(Captured::default()), Style::plain());
        let args = args(&["--repeat", "3"]);
        replay_with(&mut explorer, &outcome, evidence, &args, &mut output).expect("answered");
        let (plan, attempts) = explorer.replayed.expect("it was asked to");
        assert_eq!((plan.isolation, plan.splits_max, attempts), (Some(Isolation::Serializable), 2, 3));
        assert_eq!(plan.model, outcome.model);
        let told = results.text();
        assert!(told.contains("record    a/a @ serializable under crash\n"), "{told}");
        assert!(told.contains("schedule  A B~ + A\n            ~ crashes; + time passes\n"), "{told}");
        let model = "model     statements split (at most 2 per schedule), isolation serializable, at most one crash, no";
        assert!(told.contains(model), "{told}");
    }
}
