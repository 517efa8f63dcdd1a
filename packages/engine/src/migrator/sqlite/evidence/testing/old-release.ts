// A release's recorded statements, with values as it would send them; and the schema that it was written for.

export const oldSchema = `
  CREATE TABLE users (
    id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT, nick TEXT, active INTEGER NOT NULL DEFAULT 1, legacy_code TEXT
  );
  CREATE INDEX users_email ON users (email);
  CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, total INTEGER NOT NULL, note TEXT);
  CREATE VIEW active_users AS SELECT id, email FROM users WHERE active = 1;
  CREATE TABLE audit (what TEXT);
  CREATE TRIGGER noted AFTER DELETE ON users BEGIN INSERT INTO audit VALUES (old.email); END;
`;

/** Nine, in an order in which they work on an empty database. */
export const oldStatements: readonly (readonly [text: string, values: readonly unknown[]])[] = [
  ['INSERT INTO users (email, name) VALUES (?, ?)', ['ann@example.org', 'Ann']],
  ['INSERT INTO users (email, name, nick) VALUES (?, ?, ?)', ['bo@example.org', 'Bo', 'b']],
  ['SELECT id, email, nick FROM users WHERE id = ?', [1]],
  ['UPDATE users SET nick = ? WHERE id = ?', ['a', 1]],
  ['INSERT INTO orders VALUES (?, ?, ?, ?)', [1, 77, 950, 'by hand']],
  ['UPDATE orders SET note = ? WHERE user_id = ?', ['paid', 77]],
  ['SELECT u.email, o.total FROM users u JOIN orders o ON o.user_id = u.id', []],
  ['SELECT email FROM active_users', []],
  ['DELETE FROM users WHERE id = ?', [1]],
];
