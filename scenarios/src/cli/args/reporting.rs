//! Owns the arguments of what is done with records once they are there, and what is redacted from all that is written.

use std::path::PathBuf;

use raceproof::{FaultModel, Isolation};
use raceproof_reports::Redactor;
use raceproof_reports::redactor::RedactionError;

use super::formats::{ReportFormat, SchemaOf, TranscriptFormat};
use crate::cli::exit::{EXIT_CODES, REPORT_EXIT_CODES, SERVE_EXIT_CODES};

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct TranscriptArgs {
    /// A record that `raceproof run` wrote
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// Which scenario's violation, where the file holds several
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: Option<String>,
    /// At which isolation level, where the file holds violations of the scenario at several
    #[arg(long, value_name = "LEVEL", value_parser = |name: &str| name.parse::<Isolation>())]
    pub(in crate::cli) isolation: Option<Isolation>,
    /// Under which fault model, where the file holds violations of the scenario under several
    #[arg(long, value_name = "MODEL")]
    pub(in crate::cli) under: Option<FaultModel>,
    /// For whom: shell is a script for bash that speaks through psql and redis-cli, to empty stores; isolationtester a spec for
    /// PostgreSQL's own tool, where all of it is SQL
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: TranscriptFormat,
}

#[derive(Debug, clap::Args)]
#[command(after_help = REPORT_EXIT_CODES)]
pub(in crate::cli) struct ReportArgs {
    /// Records that `raceproof run` wrote; a folder stands for the `report.json` in it. An outcome that is in several of them is
    /// told once
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// What to make of them
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: ReportFormat,
    /// Where the report goes, `-` for stdout [default: report.html beside the first file; stdout for other formats]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Show the page in the system's browser
    #[arg(long)]
    pub(in crate::cli) open: bool,
    /// Take every violation for a surprise, expected or not
    #[arg(long)]
    pub(in crate::cli) strict_pass: bool,
    #[command(flatten)]
    pub(in crate::cli) redaction: RedactionArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = SERVE_EXIT_CODES)]
pub(in crate::cli) struct ServeArgs {
    /// A folder with runs: it or folders in it hold a `report.json`, as `raceproof run --out DIR/NAME` leaves it [default:
    /// target/raceproof if there is a target, else raceproof-records]
    #[arg(value_name = "DIR")]
    pub(in crate::cli) folder: Option<PathBuf>,
    /// The port on loopback; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) port: u16,
    /// Show the page in the system's browser
    #[arg(long)]
    pub(in crate::cli) open: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SchemaArgs {
    /// Of which document
    #[arg(value_enum, value_name = "DOCUMENT", default_value_t)]
    pub(in crate::cli) document: SchemaOf,
}

/// What is redacted.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct RedactionArgs {
    /// Take what this regular expression matches out of everything that is written or printed; may be given several times
    #[arg(long, value_name = "REGEX")]
    redact: Vec<String>,
}

impl RedactionArgs {
    /// What does it.
    pub(in crate::cli) fn redactor(&self) -> Result<Redactor, RedactionError> {
        Redactor::new(&self.redact)
    }
}
