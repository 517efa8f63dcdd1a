Migrations of SQLite with hazards; behind each heading stand the rules that must be told there, and no others.

--- a required column
-- expand: adding-required-field
ALTER TABLE users ADD COLUMN nick TEXT NOT NULL;
--- a required column behind comments, with a name in quotes
-- expand: adding-required-field
/* harmless */ -- DROP nothing
ALTER TABLE "Users" ADD "order" VARCHAR(20) NOT NULL;
--- the time as default
-- expand: adding-field-with-default
ALTER TABLE users ADD COLUMN at TEXT DEFAULT CURRENT_TIMESTAMP;
--- a default that is worked out
-- expand: adding-field-with-default
ALTER TABLE users ADD COLUMN token TEXT NOT NULL DEFAULT (hex(randomblob(16)));
--- a stored column
-- expand: adding-stored-generated-field
ALTER TABLE users ADD COLUMN name_lower TEXT AS (lower(name)) STORED;
--- a unique column
-- expand: disallowed-unique-constraint
ALTER TABLE users ADD COLUMN handle TEXT UNIQUE;
--- a primary key column
-- expand: adding-primary-key
ALTER TABLE users ADD COLUMN key INTEGER PRIMARY KEY;
--- a reference with a default
-- expand: adding-foreign-key-constraint
ALTER TABLE users ADD COLUMN plan_id INTEGER DEFAULT 1 REFERENCES plans (id);
--- a column goes too early
-- expand: ban-drop-column
ALTER TABLE users DROP COLUMN legacy;
--- a column is renamed
-- expand: renaming-column
ALTER TABLE users RENAME COLUMN email TO mail;
--- a column is renamed, in contract
-- contract: renaming-column
ALTER TABLE users RENAME "E-Mail" TO mail;
--- NOT NULL too early
-- expand: adding-not-nullable-field
ALTER TABLE users ALTER COLUMN mail SET NOT NULL;
--- NULL where there never was one
-- expand: ban-drop-not-null
ALTER TABLE users ALTER COLUMN mail DROP NOT NULL;
--- a check too early
-- expand: constraining-old-writes
ALTER TABLE users ADD CONSTRAINT users_age CHECK (age > 0);
--- a constraint goes too early
-- expand: dropping-constraint
ALTER TABLE users DROP CONSTRAINT users_age;
--- a table goes too early
-- expand: ban-drop-table
DROP TABLE IF EXISTS legacy_users;
--- a table is built again too early
-- expand: rebuilding-table
CREATE TABLE users_new (id INTEGER PRIMARY KEY, mail TEXT NOT NULL);
INSERT INTO users_new SELECT id, mail FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
--- a view goes too early
-- expand: ban-drop-object
DROP VIEW adults;
--- a trigger goes too early
-- expand: ban-drop-object
DROP TRIGGER users_changed;
--- a table is renamed
-- expand: renaming-table
ALTER TABLE users RENAME TO people;
--- a table is renamed, in contract
-- contract: renaming-table
ALTER TABLE users RENAME TO people;
--- a unique index too early
-- expand: adding-unique-index
CREATE UNIQUE INDEX users_mail ON users (mail);
--- a trigger
-- expand: creating-trigger
CREATE TRIGGER users_audit AFTER UPDATE ON users BEGIN INSERT INTO audit VALUES (NEW.id); END;
--- a setting
-- expand: pragma-in-migration
PRAGMA foreign_keys = OFF;
--- a setting that breaks everything
-- expand: pragma-in-migration
PRAGMA writable_schema(1);
--- the whole file is written again
-- contract: writing-whole-database
VACUUM;
--- all indexes are built again
-- expand: writing-whole-database
REINDEX users;
--- another file
-- expand: opaque-sql
ATTACH 'other.db' AS other;
--- a module
-- expand: opaque-sql
CREATE VIRTUAL TABLE search USING fts5(text);
--- a transaction of its own
-- expand: transaction-nesting, transaction-nesting
BEGIN IMMEDIATE;
ALTER TABLE users ADD COLUMN a TEXT;
COMMIT;
--- all rows at once
-- expand: unbatched-change
UPDATE users SET mail = email;
--- all rows that fit, at once
-- contract: unbatched-change
UPDATE users SET mail = lower(mail) WHERE mail <> lower(mail);
--- many rows, though one key is named
-- expand: unbatched-change
UPDATE users SET level = 1 WHERE id = 5 OR level IS NULL;
--- a backfill that lets others in beside the bounds
-- backfill: unbatched-change
-- @table users
-- @key id
UPDATE users SET mail = email WHERE mail IS NULL OR id BETWEEN :from AND :to;
--- all rows go
-- expand: unbatched-change, ban-delete-all
DELETE FROM sessions;
--- a typing error
-- expand: syntax-error
ALTER TABEL users ADD COLUMN a;
