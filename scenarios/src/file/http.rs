//! Owns one HTTP request to a port of this machine, and its response.

use std::net::Ipv4Addr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use raceproof::scenario::Result;
use tokio::net::TcpStream;

/// Bytes of a response's body that are read at most.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A request.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: String,
}

/// Status and body of the response. Each request has a connection of its own.
pub(super) async fn ask(port: u16, asked: Asked) -> Result<(u16, String)> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Its errors reach whoever waits for the response.
    tokio::spawn(async move { connection.await.unwrap_or_default() });
    let mut request =
        Request::builder().method(asked.method).uri(&asked.path).header("host", format!("127.0.0.1:{port}"));
    for (name, value) in &asked.headers {
        request = request.header(name, value);
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(asked.body)))?).await?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), BODY_BYTES_MAX).collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// Whether somebody listens there.
pub(super) async fn is_open(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok()
}
