//! Owns the arguments as they are typed. What they amount to is [`super::request`]'s business.

mod formats;
mod reporting;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use raceproof::budget;
use raceproof::check::Level;
use raceproof::check::linearizability::Limits;
use raceproof::plan::StrategyKind;
use raceproof::store::{ClockChoice, ProviderChoice};
use raceproof::{FaultKind, FaultModel, Isolation, Shard};

use super::checker::ModelName;
use super::exit::{CHECK_EXIT_CODES, EXIT_CODES};

pub(super) use formats::{CheckFormat, Format, ListFormat, ReportFormat, SchemaOf, TranscriptFormat};
pub(super) use reporting::{RedactionArgs, ReportArgs, SchemaArgs, ServeArgs, TranscriptArgs};

/// Finds races in code that talks to Redis and Postgres: real stores, every interleaving a choice.
#[derive(Debug, Parser)]
#[command(name = "raceproof", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lists the scenarios with the verdicts that are expected of them
    List(ListArgs),
    /// Explores scenarios and judges whether each comes out as expected
    Run(RunArgs),
    /// Writes a commented scenario file to start from
    Init(InitArgs),
    /// Runs any command with its stores behind gates, and prints step by step what it sent
    Gate(GateArgs),
    /// Replays the violation in a record, ten times unless told otherwise, and shows it step by step
    Replay(ReplayArgs),
    /// Prints the violation in a record as a script for psql and redis-cli, or for isolationtester
    Transcript(TranscriptArgs),
    /// Puts the records of the shards of one run together and judges the whole
    Merge(MergeArgs),
    /// Judges recorded histories (Jepsen's, Porcupine's or our own) by a model, without stores
    Check(CheckArgs),
    /// Joins records and tells them as one self-contained HTML page, or in a format for people or machines
    Report(ReportArgs),
    /// Shows the reports of past runs, and how they changed from run to run, to a browser on this machine
    Serve(ServeArgs),
    /// Prints the JSON schema of a document that raceproof writes, or of scenario files for editors
    Schema(SchemaArgs),
    /// Shows which stores can be had and what killed runs have left behind; `--clean` removes it
    Doctor(DoctorArgs),
    /// Prints the completions for a shell
    Completions(CompletionsArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Names (`counter/get-set`), families (`counter`) or quoted globs (`'*/get-*'`); all if none
    #[arg(value_name = "PATTERN")]
    pub(super) patterns: Vec<String>,
    /// What to write to stdout
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ListFormat,
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct RunArgs {
    /// Names (`counter/get-set`), families (`counter`) or quoted globs (`'*/get-*'`); all if none
    #[arg(value_name = "PATTERN")]
    pub(super) patterns: Vec<String>,
    /// A scenario file to run instead of the catalogue; may be given several times (`raceproof init` writes one)
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Vec<PathBuf>,
    /// What to write to stdout
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Where report.html, report.json, report.md, report.sarif, junit.xml and the records of violations go [default:
    /// target/raceproof if there is a target, else raceproof-records]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Where schedules that once violated are kept, and from where they are retried first [default: tests/schedules if
    /// there is such a folder]
    #[arg(long, value_name = "DIR")]
    pub(super) regressions: Option<PathBuf>,
    /// Neither retry nor keep schedules
    #[arg(long, conflicts_with = "regressions")]
    pub(super) no_regressions: bool,
    /// Stop after the first scenario that does not come out as expected
    #[arg(long)]
    pub(super) fail_fast: bool,
    /// Take every violation for a surprise, expected or not
    #[arg(long)]
    pub(super) strict_pass: bool,
    #[command(flatten)]
    pub(super) redaction: RedactionArgs,
    #[command(flatten)]
    pub(super) loudness: Loudness,
    // Last, for their headings hold for what follows.
    #[command(flatten)]
    pub(super) search: SearchArgs,
    #[command(flatten)]
    pub(super) stores: StoreArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Search")]
pub(super) struct SearchArgs {
    /// Where all chance comes from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// The order in which schedules are tried: dfs is exhaustive, random a seeded walk, pct gives workers random priorities,
    /// pos pending requests; portfolio is dfs, with samples of the others when that takes longer; burst chooses
    /// nothing, it lets the workers run free on all cores, again and again
    #[arg(long, value_name = "STRATEGY", default_value = "portfolio",
          value_parser = PossibleValuesParser::new(StrategyKind::ALL.map(StrategyKind::name))
              .try_map(|name| name.parse::<StrategyKind>()))]
    pub(super) strategy: StrategyKind,
    /// How many orderings a race may need to be likely to be found by pct
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    pub(super) pct_depth: u8,
    /// Explore every schedule, also those that differ only in the order of independent requests
    #[arg(long)]
    pub(super) no_reduction: bool,
    /// The most preemptions in a schedule (with portfolio or dfs, without reduction and samples) [default: no bound]
    #[arg(long, value_name = "N")]
    pub(super) preemptions: Option<usize>,
    /// The most schedules to explore of a scenario, or the most bursts
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) schedules: u64,
    /// The longest time to explore a scenario, such as 500ms, 30s or 1m30s [default: 30s, and 1m30s for all together, of which
    /// each that is to show no violation gets its part]
    #[arg(long, value_name = "TIME", value_parser = budget::parse)]
    pub(super) budget: Option<Duration>,
    /// How many workers to run [default: what the scenario says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(WORKERS_MAX)))]
    pub(super) workers: Option<u16>,
    /// The isolation level of transactions that name none; several with commas, or all [default: those that the
    /// scenario speaks of, else the store's own]
    #[arg(long, value_name = "LEVEL", value_delimiter = ',', value_parser = PossibleValuesParser::new(LEVELS))]
    pub(super) isolation: Vec<String>,
    /// The most statements of a schedule that are stopped between what they read and their first row
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u16).range(..=i64::from(SPLITS_MAX)))]
    pub(super) splits: u16,
    /// Take statements for atomic, as `--splits 0` does
    #[arg(long, conflicts_with = "splits")]
    pub(super) no_split: bool,
    /// The most faults in one execution, 0 for none [default: what the scenario speaks of; 1 with `--fault`]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(..=FAULTS_MAX))]
    pub(super) faults: Option<u8>,
    /// What may break; several with commas, or all [default with `--faults`: all that the scenario's stores can have]
    #[arg(long, value_name = "KIND", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(FaultKind::ALL.map(FaultKind::name).into_iter().chain([ALL_FAULTS])))]
    pub(super) fault: Vec<String>,
    /// Let time pass only when nothing else can happen, so that nobody pauses
    #[arg(long)]
    pub(super) no_time: bool,
    /// How often each schedule is executed; its histories must be the same
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(REPEAT_MAX)))]
    pub(super) repeat: u32,
    /// Go on from the checkpoints of searches that a budget or a signal has ended; `--schedules` counts from their begin,
    /// `--budget` from now on
    #[arg(long)]
    pub(super) resume: bool,
    /// Go on after the first violation of a scenario, to the end of its schedules or its budget
    #[arg(long)]
    pub(super) keep_going: bool,
    /// How many engines explore a scenario at once, each a part of its schedules on servers of its own
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(JOBS_MAX)))]
    pub(super) jobs: u32,
    /// Which part of each search to make, such as 2/4 for the second of four; `raceproof merge` puts the records of all
    /// parts together
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Option<Shard>,
}

