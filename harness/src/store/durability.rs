//! Owns what the servers are told about writing to disk: nothing of it, unless a run asks for persistence.

/// Arguments for `redis-server`.
pub(crate) fn redis(persistence: bool) -> &'static [&'static str] {
    if persistence {
        &["--appendonly", "yes", "--appendfsync", "always"]
    } else {
        &["--save", "", "--appendonly", "no"]
    }
}

/// Settings for `postgres -c`.
pub(crate) fn postgres(persistence: bool) -> &'static [&'static str] {
    if persistence {
        &[]
    } else {
        // A log that is never needed again is kept short, as it may be in memory.
        &[
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "autovacuum=off",
            "max_wal_size=256MB",
        ]
    }
}
