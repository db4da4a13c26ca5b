//! Owns `raceproof check`: recorded histories in, what a checker says of each out. Neither stores nor scenarios take part.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use raceproof::check::Opinion;
use raceproof::check::linearizability::Misfit;
use raceproof::check::reading::{self, History};
use raceproof_reports::Redactor;

use super::args::{CheckArgs, CheckFormat as Format};
use super::checked::{Checked, CheckedHistory, CheckedVerdict, Point};
use super::checker::{Checker, Finding};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;

/// One history and what is said of it.
struct Judged {
    /// The file, and where in it the history lies if it has several.
    name: String,
    operations: usize,
    finding: Finding,
    taken: Duration,
}

impl Judged {
    /// The same without what is to be redacted.
    fn redacted(mut self, redactor: &Redactor) -> Self {
        self.name = redactor.text(&self.name).into_owned();
        if let Opinion::Broken(why) | Opinion::Undecided(why) = &mut self.finding.opinion {
            *why = redactor.text(why).into_owned();
        }
        self
    }

    fn document(&self) -> CheckedHistory {
        let (verdict, found) = match &self.finding.opinion {
            Opinion::Holds => (CheckedVerdict::Holds, None),
            Opinion::Broken(found) => (CheckedVerdict::Broken, Some(found)),
            Opinion::Undecided(found) => (CheckedVerdict::Undecided, Some(found)),
        };
        let point = |&(operation, after_event): &(usize, u64)| Point { operation, after_event };
        CheckedHistory {
            name: self.name.clone(),
            verdict,
            found: found.cloned(),
            operations: self.operations,
            milliseconds: self.taken.as_secs_f64() * 1e3,
            points: self.finding.points.as_ref().map(|points| points.iter().map(point).collect()),
        }
    }
}

/// Reads all files before the first is judged, so that a bad one is told at once.
pub(super) fn check(args: &CheckArgs, output: &mut Output) -> Result<Exit, Failure> {
    let redactor = args.redaction.redactor()?;
    output.redactor = redactor.clone();
    let checker = Checker::of(args)?;
    let files =
        args.files.iter().map(|path| Ok((path, histories(path)?))).collect::<Result<Vec<_>, Failure>>()?;
    let mut judged = Vec::new();
    for (path, histories) in files {
        for history in histories {
            let one = judge(&checker, path, &history).map_err(|misfit| misfitting(path, &misfit))?;
            let one = one.redacted(&redactor);
            if args.format == Format::Human {
                output.result(&told(&checker, &one));
            }
            judged.push(one);
        }
    }
    match args.format {
        Format::Human if judged.len() > 1 => output.result(&sum(&checker, &judged)),
        Format::Human => {}
        Format::Json => output.result(&as_json(&checker, &judged).map_err(Failure::Json)?),
    }
    Ok(judged.iter().fold(Exit::AsExpected, |exit, one| exit.merge(exit_of(&one.finding.opinion))))
}

fn histories(path: &Path) -> Result<Vec<History>, Failure> {
    let unreadable = |source| Failure::HistoryUnreadable { path: path.to_owned(), source };
    let text = fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8_lossy(&text);
    reading::read(&text).map_err(|error| Failure::History { path: path.to_owned(), error })
}

fn misfitting(path: &Path, misfit: &Misfit) -> Failure {
    Failure::Misfit { path: PathBuf::from(path), misfit: misfit.clone() }
}

fn judge(checker: &Checker, path: &Path, history: &History) -> Result<Judged, Misfit> {
    let begin = Instant::now();
    let finding = checker.judge(&history.operations)?;
    let taken = begin.elapsed();
    let blank = if history.name.is_empty() { "" } else { " " };
    let name = format!("{}{blank}{}", path.display(), history.name);
    Ok(Judged { name, operations: history.operations.len(), finding, taken })
}

fn exit_of(opinion: &Opinion) -> Exit {
    match opinion {
        Opinion::Holds => Exit::AsExpected,
        Opinion::Broken(_) => Exit::Surprise,
        Opinion::Undecided(_) => Exit::Inconclusive,
    }
}

/// One line, and the explanation behind it if there is one.
fn told(checker: &Checker, judged: &Judged) -> String {
    let Judged { name, operations, finding, taken } = judged;
    let milliseconds = taken.as_secs_f64() * 1e3;
    let word = checker.word(&finding.opinion);
    let mut told =
        format!("{name}: {word} ({}, {operations} operations, {milliseconds:.1} ms)\n", checker.name());
    if let Opinion::Broken(why) | Opinion::Undecided(why) = &finding.opinion {
        for line in why.lines() {
            told += &format!("  {}\n", raceproof_reports::Visible::cut_to(line, LINE_COLUMNS_MAX));
        }
    }
    told
}

/// Values of histories are short; what is not is cut.
const LINE_COLUMNS_MAX: usize = 1_000;

fn sum(checker: &Checker, judged: &[Judged]) -> String {
    let count = |is: fn(&Opinion) -> bool| judged.iter().filter(|one| is(&one.finding.opinion)).count();
    let taken: Duration = judged.iter().map(|one| one.taken).sum();
    let (histories, milliseconds) = (judged.len(), taken.as_secs_f64() * 1e3);
    let holds = count(|opinion| matches!(opinion, Opinion::Holds));
    let broken = count(|opinion| matches!(opinion, Opinion::Broken(_)));
    let mut parts = vec![
        format!("{holds} {}", checker.word(&Opinion::Holds)),
        format!("{broken} {}", checker.word(&Opinion::Broken(String::new()))),
    ];
    if holds + broken < histories {
        parts.push(format!("{} undecided", histories - holds - broken));
    }
    format!("{histories} histories: {}, in {milliseconds:.1} ms\n", parts.join(", "))
}

fn as_json(checker: &Checker, judged: &[Judged]) -> Result<String, serde_json::Error> {
    let histories = judged.iter().map(Judged::document).collect();
    Ok(serde_json::to_string_pretty(&Checked::new(checker.name().to_string(), histories))? + "\n")
}
