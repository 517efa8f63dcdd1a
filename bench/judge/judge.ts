// `npm run bench judge`: simulated canaries, judged by the engine's own judge and by three common rules on the same counts.

import type { JudgePolicy } from '../../packages/engine/src/analysis/canary-judge.ts';
import { createCanaryJudge } from '../../packages/engine/src/analysis/canary-judge.ts';
import { bars } from '../bars.ts';
import { type Bench, type Figure, median } from '../figures.ts';
import { type Cell, runCell } from './cell.ts';
import { createDice } from './draw.ts';
import { rivals } from './rivals.ts';
import { createSource, scenarios } from './scenarios.ts';

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
    const runs = options.runs ?? 1_000;
    const cells: Cell[] = [];
    for (const scenario of scenarios)
      for (const perSecond of loads) {
        signal.throwIfAborted();
        const cell = runCell({ scenario, perSecond, runs, seconds: halfHour, policy, seed });
        cells.push(cell);
        say(sentenceOf(cell));
        await new Promise((resolve) => setImmediate(resolve));
      }
    return { figures: figuresOf(cells, runs), page: pageOf(cells, runs), details: cells };
  },
};

function sentenceOf({ scenario, perSecond, judge, runs, promoted, promotedAfter }: Cell): string {
  const after = judge.takenBack === 0 ? '' : ` (median ${median(judge.seconds)} s)`;
  const good = promoted === 0 ? '' : `, called good ${promoted} (median ${median(promotedAfter)} s)`;
  return `${scenario.name}, ${perSecond}/s: taken back ${judge.takenBack} of ${runs}${after}${good}`;
}

function figuresOf(cells: readonly Cell[], runs: number): readonly Figure[] {
  const nulls = cells.filter(({ scenario }) => scenario.isNull);
  const worst = nulls.reduce((one, other) => (one.judge.takenBack > other.judge.takenBack ? one : other));
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
      value: median(cell?.judge.seconds ?? []),
      peer: peerOf(cell),
      bar,
      reach: 'at most',
    };
  };
  const bad = cells.filter(({ scenario }) => !scenario.isNull);
  const fooled = bad.reduce((one, other) => (one.promoted > other.promoted ? one : other));
  return [
    {
      name: `worst null (${worst.scenario.name}, ${worst.perSecond}/s): taken back per 1,000`,
      unit: 'count',
      value: (1_000 * worst.judge.takenBack) / runs,
      peer: {
        name: rivals[0]?.name ?? '',
        value: (1_000 * Math.max(...nulls.map((cell) => cell.rivals[0]?.takenBack ?? 0))) / runs,
      },
      bar: bars.judge.falseRollbacksPerThousand,
      reach: 'at most',
    },
    seconds('errors 1 to 5 %', 200, bars.judge.oneToFiveSeconds),
    {
      name: 'errors 1 to 5 %, 200/s: excess failed requests',
      unit: 'count',
      value: median(at('errors 1 to 5 %', 200)?.judge.excess ?? []),
      peer: { name: rivals[0]?.name ?? '', value: median(at('errors 1 to 5 %', 200)?.rivals[0]?.excess ?? []) },
      bar: bars.judge.oneToFiveExcess,
      reach: 'at most',
    },
    seconds('errors 0.1 to 1 %', 200, bars.judge.tenthToOneSeconds),
    seconds('crash loop', 200, bars.judge.crashLoopSeconds),
    {
      name: `bad release called good, worst (${fooled.scenario.name}, ${fooled.perSecond}/s), per 1,000`,
      unit: 'count',
      value: (1_000 * fooled.promoted) / runs,
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

function pageOf(cells: readonly Cell[], runs: number): string {
  const share = (count: number) => `${((100 * count) / runs).toFixed(1)} %`;
  const row = ({ scenario, perSecond, judge, rivals: others, promoted, promotedAfter }: Cell) =>
    `| ${scenario.name} | ${perSecond} | ${[judge, ...others]
      .map(({ takenBack, seconds, excess }) =>
        takenBack === 0
          ? '0'
          : `${share(takenBack)}, ${median(seconds)} s${scenario.isNull || scenario.stretch ? '' : `, ${median(excess).toFixed(0)}`}`,
      )
      .join(' | ')} | ${promoted === 0 ? '–' : `${share(promoted)}, ${median(promotedAfter)} s`} |`;
  const head = `| canary | req/s | judge | ${rivals.map(({ name }) => name).join(' | ')} | judge: called good |\n|---|---:|---:|${rivals.map(() => '---:|').join('')}---:|`;
  const table = (isNull: boolean) =>
    [head, ...cells.filter(({ scenario }) => scenario.isNull === isNull).map(row)].join('\n');
  return `## Releases that are no worse\n\nTaken back by mistake, of ${runs} runs each, and when.\n\n${table(true)}\n\n## Releases that are worse\n\nTaken back, seconds until then, and failed requests beyond those of the stable side; medians of ${runs} runs.\n\n${table(false)}\n`;
}
