// Messages that the bot updates in place while their subject changes: a changed configuration, a drift, a contract of a
// schema, a delivery of CI. One message each; its buttons are there while a person can decide.

import type { AuditRead, AuditRow, Engine } from '@bg/engine';
import { type Payloads, transport } from '../outbox/messages.ts';
import { announces } from './announcements.ts';
import { channelsOf } from './builds.ts';
import type { Repeats } from './repeats.ts';

/** Old rows too: the message is right however late it is drawn. */
export function announceConfiguration(engine: Engine, row: AuditRead): void {
  if (!announces(row, 'message', 'configuration')) return;
  // A change that became another change: the buttons of the earlier message have no effect any more.
  const { before } = row.detail;
  if (before !== undefined && engine.outbox.has(configurationKey(row, before))) putConfiguration(engine, row, before);
  if (row.action === 'configuration-pending') putConfiguration(engine, row, row.detail.digest);
}

const configurationKey = ({ service, target }: AuditRow, digest: string): string =>
  `configuration:${service}/${target}:${digest}`;

function putConfiguration(engine: Engine, row: AuditRow, digest: string | undefined): void {
  const facts = factsOfTarget(engine, row);
  if (digest === undefined || facts === undefined) return;
  const payload: Payloads['configuration'] = { ...facts, digest, isNews: row.action === 'configuration-pending' };
  const key = configurationKey(row, digest);
  engine.outbox.put({ key, transport, kind: 'configuration', payload, urgent: true });
}

export function announceDrift(engine: Engine, row: AuditRead): void {
  if (!announces(row, 'message', 'drift')) return;
  // A drift that became another drift: the buttons of the earlier message have no effect any more.
  if (row.action === 'drift-found') putDrift(engine, row, row.detail.before);
  putDrift(engine, row, row.detail.drift);
}

function putDrift(engine: Engine, row: AuditRow, id: string | undefined): void {
  const facts = factsOfTarget(engine, row);
  if (id === undefined || facts === undefined) return;
  const payload: Payloads['drift'] = { ...facts, id };
  const key = `drift:${facts.service}/${facts.target}:${id}`;
  engine.outbox.put({ key, transport, kind: 'drift', payload, urgent: true });
}

function factsOfTarget(engine: Engine, { seq, at, actor, sentence, service, target }: AuditRow) {
  if (service === null || target === null) return undefined;
  const found = engine.target({ service, target });
  if (!found.ok) return undefined;
  const { name, channel } = found.value;
  return { seq, at, actor, sentence, service, target, name, channel };
}

export function announceContract({ migrations, outbox }: Engine, row: AuditRead): void {
  if (!announces(row, 'message', 'contract')) return;
  const { contract } = row.detail;
  const view = contract === undefined ? undefined : migrations.contractNamed(contract);
  if (view === undefined) return;
  const payload: Payloads['contract'] = { id: view.id, channel: view.channel };
  outbox.put({ key: `contract:${view.id}`, transport, kind: 'contract', payload, urgent: true });
}

export function announceDelivery({ outbox, settings }: Engine, row: AuditRead, repeats: Repeats): void {
  if (!announces(row, 'message', 'delivery')) return;
  const { action, detail, service, sentence } = row;
  const { id, hook } = detail;
  if (id === undefined) return;
  const key = `delivery:${id}`;
  outbox.again(key, { urgent: true });
  const isPut = outbox.reference(key) !== undefined;
  // A sender that repeats one mistake is shown once in a while; the inbox lists every delivery.
  if (action !== 'delivery-parked' || isPut || !repeats.isNew(`parked ${hook} ${sentence.replace(String(id), '')}`))
    return;
  const channel = (service === null ? [] : channelsOf(settings, service))[0] ?? settings.targets[0]?.channel;
  if (channel === undefined) return;
  const payload: Payloads['delivery'] = { id, channel };
  outbox.put({ key, transport, kind: 'delivery', payload, urgent: true });
}
