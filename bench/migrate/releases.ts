// The three releases of a service that renames `name` to `display_name`, as the statements they send.

export type ReleaseName = 'old' | 'both' | 'new';

export interface Statements {
  readonly read: string;
  readonly write: string;
  readonly insert: string;
}

export const releases: Readonly<Record<ReleaseName, Statements>> = {
  old: {
    read: 'SELECT name AS shown FROM customers WHERE id = $1',
    write: 'UPDATE customers SET name = $2 WHERE id = $1',
    insert: 'INSERT INTO customers (name) VALUES ($1) RETURNING id',
  },
  // Deployed on the expanded schema, while rows are still being filled.
  both: {
    read: 'SELECT coalesce(display_name, name) AS shown FROM customers WHERE id = $1',
    write: 'UPDATE customers SET display_name = $2 WHERE id = $1',
    insert: 'INSERT INTO customers (display_name) VALUES ($1) RETURNING id',
  },
  // Deployed once they are: it knows only the new column, so that the old one can go.
  new: {
    read: 'SELECT display_name AS shown FROM customers WHERE id = $1',
    write: 'UPDATE customers SET display_name = $2 WHERE id = $1',
    insert: 'INSERT INTO customers (display_name) VALUES ($1) RETURNING id',
  },
};
