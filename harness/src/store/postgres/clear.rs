//! Owns the statements that empty a database.

/// Drops every schema of users, extensions, event triggers and the database's own settings but ours (the isolation level, and
/// whether commits last), and makes `public` anew with the rights that it has in a new database of this version. Before 15 the owner of a database
/// is not that of its `public`, and can only empty it.
pub(super) fn statement(version: u32) -> String {
    let public = if version >= 150_000 {
        "CREATE SCHEMA public AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC;"
    } else {
        "CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC;"
    };
    format!(
        "DO $clear$
        DECLARE found text;
        BEGIN
            FOR found IN SELECT evtname FROM pg_event_trigger LOOP
                EXECUTE format('DROP EVENT TRIGGER %I CASCADE', found);
            END LOOP;
            FOR found IN SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' LOOP
                EXECUTE format('DROP EXTENSION IF EXISTS %I CASCADE', found);
            END LOOP;
            FOR found IN SELECT nspname FROM pg_namespace
                WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND pg_has_role(nspowner, 'USAGE')
            LOOP
                EXECUTE format('DROP SCHEMA %I CASCADE', found);
            END LOOP;
            FOR found IN SELECT split_part(unnest(s.setconfig), '=', 1)
                FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                WHERE d.datname = current_database() AND s.setrole = 0
            LOOP
                IF found NOT IN ('default_transaction_isolation', 'synchronous_commit') THEN
                    EXECUTE format('ALTER DATABASE %I RESET %I', current_database(), found);
                END IF;
            END LOOP;
            IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public') THEN
                DROP OWNED BY CURRENT_USER CASCADE;
            ELSE
                {public}
            END IF;
        END
        $clear$"
    )
}

/// Drops every role but the server's own and ours; for a server that is ours alone.
pub(super) const ROLES: &str = "DO $clear$
    DECLARE found text;
    BEGIN
        FOR found IN SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> current_user LOOP
            EXECUTE format('DROP OWNED BY %I CASCADE', found);
            EXECUTE format('DROP ROLE %I', found);
        END LOOP;
    END
    $clear$";
