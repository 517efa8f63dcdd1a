// What both sides answer, how that has gone, the verdict in words, and what comes next.

import {
  type Chart,
  type DeploymentView,
  errorsByClient,
  inWords,
  type Observation,
  sparkline,
  stillNeeded,
  topOf,
} from '@bg/engine';
import { type Block, fields, section } from './blocks.ts';
import { bar, code, count, duration, join, outside, share, time } from './text.ts';
import { elapsedText } from './users-part.ts';

/** The numbers of both sides, next to each other. */
export function sidesPart(view: DeploymentView, charts: readonly Chart[]): Block | undefined {
  const { observation, version, from } = view;
  if (observation === undefined) return undefined;
  const { stable, canary, judgement } = observation;
  const needed = stillNeeded(judgement) ?? (observation.advice && stillNeeded(observation.advice));
  const users = view.outcome === undefined && view.percent > 0 ? ` · ${view.percent} %` : '';
  const own: [string, string] = [`${outside(version, 40)} (new)${users}`, sideText(canary, needed)];
  if (from === undefined) return fields([own]);
  return fields([[`${outside(from.version, 40)} (stable)`, sideText(stable, undefined)], own, ...trendFields(charts)]);
}

type Needed = ReturnType<typeof stillNeeded>;

function sideText(side: Observation['stable'], needed: Needed): string {
  if (side.requests === 0) return noData(needed);
  const latency = `p50 ${count(side.p50Ms)} ms · p99 ${count(side.p99Ms)} ms`;
  return [
    `${count(side.requests)} requests`,
    `${errorsText(side)} errors`,
    // So few times are no quantiles yet.
    needed === undefined ? latency : `latency: ${noData(needed)}`,
  ].join('\n');
}

const noData = (needed: Needed): string =>
  needed === undefined ? 'no data yet' : `no data yet (${needed.seen} of ${needed.needed})`;

/** With what the judge counts, where clients repeat their errors. */
function errorsText(side: Observation['stable']): string {
  const counted = errorsByClient(side);
  const byClients = counted === side.errors ? '' : `, ${count(counted)} by clients`;
  return `${count(side.errors)} (${share(side.errors, side.requests)}${byClients})`;
}

const trendWidth = 20;
const metrics: Readonly<Record<Chart['metric'], string>> = { errors: 'Errors', p99: 'p99' };

/** Both sides of a metric on one scale: that is the comparison. */
function trendFields(charts: readonly Chart[]): [string, string][] {
  return charts
    .filter(({ labels }) => labels.length > 1)
    .map((chart) => {
      const top = topOf(chart);
      const lines = chart.series.map(
        ({ name, values }) => `${code(sparkline(values, top, trendWidth))} ${outside(name, 20)}`,
      );
      return [`${metrics[chart.metric]}, up to ${amount(top, chart.unit)}`, lines.join('\n')];
    });
}

const amount = (value: number, unit: Chart['unit']): string =>
  unit === 'ms' ? `${count(value)} ms` : `${value.toFixed(value < 10 ? 2 : 1)} %`;

/** What the judge makes of it. */
export function verdictPart({ observation, version, from }: DeploymentView): Block | undefined {
  if (observation === undefined) return undefined;
  const { judgement, advice, checks = [] } = observation;
  const versions = { version, from: from?.version };
  const words = (one: Observation['judgement']): string =>
    `${verdictSign[one.verdict]} ${outside(inWords(one, versions), 300)}`;
  const compared =
    advice === undefined || advice.sentence === judgement.sentence ? [] : [`Comparison: ${words(advice)}`];
  return section([`*${words(judgement)}*`, ...compared, ...checkLines(checks)].join('\n'));
}

function checkLines(checks: NonNullable<Observation['checks']>): readonly string[] {
  return checks.slice(0, 8).map(({ name, dryRun, judgement: { verdict, sentence } }) => {
    const reason = verdict === 'Successful' ? '' : `: ${outside(sentence, 120)}`;
    return `${verdictSign[verdict]} ${outside(name, 40)}${dryRun ? ' (dry run)' : ''}${reason}`;
  });
}

const verdictSign: Readonly<Record<Observation['judgement']['verdict'], string>> = {
  Successful: '🟢',
  Failed: '🔴',
  Inconclusive: '⚪',
  Error: '⚠️',
};

/** The bar, what is done now, and what comes after that, and when. */
export function progressPart(view: DeploymentView): Block {
  const { steps } = view;
  const at = steps.findIndex(({ status }) => status === 'started');
  const step = steps[at] ?? steps.find(({ status }) => status === 'failed');
  const done = steps.filter(({ status }) => status === 'done' || status === 'skipped').length;
  const place = step === undefined ? undefined : `step ${Math.min(done + 1, steps.length)} of ${steps.length}`;
  const now = join(bar(view.percent), place, step && outside(step.title, 120), elapsedText(view));
  const next = at < 0 ? undefined : nextText(view, steps[at + 1]?.title);
  return section(next === undefined ? now : `${now}\n${next}`);
}

function nextText(view: DeploymentView, title: string | undefined): string | undefined {
  if (view.direction === 'unwinding') return undefined;
  const then = title === undefined ? 'the end' : outside(title, 120);
  if (view.paused !== undefined) return `Next: ${then}, after a person resumes it`;
  if (view.waitsFor === 'people') return `Next: ${then}, after a person decides`;
  const { observation } = view;
  const until = observation?.watchUntil;
  if (view.waitsFor !== 'time' || observation === undefined || until === undefined) return `Next: ${then}`;
  const leftMs = until - observation.at;
  if (leftMs > 0) return `Next: ${then}, in about ${duration(leftMs)} (${time(until)}) at the earliest`;
  return view.percent === 100 ? `Next: ${then}` : `Next: ${then}, as soon as there is enough data to judge`;
}
