//! Owns [`write_whole`]: files that are written whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes a text file whole or not at all: a reader sees the old file or the new one, never a part.
///
/// # Errors
/// If the folder does not exist or cannot be written to.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    write_whole_with(path, |file| file.write_all(text.as_bytes()))
}

/// Writes a file piece by piece, and as [`write_whole`] does.
///
/// # Errors
/// Those of [`write_whole`] and of `write`.
pub fn write_whole_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".raceproof-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What the umask leaves of it, as for any other file: what is written is meant to be passed on.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    let mut buffer = BufWriter::new(file.as_file_mut());
    write(&mut buffer)?;
    buffer.flush()?;
    drop(buffer);
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
