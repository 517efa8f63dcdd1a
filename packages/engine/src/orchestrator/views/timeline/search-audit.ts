// A person's query to the audit log, made exact: names are completed, and what does not exist is refused.

import type { AuditQuery, AuditSearch } from '../../../api/audit.ts';
import { actorName } from '../../../domain/actor.ts';
import { auditEvents } from '../../../domain/audit-events.ts';
import { ok, type Refusal, type Result, refuse } from '../../../domain/refusal.ts';
import { inertText } from '../../../lib/foreign-text.ts';
import { suggest } from '../../../lib/suggest.ts';
import {
  type AuditFilter,
  actionsInLog,
  hasRowOfActor,
  searchAudit,
  targetsInLog,
  withinTimes,
} from '../../../state/audit-search.ts';
import type { Core } from '../../core.ts';
import { deploymentNamed } from './named.ts';

export function searchOf(core: Core, query: AuditQuery): Result<AuditSearch> {
  const { db } = core.store;
  const parts = [
    placeOf(core, query),
    deploymentOf(core, query),
    actorOf(core, query),
    actionsOf(core, query),
    timesOf(query),
  ];
  const refusal = parts.find((part) => !part.ok);
  if (refusal) return refusal as { readonly ok: false; readonly refusal: Refusal };
  const filter: AuditFilter = Object.assign({}, ...parts.map((part) => (part.ok ? part.value : {})));
  const within = withinTimes(db, filter);
  return ok({
    newest: (limit) => (within ? searchAudit(db, within, { limit, order: 'newest-first' }) : []),
    after: (seq, limit) => {
      const from = Math.max(seq + 1, within?.from ?? 0);
      return within ? searchAudit(db, { ...within, from }, { limit, order: 'oldest-first' }) : [];
    },
  });
}

const shown = (text: string): string => inertText(text).slice(0, 60);

/** Also one that is configured no longer: its rows are still there. */
function placeOf({ targets, store }: Core, { service, target }: AuditQuery): Result<AuditFilter> {
  if (service === undefined && target === undefined) return ok({});
  const owners = targets.filter(({ key }) => key.target === target).map(({ key }) => key.service);
  const owner = service ?? (owners.length === 1 ? owners[0] : undefined);
  if (owner === undefined)
    return owners.length > 1
      ? refuse(
          'target-unknown',
          `several services have a target ${shown(target ?? '')}: ${owners.join(', ')}`,
          'Name the service too.',
        )
      : unknown(
          'target',
          target ?? '',
          targets.map(({ key }) => key.target),
        );
  const known = new Set([
    ...targets.flatMap(({ key }) => (key.service === owner ? [key.target] : [])),
    ...targetsInLog(store.db, owner),
  ]);
  if (known.size === 0)
    return unknown(
      'service',
      owner,
      targets.map(({ key }) => key.service),
    );
  if (target !== undefined && !known.has(target)) return unknown(`target of ${owner}`, target, [...known]);
  return ok({ service: owner, target });
}

function unknown(what: string, word: string, known: readonly string[]): Result<never> {
  const near = suggest(word, known, 'half');
  const names = [...new Set(known)].join(', ');
  return refuse(
    'target-unknown',
    `neither the configuration nor the audit log has a ${what} "${shown(word)}"`,
    near === undefined ? `Known: ${names}.` : `Did you mean ${near}? Known: ${names}.`,
  );
}

function deploymentOf(core: Core, { deployment }: AuditQuery): Result<AuditFilter> {
  if (deployment === undefined) return ok({});
  const found = deploymentNamed(core, deployment);
  return found.ok ? ok({ deploymentId: found.value.id }) : found;
}

function actorOf({ settings, store }: Core, { actor }: AuditQuery): Result<AuditFilter> {
  if (actor === undefined) return ok({});
  const isExact = actor === 'engine' || actor.includes(':');
  const people = settings.people.map(({ id }) => id);
  const names = isExact ? [actor] : (['person', 'machine', 'stranger'] as const).map((kind) => `${kind}:${actor}`);
  const found = names.filter((name) => isPerson(name, people) || hasRowOfActor(store.db, name));
  if (found.length === 1) return ok({ actor: found[0] });
  if (found.length > 1)
    return refuse('text-invalid', `"${shown(actor)}" is several actors: ${found.join(', ')}`, 'Give one of these.');
  const near = suggest(actor, people, 'half');
  return refuse(
    'text-invalid',
    `no person or machine called "${shown(actor)}" is in the list of people or in the audit log`,
    near === undefined ? `People: ${people.join(', ')}; or machine:<name>, or engine.` : `Did you mean ${near}?`,
  );
}

const isPerson = (name: string, people: readonly string[]): boolean =>
  people.some((id) => actorName({ kind: 'person', id, door: 'cli' }) === name);

function actionsOf({ store }: Core, { actions: patterns }: AuditQuery): Result<AuditFilter> {
  if (patterns === undefined) return ok({});
  const known = [...new Set([...Object.keys(auditEvents), ...actionsInLog(store.db)])];
  const found = patterns.map((pattern) => ({ pattern, actions: known.filter(matches(pattern)) }));
  const missed = found.find(({ actions }) => actions.length === 0);
  if (!missed) return ok({ actions: [...new Set(found.flatMap(({ actions }) => actions))] });
  const near = suggest(missed.pattern.replaceAll('*', ''), known, 'half');
  return refuse(
    'text-invalid',
    `no action of the audit log is called "${shown(missed.pattern)}"`,
    near === undefined ? 'Actions are like step-failed; step-* takes all that begin so.' : `Did you mean ${near}?`,
  );
}

/** `*` stands for any letters, none included. */
function matches(pattern: string): (action: string) => boolean {
  const parts = pattern
    .split('*')
    .map((part) => part.replaceAll(/[^a-z-]/gi, (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`));
  const expression = new RegExp(`^${parts.join('[a-z-]*')}$`, 'iu');
  return (action) => expression.test(action);
}

function timesOf({ since, until }: AuditQuery): Result<AuditFilter> {
  if (since === undefined || until === undefined || since <= until) return ok({ since, until });
  return refuse(
    'text-invalid',
    `the time ends (${new Date(until).toISOString()}) before it begins (${new Date(since).toISOString()})`,
  );
}
