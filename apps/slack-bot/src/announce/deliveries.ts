// Deliveries that could not be worked on, in the channel: one message each, updated when one is tried again.

import type { AuditRow, Engine } from '@bg/engine';
import { type Payloads, transport } from '../outbox/messages.ts';
import { messageFor } from './announcements.ts';
import { channelsOf } from './builds.ts';
import type { Repeats } from './repeats.ts';

export function tellDelivery({ outbox, settings }: Engine, row: AuditRow, repeats: Repeats): void {
  const { action, detail, service, sentence } = row;
  const { id, hook } = detail;
  if (messageFor(row) !== 'delivery' || typeof id !== 'number') return;
  const key = `delivery:${id}`;
  outbox.again(key, { urgent: true });
  const isPut = outbox.reference(key) !== undefined;
  // A sender who is wrong in the same way again and again is shown once in a while; the inbox has them all.
  if (action !== 'delivery-parked' || isPut || !repeats.isNew(`parked ${hook} ${sentence.replace(String(id), '')}`))
    return;
  const channel = (service === null ? [] : channelsOf(settings, service))[0] ?? settings.targets[0]?.channel;
  if (channel === undefined) return;
  const payload: Payloads['delivery'] = { id, channel };
  outbox.put({ key, transport, kind: 'delivery', payload, urgent: true });
}
