// What the orchestrator takes beyond what must be waited for, measured with real processes on each load balancer; and the
// model test, with seeds of its own. `npm run bench orchestrator [deployments|rollbacks|hang|verbs|growth|model …]`.

import { loadavg } from 'node:os';
import { bars } from '../bars.ts';
import type { Bench, Figure } from '../figures.ts';
import { measureDeployments } from './deployments.ts';
import { measureGrowth } from './growth.ts';
import { type Driver, drivers, type Measuring } from './measuring.ts';
import { runModel } from './model.ts';
import { measureVerbs } from './verbs.ts';
import { measureHang, measureRollbacks } from './ways-back.ts';

const runs = 5;
const rollbacks = 30;

type OnDriver = (measuring: Measuring, driver: Driver) => Promise<readonly Figure[]>;

const onDrivers: Readonly<Record<string, OnDriver>> = {
  deployments: measureDeployments,
  rollbacks: (measuring, driver) =>
    measureRollbacks({ ...measuring, runs: measuring.runs * (rollbacks / runs) }, driver),
  hang: measureHang,
};
const partNames = [...Object.keys(onDrivers), 'verbs', 'growth', 'model'];

export const orchestratorBench: Bench = {
  title: 'orchestrator',
  how: `real processes under users, median of ${runs} deployments and ${rollbacks} rollbacks; the model test on fakes`,
  limitMs: 90 * 60_000,
  parts: partNames,
  run: async (say, signal, { parts = [], runs: asked = runs, drivers: only, rows, seconds, isLong }) => {
    const wanted = parts.length === 0 ? partNames : parts;
    const measuring: Measuring = { say, signal, runs: asked };
    const chosen = drivers.filter((driver) => only === undefined || only.includes(driver));
    const figures: Figure[] = [];
    say(
      `load average ${loadavg()
        .map((load) => load.toFixed(2))
        .join(', ')}`,
    );
    for (const [part, measure] of Object.entries(onDrivers))
      for (const driver of wanted.includes(part) ? chosen : []) figures.push(...(await measure(measuring, driver)));
    if (wanted.includes('verbs')) figures.push(...(await measureVerbs(measuring)));
    if (wanted.includes('growth')) figures.push(...(await measureGrowth(measuring, isLong)));
    const { sequences } = bars.orchestrator;
    const budgetMs = seconds === undefined ? undefined : seconds * 1_000;
    const model = wanted.includes('model')
      ? await runModel({ say, signal, sequences: rows ?? sequences, budgetMs })
      : undefined;
    return { figures: [...figures, ...(model?.figures ?? [])], details: model?.details };
  },
};
