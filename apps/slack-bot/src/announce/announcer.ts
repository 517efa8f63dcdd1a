// Reads the audit log and puts what people should see into the outbox. It never calls Slack: Slack may be down for hours,
// the log goes on, and the announcer follows it.

import type { AuditRead, AuditRow, Clock, DeploymentView, Engine, Log, TargetView } from '@bg/engine';
import { findPerson, isStorageFault, messageOf, personOf, readEvent, yieldToEventLoop } from '@bg/engine';
import { isUpdatedInPlace, type Payloads, putCard, putOnce, redraw, transport } from '../outbox/messages.ts';
import { announces, isUrgent, lineFor, noteFor } from './announcements.ts';
import { askApprovers } from './approvers.ts';
import { announceBuild, channelsOf, showBuild } from './builds.ts';
import { announceCanary } from './canary.ts';
import { directsFor } from './direct.ts';
import { redrawEarlier } from './earlier-cards.ts';
import { createIncidents, type Incidents } from './incidents.ts';
import { announceConfiguration, announceContract, announceDelivery, announceDrift } from './live-messages.ts';
import { createPassOver, skipRow } from './pass-over.ts';
import { createProgress } from './progress.ts';
import { createRepeats, type Repeats } from './repeats.ts';
import { createSummaries } from './summaries.ts';

export interface Announcer {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
}

const consumer = 'slack';
const batch = 200;
const idleMs = 1000;
const maxTries = 5;
const lockedMs = 60_000;
/** Older rows stay in the log and are not announced any more. */
const announceMs = 3_600_000;
const drawMs = 24 * announceMs;

export async function runAnnouncer(announcer: Announcer, signal: AbortSignal): Promise<void> {
  const { engine, clock, log } = announcer;
  const passOver = createPassOver({ engine, clock, consumer, ageMs: drawMs });
  const repeats = createRepeats(clock);
  const progress = createProgress(announcer);
  // In parallel; announcements do not wait for it.
  const upToDate = bringUpToDate(announcer, signal);
  const summaries = createSummaries(announcer, signal);
  const incidents = createIncidents(announcer);
  const following = { repeats, incidents };
  let failures = 0;
  while (!signal.aborted) {
    const more = await announceNext(announcer, following, passOver);
    failures = more === 'failed' ? failures + 1 : 0;
    // One bad row must not silence all that follow.
    if (failures >= maxTries) skipRow(announcer, consumer);
    try {
      progress.refresh();
      publishHead(announcer);
      summaries.look();
      incidents.look();
    } catch (thrown) {
      log.error({ err: thrown }, 'the live cards could not be refreshed');
    }
    if (more !== 'more') await engine.changed(idleMs, signal);
  }
  await upToDate;
  await summaries.ended();
}

const maxUnfinished = 2000;
/** Of builds, drifts and the like: beyond it they are history. */
const maxOthers = 200;

/** Decided elsewhere while no bot ran: the rows may be too old to be announced, and the old buttons are still there. */
async function bringUpToDate({ engine, log }: Announcer, signal: AbortSignal): Promise<void> {
  let others = 0;
  try {
    for (const { key, kind, payload } of engine.outbox.unfinished(transport, maxUnfinished)) {
      if (signal.aborted) return;
      const view = kind === 'card' ? engine.deployment((payload as Payloads['card']).deploymentId) : undefined;
      if (view !== undefined) putCard(engine.outbox, view, { urgent: false });
      else if (isUpdatedInPlace(kind) && others < maxOthers) {
        others += 1;
        redraw(engine.outbox, { key, kind, payload });
      }
      await yieldToEventLoop();
    }
    // A release may have been replaced meanwhile, or its card may be of a version that did not say so.
    for (const target of engine.settings.targets) redrawEarlier(engine, { ...target, deploymentId: null });
  } catch (thrown) {
    log.error({ err: thrown }, 'the messages of an earlier process could not be updated');
  }
}

async function announceNext(
  announcer: Announcer,
  following: Following,
  passOver: () => void,
): Promise<'more' | 'all' | 'failed'> {
  const { engine, log } = announcer;
  try {
    passOver();
    const rows = engine.audit.after(engine.cursor(consumer), batch);
    for (const row of rows) {
      announce(announcer, row, following);
      engine.moveCursor(consumer, row.seq);
      // Each row is some milliseconds of work; requests that arrive meanwhile are acknowledged in between.
      await yieldToEventLoop();
    }
    return rows.length === batch ? 'more' : 'all';
  } catch (thrown) {
    if (isStorageFault(thrown)) {
      log.warn({ problem: messageOf(thrown) }, 'the state cannot be written; announcements wait');
      await engine.whenWritable(lockedMs);
      return 'all';
    }
    log.error({ err: thrown }, 'an entry of the audit log could not be announced; trying again');
    return 'failed';
  }
}

/** What is remembered from row to row. */
interface Following {
  readonly repeats: Repeats;
  readonly incidents: Incidents;
}

