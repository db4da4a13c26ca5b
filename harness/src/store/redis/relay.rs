//! Owns [`Relay`]: what stands between a server and its replica and holds back what the one tells the other. It counts
//! bytes and understands none of them.
//!
//! It lives on threads of its own, so that what a replica says at times of its choosing is nothing that the run's own
//! thread has to look at.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::store::Address;

const CHUNK_BYTES: usize = 16 << 10;

/// A loopback port at which a replica finds its server.
#[derive(Debug)]
pub(super) struct Relay {
    port: u16,
    link: Arc<Link>,
}

/// What all threads of a relay share.
#[derive(Debug, Default)]
struct Link {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Whether replicas are let in.
    is_open: bool,
    /// Whether the relay is being dropped.
    is_over: bool,
    /// Counts the connections; threads of an earlier one have nothing to say any more.
    connection: u64,
    /// Both ends of the present one.
    ends: Option<(TcpStream, Wire)>,
    /// What has come from the server and has not been passed on.
    waiting: VecDeque<u8>,
    /// Bytes that were passed on to the replica.
    passed: u64,
    /// Most bytes that may be; `None` lets all through.
    passed_max: Option<u64>,
}

impl Relay {
    /// A closed relay to the server at `address`.
    pub(super) fn start(address: &Address) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let link = Arc::new(Link::default());
        let (shared, address) = (Arc::clone(&link), address.clone());
        thread::Builder::new().name("raceproof-relay".to_owned()).spawn(move || {
            for replica in listener.incoming() {
                if shared.state().is_over {
                    return;
                }
                // A link that cannot be made is one that the replica finds closed.
                let _closed = replica.and_then(|replica| shared.connect(replica, &address));
            }
        })?;
        Ok(Self { port, link })
    }

    /// Where a replica is to connect, on this machine's loopback interface.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Lets replicas in, and everything through.
    pub(super) fn open(&self) {
        let mut state = self.link.state();
        (state.is_open, state.passed_max) = (true, None);
        self.link.moved.notify_all();
    }

    /// Holds back what comes from here on.
    pub(super) fn hold(&self) {
        let mut state = self.link.state();
        state.passed_max = Some(state.passed);
    }

    /// Lets `bytes` more through.
    pub(super) fn let_through(&self, bytes: u64) {
        let mut state = self.link.state();
        state.passed_max = state.passed_max.map(|most| most + bytes);
        self.link.moved.notify_all();
    }

    /// Ends the link, and lets nobody in.
    pub(super) fn cut(&self) {
        let mut state = self.link.state();
        state.is_open = false;
        state.disconnect();
        self.link.moved.notify_all();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.link.state().is_over = true;
        self.cut();
        // Whoever waits for replicas looks up.
        let _refused = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl State {
    fn disconnect(&mut self) {
        self.connection += 1;
        self.waiting.clear();
        if let Some((replica, server)) = self.ends.take() {
            // They may be closed already.
            let _closed = replica.shutdown(Shutdown::Both);
            server.shut_down();
        }
    }
}

impl Link {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ties `replica` to the server. A replica that comes again has lost its last link.
    fn connect(self: &Arc<Self>, replica: TcpStream, address: &Address) -> io::Result<()> {
        if !self.state().is_open {
            return Ok(());
        }
        replica.set_nodelay(true)?;
        let server = Wire::connect(address)?;
        let (from_replica, to_replica) = (replica.try_clone()?, replica.try_clone()?);
        let (from_server, to_server) = (server.try_clone()?, server.try_clone()?);
        let number = {
            let mut state = self.state();
            state.disconnect();
            state.ends = Some((replica, server));
            state.connection
        };
        let [reader, writer] = [(); 2].map(|()| Arc::clone(self));
        spawn(move || reader.gather(number, from_server))?;
        spawn(move || writer.pass_on(number, to_replica))?;
        spawn(move || copy(from_replica, to_server))
    }

    /// Takes what the server says.
    fn gather(&self, number: u64, mut server: impl Read) {
        let mut chunk = [0; CHUNK_BYTES];
        while let Ok(read @ 1..) = server.read(&mut chunk) {
            let mut state = self.state();
            if state.connection != number {
                return;
            }
            state.waiting.extend(&chunk[..read]);
            self.moved.notify_all();
        }
    }

    /// Passes on what may be.
    fn pass_on(&self, number: u64, mut replica: impl Write) {
        loop {
            let chunk: Vec<u8> = {
                let mut state = self.state();
                loop {
                    if state.connection != number {
                        return;
                    }
                    let most = state.passed_max.map_or(u64::MAX, |most| most - state.passed);
                    let allowed = usize::try_from(most).unwrap_or(usize::MAX).min(state.waiting.len());
                    if allowed > 0 {
                        state.passed += allowed as u64;
                        break state.waiting.drain(..allowed).collect();
                    }
                    state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            };
            if replica.write_all(&chunk).is_err() {
                return;
            }
        }
    }
}

fn spawn(body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("raceproof-relay".to_owned()).spawn(body).map(drop)
}

/// What a replica says reaches its server at once.
fn copy(mut from: impl Read, mut to: impl Write) {
    let mut chunk = [0; CHUNK_BYTES];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        if to.write_all(&chunk[..read]).is_err() {
            return;
        }
    }
}

/// A connection to a server.
#[derive(Debug)]
enum Wire {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Wire {
    fn connect(address: &Address) -> io::Result<Self> {
        match address {
            Address::Unix(path) => UnixStream::connect(path).map(Self::Unix),
            Address::Tcp { host, port } => TcpStream::connect((host.as_str(), *port)).map(Self::Tcp),
        }
    }

    fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
        }
    }

    fn shut_down(&self) {
        // It may be closed already.
        let _closed = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that is a listener of this test, and a replica that is a connection of it.
    fn linked() -> (Relay, TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let relay = Relay::start(&Address::loopback(listener.local_addr().unwrap().port())).unwrap();
        relay.open();
        let replica = TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).unwrap();
        let (server, _) = listener.accept().unwrap();
        (relay, server, replica)
    }

    #[test]
    fn held_bytes_pass_only_as_far_as_they_are_let() {
        let (relay, mut server, mut replica) = linked();
        let mut three = [0; 3];
        server.write_all(b"one").unwrap();
        replica.read_exact(&mut three).unwrap();
        relay.hold();
        server.write_all(b"two and more").unwrap();
        relay.let_through(3);
        replica.read_exact(&mut three).unwrap();
        assert_eq!(&three, b"two");
        replica.write_all(b"ack").unwrap();
        server.read_exact(&mut three).unwrap();
        assert_eq!(&three, b"ack");
        relay.cut();
        let mut rest = Vec::new();
        replica.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"");
    }

    #[test]
    fn closed_relay_lets_nobody_in() {
        let (relay, _server, _replica) = linked();
        relay.cut();
        let mut late = TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).unwrap();
        assert_eq!(late.read(&mut [0; 1]).unwrap(), 0);
    }
}
