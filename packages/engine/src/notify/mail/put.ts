// A row of the audit log → its mails, put into the outbox under keys that are the same when the row is taken again: the
// row, the fact and the person.

import type { MailSettings } from '../../config/notify/settings.ts';
import { findPerson } from '../../config/people/people.ts';
import { targetName } from '../../config/settings.ts';
import { personOf } from '../../domain/actor.ts';
import type { AuditRow } from '../../domain/audit-events.ts';
import { getSnapshot, putSnapshot } from '../../state/snapshots.ts';
import { concernedBy } from './concerned.ts';
import { type Lately, wayOf } from './digest.ts';
import { type Fact, factOf } from './facts.ts';
import { type MailParts, type MailPayload, mailTransport } from './payload.ts';
import { type Recipient, recipientsOf } from './recipients.ts';

/** Beyond it only what is urgent is queued, up to twice as much. */
const mostWaiting = 2_000;

export function putMails(parts: MailParts, settings: MailSettings): (row: AuditRow) => void {
  return (row) => {
    const targets = parts.engine.settings.targets.filter(
      ({ service, target }) => service === row.service && (row.target === null || target === row.target),
    );
    const [first] = targets;
    if (first === undefined) return;
    const view = row.deploymentId === null ? undefined : parts.engine.deployment(row.deploymentId);
    const place = row.target === null ? first.service : targetName(first);
    const fact = factOf(row, { view, place, nameOf: (actor) => nameOf(parts, actor) });
    if (fact === undefined) return;
    const concerned = concernedBy(parts, settings, { row, fact, view, targets });
    for (const recipient of recipientsOf(fact, concerned)) put(parts, settings, { row, fact, recipient });
  };
}

function nameOf({ engine }: MailParts, actor: string): string {
  const id = personOf(actor);
  return (id === undefined ? undefined : findPerson(engine.settings, { id })?.name) ?? id ?? actor;
}

interface Due {
  readonly row: AuditRow;
  readonly fact: Fact;
  readonly recipient: Recipient;
}

function put(parts: MailParts, settings: MailSettings, due: Due): void {
  const { engine, store } = parts;
  const { fact, recipient } = due;
  const isCritical = isUrgent(fact, recipient);
  if (engine.outbox.waiting(mailTransport) >= (isCritical ? 2 * mostWaiting : mostWaiting)) {
    dropFull(parts, due);
    return;
  }
  if (isCritical) {
    putAlone(parts, due, true);
    return;
  }
  const key = `mail-lately:${recipient.key}`;
  const lately = getSnapshot<Lately>(store.db, key)?.value ?? { alone: [], digest: undefined };
  const { after, withinMs } = settings.digest;
  const way = wayOf(lately, fact, { now: store.clock.now(), after, withinMs });
  store.note((db, now) => putSnapshot(db, key, way.lately, now));
  if (way.kind === 'alone') {
    putAlone(parts, due, false);
    return;
  }
  const { seq, dueAt, facts, more } = way.digest;
  const digestKey = `mail:${seq}:digest:${recipient.key}`;
  const payload = payloadOf(due, facts, more, store.clock.now());
  engine.outbox.put({ key: digestKey, transport: mailTransport, kind: 'digest', payload });
  if (way.isNew) engine.outbox.retry(digestKey, dueAt - store.clock.now(), 'waits for the rest of the digest');
}

/** A person who is called or has to decide does not wait for a digest. */
function isUrgent({ name }: Fact, { roles }: Recipient): boolean {
  if (name === 'awaiting-approval') return roles.includes('approvers');
  return name === 'halted' || name === 'rolled-back' || name === 'break-glass';
}

function putAlone({ engine, store }: MailParts, due: Due, urgent: boolean): void {
  const { fact, recipient } = due;
  const key = `mail:${fact.seq}:${fact.name}:${recipient.key}`;
  const payload = payloadOf(due, [fact], 0, store.clock.now());
  engine.outbox.put({ key, transport: mailTransport, kind: fact.name, payload, urgent });
}

function payloadOf({ row, recipient }: Due, facts: readonly Fact[], more: number, at: number): MailPayload {
  const { name, address, roles } = recipient;
  return { to: { name, address }, roles, facts, more, at, hash: row.hash };
}

function dropFull({ store, log }: MailParts, { fact, recipient }: Due): void {
  log.error({ to: recipient.key, fact: fact.name, seq: fact.seq }, 'too much mail waits, this is not queued');
  store.write((tx) =>
    tx.audit({
      actor: 'engine',
      action: 'mail-dropped',
      service: fact.service,
      target: fact.target,
      deploymentId: fact.deploymentId,
      code: fact.name,
      sentence: `mail to ${recipient.name || recipient.address} was given up: more than ${mostWaiting} wait`,
      detail: { fact: fact.name, about: fact.seq },
    }),
  );
}
