//! Owns a database of our own on a PostgreSQL that the user names; nothing else there is touched.
//!
//! The database carries a comment that says which run made it, so that one left by a killed run is found and dropped by
//! the next run that is given the same server.

use std::path::Path;

use tokio_postgres::config::{Config, Host, SslMode};

use super::super::custody::{Custody, block_on};
use super::super::ready::{self, connect_postgres, with_sources};
use super::super::run_folder::{lock_is_free, lock_of};
use super::super::{Address, Processes, Server, ServerClock, StoreError, machine};
use super::{ANSWER_MS_MAX, unusable};

pub(super) const PREFIX: &str = "raceproof_";

pub(super) async fn start(url: &str, custody: &Custody) -> Result<Server, StoreError> {
    let mut server = parse(url)?;
    let config = server.postgres_config();
    let question = ready::ask_postgres(&config, None);
    server.version = ready::at_once("PostgreSQL", &server.address, ANSWER_MS_MAX, question).await?;
    let client = connect_postgres(&config).await.map_err(refused("connect"))?;
    drop_abandoned(&client).await?;
    let name = format!("{PREFIX}{}", custody.run());
    let place = format!("{name} on {}", server.address);
    custody.hold_database(OwnDatabase { config, name: name.clone(), place })?;
    execute(&client, &format!("CREATE DATABASE {name}")).await?;
    let comment = Mark::of(custody).to_string().replace('\'', "''");
    execute(&client, &format!("COMMENT ON DATABASE {name} IS '{comment}'")).await?;
    server.database = name;
    Ok(server)
}

/// A database that we made.
pub(crate) struct OwnDatabase {
    config: Config,
    name: String,
    place: String,
}

impl OwnDatabase {
    /// Its name and server, without a password.
    pub(crate) fn place(&self) -> String {
        self.place.clone()
    }

    /// Drops it, with whoever is still connected. It blocks, and wants a thread of its own.
    pub(crate) fn remove(self) -> Result<(), String> {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let result =
            block_on(async { connect_postgres(&self.config).await?.batch_execute(&statement).await });
        let result = result
            .map_err(|error| error.to_string())
            .and_then(|result| result.map_err(|error| with_sources(&error)));
        result.map_err(|error| format!("database {}: {error}", self.place))
    }
}

/// What a database's comment says of its owner.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    machine: String,
    lock: String,
}

impl Mark {
    fn of(custody: &Custody) -> Self {
        Self { machine: machine::machine(), lock: lock_of(custody.folder()).display().to_string() }
    }

    fn parse(comment: &str) -> Option<Self> {
        let (machine, lock) = comment.strip_prefix("made by raceproof on ")?.split_once(" under ")?;
        Some(Self { machine: machine.to_owned(), lock: lock.to_owned() })
    }

    fn is_abandoned(&self) -> bool {
        self.machine == machine::machine() && lock_is_free(Path::new(&self.lock))
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "made by raceproof on {} under {}", self.machine, self.lock)
    }
}

/// Drops what runs of this machine left that are gone.
async fn drop_abandoned(client: &tokio_postgres::Client) -> Result<(), StoreError> {
    let question = "SELECT datname::text, shobj_description(oid, 'pg_database') FROM pg_database \
                    WHERE starts_with(datname::text, $1)";
    let rows = client.query(question, &[&PREFIX]).await.map_err(refused(question))?;
    for row in rows {
        let (name, comment): (String, Option<String>) = (row.get(0), row.get(1));
        if comment.as_deref().and_then(Mark::parse).is_some_and(|mark| mark.is_abandoned()) {
            let name = name.replace('"', "\"\"");
            execute(client, &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")).await?;
        }
    }
    Ok(())
}

async fn execute(client: &tokio_postgres::Client, statement: &str) -> Result<(), StoreError> {
    client.batch_execute(statement).await.map_err(refused(statement))
}

/// The server as the client's own parser sees it.
fn parse(url: &str) -> Result<Server, StoreError> {
    let form = "write `postgres://user:password@host:port/database`";
    let config: Config =
        url.parse().map_err(|error| unusable(url, format!("{} ({form})", with_sources(&error))))?;
    if matches!(config.get_ssl_mode(), SslMode::Require) {
        return Err(unusable(url, "TLS is not supported yet (use `sslmode=prefer` or `disable`)"));
    }
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let address = match config.get_hosts() {
        [Host::Tcp(host)] => Address::Tcp { host: host.clone(), port },
        [Host::Unix(folder)] => Address::Unix(folder.join(format!(".s.PGSQL.{port}"))),
        _ => return Err(unusable(url, format!("it must name one host ({form})"))),
    };
    let password = config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let user = config.get_user().unwrap_or("postgres");
    Ok(Server {
        tcp: matches!(address, Address::Tcp { .. }).then(|| address.clone()),
        address,
        user: Some(user.to_owned()),
        password,
        database: config.get_dbname().unwrap_or(user).to_owned(),
        version: String::new(),
        confined: true,
        processes: Processes::None,
        power: None,
        clock: ServerClock::not_asked(),
    })
}

fn refused(command: &str) -> impl FnOnce(tokio_postgres::Error) -> StoreError {
    move |error| StoreError::Command {
        store: "PostgreSQL",
        command: command.to_owned(),
        source: with_sources(&error).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_gives_its_parts() {
        let server = parse("postgres://u:p@h:7/d").unwrap();
        assert_eq!(server.address.to_string(), "h:7");
        assert_eq!((server.user.as_deref(), server.password.as_deref()), (Some("u"), Some("p")));
        assert!(server.database == "d" && server.confined);
    }

    #[test]
    fn a_socket_folder_gives_the_socket() {
        let server = parse("postgres://u@%2Frun%2Fpg:7/d").unwrap();
        assert_eq!(server.address, Address::Unix("/run/pg/.s.PGSQL.7".into()));
    }

    #[test]
    fn tls_and_several_hosts_are_refused() {
        for url in ["postgres://h/d?sslmode=require", "postgres://a,b/d", "postgres:///d", "nonsense"] {
            assert!(parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_mark_round_trips() {
        let mark = Mark { machine: "ab".to_owned(), lock: "/tmp/with under it/lock".to_owned() };
        assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
        assert_eq!(Mark::parse("a database of somebody"), None);
    }
}
