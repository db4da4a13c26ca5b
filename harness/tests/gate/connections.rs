//! Requests as steps: transactions, pipelines, several connections, what connections leave behind.

use raceproof::Verdict;

use crate::probe::{Probe, query, queued, send, told};

/// Two transactions of two commands each are two steps: 2 orders, not 6.
#[test]
fn transaction_is_one_step_at_exec() {
    let probe = Probe::new(2, |worker| async move {
        let mut redis = worker.redis().await?;
        let mut pipe = redis::pipe();
        pipe.atomic().cmd("INCR").arg("a").cmd("INCR").arg("b");
        let _: (i64, i64) = pipe.query_async(&mut redis).await?;
        Ok(())
    });
    let outcome = probe.told().explore();
    assert_eq!(outcome.coverage.schedules, 2);
    assert_eq!(told(&outcome), ["A: `EXEC` -> [1, 1]", "B: `EXEC` -> [2, 2]"]);
    assert_eq!(queued(&outcome), [["MULTI", "INCR a", "INCR b"]]);
}

/// WATCH is a step of its own, so a write of B can come between A's WATCH and A's EXEC: of the three orders, one
/// refuses A.
#[test]
fn watch_is_a_step_and_exec_is_refused_after_a_write() {
    let probe = Probe::new(2, |worker| async move {
        let mut redis = worker.redis().await?;
        if worker.index() == 1 {
            return Ok(query(&mut redis, "SET k b").await?);
        }
        let () = query(&mut redis, "WATCH k").await?;
        let mut pipe = redis::pipe();
        pipe.atomic().cmd("SET").arg("k").arg("a").ignore();
        let done: Option<()> = pipe.query_async(&mut redis).await?;
        worker.invoke("exec", "").ok(done.is_some());
        Ok(())
    });
    let outcome = probe.promising("exec succeeds", |view| match view.results("exec").as_slice() {
        ["true"] => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let outcome = outcome.explore();
    assert_eq!((outcome.coverage.schedules, outcome.coverage.violating), (3, 1));
    assert_eq!(told(&outcome), ["A: `WATCH k` -> OK", "B: `SET k b` -> OK", "A: `EXEC` -> nil"]);
}

/// What a discarded transaction queued belongs to no later step.
#[test]
fn discarded_transaction_leaves_nothing_to_the_next_step() {
    let probe = Probe::new(1, |worker| async move {
        let mut redis = worker.redis().await?;
        for command in ["MULTI", "SET k 1", "DISCARD"] {
            let _: redis::Value = query(&mut redis, command).await?;
        }
        Ok(query(&mut redis, "SET k 2").await?)
    });
    let outcome = probe.told().explore();
    assert_eq!(told(&outcome), ["A: `SET k 2` -> OK"]);
    assert_eq!(queued(&outcome), [Vec::<String>::new()]);
}

/// A pipeline of two commands and one command of another worker have 3 orders, as three separate steps.
#[test]
fn pipelined_commands_are_separate_steps() {
    let probe = Probe::new(2, |worker| async move {
        let mut redis = worker.redis().await?;
        let mut pipe = redis::pipe();
        pipe.cmd("INCR").arg("n");
        if worker.index() == 0 {
            pipe.cmd("INCR").arg("n");
        }
        let _: Vec<i64> = pipe.query_async(&mut redis).await?;
        Ok(())
    });
    assert_eq!(probe.explore().coverage.schedules, 3);
}

/// Both requests of one worker are offered at the same time, on connections of their own.
#[test]
fn connections_of_one_worker_are_scheduled_apart() {
    let probe = Probe::new(1, |worker| async move {
        let (mut first, mut second) = (worker.redis().await?, worker.redis().await?);
        let (one, two) =
            tokio::join!(query::<i64>(&mut first, "INCR n"), query::<i64>(&mut second, "INCR n"));
        worker.invoke("incr", "").ok(format!("{} {}", one?, two?));
        Ok(())
    });
    let outcome = probe.promising("first is first", |view| match view.results("incr").as_slice() {
        ["1 2"] => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let outcome = outcome.explore();
    assert_eq!((outcome.coverage.schedules, outcome.coverage.violating), (2, 1));
    assert_eq!(told(&outcome), ["A.1: `INCR n` -> 1", "A: `INCR n` -> 2"]);
}

/// A watched key, a name and another database must not leak into the next execution's connection.
#[test]
fn next_execution_gets_connections_as_if_new() {
    let probe = Probe::new(2, |worker| async move {
        let mut redis = worker.redis().await?;
        let name: redis::Value = query(&mut redis, "CLIENT GETNAME").await?;
        let here: i64 = query(&mut redis, "EXISTS here").await?;
        worker.invoke("found", "").ok(format!("{name:?} {here}"));
        for command in ["WATCH here", "CLIENT SETNAME left-over", "SELECT 5"] {
            let () = query(&mut redis, command).await?;
        }
        Ok(())
    });
    let outcome = probe.given("SET here 1").promising("as if new", |view| {
        let found = view.results("found");
        if found.iter().all(|found| *found == "nil 1") { Ok(()) } else { Err(format!("{found:?}")) }
    });
    let outcome = outcome.explore();
    assert_eq!((outcome.coverage.schedules, outcome.verdict), (6, Verdict::Pass));
}

/// EVALSHA of an unknown script fails in every execution alike, not only in the first.
#[test]
fn scripts_are_forgotten_between_executions() {
    let probe = Probe::new(2, |worker| async move {
        let mut redis = worker.redis().await?;
        let script = redis::Script::new("return redis.call('INCR', 'n')");
        let _: i64 = script.invoke_async(&mut redis).await?;
        Ok(())
    });
    let outcome = probe.explore();
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert!(outcome.coverage.exhausted);
}

/// What was written in one execution, in whichever database, is gone in the next.
#[test]
fn every_execution_starts_from_the_set_up() {
    let probe = Probe::new(2, |worker| async move {
        let mut redis = worker.redis().await?;
        let () = query(&mut redis, "SELECT 3").await?;
        let count: i64 = query(&mut redis, "INCR n").await?;
        worker.invoke("incr", "").ok(count);
        Ok(())
    });
    let outcome = probe.promising("both count from zero", |view| {
        let mut results = view.results("incr");
        results.sort_unstable();
        if results == ["1", "2"] { Ok(()) } else { Err(format!("{results:?}")) }
    });
    assert_eq!(outcome.explore().verdict, Verdict::Pass);
}

/// A connection that another worker kills is closed to its client, as the server closes it, and the request
/// that was held on it never runs. The next execution gets living connections.
#[test]
fn killed_connection_is_closed_and_its_held_request_is_gone() {
    let probe = Probe::new(2, |worker| async move {
        let mut redis = worker.redis().await?;
        if worker.index() == 1 {
            let killed: i64 = query(&mut redis, "CLIENT KILL USER ann").await?;
            worker.invoke("kill", "").ok(killed);
            return Ok(());
        }
        let () = query(&mut redis, "AUTH ann any").await?;
        let answer: redis::RedisResult<i64> = query(&mut redis, "INCR n").await;
        worker.invoke("answer", "").ok(answer.is_ok());
        Ok(())
    });
    let outcome =
        probe.given("ACL SETUSER ann on nopass ~* +@all").promising("A is answered", |view| {
            match (&view.results("answer")[..], &view.results("kill")[..], view.state.integer("n")) {
                (["true"], ["0"], Some(1)) => Ok(()),
                (["false"], ["1"], None) => Err("killed".to_owned()),
                other => Err(format!("{other:?}")),
            }
        });
    let outcome = outcome.explore();
    assert_eq!((outcome.coverage.schedules, outcome.coverage.violating), (2, 1), "{outcome:?}");
    assert_eq!(outcome.verdict.violation().map(|violation| violation.found.as_str()), Some("killed"));
    assert_eq!(outcome.counterexample.map(|found| found.original_replays.reproduced), Some(10));
}

/// A fire-and-forget command is still a step although its worker's program has ended.
#[test]
fn request_outlives_the_program_that_sent_it() {
    let probe = Probe::new(1, |worker| async move {
        let mut redis = worker.redis().await?;
        tokio::task::spawn_local(async move { query::<i64>(&mut redis, "INCR n").await });
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        Ok(())
    });
    let outcome = probe.explore();
    assert_eq!(outcome.coverage.steps, 1);
    assert_eq!(outcome.coverage.final_states.keys().collect::<Vec<_>>(), ["n=1"]);
}

/// The handshake of a client passes without a step: only GET is one.
#[test]
fn handshake_is_no_step() {
    let probe = Probe::new(1, |worker| async move {
        let mut redis = worker.redis().await?;
        for command in ["PING", "CLIENT SETNAME me", "HELLO 3", "CLIENT ID"] {
            let _: redis::Value = query(&mut redis, command).await?;
        }
        let _: Option<String> = query(&mut redis, "GET k").await?;
        Ok(())
    });
    assert_eq!(probe.explore().coverage.steps, 1);
}

/// Setting up nothing and doing nothing is a pass in one schedule of no steps.
#[test]
fn idle_workers_have_one_empty_schedule() {
    let outcome = Probe::new(2, |_worker| async { Ok(()) }).explore();
    assert_eq!((outcome.coverage.schedules, outcome.coverage.steps, outcome.verdict), (1, 0, Verdict::Pass));
    let outcome = Probe::new(1, |worker| async move { Ok(send(&worker, "SET k v").await?) }).explore();
    assert_eq!(outcome.coverage.steps, 1);
}
