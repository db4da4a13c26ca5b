//! Owns the asking of all invariants after each step of an execution that is told, also of those that are only promised for its end.

use super::execution::{Execution, Setting};
use super::panics;
use crate::check::{Course, Invariant, Opinion, When};
use crate::history::State;

/// The courses of what an execution promises, before anything was asked; none unless they are wanted.
pub(super) fn courses(setting: &Setting<'_>) -> Vec<Course> {
    let begun = |when| move |invariant: &Invariant| Course::new(invariant.promise(), when);
    let always = setting.always.iter().map(begun(When::Always));
    let all = always.chain(setting.finally.iter().map(begun(When::Finally)));
    if setting.detail.has_courses() { all.collect() } else { Vec::new() }
}

impl Execution<'_> {
    /// Notes what each invariant says of `state` now.
    pub(super) fn note_opinions(&mut self, state: &State) {
        if self.courses.is_empty() {
            return;
        }
        let steps = self.steps.len();
        let mut courses = std::mem::take(&mut self.courses);
        let invariants = self.setting.always.iter().chain(self.setting.finally);
        self.viewed(state, |view| {
            for (course, invariant) in courses.iter_mut().zip(invariants) {
                // One that is promised for the end may take for granted what is only there then.
                let opinion = panics::caught(|| invariant.opinion(view));
                course.note(steps, opinion.unwrap_or_else(Opinion::Undecided));
            }
        });
        self.courses = courses;
    }
}
