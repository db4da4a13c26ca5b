//! Owns what is told of kept schedules: which folder is in force.

use raceproof::run::RegressionFolder;
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
