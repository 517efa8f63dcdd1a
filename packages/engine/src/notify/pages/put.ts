// Puts troubles into the outbox, once per pager: begun, and ended, each when it changes and not again.

import type { DeploymentView } from '../../api/deployment.ts';
import type { TargetView } from '../../api/views.ts';
import { targetName } from '../../config/settings.ts';
import { eventFor } from '../../domain/audit-actions.ts';
import type { AuditRow } from '../../domain/audit-events.ts';
import { getSnapshot, putSnapshot } from '../../state/snapshots.ts';
import { oneLine } from '../text.ts';
import { dedupKey, type PageParts, type PagePayload, pagerTransport } from './payload.ts';
import { bothSidesIll, type Illness, nextIllness, turnOf } from './trouble.ts';

const summaryAtMost = 300;

/** A row of the audit log → what it begins or ends. */
export function putTroubles(parts: PageParts): (row: AuditRow) => void {
  return (row) => {
    const event = eventFor('pager', row);
    switch (event?.action) {
      case undefined:
        return;
      case 'deployment-finished':
        return putEnd(parts, event);
      case 'glass-broken':
        return putGlass(parts, event);
      case 'guard-ended':
        return endGuarded(parts, event);
      case 'guard-paged':
      case 'guard-exhausted':
        return putGuarded(parts, event);
      case 'role-paged':
        return beginRole(parts, event);
      case 'role-recovered':
        return endRole(parts, event);
      default:
        return event satisfies never;
    }
  };
}

function putEnd(parts: PageParts, row: AuditRow): void {
  const view = viewOf(parts, row);
  if (view === undefined) return;
  const turn = turnOf(view);
  const { service, target, id: deploymentId } = view;
  if (turn?.kind !== 'ends') endGlass(parts, row.at, view);
  if (turn === undefined) return;
  if (turn.kind === 'begins') {
    const { trouble, summary } = turn;
    begin(parts, { at: row.at, trouble, service, target, deploymentId, summary, details: detailsOf(row, view) });
    return;
  }
  for (const trouble of turn.troubles) {
    const summary = `${view.name}: recovered, ${view.version} is live`;
    end(parts, { at: row.at, trouble, service, target, deploymentId, summary, details: {} });
  }
}

/** An approval that left everybody else out: they hear of it at once, not in the next review. */
function putGlass(parts: PageParts, row: AuditRow): void {
  const view = viewOf(parts, row);
  if (view === undefined) return;
  const { service, target, id: deploymentId } = view;
  const about = { at: row.at, trouble: 'break-glass', service, target, deploymentId } as const;
  begin(parts, { ...about, summary: `${view.name}: ${row.sentence}`, details: detailsOf(row, view) });
}

/** However it ended: nothing is left of the approval that one person gave alone. */
function endGlass(
  parts: PageParts,
  at: number,
  { service, target, id: deploymentId, name, version }: DeploymentView,
): void {
  const summary = `${name}: the deployment of ${version}, which one person approved alone, has ended`;
  end(parts, { at, trouble: 'break-glass', service, target, deploymentId, summary, details: {} });
}

/** Pages for what the guard of a target leaves to people, unless the check of both sides pages for the same. */
function putGuarded(parts: PageParts, { at, service, target, sentence, code }: AuditRow): void {
  if (service === null || target === null) return;
  const about = guarded(at, service, target);
  const found = parts.engine.target({ service, target });
  if (!found.ok || bothSidesIll(found.value)) return;
  const details = { why: oneLine(sentence, summaryAtMost), code: code ?? 'unknown', ...sides(found.value) };
  begin(parts, { ...about, summary: `${found.value.name}: ${sentence}`, details });
}

function endGuarded(parts: PageParts, { at, service, target, sentence }: AuditRow): void {
  if (service !== null && target !== null)
    end(parts, { ...guarded(at, service, target), summary: sentence, details: {} });
}

