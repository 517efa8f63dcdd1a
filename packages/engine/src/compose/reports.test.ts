// A report of what a real engine did, and its proof from a copy of the log.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Proof, Report, ReportRequest } from '../api/report.ts';
import type { ReportSettings } from '../config/report/report.ts';
import type { Result } from '../domain/refusal.ts';
import { auditAfter } from '../state/audit.ts';
import { alice, type Flow, startFlow } from '../testing/flow.ts';
import { createReports } from './reports.ts';

let flow: Flow;
/** Every test adds to the same log, and none changes what is in it. */
beforeAll(async () => {
  flow = await startFlow(plainly);
});
afterAll(() => flow.close());

/** No canary, so that nothing waits for requests. */
const plainly = { options: '\n    canary: []\n    bake: 5s' };

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.refusal.sentence);
  return result.value;
};

function reports(change: Partial<ReportSettings> = {}) {
  const { clock, settings } = flow;
  const { db } = flow.process().core.store;
  return createReports({ db, clock, settings: { ...settings, report: { ...settings.report, ...change } } });
}

const report = async (request: ReportRequest = {}): Promise<Report> => value(await reports().of(request));

async function rollBack(): Promise<void> {
  const { id } = value(flow.people.rollback({ actor: alice, reason: 'basket is empty' }));
  expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
}

/** As `bg audit export` writes it. */
const exported = (): readonly string[] =>
  auditAfter(flow.process().core.store.db, 0, 100_000).map((row) => JSON.stringify({ ...row, time: 'as before' }));

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

const prove = async (lines: readonly string[], request: ReportRequest = {}): Promise<Proof> =>
  value(await reports().prove(request, each(lines)));

test('without a single row: no deployments', async () => {
  const { figures, log } = await report();
  expect([figures.deployments, figures.perWeek, figures.changeFailureRate]).toEqual([0, undefined, undefined]);
  expect(log.lastRow).toBe(0);
});

test('two deployments and a rollback, as the engine writes them', async () => {
  await flow.live('v1');
  await flow.live('v2');
  const clicked = flow.clock.now();
  await rollBack();
  const { figures, moves, incidents } = await report();
  expect(figures).toMatchObject({ finished: 3, deployments: 2, changes: 2, failedChanges: 1, moves: 3, reworked: 1 });
  expect(figures.rollback).toMatchObject({ count: 1 });
  expect(figures.rollback?.medianMs).toBeLessThanOrEqual(flow.clock.now() - clicked);
  expect(incidents).toMatchObject([{ kind: 'rollback' }]);
  const rows = auditAfter(flow.process().core.store.db, 0, 100_000);
  const rowOf = (seq: number | undefined) => rows.find((row) => row.seq === seq)?.action;
  expect(moves.map((move) => [move.version, rowOf(move.requestedRow), rowOf(move.promotedRow)])).toEqual([
    ['v1', 'deployment-requested', 'routing-applied'],
    ['v2', 'deployment-requested', 'routing-applied'],
    ['v1', 'deployment-requested', 'routing-applied'],
  ]);
});

test('a deployment that a person takes back during its bake failed too', async () => {
  const id = flow.ask('v3');
  await flow.at(id, 'bake');
  value(flow.people.rollback({ actor: alice }));
  expect((await flow.finish(id)).outcome?.kind).toBe('rolled-back');
  const { figures } = await report();
  expect(figures).toMatchObject({ deployments: 3, failedChanges: 2, restore: { count: 2 }, rollback: { count: 2 } });
  expect(figures.outcomes).toContainEqual({ outcome: 'rolled-back', code: 'given-up', count: 1 });
});

