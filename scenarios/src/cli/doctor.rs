//! Owns `raceproof doctor`: which stores could be had here, and what killed runs have left behind.

use raceproof::store::leftovers::{Leftover, LeftoverKind, Leftovers, find, remove};
use raceproof::store::probe::{Availability, providers};
use raceproof::store::{ProviderChoice, StoreError, StoreOptions};
use raceproof_reports::wording::{counted, duration};

use super::args::DoctorArgs;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;

/// What the machine was found to be like.
struct Findings {
    providers: Vec<Availability>,
    before: Leftovers,
    /// What is left after the removal, if it was asked for.
    after: Option<Leftovers>,
}

/// Shows providers and leftovers, and removes the leftovers if asked to. What stays is a matter of the
/// environment.
pub(super) fn doctor(args: &DoctorArgs, output: &mut Output) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(raceproof::Error::Runtime)?;
    let findings = runtime.block_on(examine(args.clean))?;
    Ok(tell(&findings, output))
}

async fn examine(is_clean: bool) -> Result<Findings, StoreError> {
    let providers = providers(&StoreOptions::default()).await;
    let (before, after) = if is_clean { (remove().await?, Some(find().await)) } else { (find().await, None) };
    Ok(Findings { providers, before, after })
}

fn tell(findings: &Findings, output: &mut Output) -> Exit {
    let style = output.style;
    let mut line = |text: &str| output.result(&format!("{}\n", style.fit(text, LINE_COLUMNS_MAX)));
    let offered = |found: &&Availability| found.provider != ProviderChoice::Url;
    for found in findings.providers.iter().filter(offered) {
        let glyph = if found.available { "✓" } else { "✗" };
        line(&format!("{glyph} --stores {:<6}  {}", found.provider, found.detail));
        line(&clock(found));
    }
    let usable = findings.providers.iter().filter(offered).any(|found| found.available);
    for leftover in &findings.before.found {
        line(&format!(
            "{} {}",
            if findings.after.is_some() { "removed" } else { "left over:" },
            told(leftover)
        ));
    }
    let left = findings.after.as_ref().unwrap_or(&findings.before);
    if findings.after.is_some() {
        for leftover in &left.found {
            line(&format!("still there: {}", told(leftover)));
        }
    }
    if let Some(reason) = &left.unknown {
        let is_told = findings.providers.iter().any(|found| found.detail == *reason);
        let why = if is_told { "see above" } else { reason };
        line(&format!("? containers could not be listed: {why}"));
    }
    line(&conclusion(left, findings.after.is_some()));
    if usable && left.found.is_empty() { Exit::AsExpected } else { Exit::Environment }
}

/// Which clock the stores of a provider can live by.
fn clock(found: &Availability) -> String {
    match &found.no_virtual_clock {
        None => "  --clock virtual   can be had".to_owned(),
        Some(reason) => format!("  --clock virtual   cannot be had, because {reason}"),
    }
}

/// Errors come with logs; a line of them is enough here.
const LINE_COLUMNS_MAX: usize = 1_000;

fn conclusion(left: &Leftovers, is_clean: bool) -> String {
    match (left.found.len() as u64, is_clean) {
        (0, _) if left.unknown.is_some() => "nothing else is left over".to_owned(),
        (0, _) => "nothing is left over".to_owned(),
        (count, false) => {
            format!("{} left over (remove with `raceproof doctor --clean`)", counted(count, "thing"))
        }
        (count, true) => {
            format!(
                "{} could not be removed (see above; databases go when a run is given their server)",
                counted(count, "thing")
            )
        }
    }
}

fn told(leftover: &Leftover) -> String {
    let kind = match leftover.kind {
        LeftoverKind::Process => "process",
        LeftoverKind::Container => "container",
        LeftoverKind::Folder => "folder",
        LeftoverKind::Database => "database",
    };
    let age = leftover
        .age_s
        .map_or(String::new(), |age| format!(", begun {} ago", duration(age.saturating_mul(1_000_000))));
    format!("{kind} {} of run {}{age}", leftover.what, leftover.run)
}

#[cfg(test)]
mod tests {
    use raceproof_reports::Style;

