//! Owns the way from an [`Address`] to bytes; what is said over it is the business of each kind of store.

use std::io;

use tokio::net::{TcpStream, UnixStream};

use super::Address;
use crate::gate::Stream;

/// Connects to wherever the server is.
pub(super) async fn connect(address: &Address) -> io::Result<Stream> {
    match address {
        Address::Unix(path) => Ok(Stream::Unix(UnixStream::connect(path).await?)),
        Address::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            Ok(Stream::Tcp(stream))
        }
    }
}
