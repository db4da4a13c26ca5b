//! Owns what is told of bursts in the course of time: throughput and latency as plots, with the same in words and as a table.

use std::collections::BTreeMap;

use askama::Template;
use raceproof::Outcome;
use raceproof::burst::{Bursts, Latency};

use super::Visible;
use super::plot::{colour, plot};
use crate::wording;

/// Most kinds of commands that get a line, and most that get a row.
const LINES_MAX: usize = 3;
const ROWS_MAX: usize = 20;

/// The bursts of one outcome.
#[derive(Template)]
#[template(path = "burst.html")]
pub(super) struct Burst {
    id: String,
    name: Visible,
    /// What the plots show, in words.
    told: String,
    /// There is no course of a single moment.
    plots: Option<Plots>,
    rows: Vec<Row>,
    more: Option<String>,
}

/// How it went in the course of time.
struct Plots {
    throughput: String,
    latency: String,
    /// The kinds of commands in the latency plot, with their colours.
    legend: Vec<(String, Visible)>,
    has_violations: bool,
}

/// One kind of command.
struct Row {
    name: Visible,
    latency: Latency,
    per_second: u64,
}

impl Burst {
    /// What is told of `outcome`; `None` if it has no bursts, or none whose course was recorded.
    pub(super) fn of(outcome: &Outcome, id: impl FnOnce() -> String) -> Option<Self> {
        let bursts = outcome.bursts.as_ref().filter(|bursts| !bursts.series.is_empty())?;
        let mut kinds: Vec<(&String, &Latency)> = bursts.latencies.iter().collect();
        kinds.sort_by_key(|(_, latency)| std::cmp::Reverse(latency.count));
        let course = Course::of(bursts);
        let most: Vec<_> = kinds.iter().take(LINES_MAX).map(|(name, _)| name.as_str()).collect();
        let row = |(name, latency): &(&String, &Latency)| Row {
            name: Visible::of(name),
            latency: **latency,
            per_second: per_second(latency.count, bursts.running_us),
        };
        Some(Self {
            id: id(),
            name: Visible::of(&wording::name(outcome)),
            told: told(bursts, &course),
            plots: (course.rate.len() > 1).then(|| Plots::of(&course, &most)),
            rows: kinds.iter().take(ROWS_MAX).map(row).collect(),
            more: super::more(kinds.len().saturating_sub(ROWS_MAX), "kind"),
        })
    }
}

impl Plots {
    /// The throughput, and the latency of these `kinds` of commands.
    fn of(course: &Course, kinds: &[&str]) -> Self {
        let lines: Vec<_> = kinds.iter().filter_map(|name| course.p99.get(*name).cloned()).collect();
        let legend = kinds.iter().enumerate().map(|(place, name)| (colour(place), Visible::of(name)));
        Self {
            throughput: plot("commands per second", std::slice::from_ref(&course.rate), &course.violating),
            latency: plot("p99 in µs", &lines, &[]),
            legend: legend.collect(),
            has_violations: !course.violating.is_empty(),
        }
    }
}

/// Points of time (in seconds in which workers ran) with what was measured there.
#[derive(Default)]
struct Course {
    rate: Vec<(f64, f64)>,
    /// The points of `rate` at which an invariant was violated.
    violating: Vec<(f64, f64)>,
    p99: BTreeMap<String, Vec<(f64, f64)>>,
}

impl Course {
    fn of(bursts: &Bursts) -> Self {
        let (mut course, mut now_us) = (Self::default(), 0_u64);
        for moment in &bursts.series {
            now_us = now_us.saturating_add(moment.running_us);
            let at = seconds(now_us);
            let point = (at, moment.commands as f64 / seconds(moment.running_us.max(1)));
            course.rate.push(point);
            course.violating.extend((moment.violating > 0).then_some(point));
            for (name, latency) in &moment.latencies {
                course.p99.entry(name.clone()).or_default().push((at, latency.p99_us as f64));
            }
        }
        course
    }
}

