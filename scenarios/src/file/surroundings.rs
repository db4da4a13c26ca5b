//! Owns the environment of programs: how they find their stores, and who they are.

use std::collections::BTreeMap;
use std::io;

use raceproof::Worker;
use raceproof::gate::Lease;
use raceproof::store::{postgres, redis};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::race::Race;

/// Variables by name.
pub(super) type Environment = BTreeMap<String, String>;

/// What a program of `worker` finds: its stores through the gate, and who it is.
pub(super) async fn of_worker(race: &Race, worker: &Worker, lease: Lease) -> io::Result<Environment> {
    let mut environment = through_gate(&race.stores, worker, lease).await?;
    environment.insert("RACEPROOF_WORKER".to_owned(), worker.id().to_string());
    environment.insert("RACEPROOF_INDEX".to_owned(), worker.index().to_string());
    environment.insert("RACEPROOF_WORKERS".to_owned(), worker.workers().to_string());
    Ok(environment)
}

/// The stores through the gate.
pub(super) async fn through_gate(
    stores: &[String],
    worker: &Worker,
    lease: Lease,
) -> io::Result<Environment> {
    let mut urls = Vec::new();
    for store in [postgres::NAME, redis::NAME] {
        if stores.iter().any(|known| known == store) {
            urls.push((store, worker.leased_url(store, lease).await?));
        }
    }
    Ok(of_urls(&urls))
}

/// `DATABASE_URL` and `PG*` for a Postgres, `REDIS_URL`, `REDIS_HOST` and `REDIS_PORT` for a Redis.
pub(super) fn of_urls(urls: &[(&str, String)]) -> Environment {
    // What is written to a pipe comes at once.
    let mut environment = Environment::from([("PYTHONUNBUFFERED".to_owned(), "1".to_owned())]);
    for (store, url) in urls {
        let variables = if *store == postgres::NAME { of_postgres(url) } else { of_redis(url) };
        environment.extend(variables.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    environment
}

fn of_postgres(url: &str) -> Vec<(&'static str, String)> {
    let config: Config = url.parse().expect("we have made this URL");
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let host = config.get_hosts().first().map_or_else(String::new, |host| match host {
        Host::Tcp(host) => host.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    });
    let port = config.get_ports().first().map_or_else(String::new, ToString::to_string);
    let password = config.get_password().map(|password| String::from_utf8_lossy(password).into_owned());
    vec![
        ("DATABASE_URL", url.to_owned()),
        ("PGHOST", host),
        ("PGPORT", port),
        ("PGUSER", text(config.get_user())),
        ("PGPASSWORD", password.unwrap_or_default()),
        ("PGDATABASE", text(config.get_dbname())),
        ("PGSSLMODE", "disable".to_owned()),
        // Nobody needs it over loopback, and asking for it is a round trip.
        ("PGGSSENCMODE", "disable".to_owned()),
    ]
}

/// `redis://[user:password@]host:port/number`, as we write it.
fn of_redis(url: &str) -> Vec<(&'static str, String)> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let server = rest.split('/').next().unwrap_or_default();
    let address = server.rsplit_once('@').map_or(server, |(_, address)| address);
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    vec![("REDIS_URL", url.to_owned()), ("REDIS_HOST", host.to_owned()), ("REDIS_PORT", port.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_become_what_clients_look_for() {
        let environment = of_urls(&[
            ("postgres", "postgres://me:p%40ss@127.0.0.1:5433/race".to_owned()),
            ("redis", "redis://127.0.0.1:6380/0".to_owned()),
        ]);
        let told = |name: &str| environment.get(name).map(String::as_str);
        assert_eq!(
            [told("PGHOST"), told("PGPORT"), told("PGUSER")],
            [Some("127.0.0.1"), Some("5433"), Some("me")]
        );
        assert_eq!([told("PGDATABASE"), told("PGPASSWORD")], [Some("race"), Some("p@ss")]);
        assert_eq!([told("REDIS_URL"), told("REDIS_PORT")], [Some("redis://127.0.0.1:6380/0"), Some("6380")]);
    }
}
