//! Owns the printed table of measurements and their bars.

/// Measurements, printed as they are made.
#[derive(Debug, Default)]
pub(crate) struct Table {
    missed: usize,
}

/// What a figure must reach.
#[derive(Debug)]
pub(crate) struct Bar {
    told: String,
    met: bool,
}

impl Bar {
    pub(crate) fn at_least(figure: f64, bar: f64) -> Self {
        Self::new(format!("at least {bar}"), figure >= bar)
    }

    /// A bar that is told in these words.
    pub(crate) fn new(told: String, met: bool) -> Self {
        Self { told, met }
    }
}

impl Table {
    pub(crate) fn row(&mut self, name: impl std::fmt::Display, measured: String, bar: Option<Bar>) {
        let told = |bar: &Bar| format!("{} ({})", if bar.met { "met" } else { "MISSED" }, bar.told);
        let bar_told = bar.as_ref().map(told).unwrap_or_default();
        println!("{:<44} {measured:>28}  {bar_told}", name.to_string());
        self.missed += usize::from(bar.is_some_and(|bar| !bar.met));
    }

    pub(crate) fn all_met(&self) -> bool {
        self.missed == 0
    }
}

/// The middle one of an odd number of figures, or the upper middle one.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