/// Most engines at once: more than machines have cores for.
const JOBS_MAX: u32 = 64;
/// Most workers of an execution: more schedules than anybody explores.
const WORKERS_MAX: u16 = 64;
/// Most splits in a schedule: as many as an execution has steps.
const SPLITS_MAX: u16 = 1_000;
/// Most executions of a schedule, and most replays of a record.
const REPEAT_MAX: u32 = 1_000;

/// Most faults in an execution: as many as a model can name.
const FAULTS_MAX: i64 = 99;
/// The word for every kind of fault.
pub(super) const ALL_FAULTS: &str = "all";

/// The word for every isolation level.
pub(super) const ALL_LEVELS: &str = "all";
const LEVELS: [&str; 4] = [
    Isolation::ReadCommitted.name(),
    Isolation::RepeatableRead.name(),
    Isolation::Serializable.name(),
    ALL_LEVELS,
];

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Stores")]
pub(super) struct StoreArgs {
    /// Who provides the stores: auto takes docker if it answers and has the images or can pull them, else local
    /// processes
    #[arg(long, value_name = "PROVIDER", default_value = "auto", env = "RACEPROOF_STORES",
          value_parser = PossibleValuesParser::new(ProviderChoice::ALL.map(ProviderChoice::name))
              .try_map(|name| name.parse::<ProviderChoice>()))]
    pub(super) stores: ProviderChoice,
    /// The image of the docker provider's Redis
    #[arg(long, value_name = "IMAGE")]
    pub(super) redis_image: Option<String>,
    /// The image of the docker provider's Postgres
    #[arg(long, value_name = "IMAGE")]
    pub(super) postgres_image: Option<String>,
    /// The Redis of `--stores url`
    #[arg(long, value_name = "URL")]
    pub(super) redis_url: Option<String>,
    /// The Postgres of `--stores url`
    #[arg(long, value_name = "URL")]
    pub(super) postgres_url: Option<String>,
    /// The clock that the stores live by: virtual stands still until the schedule moves it, shifted takes what was moved
    /// off the times to live, auto takes virtual where it can be had
    #[arg(long, value_name = "CLOCK", default_value = "auto",
          value_parser = PossibleValuesParser::new(ClockChoice::ALL.map(ClockChoice::name))
              .try_map(|name| name.parse::<ClockChoice>()))]
    pub(super) clock: ClockChoice,
    /// Nothing on the servers named by URL matters: they may be written to and emptied
    #[arg(long)]
    pub(super) disposable: bool,
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Loudness {
    /// Tell surprises and totals only
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Tell every violation in full
    #[arg(short, long)]
    pub(super) verbose: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct ReplayArgs {
    /// A record that `raceproof run` wrote; with `--guided` also a schedule that it keeps in `tests/schedules`
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The scenario file that the record was made of [default: the one that the record names]
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Follow the schedule as far as it fits, once, and tell where the code departs from it
    #[arg(long, conflicts_with = "repeat")]
    pub(super) guided: bool,
    /// Which scenario's violation, where the file holds several
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
    /// At which isolation level, where the file holds violations of the scenario at several
    #[arg(long, value_name = "LEVEL",
          value_parser = PossibleValuesParser::new(Isolation::ALL.map(Isolation::name))
              .try_map(|name| name.parse::<Isolation>()))]
    pub(super) isolation: Option<Isolation>,
    /// Under which fault model, where the file holds violations of the scenario under several
    #[arg(long, value_name = "MODEL")]
    pub(super) under: Option<FaultModel>,
    /// How often it is replayed
    #[arg(long, value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(REPEAT_MAX)))]
    pub(super) repeat: u32,
    /// Exit with 1 if the violation shows
    #[arg(long)]
    pub(super) strict_pass: bool,
    #[command(flatten)]
    pub(super) redaction: RedactionArgs,
    #[command(flatten)]
    pub(super) stores: StoreArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct MergeArgs {
    /// Records that `raceproof run --shard` wrote, one of each shard; a folder stands for the `report.json` in it
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// What to write to stdout
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Where the reports and the records of the whole go [default: target/raceproof if there is a target, else raceproof-records]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Take every violation for a surprise, expected or not
    #[arg(long)]
    pub(super) strict_pass: bool,
    #[command(flatten)]
    pub(super) redaction: RedactionArgs,
    #[command(flatten)]
    pub(super) loudness: Loudness,
}

