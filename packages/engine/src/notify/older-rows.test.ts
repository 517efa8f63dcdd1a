// Rows of older versions: they stay in the log and in its chain, and no reader fails on what they lack.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AuditEvent, type AuditRow, auditEvents } from '../domain/audit-events.ts';
import { auditAfter } from '../state/audit.ts';
import { verifyAudit } from '../state/audit-verification.ts';
import { factOf } from './mail/facts.ts';
import { putTroubles } from './pages/put.ts';
import { eventFacts } from './statuses/cdevents-facts.ts';
import { githubFacts } from './statuses/github-facts.ts';
import { request } from './statuses/testing/scene.ts';
import { type Newsroom, openNewsroom } from './testing/news.ts';

let news: Newsroom;
beforeEach(() => {
  news = openNewsroom({ notify: '{}' });
});
afterEach(() => news.close());

type Old = readonly [action: string, detail: object, deploymentId?: string | undefined];

/** As any version wrote them. */
function writeOld(...rows: readonly Old[]): void {
  news.store.write((tx) => {
    for (const [action, detail, deploymentId] of rows) {
      const place = { service: 'shop', target: 'production', deploymentId };
      const event = { ...place, actor: 'engine', action, sentence: 'it happened', detail };
      tx.audit(event as unknown as AuditEvent);
    }
  });
}

function report(row: AuditRow): readonly unknown[] {
  const { engine, store } = news;
  const view = row.deploymentId === null ? undefined : engine.deployment(row.deploymentId);
  const settings = { repositories: [{ service: 'shop', repository: 'acme/shop' }] } as unknown as Parameters<
    typeof githubFacts
  >[1];
  putTroubles({ engine, store } as unknown as Parameters<typeof putTroubles>[0])(row);
  return [
    ...[factOf(row, { view, place: 'shop', nameOf: (actor) => actor })].filter((fact) => fact !== undefined),
    ...githubFacts(store.db, settings, row),
    ...eventFacts({ db: store.db, source: '/bluegreen', serving: () => [] }, row),
  ];
}

it('of every action, without details or with others, are read, reported and verified', () => {
  const id = request(news.store, 'v2.1');
  const strange = { outcome: 'exploded', version: 7, authors: 'alice', build: null };
  // An approval of a deployment without its vote is a forged one.
  const rowsOf = (action: string): readonly Old[] =>
    [{}, strange].map((detail) => [action, detail, action === 'approved' ? undefined : id] as const);
  writeOld(...Object.keys(auditEvents).flatMap(rowsOf));
  const rows = auditAfter(news.store.db, 0, 1_000);
  for (const row of rows) expect(() => report(row), row.action).not.toThrow();
  expect(verifyAudit(news.store.db)).toMatchObject({ intact: true, rows: rows.length });
});

it('of an action that is written no longer are retained, and reported nowhere', () => {
  writeOld(['quarantined', { version: 'v2.0', digest: 'd' }]);
  const [row] = auditAfter(news.store.db, 0, 10);
  expect(row).toMatchObject({ action: 'quarantined', detail: { version: 'v2.0', digest: 'd' } });
  expect(row && report(row)).toEqual([]);
  expect(verifyAudit(news.store.db)).toMatchObject({ intact: true, rows: 1 });
});

it('say what they say: a build that broke without a commit, a side that came back to what is not named', () => {
  writeOld(['build-failed', { build: 3, version: 'v2.1', branch: 'main' }], ['side-restored', { slot: 'green' }]);
  const facts = auditAfter(news.store.db, 0, 10).flatMap(report);
  expect(facts).toMatchObject([
    { headline: 'shop: the build is broken on main', details: [{ label: 'Branch' }, { label: 'Version' }] },
    { headline: 'shop: the failed side is back' },
  ]);
});
