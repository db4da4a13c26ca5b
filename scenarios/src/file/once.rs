//! Owns programs that are started for one thing and end: a worker's for each execution, a set-up's, an invariant's.

use raceproof::Worker;
use raceproof::gate::Lease;
use raceproof::program::{Call, Pipes};
use raceproof::scenario::Result;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use super::race::{Program, Race};
use super::scenario::End;
use super::surroundings::{self, Environment};

/// The status with which a program says that it did nothing, or that a promise is broken.
pub(super) const REFUSED: i32 = 10;
/// Bytes of a line that are kept.
const LINE_BYTES_MAX: usize = 4 << 10;

/// Runs the program of `worker` to its end.
pub(super) async fn run(race: &Race, worker: &Worker, program: &Program) -> Result<End> {
    let environment = surroundings::of_worker(race, worker, Lease::Execution).await?;
    let mut running = of(race, program, environment).start(Pipes::Silent)?;
    if let Some(process) = running.process() {
        worker.runs_in(process);
    }
    let line = match running.output() {
        Some(output) => last_line(output).await,
        None => String::new(),
    };
    match running.end().await?.code() {
        Some(0) => Ok(End::Ok(line)),
        Some(REFUSED) => Ok(End::Refused(line)),
        code => {
            let words = running.last_words().unwrap_or(line);
            Err(format!("the program ended {}: {words}", told(code)).into())
        }
    }
}

/// Runs a program past the gate; its status, and the last line that it wrote (of its errors if it wrote none).
pub(super) async fn call(
    race: &Race,
    program: &Program,
    environment: Environment,
) -> std::result::Result<(Option<i32>, String), String> {
    let unstarted = |error: std::io::Error| format!("the program could not be run: {error}");
    let mut running = of(race, program, environment).start(Pipes::Silent).map_err(unstarted)?;
    let line = match running.output() {
        Some(output) => last_line(output).await,
        None => String::new(),
    };
    let code = running.end().await.map_err(unstarted)?.code();
    let is_silent = line.is_empty() || !matches!(code, Some(0 | REFUSED));
    let words = running.last_words().filter(|_| is_silent);
    Ok((code, words.unwrap_or(line)))
}

/// The call of `program` with these variables beside its own.
pub(super) fn of(race: &Race, program: &Program, mut environment: Environment) -> Call {
    environment.extend(program.environment.clone());
    Call { words: program.words.clone(), folder: race.folder.clone(), environment }
}

/// How a program ended: `with status 1`, `by a signal`.
pub(super) fn told(code: Option<i32>) -> String {
    code.map_or_else(|| "by a signal".to_owned(), |code| format!("with status {code}"))
}

/// The last line of a stream that is not empty, when the stream is at its end.
async fn last_line(stream: impl AsyncRead + Unpin) -> String {
    let (mut reader, mut line, mut last) = (BufReader::new(stream), Vec::new(), String::new());
    while matches!(reader.read_until(b'\n', &mut line).await, Ok(read) if read > 0) {
        line.truncate(LINE_BYTES_MAX);
        let text = String::from_utf8_lossy(&line);
        if !text.trim().is_empty() {
            last = text.trim().to_owned();
        }
        line.clear();
    }
    last
}
