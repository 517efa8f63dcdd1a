// A changed configuration in the channel: one message per change, with buttons while it can be decided about.

import type { AuditRow, Engine } from '@bg/engine';
import { type Payloads, transport } from '../outbox/messages.ts';
import { messageFor } from './announcements.ts';

/** The card, which is right however late it is drawn. */
export function showConfiguration(engine: Engine, row: AuditRow): void {
  if (messageFor(row) !== 'configuration') return;
  // Also of a change that became another one: the buttons of the earlier message do nothing any more.
  end(engine, row, row.detail.before);
  if (row.action === 'configuration-pending') put(engine, row, row.detail.digest);
}

const keyOf = ({ service, target }: AuditRow, digest: string): string => `configuration:${service}/${target}:${digest}`;

function end(engine: Engine, row: AuditRow, digest: unknown): void {
  if (typeof digest === 'string' && engine.outbox.has(keyOf(row, digest))) put(engine, row, digest);
}

function put({ outbox, target }: Engine, row: AuditRow, digest: unknown): void {
  const { seq, at, actor, sentence, service, target: place } = row;
  if (typeof digest !== 'string' || service === null || place === null) return;
  const found = target({ service, target: place });
  if (!found.ok) return;
  const { name, channel } = found.value;
  const isNews = row.action === 'configuration-pending';
  const payload: Payloads['configuration'] = {
    ...{ seq, at, actor, sentence, service, target: place, digest, name, channel, isNews },
  };
  outbox.put({ key: keyOf(row, digest), transport, kind: 'configuration', payload, urgent: true });
}
