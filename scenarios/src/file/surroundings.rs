//! Owns the environment of programs: how they find their stores, and who they are.

use std::collections::BTreeMap;
use std::io;

use raceproof::Worker;
use raceproof::gate::Lease;
use raceproof::store::{postgres, redis};

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
    let mut environment = Environment::new();
    let mut set = |name: &str, value: &str| drop(environment.insert(name.to_owned(), value.to_owned()));
    // What is written to a pipe comes at once.
    set("PYTHONUNBUFFERED", "1");
    for (store, url) in urls {
        let Parts { user, password, host, port, database } = Parts::of(url);
        if *store == postgres::NAME {
            set("DATABASE_URL", url);
            for (name, value) in [
                ("PGHOST", host),
                ("PGPORT", port),
                ("PGUSER", user),
                ("PGDATABASE", database),
                ("PGPASSWORD", password),
                ("PGSSLMODE", "disable"),
                // Nobody asks for it over loopback, and asking is a round trip.
                ("PGGSSENCMODE", "disable"),
            ] {
                set(name, value);
            }
        } else {
            set("REDIS_URL", url);
            set("REDIS_HOST", host);
            set("REDIS_PORT", port);
        }
    }
    environment
}

/// A URL that we have made.
struct Parts<'a> {
    user: &'a str,
    password: &'a str,
    host: &'a str,
    port: &'a str,
    database: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (server, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, address) = server.rsplit_once('@').unwrap_or(("", server));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
        Self { user, password, host, port, database }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_become_what_clients_look_for() {
        let environment = of_urls(&[
            ("postgres", "postgres://me:pass@127.0.0.1:5433/race".to_owned()),
            ("redis", "redis://127.0.0.1:6380/0".to_owned()),
        ]);
        let told = |name: &str| environment.get(name).map(String::as_str);
        assert_eq!(
            [told("PGHOST"), told("PGPORT"), told("PGUSER")],
            [Some("127.0.0.1"), Some("5433"), Some("me")]
        );
        assert_eq!([told("PGDATABASE"), told("PGPASSWORD")], [Some("race"), Some("pass")]);
        assert_eq!([told("REDIS_URL"), told("REDIS_PORT")], [Some("redis://127.0.0.1:6380/0"), Some("6380")]);
    }
}
