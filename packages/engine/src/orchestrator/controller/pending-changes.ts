// What the configuration says of instances that run and does not apply to them yet: recorded when a driver begins, and
// announced once for each change.

import { isDeepStrictEqual } from 'node:util';
import type { ConfigurationView } from '../../api/configuration.ts';
import type { TargetKey } from '../../domain/target.ts';
import type { Lease } from '../../state/leases.ts';
import { getSnapshot, leftKey, pendingKey, putSnapshot } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { type Core, countedSlot, type Target } from '../core.ts';
import { digestOfChanges, type PendingChange, pendingChanges } from './running.ts';

export function pendingNow({ targets }: Core): readonly PendingChange[] {
  const counted = targets.map((target) => ({
    ...target.settings,
    slots: { blue: countedSlot(target, 'blue'), green: countedSlot(target, 'green') },
  }));
  const environments = new Map(targets.map(({ settings: { driver }, environment }) => [driver, environment]));
  return [...environments.values()].flatMap((each) =>
    pendingChanges({ targets: counted }, { running: each.running(), addresses: each.addresses }),
  );
}

/** Of one target, as this process reads the configuration. */
export function pendingOf(core: Core, key: TargetKey): readonly PendingChange[] {
  return pendingNow(core).filter((change) => placeKey(change) === placeKey(key));
}

/** As the controller announced it. Undefined when nothing differs. */
export function announcedFor({ store }: Core, { key, name, settings }: Target): ConfigurationView | undefined {
  const changes = announced(store.db)[placeKey(key)] ?? [];
  const digest = digestOfChanges(changes);
  if (digest === undefined) return undefined;
  const left = getSnapshot<LeftAsItIs>(store.db, leftKey(key))?.value;
  return { name, channel: settings.channel, digest, changes, leftBy: left?.digest === digest ? left.by : undefined };
}

/** What a person decided about a change: not now. */
export interface LeftAsItIs {
  readonly digest: string;
  readonly by: string;
}

/** What is no difference any more needs no announcement that it has ended. */
export function forgetSettled(core: Core, tx: Tx, key: TargetKey): void {
  const all = announced(tx.db);
  const still = new Set(pendingOf(core, key).map(({ print }) => print));
  const changes = (all[placeKey(key)] ?? []).filter(({ print }) => still.has(print));
  const { [placeKey(key)]: _settled, ...others } = all;
  putSnapshot(tx.db, pendingKey, changes.length === 0 ? others : { ...others, [placeKey(key)]: changes }, tx.now);
}

/** Instances that an earlier version started have no health rule in their record: they get the configured one, once. */
export async function recordHealthRules({ targets }: Core): Promise<void> {
  for (const { key, settings, environment } of targets)
    for (const slot of ['blue', 'green'] as const) {
      const started = environment.startedAs({ ...key, slot });
      if (started && !started.health) await environment.judgeBy({ ...key, slot }, settings.health);
    }
}

type Announced = Readonly<Record<string, readonly PendingChange[]>>;

const placeKey = ({ service, target }: TargetKey): string => `${service}/${target}`;

/** Earlier versions stored sentences: what differs is announced once more, with the buttons that it did not have. */
function announced(db: Tx['db']): Announced {
  const value = getSnapshot<Announced | readonly string[]>(db, pendingKey)?.value ?? {};
  return Array.isArray(value) ? {} : (value as Announced);
}

/** @throws BlueGreenError `fenced-out` */
export function announcePending(core: Core, lease: Lease): void {
  const pending = pendingNow(core);
  const before = announced(core.store.db);
  const now: Announced = Object.fromEntries(Map.groupBy(pending, placeKey));
  if (isDeepStrictEqual(printsOf(before), printsOf(now))) return;
  core.store.under(lease).write((tx) => {
    putSnapshot(tx.db, pendingKey, now, tx.now);
    for (const place of new Set([...Object.keys(before), ...Object.keys(now)]))
      announcePlace(tx, place, before[place] ?? [], now[place] ?? []);
  });
  for (const { sentence } of pending) core.log.warn(sentence);
}

function printsOf(changes: Announced): unknown {
  return Object.fromEntries(Object.entries(changes).map(([place, all]) => [place, all.map(({ print }) => print)]));
}

function announcePlace(
  tx: Tx,
  place: string,
  before: readonly PendingChange[],
  changes: readonly PendingChange[],
): void {
  const [service = '', target = ''] = place.split('/');
  const digests = { digest: digestOfChanges(changes), before: digestOfChanges(before) };
  if (digests.digest === digests.before) return;
  const news = changes.filter(({ print }) => !before.some((known) => known.print === print));
  for (const { slot, kind, sentence } of news)
    tx.audit({
      service,
      target,
      actor: 'engine',
      action: 'configuration-pending',
      code: kind,
      sentence,
      detail: { slot, ...digests },
    });
  if (news.length === 0)
    tx.audit({
      service,
      target,
      actor: 'engine',
      action: 'configuration-settled',
      sentence: settledSentence(changes.length),
      detail: digests,
    });
}

const settledSentence = (left: number): string =>
  left === 0
    ? 'everything that runs was started as the configuration says'
    : `fewer instances differ from the configuration than before: ${left} left`;
