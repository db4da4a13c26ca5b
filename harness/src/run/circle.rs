//! Owns the search for the reason why no serial order explains a violation: what each step was seen to touch, as accesses of the workers'
//! units of work. Only what is exact counts: a step that may have touched more says nothing.

use std::collections::BTreeSet;

use super::executed::{Executed, Step};
use super::rig::{Detail, Rig, Subject};
use crate::check::{Access, Cycle, Member, cycle_of};
use crate::error::Error;
use crate::explore::{self, Decision, Fixed, Point, Strategy, Touch, Transition};
use crate::history::{Operation, OperationEnd, State};
use crate::id::WorkerId;
use crate::octets;

/// Longest value that is told, in characters.
const VALUE_CHARACTERS_MAX: usize = 24;

/// A schedule that is followed while what it does is taken note of.
struct Witness {
    fixed: Fixed,
    transitions: Vec<Transition>,
}

impl Strategy for Witness {
    fn begin(&mut self) -> bool {
        self.transitions.clear();
        self.fixed.begin()
    }

    fn rewind(&mut self) {
        self.transitions.clear();
        self.fixed.rewind();
    }

    fn choose(&mut self, point: &Point<'_>) -> Decision {
        self.fixed.choose(point)
    }

    fn observes(&self) -> bool {
        true
    }

    fn observe(&mut self, transition: Transition) {
        self.transitions.push(transition);
    }

    fn end(&mut self, steps: usize) -> Result<(), String> {
        self.fixed.end(steps)
    }

    fn exhausted(&self) -> bool {
        self.fixed.exhausted()
    }
}

/// The cycle of units of work in the schedule of `violating`; `None` if there is none, or something broke, or it cannot be told exactly.
pub(crate) async fn circle(
    rig: &mut Rig,
    subject: &Subject,
    violating: &Executed,
) -> Result<Option<Cycle>, Error> {
    let schedule = violating.schedule();
    if schedule.faults() > 0 {
        return Ok(None);
    }
    let mut witness = Witness { fixed: Fixed::new(schedule), transitions: Vec::new() };
    let executed = rig.execute(subject, &violating.workers, Detail::EveryStep, &mut witness).await?;
    if executed.mismatch.is_some() || executed.verdict.violation().is_none() {
        return Ok(None);
    }
    let units = Units::of(&executed);
    let accesses = accesses(&executed, &witness.transitions, &units);
    Ok(cycle_of(&units.members, &accesses))
}

/// The units of work: a whole worker that reported at most one operation, else each operation up to the next one.
struct Units {
    members: Vec<Member>,
    /// Whose each is, and after how many steps it begins.
    begins: Vec<(WorkerId, usize)>,
}

impl Units {
    fn of(executed: &Executed) -> Self {
        let mut units = Self { members: Vec::new(), begins: Vec::new() };
        for worker in &executed.workers {
            let own: Vec<&Operation> =
                executed.operations.iter().filter(|operation| operation.worker == *worker).collect();
            if let [] | [_] = own[..] {
                let did = own.first().map_or_else(String::new, |operation| did(operation));
                units.members.push(Member { name: worker.to_string(), did });
                units.begins.push((*worker, 0));
                continue;
            }
            for (number, operation) in (1..).zip(own) {
                let name = format!("{worker}'s operation {number}");
                units.members.push(Member { name, did: did(operation) });
                units.begins.push((*worker, operation.invoked_after_steps));
            }
        }
        units
    }

    /// The unit that the step at `index` of `worker` belongs to.
    fn at(&self, worker: WorkerId, index: usize) -> Option<usize> {
        self.begins.iter().rposition(|(of, from)| *of == worker && *from <= index)
    }
}

fn did(operation: &Operation) -> String {
    let blank = if operation.argument.is_empty() { "" } else { " " };
    let end = match &operation.end {
        OperationEnd::Ok(result) if !result.is_empty() => format!(" → {result}"),
        _ => String::new(),
    };
    format!("{}{blank}{}{end}", operation.name, operation.argument)
}

