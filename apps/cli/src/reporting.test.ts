// `bg report` and its proof: real `bg` processes on a log with locks and nothing deployed.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPaint } from './show/paint.ts';
import { markdownLines, reportLines } from './show/report.ts';
import { openShell, type Shell } from './testing/shell.ts';

let shell: Shell;
let file: string;
beforeAll(async () => {
  shell = await openShell();
  await shell.bg('lock', 'quiet day');
  await shell.bg('unlock');
  await shell.bg('lock', 'another day');
  file = join(shell.folder, 'audit.jsonl');
  writeFileSync(file, (await shell.bg('audit', 'export')).out);
});
afterAll(() => shell.close());

test('a log without deployments says so, in words and for programs', async () => {
  const { code, out } = await shell.bg('report');
  expect([code, out.split('\n')[0]]).toEqual([0, 'all services: no deployments']);
  expect(out).not.toMatch(/NaN|undefined|%/);
  expect((await shell.bg('report', 'shop/production', '--json')).json()).toMatchObject({
    scope: { service: 'shop', target: 'production' },
    figures: { deployments: 0, changeFailureRate: null, perWeek: null },
  });
});

test('an export proves it; one with a changed row, or without one, ends with 1 and names the row', async () => {
  const { code, out } = await shell.bg('report', '--prove', file);
  expect([code, out]).toEqual([0, expect.stringMatching(/✓ equal: the chain of all \d+ rows of the export is intact/)]);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const other = join(shell.folder, 'other.jsonl');
  writeFileSync(other, lines.map((line) => line.replace('quiet', 'loud')).join('\n'));
  const changed = await shell.bg('report', '--prove', other);
  expect([changed.code, changed.out]).toEqual([1, expect.stringMatching(/row \d+ was changed/)]);
  writeFileSync(other, lines.toSpliced(1, 1).join('\n'));
  const dropped = await shell.bg('report', '--prove', other);
  expect([dropped.code, dropped.out]).toEqual([1, expect.stringContaining('rows 2 to 2 are missing')]);
});

test.each([
  [['--since', 'yesterday'], 2, 'yesterday is no date'],
  [['--prove', '/no/such/file'], 2, '--prove: /no/such/file cannot be read'],
])('refuses %j with %i', async (words, code, text) => {
  const answer = await shell.bg('report', ...words);
  expect([answer.code, answer.err]).toEqual([code, expect.stringContaining(text)]);
});

const spread = { count: 2, medianMs: 60_000, p95Ms: 120_000 };
const figures = {
  finished: 2,
  outcomes: [{ outcome: 'promoted', code: 'deploy', count: 2 }],
  deployments: 2,
  perWeek: 2,
  leadTime: { fromCommit: spread, fromRequest: undefined },
  changes: 2,
  failedChanges: 1,
  changeFailureRate: 0.5,
  restore: spread,
  unrestored: 0,
  moves: 2,
  reworked: 0,
  reworkRate: 0,
  rollback: undefined,
  peopleWaiting: undefined,
  withoutPeople: spread,
} as const;
const report = {
  period: { since: 0, until: 1, zone: 'UTC', local: { since: '2026-11-23 00:00 UTC', until: '2026-11-30 00:00 UTC' } },
  scope: { service: 'shop', target: undefined },
  figures,
  targets: [{ service: 'shop', target: 'production', figures }],
  goals: [
    { goal: 'leadTime', wanted: 80_000, actual: 60_000, isMet: true },
    { goal: 'changeFailureRate', wanted: 0.15, actual: 0.5, isMet: false },
  ],
  moves: [],
  incidents: [],
  log: { firstRow: 1, lastRow: 9, beginsAt: 5 },
} as const;

test('for people: what happened, the period, each figure, each goal', () => {
  expect(reportLines(report, { now: 0, paint: createPaint(false) })).toEqual([
    'shop: 2 deployments, 1 failed, users were well again after 60 s',
    '2026-11-23 00:00 to 2026-11-30 00:00 UTC',
    '  Deployments          2, 2 per week',
    '  Lead time            median 60 s, 95 % within 2 min from the commit (2)',
    '  Change failure rate  50 % (1 of 2)',
    '  Time to restore      median 60 s, 95 % within 2 min (2)',
    '  Rework rate          0 % (0 of 2)',
    '  Time without people  median 60 s, 95 % within 2 min (2)',
    '  Outcomes             2 promoted (deploy)',
    '  ✓ Lead time (median): 60 s, wanted at most 80 s',
    '  ✗ Change failure rate: 50 %, wanted at most 15 %',
    '  shop/production  2 deployments, 1 failed, users were well again after 60 s',
    '! the audit log begins at 1970-01-01T00:00:00.005Z, after the period does',
  ]);
});

test('Markdown has a table each, in which a name is only text', () => {
  const lines = markdownLines({ ...report, scope: { service: 'a|b', target: undefined } });
  expect(lines[0]).toBe('## a\\|b: 2 deployments, 1 failed, users were well again after 60 s');
  expect(lines).toContain('| Deployments | 2, 2 per week |');
  expect(lines).toContain('| Lead time (median) | 60 s, wanted at most 80 s | met |');
});
