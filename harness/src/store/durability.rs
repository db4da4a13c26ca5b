//! Owns the settings of the servers: nothing is written to disk unless a run asks for persistence, and nothing happens
//! by itself that would make one execution differ from the next.

/// Arguments for `redis-server`.
pub(crate) fn redis(persistence: bool) -> &'static [&'static str] {
    if persistence {
        // Snapshots add nothing to the log, and a clock that jumps would make one due.
        &["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
    } else {
        &["--save", "", "--appendonly", "no"]
    }
}

/// Arguments as the lines of a file of settings.
pub(crate) fn redis_settings(persistence: bool) -> String {
    let lines = redis(persistence).chunks_exact(2).map(|pair| {
        let (name, value) = (pair[0].trim_start_matches("--"), pair[1]);
        format!("{name} {}\n", if value.is_empty() { "\"\"" } else { value })
    });
    lines.collect()
}

/// Settings for `postgres -c`.
pub(crate) fn postgres(persistence: bool) -> &'static [&'static str] {
    if persistence {
        &[]
    } else {
        // A log that is never needed again is kept short, as it may be in memory.
        &["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=256MB"]
    }
}

/// Settings for `postgres -c` that every run wants, whether or not it asks for persistence.
pub(crate) const POSTGRES_RUN: &[&str] = &[
    // A deadlock is found as soon as every wait can be seen by us.
    "deadlock_timeout=10ms",
    // A wait is the wait of one process, and the order of rows does not depend on which helper was faster.
    "max_parallel_workers_per_gather=0",
    "synchronize_seqscans=off",
    "jit=off",
    // It would change plans between two executions; tables are vacuumed when they are brought back.
    "autovacuum=off",
    "max_connections=200",
    // A coordinator of several databases is a program under test like any other.
    "max_prepared_transactions=16",
    // A clock that jumps makes a checkpoint due; the server sleeps until it would be due by the real one, so never.
    "checkpoint_timeout=1d",
    "client_connection_check_interval=0",
    // What programs under test do wrong is told in reports; the log is for failures of the server.
    "log_min_messages=fatal",
    "log_min_error_statement=panic",
];
