// The page that a run writes: the machine, the tables, and what was held against which bar.

import { amount, type Figure, isMissed, median } from '../figures.ts';
import { haproxyDriver, nginxDriver } from './proxies/drivers.ts';
import { haproxyStatic } from './proxies/haproxy-by-hand.ts';
import { nginxStatic } from './proxies/nginx-by-hand.ts';
import type { Mechanism } from './proxies/proxy.ts';
import type { Results } from './results.ts';
import { isOutside, type ShareTrial } from './share.ts';
import { cpuMicrosOf, medianOf, ratioOf, type Throughput } from './throughput.ts';
import type { Trial } from './trial.ts';

export interface PageOptions {
  readonly results: Results;
  readonly figures: readonly Figure[];
  readonly how: string;
  readonly machine: string;
}

export function pageOf({ results, figures, how, machine }: PageOptions): string {
  const { trials, throughputs, shares, options } = results;
  return [
    '# Switching traffic, measured',
    `Written by \`npm run bench traffic\`${options.isLong ? ' in its long mode (`--long`)' : ''} on ${new Date().toISOString().slice(0, 10)}.`,
    `Machine: ${machine}. Load, services and proxies share it, so counts and ratios of one run say more than single times.`,
    `Load: ${how}.`,
    '## Switches and weight changes under load',
    switchTable(trials),
    ...results.failures.map(({ what, why }) => `Not measured to its end: ${what}: ${why}`),
    'Lost: no answer, on a connection that stood or a fresh one. Truncated: cut within the answer, or not the answer that belongs to the request. Stale: begun after the command had returned and answered by the old side; for weights, an answer that no fixed share of users explains. Cut: event streams and WebSockets that did not stay whole. Command: of the switch; for the drivers it ends when the balancer was seen to follow. Last old answer: since the command began, fast requests only. Processes: before → under load → when all have left. Memory: resident, of all processes of the proxy, the driver’s own counting process included. Over TLS and HTTP/2: one session for each kept connection, fewer fresh ones, and neither event streams nor WebSockets.',
    ...(throughputs.length === 0 ? [] : ['## Throughput', throughputTable(throughputs), throughputNote]),
    '## Shares of 10 000 users',
    shareTable(shares),
    'Each user comes twice at each weight; flipped: on another side the second time; left: on green before the raise and not after it.',
    '## Against the bars',
    markdown(
      ['figure', 'measured', 'bar', ''],
      figures.map((each) => [
        each.name,
        amount(each.value, each.unit),
        each.bar === undefined ? '' : `${each.reach ?? 'under'} ${amount(each.bar, each.unit)}`,
        isMissed(each) ? '**missed**' : 'reached',
      ]),
    ),
  ].join('\n\n');
}

function switchTable(trials: readonly Trial[]): string {
  const head = [
    'mechanism',
    'kept conns',
    'switches + weights',
    'requests',
    'lost',
    'truncated',
    '5xx',
    'stale',
    'cut',
  ];
  const rows = trials.map((trial) => [
    trial.proxy.name,
    String(trial.connections),
    `${trial.switches} + ${trial.weightChanges === 0 ? '–' : trial.weightChanges}`,
    thousands(trial.sent),
    String(trial.lost),
    String(trial.truncated),
    String(trial.serverErrors),
    String(trial.stale),
    String(trial.streamsCut),
    middleAndMost(trial.switchMs),
    middleAndMost(trial.lastOldMs),
    `${Math.round(trial.residentMb)} MB`,
    `${trial.processes.before} → ${trial.processes.underLoad} → ${trial.processes.afterDrain}`,
  ]);
  const times = ['command ms, median / max', 'last old answer ms, median / max'];
  return markdown([...head, ...times, 'memory', 'processes'], rows);
}

const throughputNote =
  'Requests a second of `wrk` with small answers, median of interleaved rounds; ratios are medians over the rounds, of which single ones differ much where one worker of nginx happens to hold most of the connections. The static ones have the same logging and headers and decide nothing. CPU: processor time of the proxy for one request, the embedded driver’s and HAProxy’s counting included; nginx’s lines are counted in the engine.';

function throughputTable(throughputs: readonly Throughput[]): string {
  const [first] = throughputs;
  const names = [...(first?.rounds.keys() ?? [])].map((who) => (who === 'direct' ? who : who.name));
  const head = throughputs.flatMap(({ connections }) => [`${connections} conns`, 'of direct', 'of static', 'CPU µs']);
  const rows = names.map((name) => [
    name === 'direct' ? 'the service, directly' : name,
    ...throughputs.flatMap((each) => throughputCells(each, name)),
  ]);
  return markdown(['asked', ...head], rows);
}

function throughputCells(throughput: Throughput, name: string): readonly string[] {
  const who = [...throughput.rounds.keys()].find((each) => each === name || (each !== 'direct' && each.name === name));
  if (who === undefined) return ['', '', '', ''];
  const plain = who === nginxDriver ? nginxStatic : who === haproxyDriver ? haproxyStatic : undefined;
  return [
    thousands(Math.round(medianOf(throughput, who))),
    who === 'direct' ? '' : ratioOf(throughput, who, 'direct').toFixed(2),
    plain === undefined ? '' : ratioOf(throughput, who, plain).toFixed(2),
    who === 'direct' ? '' : String(Math.round(cpuMicrosOf(throughput, who))),
  ];
}

function shareTable(shares: readonly ShareTrial[]): string {
  const name = (proxy: Mechanism): string => proxy.name;
  return markdown(
    ['mechanism', 'weight', 'on green', '99 % band', 'flipped', 'left on the raise'],
    shares.flatMap(({ proxy, rows }) =>
      rows.map((row) => [
        name(proxy),
        `${row.percent} %`,
        `${row.green}${isOutside(row) ? ' (outside)' : ''}`,
        `${row.least} – ${row.most}`,
        String(row.flips),
        String(row.leavers),
      ]),
    ),
  );
}

function middleAndMost(values: readonly number[]): string {
  if (values.length === 0) return '–';
  const short = (value: number): string => (value < 10 ? value.toFixed(1) : String(Math.round(value)));
  return `${short(median(values))} / ${short(Math.max(...values))}`;
}

const thousands = (value: number): string => String(value).replaceAll(/\B(?=(\d{3})+$)/g, ' ');

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
