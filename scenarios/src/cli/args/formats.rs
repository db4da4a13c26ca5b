//! Owns the formats that arguments name; making them is the business of the reports.

use clap::ValueEnum;

/// How a list is written to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum ListFormat {
    /// A table as wide as the terminal; it may change
    #[default]
    Human,
    /// A page with all that the cards say
    Markdown,
    /// The versioned document, and nothing else
    Json,
}

/// What is written to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum Format {
    /// Text for people; it may change
    #[default]
    Human,
    /// The versioned document, and nothing else
    Json,
    /// JUnit's XML: a surprise is a failure, what cannot be said is an error
    Junit,
    /// SARIF 2.1.0: a surprise is a result
    Sarif,
    /// Markdown to paste into an issue
    Markdown,
    /// Text for people and annotations for GitHub Actions, and a summary into the file that $GITHUB_STEP_SUMMARY names
    Github,
}

/// What is made of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum ReportFormat {
    /// One page that needs nothing else
    #[default]
    Html,
    /// Text for people; it may change
    Human,
    /// One versioned document
    Json,
    /// JUnit's XML: a surprise is a failure, what cannot be said is an error
    Junit,
    /// SARIF 2.1.0: a surprise is a result
    Sarif,
    /// Markdown to paste into an issue
    Markdown,
    /// Annotations for GitHub Actions, and a summary into the file that $GITHUB_STEP_SUMMARY names
    Github,
}

/// How judged histories are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum CheckFormat {
    /// Text for people; it may change
    #[default]
    Human,
    /// The versioned document, and nothing else
    Json,
}

/// A document that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum SchemaOf {
    /// What `raceproof run` writes
    #[default]
    Record,
    /// What `raceproof check --format json` writes
    Check,
    /// What `raceproof list --format json` writes
    List,
    /// A scenario file, for `raceproof run -c`
    Race,
}

/// For whom a transcript is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum TranscriptFormat {
    #[default]
    Shell,
    Isolationtester,
}
