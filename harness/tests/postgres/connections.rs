//! Owns the proof that connections are opened as the client asked, are new after each use, and end when they should.

use bytes::BytesMut;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;
use std::time::Duration;

use raceproof::gate::{Backend, BackendError, DeadlockCheck};
use raceproof::store::postgres::PostgresBackend;
use raceproof::store::{ProviderChoice, Server};

use crate::support::{Bench, Heard, Wire, column, cut, run, startup};

/// The messages of a greeting.
fn heard(wire: &Wire) -> Vec<Heard> {
    let mut input = BytesMut::from(wire.upstream.greeting.as_ref());
    std::iter::from_fn(|| cut(&mut input)).collect()
}

fn tags(wire: &Wire) -> String {
    heard(wire).iter().map(|(tag, _)| char::from(*tag)).collect()
}

#[tokio::test]
async fn the_server_s_own_user_needs_no_password() {
    let mut bench = Bench::start().await;
    // Over TCP the server asks for one.
    let server = Server { address: bench.server.tcp.clone().unwrap(), ..bench.server.clone() };
    bench.backend = PostgresBackend::connect(server.clone()).await.unwrap();
    let opening = startup(&[("user", "postgres"), ("database", "postgres"), ("application_name", "shop")]);
    let mut wire = Wire::over(bench.backend.open(&opening).await.unwrap());
    let tags = tags(&wire);
    assert!(tags.starts_with("RS") && tags.ends_with("KZ"), "{tags}");
    assert_eq!(heard(&wire)[0].1.as_ref(), [0; 4]);
    assert_eq!(wire.query("SELECT pg_backend_pid()").await.unwrap(), [wire.key().to_string()]);
    assert_eq!(wire.query("SHOW application_name").await.unwrap(), ["shop"]);
    assert_eq!(wire.upstream.opening, opening);
    let wrong = Server { password: Some("wrong".to_owned()), ..server };
    let error = PostgresBackend::connect(wrong).await.unwrap_err();
    assert!(error.to_string().contains("password authentication failed"), "{error}");
    bench.stop().await;
}

/// All three kinds of password, the oldest first.
#[tokio::test]
async fn every_kind_of_password_is_understood() {
    let bench = Bench::start().await;
    let (client, _) = bench.client().await;
    let file = column(&client, "SHOW hba_file").await.remove(0);
    let tcp = |user: &str, password: &str| Server {
        address: bench.server.tcp.clone().unwrap(),
        user: Some(user.to_owned()),
        password: Some(password.to_owned()),
        ..bench.server.clone()
    };
    run(&client, "SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD 'hush'").await;
    run(&client, "SET password_encryption = 'scram-sha-256'; CREATE ROLE new LOGIN PASSWORD 'hush'").await;
    for (method, user) in [("password", "new"), ("md5", "old"), ("scram-sha-256", "new"), ("trust", "new")] {
        std::fs::write(&file, format!("local all all trust\nhost all all all {method}\n")).unwrap();
        // A new session has read what the server had read when it began.
        let read = async || column(&bench.client().await.0, "SELECT pg_conf_load_time()").await;
        let before = read().await;
        run(&client, "SELECT pg_reload_conf()").await;
        while read().await == before {}
        PostgresBackend::connect(tcp(user, "hush")).await.unwrap_or_else(|error| panic!("{method}: {error}"));
    }
    bench.stop().await;
}

#[tokio::test]
async fn another_user_proves_itself() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, "CREATE ROLE clerk LOGIN PASSWORD 'pencil'").await;
    let server = Server { address: bench.server.tcp.clone().unwrap(), ..bench.server.clone() };
    bench.backend = PostgresBackend::connect(server).await.unwrap();
    let opening = startup(&[("user", "clerk"), ("database", "postgres")]);
    let mut wire = Wire::over(bench.backend.open(&opening).await.unwrap());
    assert_eq!((tags(&wire).as_str(), wire.key()), ("R", 0));
    assert_eq!(heard(&wire)[0].1[..4], 10_u32.to_be_bytes());
    let mut scram = ScramSha256::new(b"pencil", ChannelBinding::unsupported());
    let mut bytes = BytesMut::new();
    frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut bytes).unwrap();
    wire.send(&bytes).await;
    scram.update(&wire.hear(b'R').await[0].1[4..]).unwrap();
    bytes.clear();
    frontend::sasl_response(scram.message(), &mut bytes).unwrap();
    wire.send(&bytes).await;
    let greeting = wire.hear(b'Z').await;
    let (_, key) = greeting.iter().find(|(tag, _)| *tag == b'K').unwrap();
    wire.upstream.key = u64::from(u32::from_be_bytes(key[..4].try_into().unwrap()));
    assert_eq!(wire.query("SELECT current_user").await.unwrap(), ["clerk"]);
    // Nobody else may have what this password has opened.
    let alive = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {}", wire.key());
    assert_eq!(column(&client, &alive).await, ["1"]);
    assert!(bench.backend.renew(vec![wire.upstream]).await.unwrap().is_empty());
    assert_eq!(column(&client, &alive).await, ["0"]);
    bench.stop().await;
}

#[tokio::test]
async fn what_the_server_refuses_the_client_hears() {
    let mut bench = Bench::start().await;
    for parameters in [
        &[("user", "nobody"), ("database", "postgres")][..],
        &[("user", "postgres"), ("database", "postgres"), ("no_such_setting", "1")],
    ] {
        let wire = Wire::over(bench.backend.open(&startup(parameters)).await.unwrap());
        assert_eq!((tags(&wire).chars().last(), wire.key()), (Some('E'), 0), "{parameters:?}");
    }
    let elsewhere = startup(&[("user", "postgres"), ("database", "template1")]);
    let error = bench.backend.open(&elsewhere).await.unwrap_err();
    assert!(
        matches!(&error, BackendError::Refused { answer, .. } if answer.contains("`template1`")),
        "{error}"
    );
    bench.stop().await;
}

