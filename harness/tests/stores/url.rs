//! Owns the proof that servers named by URL are touched only where that is allowed; the servers are our own.

use crate::support::{options, query, start, use_redis};
use raceproof::store::{Address, Needs, ProviderChoice, Server, StoreError, StoreOptions, Stores};

fn host_of(server: &Server) -> String {
    match &server.tcp {
        Some(tcp @ Address::Tcp { .. }) => tcp.to_string(),
        other => panic!("no TCP address: {other:?}"),
    }
}

fn redis_url(server: &Server, rest: &str) -> String {
    format!("redis://{}{rest}", host_of(server))
}

fn postgres_url(server: &Server) -> String {
    let password = server.password.as_deref().unwrap();
    format!("postgres://postgres:{password}@{}/postgres", host_of(server))
}

fn of_redis(url: String) -> StoreOptions {
    StoreOptions { redis_url: Some(url), disposable: true, ..options(ProviderChoice::Url, Needs::REDIS) }
}

fn of_postgres(url: String) -> StoreOptions {
    StoreOptions {
        postgres_url: Some(url),
        disposable: true,
        ..options(ProviderChoice::Url, Needs::POSTGRES)
    }
}

async fn keys(server: &Server, database: i64) -> u64 {
    let other = Server { database: database.to_string(), ..server.clone() };
    let client = redis::Client::open(other.redis_info()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("DBSIZE").query_async(&mut connection).await.unwrap()
}

#[tokio::test]
async fn a_url_without_the_word_disposable_is_refused() {
    let wanted = StoreOptions { disposable: false, ..of_redis("redis://127.0.0.1:1".to_owned()) };
    let error = Stores::start(&wanted).await.unwrap_err();
    assert!(matches!(error, StoreError::NotDisposable), "{error:?}");
}

#[tokio::test]
async fn a_redis_database_that_holds_keys_is_refused_and_untouched() {
    let host = start(ProviderChoice::Local, Needs::REDIS).await;
    let server = host.redis().unwrap();
    use_redis(server).await;
    let error = Stores::start(&of_redis(redis_url(server, "/0"))).await.unwrap_err();
    assert!(matches!(error, StoreError::NotEmpty { .. }), "{error:?}");
    assert_eq!(keys(server, 0).await, 1);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_redis_url_without_a_number_gets_the_first_empty_database_and_leaves_it_empty() {
    let host = start(ProviderChoice::Local, Needs::REDIS).await;
    let server = host.redis().unwrap();
    use_redis(server).await;
    let guest = Stores::start(&of_redis(redis_url(server, ""))).await.unwrap();
    let used = guest.redis().unwrap();
    assert!(used.database == "1" && used.confined, "{used:?}");
    use_redis(used).await;
    assert_eq!(keys(server, 1).await, 1);
    guest.stop().await.unwrap();
    assert_eq!((keys(server, 0).await, keys(server, 1).await), (1, 0));
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_redis_without_an_empty_database_is_refused() {
    let host = start(ProviderChoice::Local, Needs::REDIS).await;
    let server = host.redis().unwrap();
    for number in 0..16 {
        use_redis(&Server { database: number.to_string(), ..server.clone() }).await;
    }
    let error = Stores::start(&of_redis(redis_url(server, ""))).await.unwrap_err();
    assert!(matches!(error, StoreError::NotEmpty { .. }), "{error:?}");
    host.stop().await.unwrap();
}

const DATABASES: &str =
    "SELECT count(*)::text FROM pg_database WHERE starts_with(datname::text, 'raceproof_')";

#[tokio::test]
async fn a_postgres_gets_a_database_of_ours_that_goes_again() {
    let host = start(ProviderChoice::Local, Needs::POSTGRES).await;
    let server = host.postgres().unwrap();
    let guest = Stores::start(&of_postgres(postgres_url(server))).await.unwrap();
    let used = guest.postgres().unwrap();
    assert!(used.confined && used.database == format!("raceproof_{}", guest.run()), "{used:?}");
    assert_eq!(query(used, "SELECT current_database()::text").await, used.database);
    assert_eq!(query(server, DATABASES).await, "1");
    assert!(!format!("{guest:?}").contains(server.password.as_deref().unwrap()));
    guest.stop().await.unwrap();
    assert_eq!(query(server, DATABASES).await, "0");
    host.stop().await.unwrap();
}

/// A database whose run is gone is dropped by the next run; one that is not ours stays, whatever its name.
#[tokio::test]
async fn an_abandoned_database_of_ours_is_dropped_and_a_strangers_is_not() {
    let host = start(ProviderChoice::Local, Needs::POSTGRES).await;
    let server = host.postgres().unwrap();
    let guest = Stores::start(&of_postgres(postgres_url(server))).await.unwrap();
    let mark = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = ";
    let mark = query(server, &format!("{mark}'{}'", guest.postgres().unwrap().database)).await;
    let abandoned = mark.replace(guest.run(), "no-such-run");
    let (client, connection) = server.postgres_config().connect(tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    for (name, comment) in
        [("raceproof_abandoned", abandoned.as_str()), ("raceproof_of_a_stranger", "precious")]
    {
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        client.batch_execute(&format!("COMMENT ON DATABASE {name} IS '{comment}'")).await.unwrap();
    }
    drop(client);
    connection.await.unwrap().unwrap();

    let next = Stores::start(&of_postgres(postgres_url(server))).await.unwrap();
    let names = "SELECT string_agg(datname::text, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'raceproof%'";
    let names = query(server, names).await;
    let still: std::collections::BTreeSet<_> = names.split(' ').collect();
    let expected = [&guest, &next].map(|stores| stores.postgres().unwrap().database.as_str());
    assert_eq!(still, expected.into_iter().chain(["raceproof_of_a_stranger"]).collect());
    next.stop().await.unwrap();
    guest.stop().await.unwrap();
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_without_the_password() {
    let postgres = of_postgres("postgres://u:hush@127.0.0.1:1/d".to_owned());
    let redis = of_redis("redis://:hush@127.0.0.1:1".to_owned());
    for wanted in [postgres, redis] {
        let error = Stores::start(&wanted).await.unwrap_err();
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
        let told = error.to_string();
        assert!(!format!("{error:?} {told}").contains("hush"));
        assert_eq!(told.matches("Connection refused").count(), 1, "{told}");
    }
}
