//! Owns `raceproof run`: from the arguments to a started engine and back. The course between is
//! [`super::course`]'s.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use raceproof::interrupt::Interrupt;
use raceproof::plan::StrategyKind;
use raceproof::run::RegressionFolder;
use raceproof::store::ProviderChoice;
use raceproof::{Card, Isolation, Plan, Scenario, Shard, budget};
use raceproof_reports::Folder;
use raceproof_reports::command::without_passwords;
use raceproof_reports::wording::{self, counted};

use super::allowance::Allowance;
use super::args::RunArgs;
use super::breakage::Breakage;
use super::course::Course;
use super::exit::Exit;
use super::explorer::{Explorer, Session};
use super::failure::Failure;
use super::output::Output;
use super::redacting::Redacting;
use super::resumption::Resumption;
use super::{files, pattern, request};

/// Explores the scenarios that the patterns select.
pub(super) fn run(
    args: &RunArgs,
    catalogue: &[Arc<dyn Scenario>],
    output: &mut Output,
) -> Result<Exit, Failure> {
    let catalogue = &files::instead_of(catalogue, &args.config)?;
    if catalogue.is_empty() {
        return Err(Failure::EmptyCatalogue);
    }
    let cards: Vec<Card> = catalogue.iter().map(|scenario| scenario.card()).collect();
    let names: Vec<_> = cards.iter().map(|card| card.name.clone()).collect();
    let selected = pattern::select(&names, &args.patterns)?;
    let cards: Vec<_> = selected.iter().map(|index| &cards[*index]).collect();
    let scenarios: Vec<_> = selected.iter().map(|index| Arc::clone(&catalogue[*index])).collect();
    request::check_programs(&args.search, &scenarios)?;
    let redactor = args.redaction.redactor()?;
    if args.search.resume && !redactor.is_idle() {
        return Err(Failure::ResumedAndRedacted);
    }
    output.redactor = redactor.clone();
    let (plan, levels) = (request::plan(&args.search)?, request::levels(&args.search)?);
    let breakage = Breakage::of(&args.search)?;
    let jobs = request::jobs(&args.search, &args.stores)?;
    let stores = request::stores(&args.stores, &cards)?;
    let folder = args.out.as_deref().map_or_else(|| Folder::default_in(Path::new(".")), Folder::at);
    folder.prepare()?;
    let legs = request::legs(&cards, &levels, breakage.as_ref(), plan.strategy);
    let resumption = Resumption::new(folder.checkpoints(), args.search.resume, jobs);
    resumption.check(&legs, &plan)?;
    let resumption = Some(resumption).filter(|_| redactor.is_idle());
    let mut kept = kept(args)?;

    let at_once = if jobs > 1 { format!(", {jobs} jobs") } else { String::new() };
    let allowance = Allowance::of(args.search.budget);
    let told = told(&plan, allowance, &levels, breakage.as_ref());
    output.note(&format!("{told}{at_once}; stores: {}", stores.provider));
    let unused = breakage.as_ref().map_or_else(Vec::new, |breakage| breakage.unused(&cards));
    let models_unused = request::models_unused(&cards, plan.strategy);
    for line in request::levels_unused(&cards, &levels).iter().chain(&models_unused).chain(&unused) {
        output.note(line);
    }
    if resumption.is_none() {
        output.note("searches leave no checkpoints, which would hold what is to be redacted");
    }
    for line in kept.iter().flat_map(super::kept::opened) {
        output.note(&line);
    }
    let interrupt = Interrupt::install().map_err(Failure::Signals)?;
    let engines = engines(args, jobs, stores.provider);
    let mut session = Session::start(&stores, engines, interrupt.clone(), &scenarios)?;
    for line in session.description() {
        output.note(&line);
    }
    let course = Course {
        legs,
        plan,
        allowance,
        folder,
        resumption,
        command: redactor.command(&without_passwords(&std::env::args().collect::<Vec<_>>())),
        store_words: redactor.command(&without_passwords(&request::words(&args.stores))),
        format: args.format,
        is_fail_fast: args.fail_fast,
        is_strict_pass: args.strict_pass,
        loudness: args.loudness,
        signal: &|| interrupt.signal(),
    };
    let mut explorer = Redacting { explorer: &mut session, redactor };
    let ended = course.run(&mut explorer, kept.as_mut(), output);
    let stopped = session.stop();
    let exit = ended?;
    stopped?;
    Ok(exit)
}

/// How many engines keep to a core each with their stores; `None` for a single one where more than these two are at work, or whose
/// stores are somebody else's.
fn engines(args: &RunArgs, jobs: u32, provider: ProviderChoice) -> Option<u32> {
    let uses_all_cores = args.search.strategy == StrategyKind::Burst || !args.config.is_empty();
    let is_free = jobs == 1 && (uses_all_cores || provider == ProviderChoice::Url);
    (!is_free).then_some(jobs)
}

