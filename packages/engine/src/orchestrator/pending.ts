// What the configuration says of instances that run and does not apply to them yet: recorded when a driver begins, and
// announced once for each change.

import type { Lease } from '../state/leases.ts';
import { getSnapshot, pendingKey, putSnapshot } from '../state/snapshots.ts';
import type { Core } from './core.ts';
import { type PendingChange, pendingChanges } from './running.ts';

export function pendingNow({ settings, targets }: Core): readonly PendingChange[] {
  // One environment serves all targets of a state.
  const [first] = targets;
  return first ? pendingChanges(settings, first.environment.running()) : [];
}

/** Instances that an earlier version started have no health rule in their record: they get the configured one, once. */
export async function recordHealthRules({ targets }: Core): Promise<void> {
  for (const { key, settings, environment } of targets)
    for (const slot of ['blue', 'green'] as const) {
      const started = environment.startedAs({ ...key, slot });
      if (started && !started.health) await environment.judgeBy({ ...key, slot }, settings.health);
    }
}

/** @throws BlueGreenError `fenced-out` */
export function announcePending(core: Core, lease: Lease): void {
  const pending = pendingNow(core);
  const before = getSnapshot<readonly string[]>(core.store.db, pendingKey)?.value ?? [];
  const sentences = pending.map(({ sentence }) => sentence);
  if (sentences.join('\n') === before.join('\n')) return;
  core.store.under(lease).write((tx) => {
    putSnapshot(tx.db, pendingKey, sentences, tx.now);
    const news = pending.filter(({ sentence }) => !before.includes(sentence));
    for (const { service, target, slot, kind, sentence } of news)
      tx.audit({
        service,
        target,
        actor: 'engine',
        action: 'configuration-pending',
        code: kind,
        sentence,
        detail: { slot },
      });
    if (news.length === 0)
      tx.audit({ actor: 'engine', action: 'configuration-settled', sentence: settledSentence(sentences.length) });
  });
  for (const { sentence } of pending) core.log.warn(sentence);
}

const settledSentence = (left: number): string =>
  left === 0
    ? 'everything that runs was started as the configuration says'
    : `fewer instances differ from the configuration than before: ${left} left`;
