//! Owns [`Output`]: results to stdout, everything else to stderr, in a style that fits where they go.

use std::error::Error;
use std::io::{self, IsTerminal, Write};

use raceproof_reports::{Redactor, Style, Visible};

/// The two streams. One that is closed at its other end (`| head`) swallows the rest in silence: the work
/// goes on and the exit code stays that of the work.
pub(super) struct Output {
    results: Stream,
    notes: Stream,
    /// How results are drawn.
    pub(super) style: Style,
    /// What is taken out of notes and errors; results come without it.
    pub(super) redactor: Redactor,
    /// Whether a moving progress bar may be drawn on stderr.
    pub(super) progress_moves: bool,
}

/// One stream, until it fails.
struct Stream(Option<Box<dyn Write>>);

impl Output {
    /// The process's own stdout and stderr.
    pub(super) fn standard() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let is_terminal = io::stdout().is_terminal();
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
        Self {
            results: Stream(Some(Box::new(io::stdout()))),
            notes: Stream(Some(Box::new(io::stderr()))),
            style: Style {
                columns: width.filter(|_| is_terminal).unwrap_or(Style::COLUMNS_DEFAULT),
                unicode: shows_unicode(locale.as_deref()),
                colour: is_terminal && !is_dumb && variable("NO_COLOR").is_none(),
            },
            redactor: Redactor::default(),
            progress_moves: io::stderr().is_terminal() && !is_dumb,
        }
    }

    /// Output to these two streams, in this style.
    #[cfg(test)]
    pub(super) fn to(results: Box<dyn Write>, notes: Box<dyn Write>, style: Style) -> Self {
        let (results, notes) = (Stream(Some(results)), Stream(Some(notes)));
        Self { results, notes, style, redactor: Redactor::default(), progress_moves: false }
    }

    /// Writes a result as it is.
    pub(super) fn result(&mut self, text: &str) {
        self.results.write(text);
    }

    /// Writes one line about the work, made visible.
    pub(super) fn note(&mut self, line: &str) {
        let line = self.redactor.text(line);
        self.notes.write(&format!("{}\n", Visible::cut_to(&line, NOTE_COLUMNS_MAX)));
    }

    /// Writes an error with all its causes.
    pub(super) fn error(&mut self, error: &dyn Error) {
        self.note(&format!("error: {error}"));
        let mut cause = error.source();
        while let Some(error) = cause {
            self.note(&format!("  caused by: {error}"));
            cause = error.source();
        }
    }
}

/// Enough for a command or an error with a log in it.
const NOTE_COLUMNS_MAX: usize = 16_384;

impl Stream {
    fn write(&mut self, text: &str) {
        let Some(stream) = &mut self.0 else { return };
        if stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).is_err() {
            self.0 = None;
        }
    }
}

/// Whether text in a locale of this name may hold more than ASCII. Where no locale is set, as in most
/// containers and CI jobs, what reads the output is nearly always able to.
fn shows_unicode(locale: Option<&str>) -> bool {
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::fake::Captured;

    #[test]
    fn locale_decides_about_unicode() {
        assert!(shows_unicode(None) && shows_unicode(Some("de_DE.UTF-8")) && shows_unicode(Some("C.utf8")));
        assert!(
            !shows_unicode(Some("C")) && !shows_unicode(Some("POSIX")) && !shows_unicode(Some("ja_JP.eucJP"))
        );
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// `raceproof list | head -1` ends well: the rest is dropped, stderr is not bothered with it.
    #[test]
    fn closed_pipe_is_not_an_error() {
        let notes = Captured::default();
        let mut output = Output::to(Box::new(Closed), Box::new(notes.clone()), Style::plain());
        output.result("lost\n");
        output.result("lost too\n");
        assert_eq!(notes.text(), "");
    }

    #[test]
    fn error_is_told_with_its_causes_and_without_escape_sequences() {
        let notes = Captured::default();
        let mut output = Output::to(Box::new(Closed), Box::new(notes.clone()), Style::plain());
        output.error(&raceproof::Error::Runtime(io::Error::other("no \u{1b}[31mthreads\nleft")));
        assert_eq!(
            notes.text(),
            "error: failed to start the runtime\n  caused by: no \\x1b[31mthreads\\nleft\n"
        );
    }
}
