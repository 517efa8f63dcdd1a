// What runs where, for people: one block per target.

import {
  type DeploymentView,
  type DriftView,
  inWords,
  type Routing,
  type SlotView,
  type StatusView,
  shortName,
  type TargetView,
} from '@bg/engine';
import { actionRows } from './actions.ts';
import { bytesText, durationText, shareText, timeText } from './amounts.ts';
import type { Light } from './light.ts';
import type { Paint } from './paint.ts';
import { filesDriftLines, wouldChangeLines } from './release-now.ts';
import { schemaLines } from './schema.ts';
import { tableLines } from './table.ts';
import { waitingLines } from './waiting.ts';

export function statusLines(
  status: StatusView,
  light: Light,
  { wide = false }: { readonly wide?: boolean } = {},
): readonly string[] {
  const { paint } = light;
  const driver =
    status.driver ?? paint.yellow('no process (a waiting deployment does not move: bg drive, or start the bot)');
  return [
    ...status.targets.flatMap((target) => [...(wide ? wideLines : targetLines)(target, light), '']),
    ...status.warnings.map((warning) => `${paint.yellow('!')} ${warning}`),
    `driven by ${driver}`,
  ];
}

/** With what the next start of each side would change. */
export function wideLines(target: TargetView, light: Light): readonly string[] {
  return [...targetLines(target, light), ...wouldChangeLines(target, light)];
}

export function targetLines(target: TargetView, light: Light): readonly string[] {
  const { paint } = light;
  return [
    `${paint.bold(target.name)}  ${paint.dim(`${target.service}/${target.target}  ${target.entrypoints.join(' ')}`.trimEnd())}`,
    ...tableLines(target.slots.map((slot) => slotCells(slot, target, light))),
    ...roleLines(target, light),
    ...(target.drift === undefined ? nodeLines(target, paint) : driftLines(target.drift, target, light)),
    ...filesDriftLines(target, light),
    ...lockLines(target, light),
    ...suspensionLines(target, light),
    ...freezeLines(target, light),
    ...(target.waiting ?? []).flatMap((each) => waitingLines(each, light).map((line) => `  waiting: ${line}`)),
    ...(target.staleness === undefined ? [] : [`  ${paint.yellow(target.staleness.sentence)}`]),
    ...schemaLines(target, light),
    `  rollback ${readiness(target, paint)} (${target.rollback.sentence})`,
    ...liveLines(target, light),
  ];
}

function slotCells(slot: SlotView, target: TargetView, { now, paint }: Light): readonly string[] {
  const running = slot.pid === undefined ? [] : [namesOf(slot), ...countOf(slot)];
  const since = slot.version === undefined || slot.since === undefined ? [] : [`for ${durationText(now - slot.since)}`];
  const kept = slot.keepUntil === undefined ? [] : [`kept until ${timeText(slot.keepUntil, now)}`];
  const label = slot.label === undefined ? [] : [slot.label];
  const restarts = slot.restarts === 0 ? [] : [`${slot.restarts} restarts`];
  return [
    `  ${slot.slot}`,
    slot.role === 'active' ? paint.bold(slot.role) : slot.role,
    slot.version ?? '–',
    `${healthText(slot, paint)}${ageText(slot, now)}`,
    smokeText(slot, now, paint),
    `${shareOf(slot, target)} %`,
    slot.cpuPercent === undefined ? '' : `cpu ${slot.cpuPercent.toFixed(1)} %`,
    slot.open === undefined ? '' : `${slot.open} open`,
    slot.memoryBytes === undefined ? '' : `mem ${bytesText(slot.memoryBytes)}`,
    `:${slot.port}`,
    paint.dim([...running, ...since, ...label, ...kept, ...restarts].join(', ')),
  ];
}

/** Of the processes that are no web servers. */
function roleLines({ processRoles = [] }: TargetView, { now, paint }: Light): readonly string[] {
  return tableLines(
    processRoles.map(({ slot, role, version, running, of, since, restarts, problem }) => [
      `  ${role}`,
      `in ${slot}`,
      version,
      running === of ? paint.green(`${running} of ${of} run`) : paint.red(`${running} of ${of} run`),
      problem === undefined ? '' : paint.red(problem),
      since === undefined ? '' : paint.dim(`for ${durationText(now - since)}`),
      restarts === 0 ? '' : paint.dim(`${restarts} restarts`),
    ]),
  );
}

/** Of one instance its pid, of several how many are healthy. */
function namesOf({ instances, pid }: SlotView): string {
  if (!instances) return `pid ${pid}`;
  // One host may be the machine of several.
  const unknown = new Set(instances.flatMap(({ unknown: why }) => why ?? []));
  return [`${instances.filter(({ healthy }) => healthy).length} of ${instances.length} instances`, ...unknown].join(
    ', ',
  );
}

/** Where more could run, or where the number changes. */
function countOf({ count }: SlotView): readonly string[] {
  if (!count) return [];
  const { instances, most, scaling } = count;
  return [...(instances < most ? [`${most} at most`] : []), ...(scaling ? [`scaling to ${scaling.to}`] : [])];
}

/** Figures that are not from this moment say so: the controller may be stuck. */
export function ageText({ role, seenAt }: Pick<SlotView, 'role' | 'seenAt'>, now: number): string {
  const ageMs = seenAt === undefined || role === 'idle' ? 0 : now - seenAt;
  return ageMs < oldMs ? '' : ` (seen ${durationText(ageMs)} ago)`;
}

const oldMs = 30_000;

