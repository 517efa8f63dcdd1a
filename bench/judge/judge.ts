// `npm run bench judge`: simulated canaries, judged by the engine's own judge and by three common rules on the same counts.

import type { JudgePolicy } from '../../packages/engine/src/analysis/canary-judge.ts';
import { createCanaryJudge } from '../../packages/engine/src/analysis/canary-judge.ts';
import { bars } from '../bars.ts';
import { type Bench, type Figure, median } from '../figures.ts';
import { type Cell, runCell } from './cell.ts';
import { createDice } from './draw.ts';
import { type LimitRow, limitCells, limitPage, runLimit } from './limits.ts';
import { rivals } from './rivals.ts';
import { createSource, scenarios } from './scenarios.ts';
import { openStoredCells, type StoredCells } from './stored.ts';

const loads = [20, 200, 2000];
const seed = 20_261_129;
const halfHour = 1_800;

const policy: JudgePolicy = {
  falseRollback: 0.01,
  missedRegression: 0.05,
  errorRatio: 2,
  errorRate: 0.005,
  errorCeiling: 0.05,
  leastRequests: 100,
  leastMs: 300_000,
  warmUpMs: 15_000,
};

export const judgeBench: Bench = {
  title: 'judge',
  how: `simulated canaries of 30 minutes with 10 % of the users, counts per second, both sides drifting; seed ${seed}`,
  limitMs: 4 * 3_600_000,
  async run(say, signal, options) {
    const runs = { nulls: options.runs ?? 1_000, others: Math.min(200, options.runs ?? 200) };
    const cells: Cell[] = [];
    const limits: LimitRow[] = [];
    const jobs = [...cellJobs(runs, cells, say), ...limitJobs(runs.others, limits, say)];
    const stored = openStoredCells();
    say(`seed ${seed}; finished cells are in ${stored.folder}, another run goes on from there`);
    const until = options.seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.seconds * 1_000;
    let left = 0;
    for (const job of jobs) {
      signal.throwIfAborted();
      if (Date.now() > until && !stored.has(job.key)) left += 1;
      else job.run(stored);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (left > 0) say(`${left} of ${jobs.length} cells were not computed in ${options.seconds} s: run it again`);
    const page = [pageOf(cells), limits.length === 0 ? '' : limitPage(limits)].join('\n');
    return { figures: [...figuresOf(cells), notComputed(left)], page, details: { cells, limits } };
  },
};

interface Job {
  readonly key: unknown;
  readonly run: (stored: StoredCells) => void;
}

type Say = (sentence: string) => void;

function cellJobs(runs: { nulls: number; others: number }, cells: Cell[], say: Say): readonly Job[] {
  return scenarios.flatMap((scenario) =>
    loads.map((perSecond): Job => {
      const options = { perSecond, runs: scenario.isNull ? runs.nulls : runs.others, seconds: halfHour, policy, seed };
      const key = { scenario: scenario.name, ...options };
      return {
        key,
        run: (stored) => {
          const { scenario: _, ...computed } = stored.once(key, () => runCell({ scenario, ...options }));
          const cell = { ...computed, scenario };
          cells.push(cell);
          say(sentenceOf(cell));
        },
      };
    }),
  );
}

function limitJobs(runs: number, rows: LimitRow[], say: Say): readonly Job[] {
  return limitCells.map((cell): Job => {
    const key = { limit: cell, runs, policy, seed };
    return {
      key,
      run: (stored) => {
        const row = stored.once(key, () => runLimit(cell, { runs, policy, seed }));
        rows.push(row);
        const { before, now } = row;
        say(
          `limit, ${cell.stable} and ${cell.canary}, ${cell.perSecond}/s: ${before.length} before, ${now.length} now`,
        );
      },
    };
  });
}

const notComputed = (left: number): Figure => ({
  name: 'cells that were not computed',
  unit: 'count',
  value: left,
  peer: undefined,
  bar: 0,
  reach: 'at most',
});

function sentenceOf({ scenario, perSecond, judge, runs, promoted, promotedAfter }: Cell): string {
  const after = judge.takenBack === 0 ? '' : ` (median ${median(judge.seconds)} s)`;
  const good = promoted === 0 ? '' : `, called good ${promoted} (median ${median(promotedAfter)} s)`;
  return `${scenario.name}, ${perSecond}/s: taken back ${judge.takenBack} of ${runs}${after}${good}`;
}

/** Of a cell that was not computed, or found nothing: not a number, which reaches no bar. */
const medianOf = (values: readonly number[] | undefined): number => (values?.length ? median(values) : Number.NaN);

function figuresOf(cells: readonly Cell[]): readonly Figure[] {
  const nulls = cells.filter(({ scenario }) => scenario.isNull);
  const perThousand = (count: number, { runs }: Cell) => (1_000 * count) / runs;
  const most = (some: readonly Cell[], of: (cell: Cell) => number) =>
    some.reduce<Cell | undefined>((one, other) => (one && of(one) >= of(other) ? one : other), undefined);
  const takenBack = (cell: Cell) => perThousand(cell.judge.takenBack, cell);
  const worst = most(nulls, takenBack);
  const at = (name: string, perSecond: number) =>
    cells.find(({ scenario, perSecond: load }) => scenario.name === name && load === perSecond);
  const peerOf = (cell: Cell | undefined) => ({
    name: rivals[0]?.name ?? '',
    value: cell?.rivals[0]?.takenBack === 0 ? Number.NaN : median(cell?.rivals[0]?.seconds ?? []),
  });
  const seconds = (name: string, perSecond: number, bar: number): Figure => {
    const cell = at(name, perSecond);
    return {
      name: `${name}, ${perSecond}/s: seconds to rollback`,
      unit: 'count',
      value: medianOf(cell?.judge.seconds),
      peer: peerOf(cell),
      bar,
      reach: 'at most',
    };
  };
  const promoted = (cell: Cell) => perThousand(cell.promoted, cell);
  const fooled = most(
    cells.filter(({ scenario }) => !scenario.isNull),
    promoted,
  );
  return [
    {
      name: `worst null (${worst?.scenario.name}, ${worst?.perSecond}/s): taken back per 1,000`,
      unit: 'count',
      value: worst ? takenBack(worst) : Number.NaN,
      peer: {
        name: rivals[0]?.name ?? '',
        value: Math.max(...nulls.map((cell) => perThousand(cell.rivals[0]?.takenBack ?? 0, cell))),
      },
      bar: bars.judge.falseRollbacksPerThousand,
      reach: 'at most',
    },
    seconds('errors 1 to 5 %', 200, bars.judge.oneToFiveSeconds),
    {
      name: 'errors 1 to 5 %, 200/s: excess failed requests',
      unit: 'count',
      value: medianOf(at('errors 1 to 5 %', 200)?.judge.excess),
      peer: { name: rivals[0]?.name ?? '', value: median(at('errors 1 to 5 %', 200)?.rivals[0]?.excess ?? []) },
      bar: bars.judge.oneToFiveExcess,
      reach: 'at most',
    },
    seconds('errors 0.1 to 1 %', 200, bars.judge.tenthToOneSeconds),
    seconds('crash loop', 200, bars.judge.crashLoopSeconds),
    {
      name: `bad release called good, worst (${fooled?.scenario.name}, ${fooled?.perSecond}/s), per 1,000`,
      unit: 'count',
      value: fooled ? promoted(fooled) : Number.NaN,
      peer: undefined,
      bar: bars.judge.badPromotedPerThousand,
      reach: 'at most',
    },
    {
      name: 'called good without a request',
      unit: 'count',
      value: cells.reduce((sum, { promotedBlind }) => sum + promotedBlind, 0),
      peer: undefined,
      bar: 0,
      reach: 'at most',
    },
    { name: 'one tick at 2,000/s', unit: 'ms', value: tickMs(), peer: undefined, bar: bars.judge.tickMs },
  ];
}

/** The median of the ticks of one canary; drawing the counts is left out. */
function tickMs(): number {
  const scenario = scenarios[0];
  if (!scenario) return Number.NaN;
  const source = createSource(scenario, 2_000, createDice(seed));
  const judge = createCanaryJudge(policy);
  const spans = Array.from({ length: 600 }, (_, second) => {
    const tick = source(second);
    const began = performance.now();
    judge.add(tick.judged);
    judge.judgement();
    return performance.now() - began;
  });
  return median(spans.slice(100));
}

function pageOf(cells: readonly Cell[]): string {
  const runsOf = (isNull: boolean) => cells.find(({ scenario }) => scenario.isNull === isNull)?.runs ?? 0;
  const share = (count: number, runs: number) => `${((100 * count) / runs).toFixed(1)} %`;
  const row = ({ scenario, perSecond, runs, judge, rivals: others, promoted, promotedAfter }: Cell) =>
    `| ${scenario.name} | ${perSecond} | ${[judge, ...others]
      .map(({ takenBack, seconds, excess }) =>
        takenBack === 0
          ? '0'
          : `${share(takenBack, runs)}, ${median(seconds)} s${scenario.isNull || scenario.stretch ? '' : `, ${median(excess).toFixed(0)}`}`,
      )
      .join(' | ')} | ${promoted === 0 ? '–' : `${share(promoted, runs)}, ${median(promotedAfter)} s`} |`;
  const head = `| canary | req/s | judge | ${rivals.map(({ name }) => name).join(' | ')} | judge: called good |\n|---|---:|---:|${rivals.map(() => '---:|').join('')}---:|`;
  const table = (isNull: boolean) =>
    [head, ...cells.filter(({ scenario }) => scenario.isNull === isNull).map(row)].join('\n');
  return `## Releases that are no worse\n\nTaken back by mistake, of ${runsOf(true)} runs each, and when.\n\n${table(true)}\n\n## Releases that are worse\n\nTaken back, seconds until then, and failed requests beyond those of the stable side; medians of ${runsOf(false)} runs.\n\n${table(false)}\n`;
}
