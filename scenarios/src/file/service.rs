//! Owns workers that are requests to a service, which is started once and works for all of them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use raceproof::Worker;
use raceproof::gate::Lease;
use raceproof::program::{Pipes, Program};
use raceproof::scenario::Result;

use super::race::{Race, Request};
use super::scenario::End;
use super::template::Values;
use super::{http, once, surroundings};

/// How long nobody asks again whether a service is ready.
const PAUSE: Duration = Duration::from_millis(20);
/// Characters of an answer that are told.
const TOLD_CHARACTERS_MAX: usize = 200;

/// The running services, by name.
#[derive(Default)]
struct Services(Mutex<BTreeMap<String, Arc<Running>>>);

struct Running {
    _program: Program,
    process: u32,
    port: u16,
}

/// Starts the service of `request` if it is not there, and sends the request once.
pub(super) async fn start(race: &Race, worker: &Worker, request: &Request, values: &Values) -> Result {
    if running(worker, request).is_err() {
        let service = begin(race, worker, request).await?;
        let services = worker.kept(Services::default);
        services
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(request.service.clone(), Arc::new(service));
    }
    take_turn(worker, request).await?;
    // What it answers is of no interest yet.
    let _ = send(worker, request, values).await;
    Ok(())
}

/// Waits until the service is at rest, so that what it does next is for this request.
pub(super) async fn take_turn(worker: &Worker, request: &Request) -> Result {
    worker.runs_in(running(worker, request)?.process);
    worker.alone().await;
    Ok(())
}

/// Sends the request and waits for the response.
pub(super) async fn send(worker: &Worker, request: &Request, values: &Values) -> Result<End> {
    let service = running(worker, request)?;
    let (path, body) = (request.path.plain(values)?, request.body.as_ref().map(|body| body.plain(values)));
    let asked = http::Asked {
        method: request.method.clone(),
        path,
        headers: request.headers.clone(),
        body: body.transpose()?.unwrap_or_default(),
    };
    let (status, body) = http::ask(service.port, asked).await?;
    let line: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(TOLD_CHARACTERS_MAX).collect();
    let told = format!("{status} {line}").trim_end().to_owned();
    match status {
        ..400 => Ok(End::Ok(told)),
        400..500 => Ok(End::Refused(told)),
        _ => Err(told.into()),
    }
}

fn running(worker: &Worker, request: &Request) -> Result<Arc<Running>> {
    let services = worker.kept(Services::default);
    let services = services.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(services.get(&request.service).cloned().ok_or("its service was not started")?)
}

/// Starts the service and waits until it is ready.
async fn begin(race: &Race, worker: &Worker, request: &Request) -> Result<Running> {
    let (name, service) = race.services.get_key_value(&request.service).ok_or("it is named in the file")?;
    let port = free_port()?;
    let mut environment = surroundings::through_gate(&race.stores, worker, Lease::Common).await?;
    environment.insert("PORT".to_owned(), port.to_string());
    let mut call = once::of(race, &service.program, environment);
    for word in &mut call.words {
        *word = word.replace("{port}", &port.to_string());
    }
    let mut program = call.start(Pipes::Silent)?;
    if let Some(output) = program.output() {
        // What it writes is of no interest, but must not fill the pipe.
        tokio::spawn(async move { tokio::io::copy(&mut { output }, &mut tokio::io::sink()).await });
    }
    let process = program.process().ok_or("it ended at once")?;
    worker.runs_in(process);
    loop {
        if program.ended()?.is_some() {
            let code = program.end().await?.code();
            let words = program.last_words().unwrap_or_default();
            return Err(format!("the service `{name}` ended {}: {words}", once::told(code)).into());
        }
        let is_ready = match &service.ready {
            None => http::is_open(port).await,
            Some(path) => {
                let asked = http::Asked { path: path.clone(), ..http::Asked::default() };
                http::ask(port, asked).await.is_ok_and(|(status, _)| status < 400)
            }
        };
        if is_ready {
            return Ok(Running { _program: program, process, port });
        }
        worker.real_sleep(PAUSE).await;
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
