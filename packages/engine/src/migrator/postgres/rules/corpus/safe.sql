Migrations that must pass without a word. A case begins with three dashes and its title.

--- a nullable column
-- expand:
ALTER TABLE users ADD COLUMN nick text;
--- a nullable column, said twice
-- expand:
ALTER TABLE users ADD COLUMN IF NOT EXISTS nick text NULL;
--- a column with a constant default
-- expand:
ALTER TABLE users ADD COLUMN level integer DEFAULT 0;
--- a required column with a constant default
-- expand:
ALTER TABLE users ADD COLUMN level integer NOT NULL DEFAULT 1;
--- a default that is the time of the statement
-- expand:
ALTER TABLE users ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now();
--- a default of the current date
-- expand:
ALTER TABLE users ADD COLUMN seen_on date NOT NULL DEFAULT CURRENT_DATE;
--- a default with a cast and an array
-- expand:
ALTER TABLE users ADD COLUMN tags text[] NOT NULL DEFAULT '{}'::text[], ADD COLUMN prefs jsonb NOT NULL DEFAULT jsonb_build_object();
--- a column of an enum
-- expand:
CREATE TYPE mood AS ENUM ('sad', 'happy');
ALTER TABLE users ADD COLUMN mood mood;
--- a column of an extension's type
-- expand:
ALTER TABLE users ADD COLUMN mail citext;
--- several columns of one table
-- expand:
ALTER TABLE users ADD COLUMN a text;
ALTER TABLE users ADD COLUMN b text, ADD COLUMN c bigint DEFAULT 5;
--- a virtual column
-- expand:
ALTER TABLE users ADD COLUMN initials text GENERATED ALWAYS AS (left(name, 1)) VIRTUAL;
--- a new table with everything on it
-- expand:
CREATE TABLE invoices (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users (id),
  number text NOT NULL UNIQUE,
  total numeric(12, 2) NOT NULL CHECK (total >= 0),
  paid_at timestamptz
);
--- a new table, its indexes and its constraints
-- expand:
CREATE TABLE invoices (id bigserial, user_id bigint);
ALTER TABLE invoices ADD PRIMARY KEY (id);
ALTER TABLE invoices ADD CONSTRAINT invoices_user_fk FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE invoices ADD CHECK (user_id > 0);
CREATE INDEX ON invoices (user_id);
CREATE UNIQUE INDEX invoices_one ON invoices (id, user_id);
--- a new table may be changed freely in its own file
-- expand:
CREATE TABLE t (a int, b int);
ALTER TABLE t ALTER COLUMN a TYPE bigint, ALTER COLUMN b SET NOT NULL, DROP COLUMN b;
ALTER TABLE t RENAME COLUMN a TO c;
UPDATE t SET c = 1;
TRUNCATE t;
--- a new table is filled
-- expand:
CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
INSERT INTO countries VALUES ('DE', 'Germany'), ('FR', 'France');
--- a new table is filled from an old one
-- expand:
CREATE TABLE names AS SELECT id, name FROM users;
--- two new tables that know each other
-- expand:
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a);
ALTER TABLE a ADD COLUMN b_id int REFERENCES b;
--- a new table beside a column of an old one
-- expand:
CREATE TABLE plans (id bigint PRIMARY KEY);
ALTER TABLE users ADD COLUMN plan_id bigint;
--- a new table in a schema of its own
-- expand:
CREATE SCHEMA billing;
CREATE TABLE billing.invoices (id bigint PRIMARY KEY);
CREATE INDEX invoices_id ON billing.invoices (id);
--- a new partition
-- expand:
CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
--- a partitioned table
-- expand:
CREATE TABLE logs (at timestamptz NOT NULL, line text) PARTITION BY RANGE (at);
CREATE TABLE logs_2027 PARTITION OF logs FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
--- a new table becomes a partition
-- expand:
CREATE TABLE events_2028 (LIKE events INCLUDING ALL);
ALTER TABLE events ATTACH PARTITION events_2028 FOR VALUES FROM ('2028-01-01') TO ('2029-01-01');
--- an index beside the writers
-- expand, @no-transaction:
CREATE INDEX CONCURRENTLY users_name_idx ON users (name);
--- an index over an expression, in part
-- expand, @no-transaction:
CREATE INDEX CONCURRENTLY users_mail_idx ON users USING btree (lower(mail)) WHERE mail IS NOT NULL;
--- a unique index over a new column
-- expand:
ALTER TABLE users ADD COLUMN handle text;
-- then contract, @no-transaction:
CREATE UNIQUE INDEX CONCURRENTLY users_handle_idx ON users (handle);
--- a unique index at the end
-- contract, @no-transaction:
CREATE UNIQUE INDEX CONCURRENTLY users_mail_idx ON users (mail);
-- then contract:
ALTER TABLE users ADD CONSTRAINT users_mail_key UNIQUE USING INDEX users_mail_idx;
--- an index goes beside the writers
-- contract, @no-transaction:
DROP INDEX CONCURRENTLY users_name_idx;
--- an index of a new table goes
-- expand:
CREATE TABLE t (a int);
CREATE INDEX t_a ON t (a);
DROP INDEX t_a;
--- an index is built again beside the writers
-- expand, @no-transaction:
REINDEX INDEX CONCURRENTLY users_name_idx;
--- a view
-- expand:
CREATE VIEW adults AS SELECT id, name FROM users WHERE age >= 18;
--- a materialized view, filled and indexed
-- expand:
CREATE MATERIALIZED VIEW totals AS SELECT user_id, sum(total) AS total FROM invoices GROUP BY user_id;
CREATE UNIQUE INDEX totals_user ON totals (user_id);
REFRESH MATERIALIZED VIEW totals;
--- a materialized view is worked out beside its readers
-- expand:
REFRESH MATERIALIZED VIEW CONCURRENTLY totals;
--- a function
-- expand:
CREATE FUNCTION full_name(first text, last text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT first || ' ' || last; $$;
--- a trigger on a new table
-- expand:
CREATE TABLE t (a int, changed timestamptz);
CREATE FUNCTION t_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed := now(); RETURN NEW; END $$;
CREATE TRIGGER t_changed BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION t_changed();
--- a trigger that keeps two columns in step
-- expand:
-- @sync
ALTER TABLE users ADD COLUMN mail text;
CREATE OR REPLACE FUNCTION users_mail_sync() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.mail := NEW.email; RETURN NEW; END $$;
CREATE TRIGGER users_mail_sync BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION users_mail_sync();
--- a rename in three deployments
-- expand:
-- @sync
ALTER TABLE users ADD COLUMN mail text;
CREATE FUNCTION users_mail_sync() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.mail := NEW.email; RETURN NEW; END $$;
CREATE TRIGGER users_mail_sync BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION users_mail_sync();
-- backfill:
-- @table users
-- @key id
UPDATE users SET mail = email WHERE id BETWEEN :from AND :to AND mail IS DISTINCT FROM email;
-- contract:
DROP TRIGGER users_mail_sync ON users;
DROP FUNCTION users_mail_sync();
ALTER TABLE users DROP COLUMN email;
--- a backfill that deletes
-- backfill:
-- @table sessions
-- @key id
DELETE FROM sessions WHERE id BETWEEN :from AND :to AND expires_at < now();
--- a backfill that copies
-- backfill:
-- @table users
-- @key id
INSERT INTO names (id, name) SELECT id, name FROM users WHERE id BETWEEN :from AND :to ON CONFLICT DO NOTHING;
--- a default for a column that is new here
-- expand:
ALTER TABLE users ADD COLUMN token uuid;
ALTER TABLE users ALTER COLUMN token SET DEFAULT gen_random_uuid();
--- a check of a column that is new here, validated later
-- expand:
ALTER TABLE users ADD COLUMN age int;
ALTER TABLE users ADD CONSTRAINT users_age CHECK (age >= 0) NOT VALID;
-- then contract:
ALTER TABLE users VALIDATE CONSTRAINT users_age;
--- a foreign key of a column that is new here
-- expand:
ALTER TABLE users ADD COLUMN plan_id bigint;
ALTER TABLE users ADD CONSTRAINT users_plan_fk FOREIGN KEY (plan_id) REFERENCES plans (id) NOT VALID;
-- then contract:
ALTER TABLE users VALIDATE CONSTRAINT users_plan_fk;
--- NOT NULL, proven before it is set
-- contract:
ALTER TABLE users ADD CONSTRAINT users_mail_not_null CHECK (mail IS NOT NULL) NOT VALID;
-- then contract:
ALTER TABLE users VALIDATE CONSTRAINT users_mail_not_null;
ALTER TABLE users ALTER COLUMN mail SET NOT NULL;
ALTER TABLE users DROP CONSTRAINT users_mail_not_null;
--- NOT NULL of PostgreSQL 18
-- contract:
ALTER TABLE users ADD CONSTRAINT users_mail_nn NOT NULL mail NOT VALID;
-- then contract:
ALTER TABLE users VALIDATE CONSTRAINT users_mail_nn;
--- a check that is not enforced
-- contract:
ALTER TABLE users ADD CONSTRAINT users_age CHECK (age > 0) NOT ENFORCED;
--- a foreign key of the contract step
-- contract:
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
-- then contract:
ALTER TABLE orders VALIDATE CONSTRAINT orders_user_fk;
--- the end of a column
-- contract:
ALTER TABLE users DROP COLUMN legacy;
--- the end of a table and a view
-- contract:
DROP VIEW old_users;
DROP TABLE legacy_users;
--- the end of a default and of NOT NULL
-- contract:
ALTER TABLE users ALTER COLUMN level DROP DEFAULT, ALTER COLUMN level DROP NOT NULL;
--- a wider varchar
-- expand:
CREATE TABLE people (id bigint PRIMARY KEY, name varchar(50), price numeric(10, 2), note varchar(10));
-- then expand:
ALTER TABLE people ALTER COLUMN name TYPE varchar(100);
ALTER TABLE people ALTER COLUMN price TYPE numeric(12, 2), ALTER COLUMN note TYPE text;
--- what was taken back
-- expand:
ALTER TABLE users ADD COLUMN nick text;
-- revert:
ALTER TABLE users DROP COLUMN nick;
--- what was taken back, with a table and an index
-- expand:
CREATE TABLE t (a int);
CREATE INDEX t_a ON t (a);
-- revert:
DROP TABLE t;
--- a row of settings
-- expand:
INSERT INTO settings (name, value) VALUES ('theme', 'dark') ON CONFLICT (name) DO NOTHING;
--- one row by its key
-- expand:
UPDATE users SET level = 3 WHERE id = 42;
DELETE FROM users WHERE id IN (1, 2, 3);
--- one row by a unique column, known from before
-- expand:
CREATE TABLE plans (id bigint PRIMARY KEY, code text);
CREATE UNIQUE INDEX plans_code ON plans (code);
-- then expand:
UPDATE plans SET id = 7 WHERE code = 'gold';
--- a comment, statistics and a parameter
-- expand:
COMMENT ON TABLE users IS 'people';
ALTER TABLE users ALTER COLUMN name SET STATISTICS 500;
CREATE STATISTICS users_names ON name, nick FROM users;
--- storage parameters
-- expand:
ALTER TABLE users SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
--- rights for what is new, and more rights
-- expand:
CREATE TABLE t (a int);
GRANT SELECT, INSERT ON t TO app;
REVOKE ALL ON t FROM PUBLIC;
GRANT SELECT ON users TO reporting;
--- rights of a new function
-- expand:
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a';
REVOKE ALL ON FUNCTION f(int) FROM PUBLIC;
--- a sequence and an extension
-- expand:
CREATE SEQUENCE numbers START 1000;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
SELECT setval('numbers', 5000);
--- an enum with all its values
-- expand:
CREATE TYPE size AS ENUM ('s', 'm');
ALTER TYPE size ADD VALUE 'l';
--- a table renamed, and a view in its place
-- expand:
ALTER TABLE users RENAME TO people;
CREATE VIEW users AS SELECT * FROM people;
--- an index and a constraint under another name
-- expand:
ALTER INDEX users_name_idx RENAME TO users_by_name;
ALTER TABLE users RENAME CONSTRAINT users_ck TO users_age_positive;
--- row security of a new table
-- expand:
CREATE TABLE t (a int, tenant text);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON t USING (tenant = current_setting('app.tenant'));
--- a temporary table
-- expand:
CREATE TEMP TABLE scratch (a int);
INSERT INTO scratch SELECT id FROM users;
DROP TABLE scratch;
--- limits of its own
-- expand:
SET LOCAL lock_timeout = '500ms';
SET LOCAL statement_timeout = '10s';
ALTER TABLE users ADD COLUMN nick text;
--- savepoints
-- expand:
SAVEPOINT before;
ALTER TABLE users ADD COLUMN nick text;
RELEASE before;
--- a partition goes beside its readers
-- contract, @no-transaction:
ALTER TABLE events DETACH PARTITION events_2019 CONCURRENTLY;
--- names and text in every language
-- expand:
-- größe, 大きさ 🎈
ALTER TABLE "Größen" ADD COLUMN "大きさ" text DEFAULT 'DROP TABLE users; -- 🎈';
--- a check of a new column that says nothing of NULL
-- expand:
ALTER TABLE users ADD COLUMN tz text;
ALTER TABLE users ADD CONSTRAINT users_tz CHECK (length(tz) < 40) NOT VALID;
--- a check of a new column that its default passes
-- expand:
ALTER TABLE users ADD COLUMN tz text DEFAULT 'utc';
ALTER TABLE users ADD CONSTRAINT users_tz CHECK (tz IS NOT NULL) NOT VALID;
--- a nullable column whose default goes at once
-- expand:
ALTER TABLE users ADD COLUMN tz text DEFAULT 'utc';
ALTER TABLE users ALTER COLUMN tz DROP DEFAULT;
--- shorter limits
-- expand:
SET lock_timeout = '500ms';
SET LOCAL statement_timeout = 10000;
SELECT set_config('lock_timeout', '2s', true);
--- a sequence set behind the rows
-- expand:
SELECT setval('invoice_no', max(id)) FROM users;
SELECT setval('invoice_no', (SELECT max(id) FROM users));
--- a unique index on a column of the migration before
-- expand:
ALTER TABLE users ADD COLUMN handle text;
-- then expand, @no-transaction:
CREATE UNIQUE INDEX CONCURRENTLY users_handle_idx ON users (handle);
--- unique indexes on two columns of the migration before
-- expand:
ALTER TABLE users ADD COLUMN handle text, ADD COLUMN phone text;
-- then expand, @no-transaction:
CREATE UNIQUE INDEX CONCURRENTLY users_handle_idx ON users (lower(handle));
-- then expand, @no-transaction:
CREATE UNIQUE INDEX CONCURRENTLY users_phone_idx ON users (country, phone);
--- a foreign key and a check on columns of the migration before
-- expand:
ALTER TABLE users ADD COLUMN plan_id bigint, ADD COLUMN age int;
-- then expand:
ALTER TABLE users ADD CONSTRAINT users_plan_fk FOREIGN KEY (plan_id) REFERENCES plans (id) NOT VALID;
ALTER TABLE users ADD CONSTRAINT users_age CHECK (age >= 0) NOT VALID;
-- then contract:
ALTER TABLE users VALIDATE CONSTRAINT users_plan_fk;
--- rows that are dead are cleared beside everybody
-- expand, @no-transaction:
VACUUM (FULL FALSE, ANALYZE) users;
--- the same, in other words
-- contract, @no-transaction:
VACUUM (FULL off, FREEZE) users;
--- an index is renamed through ALTER TABLE
-- expand, @no-transaction:
CREATE INDEX CONCURRENTLY users_name_idx ON users (name);
-- then expand:
ALTER TABLE users_name_idx RENAME TO users_by_name;
--- bounded rows go
-- contract:
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < now() LIMIT 5000);
UPDATE sessions SET checked = true WHERE ctid = ANY (ARRAY(SELECT ctid FROM sessions WHERE NOT checked LIMIT 1000));
--- triggers are off for a moment of the same transaction
-- contract:
ALTER TABLE users DISABLE TRIGGER ALL;
UPDATE users SET level = 1 WHERE id = 7;
ALTER TABLE users ENABLE TRIGGER ALL;
--- the empty index of a partitioned table, to which those of its partitions are attached
-- expand:
CREATE INDEX events_id_idx ON ONLY events (id);
-- then expand, @no-transaction:
CREATE INDEX CONCURRENTLY events_2018_id_idx ON events_2018 (id);
-- then expand:
ALTER INDEX events_id_idx ATTACH PARTITION events_2018_id_idx;
--- a sequence belongs to a column
-- expand:
ALTER SEQUENCE users_number_seq OWNED BY users.number;
