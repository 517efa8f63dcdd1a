// What must hold when the next controller has ended what the killed one began.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AuditRow, TargetView } from '@bg/engine';
import { sidesAlive } from '../support/leftovers.ts';
import { eventually, type Stage } from '../support/stage.ts';
import type { Moment } from './moments.ts';
import { target, type World } from './scenarios.ts';

export interface Aftermath {
  readonly stage: Stage;
  readonly world: World;
  /** The newest row before it was asked for. */
  readonly seq: number;
  /** What every controller passed meanwhile. */
  readonly moments: readonly Moment[];
}

/** @returns what does not agree, one sentence each */
export async function disagreements(aftermath: Aftermath): Promise<readonly string[]> {
  const { stage, world, seq } = aftermath;
  await eventually(() => isAtRest(target(world)), world.limitMs).catch(() => undefined);
  const view = target(world);
  const rows = world.engine.audit.after(seq, 10_000);
  return [
    ...aboutSides(view),
    ...(await aboutUsers(stage, view)),
    ...aboutProcesses(stage, view),
    ...aboutRows(rows, view),
    ...aboutStarts(aftermath),
    ...(world.engine.audit.verify().intact ? [] : ['the audit log is not intact']),
  ];
}

const isAtRest = (view: TargetView): boolean =>
  isDecided(view) && view.slots.every(({ role, health }) => role === 'idle' || health === 'healthy');

/** No deployment runs, and the load balancer does what is stored. */
export const isDecided = ({ live, drift, nodes, routing }: TargetView): boolean =>
  live === undefined &&
  drift === undefined &&
  nodes.every((node) => isDeepStrictEqual(plain(node.routing), plain(routing)));

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

function aboutSides({ live, drift, nodes, routing, slots }: TargetView): readonly string[] {
  const active = slots.filter(({ role }) => role === 'active');
  const said: string[] = [];
  if (live) said.push(`${live.id} is still in ${live.phase}`);
  if (drift) said.push(`drift: ${drift.sentence}`);
  if (active.length !== 1) said.push(`${active.length} active sides`);
  if (routing.active !== active[0]?.slot) said.push(`routing is for ${routing.active}, ${active[0]?.slot} is active`);
  if (routing.canary !== undefined) said.push('a canary is left');
  for (const node of nodes)
    if (!isDeepStrictEqual(plain(node.routing), plain(routing)))
      said.push(`${node.node} routes ${JSON.stringify(node.routing)}, the state says ${JSON.stringify(routing)}`);
  for (const { slot, role, health, healthProblem } of slots)
    if (role !== 'idle' && health !== 'healthy') said.push(`${slot} (${role}) is ${health}: ${healthProblem}`);
  return said;
}

export async function aboutUsers({ front }: Stage, { slots }: TargetView): Promise<readonly string[]> {
  const answer = await fetch(`${front}/health`);
  const { version } = (await answer.json()) as { version?: string };
  const expected = slots.find(({ role }) => role === 'active')?.version;
  return version === expected ? [] : [`users get ${version}, the state says ${expected}`];
}

/** A slot has one process, an empty one none. */
function aboutProcesses({ folder }: Stage, { slots }: TargetView): readonly string[] {
  const alive = sidesAlive(folder).toSorted((left, right) => left - right);
  const expected = slots
    .flatMap(({ role, pid }) => (role === 'idle' ? [] : [pid ?? 0]))
    .toSorted((left, right) => left - right);
  return isDeepStrictEqual(alive, expected)
    ? []
    : [`processes ${alive.join(', ') || 'none'} live, the state says ${expected.join(', ') || 'none'}`];
}

/** What a deployment does once, however often it was interrupted. */
const once = [
  'planned',
  'deployment-finished',
  'turned-back',
  'approval-asked',
  'approved',
  'signal-taken',
  'failed-side-kept',
  'release-marked-bad',
  'side-restored',
];

function aboutRows(rows: readonly AuditRow[], view: TargetView): readonly string[] {
  const said = doubled(
    rows
      .filter(({ action }) => once.includes(action))
      .map(({ action, deploymentId, detail }) => `${action} ${deploymentId} ${String(detail.slot ?? '')}`),
  );
  said.push(...endsOfSteps(rows));
  const generations = rows.filter(({ action }) => action === 'routing-applied').map(generationOf);
  said.push(...doubled(generations.map((generation) => `routing-applied ${generation}`)));
  if (generations.some((generation, at) => generation <= (generations[at - 1] ?? 0)))
    said.push(`generations do not grow: ${generations.join(', ')}`);
  const last = generations.at(-1);
  if (last !== undefined && last !== view.routing.generation)
    said.push(`the log ends with generation ${last}, the state with ${view.routing.generation}`);
  return said;
}

/** A step ends once in each direction; a plan may hold several of one name. */
function endsOfSteps(rows: readonly AuditRow[]): readonly string[] {
  const planned = new Map(
    rows.flatMap(({ action, deploymentId, detail }) =>
      action === 'planned' ? [[deploymentId, detail.steps as readonly { readonly name: string }[]]] : [],
    ),
  );
  const ends = new Map<string, number>();
  for (const { action, deploymentId, sentence } of rows) {
    if (!/^step-(done|undone|passed)$/.test(action)) continue;
    const end = `${deploymentId} ${action === 'step-done' ? 'done' : 'undone'} ${sentence.split(':')[0]}`;
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  return [...ends].flatMap(([end, times]) => {
    const [id = '', , name] = end.split(' ');
    const most = planned.get(id)?.filter((step) => step.name === name).length ?? 1;
    return times > most ? [`${end} ${times} times, planned ${most} times`] : [];
  });
}

/** Each order that a user got an answer for is in the shop's ledger once: nothing repeats a request, and nothing forgets one. */
export function aboutOrders({ folder }: Stage, orders: readonly string[]): readonly string[] {
  const ledger = join(folder, 'ledger');
  const lines = readdirSync(ledger).flatMap((file) => readFileSync(join(ledger, file), 'utf8').split('\n'));
  const times = new Map<string, number>();
  for (const id of lines.map((line) => line.split(' ')[0] ?? '')) times.set(id, (times.get(id) ?? 0) + 1);
  const wrong = orders.filter((id) => times.get(id) !== 1);
  return wrong.slice(0, 5).map((id) => `${id} is in the ledger ${times.get(id) ?? 0} times`);
}

const generationOf = ({ detail }: AuditRow): number =>
  Number((detail.routing as { generation?: number } | undefined)?.generation);

function doubled(names: readonly string[]): string[] {
  const again = names.filter((name, at) => names.indexOf(name) !== at);
  return [...new Set(again)].map((name) => `twice: ${name}`);
}

/** A side that runs is not started again: each start that returned a process returned the same one. */
function aboutStarts({ moments }: Aftermath): readonly string[] {
  const pids = new Set(
    moments.flatMap(({ label, pid }) => (label.startsWith('call environment.start') && pid ? [pid] : [])),
  );
  return pids.size > 1 ? [`started ${pids.size} times: ${[...pids].join(', ')}`] : [];
}