/// What was read and written, step by step.
fn accesses(executed: &Executed, transitions: &[Transition], units: &Units) -> Vec<Access> {
    let states =
        executed.initial_state.iter().chain(executed.steps.iter().filter_map(|step| step.state.as_ref()));
    let entries: BTreeSet<&str> =
        states.flat_map(|state| state.entries().keys().map(String::as_str)).collect();
    let mut before = executed.initial_state.as_ref();
    let mut all = Vec::new();
    for (index, (step, transition)) in executed.steps.iter().zip(transitions).enumerate() {
        let changed = changed(before, step);
        before = step.state.as_ref().or(before);
        let unit = transition.turn.and_then(|worker| units.at(worker, index));
        let access = |unit, object: &str, writes| Access {
            unit,
            object: object.to_owned(),
            writes,
            value: value(step.state.as_ref(), object),
            step: index + 1,
        };
        let mut explained = BTreeSet::new();
        // Of a step that also answers others nobody can tell who did what.
        if let (Some(unit), true) = (unit, transition.woken.is_empty() && !transition.is_total) {
            for touch in transition.footprints.iter().flat_map(|(_, footprint)| &footprint.0) {
                let Some(entry) = entry(touch).filter(|entry| entries.contains(entry.as_str())) else {
                    continue;
                };
                let writes = match touch.access {
                    explore::Access::Reads => false,
                    explore::Access::Writes if changed.contains(&entry) => true,
                    explore::Access::Writes => continue,
                    explore::Access::Merges(_) => true,
                };
                all.push(access(Some(unit), &entry, writes));
                if writes {
                    explained.insert(entry);
                }
            }
        }
        all.extend(changed.difference(&explained).map(|entry| access(None, entry, true)));
    }
    all
}

/// The entries that a step changed.
fn changed(before: Option<&State>, step: &Step) -> BTreeSet<String> {
    let (Some(before), Some(after)) = (before, step.state.as_ref()) else { return BTreeSet::new() };
    after.changes_since(before).into_iter().map(|change| change.key).collect()
}

/// The one entry of states that is touched, if it is one: `key x` is `x`, and the part `1:7` of `rows public.test` is `test(7)`.
fn entry(touch: &Touch) -> Option<String> {
    let text = octets::text(touch.object.as_ref()?);
    let (kind, name) = text.split_once(' ')?;
    match (kind, &touch.part) {
        ("key", None) => Some(name.to_owned()),
        ("rows", Some(part)) => {
            let part = octets::text(part);
            let (length, value) = part.split_once(':')?;
            let is_one = length.parse() == Ok(value.len());
            let table = name.rsplit_once('.').map_or(name, |(_, table)| table);
            is_one.then(|| format!("{table}({value})"))
        }
        _ => None,
    }
}

fn value(state: Option<&State>, entry: &str) -> String {
    let text = state.and_then(|state| state.get(entry)).map(ToString::to_string).unwrap_or_default();
    if text.chars().count() <= VALUE_CHARACTERS_MAX { text } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Access as How;

    /// Whole tables, parts of several columns and what is no data at all are not one entry.
    #[test]
    fn only_one_key_or_one_row_is_an_entry() {
        let entry = |object: &'static str, part: Option<&'static str>| {
            let bytes = |text: &'static str| bytes::Bytes::from_static(text.as_bytes());
            super::entry(&Touch { object: Some(bytes(object)), part: part.map(bytes), access: How::Reads })
        };
        assert_eq!(entry("key counter", None).as_deref(), Some("counter"));
        assert_eq!(entry("rows public.test", Some("2:17")).as_deref(), Some("test(17)"));
        assert_eq!(entry("rows public.test", None), None);
        assert_eq!(entry("rows public.test", Some("1:12:17")), None);
        assert_eq!(entry("locks public.test", Some("1:1")), None);
        assert_eq!(entry("order", None), None);
    }
}
