// What a release of the shop asks of its database, for itself and for its manifest: before v2.1 money is `amount`, later
// `cents`, and a release reads only its own column.

const inEuros = { amount: 'amount', cents: 'cents / 100.0' };

export function statementsOf({ version, money = 'cents' }) {
  const columns = ['id', 'product', 'quantity', money, ...(version === 'v1.0' ? [] : ['taken_by'])];
  const places = columns.map(() => '?').join(', ');
  return {
    insert: `INSERT INTO orders (${columns.join(', ')}) VALUES (${places}) ON CONFLICT (id) DO NOTHING`,
    totals: `SELECT count(*) AS orders, coalesce(sum(${inEuros[money]}), 0) AS total FROM orders`,
    probe: `SELECT ${money} FROM orders LIMIT 1`,
  };
}
