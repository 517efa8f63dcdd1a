// A contract in the channel: one message, drawn anew whenever it is decided, begun or ended.

import type { AuditRow, Engine } from '@bg/engine';
import { type Payloads, transport } from '../outbox/messages.ts';
import { messageFor } from './announcements.ts';

export function tellContract({ migrations, outbox }: Engine, row: AuditRow): void {
  const { detail } = row;
  if (messageFor(row) !== 'contract' || typeof detail.contract !== 'string') return;
  const view = migrations.contractNamed(detail.contract);
  if (view === undefined) return;
  const payload: Payloads['contract'] = { id: view.id, channel: view.channel };
  outbox.put({ key: `contract:${view.id}`, transport, kind: 'contract', payload, urgent: true });
}