    use super::*;
    use crate::cli::fake::Captured;

    fn leftovers(kinds: &[LeftoverKind]) -> Leftovers {
        let leftover = |kind: &LeftoverKind| Leftover {
            kind: *kind,
            what: "redis-server \u{1b}[31m 12".to_owned(),
            run: "r1".to_owned(),
            age_s: Some(90),
        };
        Leftovers { found: kinds.iter().map(leftover).collect(), unknown: None }
    }

    fn of(provider: ProviderChoice, available: bool, detail: &str) -> Availability {
        Availability { provider, available, detail: detail.to_owned(), no_virtual_clock: None }
    }

    fn diagnosed(available: bool, before: Leftovers, after: Option<Leftovers>) -> (Exit, String) {
        let detail = "redis-server 7";
        let providers = vec![of(ProviderChoice::Local, available, detail)];
        told_of(&Findings { providers, before, after })
    }

    /// Everything is a result: nothing goes to stderr.
    fn told_of(findings: &Findings) -> (Exit, String) {
        let (results, notes) = (Captured::default(), Captured::default());
        let mut output = Output::to(Box::new(results.clone()), Box::new(notes.clone()), Style::plain());
        let exit = tell(findings, &mut output);
        assert_eq!(notes.text(), "");
        (exit, results.text())
    }

    #[test]
    fn clean_machine_is_told_as_such() {
        let (exit, results) = diagnosed(true, leftovers(&[]), None);
        let expected =
            "✓ --stores local   redis-server 7\n  --clock virtual   can be had\nnothing is left over\n";
        assert_eq!((exit, results.as_str()), (Exit::AsExpected, expected));
        assert_eq!(diagnosed(false, leftovers(&[]), None).0, Exit::Environment);
    }

    #[test]
    fn clock_that_cannot_be_had_is_told_with_the_reason() {
        let no_virtual_clock = Some("nothing is shared".to_owned());
        let providers = vec![Availability { no_virtual_clock, ..of(ProviderChoice::Docker, true, "images") }];
        let (exit, told) = told_of(&Findings { providers, before: leftovers(&[]), after: None });
        assert_eq!(exit, Exit::AsExpected);
        assert!(told.contains("--clock virtual   cannot be had, because nothing is shared\n"), "{told}");
    }

    #[test]
    fn leftovers_are_named_and_harmless_with_the_way_out() {
        let (exit, results) = diagnosed(true, leftovers(&[LeftoverKind::Process]), None);
        assert_eq!(exit, Exit::Environment);
        assert!(
            results.contains("left over: process redis-server \\x1b[31m 12 of run r1, begun 90.0 s ago"),
            "{results}"
        );
        assert!(
            results.ends_with("1 thing left over (remove with `raceproof doctor --clean`)\n"),
            "{results}"
        );
    }

    /// A Docker that cannot be used is told once in full; what is not known is not called clean.
    #[test]
    fn docker_error_is_told_once() {
        let docker = of(ProviderChoice::Docker, false, "the engine did not answer");
        let findings = |reason: &str| {
            let before = Leftovers { unknown: Some(reason.to_owned()), ..leftovers(&[]) };
            Findings { providers: vec![docker.clone()], before, after: None }
        };
        let (_, told) = told_of(&findings("the engine did not answer"));
        assert_eq!(told.matches("did not answer").count(), 1, "{told}");
        assert!(told.contains("could not be listed: see above\nnothing else is left over\n"), "{told}");
        let (_, told) = told_of(&findings("it lists no containers"));
        assert!(told.contains("could not be listed: it lists no containers"), "{told}");
    }

    #[test]
    fn what_was_removed_is_told_and_what_stays_is_an_environment_failure() {
        let before = || leftovers(&[LeftoverKind::Folder, LeftoverKind::Database]);
        let (exit, results) = diagnosed(true, before(), Some(leftovers(&[])));
        assert!(exit == Exit::AsExpected && results.contains("removed folder"));
        let (exit, results) = diagnosed(true, before(), Some(leftovers(&[LeftoverKind::Database])));
        assert!(exit == Exit::Environment && results.contains("still there: database"));
        assert!(results.contains("1 thing could not be removed"), "{results}");
    }
}
