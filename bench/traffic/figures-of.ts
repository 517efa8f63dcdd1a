// What was measured against the bars: for nginx and HAProxy, over all their trials.

import { bars } from '../bars.ts';
import { type Figure, median } from '../figures.ts';
import { haproxyDriver, nginxDriver } from './proxies/drivers.ts';
import { haproxyStatic } from './proxies/haproxy-by-hand.ts';
import { nginxStatic } from './proxies/nginx-by-hand.ts';
import type { Mechanism } from './proxies/proxy.ts';
import type { Results } from './results.ts';
import { isOutside, type ShareRow } from './share.ts';
import { ratioOf } from './throughput.ts';
import type { Trial } from './trial.ts';

const held = [
  { driver: nginxDriver, plain: nginxStatic },
  { driver: haproxyDriver, plain: haproxyStatic },
];

export function figuresOf(results: Results): readonly Figure[] {
  const asked = held.filter(({ driver }) => results.families.includes(driver.family));
  return [
    ...asked.flatMap(({ driver, plain }) => [
      ...lossFigures(driver, results),
      ...throughputFigures({ driver, plain }, results),
    ]),
    ...results.shares.flatMap(({ proxy, rows }) => shareFigures(proxy, rows)),
    {
      name: 'measurements that failed',
      unit: 'count',
      value: results.failures.filter(({ isOurs }) => isOurs).length,
      peer: undefined,
      bar: 0,
      reach: 'at most',
    },
    ...(results.options.isLong ? longFigures(results) : []),
  ];
}

/** Over TLS too. */
const isOf = (proxy: Mechanism, { kind, family }: Mechanism): boolean => proxy.kind === kind && proxy.family === family;

function lossFigures(driver: Mechanism, { trials }: Results): readonly Figure[] {
  const own = trials.filter(({ proxy }) => isOf(proxy, driver));
  // Nothing measured is nothing reached.
  const sum = (of: (trial: Trial) => number): number =>
    own.length === 0 ? Number.NaN : own.reduce((all, trial) => all + of(trial), 0);
  const count = (name: string, value: number, bar: number): Figure => ({
    name: `${driver.name}: ${name}`,
    unit: 'count',
    value,
    peer: undefined,
    bar,
    reach: 'at most',
  });
  const { traffic } = bars;
  return [
    count(
      'lost requests',
      sum(({ lost }) => lost),
      traffic.lost,
    ),
    count(
      'truncated or wrong answers',
      sum(({ truncated }) => truncated),
      traffic.truncated,
    ),
    count(
      'answers 5xx',
      sum(({ serverErrors }) => serverErrors),
      traffic.serverErrors,
    ),
    count(
      'stale answers',
      sum(({ stale }) => stale),
      traffic.stale,
    ),
    count(
      'processes left after drains',
      sum(({ processes }) => Math.max(0, processes.afterDrain - processes.before)),
      traffic.processesLeft,
    ),
    {
      name: `${driver.name}: switch command, median`,
      unit: 'ms',
      value: own.length === 0 ? Number.NaN : median(own.flatMap(({ switchMs }) => switchMs)),
      peer: undefined,
      bar: traffic.switchMedianMs,
    },
  ];
}

function throughputFigures(
  { driver, plain }: { readonly driver: Mechanism; readonly plain: Mechanism },
  { throughputs }: Results,
): readonly Figure[] {
  const figure = (connections: string, value: number): Figure => ({
    name: `${driver.name}: throughput of the static one${connections}`,
    unit: 'ratio',
    value,
    peer: undefined,
    bar: bars.traffic.throughputOfStatic,
    reach: 'at least',
  });
  if (throughputs.length === 0) return [figure('', Number.NaN)];
  return throughputs.map((each) => figure(`, ${each.connections} connections`, ratioOf(each, driver, plain)));
}

function shareFigures(proxy: Mechanism, rows: readonly ShareRow[]): readonly Figure[] {
  const count = (name: string, value: number, bar: number): Figure => ({
    name: `${proxy.name}: ${name}`,
    unit: 'count',
    value,
    peer: undefined,
    bar,
    reach: 'at most',
  });
  const sum = (of: (row: ShareRow) => number): number => rows.reduce((all, row) => all + of(row), 0);
  const { sharesOutside, flips, leavers } = bars.traffic;
  return [
    count('weights outside the 99 % band', rows.filter(isOutside).length, sharesOutside),
    count(
      'users who flipped',
      sum((row) => row.flips),
      flips,
    ),
    count(
      'users who left on a raise',
      sum((row) => row.leavers),
      leavers,
    ),
  ];
}

/** Over nginx and HAProxy together. */
function longFigures({ trials }: Results): readonly Figure[] {
  const own = trials.filter(({ proxy }) => held.some(({ driver }) => isOf(proxy, driver)));
  const sum = (of: (trial: Trial) => number): number => own.reduce((all, trial) => all + of(trial), 0);
  const count = (name: string, value: number, bar: number): Figure => ({
    name: `nginx and HAProxy drivers: ${name}`,
    unit: 'count',
    value,
    peer: undefined,
    bar,
    reach: 'at least',
  });
  return [
    count(
      'switches',
      sum(({ switches }) => switches),
      bars.traffic.long.switches,
    ),
    count(
      'requests',
      sum(({ sent }) => sent),
      bars.traffic.long.requests,
    ),
  ];
}
