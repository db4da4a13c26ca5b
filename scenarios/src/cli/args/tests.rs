//! Owns the proof that arguments are read as they are documented.

use clap::CommandFactory;

use std::time::Duration;

use super::*;
use crate::cli::allowance;

fn run(words: &[&str]) -> Result<RunArgs, clap::Error> {
    let args = Args::try_parse_from(["raceproof", "run"].iter().chain(words))?;
    match args.command {
        Command::Run(args) => Ok(args),
        other => panic!("`run` was read as {other:?}"),
    }
}

/// clap's own check of the definition: conflicting names, values that do not parse and the like.
#[test]
fn definition_is_sound() {
    Args::command().debug_assert();
}

#[test]
fn options_of_run_are_read() {
    let args = run(&[
        "counter",
        "lock/*",
        "--seed",
        "7",
        "--strategy",
        "random",
        "--schedules",
        "9",
        "--budget",
        "1m30s",
        "--workers",
        "3",
        "--keep-going",
        "--resume",
        "--format",
        "json",
        "--out",
        "x",
        "--fail-fast",
        "--strict-pass",
        "-q",
        "--stores",
        "local",
    ])
    .expect("all of these exist");
    assert_eq!(args.patterns, ["counter", "lock/*"]);
    assert_eq!((args.search.seed, args.search.strategy, args.search.schedules), (7, StrategyKind::Random, 9));
    assert_eq!((args.search.budget, args.search.workers), (Some(Duration::from_secs(90)), Some(3)));
    assert!(
        args.search.keep_going
            && args.search.resume
            && args.fail_fast
            && args.strict_pass
            && args.loudness.quiet
    );
    assert_eq!((args.format, args.stores.stores), (Format::Json, ProviderChoice::Local));
}

#[test]
fn defaults_are_those_of_a_plan() {
    let (args, plan) = (run(&[]).expect("nothing is required"), raceproof::Plan::default());
    assert_eq!((args.search.seed, args.search.strategy), (plan.seed, plan.strategy));
    assert_eq!((args.search.schedules, allowance::EACH), (plan.schedules_max, plan.budget));
    assert_eq!((usize::from(args.search.splits), args.search.repeat), (plan.splits_max, plan.repeat));
    assert!(args.search.isolation.is_empty() && !args.search.no_split);
    assert!(args.search.fault.is_empty() && args.search.faults.is_none() && !args.search.no_time);
}

#[test]
fn values_out_of_range_are_refused() {
    for words in [
        ["--schedules", "0"],
        ["--workers", "0"],
        ["--workers", "65"],
        ["--seed", "-1"],
        ["--seed", "18446744073709551616"],
        ["--budget", "30"],
        ["--budget", "0s"],
        ["--strategy", "bfs"],
        ["--stores", "podman"],
        ["--clock", "wall"],
        ["--preemptions", "-1"],
        ["--format", "xml"],
        ["-q", "-v"],
        ["--splits", "1001"],
        ["--splits", "-1"],
        ["--repeat", "0"],
        ["--repeat", "1001"],
        ["--isolation", "snapshot"],
        ["--isolation", "all,none"],
        ["--isolation", ""],
        ["--faults", "-1"],
        ["--faults", "100"],
        ["--fault", "pause"],
        ["--fault", "crash,none"],
        ["--fault", ""],
    ] {
        let error = run(&words).expect_err("out of range");
        assert_eq!(error.exit_code(), 2, "{words:?}");
    }
}

/// Statements cannot be both atomic and split so often, nor schedules kept both nowhere and somewhere.
#[test]
fn contradictions_are_refused() {
    for words in [["--no-split", "--splits", "1"], ["--no-regressions", "--regressions", "kept"]] {
        assert_eq!(run(&words).expect_err("both").exit_code(), 2);
        assert!(run(&words[..1]).is_ok() && run(&words[1..]).is_ok());
    }
}

#[test]
fn command_line_without_a_command_or_a_file_is_refused() {
    for words in [
        vec!["raceproof"],
        vec!["raceproof", "replay"],
        vec!["raceproof", "report"],
        vec!["raceproof", "ran"],
    ] {
        assert!(Args::try_parse_from(words).is_err());
    }
}

/// The exit codes are API, so the help of the commands that end with them says them.
#[test]
fn help_tells_the_exit_codes() {
    for words in
        [["raceproof", "--help"].as_slice(), &["raceproof", "run", "--help"], &["raceproof", "replay", "-h"]]
    {
        let help = Args::try_parse_from(words).expect_err("help is told as an error").to_string();
        assert!(help.contains("128+n") && help.contains("--strict-pass"), "{help}");
    }
}
