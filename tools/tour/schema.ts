// The shop's own database, as the tour reads it from outside: its columns, and what each release wrote into them.

import { DatabaseSync } from 'node:sqlite';
import type { SchemaView } from '@bg/engine';
import { answersBetween, type Scene } from './scene.ts';

/** Moves money from `amount` to `cents`; v1.0 knows only the old column, v2.1 only the new one. */
export const migration = '003_cents';

const waitMs = 30_000;
const busyMs = 5_000;

export function columnsOf(scene: Scene): readonly string[] {
  return asked<{ readonly name: string }>(scene, 'PRAGMA table_info(orders)').map(({ name }) => name);
}

export interface Written {
  /** Orders of users that this release accepted. */
  readonly orders: number;
  /** Those of them that can be read in the old shape and in the new one, with the same sum. */
  readonly inBothShapes: number;
}

/** What users of this release ordered since then, as the widened table contains it. */
export function writtenBy(scene: Scene, version: string, from: number): Written {
  const rows = asked<{ readonly id: string }>(
    scene,
    'SELECT id FROM orders WHERE cents = CAST(round(amount * 100) AS INTEGER)',
  );
  const inStep = new Set(rows.map(({ id }) => id));
  const orders = answersBetween(scene, from).flatMap(({ version: by, verdict, order }) =>
    by === version && verdict === 'ok' && order !== undefined ? [order] : [],
  );
  return { orders: orders.length, inBothShapes: orders.filter((id) => inStep.has(id)).length };
}

export const isWhole = ({ orders, inBothShapes }: Written): boolean => orders > 0 && inBothShapes === orders;

/** How many orders there are, and how many of them the new release cannot read. */
export function filling(scene: Scene): { readonly orders: number; readonly empty: number } {
  const [counted] = asked<{ readonly orders: number; readonly empty: number }>(
    scene,
    'SELECT count(*) AS orders, count(*) FILTER (WHERE cents IS NULL) AS empty FROM orders',
  );
  return counted ?? { orders: 0, empty: 0 };
}

/** The schema as every status shows it, once it is as expected. */
export async function untilSchema(
  { stack: { engine }, signal }: Scene,
  desired: (schema: SchemaView) => boolean,
): Promise<SchemaView> {
  let schema: SchemaView | undefined;
  for (const end = Date.now() + waitMs; Date.now() < end; await engine.changed(200, signal)) {
    signal.throwIfAborted();
    schema = engine.status().targets[0]?.schema;
    if (schema && desired(schema)) return schema;
  }
  throw new Error(`the schema did not get there within ${waitMs / 1_000} s: ${JSON.stringify(schema?.migrations)}`);
}

function asked<T>({ places }: Scene, sql: string): readonly T[] {
  const database = new DatabaseSync(places.database, { readOnly: true, timeout: busyMs });
  try {
    return database.prepare(sql).all() as T[];
  } finally {
    database.close();
  }
}
