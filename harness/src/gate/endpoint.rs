//! Owns [`Endpoint`]: the loopback port at which any client of one worker, or of a program that several share, reaches one
//! store.

use std::net::{Ipv4Addr, SocketAddr};
use std::task::{Context, Poll};

use tokio::net::{TcpListener, TcpStream};

use super::GateError;
use crate::id::WorkerId;

/// Whose the connections of an endpoint are, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// One worker's; they end with the execution.
    Execution,
    /// One worker's, whose program outlives executions; they stay open between two of them where nothing is under way.
    Search,
    /// A program's that works for several workers. They stay open as with [`Search`](Self::Search), and belong to the worker
    /// for whom the program uses them at the moment.
    Common,
}

impl Lease {
    /// Whether connections stay open when an execution ends.
    #[must_use]
    pub fn outlasts(self) -> bool {
        self != Self::Execution
    }
}

/// A listening port of one worker.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) worker: WorkerId,
    pub(crate) store: usize,
    pub(crate) lease: Lease,
    listener: TcpListener,
    address: SocketAddr,
}

impl Endpoint {
    /// Listens on a loopback port that the system picks.
    pub(crate) fn open(worker: WorkerId, store: usize, lease: Lease) -> Result<Self, GateError> {
        let listen = || {
            let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            // Nothing is congested on the loopback, and models of a network cost time. Without it the gate is slower and no less right.
            let _ = rustix::net::sockopt::set_tcp_congestion(&listener, "reno");
            let address = listener.local_addr()?;
            Ok((TcpListener::from_std(listener)?, address))
        };
        let (listener, address) = listen().map_err(GateError::Listen)?;
        Ok(Self { worker, store, lease, listener, address })
    }

    pub(crate) fn serves(&self, worker: WorkerId, store: usize, lease: Lease) -> bool {
        self.worker == worker && self.store == store && self.lease == lease
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
