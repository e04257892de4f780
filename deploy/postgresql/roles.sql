-- The roles of the pipeline, made once in a database by whoever administers the server:
--
--     psql --dbname=mediation --file=deploy/postgresql/roles.sql
--
-- Done twice, it does nothing. What each role may do to which table is not said here: `mediation db
-- upgrade`, run as mediation_owner, gives every role the rights that its release needs. The users and
-- their passwords are yours. Either make users of your own members of these roles:
--
--     CREATE ROLE consumer_1 LOGIN PASSWORD '…' IN ROLE mediation_consumer;
--
-- or let the roles themselves log in, which mediation_owner does in any case, so that what it makes is
-- its own:
--
--     ALTER ROLE mediation_owner LOGIN PASSWORD '…';

DO $$
DECLARE
    wanted text;
    roles  text[] := ARRAY['mediation_owner', 'mediation_consumer', 'mediation_relay',
                           'mediation_console', 'mediation_mender', 'mediation_pruner',
                           'mediation_reader'];
BEGIN
    FOREACH wanted IN ARRAY roles LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', wanted);
        END IF;
    END LOOP;
    -- Nobody comes in, makes a table or a temporary one, because nobody had forbidden it.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', current_schema());
    FOREACH wanted IN ARRAY roles LOOP
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), wanted);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), wanted);
    END LOOP;
    EXECUTE format('GRANT CREATE ON SCHEMA %I TO mediation_owner', current_schema());
END $$;
