//! Owns [`Promised`] and [`Standing`]: what each promise was worth after each step.

use raceproof::check::{Course, Opinion, When};
use raceproof::history::Trace;

use super::one_line;
use crate::visible::Visible;

/// Most promises that are told step by step.
const PROMISES_MAX: usize = 8;

/// A promise, and when it must be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// In the words of the scenario.
    pub promise: Visible,
    /// Whether it is only promised for when all workers are done.
    pub is_for_the_end: bool,
    /// The step since which it was broken until the end, if it was.
    pub broken_since: Option<usize>,
}

/// What a promise is worth at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Of which.
    pub is: Is,
    /// What was found instead, or why nothing can be said, where it was different a moment before.
    pub news: Option<Visible>,
}

/// Whether a promise is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// Yes.
    Kept,
    /// No.
    Broken,
    /// Nobody can say.
    Undecided,
}

/// The promises of which something is known step by step.
pub(super) fn promised(trace: &Trace) -> Vec<Promised> {
    let promised = |course: &Course| Promised {
        promise: Visible::of(&course.invariant),
        is_for_the_end: course.when == When::Finally,
        broken_since: course.broken_since(),
    };
    courses(trace).map(promised).collect()
}

/// What each of them is worth when `steps` steps are over.
pub(super) fn standings(trace: &Trace, steps: usize) -> Vec<Standing> {
    let standing = |course: &Course| {
        let (is, why) = match course.at(steps) {
            Some(Opinion::Holds) => (Is::Kept, None),
            Some(Opinion::Broken(found)) => (Is::Broken, Some(found)),
            Some(Opinion::Undecided(why)) => (Is::Undecided, Some(why)),
            None => (Is::Undecided, None),
        };
        let is_new = course.said.iter().any(|said| said.after_steps == steps);
        Standing { is, news: why.filter(|_| is_new).map(|why| Visible::of(&one_line(why))) }
    };
    courses(trace).map(standing).collect()
}

fn courses(trace: &Trace) -> impl Iterator<Item = &Course> {
    trace.courses.iter().take(PROMISES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// The words come with the step that brings them, and not again.
    #[test]
    fn what_is_found_is_told_where_it_is_new() {
        let trace = samples::caught().counterexample.expect("a violation").shrunk;
        let told: Vec<_> = (0..=4)
            .map(|steps| {
                let [standing] = &standings(&trace, steps)[..] else { panic!("one promise") };
                (standing.is, standing.news.as_ref().map(ToString::to_string))
            })
            .collect();
        let found = Some("the counter is 1 after 2 increments".to_owned());
        assert_eq!(told[..3], [(Is::Kept, None), (Is::Kept, None), (Is::Kept, None)]);
        assert_eq!(told[3..], [(Is::Kept, None), (Is::Broken, found)]);
        assert_eq!(promised(&trace)[0].broken_since, Some(4));
    }

    /// Records of earlier programs have none.
    #[test]
    fn trace_without_courses_has_no_promises() {
        let trace = samples::chosen("A B");
        assert_eq!((promised(&trace), standings(&trace, 1)), (Vec::new(), Vec::new()));
    }
}
