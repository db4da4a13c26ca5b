//! Owns `raceproof schema`: what the documents hold that the program writes, for whoever reads them by program.

use raceproof_reports::schema;

use super::args::{SchemaArgs, SchemaOf};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::{checked, list};
use crate::file;

/// Prints a JSON schema.
pub(super) fn schema(args: &SchemaArgs, output: &mut Output) -> Result<Exit, Failure> {
    let schema = match args.document {
        SchemaOf::Record => schema::record(),
        SchemaOf::Check => {
            schema::of::<checked::Checked>(checked::FORMAT, "What `raceproof check --format json` writes")
        }
        SchemaOf::List => {
            schema::of::<list::Listed>(list::FORMAT, "What `raceproof list --format json` writes")
        }
        SchemaOf::Race => file::schema(),
    };
    output.result(&(serde_json::to_string_pretty(&schema).map_err(Failure::Json)? + "\n"));
    Ok(Exit::AsExpected)
}
