//! Owns what stops a statement before its first row is written: a trigger on every table, which takes a lock that
//! nobody but the control connection ever refuses.

/// The first half of the lock's name; the other is the process that is to stop.
pub(super) const LOCK: u32 = 0x5261_6365;

pub(super) const ARM: &str = "arm";
pub(super) const DISARM: &str = "disarm";

pub(super) fn arm_sql() -> String {
    format!("SELECT pg_advisory_lock({LOCK}, $1::int)")
}

pub(super) fn disarm_sql() -> String {
    format!("SELECT pg_advisory_unlock({LOCK}, $1::int)")
}

pub(super) const FUNCTION: &str = "
    CREATE FUNCTION raceproof.split() RETURNS trigger LANGUAGE plpgsql AS $split$
    BEGIN
        PERFORM pg_catalog.pg_advisory_lock_shared(1382114149, pg_catalog.pg_backend_pid());
        PERFORM pg_catalog.pg_advisory_unlock_shared(1382114149, pg_catalog.pg_backend_pid());
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    END
    $split$;";

/// Triggers fire in the order of their names, and a blank comes before every letter.
pub(super) fn trigger(table: &str) -> String {
    format!(
        "CREATE TRIGGER \" raceproof_split\" BEFORE INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION raceproof.split();"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trigger_and_the_control_connection_mean_the_same_lock() {
        assert_eq!(FUNCTION.matches(&LOCK.to_string()).count(), 2);
    }
}
