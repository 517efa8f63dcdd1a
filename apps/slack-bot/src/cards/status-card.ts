// What runs where: one section per target, for `/status` and the Home tab.

import type { RoleView, SlotView, StatusView, TargetView } from '@bg/engine';
import { actions, type Block, type Card, card, context, header, section } from './blocks.ts';
import { actionButtons } from './buttons.ts';
import { driftButtons, driftLine } from './drift-card.ts';
import { pageButtons, pageOf, pageText, statusPage } from './pages.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { schemaLine } from './schema-part.ts';
import { headline, stageEmoji, stageOf, subject } from './stage.ts';
import { bar, code, dateTime, join, outside } from './text.ts';
import { waitingLine } from './waiting-card.ts';

interface StatusPage {
  readonly page?: number;
  /** Of the command, where it named one. */
  readonly service?: string;
}

export function statusCard(
  status: StatusView,
  formatter: PeopleFormatter,
  { page = 0, service = '' }: StatusPage = {},
): Card {
  const targets = pageOf(status.targets, page);
  const { shown } = targets;
  return card(shown.map(targetSentence).join(' ') || 'No target is configured.', [
    header('What runs where'),
    ...shown.flatMap((target) => targetBlocks(target, formatter)),
    ...warnings(status),
    pageButtons(targets, { name: statusPage, valueFor: (index) => `${index}:${service}` }),
    context(join(pageText(targets, 'targets'), driverText(status), `as of ${dateTime(status.at)}`)),
  ]);
}

/** For one target only, with what can be done about it. */
export function targetCard(target: TargetView, status: Omit<StatusView, 'targets'>, formatter: PeopleFormatter): Card {
  return card(targetSentence(target), [
    header(`${outside(target.name, 80)}: what runs where`),
    ...targetBlocks(target, formatter),
    ...warnings(status),
    targetButtons(target),
    target.drift && driftButtons({ ...target, drift: target.drift }),
    context(join(driverText(status), `as of ${dateTime(status.at)}`)),
  ]);
}

function targetButtons({ actions: legal, live, last }: TargetView): Block | undefined {
  const about = live ?? last;
  if (about === undefined || legal.length === 0) return undefined;
  return actions(actionButtons(about, legal), `target:${about.id}:${about.stateVersion}`);
}

export function targetSentence({ name, routing, slots, live }: TargetView): string {
  const active = slots.find(({ slot }) => slot === routing.active);
  const runs =
    active?.version === undefined ? 'serves no users yet' : `runs ${outside(active.version, 64)}${unwell(active)}`;
  const now = live === undefined ? '' : `, ${outside(`${subject(live)} is under way: ${headline(live)}`, 200)}`;
  return `${outside(name, 80)} ${runs}${now}.`;
}

const unwell = ({ health }: SlotView): string =>
  health === 'degraded' || health === 'unhealthy' ? ` (${health})` : '';

export function targetBlocks(target: TargetView, formatter: PeopleFormatter): readonly Block[] {
  const lines = [
    `*${outside(target.name, 80)}*  _${outside(`${target.service}/${target.target}`, 80)}_`,
    ...target.slots.map((slot) => slotLine(slot, target)),
    ...(target.processRoles ?? []).map(roleLine),
    routingLine(target),
    driftLine(target),
    schemaLine(target),
    lockLine(target, formatter),
    suspensionLine(target, formatter),
    freezeLine(target),
    waitingLine(target),
    target.staleness === undefined ? undefined : `🐌 ${outside(target.staleness.sentence, 300)}`,
    liveLine(target),
    rollbackLine(target),
  ];
  return [section(lines.filter((line) => line !== undefined).join('\n'))];
}

const healthSigns: Readonly<Record<SlotView['health'], string>> = {
  healthy: '🟢',
  degraded: '🟡',
  unhealthy: '🔴',
  unknown: '⚪',
};

function slotLine(slot: SlotView, { routing }: TargetView): string {
  if (slot.version === undefined) return `⚫ ${slot.slot}  idle`;
  const canary = routing.canary?.slot === slot.slot ? `${routing.canary.percent} % of users` : undefined;
  const sign = slot.role === 'idle' ? '⚫' : healthSigns[slot.health];
  return `${sign} ${join(
    `${slot.slot}  ${code(slot.version, 64)} ${slot.role}`,
    canary,
    slot.label === undefined ? undefined : outside(slot.label, 40),
    slot.role === 'idle' ? undefined : healthText(slot),
    instancesText(slot),
    smokeText(slot),
    slot.since === undefined ? undefined : `since ${dateTime(slot.since)}`,
    slot.restarts > 0 && `restarted ${slot.restarts} times`,
    slot.role !== 'active' && slot.open !== undefined && slot.open > 0 && `${slot.open} still open`,
    slot.keepUntil === undefined ? undefined : `stays until ${dateTime(slot.keepUntil)}`,
  )}`;
}

