//! Owns [`Course`]: scenario after scenario, what is told and stored of each, and how the run ends.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use raceproof::run::RegressionFolder;
use raceproof::{Outcome, Plan};
use raceproof_reports::command::shell_line;
use raceproof_reports::visible::columns;
use raceproof_reports::wording::{self, counted};
use raceproof_reports::{Cases, Document, Folder, Style};

use super::allowance::Allowance;
use super::args::{Format, Loudness};
use super::exit::Exit;
use super::explorer::Explorer;
use super::failure::Failure;
use super::leg::Leg;
use super::meter::Meter;
use super::output::Output;
use super::reports::leave;
use super::resumption::Resumption;
use super::telling::Telling;
use super::voice::Voice;

/// A run that is ready to start.
pub(super) struct Course<'a> {
    /// The scenarios with their levels and models, in the order in which they run.
    pub(super) legs: Vec<Leg>,
    /// How each is explored, but for the level and the model.
    pub(super) plan: Plan,
    /// How much time each gets.
    pub(super) allowance: Allowance,
    /// Where records go.
    pub(super) folder: Folder,
    /// From where its searches go on, and what they leave to go on from.
    pub(super) resumption: Option<Resumption>,
    /// The command that started the run, its program first, without passwords.
    pub(super) command: Vec<String>,
    /// The options that choose the same stores again.
    pub(super) store_words: Vec<String>,
    /// What stdout gets.
    pub(super) format: Format,
    /// Whether the first scenario that is not as expected is the last.
    pub(super) is_fail_fast: bool,
    /// Whether every violation is a surprise.
    pub(super) is_strict_pass: bool,
    /// How much is told.
    pub(super) loudness: Loudness,
    /// The signal that asked for an end, if one did.
    pub(super) signal: &'a dyn Fn() -> Option<i32>,
}

impl Course<'_> {
    /// Explores everything, and tells and stores what it comes to.
    pub(super) fn run(
        &self,
        explorer: &mut dyn Explorer,
        mut kept: Option<&mut RegressionFolder>,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let (mut outcomes, mut commands): (Vec<Outcome>, Vec<Option<String>>) = Default::default();
        let begun_ms = since_1970_ms();
        let voice = Voice { telling: self.telling(output.style), format: self.format };
        let mut exit = Exit::AsExpected;
        let begun = Instant::now();
        for (index, leg) in self.legs.iter().enumerate() {
            let budget = self.allowance.share(begun.elapsed(), self.legs.len() - index, self.is_brief(leg));
            match self.explore(leg, index + 1, budget, explorer, kept.as_deref_mut(), output) {
                Ok((outcome, command)) => {
                    voice.tell(&outcome, command.as_deref(), output);
                    commands.push(command);
                    let of_this = Exit::of(&outcome, self.is_strict_pass);
                    outcomes.push(outcome);
                    if self.is_fail_fast && of_this != Exit::AsExpected {
                        break;
                    }
                }
                Err(failure) => {
                    output.note(&format!("`{leg}` could not be explored"));
                    output.error(&failure);
                    exit = exit.merge(failure.exit());
                    break;
                }
            }
            if (self.signal)().is_some() {
                break;
            }
        }
        let exit = exit.merge(Exit::of_all(&outcomes, self.is_strict_pass));
        let document = Document { begun_ms, ..Document::new(self.command.clone(), outcomes) };
        let cases = Cases { document: &document, commands: &commands, is_strict_pass: self.is_strict_pass };
        voice.end(&cases, output)?;
        self.finish(&cases, output)?;
        Ok((self.signal)().map_or(exit, Exit::Interrupted))
    }

    /// Whether the search of `leg` ends with the violation that it is to find.
    fn is_brief(&self, leg: &Leg) -> bool {
        !self.plan.keep_going && leg.is_to_break()
    }

    /// Explores one scenario at one level under one model, and stores its violation; with the command that shows it again.
    fn explore(
        &self,
        leg: &Leg,
        position: usize,
        budget: Duration,
        explorer: &mut dyn Explorer,
        kept: Option<&mut RegressionFolder>,
        output: &mut Output,
    ) -> Result<(Outcome, Option<String>), Failure> {
        let place = (position, self.legs.len());
        let checkpoints = match &self.resumption {
            Some(resumption) => resumption.begin(leg, &self.plan, output)?,
            None => Vec::new(),
        };
        let mut meter = Meter::start(&leg.to_string(), place, &self.plan, output);
        let regressions = kept.as_ref().map_or_else(Vec::new, |kept| kept.regressions());
        let patience = self.allowance.each.saturating_sub(budget);
        let plan = Plan { regressions, budget, patience, ..leg.plan(&self.plan) };
        let mut progress = |progress| meter.show(progress, output);
        let explored = match checkpoints.is_empty() {
            false => explorer.resume(&leg.name, &plan, checkpoints, &mut progress),
            true => explorer.explore(&leg.name, &plan, &mut progress),
        };
        meter.end();
        let mut outcome = explored?;
        if let Some(resumption) = &self.resumption {
            resumption.end(leg, &self.plan, &mut outcome, output)?;
        }
        let record = match outcome.counterexample {
            Some(_) => Some(self.folder.write_record(&self.command, &outcome)?),
            None => None,
        };
        if let Some(kept) = kept {
            kept.settle(&outcome)?.iter().for_each(|settled| output.note(&wording::settled(settled)));
        }
        Ok((outcome, record.map(|record| self.replay_command(&record))))
    }

    fn telling(&self, style: Style) -> Telling {
        Telling {
            style,
            loudness: self.loudness,
            is_strict_pass: self.is_strict_pass,
            name_columns: self.legs.iter().map(|leg| columns(&leg.to_string())).max().unwrap_or(0),
            is_alone: self.legs.len() == 1,
        }
    }

    /// Leaves the reports, and says what there is.
    fn finish(&self, cases: &Cases<'_>, output: &mut Output) -> Result<(), Failure> {
        let outcomes = &cases.document.outcomes;
        let violations = outcomes.iter().filter(|outcome| outcome.counterexample.is_some()).count();
        let missing = self.legs.len() - outcomes.len();
        if missing > 0 {
            let noun = if self.runs_some_twice() { "run" } else { "scenario" };
            let all = counted(self.legs.len() as u64, noun);
            output.note(&format!("{missing} of {all} did not run"));
        }
        leave(&self.folder, cases)?;
        let records = match violations {
            0 => String::new(),
            1 => " and the record of its violation".to_owned(),
            count => format!(" and the records of its {count} violations"),
        };
        let page = self.folder.path().join("report.html");
        let page = shell_line(&[page.display().to_string()]);
        output
            .note(&format!("wrote the run{records} to `{}`; the page: {page}", self.folder.path().display()));
        Ok(())
    }

    /// Whether some scenario runs at several levels or under several models, so that there are more runs than scenarios.
    fn runs_some_twice(&self) -> bool {
        let names: BTreeSet<&str> = self.legs.iter().map(|leg| leg.name.as_str()).collect();
        names.len() < self.legs.len()
    }

    fn replay_command(&self, record: &Path) -> String {
        let mut words = vec![self.program(), "replay".to_owned(), record.display().to_string()];
        words.extend(self.store_words.iter().cloned());
        shell_line(&words)
    }

    fn program(&self) -> String {
        self.command.first().cloned().unwrap_or_else(|| "raceproof".to_owned())
    }
}

/// When the run begins, if the machine's clock makes sense; no search knows of it.
fn since_1970_ms() -> Option<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

#[cfg(test)]
mod tests;
