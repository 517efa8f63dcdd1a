Migrations with hazards; behind each heading stand the rules that must be told there, and no others.

--- a required column
-- expand: adding-required-field
ALTER TABLE users ADD COLUMN nick text NOT NULL;
--- a required column behind a long comment
-- expand: adding-required-field
/* a harmless
   comment */ -- DROP nothing
ALTER TABLE users ADD nick text NOT NULL;
--- a required column in contract, where the server refuses it still
-- contract: adding-required-field
ALTER TABLE users ADD COLUMN nick text NOT NULL;
--- a required column among others
-- expand: adding-required-field
ALTER TABLE users ADD COLUMN a int, ADD COLUMN b int NOT NULL, ADD COLUMN c int DEFAULT 1;
--- a column with a name in quotes
-- expand: adding-required-field
ALTER TABLE "Users"."Größe" ADD COLUMN "order" text NOT NULL;
--- a random default
-- expand: adding-field-with-default
ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();
--- a random default inside an expression
-- expand: adding-field-with-default
ALTER TABLE users ADD COLUMN dice int DEFAULT (floor(random() * 6) + 1)::int;
--- the clock as default
-- expand: adding-field-with-default
ALTER TABLE users ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp();
--- a default from a function that nobody knows
-- expand: adding-field-with-default
ALTER TABLE users ADD COLUMN code text DEFAULT app.make_code();
--- a serial
-- expand: adding-identity-field
ALTER TABLE users ADD COLUMN number bigserial;
--- an identity
-- expand: adding-identity-field
ALTER TABLE users ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
--- a serial primary key
-- expand: adding-identity-field, adding-primary-key
ALTER TABLE users ADD COLUMN number serial PRIMARY KEY;
--- a stored column
-- expand: adding-stored-generated-field
ALTER TABLE users ADD COLUMN name_lower text GENERATED ALWAYS AS (lower(name)) STORED;
--- a column of a domain with a constraint
-- expand: ban-create-domain-with-constraint, adding-domain-field
CREATE DOMAIN percent AS int CHECK (value BETWEEN 0 AND 100);
ALTER TABLE users ADD COLUMN share percent;
--- a json column
-- expand: adding-json-field
ALTER TABLE users ADD COLUMN prefs json;
--- a unique column
-- expand: disallowed-unique-constraint
ALTER TABLE users ADD COLUMN handle text UNIQUE;
--- a primary key column
-- expand: adding-primary-key
ALTER TABLE users ADD COLUMN key bigint PRIMARY KEY;
--- a column with a check
-- expand: constraint-missing-not-valid
ALTER TABLE users ADD COLUMN age int CHECK (age > 0);
--- a column that references
-- expand: adding-foreign-key-constraint
ALTER TABLE users ADD COLUMN plan_id bigint REFERENCES plans (id);
--- a column goes too early
-- expand: ban-drop-column
ALTER TABLE users DROP COLUMN legacy;
--- a column goes too early, if it is there
-- expand: ban-drop-column
ALTER TABLE IF EXISTS users DROP COLUMN IF EXISTS legacy;
--- two columns go too early
-- expand: ban-drop-column, ban-drop-column
ALTER TABLE users DROP COLUMN a, DROP COLUMN b;
--- a column goes with whatever hangs on it
-- contract: ban-drop-cascade
ALTER TABLE users DROP COLUMN legacy CASCADE;
--- a column is renamed
-- expand: renaming-column
ALTER TABLE users RENAME COLUMN email TO mail;
--- a column is renamed, in contract
-- contract: renaming-column
ALTER TABLE users RENAME email TO mail;
--- a column of a view is renamed
-- expand: renaming-column
ALTER VIEW adults RENAME COLUMN name TO called;
--- an int grows
-- expand: changing-column-type
ALTER TABLE users ALTER COLUMN id TYPE bigint;
--- a type with a conversion
-- expand: changing-column-type
ALTER TABLE users ALTER COLUMN paid TYPE boolean USING paid = 'yes';
--- a varchar shrinks
-- expand:
CREATE TABLE people (id bigint PRIMARY KEY, name varchar(50));
-- then expand: changing-column-type
ALTER TABLE people ALTER COLUMN name TYPE varchar(20);
--- a numeric gets another scale
-- expand:
CREATE TABLE people (id bigint PRIMARY KEY, price numeric(10, 2));
-- then expand: changing-column-type
ALTER TABLE people ALTER COLUMN price TYPE numeric(10, 3);
--- a wider varchar with a check on it
-- expand:
CREATE TABLE people (id bigint PRIMARY KEY, name varchar(50) CHECK (name <> ''));
-- then expand: changing-column-type
ALTER TABLE people ALTER COLUMN name TYPE varchar(100);
--- a text whose type before is not known
-- expand: changing-column-type
ALTER TABLE users ALTER COLUMN name TYPE text;
--- a moment gets a time zone
-- expand:
CREATE TABLE people (id bigint PRIMARY KEY, at timestamp);
-- then expand: changing-column-type
ALTER TABLE people ALTER COLUMN at TYPE timestamptz;
--- NOT NULL too early
-- expand: adding-not-nullable-field
ALTER TABLE users ALTER COLUMN mail SET NOT NULL;
--- NOT NULL in contract, with a scan
-- contract: adding-not-nullable-field
ALTER TABLE users ALTER COLUMN mail SET NOT NULL;
--- NOT NULL beside a check that is not validated
-- contract:
ALTER TABLE users ADD CONSTRAINT c CHECK (mail IS NOT NULL) NOT VALID;
-- then contract: adding-not-nullable-field
ALTER TABLE users ALTER COLUMN mail SET NOT NULL;
--- NOT NULL proven, but for another column
-- contract:
ALTER TABLE users ADD CONSTRAINT c CHECK (name IS NOT NULL) NOT VALID;
-- then contract: adding-not-nullable-field
ALTER TABLE users VALIDATE CONSTRAINT c;
ALTER TABLE users ALTER COLUMN mail SET NOT NULL;
--- NOT NULL of PostgreSQL 18, at once
-- contract: constraint-missing-not-valid
ALTER TABLE users ADD CONSTRAINT nn NOT NULL mail;
--- NULL where there never was one
-- expand: ban-drop-not-null
ALTER TABLE users ALTER COLUMN mail DROP NOT NULL;
--- a default goes too early
-- expand: dropping-default
ALTER TABLE users ALTER COLUMN level DROP DEFAULT;
--- an identity goes too early
-- expand: dropping-default
ALTER TABLE users ALTER COLUMN number DROP IDENTITY;
--- a generated column becomes a plain one
-- expand: dropping-default
ALTER TABLE users ALTER COLUMN name_lower DROP EXPRESSION;
--- another default
-- expand: changing-default
ALTER TABLE users ALTER COLUMN level SET DEFAULT 7;
--- a check
-- expand: constraint-missing-not-valid, constraining-old-writes
ALTER TABLE users ADD CONSTRAINT users_age CHECK (age > 0);
--- a check without a name
-- contract: constraint-missing-not-valid
ALTER TABLE users ADD CHECK (age > 0);
--- a check that is not valid yet turns old writes away all the same
-- expand: constraining-old-writes
ALTER TABLE users ADD CONSTRAINT users_age CHECK (age > 0) NOT VALID;
--- a check over a new and an old column
-- expand: constraining-old-writes
ALTER TABLE users ADD COLUMN until date;
ALTER TABLE users ADD CONSTRAINT users_until CHECK (until > since) NOT VALID;
--- validated under the lock
-- contract: validate-in-same-transaction
ALTER TABLE users ADD CONSTRAINT users_age CHECK (age > 0) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_age;
--- validated in the same statement
-- contract: validate-in-same-transaction
ALTER TABLE users ADD CONSTRAINT users_age CHECK (age > 0) NOT VALID;
SELECT 1;
ALTER TABLE public.users VALIDATE CONSTRAINT users_age;
--- a foreign key
-- contract: adding-foreign-key-constraint
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id);
--- a foreign key too early
-- expand: adding-foreign-key-constraint, constraining-old-writes
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
--- a foreign key that is not valid yet, too early
-- expand: constraining-old-writes
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
--- a unique constraint
-- contract: disallowed-unique-constraint
ALTER TABLE users ADD CONSTRAINT users_mail_key UNIQUE (mail);
--- a primary key
-- contract: adding-primary-key
ALTER TABLE users ADD PRIMARY KEY (id);
--- a primary key over an index, too early
-- expand: adding-primary-key
ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY USING INDEX users_id_idx;
--- an exclusion
-- contract: adding-exclusion-constraint
ALTER TABLE bookings ADD CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&);
--- a constraint goes too early
-- expand: dropping-constraint
ALTER TABLE users DROP CONSTRAINT users_age;
--- a constraint goes with what hangs on it
-- contract: ban-drop-cascade
ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE;
--- an index in the way of writers
-- expand: require-concurrent-index-creation
CREATE INDEX users_name_idx ON users (name);
--- an index in the way of writers, if there is none
-- expand:
CREATE TABLE users (tags text[]);
-- then expand: require-concurrent-index-creation
CREATE INDEX IF NOT EXISTS users_name_idx ON ONLY users USING gin (tags);
--- an index on a table of the migration before
-- expand:
CREATE TABLE t (a int);
-- then expand: require-concurrent-index-creation
CREATE INDEX t_a ON t (a);
--- a unique index too early
-- expand: require-concurrent-index-creation, adding-unique-index
CREATE UNIQUE INDEX users_mail_idx ON users (mail);
--- a unique index beside the writers, too early
-- expand, @no-transaction: adding-unique-index
CREATE UNIQUE INDEX CONCURRENTLY users_mail_idx ON users (mail);
--- a unique index over an expression
-- expand, @no-transaction: adding-unique-index
CREATE UNIQUE INDEX CONCURRENTLY users_mail_idx ON users (lower(mail));
--- an index goes under the eyes of readers
-- contract: require-concurrent-index-deletion
DROP INDEX users_name_idx;
--- indexes go with what hangs on them
-- contract: require-concurrent-index-deletion, ban-drop-cascade
DROP INDEX IF EXISTS users_name_idx, public.users_mail_idx CASCADE;
--- an index is built again in the way
-- expand: require-concurrent-reindex
REINDEX INDEX users_name_idx;
--- all indexes of a table are built again in the way
-- contract: require-concurrent-reindex
REINDEX TABLE users;
--- a table is packed in the way
-- expand, @no-transaction: prefer-repack
VACUUM (FULL, ANALYZE) users;
--- a table is sorted in the way
-- contract: prefer-repack
CLUSTER users USING users_pkey;
--- a materialized view is worked out in the way of its readers
-- expand: require-concurrent-refresh
REFRESH MATERIALIZED VIEW totals;
--- a concurrent index inside a transaction
-- expand: ban-concurrent-index-creation-in-transaction
CREATE INDEX CONCURRENTLY users_name_idx ON users (name);
--- a concurrent drop inside a transaction
-- contract: ban-concurrent-index-creation-in-transaction
DROP INDEX CONCURRENTLY users_name_idx;
--- a concurrent reindex inside a transaction
-- expand: ban-concurrent-index-creation-in-transaction
REINDEX (CONCURRENTLY) TABLE users;
--- a vacuum inside a transaction
-- expand: ban-concurrent-index-creation-in-transaction
VACUUM users;
--- two statements without a transaction
-- expand, @no-transaction: one-statement-without-transaction
CREATE INDEX CONCURRENTLY a ON users (name);
CREATE INDEX CONCURRENTLY b ON users (mail);
--- a partition goes in the way
-- contract: require-concurrent-detach-partition
ALTER TABLE events DETACH PARTITION events_2019;
--- a partition goes beside its readers, inside a transaction
-- contract: ban-concurrent-index-creation-in-transaction
ALTER TABLE events DETACH PARTITION events_2019 CONCURRENTLY;
--- a full table becomes a partition
-- expand: attaching-partition
ALTER TABLE events ATTACH PARTITION events_2019 FOR VALUES FROM ('2019-01-01') TO ('2020-01-01');
--- a table goes too early
-- expand: ban-drop-table
DROP TABLE legacy_users;
--- a table goes with what hangs on it
-- contract: ban-drop-cascade
DROP TABLE legacy_users CASCADE;
--- a schema goes too early
-- expand: ban-drop-table, ban-drop-cascade
DROP SCHEMA legacy CASCADE;
--- a database goes
-- contract, @no-transaction: ban-drop-database
DROP DATABASE shop;
--- everything of a role goes
-- contract: ban-drop-database
DROP OWNED BY app;
--- a table is emptied
-- expand: ban-truncate
TRUNCATE users;
--- a table is emptied, even in contract
-- contract: ban-truncate
TRUNCATE TABLE ONLY users RESTART IDENTITY;
--- tables are emptied, and what hangs on them
-- contract: ban-truncate, ban-truncate-cascade
TRUNCATE users, orders CASCADE;
--- a view goes too early
-- expand: ban-drop-object
DROP VIEW adults;
--- a materialized view goes too early
-- expand: ban-drop-object
DROP MATERIALIZED VIEW totals;
--- a function goes too early
-- expand: ban-drop-object
DROP FUNCTION full_name(text, text);
--- a type goes too early
-- expand: ban-drop-object
DROP TYPE mood;
--- a sequence goes too early
-- expand: ban-drop-object
DROP SEQUENCE numbers;
--- a trigger goes too early
-- expand: ban-drop-object
DROP TRIGGER users_changed ON users;
--- an extension goes too early
-- expand: ban-drop-object
DROP EXTENSION pg_trgm;
--- a table is renamed
-- expand: renaming-table
ALTER TABLE users RENAME TO people;
--- a table is renamed, with a view under another name
-- expand: renaming-table
ALTER TABLE users RENAME TO people;
CREATE VIEW persons AS SELECT * FROM people;
--- a table moves to another schema
-- expand: renaming-table
ALTER TABLE users SET SCHEMA archive;
--- a view is renamed
-- expand: renaming-object
ALTER VIEW adults RENAME TO grown_ups;
--- a function is renamed
-- expand: renaming-object
ALTER FUNCTION full_name(text, text) RENAME TO called;
--- a type is renamed
-- expand: renaming-object
ALTER TYPE mood RENAME TO feeling;
--- a schema is renamed
-- expand: renaming-object
ALTER SCHEMA billing RENAME TO finance;
--- a value of an enum is renamed
-- expand: renaming-object
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
--- a value of an enum is added
-- expand: adding-enum-value
ALTER TYPE mood ADD VALUE 'angry';
--- a value of an enum is used too early
-- expand: adding-enum-value, enum-value-used-in-same-transaction
ALTER TYPE mood ADD VALUE 'angry';
INSERT INTO moods (mood) VALUES ('angry');
--- a trigger
-- expand: creating-trigger
CREATE TRIGGER users_audit AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();
--- a rule
-- expand: creating-trigger
CREATE RULE no_deletes AS ON DELETE TO users DO INSTEAD NOTHING;
--- a trigger is off
-- expand: disabling-trigger
ALTER TABLE users DISABLE TRIGGER users_audit;
--- all triggers are off
-- expand: disabling-trigger
ALTER TABLE users DISABLE TRIGGER ALL;
--- row security
-- expand: changing-row-security
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
--- a policy
-- expand: changing-row-security
CREATE POLICY own ON users USING (tenant = current_setting('app.tenant'));
--- a policy goes
-- expand: changing-row-security
DROP POLICY own ON users;
--- a right is taken
-- expand: changing-rights
REVOKE UPDATE ON users FROM app;
--- a role is taken
-- expand: changing-rights
REVOKE writers FROM app;
--- another owner
-- expand: changing-rights
ALTER TABLE users OWNER TO admin;
--- another identity for replication
-- expand: changing-replica-identity
ALTER TABLE users REPLICA IDENTITY FULL;
--- a table without a log
-- expand: changing-table-storage
ALTER TABLE sessions SET UNLOGGED;
--- a table moves to another disk
-- contract: changing-table-storage
ALTER TABLE users SET TABLESPACE fast;
--- another parent
-- expand: changing-inheritance
ALTER TABLE users INHERIT people;
--- a lock by hand
-- expand: explicit-lock
LOCK TABLE users IN SHARE MODE;
--- all rows at once
-- expand: unbatched-change
UPDATE users SET mail = email;
--- all rows that fit, at once
-- contract: unbatched-change
UPDATE users SET mail = lower(mail) WHERE mail <> lower(mail);
--- many rows, though one key is named
-- expand: unbatched-change
UPDATE users SET level = 1 WHERE id = 5 OR level IS NULL;
--- rows picked by a query
-- expand: unbatched-change
UPDATE users SET level = 1 WHERE id = (SELECT max(user_id) FROM orders);
--- a backfill that walks nothing
-- backfill: unbatched-change
-- @table users
-- @key id
UPDATE users SET mail = email WHERE mail IS NULL OR id BETWEEN :from AND :to;
--- all rows go
-- expand: unbatched-change, ban-delete-all
DELETE FROM sessions;
--- old rows go, all at once
-- contract: unbatched-change
DELETE FROM sessions WHERE expires_at < now();
--- rows and schema at once
-- expand: unbatched-change, mixing-schema-and-data
ALTER TABLE users ADD COLUMN mail text;
UPDATE users SET mail = email;
--- rows first, then schema
-- contract: unbatched-change, mixing-schema-and-data
UPDATE users SET mail = email WHERE mail IS NULL;
ALTER TABLE users DROP COLUMN email;
--- rows are copied under a lock
-- expand: mixing-schema-and-data
ALTER TABLE users ADD COLUMN mail text;
INSERT INTO names (id, name) SELECT id, name FROM users;
--- two tables at once
-- expand: one-table-per-transaction
ALTER TABLE users ADD COLUMN a text;
ALTER TABLE orders ADD COLUMN b text;
--- three tables at once
-- expand: one-table-per-transaction, one-table-per-transaction
ALTER TABLE users ADD COLUMN a text;
ALTER TABLE orders ADD COLUMN b text;
ALTER TABLE items ADD COLUMN c text;
--- a transaction of its own
-- expand: transaction-nesting, transaction-nesting
BEGIN;
ALTER TABLE users ADD COLUMN a text;
COMMIT;
--- half a transaction
-- expand: transaction-nesting
ALTER TABLE users ADD COLUMN a text;
ROLLBACK;
--- no limit
-- expand: overriding-timeouts
SET lock_timeout = 0;
ALTER TABLE users ADD COLUMN a text;
--- no limit, in words
-- expand: overriding-timeouts
SET LOCAL statement_timeout TO '0s';
--- a limit given back
-- expand: overriding-timeouts
RESET lock_timeout;
--- no triggers for anybody
-- expand: overriding-timeouts
SET session_replication_role = replica;
--- a block
-- expand: opaque-sql
DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$;
--- a call
-- expand: opaque-sql
CALL tidy_up();
--- a function with effects
-- expand: opaque-sql
SELECT tidy_up(users.id) FROM users;
--- a statement that no rule knows
-- expand: opaque-sql
LISTEN deployments;
--- rows from elsewhere
-- expand: opaque-sql
COPY users FROM '/srv/users.csv';
--- a function under the same name
-- expand: replacing-object
CREATE OR REPLACE FUNCTION full_name(a text, b text) RETURNS text LANGUAGE sql AS $$ SELECT b || a $$;
--- a view under the same name
-- expand: replacing-object
CREATE OR REPLACE VIEW adults AS SELECT id FROM users WHERE age >= 21;
--- a composite type changes
-- expand: opaque-sql
ALTER TYPE address ADD ATTRIBUTE zip text;
--- a domain with a rule
-- expand: ban-create-domain-with-constraint
CREATE DOMAIN percent AS int CHECK (value BETWEEN 0 AND 100);
--- a domain gets a rule
-- expand: ban-alter-domain-with-add-constraint
ALTER DOMAIN percent ADD CONSTRAINT positive CHECK (value > 0);
--- a name that is cut off
-- expand: identifier-too-long
ALTER TABLE users ADD COLUMN a_name_that_goes_on_and_on_and_on_until_nobody_remembers_how_it_began text;
--- a typing error
-- expand: syntax-error
ALTER TABLE users ADD COLUM a b c;
--- an index in the way when it is taken back
-- expand, @no-transaction:
CREATE INDEX CONCURRENTLY users_name_idx ON users (name);
-- revert: require-concurrent-index-deletion
DROP INDEX users_name_idx;
--- rows move behind the name of another table
-- expand: unbatched-change
WITH gone AS (DELETE FROM sessions WHERE expires_at < now() RETURNING *) INSERT INTO archive SELECT * FROM gone;
--- rows go behind a SELECT
-- contract: unbatched-change
WITH gone AS (DELETE FROM sessions RETURNING *) SELECT count(*) FROM gone;
--- a trigger is on again
-- expand: disabling-trigger
ALTER TABLE users ENABLE TRIGGER users_audit;
--- an identity that refuses given values
-- expand: changing-default
ALTER TABLE users ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;
--- another expression for a stored column
-- expand: changing-table-storage
ALTER TABLE users ALTER COLUMN name_lower SET EXPRESSION AS (upper(name));
--- a table of another server
-- expand: opaque-sql
ALTER FOREIGN TABLE remote_users ADD COLUMN a text;
--- rows are merged
-- expand: opaque-sql
MERGE INTO users u USING news n ON u.id = n.id WHEN MATCHED THEN DELETE;
--- a role
-- expand: opaque-sql
ALTER ROLE app SET search_path = archive;
--- a statement is prepared
-- expand: opaque-sql
PREPARE tidy AS DELETE FROM users;
--- every setting goes back to its default
-- expand: overriding-timeouts
RESET ALL;
--- a limit switched off by a function
-- expand: overriding-timeouts
SELECT set_config('lock_timeout', '0', false);
--- a limit of an hour
-- expand: overriding-timeouts
SET lock_timeout = '1h';
--- a limit for statements of ten hours
-- expand: overriding-timeouts
SET LOCAL statement_timeout = '10h';
--- a required column whose default goes at once
-- expand: dropping-default
ALTER TABLE users ADD COLUMN tz text NOT NULL DEFAULT 'utc';
ALTER TABLE users ALTER COLUMN tz DROP DEFAULT;
--- an identity that goes at once
-- expand: adding-identity-field, dropping-default
ALTER TABLE users ADD COLUMN no bigint GENERATED BY DEFAULT AS IDENTITY;
ALTER TABLE users ALTER COLUMN no DROP IDENTITY;
--- a new column that must not be NULL by a check
-- expand: constraining-old-writes
ALTER TABLE users ADD COLUMN tz text;
ALTER TABLE users ADD CONSTRAINT users_tz CHECK (tz IS NOT NULL) NOT VALID;
--- a new column that must not be NULL by another check
-- expand: constraining-old-writes
ALTER TABLE users ADD COLUMN tz text;
ALTER TABLE users ADD CONSTRAINT users_tz CHECK (coalesce(tz, '') <> '') NOT VALID;
--- one of two new columns must not be NULL
-- expand: constraining-old-writes
ALTER TABLE users ADD COLUMN mail text, ADD COLUMN phone text;
ALTER TABLE users ADD CONSTRAINT users_reach CHECK (mail IS NOT NULL OR phone IS NOT NULL) NOT VALID;
--- a materialized view is emptied
-- expand: require-concurrent-refresh
REFRESH MATERIALIZED VIEW totals WITH NO DATA;
--- a constant default on a key
-- expand:
CREATE TABLE invoices (no int PRIMARY KEY, note text);
-- then expand: changing-default
ALTER TABLE invoices ALTER COLUMN no SET DEFAULT 5;
--- another collation
-- expand:
CREATE TABLE people (id int PRIMARY KEY, email varchar(50));
-- then expand: changing-column-type
ALTER TABLE people ALTER COLUMN email TYPE varchar(100) COLLATE "C";
--- back to the default collation
-- expand:
CREATE TABLE people (id int PRIMARY KEY, email text COLLATE "C");
-- then expand: changing-column-type
ALTER TABLE people ALTER COLUMN email TYPE text;
--- a sequence set back to its beginning
-- expand: opaque-sql
SELECT setval('invoice_no', 1, false);
--- a unique index on a column of the migration before, which has a default
-- expand:
ALTER TABLE users ADD COLUMN handle text DEFAULT '';
-- then expand, @no-transaction: adding-unique-index
CREATE UNIQUE INDEX CONCURRENTLY users_handle_idx ON users (handle);
--- a unique index that takes NULLs for equal, on a new column
-- expand:
ALTER TABLE users ADD COLUMN handle text;
-- then expand, @no-transaction: adding-unique-index
CREATE UNIQUE INDEX CONCURRENTLY users_handle_idx ON users (handle) NULLS NOT DISTINCT;
--- a unique index over what a new column's NULL becomes
-- expand:
ALTER TABLE users ADD COLUMN handle text;
-- then expand, @no-transaction: adding-unique-index
CREATE UNIQUE INDEX CONCURRENTLY users_handle_idx ON users (coalesce(handle, ''));
--- a unique index on a new column that a trigger fills from the old one
-- expand:
-- @sync
ALTER TABLE users ADD COLUMN mail text;
CREATE FUNCTION users_mail_sync() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.mail := NEW.email; RETURN NEW; END $$;
CREATE TRIGGER users_mail_sync BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION users_mail_sync();
-- then expand, @no-transaction: adding-unique-index
CREATE UNIQUE INDEX CONCURRENTLY users_mail_idx ON users (mail);
--- a unique index on a column of two migrations before
-- expand:
ALTER TABLE users ADD COLUMN handle text;
-- then expand:
ALTER TABLE users ADD COLUMN nick text;
-- then expand, @no-transaction: adding-unique-index
CREATE UNIQUE INDEX CONCURRENTLY users_handle_idx ON users (handle);
--- a check that refuses NULL, on a column of the migration before
-- expand:
ALTER TABLE users ADD COLUMN tz text;
-- then expand: constraining-old-writes
ALTER TABLE users ADD CONSTRAINT users_tz CHECK (tz IS NOT NULL) NOT VALID;
--- the system catalogs are indexed again
-- contract, @no-transaction: require-concurrent-reindex
REINDEX SYSTEM shop;
--- an index is built again in the way, with the option switched off
-- contract: require-concurrent-reindex
REINDEX (CONCURRENTLY FALSE) INDEX users_name_idx;
--- a whole schema is indexed again inside a transaction
-- contract: require-concurrent-reindex, ban-concurrent-index-creation-in-transaction
REINDEX SCHEMA public;
--- an index is renamed through ALTER TABLE, as far as its name says
-- expand: renaming-table
ALTER TABLE users_name_idx RENAME TO users_by_name;
--- triggers are on again, though only one was off
-- contract:
SELECT 1;
-- then expand: disabling-trigger, disabling-trigger
ALTER TABLE users DISABLE TRIGGER users_audit;
ALTER TABLE users ENABLE TRIGGER ALL;
--- the server's catalog is changed by hand
-- expand: opaque-sql
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'users_name_idx'::regclass;
--- the server's catalog is changed by hand, by its full name
-- contract: opaque-sql
DELETE FROM pg_catalog.pg_depend WHERE objid = 5;
--- rows picked by a column that many share
-- contract: unbatched-change
DELETE FROM orders WHERE user_id IN (SELECT user_id FROM orders WHERE done LIMIT 5000);
--- rows picked by a query without a bound
-- contract: unbatched-change
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < now());
--- rows picked by a query with a bound that is no bound
-- contract: unbatched-change
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < now() LIMIT 5000000);
--- many rows under the lock of a change
-- contract: mixing-schema-and-data
ALTER TABLE sessions ADD COLUMN a int;
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < now() LIMIT 5000);
--- triggers are off for a moment of the same transaction, before the old release is gone
-- expand: disabling-trigger
ALTER TABLE users DISABLE TRIGGER ALL;
UPDATE users SET level = 1 WHERE id = 7;
ALTER TABLE users ENABLE TRIGGER ALL;
