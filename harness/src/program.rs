//! Owns [`Program`]: a program of the user's that we have started, with all that it has started itself, up to its end. What it is
//! for is the business of whoever starts it.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::store::Held;

/// Lines of its errors that are kept, and characters of each.
const LINES_MAX: usize = 20;
const LINE_CHARACTERS_MAX: usize = 500;

/// A running program. Dropping it kills it and all that is in its process group; so do a second signal to us and our own
/// end.
#[derive(Debug)]
pub struct Program {
    child: Child,
    errors: Arc<Mutex<VecDeque<String>>>,
    listening: Option<JoinHandle<()>>,
    /// Last, so that it goes when nothing else of it is left.
    held: Option<Held>,
}

/// What a program's streams lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipes {
    /// It reads nothing, and what it writes is read here.
    Silent,
    /// What it reads comes from here, too.
    Talking,
    /// It reads nothing, and writes where we do.
    Inherited,
}

/// How a program is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The program, as a path or a name to be found on `PATH`, and its arguments.
    pub words: Vec<String>,
    /// Where it runs, and from where its path is read.
    pub folder: PathBuf,
    /// Variables beside those that we have ourselves.
    pub environment: BTreeMap<String, String>,
}

impl Call {
    /// The file that would be run, if there is one.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        let name = self.words.first()?;
        if name.contains('/') {
            return Some(self.folder.join(name)).filter(|path| is_executable(path));
        }
        let path = self.environment.get("PATH").map(Into::into).or_else(|| std::env::var_os("PATH"))?;
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| is_executable(path))
    }

    /// Starts it; to be called in a runtime.
    ///
    /// # Errors
    /// There is no such file, or the system does not start it.
    pub fn start(&self, pipes: Pipes) -> io::Result<Program> {
        let file = self.file().ok_or(io::ErrorKind::NotFound)?;
        let mut command = match crate::store::setpriv() {
            // It dies with the thread that has started it.
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL"]).arg(file);
                command
            }
            None => Command::new(file),
        };
        command.args(&self.words[1..]).current_dir(&self.folder).envs(&self.environment);
        match pipes {
            Pipes::Silent => command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()),
            Pipes::Talking => command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()),
            Pipes::Inherited => command.stdin(Stdio::null()),
        };
        command.process_group(0).kill_on_drop(true);
        let mut child = command.spawn()?;
        let process = child.id().ok_or_else(|| io::Error::other("it ended at once"))?;
        let held = Held::group(process).map_err(io::Error::other)?;
        let errors = Arc::default();
        let listening =
            child.stderr.take().map(|stderr| tokio::spawn(keep_tail(stderr, Arc::clone(&errors))));
        Ok(Program { child, errors, listening, held: Some(held) })
    }
}

impl Program {
    /// Its number in the system; `None` when it has ended.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.child.id()
    }

    /// What it reads, once, if it was to listen.
    pub fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// What it writes, once.
    pub fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits for its end and all that it has written to its errors; what it has left running is killed.
    ///
    /// # Errors
    /// The system does not tell.
    pub async fn end(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        // What it has left running would keep its streams open.
        self.held = None;
        if let Some(listening) = self.listening.take() {
            // It reads to the end and does not panic.
            let _ = listening.await;
        }
        Ok(status)
    }

    /// The last line of its errors that is not empty.
    #[must_use]
    pub fn last_words(&self) -> Option<String> {
        let lines = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().rev().find(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned())
    }
}

/// Keeps the last lines of what `stream` says.
async fn keep_tail(stream: impl AsyncRead + Unpin, kept: Arc<Mutex<VecDeque<String>>>) {
    let (mut reader, mut line) = (BufReader::new(stream), Vec::new());
    while matches!(reader.read_until(b'\n', &mut line).await, Ok(read) if read > 0) {
        let text: String =
            String::from_utf8_lossy(&line).trim_end().chars().take(LINE_CHARACTERS_MAX).collect();
        line.clear();
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(text);
        if kept.len() > LINES_MAX {
            kept.pop_front();
        }
    }
}

fn is_executable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() && path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(script: &str) -> Call {
        let words = ["sh", "-c", script].map(str::to_owned).to_vec();
        Call { words, folder: std::env::temp_dir(), environment: BTreeMap::new() }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(future)
    }

    #[test]
    fn end_and_last_words_are_told() {
        let (status, words) = run(async {
            let mut program =
                call("echo first >&2; echo last >&2; echo >&2; exit 3").start(Pipes::Silent).expect("starts");
            (program.end().await.expect("ends").code(), program.last_words())
        });
        assert_eq!((status, words.as_deref()), (Some(3), Some("last")));
    }

    #[test]
    fn program_that_is_not_there_is_not_found() {
        let missing = Call { words: vec!["no-such-program".to_owned()], ..call("") };
        assert_eq!((missing.file(), Call { words: Vec::new(), ..call("") }.file()), (None, None));
        let error = run(async { missing.start(Pipes::Silent).map(drop) }).expect_err("it is not there");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    /// The child of the child holds the pipe open; it ends only when it is killed, too.
    #[test]
    fn drop_kills_what_the_program_has_started() {
        run(async {
            let mut program = call("sleep 600 & echo begun; wait").start(Pipes::Silent).expect("starts");
            let mut output = BufReader::new(program.output().expect("a pipe"));
            let mut line = String::new();
            output.read_line(&mut line).await.expect("it speaks");
            assert_eq!(line, "begun\n");
            drop(program);
            line.clear();
            assert_eq!(output.read_line(&mut line).await.expect("it is readable"), 0);
        });
    }
}
