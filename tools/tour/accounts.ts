// The closing of the books: what was sent, what was lost, what the shop took, and whether the audit log is whole.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { summarize, type Tally } from '../load-client.ts';
import type { Scene } from './scene.ts';

export const leastPerSecond = 200;

/** `badVersions` are the releases that were meant to err. */
export function closeTheBooks(scene: Scene, tally: Tally, badVersions: readonly string[]): void {
  const { checks, print, answers } = scene;
  print(`  ${summarize(tally)}`);
  for (const problem of tally.problems) print(`    ${problem}`);
  const kept = answers.filter(({ keptAlive }) => keptAlive).length;
  const kinds = `${kept} on kept connections, ${answers.length - kept} on fresh ones`;
  checks.check(
    'no request was lost',
    tally.lost === 0 && tally.sent === answers.length,
    `${tally.lost} of ${tally.sent}; ${kinds}`,
  );
  checks.check('the load was real', tally.perSecond >= leastPerSecond, `${tally.perSecond} requests a second`);
  if (badVersions.length > 0)
    checks.check(
      'errors came from the release that is known to be bad',
      tally.badRelease > 0,
      `${tally.badRelease} by ${badVersions.join(', ')} itself, counted apart`,
    );
  checkOrders(scene);
  checkAudit(scene);
}

/** Every order that the shop accepted for a user was written down, and once. */
function checkOrders({ checks, answers, places: { ledger } }: Scene): void {
  const written = new Map<string, number>();
  for (const file of readdirSync(ledger).filter((name) => name.endsWith('.txt')))
    for (const line of readFileSync(join(ledger, file), 'utf8').trimEnd().split('\n')) {
      const [id = ''] = line.split(' ');
      written.set(id, (written.get(id) ?? 0) + 1);
    }
  const accepted = answers.flatMap(({ verdict, order }) => (verdict === 'ok' && order !== undefined ? [order] : []));
  const missing = accepted.filter((id) => !written.has(id)).length;
  const doubled = accepted.filter((id) => (written.get(id) ?? 0) > 1).length;
  const seen = `${accepted.length} orders, ${missing} missing, ${doubled} doubled`;
  checks.check(
    'every order that was accepted is in the shop’s books, once',
    accepted.length > 0 && missing + doubled === 0,
    seen,
  );
}

function checkAudit({ checks, stack: { engine } }: Scene): void {
  const verified = engine.audit.verify();
  const seen = verified.intact
    ? `${verified.rows} rows, head ${verified.head?.slice(0, 16)}…`
    : `${verified.problem} at row ${verified.seq}`;
  checks.check('the audit log is whole', verified.intact && verified.rows > 0, seen);
}