function announce(announcer: Announcer, row: AuditRow, { repeats, incidents }: Following): void {
  const age = announcer.clock.now() - row.at;
  const event = readEvent(row);
  // A refusal changed nothing: the person has the answer, and no card shows anything else.
  if (age > drawMs || event?.action === 'refused') return;
  const view = row.deploymentId === null ? undefined : announcer.engine.deployment(row.deploymentId);
  if (view !== undefined) putCard(announcer.engine.outbox, view, { urgent: event === undefined || isUrgent(event) });
  // This action is no longer written: send only the card, as soon as possible.
  if (event === undefined) return;
  // With the promotion, the release before has no users any more.
  if (announces(event, 'neighbours', true) || (event.action === 'step-done' && view?.percent === 100))
    redrawEarlier(announcer.engine, event);
  showBuild(announcer.engine, event);
  announceConfiguration(announcer.engine, event);
  if (age > announceMs) return;
  if (view !== undefined) announceDeployment(announcer, event, view);
  announceDrift(announcer.engine, event);
  announceContract(announcer.engine, event);
  announceBuild(announcer.engine, event);
  announceDelivery(announcer.engine, event, repeats);
  incidents.follow(event);
  announceInChannel(announcer, event, repeats);
  notifyLockOwner(announcer, event);
}

function announceDeployment({ engine }: Announcer, row: AuditRead, view: DeploymentView): void {
  const isEnd = row.action === 'deployment-finished';
  const facts = { ...factsOf(row), head: isEnd ? row.hash : undefined };
  const line = lineFor(row);
  announceCanary(engine, view);
  askApprovers(engine, view);
  if (isEnd) engine.audit.publishHead(transport, row);
  if (line !== undefined)
    putOnce(engine.outbox, {
      key: `line:${row.seq}`,
      kind: 'line',
      payload: { ...facts, deploymentId: view.id, ...line },
      // A line that mentions people does not wait behind one that informs.
      urgent: line.mention !== undefined,
    });
  for (const { user, deploymentId, about } of directsFor(engine, row, view))
    putOnce(engine.outbox, {
      key: `direct:${row.seq}:${user}`,
      kind: 'direct',
      payload: { deploymentId, user, about: about ? facts : undefined },
      urgent: true,
    });
}

const factsOf = ({ seq, at, actor, sentence }: AuditRow) => ({ seq, at, actor, sentence });

function announceInChannel({ engine }: Announcer, row: AuditRead, repeats: Repeats): void {
  const emoji = noteFor(row);
  if (emoji === undefined || row.service === null) return;
  if (!repeats.isNew(`${row.service}/${row.target} ${row.action} ${row.code} ${sideIn(row)}`)) return;
  for (const { name, channel } of concerned(engine, row.service, row.target))
    putOnce(engine.outbox, {
      key: `note:${row.seq}:${channel}`,
      kind: 'note',
      payload: { ...factsOf(row), name, channel, emoji },
      urgent: true,
    });
}

/** One side's trouble does not silence that of another side, or of the next release. */
function sideIn({ detail }: AuditRead): string {
  const { slot, version } = detail as { readonly slot?: unknown; readonly version?: unknown };
  return `${slot ?? ''} ${version ?? ''}`;
}

/** A direct message notifies the owner of the lock that another person removed it, or that it still holds. */
function notifyLockOwner({ engine }: Announcer, row: AuditRead): void {
  if (!announces(row, 'direct', 'lock')) return;
  const owner = personOf(row.detail.owner ?? '');
  if (owner === undefined || `person:${owner}` === row.actor) return;
  const user = findPerson(engine.settings, { id: owner })?.slack;
  if (user === undefined || row.service === null) return;
  for (const { name } of concerned(engine, row.service, row.target))
    putOnce(engine.outbox, {
      key: `lock-taken:${row.seq}`,
      kind: 'lock-taken',
      payload: { ...factsOf(row), name, user, emoji: noteFor(row) },
      urgent: true,
    });
}

/** What is about a service as a whole is for every channel of its targets. */
function concerned(
  engine: Engine,
  service: string,
  target: string | null,
): readonly Pick<TargetView, 'name' | 'channel'>[] {
  if (target === null) return channelsOf(engine.settings, service).map((channel) => ({ name: service, channel }));
  const found = engine.target({ service, target });
  if (found.ok) return [found.value];
  // Renamed or removed while it runs: no channel is its own any more.
  const [channel = engine.settings.targets[0]?.channel] = channelsOf(engine.settings, service);
  return channel === undefined ? [] : [{ name: `${service}/${target}`, channel }];
}

const headConsumer = 'slack-head';
const dayMs = 86_400_000;

/** Once a day, the bot posts the head of the audit chain outside this machine; the first time a day after the start. */
function publishHead({ engine, clock }: Announcer): void {
  const day = Math.floor(clock.now() / dayMs);
  const last = engine.cursor(headConsumer);
  if (last >= day) return;
  const channel = engine.settings.targets[0]?.channel;
  const head = last === 0 || channel === undefined ? undefined : engine.audit.publishHead(transport);
  if (head !== undefined && channel !== undefined)
    putOnce(engine.outbox, { key: `head:${head.seq}`, kind: 'head', payload: { ...head, channel } });
  engine.moveCursor(headConsumer, day);
}
