// Random histories of two targets: what the report computes from the rows is what a plain list of what was done says,
// which knows no rows. Over parts of a period the figures add up to those of the whole.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Figures, Report } from '../api/report.ts';
import { createHistory } from './history.ts';
import { reportOf } from './report.ts';
import { act, type Note, type Told, tell } from './testing/random-history.ts';

/** Plainly: sorts, counts, and takes the value below which 95 % are by trying each. */
function naive({ notes, unrestored }: Told, since: number, until: number, target?: string) {
  const there = notes.filter((each) => each.at >= since && each.at < until && (target ?? each.target) === each.target);
  const of = (what: Note['what']) => there.filter((each) => each.what === what);
  const spread = (what: Note['what']) => {
    const all = of(what).map(({ ms = 0 }) => ms);
    all.sort((left, right) => left - right);
    const count = all.length;
    if (count === 0) return undefined;
    const low = all[Math.floor((count - 1) / 2)] ?? 0;
    const high = all[Math.ceil((count - 1) / 2)] ?? 0;
    const p95Ms = all.find((value) => all.filter((each) => each <= value).length * 100 >= 95 * count);
    return { count, medianMs: (low + high) / 2, p95Ms };
  };
  const changes = of('change');
  const promotedChanges = of('deployment').length;
  const moves = promotedChanges + of('way-back').length;
  const failed = changes.filter(({ isFailed }) => isFailed === true).length;
  const reworked = [...changes, ...of('way-back')].filter(({ isRework }) => isRework === true).length;
  return {
    finished: of('finished').length,
    deployments: promotedChanges,
    changes: changes.length,
    failedChanges: failed,
    changeFailureRate: changes.length === 0 ? undefined : failed / changes.length,
    restore: spread('restored'),
    unrestored: unrestored.filter((each) => each.began < until && (target ?? each.target) === each.target).length,
    moves,
    reworked,
    reworkRate: moves === 0 ? undefined : reworked / moves,
    rollback: spread('rollback'),
    leadTime: { fromCommit: spread('lead-commit'), fromRequest: spread('lead-request') },
  };
}

function figures({ log: { rows } }: Told, since: number, until: number, target?: string): Figures {
  const history = createHistory();
  for (const row of rows) history.take(row);
  const period: Report['period'] = { since, until, zone: 'UTC', local: { since: '', until: '' } };
  const log = { first: rows[0], last: rows.length };
  return reportOf(history, { period, scope: { service: undefined, target }, goals: {}, log }).figures;
}

const histories = fc.array(act, { minLength: 1, maxLength: 40 });
const runs = { numRuns: 400 };

test('the figures of any period are those of a plain list of what was done', () => {
  fc.assert(
    fc.property(histories, fc.nat(), fc.nat(), (chosen, one, two) => {
      const told = tell(chosen);
      const span = told.end - told.begin;
      const [since, until] = [told.begin + (one % span), told.begin + (two % span) + 1].toSorted((a, b) => a - b);
      for (const target of [undefined, 'production', 'staging'])
        for (const [from, to] of [
          [0, told.end],
          [since ?? 0, (until ?? 0) + 1],
        ] as const)
          expect(figures(told, from, to, target)).toMatchObject(naive(told, from, to, target));
    }),
    runs,
  );
});

test('the figures of parts of a period, and of its targets, add up to those of the whole', () => {
  fc.assert(
    fc.property(histories, fc.nat(), (chosen, cut) => {
      const told = tell(chosen);
      const middle = told.begin + (cut % (told.end - told.begin));
      const whole = figures(told, 0, told.end);
      const splits = [
        [figures(told, 0, middle), figures(told, middle, told.end)],
        [figures(told, 0, told.end, 'production'), figures(told, 0, told.end, 'staging')],
      ];
      for (const parts of splits)
        for (const count of counts)
          expect(
            parts.reduce((sum, part) => sum + count(part), 0),
            String(count),
          ).toBe(count(whole));
    }),
    runs,
  );
});

const counts: readonly ((figures: Figures) => number)[] = [
  ({ finished }) => finished,
  ({ outcomes }) => outcomes.reduce((sum, { count }) => sum + count, 0),
  ({ deployments }) => deployments,
  ({ changes }) => changes,
  ({ failedChanges }) => failedChanges,
  ({ moves }) => moves,
  ({ reworked }) => reworked,
  ({ restore }) => restore?.count ?? 0,
  ({ rollback }) => rollback?.count ?? 0,
  ({ leadTime }) => (leadTime.fromCommit?.count ?? 0) + (leadTime.fromRequest?.count ?? 0),
  ({ withoutPeople }) => withoutPeople?.count ?? 0,
];

test('no figure of any history is below zero, more than all, or no number', () => {
  fc.assert(
    fc.property(histories, (chosen) => {
      const told = tell(chosen);
      const text = JSON.stringify(figures(told, 0, told.end));
      expect(text).not.toMatch(/NaN|null|-\d/);
      for (const rate of ['changeFailureRate', 'reworkRate'] as const)
        expect(figures(told, 0, told.end)[rate] ?? 0).toBeLessThanOrEqual(1);
    }),
    { numRuns: 100 },
  );
});
