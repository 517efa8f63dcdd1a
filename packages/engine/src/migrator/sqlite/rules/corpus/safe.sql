Migrations of SQLite that must pass without a word.

--- a nullable column
-- expand:
ALTER TABLE users ADD COLUMN nick TEXT;
--- a required column with a constant default
-- expand:
ALTER TABLE users ADD COLUMN level INTEGER NOT NULL DEFAULT 1;
--- a negative default and a text
-- expand:
ALTER TABLE users ADD COLUMN depth INTEGER DEFAULT -1;
ALTER TABLE users ADD COLUMN theme TEXT NOT NULL DEFAULT 'dark';
--- a virtual column
-- expand:
ALTER TABLE users ADD COLUMN name_lower TEXT AS (lower(name));
--- a column that may reference
-- expand:
ALTER TABLE users ADD COLUMN plan_id INTEGER REFERENCES plans (id);
--- a column with a check
-- expand:
ALTER TABLE users ADD COLUMN age INTEGER CHECK (age > 0);
--- a new table with everything on it
-- expand:
CREATE TABLE invoices (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id),
  number TEXT NOT NULL UNIQUE,
  total INTEGER NOT NULL CHECK (total >= 0)
) STRICT;
CREATE INDEX invoices_user ON invoices (user_id);
CREATE UNIQUE INDEX invoices_one ON invoices (user_id, number);
--- a new table may be changed freely
-- expand:
CREATE TABLE t (a INTEGER, b TEXT);
ALTER TABLE t DROP COLUMN b;
ALTER TABLE t RENAME COLUMN a TO c;
UPDATE t SET c = 1;
DELETE FROM t;
--- a new table is filled
-- expand:
CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO countries VALUES ('DE', 'Germany');
--- a new table is filled from an old one
-- expand:
CREATE TABLE names AS SELECT id, name FROM users;
--- an index
-- expand:
CREATE INDEX users_name ON users (name);
--- an index goes
-- contract:
DROP INDEX users_name;
--- a unique index over a new column
-- expand:
ALTER TABLE users ADD COLUMN handle TEXT;
CREATE UNIQUE INDEX users_handle ON users (handle);
--- a unique index at the end
-- contract:
CREATE UNIQUE INDEX users_mail ON users (mail);
--- a view
-- expand:
CREATE VIEW adults AS SELECT id, name FROM users WHERE age >= 18;
--- a trigger on a new table
-- expand:
CREATE TABLE t (a INTEGER, changed TEXT);
CREATE TRIGGER t_changed AFTER UPDATE ON t BEGIN UPDATE t SET changed = 'now' WHERE a = NEW.a; END;
--- triggers that keep two columns in step
-- expand:
-- @sync
ALTER TABLE users ADD COLUMN mail TEXT;
CREATE TRIGGER users_mail AFTER UPDATE OF email ON users WHEN NEW.mail IS NOT NEW.email BEGIN UPDATE users SET mail = NEW.email WHERE id = NEW.id; END;
-- backfill:
-- @table users
-- @key id
UPDATE users SET mail = email WHERE id BETWEEN :from AND :to AND mail IS NOT email;
-- contract:
DROP TRIGGER users_mail;
ALTER TABLE users DROP COLUMN email;
--- a backfill that deletes
-- backfill:
-- @table sessions
-- @key id
DELETE FROM sessions WHERE (expires_at < 5) AND (id BETWEEN :from AND :to);
--- NOT NULL at the end
-- contract:
ALTER TABLE users ALTER COLUMN mail SET NOT NULL;
--- constraints at the end
-- contract:
ALTER TABLE users ADD CONSTRAINT users_age CHECK (age > 0);
ALTER TABLE users DROP CONSTRAINT users_old;
--- NULL at the end
-- contract:
ALTER TABLE users ALTER COLUMN mail DROP NOT NULL;
--- the end of a table and a view
-- contract:
DROP VIEW old_users;
DROP TABLE legacy_users;
--- a table is built again at the end
-- contract:
CREATE TABLE users_new (id INTEGER PRIMARY KEY, mail TEXT NOT NULL);
INSERT INTO users_new SELECT id, mail FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
CREATE INDEX users_mail ON users (mail);
PRAGMA foreign_key_check;
--- what was taken back
-- expand:
CREATE TABLE t (a INTEGER);
ALTER TABLE users ADD COLUMN nick TEXT;
-- revert:
ALTER TABLE users DROP COLUMN nick;
DROP TABLE t;
--- one row by its key
-- expand:
UPDATE users SET level = 3 WHERE id = 42;
DELETE FROM users WHERE id IN (1, 2, 3);
INSERT INTO settings (name, value) VALUES ('theme', 'dark') ON CONFLICT DO NOTHING;
--- one row by a unique column, known from before
-- expand:
CREATE TABLE plans (id INTEGER PRIMARY KEY, code TEXT);
CREATE UNIQUE INDEX plans_code ON plans (code);
-- then expand:
UPDATE plans SET id = 7 WHERE code = 'gold';
--- a temporary table
-- expand:
CREATE TEMP TABLE scratch (a INTEGER);
INSERT INTO scratch SELECT id FROM users;
DROP TABLE scratch;
--- statistics
-- expand:
ANALYZE users;
