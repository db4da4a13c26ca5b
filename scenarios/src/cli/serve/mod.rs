//! Owns `raceproof serve`: a server on loopback that shows past runs until a signal ends it. What it answers is [`site`]'s business.
//!
//! It stays small on purpose: it only reads, only from the folder that it was given, only for whoever asks for it by a name of this machine, one
//! request for each connection, each with a time limit, so many at once.

mod runs;
mod site;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use raceproof::interrupt::Interrupt;
use raceproof_reports::Folder;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::site::Site;
use super::args::ServeArgs;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::report::browse;

/// Most connections at once; more wait until one has ended.
const CONNECTIONS_MAX: usize = 32;
/// How long a request and its answer may take.
const CONNECTION_S_MAX: u64 = 30;
/// How long the head of a request may take.
const HEAD_S_MAX: u64 = 5;
/// The largest head of a request.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Shows the runs of a folder until a signal comes.
pub(super) fn serve(args: &ServeArgs, output: &mut Output) -> Result<Exit, Failure> {
    let folder = args.folder.clone().unwrap_or_else(|| Folder::default_in(Path::new(".")).path().to_owned());
    std::fs::read_dir(&folder).map_err(|source| Failure::RunsUnreadable { path: folder.clone(), source })?;
    let interrupt = Interrupt::install().map_err(Failure::Signals)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(raceproof::Error::Runtime)?;
    runtime.block_on(async {
        let failed = |source| Failure::Port { port: args.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let url = format!("http://{address}/");
        output.result(&format!("{url}\n"));
        output.note(&format!("showing the runs in `{}` until Ctrl-C", folder.display()));
        if args.open {
            browse(&url).map_err(|source| Failure::NoBrowser { page: url, source })?;
        }
        let site = Arc::new(Mutex::new(Site::of(folder, address.port())));
        let signal = answer(&listener, &site, &interrupt).await;
        Ok(Exit::Interrupted(signal))
    })
}

/// Answers until a signal comes. What is not answered by then is dropped with its connection.
async fn answer(listener: &TcpListener, site: &Arc<Mutex<Site>>, interrupt: &Interrupt) -> i32 {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            signal = interrupt.wait() => return signal,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                // One that was gone before it was accepted is no reason to stop.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(timeout(Duration::from_secs(CONNECTION_S_MAX), connection(stream, Arc::clone(site))));
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, site: Arc<Mutex<Site>>) {
    let is_local = stream.peer_addr().is_ok_and(|peer: SocketAddr| peer.ip().is_loopback());
    if !is_local {
        return;
    }
    let answer = service_fn(|request: Request<Incoming>| {
        let answer = site.lock().expect("no answer panics").answer(&request);
        async { Ok::<Response<Full<Bytes>>, std::convert::Infallible>(answer) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(HEAD_S_MAX));
    builder.keep_alive(false).max_buf_size(HEAD_BYTES_MAX);
    // A browser that goes away in the middle is its own business.
    let _ = builder.serve_connection(TokioIo::new(stream), answer).await;
}
