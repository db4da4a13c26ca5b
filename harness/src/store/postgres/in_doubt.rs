//! Owns the transactions that an execution has prepared and not ended: they outlive its sessions, and go with it.

use super::batch::{Batch, literal};
use super::row::Row;

pub(super) const IN_DOUBT: &str = "in_doubt";

/// The names of those of this database.
pub(super) const IN_DOUBT_SQL: &str =
    "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY gid";

/// Fills `batch` with what takes back those in `rows`, each in a section of its own; whether there are any.
pub(super) fn take_back(batch: &mut Batch, rows: &[Row]) -> bool {
    for row in rows {
        batch.query(&format!("ROLLBACK PREPARED {}", literal(&row.text(0))));
    }
    !rows.is_empty()
}