/** Of the continuous smoke tests, with the age of the last run. */
function smokeText({ smoke }: SlotView, now: number, paint: Paint): string {
  if (smoke === undefined) return '';
  const { condition, passed, of, at, problem } = smoke;
  const text = `smoke ${passed}/${of} ${durationText(now - at)} ago`;
  if (problem === undefined) return text;
  return (condition === 'failing' ? paint.red : paint.yellow)(`${text}: ${problem}`);
}

function healthText({ role, version, health, healthProblem, proof }: SlotView, paint: Paint): string {
  if (version === undefined || role === 'idle') return paint.dim('–');
  const weaker = proof === undefined || proof === 'fields' ? '' : ` (${proof.replace('-', ' ')})`;
  if (health === 'healthy') return paint.green(`healthy${weaker}`);
  if (health === 'degraded')
    return paint.yellow(healthProblem === undefined ? 'degraded' : `degraded: ${healthProblem}`);
  if (health === 'unknown') return paint.yellow('unknown');
  return paint.red(healthProblem === undefined ? 'unhealthy' : `unhealthy: ${healthProblem}`);
}

/** Percent of the users that the routing sends to this slot. */
export function shareOf({ slot }: Pick<SlotView, 'slot'>, { routing }: Pick<TargetView, 'routing'>): number {
  const canary = routing.canary;
  if (canary?.slot === slot) return canary.percent;
  if (routing.active === slot) return 100 - (canary?.percent ?? 0);
  return 0;
}

/** Only what is wrong: nodes that follow are not worth a line. */
function nodeLines({ nodes, routing }: TargetView, paint: Paint): readonly string[] {
  return nodes.flatMap((node) => {
    if (!node.reachable) return [`  ${paint.red('load balancer')} ${node.node}: ${node.problem ?? 'does not answer'}`];
    if (node.routing && sendsAlike(node.routing, routing)) return [];
    // If no controller runs and no process checks the nodes, what was seen may be older than what is stored.
    return [
      `  ${paint.yellow('load balancer')} ${node.node}: ${node.problem ?? 'was last seen to follow another routing'}`,
    ];
  });
}

function driftLines({ nodes, since }: DriftView, target: TargetView, { now, paint }: Light): readonly string[] {
  const place = `${target.service}/${target.target}`;
  return [
    `  ${paint.red('drift')} since ${timeText(since, now)}: the routing differs from what was set`,
    ...nodes.filter(({ differs }) => differs).map(({ node, does }) => `    ${node}: ${does}`),
    `    ${paint.cyan(`bg routing restore ${place}`)}  ${paint.dim('puts back what was decided')}`,
    `    ${paint.cyan(`bg routing adopt ${place}`)}  ${paint.dim('decides for what it does now')}`,
  ];
}

function sendsAlike(seen: Routing, stored: Routing): boolean {
  const { active, canary } = stored;
  return seen.active === active && seen.canary?.slot === canary?.slot && seen.canary?.percent === canary?.percent;
}

function freezeLines({ freeze }: TargetView, { paint }: Light): readonly string[] {
  if (!freeze) return [];
  return [`  ${paint.yellow(freeze.state === 'active' ? 'frozen' : 'freezes soon')}: ${freeze.sentence}`];
}

function lockLines({ lock }: TargetView, { now, paint }: Light): readonly string[] {
  if (!lock) return [];
  return [`  ${paint.yellow('locked')} by ${shortName(lock.owner)} until ${timeText(lock.until, now)}: ${lock.reason}`];
}

function suspensionLines({ suspension }: TargetView, { now, paint }: Light): readonly string[] {
  if (!suspension) return [];
  const { by, since, reason } = suspension;
  return [`  ${paint.yellow('automation suspended')} by ${shortName(by)} since ${timeText(since, now)}: ${reason}`];
}

function readiness({ rollback }: TargetView, paint: Paint): string {
  const version = rollback.version === undefined ? '' : ` to ${rollback.version}`;
  const word = `${rollback.readiness.toUpperCase()}${version}`;
  return rollback.readiness === 'instant'
    ? paint.green(word)
    : rollback.readiness === 'slow'
      ? paint.yellow(word)
      : paint.dim(word);
}

function liveLines(target: TargetView, { now, paint }: Light): readonly string[] {
  const { live } = target;
  const shown = live ?? {
    id: target.last?.id ?? '',
    service: target.service,
    target: target.target,
    actions: target.actions,
  };
  const actions = tableLines(
    actionRows(shown).map(([command = '', effect = '']) => [`    ${paint.cyan(command)}`, paint.dim(effect)]),
  );
  if (!live) return actions;
  const step = live.steps.find(({ status }) => status === 'started');
  const doing = step?.title ?? live.phase;
  const way = live.direction === 'unwinding' ? 'going back: ' : '';
  return [
    `  ${paint.cyan('▶')} ${live.mode} ${live.version} (${live.id}) for ${durationText(now - live.requestedAt)}: ${way}${doing}`,
    ...canaryLines(live),
    ...actions,
  ];
}

/** What both sides answer while users are on both, and what the judge makes of it. */
function canaryLines({ observation, percent, version, from }: DeploymentView): readonly string[] {
  if (observation === undefined || from === undefined || percent === 0 || percent === 100) return [];
  const { stable, canary, judgement } = observation;
  const text = ({ requests, errors, p99Ms }: typeof stable): string =>
    requests === 0
      ? 'no data yet'
      : `${requests} requests, ${shareText(errors / requests)} errors, p99 ${Math.round(p99Ms)} ms`;
  return [
    `    ${version} (${percent} %): ${text(canary)}; ${from.version}: ${text(stable)}`,
    `    ${judgement.verdict}: ${inWords(judgement, { version, from: from.version })}`,
  ];
}