/** One page for all roles of a target: who looks at one sees the others. */
function beginRole(parts: PageParts, { at, service, target, sentence }: AuditRow): void {
  if (service === null || target === null) return;
  const details = { why: oneLine(sentence, summaryAtMost) };
  begin(parts, { ...ofRole(at, service, target), summary: `${service}/${target}: ${sentence}`, details });
}

function endRole(parts: PageParts, { at, service, target, sentence }: AuditRow): void {
  if (service !== null && target !== null)
    end(parts, { ...ofRole(at, service, target), summary: sentence, details: {} });
}

const ofRole = (at: number, service: string, target: string) =>
  ({ at, trouble: 'role-ill', service, target, deploymentId: undefined }) as const;

const guarded = (at: number, service: string, target: string) =>
  ({ at, trouble: 'live-side-ill', service, target, deploymentId: undefined }) as const;

const viewOf = ({ engine }: PageParts, { deploymentId }: AuditRow): DeploymentView | undefined =>
  deploymentId === null ? undefined : engine.deployment(deploymentId);

function detailsOf(
  { sentence, code }: AuditRow,
  { version, from, requestedBy }: DeploymentView,
): PagePayload['details'] {
  const details = { why: sentence, code: code ?? 'unknown', version, before: from?.version ?? 'nothing', requestedBy };
  return Object.fromEntries(Object.entries(details).map(([name, text]) => [name, oneLine(text, summaryAtMost)]));
}

/** Checks every target for a side that works. Not while there is no controller. */
export function lookForIllness(parts: PageParts): void {
  const { targets, driver } = parts.engine.status();
  if (driver === undefined) return;
  for (const view of targets) parts.store.note(() => lookAt(parts, view));
}

function lookAt(parts: PageParts, view: TargetView): void {
  const { store } = parts;
  const { service, target } = view;
  const key = `illness:${service}/${target}`;
  const before = getSnapshot<Illness>(store.db, key)?.value;
  const now = store.clock.now();
  const { illness, turn } = nextIllness(before, bothSidesIll(view), now);
  if (before?.isIll !== illness.isIll || before.isTold !== illness.isTold)
    store.note((db) => putSnapshot(db, key, illness, now));
  const about = { at: now, trouble: 'both-sides-ill', service, target, deploymentId: view.last?.id } as const;
  if (turn === 'begins')
    begin(parts, {
      ...about,
      summary: `${view.name}: both sides are ill, no side serves users well`,
      details: sides(view),
    });
  if (turn === 'ends') end(parts, { ...about, summary: `${view.name}: a healthy side serves again`, details: {} });
}

const sides = ({ slots }: TargetView): PagePayload['details'] =>
  Object.fromEntries(
    slots.map(({ slot, role, version, health, healthProblem }) => [
      slot,
      oneLine(
        `${version ?? 'nothing'} (${role}) is ${health}${healthProblem ? `: ${healthProblem}` : ''}`,
        summaryAtMost,
      ),
    ]),
  );

type About = Omit<PagePayload, 'action'>;

function begin(parts: PageParts, about: About): void {
  const key = openKey(about);
  parts.store.note((db, now) => putSnapshot(db, key, true, now));
  putPages(parts, { ...about, action: 'trigger' });
}

function end(parts: PageParts, about: About): void {
  const key = openKey(about);
  if (getSnapshot<boolean>(parts.store.db, key)?.value !== true) return;
  parts.store.note((db, now) => putSnapshot(db, key, false, now));
  putPages(parts, { ...about, action: 'resolve' });
}

const openKey = ({ service, target, trouble }: About): string => `trouble:${service}/${target}/${trouble}`;

function putPages({ engine }: PageParts, payload: PagePayload): void {
  const own = engine.settings.targets.find(
    ({ service, target }) => service === payload.service && target === payload.target,
  );
  const summary = oneLine(payload.summary, summaryAtMost);
  const details = { ...payload.details, target: own === undefined ? payload.target : targetName(own) };
  for (const { name } of engine.settings.notify.pagers)
    engine.outbox.put({
      key: `page:${name}:${dedupKey(payload)}`,
      transport: pagerTransport(name),
      kind: payload.trouble,
      payload: { ...payload, summary, details },
      urgent: true,
    });
}
