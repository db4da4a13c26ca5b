//! The gate changes nothing: the same random commands give the same bytes through it as without it.

use std::sync::{Arc, Mutex};

use raceproof::interrupt::Interrupt;
use raceproof::plan::RunLimits;
use raceproof::run::Engine;
use raceproof::store::redis::NAME;
use raceproof::store::{Address, ProviderChoice, StoreOptions, Stores};
use raceproof::wire::Limits;
use raceproof::wire::redis::{Scanner, command};
use raceproof::{Plan, Verdict};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::probe::{Probe, local};

const COMMANDS: usize = 600;

/// Commands whose answers depend on nothing but the data and the commands before; `k` becomes a key, `v` a value, `n` a
/// number. Some are wrong on purpose.
const TEMPLATES: &[&str] = &[
    "GET k",
    "SET k v",
    "SETNX k v",
    "GETSET k v",
    "GETDEL k",
    "APPEND k v",
    "STRLEN k",
    "GETRANGE k n n",
    "SETRANGE k n v",
    "INCR k",
    "DECRBY k n",
    "INCRBYFLOAT k n",
    "MSET k v k v",
    "MGET k k k",
    "SETBIT k n 1",
    "BITCOUNT k",
    "LPUSH k v v",
    "RPUSH k v",
    "LPOP k",
    "RPOP k n",
    "LRANGE k 0 n",
    "LLEN k",
    "LINSERT k BEFORE v v",
    "SADD k v v",
    "SREM k v",
    "SCARD k",
    "SISMEMBER k v",
    "HSET k v v",
    "HGET k v",
    "HDEL k v",
    "HLEN k",
    "HINCRBY k v n",
    "HEXISTS k v",
    "ZADD k n v",
    "ZINCRBY k n v",
    "ZRANGE k 0 n WITHSCORES",
    "ZSCORE k v",
    "ZREM k v",
    "PFADD k v",
    "PFCOUNT k",
    "XADD k n-n v v",
    "XLEN k",
    "XRANGE k - +",
    "TYPE k",
    "EXISTS k k",
    "DEL k",
    "RENAME k k",
    "COPY k k",
    "PERSIST k",
    "MULTI",
    "MULTI",
    "EXEC",
    "EXEC",
    "DISCARD",
    "WATCH k",
    "UNWATCH",
    "PING",
    "PING v",
    "ECHO v",
    "SELECT 0",
    "EVAL redis_call 1 k v",
    "NONSENSE k",
    "GET",
    "SET k",
    "INCR k k",
    "EXEC k",
    "OBJECT ENCODING k",
];

fn stream_of_commands(seed: u64) -> Vec<u8> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut pick = move |below: usize| random.next_u32() as usize % below;
    let mut bytes = Vec::new();
    for _ in 0..COMMANDS {
        let template = TEMPLATES[pick(TEMPLATES.len())];
        let words: Vec<Vec<u8>> = template
            .split(' ')
            .map(|word| match word {
                "k" => format!("key{}", pick(6)).into_bytes(),
                // Line breaks, bytes that are no text, nothing, and more than one read.
                "v" => [b"a".to_vec(), b"\r\n$-1\r\n".to_vec(), vec![0xff, 0], Vec::new(), vec![b'x'; 9_000]]
                    [pick(5)]
                .clone(),
                "n" => pick(40).to_string().into_bytes(),
                "n-n" => format!("{}-{}", pick(9), pick(9)).into_bytes(),
                "redis_call" => b"return redis.call('SET', KEYS[1], ARGV[1])".to_vec(),
                other => other.as_bytes().to_vec(),
            })
            .collect();
        bytes.extend(command(&words.iter().map(Vec::as_slice).collect::<Vec<_>>()));
    }
    bytes
}

/// Sends everything at once and reads so many answers, whole.
async fn answers(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
    resp3: bool,
) -> std::io::Result<Vec<u8>> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let (mut received, mut scanner, mut seen) = (Vec::new(), Scanner::new(Limits::default()), 0);
    let hello: &[u8] = if resp3 { b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n" } else { b"*1\r\n$4\r\nPING\r\n" };
    let send = async {
        writer.write_all(hello).await?;
        writer.write_all(bytes).await
    };
    let receive = async {
        // The first answer is the handshake's, which names the connection and the server.
        let (mut count, mut start) = (0, 0);
        while count <= COMMANDS {
            match scanner.scan(&received[seen..]).expect("Redis speaks RESP") {
                Some(frame) => {
                    (seen, count) = (seen + frame.length, count + 1);
                    start = if count == 1 { seen } else { start };
                }
                None if reader.read_buf(&mut received).await? == 0 => break,
                None => {}
            }
        }
        received.drain(..start);
        Ok(received)
    };
    let (sent, received) = tokio::join!(send, receive);
    sent?;
    received
}

/// Everything is sent in one go, so pipelines, transactions and large values are cut anywhere; the data is the same
/// at the end because the answers of the last commands are.
#[test]
fn same_commands_give_the_same_bytes_with_and_without_the_gate() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let stores = runtime.block_on(Stores::start(&local())).expect("redis-server is installed (see ci/setup)");
    let Some(Address::Unix(socket)) = stores.redis().map(|server| server.address.clone()) else {
        panic!("the local provider gives a socket");
    };
    let options = StoreOptions {
        provider: ProviderChoice::Url,
        redis_url: Some(format!("redis+unix://{}", socket.display())),
        disposable: true,
        ..local()
    };
    let mut engine = Engine::start(&options, Interrupt::never()).expect("the store is empty");
    for seed in 0..12 {
        let (resp3, bytes) = (seed % 2 == 1, Arc::new(stream_of_commands(seed)));
        let direct = runtime.block_on(async {
            let answers = answers(UnixStream::connect(&socket).await?, &bytes, resp3).await?;
            let mut control = UnixStream::connect(&socket).await?;
            control.write_all(b"FLUSHALL\r\n").await?;
            control.read_exact(&mut [0; 5]).await?;
            Ok::<_, std::io::Error>(answers)
        });
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        let probe = Probe::new(1, move |worker| {
            let (bytes, ear) = (Arc::clone(&bytes), Arc::clone(&ear));
            async move {
                *ear.lock().expect("one thread") = answers(worker.stream(NAME), &bytes, resp3).await?;
                Ok(())
            }
        });
        let plan =
            Plan { limits: RunLimits { steps_max: COMMANDS, ..RunLimits::default() }, ..Plan::default() };
        let outcome = engine.explore(&probe.scenario(), &plan, &mut |_| {}).expect("runs");
        assert_eq!(outcome.verdict, Verdict::Pass, "seed {seed}");
        let (direct, gated) = (direct.expect("direct"), heard.lock().expect("one thread").clone());
        assert!(direct.len() > 4 * COMMANDS, "every command was answered");
        let differs = direct.iter().zip(&gated).position(|(left, right)| left != right);
        assert!(
            direct == gated,
            "seed {seed}: {} and {} bytes, first difference at {differs:?}",
            direct.len(),
            gated.len()
        );
    }
    engine.stop().expect("stops");
    runtime.block_on(stores.stop()).expect("stops");
}
