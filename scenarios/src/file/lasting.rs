//! Owns workers whose program is started once and speaks JSON lines; `docs/scenario-file.md` has the protocol.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use raceproof::Worker;
use raceproof::gate::Lease;
use raceproof::program::{Pipes, Program};
use raceproof::scenario::Result;
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout};

use super::race::{self, Race};
use super::scenario::End;
use super::{once, surroundings};

/// The running programs, by the position of their workers.
#[derive(Default)]
struct Crew(Mutex<BTreeMap<usize, Arc<tokio::sync::Mutex<Lasting>>>>);

/// A program that is there.
struct Lasting {
    program: Program,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// How often it was told to run.
    runs: u64,
}

/// What a program says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Said {
    Ready(serde::de::IgnoredAny),
    Ok(serde_json::Value),
    Refused(serde_json::Value),
    Error(serde_json::Value),
}

/// Starts the program of `worker` and has it run once.
pub(super) async fn start(race: &Race, worker: &Worker, program: &race::Program) -> Result {
    let environment = surroundings::of_worker(race, worker, Lease::Search).await?;
    let mut running = once::of(race, program, environment).start(Pipes::Talking)?;
    if let Some(process) = running.process() {
        worker.runs_in(process);
    }
    let (input, output) = running.input().zip(running.output()).ok_or("it has no pipes")?;
    let mut lasting = Lasting { program: running, input, output: BufReader::new(output), runs: 0 };
    match lasting.hear().await? {
        Said::Ready(_) => {}
        Said::Ok(value) | Said::Refused(value) | Said::Error(value) => {
            return Err(format!("the program said `{value}` before it was `ready`").into());
        }
    }
    let crew = worker.kept(Crew::default);
    let lasting = Arc::new(tokio::sync::Mutex::new(lasting));
    crew.0.lock().unwrap_or_else(PoisonError::into_inner).insert(worker.index(), lasting);
    run(worker).await.map(drop)
}

/// Has the program of `worker` run once more.
pub(super) async fn run(worker: &Worker) -> Result<End> {
    let crew = worker.kept(Crew::default);
    let lasting = crew.0.lock().unwrap_or_else(PoisonError::into_inner).get(&worker.index()).cloned();
    let lasting = lasting.ok_or("its program was not started")?;
    let mut lasting = lasting.lock().await;
    if let Some(process) = lasting.program.process() {
        worker.runs_in(process);
    }
    match lasting.ask(worker).await? {
        Said::Ok(value) => Ok(End::Ok(text_of(&value))),
        Said::Refused(value) => Ok(End::Refused(text_of(&value))),
        Said::Error(value) => Err(text_of(&value).into()),
        Said::Ready(_) => Err("the program said `ready` when it was asked to run".into()),
    }
}

impl Lasting {
    async fn ask(&mut self, worker: &Worker) -> Result<Said> {
        self.runs += 1;
        let (name, index, workers) = (worker.id().to_string(), worker.index(), worker.workers());
        let asked = json!({ "run": self.runs, "worker": name, "index": index, "workers": workers });
        // One that has ended is told of when its answer is missing.
        let _ = self.input.write_all(format!("{asked}\n").as_bytes()).await;
        self.hear().await
    }

    /// What it says next; lines that are no object are its own affair.
    async fn hear(&mut self) -> Result<Said> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.output.read_line(&mut line).await? == 0 {
                let code = self.program.end().await?.code();
                let words = self.program.last_words().unwrap_or_default();
                return Err(format!("the program ended {}: {words}", once::told(code)).into());
            }
            if line.trim_start().starts_with('{') {
                let said = serde_json::from_str(&line);
                return said.map_err(|error| format!("the program said `{}`: {error}", line.trim()).into());
            }
        }
    }
}

/// A text as it is, nothing for null, everything else as JSON.
fn text_of(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}
