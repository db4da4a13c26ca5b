CREATE SCHEMA raceproof;
CREATE FUNCTION raceproof.split() RETURNS trigger LANGUAGE plpgsql AS $split$
BEGIN
    PERFORM pg_advisory_lock_shared(1382114149, hashtext(current_setting('application_name')));
    PERFORM pg_advisory_unlock_shared(1382114149, hashtext(current_setting('application_name')));
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$split$;
SELECT format('CREATE TRIGGER " raceproof_split" BEFORE INSERT OR UPDATE OR DELETE ON %s
        FOR EACH ROW EXECUTE FUNCTION raceproof.split()', c.oid::regclass)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema|raceproof)' \gexec
