//! Owns the way to one running server: where it listens and what it asks to be let in.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Power, Processes, ServerClock};

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// A unix socket, as the path of the socket file itself. (Postgres clients want the folder: see
    /// [`Server::postgres_config`].)
    Unix(PathBuf),
    /// A host and a port.
    Tcp {
        /// A name or an address; stores that we start are always on `127.0.0.1`.
        host: String,
        /// The port.
        port: u16,
    },
}

impl Address {
    /// A port of this machine's loopback interface.
    pub(crate) fn loopback(port: u16) -> Self {
        Self::Tcp { host: "127.0.0.1".to_owned(), port }
    }

    /// `unix` or `tcp`, as records name it.
    #[must_use]
    pub fn transport(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Tcp { .. } => "tcp",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

/// A server that answered a command, and how to talk to it.
///
/// `Debug` does not print the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// The fastest way to it that works.
    pub address: Address,
    /// The same server over TCP, where it listens there too.
    pub tcp: Option<Address>,
    /// The user to log in as.
    pub user: Option<String>,
    /// That user's password.
    pub password: Option<String>,
    /// The logical database's number for Redis, the database's name for PostgreSQL.
    pub database: String,
    /// What the server says its version is.
    pub version: String,
    /// The server is shared with others, so only [`Self::database`] may be touched: no FLUSHALL, no CONFIG SET, no
    /// other database.
    pub confined: bool,
    /// Where its processes are, as far as they can be stopped and continued from here.
    pub processes: Processes,
    /// What ends its process and starts it again, where that can be done.
    pub power: Option<Power>,
    /// By which clock it lives.
    pub clock: ServerClock,
}

impl Server {
    /// A Redis of our own that listens at `address` and on the loopback `port`; its version is not known yet.
    pub(crate) fn new_redis(address: Address, port: u16) -> Self {
        Self {
            address,
            tcp: Some(Address::loopback(port)),
            user: None,
            password: None,
            database: "0".to_owned(),
            version: String::new(),
            confined: false,
            processes: Processes::None,
            power: None,
            clock: ServerClock::not_asked(),
        }
    }

    /// The URL, with this scheme, with which any client reaches this server over TCP; `None` if it does not listen there.
    #[must_use]
    pub fn url(&self, scheme: &str) -> Option<String> {
        let address = self.tcp.as_ref()?;
        let password = self.password.as_deref().map(|password| format!(":{}", percent_encoded(password)));
        let user =
            self.user.as_deref().map_or_else(String::new, percent_encoded) + &password.unwrap_or_default();
        let user = if user.is_empty() { user } else { format!("{user}@") };
        Some(format!("{scheme}://{user}{address}/{}", percent_encoded(&self.database)))
    }

    /// The settings with which tokio-postgres reaches this PostgreSQL.
    #[must_use]
    pub fn postgres_config(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.dbname(&self.database).application_name("raceproof");
        if let Some(user) = &self.user {
            config.user(user);
        }
        if let Some(password) = &self.password {
            config.password(password);
        }
        set_postgres_address(&mut config, &self.address);
        config
    }

    /// The settings with which the redis crate reaches this Redis.
    #[must_use]
    pub fn redis_info(&self) -> redis::ConnectionInfo {
        let mut settings = redis::RedisConnectionInfo::default()
            .set_db(self.database.parse().expect("a Redis database is a number that we formatted"));
        if let Some(user) = &self.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        let address = match &self.address {
            Address::Unix(path) => redis::ConnectionAddr::Unix(path.clone()),
            Address::Tcp { host, port } => redis::ConnectionAddr::Tcp(host.clone(), *port),
        };
        let info = redis::IntoConnectionInfo::into_connection_info(address);
        info.expect("an address is complete").set_redis_settings(settings)
    }
}

/// tokio-postgres wants a socket as folder and port, as the server names the file after its port.
fn set_postgres_address(config: &mut tokio_postgres::Config, address: &Address) {
    match address {
        Address::Unix(path) => {
            let port = path.extension().and_then(|port| port.to_str()?.parse().ok());
            config.host_path(path.parent().unwrap_or(path)).port(port.unwrap_or(5432));
        }
        Address::Tcp { host, port } => {
            config.host(host).port(*port);
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("tcp", &self.tcp)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("database", &self.database)
            .field("version", &self.version)
            .field("confined", &self.confined)
            .field("processes", &self.processes)
            .field("power", &self.power)
            .field("clock", &self.clock)
            .finish()
    }
}

/// What means nothing in a URL (RFC 3986: unreserved).
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A part of a URL with everything escaped that might mean something there.
pub(in crate::store) fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, &UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(address: Address) -> Server {
        Server {
            address,
            tcp: None,
            user: Some("me".to_owned()),
            password: Some("hush".to_owned()),
            database: "3".to_owned(),
            version: "15".to_owned(),
            confined: false,
            processes: Processes::None,
            power: None,
            clock: ServerClock::not_asked(),
        }
    }

    #[test]
    fn debug_shows_no_password() {
        assert!(!format!("{:?}", server(Address::loopback(1))).contains("hush"));
    }

    #[test]
    fn a_postgres_socket_becomes_folder_and_port() {
        let config = server(Address::Unix("/a/b/.s.PGSQL.1234".into())).postgres_config();
        assert_eq!(config.get_ports(), [1234]);
        assert!(matches!(config.get_hosts(), [tokio_postgres::config::Host::Unix(path)] if path == "/a/b"));
    }

    #[test]
    fn a_redis_address_keeps_its_database() {
        let info = server(Address::loopback(7)).redis_info();
        assert_eq!((info.redis_settings().db(), info.redis_settings().password()), (3, Some("hush")));
    }

    /// Whatever a password holds, a client reads the same.
    #[test]
    fn url_is_read_back_by_clients() {
        let tcp = Some(Address::loopback(7));
        let postgres =
            Server { password: Some("a/b@c:d?".to_owned()), tcp, ..server(Address::Unix("/a".into())) };
        let url = postgres.url("postgres").unwrap();
        let read: tokio_postgres::Config = url.parse().unwrap();
        assert_eq!((read.get_user(), read.get_dbname()), (Some("me"), Some("3")));
        assert_eq!(read.get_password(), Some("a/b@c:d?".as_bytes()));
        let redis = Server::new_redis(Address::loopback(1), 8);
        assert_eq!(redis.url("redis").as_deref(), Some("redis://127.0.0.1:8/0"));
        assert_eq!(server(Address::Unix("/a".into())).url("postgres"), None);
    }

    #[test]
    fn an_ipv6_address_is_bracketed() {
        assert_eq!(Address::Tcp { host: "::1".to_owned(), port: 5 }.to_string(), "[::1]:5");
    }

    #[test]
    fn names_in_urls_are_escaped() {
        assert_eq!(percent_encoded("raceproof_1-a.b~"), "raceproof_1-a.b~");
        assert_eq!(percent_encoded("a/b @ü"), "a%2Fb%20%40%C3%BC");
    }
}
