//! Owns `raceproof replay --guided`: a schedule followed as far as it fits the code as it is now.

use std::sync::Arc;

use raceproof::regression::{Fate, RegressionError, Stale};
use raceproof::run::{Followed, RegressionFolder, RegressionFolderError};
use raceproof::{Card, Regression, Scenario};
use raceproof_reports::story::Lanes;
use raceproof_reports::terminal::{labelled, lanes};
use raceproof_reports::{Document, wording};

use super::args::ReplayArgs;
use super::exit::Exit;
use super::explorer::Explorer;
use super::failure::Failure;
use super::files;
use super::output::Output;
use super::replay::{Wanted, pick, scenario, with_stores};

/// Follows the schedule of a record or of a kept one, and tells where the code departs from it and whether the violation
/// shows.
pub(super) fn follow(
    args: &ReplayArgs,
    catalogue: &[Arc<dyn Scenario>],
    output: &mut Output,
) -> Result<Exit, Failure> {
    let redactor = args.redaction.redactor()?;
    output.redactor = redactor.clone();
    let regression = redactor.value(read(args)?)?;
    let catalogue = &files::instead_of(catalogue, args.config.as_slice())?;
    let scenario = scenario(catalogue, &regression.scenario)?;
    with_stores(args, &scenario, regression.seed, output, |explorer, output| {
        follow_with(explorer, &regression, &scenario.card(), args.strict_pass, output)
    })
}

/// What the file holds; one that is no kept schedule is read as a record.
fn read(args: &ReplayArgs) -> Result<Regression, Failure> {
    match RegressionFolder::read(&args.file) {
        Ok(regression) => Ok(regression),
        Err(
            RegressionFolderError::Unreadable { .. }
            | RegressionFolderError::Refused { source: RegressionError::NotARegression { .. }, .. },
        ) => {
            let document = Document::read(&args.file)?;
            let (outcome, _) = pick(&document, &args.file, &Wanted::of(args))?;
            Ok(outcome.regression().expect("what was picked has evidence"))
        }
        Err(error) => Err(error.into()),
    }
}

fn follow_with(
    explorer: &mut dyn Explorer,
    regression: &Regression,
    card: &Card,
    is_strict_pass: bool,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let style = output.style;
    let model = card.tells(&regression.model).then_some(&regression.model);
    let name = wording::name_of(&regression.scenario, regression.isolation, model);
    let mut promise = labelled(&style, "followed", &name, 2);
    promise += &labelled(&style, "promised", &regression.violation.invariant, 4);
    promise += &labelled(&style, "recorded", &regression.violation.found, 6);
    promise += &labelled(&style, "schedule", &regression.schedule.to_string(), 4);
    if let Some(legend) = wording::legend(&regression.schedule) {
        promise += &labelled(&style, "", &legend, 4);
    }
    output.result(&promise);
    let followed = explorer.follow(regression)?;
    Ok(tell(&followed, regression, is_strict_pass, output))
}

/// Tells what came of it, step by step.
fn tell(followed: &Followed, regression: &Regression, is_strict_pass: bool, output: &mut Output) -> Exit {
    let style = output.style;
    let violation = followed.trace.verdict.violation();
    output.result(&format!("\n{}\n", lanes(&Lanes::of(&followed.trace, violation), &style)));
    if let Some(violation) = violation {
        output.result(&labelled(&style, "happened", &violation.found, 6));
    }
    let (label, how_far) = fits(&followed.fate, regression.steps.len());
    output.result(&labelled(&style, label, &how_far, 8));
    let (verdict, exit) = match (violation, is_strict_pass) {
        (None, _) => ("no violation", Exit::Inconclusive),
        (Some(_), true) => ("violated, refused by --strict-pass", Exit::Surprise),
        (Some(_), false) => ("violated", Exit::AsExpected),
    };
    output.result(&format!("{verdict}\n"));
    exit
}

/// How far a schedule of so many steps fits, with a label.
fn fits(fate: &Fate, steps: usize) -> (&'static str, String) {
    match fate {
        Fate::Reproduced | Fate::Fixed { answered: None } => ("fits", format!("to its end ({steps} steps)")),
        Fate::Fixed { answered: Some(step) } => {
            ("fits", format!("to its end ({steps} steps); from step {step} on the stores answer otherwise"))
        }
        Fate::Stale { stale: Stale { step, reason }, .. } => {
            ("departs", format!("at step {step} of {steps}: {reason}"))
        }
        Fate::Unsure { because } => ("undecided", because.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use raceproof::Verdict;
    use raceproof_reports::Style;

    use super::*;
    use crate::cli::fake::{self, Captured, Fake};

    fn told(fate: Fate, is_strict_pass: bool) -> (Exit, String) {
        let outcome = fake::caught("counter/get-set");
        let regression = outcome.regression().expect("caught");
        let mut trace = outcome.counterexample.expect("caught").shrunk;
        if !fate.is_violation() {
            trace.verdict = Verdict::Pass;
        }
        let mut explorer = Fake::following(Followed { trace, fate });
        let results = Captured::default();
        let mut output = Output::to(Box::new(results.clone()), Box::new(Captured::default()), Style::plain());
        let exit = follow_with(&mut explorer, &regression, &outcome.card, is_strict_pass, &mut output);
        (exit.expect("answered"), results.text())
    }

    fn stale(violated: bool) -> Fate {
        let reason = "wanted `SET counter 1`, the code sent `INCR counter`".to_owned();
        Fate::Stale { stale: Stale { step: 3, reason }, violated }
    }

    #[test]
    fn departure_is_told_with_the_steps_and_whether_the_violation_shows() {
        let (exit, told_in_full) = told(stale(true), false);
        assert_eq!(exit, Exit::AsExpected);
        insta::assert_snapshot!(told_in_full, @r"
          followed  counter/get-set
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
          departs   at step 3 of 4: wanted `SET counter 1`, the code sent `INCR counter`
        violated
        ");
        let (exit, told_of_none) = told(stale(false), true);
        assert_eq!(exit, Exit::Inconclusive);
        assert!(told_of_none.ends_with("no violation\n"), "{told_of_none}");
        let (exit, refused) = told(Fate::Reproduced, true);
        assert_eq!(exit, Exit::Surprise);
        assert!(
            refused.ends_with("  fits      to its end (4 steps)\nviolated, refused by --strict-pass\n"),
            "{refused}"
        );
    }

    #[test]
    fn other_answers_and_doubts_are_told() {
        let because = raceproof::Inconclusive::StepLimit { steps_max: 9 };
        assert!(told(Fate::Unsure { because }, false).1.contains("an execution exceeded 9 steps"));
        let (_, fixed) = told(Fate::Fixed { answered: Some(2) }, false);
        assert!(
            fixed.contains("to its end (4 steps); from step 2 on the stores answer otherwise"),
            "{fixed}"
        );
    }
}
