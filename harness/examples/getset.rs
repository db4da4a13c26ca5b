//! x
use raceproof::scenario::Result;
use raceproof::store::{SetUp, StoreOptions};
use raceproof::*;
use std::sync::Arc;
struct GetSet;
#[async_trait::async_trait(?Send)]
impl Scenario for GetSet {
    fn card(&self) -> Card {
        Card {
            name: "counter/get-set".into(),
            about: String::new(),
            expected: Expectation::Violation { anomaly: "lost update".into() },
            stores: vec!["redis".into()],
            workers: 3,
            source: None,
        }
    }
    async fn set_up(&self, stores: &mut SetUp) -> Result {
        redis::cmd("SET").arg("counter").arg(0).exec_async(stores.redis()).await?;
        Ok(())
    }
    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let increment = worker.invoke("increment", "");
        let value: i64 = redis::cmd("GET").arg("counter").query_async(&mut redis).await?;
        redis::cmd("SET").arg("counter").arg(value + 1).exec_async(&mut redis).await?;
        increment.ok(value + 1);
        Ok(())
    }
    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("no increment is lost", |view| {
            let (value, done) = (view.state.integer("counter"), view.count("increment") as i64);
            if value == Some(done) {
                Ok(())
            } else {
                Err(format!("counter is {value:?} after {done} increments"))
            }
        })]
    }
}
fn main() {
    let mut engine = run::Engine::start(
        &StoreOptions {
            provider: std::env::args().nth(1).unwrap().parse().unwrap(),
            needs: raceproof::store::Needs { redis: true, postgres: false },
            ..StoreOptions::default()
        },
        interrupt::Interrupt::install().unwrap(),
    )
    .unwrap();
    let plan = Plan { keep_going: true, ..Plan::default() };
    let scenario: Arc<dyn Scenario> = Arc::new(GetSet);
    for _ in 0..5 {
        let outcome = engine.explore(&scenario, &plan, &mut |_| {}).unwrap();
        println!("{:?} {:?}", outcome.verdict, outcome.coverage);
        println!("{}/s", outcome.coverage.schedules as f64 / outcome.coverage.elapsed_us as f64 * 1e6);
        let c = outcome.counterexample.unwrap();
        println!(
            "{} -> {} {:?} cand {}",
            c.original.schedule, c.shrunk.schedule, c.replays, c.shrink_candidates
        );
        for s in &c.shrunk.steps {
            println!("{} {:?}", s.tell(), s.changes);
        }
    }
    engine.stop().unwrap();
}
