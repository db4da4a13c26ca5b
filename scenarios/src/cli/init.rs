//! Owns `raceproof init`: what a scenario file is begun with.

use std::fs::File;
use std::io::{self, Write};

use super::args::InitArgs;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use crate::file;

/// Writes a commented scenario file, unless there is a file already.
pub(super) fn init(args: &InitArgs, output: &mut Output) -> Result<Exit, Failure> {
    let path = args.file.clone();
    let mut created = File::create_new(&path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => Failure::AlreadyThere { path: path.clone() },
        _ => Failure::FileUnwritable { path: path.clone(), source },
    })?;
    let written = created.write_all(file::EXAMPLE.as_bytes());
    written.map_err(|source| Failure::FileUnwritable { path: path.clone(), source })?;
    output.note(&format!("wrote `{0}`; to run it: raceproof run -c {0}", path.display()));
    Ok(Exit::AsExpected)
}
