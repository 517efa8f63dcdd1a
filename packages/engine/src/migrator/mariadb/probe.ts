// Whether a statement that was cut off has happened. The server keeps each change of a schema whole (MariaDB since 10.6,
// MySQL since 8.0), so it is enough to see whether the objects it names look as they did before it.

import { createHash } from 'node:crypto';
import type { Catalog } from '../database.ts';
import type { Begun } from './ledger.ts';
import { fingerprintMariadb, type MariadbStatement } from './parse.ts';
import { isPiecemeal, kindOf, namesIn } from './statement-kind.ts';

export type Past = 'happened' | 'did not happen' | 'is not known';

export function begin(statement: MariadbStatement, index: number, catalog: Catalog): Begun {
  return { index, print: fingerprintMariadb(statement.text), before: lookOf(statement, catalog) };
}

/** Pure. */
export function pastOf(statement: MariadbStatement, begun: Begun, catalog: Catalog): Past {
  const kind = kindOf(statement);
  if (kind === 'repeatable') return 'did not happen';
  if (kind !== 'schema') return 'is not known';
  if (lookOf(statement, catalog) === begun.before) return 'did not happen';
  const isSame = begun.print === fingerprintMariadb(statement.text);
  return isSame && !isPiecemeal(statement) ? 'happened' : 'is not known';
}

/** Others may change the schema meanwhile: only what the statement names is compared. */
function lookOf(statement: MariadbStatement, catalog: Catalog): string {
  const names = namesIn(statement);
  const hash = createHash('sha256');
  for (const [object, definition] of Object.entries(catalog)) {
    const [owner = '', member] = object
      .replace(/^[a-z ]+? (?=\S+$)/, '')
      .toLowerCase()
      .split('.');
    if (names.has(owner) || (member !== undefined && names.has(member))) hash.update(`${object}\0${definition}\0`);
  }
  return hash.digest('hex');
}
