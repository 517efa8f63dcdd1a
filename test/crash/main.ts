// `npm run test:crash -- [--load-balancer embedded] [--scenario deploy] [--shard 1/4] [--resume] [--lanes 3] [--kills 6] [--seed 0] [--budget 20m]`:
// the whole crash matrix. It ends with a line of counts, and with 0 only when every point was reached, no request was lost
// and nothing disagrees; with 3 when nothing is wrong so far, and points were not reached or are left.

import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { untilSignalled } from '../../tools/stack/ending.ts';
import type { Balancer } from './lane.ts';
import { openBook, playMatrix, type Share } from './matrix.ts';
import type { Point } from './points.ts';
import { scenarios } from './scenarios.ts';

const root = resolve(import.meta.dirname, '../..');
const balancers: readonly Balancer[] = ['embedded', 'nginx', 'haproxy'];
const usage = `usage: npm run test:crash -- [--load-balancer ${balancers.join('|')}] [--scenario ${scenarios.map(({ name }) => name).join('|')}]
  [--shard i/n] [--resume] [--lanes n] [--kills n] [--seed n] [--budget 20m]`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      'load-balancer': { type: 'string', multiple: true },
      scenario: { type: 'string', multiple: true },
      shard: { type: 'string', default: '1/1' },
      resume: { type: 'boolean', default: false },
      lanes: { type: 'string', default: '3' },
      kills: { type: 'string', default: '6' },
      seed: { type: 'string', default: '0' },
      budget: { type: 'string' },
    },
  });
  const [, index = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(values.shard) ?? []).map(Number);
  const chosenBalancers = values['load-balancer'] ?? balancers;
  const chosen = values.scenario ?? scenarios.map(({ name }) => name);
  const [lanes = 0, kills = 0, seed] = [values.lanes, values.kills, values.seed].map(Number);
  const budgetMs = values.budget === undefined ? undefined : budgetOf(values.budget);
  const isRight =
    (budgetMs === undefined || budgetMs > 0) &&
    index >= 1 &&
    index <= of &&
    Number.isInteger(seed) &&
    Number.isInteger(lanes) &&
    lanes >= 1 &&
    lanes <= 16 &&
    Number.isInteger(kills) &&
    kills >= 1 &&
    chosenBalancers.every((name) => balancers.some((known) => known === name)) &&
    chosen.every((name) => scenarios.some((known) => known.name === name));
  if (!isRight) return undefined;
  const shares: Share[] = balancers
    .filter((balancer) => chosenBalancers.includes(balancer))
    .flatMap((balancer) =>
      scenarios.filter(({ name }) => chosen.includes(name)).map((scenario) => ({ scenario, balancer })),
    );
  return { shares, shard: { index, of }, resume: values.resume, lanes, kills, seed: seed ?? 0, budgetMs };
}

/** `20m`, `90s`, `2h`; not a number for what is none. */
function budgetOf(text: string): number {
  const [, amount, unit = ''] = /^(\d+)([smh])$/.exec(text) ?? [];
  return (
    Number(amount) *
    (new Map([
      ['s', 1_000],
      ['m', 60_000],
      ['h', 3_600_000],
    ]).get(unit) ?? Number.NaN)
  );
}

/** Whole on the embedded load balancer; on the others, what touches the load balancer. */
const wants = ({ name }: Point, { balancer }: Share): boolean =>
  balancer === 'embedded' || /balancer|routing|promote|shift-traffic|prove-preview|verify-live/.test(name);

async function main(): Promise<void> {
  let given: ReturnType<typeof readArguments>;
  try {
    given = readArguments();
  } catch (thrown) {
    console.error((thrown as Error).message);
  }
  if (given === undefined) {
    console.error(usage);
    process.exitCode = 2;
    return;
  }
  const { resume, ...options } = given;
  const book = openBook(join(root, 'test-output', `crash-${commit()}-${options.seed}.jsonl`), resume);
  const began = Date.now();
  const signal = untilSignalled();
  const count = await playMatrix({ ...options, wants, book, signal, say: (line) => console.log(line) });
  const minutes = ((Date.now() - began) / 60_000).toFixed(1);
  console.log(
    `${count.points} kill points in ${minutes} min (${count.notReached} not reached, ${count.left} left), ${count.sent} requests sent, ${count.lost} lost, ${count.disagreements} disagreements`,
  );
  if (signal.aborted || count.left > 0) console.log('Stopped before its end: --resume goes on from here.');
  const isWrong = count.lost + count.disagreements > 0 || count.points === 0;
  const isPartial = signal.aborted || count.left + count.notReached > 0;
  process.exitCode = isWrong ? 1 : isPartial ? 3 : 0;
}

/** Results of other code are none of this one's. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

await main();