describe('the proof from an export', () => {
  test('of the whole log has the same figures', async () => {
    const proof = await prove([...exported(), '']);
    expect(proof).toMatchObject({ isEqual: true, differences: [], rows: flow.lastSeq() });
    expect(proof.report?.figures).toEqual((await report()).figures);
  });

  test('of a log that went on is equal for a period before', async () => {
    const lines = exported();
    const until = '1m';
    flow.clock.advance(120_000);
    value(flow.people.lock({ actor: alice, reason: 'quiet day' }));
    expect(await prove(lines, { until })).toMatchObject({ isEqual: true });
  });

  const withRow = (action: string, change: (row: Record<string, unknown>) => void): readonly string[] =>
    exported().map((line) => {
      const row = JSON.parse(line) as Record<string, unknown>;
      if (row.action === action) change(row);
      return JSON.stringify(row);
    });

  test.each([
    ['outcome', 'deployment-finished', (row: Record<string, unknown>) => Object.assign(row, { code: 'redeploy' })],
    ['time', 'routing-applied', (row: Record<string, unknown>) => Object.assign(row, { at: Number(row.at) + 1 })],
    ['detail', 'deployment-requested', (row: Record<string, unknown>) => Object.assign(row, { detail: {} })],
    ['hash', 'planned', (row: Record<string, unknown>) => Object.assign(row, { hash: 'f'.repeat(64) })],
  ])('finds a changed %s by the chain, and computes nothing from it', async (_, action, change) => {
    const proof = await prove(withRow(action, change));
    expect(proof).toMatchObject({ isEqual: false, report: undefined });
    expect(proof.differences).toEqual([expect.stringMatching(/^row \d+ was changed, or does not follow row \d+$/)]);
  });

  test('finds a row that was dropped, and two that were exchanged', async () => {
    const lines = exported();
    expect((await prove(lines.toSpliced(4, 1))).differences).toEqual(['rows 5 to 5 are missing']);
    const [one = '', two = ''] = lines.slice(4, 6);
    expect((await prove(lines.toSpliced(4, 2, two, one))).differences).toEqual(['rows 5 to 5 are missing']);
    expect((await prove([...lines.slice(0, 5), ...lines.slice(4)])).differences).toEqual(['row 5 comes after row 5']);
  });

  test('names each figure that rows at the end lack', async () => {
    const end = exported().findLastIndex((line) => line.includes('"deployment-finished"'));
    const proof = await prove(exported().slice(0, end));
    expect(proof.isEqual).toBe(false);
    expect(proof.differences).toContain('figures.finished: 3 in the export, 4 here');
    expect(proof.differences.at(-1)).toMatch(/^this state has \d+ rows that are not in the export$/);
  });

  test('finds a row of another log, although its own chain is intact', async () => {
    const other = await startFlow(plainly);
    try {
      await other.live('v1');
      const lines = auditAfter(other.process().core.store.db, 0, 100_000).map((row) => JSON.stringify(row));
      const proof = await prove(lines);
      expect(proof.isEqual).toBe(false);
      expect(proof.differences[0]).toMatch(/^row \d+ of the export is another one in this state$/);
    } finally {
      await other.close();
    }
  });

  test('of a part is proved from the row before it in this state', async () => {
    const lines = exported();
    expect((await prove(lines.slice(5))).differences[0]).toContain('in the export');
    const gone = JSON.parse(lines[5] ?? '') as { seq: number };
    gone.seq = 900;
    expect((await prove([JSON.stringify(gone)])).differences).toEqual([
      'it begins with row 900, and this state does not hold the row before: export the whole log',
    ]);
  });

  test.each([
    ['no text', [], 'the export holds no row'],
    ['CSV', ['seq,time,actor'], 'line 1 is no row of `bg audit export` in JSON Lines: export it without --csv'],
    ['another text', ['hello'], 'line 1 is no row of `bg audit export` in JSON Lines'],
    ['a list', ['[]'], 'line 1 is no row of `bg audit export` in JSON Lines'],
  ])('says of %s what it is', async (_, lines, problem) => {
    expect(await prove(lines)).toMatchObject({ isEqual: false, rows: 0, differences: [problem] });
  });
});

describe('what is asked', () => {
  test.each([
    [{ zone: 'Mars/Olympus' }, 'Mars/Olympus is no IANA time zone'],
    [{ since: 'yesterday' }, 'yesterday is no date'],
    [{ since: '2026-02-30' }, '2026-02-30 is no date'],
    [{ until: '7 d' }, '7 d is no date'],
    [{ since: '1h', until: '2020-01-01' }, undefined],
    [{ since: '2020-01-02', until: '2020-01-01' }, 'the period has not begun, or ends before it begins'],
    [{ since: '2999-01-01' }, 'the period has not begun, or ends before it begins'],
    [{ service: 'shop', target: 'staging' }, 'there is no "shop/staging" in this configuration'],
    [{ service: 'basket' }, 'there is no "basket" in this configuration'],
  ])('%j', async (request, sentence) => {
    const answer = await reports().of(request);
    expect(answer.ok ? undefined : answer.refusal.sentence).toBe(sentence);
  });

  test('a date is a day of its zone, also where the clock changes', async () => {
    const { period } = await report({ since: '2025-03-30', until: '2025-03-31', zone: 'Europe/Berlin' });
    expect(period).toMatchObject({
      since: Date.parse('2025-03-29T23:00:00Z'),
      until: Date.parse('2025-03-30T22:00:00Z'),
      local: { since: '2025-03-30 00:00 Europe/Berlin', until: '2025-03-31 00:00 Europe/Berlin' },
    });
  });

  test('a period that goes on ends now', async () => {
    expect((await report({ since: '1d', until: '2999-01-01' })).period.until).toBe(flow.clock.now() + 1);
  });
});
