//! An execution that is told says what each invariant says after each step, also of those that are promised for its end only, and
//! what a checker found, as data.

use raceproof::check::models::Register;
use raceproof::check::{Course, Explanation, Opinion, When};
use raceproof::{Invariant, Plan, Worker};

use crate::probe::{Probe, query};

async fn increment(worker: Worker) -> raceproof::scenario::Result {
    let mut redis = worker.redis().await?;
    let increment = worker.invoke("increment", "");
    let value: i64 = query(&mut redis, "GET counter").await?;
    let () = query(&mut redis, &format!("SET counter {}", value + 1)).await?;
    increment.ok(value + 1);
    Ok(())
}

/// After how many steps something else was said, and whether that was that it holds (`+`), is broken (`-`) or undecided (`?`).
fn told(course: &Course) -> Vec<(usize, char)> {
    let sign = |opinion: &Opinion| match opinion {
        Opinion::Holds => '+',
        Opinion::Broken(_) => '-',
        Opinion::Undecided(_) => '?',
    };
    course.said.iter().map(|said| (said.after_steps, sign(&said.opinion))).collect()
}

/// What was lost is lost from the second write on, which is where a reader has to look; the second invariant takes for granted that
/// somebody is done, and is undecided where nobody is.
#[test]
fn courses_say_from_which_step_on_a_promise_is_broken() {
    let probe = Probe::new(2, increment)
        .given("SET counter 0")
        .promising("no increment is lost", |view| {
            let lost = view.state.integer("counter") != i64::try_from(view.count("increment")).ok();
            if lost { Err(view.state.to_string()) } else { Ok(()) }
        })
        .promising("the first to begin reports a number", |view| {
            view.results("increment")[0].parse::<u64>().map(drop).map_err(|error| error.to_string())
        });
    let evidence = probe.explore_as(&Plan::default()).counterexample.expect("a lost update");
    assert_eq!(evidence.shrunk.schedule.to_string(), "A B B A");
    let [kept, reported] = &evidence.shrunk.courses[..] else { panic!("{:?}", evidence.shrunk.courses) };
    assert_eq!((kept.invariant.as_str(), kept.when), ("no increment is lost", When::Finally));
    assert_eq!((told(kept), kept.broken_since()), (vec![(0, '+'), (4, '-')], Some(4)));
    assert_eq!(told(reported), [(0, '?'), (3, '+')]);
    assert_eq!(told(&evidence.original.courses[0]).last(), Some(&(evidence.original.steps.len(), '-')));
    let passing = evidence.passing.expect("the serial orders pass").trace;
    assert_eq!(
        passing.courses.iter().map(told).collect::<Vec<_>>(),
        [vec![(0, '+')], vec![(0, '?'), (2, '+')]]
    );
    let returned: Vec<_> =
        passing.operations.iter().map(|operation| operation.returned_after_steps).collect();
    assert_eq!(returned, [Some(2), Some(4)]);
}

/// A reader that asks a copy: it is behind, and no order of the operations explains its answer.
#[test]
fn checker_gives_the_points_of_the_longest_prefix_and_who_has_none() {
    let probe = Probe::new(2, |worker: Worker| async move {
        let mut redis = worker.redis().await?;
        if worker.index() == 0 {
            let write = worker.invoke("write", "1");
            let () = query(&mut redis, "SET truth 1").await?;
            write.ok("");
            let () = query(&mut redis, "SET copy 1").await?;
        } else {
            // So that what it reads then may begin after the write has returned.
            let _: Option<u64> = query(&mut redis, "GET truth").await?;
            let read = worker.invoke("read", "");
            let value: u64 = query(&mut redis, "GET copy").await?;
            read.ok(value);
        }
        Ok(())
    });
    let probe = probe.given("SET copy 0").ensuring(Invariant::linearizable(Register { initial: "0".into() }));
    let evidence = probe.explore_as(&Plan::default()).counterexample.expect("a stale read");
    let explanation = evidence.violation.explanation.as_deref();
    let Some(Explanation::NotLinearizable(stuck)) = explanation else { panic!("{explanation:?}") };
    let name = |index: usize| evidence.shrunk.operations[index].name.as_str();
    let points: Vec<_> =
        stuck.prefix.iter().map(|point| (name(point.operation), point.after_event)).collect();
    assert_eq!(points, [("write", 0)]);
    assert_eq!(stuck.blocked.iter().map(|index| name(*index)).collect::<Vec<_>>(), ["read"]);
}
