// Drift in the channel: one message per drift, with buttons while it lasts and without them when it is over.

import type { AuditRow, Engine } from '@bg/engine';
import { type Payloads, transport } from '../outbox/messages.ts';
import { messageFor } from './announcements.ts';

export function tellDrift(engine: Engine, row: AuditRow): void {
  if (messageFor(row) !== 'drift') return;
  // A drift that has become another one: its own buttons do nothing any more.
  if (row.action === 'drift-found') putDrift(engine, row, row.detail.before);
  putDrift(engine, row, row.detail.drift);
}

function putDrift({ outbox, target }: Engine, row: AuditRow, id: unknown): void {
  const { seq, at, actor, sentence, service, target: place } = row;
  if (typeof id !== 'string' || service === null || place === null) return;
  const found = target({ service, target: place });
  if (!found.ok) return;
  const { name, channel } = found.value;
  const payload: Payloads['drift'] = { seq, at, actor, sentence, service, target: place, id, name, channel };
  outbox.put({ key: `drift:${service}/${place}:${id}`, transport, kind: 'drift', payload, urgent: true });
}
