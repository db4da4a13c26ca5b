//! Owns [`Stream`]: the kinds of byte streams that the gate stands between.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// One end of a connection, to a client or to a store.
#[derive(Debug)]
pub enum Stream {
    /// A client in this process.
    InProcess(DuplexStream),
    /// A client or a store over loopback TCP.
    Tcp(TcpStream),
    /// A store on a unix socket.
    Unix(UnixStream),
}

impl Stream {
    /// Whether bytes pass through the kernel, so that what was written is seen only after a poll of the
    /// system.
    #[must_use]
    pub fn through_kernel(&self) -> bool {
        !matches!(self, Self::InProcess(_))
    }
}

/// A stream that belongs to no runtime, so that it can go from one thread to another.
#[derive(Debug)]
pub(crate) enum Loose {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream),
}

impl Stream {
    /// Takes it off its runtime.
    pub(crate) fn loosen(self) -> io::Result<Loose> {
        match self {
            Self::Tcp(stream) => Ok(Loose::Tcp(stream.into_std()?)),
            Self::Unix(stream) => Ok(Loose::Unix(stream.into_std()?)),
            Self::InProcess(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl Loose {
    /// Gives it to the runtime that runs here.
    pub(crate) fn fasten(self) -> io::Result<Stream> {
        match self {
            Self::Tcp(stream) => Ok(Stream::Tcp(TcpStream::from_std(stream)?)),
            Self::Unix(stream) => Ok(Stream::Unix(UnixStream::from_std(stream)?)),
        }
    }
}

macro_rules! each {
    ($self:expr, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::InProcess($stream) => $call,
            Stream::Tcp($stream) => $call,
            Stream::Unix($stream) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_read(context, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_shutdown(context))
    }
}