#[derive(Debug, clap::Args)]
#[command(after_help = CHECK_EXIT_CODES)]
pub(super) struct CheckArgs {
    /// Histories: Jepsen's log or `history.edn`, an array of operations in JSON, or a record of `raceproof run`
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// What they are compared with
    #[arg(long, value_enum, value_name = "MODEL")]
    pub(super) model: ModelName,
    /// What to write to stdout
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: CheckFormat,
    #[command(flatten)]
    pub(super) redaction: RedactionArgs,
    /// What is there at first [default: nothing]
    #[arg(long, value_name = "VALUE")]
    pub(super) initial: Option<String>,
    /// How many a limiter lets through, or how many writes a read may miss
    #[arg(long, value_name = "N")]
    pub(super) max: Option<u64>,
    /// How long a window is, or how old a read may be
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) window_ms: Option<u64>,
    /// What transactions are to be consistent with, such as `snapshot-isolation`
    #[arg(long, value_name = "LEVEL", default_value_t = Level::Serializable)]
    pub(super) level: Level,
    /// Take every refusal for right
    #[arg(long)]
    pub(super) ignore_refusals: bool,
    /// Most steps of the model for one history, after which it is undecided
    #[arg(long, value_name = "N", default_value_t = Limits::default().steps_max)]
    pub(super) steps_max: u64,
    /// Most memory for one history, in MiB, after which it is undecided
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub(super) memory_mb_max: u64,
}

#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// Where it goes; a file that is there stays as it is
    #[arg(value_name = "FILE", default_value = "race.toml")]
    pub(super) file: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct GateArgs {
    /// Which stores it gets
    #[arg(long = "on", value_name = "STORE", value_delimiter = ',', default_value = "postgres,redis",
          value_parser = PossibleValuesParser::new(["postgres", "redis"]))]
    pub(super) on: Vec<String>,
    /// The command and its arguments, behind `--`; it finds the stores in DATABASE_URL, PG* and REDIS_URL
    #[arg(value_name = "CMD", required = true, last = true)]
    pub(super) command: Vec<String>,
    #[command(flatten)]
    pub(super) stores: StoreArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    /// Remove what killed runs have left behind
    #[arg(long)]
    pub(super) clean: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests;
