//! Owns [`Endpoint`]: the loopback port at which any client of one worker reaches one store.

use std::net::{Ipv4Addr, SocketAddr};
use std::task::{Context, Poll};

use tokio::net::{TcpListener, TcpStream};

use super::GateError;
use crate::id::WorkerId;

/// A listening port of one worker.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) worker: WorkerId,
    pub(crate) store: usize,
    listener: TcpListener,
    address: SocketAddr,
}

impl Endpoint {
    /// Listens on a loopback port that the system picks.
    pub(crate) fn open(worker: WorkerId, store: usize) -> Result<Self, GateError> {
        let listen = || {
            let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok((TcpListener::from_std(listener)?, address))
        };
        let (listener, address) = listen().map_err(GateError::Listen)?;
        Ok(Self { worker, store, listener, address })
    }

    pub(crate) fn serves(&self, worker: WorkerId, store: usize) -> bool {
        self.worker == worker && self.store == store
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next client, if one is waiting.
    pub(crate) fn poll_accept(&mut self, context: &mut Context<'_>) -> Result<Option<TcpStream>, GateError> {
        match self.listener.poll_accept(context) {
            Poll::Pending => Ok(None),
            Poll::Ready(Ok((stream, _))) => {
                stream.set_nodelay(true).map_err(GateError::Listen)?;
                Ok(Some(stream))
            }
            Poll::Ready(Err(error)) => Err(GateError::Listen(error)),
        }
    }

    /// Closes the connections of clients that came too late for the last execution.
    pub(crate) fn turn_away(&mut self) {
        let mut context = Context::from_waker(std::task::Waker::noop());
        while let Poll::Ready(Ok(_late)) = self.listener.poll_accept(&mut context) {}
    }
}
