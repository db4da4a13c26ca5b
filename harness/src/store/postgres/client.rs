//! Owns the Postgres clients that workers and set-ups are given.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{Client, Config, Error, NoTls};

use super::NAME;
use crate::store::connect::connect;
use crate::store::recording::Recording;
use crate::store::{Server, SetUp};
use crate::worker::Worker;

async fn client<S>(config: &Config, stream: S) -> Result<Client, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (client, driver) = config.connect_raw(stream, NoTls).await?;
    // An error of the connection reaches whoever waits for an answer on it.
    tokio::spawn(async move { driver.await.unwrap_or_default() });
    Ok(client)
}

impl Worker {
    /// A connection to Postgres through the gate, over an in-process stream. Each call opens another one.
    ///
    /// # Errors
    /// The connection could not be set up.
    pub async fn postgres(&self) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
        let config: Config = self.postgres_url().await?.parse()?;
        Ok(client(&config, self.stream(NAME)).await?)
    }

    /// The `postgres://` URL of this worker, for a client of its own that connects over TCP.
    ///
    /// # Errors
    /// The run has no Postgres, or the system gives no port.
    pub async fn postgres_url(&self) -> std::io::Result<String> {
        self.url(NAME).await
    }
}

impl SetUp {
    /// Opens the connection that set-ups use.
    pub(in crate::store) async fn open_postgres(
        &mut self,
        server: &Server,
        recording: &Recording,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let stream = recording.on(connect(&server.address).await?);
        self.postgres = Some(client(&server.postgres_config(), stream).await?);
        Ok(())
    }
}
