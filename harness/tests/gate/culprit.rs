//! Whom a violation blames: the code under test, or the store whose documentation promises otherwise.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Culprit, Expectation, Invariant, Plan, Scenario, Worker};

use crate::probe::{engine, send};

/// A promise that is never kept, of the store or of the code.
struct Broken {
    of_the_store: bool,
    expected: Expectation,
}

#[async_trait(?Send)]
impl Scenario for Broken {
    fn card(&self) -> Card {
        Card {
            name: "probe/broken".to_owned(),
            stores: vec!["redis".to_owned()],
            workers: 1,
            promises_of_the_store: self.of_the_store,
            expected: self.expected.clone(),
            ..Card::default()
        }
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        Ok(send(&worker, "SET k v").await?)
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("what is set is not there", |view| Err(view.state.to_string()))]
    }
}

fn blamed(of_the_store: bool, expected: Expectation) -> Culprit {
    let scenario: Arc<dyn Scenario> = Arc::new(Broken { of_the_store, expected });
    let mut engine = engine();
    let outcome = engine.explore(&scenario, &Plan::default(), &mut |_| {}).expect("the search runs");
    engine.stop().expect("the store stops");
    let found = outcome.counterexample.expect("a violation has evidence");
    assert_eq!(outcome.verdict.violation().map(|violation| violation.culprit), Some(found.violation.culprit));
    found.violation.culprit
}

/// What a store allows at a level is for the code to know; what it rules out there is its own promise.
#[test]
fn store_is_blamed_for_what_it_promises_and_code_for_everything_else() {
    let broken = || Expectation::Violation { anomaly: "write skew".to_owned() };
    assert_eq!(blamed(true, Expectation::Pass), Culprit::Store);
    assert_eq!(blamed(true, broken()), Culprit::Code);
    assert_eq!(blamed(false, Expectation::Pass), Culprit::Code);
}
