//! Owns [`Delivery`]: how often what was asked for is done.

use std::collections::BTreeMap;

use super::linearizability::words;
use super::{Opinion, telling};
use crate::history::{Operation, OperationEnd};

/// How often what was asked for is done, judged on two operations:
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `request` | an id | any; if it returned, it was acknowledged |
/// | `effect` | the id for which it is done | any |
///
/// Several requests may have the same id, and are the same. A request that was refused must have no effect, one that is open may. An effect that is open may have
/// been or not, in favour of the code; one that was refused was not. An effect for which nobody asked is always wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Never twice.
    AtMostOnce,
    /// Once or more, if it was acknowledged.
    AtLeastOnce,
    /// Both.
    ExactlyOnce,
}

/// What happened under one id.
#[derive(Debug, Default)]
struct Case<'a> {
    acknowledged: Option<&'a Operation>,
    may_be_asked: bool,
    effects: Vec<&'a Operation>,
    may_have_effect: bool,
}

impl Delivery {
    /// Whether it is done as often as promised.
    #[must_use]
    pub fn judge(self, operations: &[Operation]) -> Opinion {
        let mut cases: BTreeMap<&str, Case<'_>> = BTreeMap::new();
        for operation in operations {
            let id = words(&operation.argument).next().unwrap_or_default();
            let (case, end) = match operation.name.as_str() {
                "request" | "effect" => (cases.entry(id).or_default(), &operation.end),
                _ => continue,
            };
            let is_request = operation.name == "request";
            match end {
                OperationEnd::Ok(_) if is_request => case.acknowledged = Some(operation),
                OperationEnd::Ok(_) => case.effects.push(operation),
                OperationEnd::Open | OperationEnd::Unknown(_) if is_request => case.may_be_asked = true,
                OperationEnd::Open | OperationEnd::Unknown(_) => case.may_have_effect = true,
                OperationEnd::Refused(_) => {}
            }
        }
        let broken = cases.iter().find_map(|(id, case)| self.broken(id, case));
        broken.map_or(Opinion::Holds, Opinion::Broken)
    }

    fn broken(self, id: &str, case: &Case<'_>) -> Option<String> {
        let told = |operations: &[&Operation]| -> String {
            operations.iter().map(|operation| format!("\n  {}", telling::operation(operation))).collect()
        };
        let Case { acknowledged, may_be_asked, effects, may_have_effect } = case;
        if acknowledged.is_none() && !may_be_asked && !effects.is_empty() {
            return Some(format!("nobody asked for `{id}`, or only in vain:{}", told(effects)));
        }
        if self != Self::AtLeastOnce && effects.len() > 1 {
            return Some(format!("`{id}` was done {} times:{}", effects.len(), told(effects)));
        }
        if self != Self::AtMostOnce && effects.is_empty() && !may_have_effect {
            let acknowledged = (*acknowledged)?;
            return Some(format!("`{id}` was acknowledged and never done:{}", told(&[acknowledged])));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::check::sample::{ok, refused, unknown};

    const ALL: [Delivery; 3] = [Delivery::AtMostOnce, Delivery::AtLeastOnce, Delivery::ExactlyOnce];

    /// Which of the three hold.
    fn held(operations: &[Operation]) -> Vec<Delivery> {
        ALL.into_iter().filter(|one| one.judge(operations) == Opinion::Holds).collect()
    }

    fn request() -> Operation {
        ok('A', "request x", "", 0, 1)
    }

    #[test]
    fn twice_and_never_are_told_apart() {
        let effect = |at| ok('B', "effect x", "", at, at + 1);
        assert_eq!(held(&[request(), effect(2)]), ALL);
        assert_eq!(held(&[request(), effect(2), effect(4)]), [Delivery::AtLeastOnce]);
        assert_eq!(held(&[request()]), [Delivery::AtMostOnce]);
        assert_eq!(held(&[request(), request(), effect(2)]), ALL);
    }

    #[test]
    fn doubt_is_in_favour_of_the_code() {
        assert_eq!(held(&[request(), unknown('B', "effect x", 2)]), ALL);
        assert_eq!(held(&[unknown('A', "request x", 0), ok('B', "effect x", "", 2, 3)]), ALL);
        assert_eq!(held(&[unknown('A', "request x", 0)]), ALL);
        assert_eq!(held(&[request(), refused('B', "effect x", 2, 3)]), [Delivery::AtMostOnce]);
    }

    #[test]
    fn effect_that_nobody_asked_for_breaks_all() {
        assert_eq!(held(&[ok('B', "effect x", "", 2, 3)]), []);
        assert_eq!(held(&[refused('A', "request x", 0, 1), ok('B', "effect x", "", 2, 3)]), []);
        let told = Delivery::ExactlyOnce.judge(&[request()]);
        let text = "`x` was acknowledged and never done:\n  A request x ok [0, 1]";
        assert_eq!(told, Opinion::Broken(text.to_owned()));
    }

    proptest! {
        /// Every way in which the open operations may have ended: one that keeps the promise is enough.
        #[test]
        fn deliveries_are_judged_as_by_all_endings(all in vec((0..2_usize, 0..2_usize, 0..5_u8), 0..8)) {
            let one = |(at, (name, id, end)): (u64, (usize, usize, u8))| {
                let what = [["request x", "request y"], ["effect x", "effect y"]][name][id];
                match end {
                    0 => refused('A', what, 2 * at, 2 * at + 1),
                    1 => unknown('A', what, 2 * at),
                    _ => ok('A', what, "", 2 * at, 2 * at + 1),
                }
            };
            let operations: Vec<_> = (0..).zip(all).map(one).collect();
            let open: Vec<_> = (0..operations.len()).filter(|at| operations[*at].end == OperationEnd::Open).collect();
            for delivery in ALL {
                let keeps = (0..1_u32 << open.len()).any(|happened| ["x", "y"].iter().all(|id| {
                    let took = |at: &usize| match open.iter().position(|open| open == at) {
                        Some(bit) => happened & (1 << bit) != 0,
                        None => matches!(operations[*at].end, OperationEnd::Ok(_)),
                    };
                    let count = |name: &str| (0..operations.len()).filter(|at| operations[*at].name == name && operations[*at].argument == **id).filter(took).count();
                    let (asked, done) = (count("request"), count("effect"));
                    let acknowledged = operations.iter().any(|o| o.name == "request" && o.argument == **id && matches!(o.end, OperationEnd::Ok(_)));
                    (done == 0 || asked > 0)
                        && (delivery == Delivery::AtLeastOnce || done <= 1)
                        && (delivery == Delivery::AtMostOnce || !acknowledged || done >= 1)
                }));
                prop_assert_eq!(delivery.judge(&operations) == Opinion::Holds, keeps);
            }
        }
    }
}
