//! Owns `raceproof transcript`: the violation of a record as a text that runs without the harness.

use raceproof_reports::transcript::{Form, transcript as written};
use raceproof_reports::{Document, Visible, wording};

use super::args::{TranscriptArgs, TranscriptFormat};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::replay::{Wanted, pick};

/// Writes the transcript to stdout.
pub(super) fn transcript(args: &TranscriptArgs, output: &mut Output) -> Result<Exit, Failure> {
    let document = Document::read(&args.file)?;
    let wanted = Wanted::new(args.name.as_deref(), args.isolation, args.under.as_ref());
    let (outcome, _) = pick(&document, &args.file, &wanted)?;
    let form = match args.format {
        TranscriptFormat::Shell => Form::Shell,
        TranscriptFormat::Isolationtester => Form::Isolationtester,
    };
    let text = written(outcome, form)
        .map_err(|source| Failure::Transcript { name: Visible::of(&wording::name(outcome)), source })?;
    output.result(&text);
    Ok(Exit::AsExpected)
}
