-- The login roles of Covalent and one database, as `psql -f roles.sql` by a superuser. May run any number of times.
-- Passwords and the database's name come by environment: COVALENT_MIGRATE_PASSWORD, COVALENT_APP_PASSWORD,
-- COVALENT_BACKUP_PASSWORD, COVALENT_DATABASE.
--
--   covalent_owner    owns everything, no login; FORCE ROW LEVEL SECURITY holds for it too
--   covalent_migrate  may become owner; used while migrations run and at no other time
--   covalent_app      what web, worker, beat and relay connect as: owns nothing, bypasses nothing
--   covalent_backup   reads everything past row security, because pg_dump fails otherwise
\set ON_ERROR_STOP on
\set QUIET on
\getenv migrate_password COVALENT_MIGRATE_PASSWORD
\getenv app_password COVALENT_APP_PASSWORD
\getenv backup_password COVALENT_BACKUP_PASSWORD
\getenv database COVALENT_DATABASE
SET client_min_messages = warning;
-- A failing statement must not carry a password into the server's log.
SET log_min_error_statement = panic;

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['covalent_owner', 'covalent_migrate', 'covalent_app', 'covalent_backup']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

ALTER ROLE covalent_owner
    NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE covalent_migrate
    LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT PASSWORD :'migrate_password';
ALTER ROLE covalent_app
    LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'app_password';
ALTER ROLE covalent_backup
    LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'backup_password';

GRANT covalent_owner TO covalent_migrate WITH INHERIT FALSE, SET TRUE;
GRANT pg_read_all_data TO covalent_backup;

-- A session that waits in a transaction holds locks and old row versions for everybody.
ALTER ROLE covalent_app SET statement_timeout = '30s';
ALTER ROLE covalent_app SET lock_timeout = '2s';
ALTER ROLE covalent_app SET idle_in_transaction_session_timeout = '10s';
-- A migration that queues for a lock makes every reader queue behind it.
ALTER ROLE covalent_migrate SET lock_timeout = '10s';
ALTER ROLE covalent_backup SET default_transaction_read_only = on;

SELECT format('CREATE DATABASE %I OWNER covalent_owner', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec

REVOKE ALL ON DATABASE postgres, template1, :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO covalent_migrate, covalent_backup;
-- Readings arrive by COPY into a session's temporary table.
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO covalent_app;

\connect :"database"
SET client_min_messages = warning;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