/// Whatever a client can leave behind.
const LEFT: &str = "
    CREATE TEMPORARY TABLE left_behind (x int); PREPARE p AS SELECT 1; LISTEN channel; NOTIFY channel;
    SELECT pg_advisory_lock(5); SET search_path = nowhere; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY";

#[tokio::test]
async fn a_renewed_connection_is_like_a_new_one() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, "CREATE TABLE t (n int)").await;
    let (mut idle, mut open, mut failed, mut ended) =
        (bench.upstream().await, bench.upstream().await, bench.upstream().await, bench.upstream().await);
    idle.query(LEFT).await.unwrap();
    open.query("BEGIN; INSERT INTO t VALUES (1); DECLARE c CURSOR FOR SELECT 1").await.unwrap();
    failed.query("BEGIN").await.unwrap();
    failed.query("SELECT 1 / 0").await.unwrap_err();
    run(&client, &format!("SELECT pg_terminate_backend({}, 5000)", ended.key())).await;
    ended.hear(b'E').await;
    let keys = [idle.key(), open.key(), failed.key()];
    let all = [idle, open, failed, ended].map(|wire| wire.upstream).into();
    let renewed = bench.backend.renew(all).await.unwrap();
    assert_eq!(renewed.iter().map(|upstream| upstream.key).collect::<Vec<_>>(), keys);
    for upstream in renewed {
        let mut wire = Wire::over(upstream);
        assert!(!wire.upstream.greeting.is_empty());
        let look = "SELECT (SELECT count(*) FROM pg_prepared_statements) + (SELECT count(*) FROM pg_cursors)
            + (SELECT count(*) FROM pg_listening_channels()) + (SELECT count(*) FROM t)
            + (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')
            + (SELECT count(*) FROM pg_class WHERE relname = 'left_behind')";
        assert_eq!(wire.query(look).await.unwrap(), ["0"]);
        assert_eq!(wire.query("SHOW search_path").await.unwrap(), ["\"$user\", public"]);
        assert_eq!(wire.query("SHOW transaction_read_only").await.unwrap(), ["off"]);
        wire.query("BEGIN; ROLLBACK").await.unwrap();
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_forgotten_connection_has_undone_its_transaction() {
    let mut bench = Bench::start().await;
    let (client, _) = bench.client().await;
    run(&client, "CREATE TABLE t (n int)").await;
    for _ in 0..20 {
        let mut wire = bench.upstream().await;
        wire.query("BEGIN; INSERT INTO t SELECT generate_series(1, 100); LOCK TABLE t").await.unwrap();
        let key = wire.key();
        // A client that is gone, and one that waits for nothing in the world.
        wire.begin("SELECT pg_sleep(1000)").await;
        drop(wire);
        bench.backend.forget(key).await.unwrap();
        assert_eq!(column(&client, "SELECT count(*) FROM t").await, ["0"]);
    }
    // It may have ended long ago.
    bench.backend.forget(0).await.unwrap();
    bench.backend.forget(4_000_000).await.unwrap();
    bench.stop().await;
}

#[tokio::test]
async fn a_cancelled_request_ends() {
    let mut bench = Bench::start().await;
    let mut wire = bench.upstream().await;
    let (_, key) = heard(&wire).into_iter().find(|(tag, _)| *tag == b'K').unwrap();
    let secret = i32::from_be_bytes(key[4..8].try_into().unwrap());
    wire.begin("SELECT pg_sleep(1000)").await;
    let mut request = BytesMut::new();
    frontend::cancel_request(i32::try_from(wire.key()).unwrap(), secret, &mut request);
    let request = request.freeze();
    // A request that comes before the statement has begun ends nothing.
    let (client, _) = bench.client().await;
    let active =
        format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {} AND state = 'active'", wire.key());
    while column(&client, &active).await != ["1"] {}
    bench.backend.cancel(&request).await.unwrap();
    let heard = wire.hear(b'Z').await;
    assert!(heard.iter().any(|(tag, body)| *tag == b'E' && body.windows(5).any(|code| code == b"57014")));
    bench.stop().await;
}

/// What a run relies on is set by both providers.
async fn is_set_up(provider: ProviderChoice) {
    let bench = Bench::of(provider).await;
    let check = DeadlockCheck::After(Duration::from_millis(10));
    assert_eq!(bench.backend.deadlock_check(), Some(check));
    let (client, _) = bench.client().await;
    for (setting, value) in [
        ("deadlock_timeout", "10ms"),
        ("max_parallel_workers_per_gather", "0"),
        ("jit", "off"),
        ("autovacuum", "off"),
        ("max_connections", "200"),
        ("synchronous_commit", "off"),
        ("client_connection_check_interval", "0"),
    ] {
        assert_eq!(column(&client, &format!("SHOW {setting}")).await, [value], "{setting}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_local_server_is_set_up_for_runs() {
    is_set_up(ProviderChoice::Local).await;
}

#[tokio::test]
async fn a_container_is_set_up_for_runs() {
    is_set_up(ProviderChoice::Docker).await;
}

#[tokio::test]
async fn the_url_leads_to_the_same_database() {
    let bench = Bench::start().await;
    let url = bench.backend.url("127.0.0.1:7".parse().unwrap());
    assert_eq!(url, "postgres://postgres@127.0.0.1:7/postgres");
    bench.stop().await;
}
