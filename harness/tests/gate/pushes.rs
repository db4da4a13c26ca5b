//! Messages that Redis sends unasked: subscriptions and invalidations, delivered as steps of their own.

use futures::StreamExt;
use raceproof::Worker;
use raceproof::store::redis::NAME;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::probe::{Probe, send, told};

/// Subscribes, says so in a list, and waits for one message.
async fn subscriber(worker: Worker) -> raceproof::scenario::Result {
    let info = redis::RedisConnectionInfo::default().set_skip_set_lib_name();
    let mut listener = redis::aio::PubSub::new(&info, worker.stream(NAME)).await?;
    listener.subscribe("news").await?;
    let _: i64 = send(&worker, "LPUSH ready 1").await?;
    let message = listener.on_message().next().await.ok_or("the subscription ended")?;
    worker.invoke("hear", "").ok(message.get_payload::<String>()?);
    Ok(())
}

/// Published before the subscription the message is lost, after it it is a step of its own.
#[test]
fn delivery_is_a_step_and_an_early_message_is_lost() {
    let probe = Probe::new(2, |worker| async move {
        if worker.index() == 0 {
            return subscriber(worker).await;
        }
        let heard: i64 = send(&worker, "PUBLISH news hello").await?;
        worker.invoke("publish", "").ok(heard);
        Ok(())
    });
    let outcome = probe.explore();
    // With PUBLISH first A waits for ever. Between SUBSCRIBE and LPUSH, the delivery may come before or after
    // LPUSH; after LPUSH there is one order.
    assert_eq!((outcome.coverage.schedules, outcome.coverage.violating), (4, 1));
    let violation = outcome.verdict.violation().expect("the lost message");
    assert_eq!(violation.invariant, "every worker can finish");
}

/// Waits until so many workers have subscribed.
async fn all_ready(worker: &Worker, subscribers: usize) -> raceproof::scenario::Result {
    for _ in 0..subscribers {
        let _: redis::Value = send(worker, "BLPOP ready 0").await?;
    }
    Ok(())
}

/// The message is here as soon as it is published, but A hears it when the scheduler says so: before or after B's INCR.
#[test]
fn delivery_waits_for_its_turn() {
    let probe = Probe::new(2, |worker| async move {
        if worker.index() == 0 {
            return subscriber(worker).await;
        }
        all_ready(&worker, 1).await?;
        let _: i64 = send(&worker, "PUBLISH news hello").await?;
        let after = worker.invoke("after", "");
        let _: i64 = send(&worker, "INCR n").await?;
        after.ok("");
        Ok(())
    });
    let outcome = probe.promising("A hears last", |view| {
        let position = |name: &str| view.done(name).next().and_then(|operation| operation.returned);
        if position("hear") > position("after") { Ok(()) } else { Err("A heard first".to_owned()) }
    });
    let outcome = outcome.explore();
    assert!(outcome.coverage.exhausted, "{:?}", outcome.verdict);
    assert!(outcome.coverage.violating > 0 && outcome.coverage.violating < outcome.coverage.schedules);
    let told = told(&outcome);
    assert!(told.iter().any(|line| line.starts_with("A receives ") && line.contains("hello")), "{told:?}");
    assert_eq!(outcome.counterexample.expect("A heard first").replays.reproduced, 10);
}

/// RESP3: a cached key that another worker writes is invalidated by a push, which is held like any other message.
#[test]
fn invalidation_is_delivered_as_a_step() {
    let probe = Probe::new(2, |worker| async move {
        if worker.index() == 1 {
            return Ok(send(&worker, "SET k 2").await?);
        }
        let mut stream = worker.stream(NAME);
        stream.write_all(b"HELLO 3\r\nCLIENT TRACKING ON\r\nGET k\r\n").await?;
        let mut heard = String::new();
        while !heard.contains("invalidate") {
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).await?;
            heard.push_str(&String::from_utf8_lossy(&bytes[..length]));
            if length == 0 || heard.ends_with("$1\r\n2\r\n") {
                break;
            }
        }
        worker.invoke("hear", "").ok(heard.contains("invalidate"));
        Ok(())
    });
    let outcome = probe.given("SET k 1").promising("A reads the new value", |view| {
        if view.results("hear") == ["false"] { Ok(()) } else { Err("invalidated".to_owned()) }
    });
    let outcome = outcome.explore();
    assert!(outcome.coverage.exhausted, "{:?}", outcome.verdict);
    let told = told(&outcome);
    assert!(told.last().is_some_and(|line| line.starts_with("A receives ")), "{told:?}");
}

/// Two subscribers of one message are two deliveries, in either order.
#[test]
fn deliveries_to_two_workers_are_ordered_by_the_scheduler() {
    let probe = Probe::new(3, |worker| async move {
        if worker.index() < 2 {
            return subscriber(worker).await;
        }
        all_ready(&worker, 2).await?;
        let _: i64 = send(&worker, "PUBLISH news x").await?;
        Ok(())
    });
    let outcome = probe.promising("A hears before B", |view| {
        let heard: Vec<_> = view.done("hear").map(|hear| (hear.returned, hear.worker.index())).collect();
        if heard.iter().min().is_some_and(|(_, first)| *first == 0) {
            Ok(())
        } else {
            Err(format!("{heard:?}"))
        }
    });
    let plan = raceproof::Plan { preemption_bound: Some(1), keep_going: true, ..raceproof::Plan::default() };
    let outcome = outcome.explore_as(&plan);
    assert!(outcome.coverage.exhausted, "{:?}", outcome.verdict);
    assert!(outcome.coverage.violating > 0 && outcome.coverage.violating < outcome.coverage.schedules);
}
