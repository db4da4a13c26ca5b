//! Owns [`record`]: what a client and a store say to each other, seen from between them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What went over one connection, each way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) by_client: Vec<u8>,
    pub(crate) by_store: Vec<u8>,
}

type Copying = JoinHandle<Vec<u8>>;

/// Has `talk` speak with a port behind which is `upstream` (host and port), and gives what went over each of its connections, in the
/// order in which it has made them.
pub(crate) fn record(upstream: &str, talk: impl FnOnce(u16)) -> io::Result<Vec<Said>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (address, is_over) = (listener.local_addr()?, Arc::new(AtomicBool::new(false)));
    let connections: Arc<Mutex<Vec<(Copying, Copying)>>> = Arc::default();
    let (seen, over, upstream) = (Arc::clone(&connections), Arc::clone(&is_over), upstream.to_owned());
    let accepting = thread::spawn(move || {
        for client in listener.incoming() {
            if over.load(Ordering::SeqCst) {
                return;
            }
            let client = client.expect("a client");
            let store = TcpStream::connect(&upstream).expect("the store listens");
            seen.lock()
                .expect("no one panics with it")
                .push((copying(&client, &store), copying(&store, &client)));
        }
    });
    talk(address.port());
    is_over.store(true, Ordering::SeqCst);
    // It looks whether all is over when somebody comes.
    drop(TcpStream::connect(address)?);
    accepting.join().expect("it does not panic");
    let connections = std::mem::take(&mut *connections.lock().expect("no one panics with it"));
    let joined = |copying: Copying| copying.join().expect("it does not panic");
    let said = |(by_client, by_store)| Said { by_client: joined(by_client), by_store: joined(by_store) };
    Ok(connections.into_iter().map(said).collect())
}

/// Hands on what comes, and keeps it, until one side ends.
fn copying(from: &TcpStream, to: &TcpStream) -> Copying {
    let clone = |stream: &TcpStream| stream.try_clone().expect("the system has a descriptor to spare");
    let (mut from, mut to) = (clone(from), clone(to));
    thread::spawn(move || {
        let (mut kept, mut bytes) = (Vec::new(), [0; 1 << 16]);
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            kept.extend_from_slice(&bytes[..length]);
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
        kept
    })
}
