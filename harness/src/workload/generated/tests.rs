//! Tests of [`Generated`]: what is drawn, and what comes back from a record.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;

struct Numbers;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Number {
    Large(u32),
    None,
}

#[async_trait(?Send)]
impl Workload for Numbers {
    type Operation = Number;
    type Session = ();

    fn card(&self) -> Card {
        Card::default()
    }

    fn operation(&self, worker: usize) -> BoxedStrategy<Number> {
        match worker {
            0 => Just(Number::None).boxed(),
            _ => (100..1_000_u32).prop_map(Number::Large).boxed(),
        }
    }

    fn lengths(&self) -> std::ops::RangeInclusive<usize> {
        2..=6
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    async fn open(&self, _worker: &Worker) -> Result {
        Ok(())
    }

    async fn perform(&self, _worker: &Worker, _session: &mut (), _operation: &Number) -> Result {
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        Vec::new()
    }
}

fn drawn(seed: u64, number: u64) -> Programs {
    Generated::new(Numbers).drawing(4).draw(seed, number, 2).expect("any number does")
}

#[test]
fn same_seed_and_number_draw_the_same_and_others_draw_another() {
    assert_eq!(drawn(1, 0), drawn(1, 0));
    assert_ne!(drawn(1, 0).operations, drawn(2, 0).operations);
    assert_ne!(drawn(1, 0).operations, drawn(1, 1).operations);
}

#[test]
fn workers_have_strategies_of_their_own() {
    let programs = drawn(0, 3);
    let texts = |worker| {
        let list: Vec<&str> =
            programs.operations[&WorkerId(worker)].iter().map(|planned| planned.text.as_str()).collect();
        list
    };
    assert!(texts(0).iter().all(|text| *text == "None"), "{programs}");
    assert!(texts(1).iter().all(|text| text.starts_with("Large(")), "{programs}");
}

/// The bound of each of four workloads is reached and never passed; two to six operations.
#[test]
fn later_workloads_are_larger() {
    let longest = |number| {
        let lengths =
            (0..50).flat_map(|seed| drawn(seed, number).operations.into_values().map(|list| list.len()));
        let lengths: Vec<usize> = lengths.collect();
        (lengths.iter().min().copied(), lengths.iter().max().copied())
    };
    assert_eq!([0, 1, 2, 3].map(longest), [3, 4, 5, 6].map(|most| (Some(2), Some(most))));
}

#[test]
fn what_is_simpler_starts_at_what_was_drawn_and_keeps_to_the_strategy() {
    let (generated, programs) = (Generated::new(Numbers).drawing(4), drawn(5, 0));
    let mut simpler = generated.simplifying(5, 0, WorkerId(1), 1).expect("it was drawn");
    assert_eq!(simpler.current().expect("JSON"), programs.operations[&WorkerId(1)][1]);
    while simpler.simplify() {}
    assert_eq!(simpler.current().expect("JSON").text, "Large(100)");
}

#[test]
fn recorded_operations_are_done_and_foreign_ones_refused() {
    let generated = Generated::new(Numbers);
    assert!(generated.doing(&drawn(0, 0)).is_ok());
    let mut foreign = drawn(0, 0);
    foreign.operations.values_mut().for_each(|list| list[0].value = json!("Small"));
    let refused = generated.doing(&foreign).err().expect("there is no `Small`").to_string();
    assert!(refused.starts_with("`None` is none of its operations"), "{refused}");
}
