//! Owns what is told of kept schedules: which folder is in force, and what a run changes in it.

use raceproof::regression::Stale;
use raceproof::run::{RegressionFolder, Settled};
use raceproof_reports::wording::counted;

/// What there is to say when a folder was opened, one line each.
pub(super) fn opened(folder: &RegressionFolder) -> Vec<String> {
    let count = counted(folder.regressions().len() as u64, "kept schedule");
    let mut lines =
        vec![format!("{count} in `{}`, retried first where they belong", folder.path().display())];
    let newer = |path: &std::path::PathBuf| {
        let path = path.display();
        format!(
            "`{path}` has a later version of the format, so it is neither retried nor changed (update raceproof)"
        )
    };
    lines.extend(folder.newer().iter().map(newer));
    lines
}

/// What became of a file.
pub(super) fn told(settled: &Settled) -> String {
    match settled {
        Settled::Added(path) => {
            format!("kept the schedule in `{}`: it is retried first from now on (commit it)", path.display())
        }
        Settled::Renewed(path) => {
            format!("`{}` violates with other requests, which it now holds", path.display())
        }
        Settled::MarkedStale(path, Stale { step, reason }) => {
            let path = path.display();
            format!(
                "`{path}` is stale at step {step}: {reason} (the file says so; delete it if it is not needed)"
            )
        }
        Settled::Unmarked(path) => format!("`{}` is no longer stale", path.display()),
    }
}
