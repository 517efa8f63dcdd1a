Whole histories of SQLite: every object of a hazard is made by the migrations before, so that its safe form can run at its
place (advice.test.ts). Behind each heading stand the rules that must be told there.

--- an update that reads another table
-- expand:
CREATE TABLE plans (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE users (id INTEGER PRIMARY KEY, plan_id INTEGER, name TEXT);
INSERT INTO plans VALUES (1, 'gold'), (2, 'tin');
INSERT INTO users VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 1, NULL);
-- then expand: unbatched-change
UPDATE users AS u SET name = p.name FROM plans p WHERE p.id = u.plan_id;
--- an update of a table with a composite key
-- expand:
CREATE TABLE link (a INTEGER, b INTEGER, note TEXT, PRIMARY KEY (a, b));
INSERT INTO link VALUES (1, 1, 'x'), (1, 2, 'x'), (NULL, 2, 'x');
-- then expand: unbatched-change
UPDATE link SET note = 'y';
--- an update of a table with a composite key alone
-- expand:
CREATE TABLE link (a INTEGER, b INTEGER, note TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
INSERT INTO link VALUES (1, 1, 'x'), (1, 2, 'x'), (2, 2, 'x');
-- then contract: unbatched-change
UPDATE link SET note = 'y' WHERE note = 'x';
--- an update of a table whose text key may be NULL
-- expand:
CREATE TABLE codes (code TEXT PRIMARY KEY, note TEXT);
INSERT INTO codes VALUES ('a', 'x'), (NULL, 'x');
-- then contract: unbatched-change
UPDATE codes SET note = 'y';
--- a table without a key is emptied
-- expand:
CREATE TABLE heap (a INTEGER);
INSERT INTO heap VALUES (1), (NULL), (1);
-- then contract: unbatched-change, ban-delete-all
DELETE FROM heap;
--- a column with a type is renamed
-- expand:
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80));
INSERT INTO users VALUES (1, 'a'), (2, NULL);
-- then expand: renaming-column
ALTER TABLE users RENAME COLUMN email TO mail;
--- a required column is renamed
-- expand:
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO users VALUES (1, 'a'), (2, 'b');
-- then expand: renaming-column
ALTER TABLE users RENAME COLUMN email TO mail;
--- a column with a default is renamed
-- expand:
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT DEFAULT 'none');
-- then expand: renaming-column
ALTER TABLE users RENAME COLUMN email TO mail;
--- a unique column is renamed
-- expand:
CREATE TABLE users (id INTEGER PRIMARY KEY, tenant INTEGER, email TEXT, UNIQUE (tenant, email));
-- then expand: renaming-column
ALTER TABLE users RENAME COLUMN email TO mail;
--- a key is renamed
-- expand:
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- then expand: renaming-column
ALTER TABLE users RENAME COLUMN id TO number;
--- an indexed column is renamed
-- expand:
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE INDEX users_email ON users (lower(email));
-- then expand: renaming-column
ALTER TABLE users RENAME COLUMN email TO mail;
--- a column that a view shows is renamed
-- expand:
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE VIEW mails AS SELECT u.email FROM users u;
-- then expand: renaming-column
ALTER TABLE users RENAME COLUMN email TO mail;
--- a column that others reference is renamed
-- expand:
CREATE TABLE plans (id INTEGER PRIMARY KEY, code TEXT);
CREATE UNIQUE INDEX plans_code ON plans (code);
CREATE TABLE users (id INTEGER PRIMARY KEY, plan TEXT REFERENCES plans (code));
-- then expand: renaming-column
ALTER TABLE plans RENAME COLUMN code TO sign;
--- a required and unique column
-- expand:
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- then expand: adding-required-field, disallowed-unique-constraint
ALTER TABLE users ADD COLUMN email TEXT NOT NULL UNIQUE;
--- a unique column with a default of its row
-- expand:
CREATE TABLE users (a INTEGER, b INTEGER, PRIMARY KEY (a, b));
INSERT INTO users VALUES (1, 1), (1, 2);
-- then expand: adding-field-with-default, disallowed-unique-constraint
ALTER TABLE users ADD COLUMN token TEXT NOT NULL UNIQUE DEFAULT (hex(randomblob(8)));
--- a required column that references
-- expand:
CREATE TABLE plans (id INTEGER PRIMARY KEY);
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- then expand: adding-required-field
ALTER TABLE users ADD COLUMN plan_id INTEGER NOT NULL REFERENCES plans (id);