fn seconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1e6
}

fn per_second(count: u64, microseconds: u64) -> u64 {
    let rate = u128::from(count) * 1_000_000 / u128::from(microseconds.max(1));
    u64::try_from(rate).unwrap_or(u64::MAX)
}

fn told(bursts: &Bursts, course: &Course) -> String {
    let rates = course.rate.iter().map(|(_, rate)| *rate);
    let (least, most) =
        rates.fold((f64::MAX, 0.0_f64), |(least, most), rate| (least.min(rate), most.max(rate)));
    let violating: u64 = bursts.series.iter().map(|moment| moment.violating).sum();
    let count: u64 = bursts.series.iter().map(|moment| moment.bursts).sum();
    let range =
        if course.rate.len() > 1 { format!(", between {least:.0} and {most:.0}") } else { String::new() };
    format!(
        "{} in {} of running: {} commands per second{range}; {violating} violated a promise.",
        wording::counted(count, "burst"),
        wording::duration(bursts.running_us),
        bursts.commands_per_second(),
    )
}

#[cfg(test)]
mod tests {
    use raceproof::burst::Moment;

    use super::*;
    use crate::samples;

    fn outcome(name: &str) -> Outcome {
        let latency = |count| Latency { count, p50_us: 20, p99_us: 90, max_us: 400 };
        let latencies: BTreeMap<_, _> =
            [(name.to_owned(), latency(30)), ("redis SET".to_owned(), latency(10))].into();
        let moment = |violating| Moment {
            bursts: 5,
            running_us: 500_000,
            commands: 20,
            violating,
            latencies: latencies.clone(),
        };
        let series = vec![moment(0), moment(2)];
        let mut outcome = samples::caught();
        outcome.bursts = Some(Bursts {
            commands: 40,
            running_us: 1_000_000,
            latencies: latencies.clone(),
            series,
            ..Bursts::default()
        });
        outcome
    }

    /// Who cannot see the plots reads the same numbers.
    #[test]
    fn course_of_bursts_is_plotted_and_told() {
        let burst = Burst::of(&outcome("redis GET"), || "bursts-1".to_owned()).expect("it has bursts");
        assert_eq!(
            burst.told,
            "10 bursts in 1.00 s of running: 40 commands per second, between 40 and 40; 2 violated a promise."
        );
        let page = burst.render().expect("it is rendered");
        for part in ["<svg", "redis GET", "redis SET", "violated", "aria-hidden=\"true\"", "30"] {
            assert!(page.contains(part), "{part} is missing in {page}");
        }
    }

    /// A word that a client has made up is text, in the legend and in the table, and nowhere in a drawing.
    #[test]
    fn hostile_words_are_escaped() {
        let burst = Burst::of(&outcome("redis <SCRIPT>\u{202e}"), String::new).expect("it has bursts");
        let page = burst.render().expect("it is rendered");
        assert!(!page.contains("<SCRIPT>") && !page.contains('\u{202e}'), "{page}");
        let plots = burst.plots.expect("there are two moments");
        assert!(!plots.throughput.contains("SCRIPT") && !plots.latency.contains("SCRIPT"));
    }

    #[test]
    fn outcomes_without_bursts_have_no_plots() {
        assert!(Burst::of(&samples::caught(), String::new).is_none());
    }

    /// A single burst has no course, so there is no drawing without a line in it.
    #[test]
    fn single_moment_is_told_and_not_drawn() {
        let mut outcome = outcome("redis GET");
        outcome.bursts.as_mut().expect("it has bursts").series.truncate(1);
        let burst = Burst::of(&outcome, || "burst-1".to_owned()).expect("it has bursts");
        assert!(burst.plots.is_none() && !burst.told.contains("between"), "{}", burst.told);
        let page = burst.render().expect("it renders");
        assert!(page.contains("redis GET") && !page.contains("<figure>"), "{page}");
    }
}
