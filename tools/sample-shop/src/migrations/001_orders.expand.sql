-- What the shop took, and for how much.
CREATE TABLE orders (
  id TEXT PRIMARY KEY NOT NULL,
  product INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  amount REAL NOT NULL DEFAULT 0
);
