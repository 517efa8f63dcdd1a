--- a column that must have a value
-- expand:
ALTER TABLE users ADD COLUMN code VARCHAR(20) NOT NULL;
--- a date that must have a value, at its place
-- expand:
ALTER TABLE users ADD COLUMN born DATE NOT NULL AFTER id;
--- a column that must have a value and be unique
-- expand:
ALTER TABLE users ADD COLUMN code VARCHAR(20) NOT NULL UNIQUE;
--- a column that must have a value and passes a check
-- expand:
ALTER TABLE users ADD COLUMN code INT NOT NULL CHECK (code IS NOT NULL);
--- a kind that must be said
-- expand:
ALTER TABLE users ADD COLUMN kind ENUM('a', 'b') NOT NULL;
--- two columns in one statement
-- expand:
ALTER TABLE users ADD (a INT NOT NULL, b INT), ADD c INT NOT NULL;
--- a column that goes, and one that comes
-- expand:
ALTER TABLE users DROP COLUMN legacy, ADD COLUMN code INT;
--- two columns that go
-- expand:
ALTER TABLE users DROP COLUMN legacy, DROP COLUMN age;
--- a column under a new name
-- expand:
CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(50) NOT NULL, age INT);
-- then expand:
ALTER TABLE people RENAME COLUMN name TO full_name;
--- a number under a new name
-- expand:
CREATE TABLE people (id INT PRIMARY KEY, age SMALLINT UNSIGNED DEFAULT 7);
-- then expand:
ALTER TABLE people RENAME COLUMN age TO years;
--- a column under a new name, with its type
-- expand:
ALTER TABLE users CHANGE nick handle VARCHAR(20);
--- a column under a new name that must have a value
-- expand:
ALTER TABLE users CHANGE email mail VARCHAR(100) NOT NULL;
--- a column of a table that nobody knows under a new name
-- expand:
ALTER TABLE users RENAME COLUMN name TO full_name;
--- a key under a new name
-- expand:
CREATE TABLE people (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(50));
-- then expand:
ALTER TABLE people RENAME COLUMN id TO number;
--- a column that must have a value from now on
-- expand:
ALTER TABLE users MODIFY nick VARCHAR(20) NOT NULL;
--- a default that goes
-- expand:
ALTER TABLE users ALTER COLUMN age DROP DEFAULT;
--- a stored column
-- expand:
ALTER TABLE users ADD COLUMN twice INT AS (age * 2) STORED;
--- a persistent column
-- expand:
ALTER TABLE users ADD COLUMN twice INT GENERATED ALWAYS AS (age * 2) PERSISTENT;
--- tables that go
-- expand:
DROP TABLE sessions, audit;
--- tables that go if they are there
-- expand:
DROP TABLE IF EXISTS sessions, missing;
--- a view that goes
-- expand:
DROP VIEW adults;
--- a table under a new name
-- expand:
RENAME TABLE sessions TO visits;
--- two tables under new names
-- expand:
RENAME TABLE sessions TO visits, audit TO log;
--- a table under a new name, altered
-- expand:
ALTER TABLE sessions RENAME TO visits;
--- a check
-- expand:
ALTER TABLE users ADD CONSTRAINT grown CHECK (age > 0);
--- a foreign key
-- expand:
ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);
--- a unique index
-- expand:
CREATE UNIQUE INDEX users_email ON users (email);
--- a unique key
-- expand:
ALTER TABLE users ADD UNIQUE KEY users_email (email);
--- a key that goes
-- expand:
ALTER TABLE audit DROP PRIMARY KEY;
--- a function anew
-- expand:
CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;
-- then expand:
CREATE OR REPLACE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 2;
--- a table anew
-- expand:
CREATE OR REPLACE TABLE notes (id INT PRIMARY KEY);
--- a trigger
-- expand:
CREATE TRIGGER users_nick BEFORE INSERT ON users FOR EACH ROW SET NEW.nick = NEW.name;
--- rows of one table
-- expand:
UPDATE users SET nick = name WHERE nick IS NULL OR nick = '';
--- rows by a key of two
-- expand:
CREATE TABLE link (a INT, b INT, note TEXT, PRIMARY KEY (a, b));
-- then expand:
UPDATE link SET note = 'x';
--- rows that go
-- expand:
DELETE FROM orders WHERE total < 5;
--- rows of a table with an odd name
-- expand:
UPDATE `order items` SET note = 'x';
