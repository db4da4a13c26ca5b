//! Owns [`Pump`]: the least that anything between a client and a store does. It reads and writes, and understands nothing.

use std::thread;

use raceproof::store::Address;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::oneshot;

use crate::Failure;

/// A thread that hands bytes on, as the gate of one worker does on its thread. It ends when this is dropped.
pub(crate) struct Pump {
    pub(crate) address: Address,
    _end: oneshot::Sender<()>,
}

impl Pump {
    /// Listens before the store at `address`.
    pub(crate) fn before(address: &Address) -> Result<Self, Failure> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let here = Address::Tcp { host: "127.0.0.1".to_owned(), port: listener.local_addr()?.port() };
        let (end, ended) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let address = address.clone();
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("it does not block");
                tokio::select! {
                    () = accept(&listener, &address) => {}
                    _ = ended => {}
                }
            });
        });
        Ok(Self { address: here, _end: end })
    }
}

async fn accept(listener: &TcpListener, address: &Address) {
    while let Ok((client, _)) = listener.accept().await {
        client.set_nodelay(true).expect("it is connected");
        match address {
            Address::Unix(path) => pump(client, UnixStream::connect(path).await),
            Address::Tcp { host, port } => pump(client, TcpStream::connect((host.as_str(), *port)).await),
        }
    }
}

fn pump(mut client: TcpStream, store: std::io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static>) {
    let mut store = store.expect("the store listens");
    tokio::spawn(async move {
        // Either side ends it.
        let _ = copy_bidirectional(&mut client, &mut store).await;
    });
}
