import { expect, test } from 'vitest';
import { aMigration } from '../testing/a-migration.ts';
import { ownPart } from './own.ts';

const migrations = [
  aMigration('001_orders', {
    expand: `CREATE TABLE orders (id bigint PRIMARY KEY, total int);
-- billing keeps its own invoices
CREATE TYPE audit.grade AS ENUM ('a');`,
  }),
];
const own = (catalog: Readonly<Record<string, string>>, path?: readonly string[], shared: readonly string[] = []) =>
  Object.keys(ownPart(catalog, migrations, { path, shared }));
const all = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'x']));

test('an object is its own when its migrations name it, wherever it is changed', () => {
  const mine = ['table public.orders', 'column public.orders.by_hand', 'grants on public.orders', 'type audit.grade'];
  expect(own(all(...mine), ['public'])).toEqual(mine);
});

test('what a comment names, or a column of another table is called, is not', () => {
  expect(
    own(all('table public.invoices', 'column public.invoices.id', 'column public.invoices.total'), ['public']),
  ).toEqual([]);
});

test('a table of the same name in a schema that neither the path nor a migration names is another one', () => {
  expect(own(all('table reports.orders', 'column reports.orders.id'), ['public'])).toEqual([]);
  expect(own(all('table audit.orders'), ['public'])).toEqual(['table audit.orders']);
});

test('an index or a trigger belongs to the table that its definition names', () => {
  const catalog = {
    'index public.mine': 'CREATE INDEX mine ON ONLY public.orders USING btree (id)',
    'index public.theirs': 'CREATE INDEX theirs ON public.invoices USING btree (id)',
    'trigger quoted': 'CREATE TRIGGER quoted AFTER INSERT ON "orders" BEGIN SELECT 1; END',
  };
  expect(own(catalog, ['public'])).toEqual(['index public.mine', 'trigger quoted']);
});

test('the sequence of a serial column belongs to its table', () => {
  expect(
    own(all('sequence public.orders_id_seq', 'sequence public.invoices_id_seq', 'sequence public.a_seq'), ['public']),
  ).toEqual(['sequence public.orders_id_seq']);
});

test('a shared table is left out, by its name, with its schema, or by a pattern', () => {
  const catalog = all('table public.orders', 'column public.orders.id');
  for (const shared of ['orders', 'ORDERS', 'public.orders', 'ord*', '*.orders'])
    expect(own(catalog, ['public'], [shared])).toEqual([]);
  expect(own(catalog, ['public'], ['order'])).toHaveLength(2);
});