function roleLine({ slot, role, version, running, of, restarts, problem }: RoleView): string {
  return `${running === of && problem === undefined ? '👷' : '🔴'} ${join(
    `${outside(role, 40)}  ${code(version, 64)} in ${slot}`,
    `${running} of ${of} run`,
    problem === undefined ? undefined : outside(problem, 160),
    restarts > 0 && `restarted ${restarts} times`,
  )}`;
}

function instancesText({ instances, role }: SlotView): string | undefined {
  if (instances === undefined || role === 'idle') return undefined;
  return `${instances.filter(({ healthy }) => healthy).length} of ${instances.length} instances`;
}

function smokeText({ smoke, role }: SlotView): string | undefined {
  if (smoke === undefined || role === 'idle') return undefined;
  const { condition, passed, of, at, problem } = smoke;
  const sign = problem === undefined ? '' : condition === 'failing' ? '🔴 ' : '🟡 ';
  const why = problem === undefined ? '' : `: ${outside(problem, 160)}`;
  return `${sign}smoke tests ${passed} of ${of} at ${dateTime(at)}${why}`;
}

function healthText({ health, healthProblem, proof, role }: SlotView): string {
  const weaker = proof === undefined || proof === 'fields' ? '' : ` (by ${proof.replace('-', ' ')} only)`;
  const problem = healthProblem === undefined ? '' : `: ${outside(healthProblem, 160)}`;
  // The engine moves no users away from a degraded side.
  const serves = health === 'degraded' && role === 'active' ? ', it still serves users' : '';
  return `${health}${weaker}${serves}${problem}`;
}

function routingLine({ routing, nodes }: TargetView): string {
  const unreachable = nodes.filter(({ reachable }) => !reachable).map(({ node }) => outside(node, 60));
  const gone = unreachable.length === 0 ? undefined : `⚠️ does not answer: ${unreachable.slice(0, 5).join(', ')}`;
  if (routing.active === undefined) return join('Load balancer: no active side, users get 503', gone);
  const split =
    routing.canary === undefined ? undefined : `${routing.canary.slot} gets ${bar(routing.canary.percent, 10)} of them`;
  return join(`Load balancer: users go to ${routing.active}`, split, gone);
}

function freezeLine({ freeze }: TargetView): string | undefined {
  return freeze && `🧊 ${freeze.state === 'active' ? 'Frozen' : 'Freezes soon'}: ${outside(freeze.sentence, 200)}`;
}

function lockLine({ lock }: TargetView, formatter: PeopleFormatter): string | undefined {
  if (lock === undefined) return undefined;
  return `🔐 Locked by ${formatter.actor(lock.owner)} until ${dateTime(lock.until)}: “${outside(lock.reason, 200)}”`;
}

function suspensionLine({ suspension }: TargetView, formatter: PeopleFormatter): string | undefined {
  if (suspension === undefined) return undefined;
  const { by, since, reason } = suspension;
  return `⏸️ Automation suspended by ${formatter.actor(by)} since ${dateTime(since)}: “${outside(reason, 200)}”`;
}

function liveLine({ live, last }: TargetView): string | undefined {
  const shown = live ?? last;
  if (shown === undefined) return undefined;
  const label = live === undefined ? 'Last' : 'Now';
  return `${label}: ${stageEmoji[stageOf(shown)]} ${outside(`${subject(shown)}, ${headline(shown)}`, 200)} ${code(shown.id)}`;
}

const readinessSigns: Readonly<Record<TargetView['rollback']['readiness'], string>> = {
  instant: '⚡',
  slow: '🐢',
  blocked: '🚫',
};

function rollbackLine({ rollback }: TargetView): string {
  const { readiness, sentence } = rollback;
  return `Rollback: ${readinessSigns[readiness]} *${readiness.toUpperCase()}* (${outside(sentence, 300)})`;
}

function warnings(status: Pick<StatusView, 'warnings'>): readonly Block[] {
  if (status.warnings.length === 0) return [];
  return [
    section(
      status.warnings
        .slice(0, 8)
        .map((warning) => `⚠️ ${outside(warning, 250)}`)
        .join('\n'),
    ),
  ];
}

function driverText({ driver }: Pick<StatusView, 'driver'>): string {
  return driver === undefined ? '⚠️ no process drives deployments now' : `driven by ${code(driver)}`;
}
