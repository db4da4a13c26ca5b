//! Owns the printed table of measurements and their bars.

/// Measurements in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Row>);

#[derive(Debug)]
struct Row {
    name: String,
    measured: String,
    bar: Option<Bar>,
}

/// What a figure must reach.
#[derive(Debug)]
pub(crate) struct Bar {
    told: String,
    met: bool,
}

impl Bar {
    pub(crate) fn at_least(figure: f64, bar: f64) -> Self {
        Self { told: format!("at least {bar}"), met: figure >= bar }
    }

    pub(crate) fn at_most(figure: f64, bar: f64) -> Self {
        Self { told: format!("at most {bar} times, is {figure:.2}"), met: figure <= bar }
    }
}

impl Table {
    pub(crate) fn row(&mut self, name: impl Into<String>, measured: String, bar: Option<Bar>) {
        self.0.push(Row { name: name.into(), measured, bar });
    }

    pub(crate) fn all_met(&self) -> bool {
        self.0.iter().filter_map(|row| row.bar.as_ref()).all(|bar| bar.met)
    }

    pub(crate) fn print(&self) {
        for Row { name, measured, bar } in &self.0 {
            let bar =
                bar.as_ref().map(|bar| format!("{} ({})", if bar.met { "met" } else { "MISSED" }, bar.told));
            println!("{name:<44} {measured:>28}  {}", bar.unwrap_or_default());
        }
    }
}

/// The middle one of an odd number of figures, or the upper middle one.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Resident memory of this process, in KiB, as the system counts it.
pub(crate) fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