/// The schedules that once violated, unless there is no folder for them.
fn kept(args: &RunArgs) -> Result<Option<RegressionFolder>, Failure> {
    let folder = args.regressions.clone().or_else(|| RegressionFolder::default_in(Path::new(".")));
    let folder = folder.filter(|_| !args.no_regressions);
    Ok(folder.map(RegressionFolder::open).transpose()?)
}

/// The plan in one line; the seed first, before anything can go wrong.
fn told(
    plan: &Plan,
    allowance: Allowance,
    levels: &BTreeSet<Isolation>,
    breakage: Option<&Breakage>,
) -> String {
    let bound = plan
        .preemption_bound
        .map_or(String::new(), |bound| format!(", at most {}", counted(bound as u64, "preemption")));
    let workers =
        plan.workers.map_or(String::new(), |workers| format!(", {}", counted(workers as u64, "worker")));
    let levels: Vec<_> = levels.iter().map(ToString::to_string).collect();
    let isolation =
        if levels.is_empty() { String::new() } else { format!(", isolation {}", levels.join("+")) };
    let defaults = Plan::default();
    let splits = if plan.splits_max == defaults.splits_max {
        String::new()
    } else {
        format!(", {}", wording::atomicity(plan.splits_max))
    };
    let repeat = if plan.repeat == defaults.repeat {
        String::new()
    } else {
        format!(", each schedule executed {} times", plan.repeat)
    };
    let breakage = breakage.map_or_else(String::new, |breakage| format!(", {}", breakage.told()));
    let shard = if plan.shard == Shard::WHOLE { String::new() } else { format!(", shard {}", plan.shard) };
    let all = allowance.all.map_or_else(String::new, |all| format!(", {} for all", budget::told(all)));
    format!(
        "seed {}, {}{shard}{bound}{workers}{isolation}{splits}{breakage}{repeat}, at most {} and {} for each scenario{all}",
        plan.seed,
        plan.strategy,
        counted(plan.schedules_max, plan.strategy.noun()),
        budget::told(plan.budget)
    )
}

#[cfg(test)]
mod tests {
    use super::super::allowance::EACH;
    use super::*;

    #[test]
    fn plan_is_told_with_singulars_and_plurals() {
        let one = Plan { preemption_bound: Some(1), workers: Some(1), schedules_max: 1, ..Plan::default() };
        assert_eq!(
            told(&one, Allowance::of(Some(EACH)), &BTreeSet::new(), None),
            "seed 0, portfolio, at most 1 preemption, 1 worker, at most 1 schedule and 30s for each scenario"
        );
        assert!(
            told(&Plan::default(), Allowance::of(None), &BTreeSet::new(), None)
                .ends_with("at most 20000 schedules and 30s for each scenario, 1m30s for all")
        );
        let burst = Plan { strategy: raceproof::plan::StrategyKind::Burst, ..Plan::default() };
        assert!(
            told(&burst, Allowance::of(None), &BTreeSet::new(), None)
                .starts_with("seed 0, burst, at most 20000 bursts")
        );
    }

    #[test]
    fn shard_is_told_if_it_is_not_the_whole() {
        let part = Plan { shard: "2/4".parse().expect("a part"), ..Plan::default() };
        assert!(
            told(&part, Allowance::of(None), &BTreeSet::new(), None)
                .starts_with("seed 0, portfolio, shard 2/4, at most")
        );
        assert!(
            told(&Plan::default(), Allowance::of(None), &BTreeSet::new(), None)
                .starts_with("seed 0, portfolio, at most")
        );
    }

    /// What is as usual is not told; what is not is.
    #[test]
    fn level_splits_and_repeats_are_told_where_they_are_not_the_default() {
        let plan = Plan { splits_max: 0, repeat: 20, ..Plan::default() };
        let levels = BTreeSet::from([Isolation::ReadCommitted, Isolation::Serializable]);
        assert_eq!(
            told(&plan, Allowance::of(Some(EACH)), &levels, None),
            "seed 0, portfolio, isolation read-committed+serializable, statements atomic, each schedule executed 20 times, \
             at most 20000 schedules and 30s for each scenario"
        );
        let usual = told(&Plan::default(), Allowance::of(None), &BTreeSet::new(), None);
        assert!(usual.starts_with("seed 0, portfolio, at most 20000"), "{usual}");
        let twice = Plan { splits_max: 2, ..Plan::default() };
        assert!(
            told(&twice, Allowance::of(None), &BTreeSet::new(), None)
                .contains("statements split (at most 2 per schedule)")
        );
    }
}
