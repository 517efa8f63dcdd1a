// A real state with deployments in it as the flow writes them, and notifiers that work on it.

import { resolveStatuses, type StatusesFile, statuses } from '../../../config/statuses/statuses.ts';
import type { Build } from '../../../domain/build.ts';
import type { Mode, OutcomeKind } from '../../../domain/deployment.ts';
import { type Clock, systemClock } from '../../../lib/clock.ts';
import { type Log, silentLog } from '../../../lib/log.ts';
import { until } from '../../../lib/testing/until.ts';
import { auditAfter, lastRowBefore } from '../../../state/audit.ts';
import { addBuild } from '../../../state/builds.ts';
import { addDeployment, advanceDeployment, readDeployment } from '../../../state/deployments.ts';
import { createOutbox } from '../../../state/outbox.ts';
import { readCursor, writeCursor } from '../../../state/snapshots.ts';
import type { Store } from '../../../state/store.ts';
import { movableClock, shop } from '../../../state/testing/state.ts';
import { type StatusParts, statusNotifiers } from '../notifiers.ts';

export const commitOf = (version: string): string => Buffer.from(version).toString('hex').padEnd(40, '0').slice(0, 40);

export interface NewScene {
  readonly store: Store;
  readonly clock: Clock;
  readonly config: StatusesFile;
  readonly log?: Log;
}

export type Scene = StatusParts;

export function sceneOf({ store, clock, config, log = silentLog }: NewScene): Scene {
  const settings = {
    statuses: resolveStatuses(statuses.parse(config), '/srv'),
    notify: { workspace: 'https://acme.slack.com', link: undefined },
  };
  const engine = {
    settings,
    outbox: createOutbox(store),
    audit: {
      after: (seq: number, limit: number) => auditAfter(store.db, seq, limit),
      lastBefore: (at: number) => lastRowBefore(store.db, at),
    },
    cursor: (consumer: string) => readCursor(store.db, consumer),
    moveCursor: (consumer: string, seq: number) => store.note((db) => writeCursor(db, consumer, seq)),
    changed: async (_limitMs: number, signal?: AbortSignal) => {
      await clock.sleep(10, signal).catch(() => {});
    },
    status: () => ({ targets: [{ ...shop, slots: [{ role: 'active' }, { role: 'idle' }] }] }),
  };
  /** The part of the engine that a notifier uses. */
  return { engine: engine as unknown as StatusParts['engine'], store, clock, log };
}

/** Runs notifiers until `stop` is called, which waits for their end. */
export function startNotifying(scene: Scene): { readonly stop: () => Promise<void> } {
  const over = new AbortController();
  const all = Promise.all(statusNotifiers(scene).map(({ work }) => work(over.signal)));
  all.catch(() => {});
  return {
    stop: async () => {
      over.abort();
      await all;
    },
  };
}

export function announce(store: Store, version: string, change: Partial<Build> = {}): void {
  store.write((tx) => {
    addBuild(tx, {
      service: shop.service,
      version,
      conclusion: 'succeeded',
      host: 'github',
      repository: 'acme/shop',
      branch: 'main',
      tag: undefined,
      commit: commitOf(version),
      committedAt: undefined,
      subject: undefined,
      url: undefined,
      authors: [],
      run: `${version}-1`,
      artifact: undefined,
      endedAt: undefined,
      pullRequest: undefined,
      ...change,
    });
    tx.audit({
      actor: 'machine:ci',
      action: 'build-announced',
      service: shop.service,
      sentence: `${version} is built`,
      detail: { build: 1, version, authors: [], reactions: [], older: false },
    });
  });
}

let made = 0;

/** Returns the id of the deployment that was asked for. */
export function request(store: Store, version: string, from: string | null = null, mode: Mode = 'deploy'): string {
  made += 1;
  const id = `d_${made.toString(16).padStart(8, '0')}`;
  store.write((tx) => {
    addDeployment(tx, {
      id,
      ...shop,
      version,
      mode,
      slot: 'green',
      fromSlot: from === null ? null : 'blue',
      fromVersion: from,
      hold: false,
      requestedBy: 'person:alice',
      requestedAt: tx.now,
      position: 0,
      direction: 'forward',
      phase: 'fetching',
      stateVersion: 1,
    });
    tx.audit({
      ...shop,
      actor: 'person:alice',
      action: 'deployment-requested',
      deploymentId: id,
      code: mode,
      sentence: `alice asks to ${mode} shop ${version}`,
      detail: { version, slot: 'green', from, hold: false },
    });
  });
  return id;
}

export function finish(store: Store, id: string, outcome: OutcomeKind, sentence: string): void {
  store.write((tx) => {
    advanceDeployment(tx, id, {
      phase: 'finished',
      outcome,
      finishedAt: tx.now,
      promotedAt: outcome === 'promoted' || outcome === 'rolled-back' ? tx.now : null,
      causeCode: 'never-healthy',
      cause: sentence,
      causeActor: 'engine',
    });
    const row = readDeployment(tx.db, id);
    tx.audit({
      ...shop,
      actor: 'engine',
      action: 'deployment-finished',
      deploymentId: id,
      code: outcome === 'promoted' ? 'deploy' : 'never-healthy',
      sentence,
      detail: { outcome, version: row?.version, from: row?.fromVersion },
    });
  });
}

/** Time that a test moves by hand, and that sleepers see move. */
export function leapingClock(): Clock & { readonly advance: (ms: number) => void } {
  const clock = movableClock();
  return {
    ...clock,
    sleep: async (ms, signal) => {
      const until = clock.now() + ms;
      while (clock.now() < until) await systemClock.sleep(Math.min(5, until - clock.now()), signal);
    },
  };
}

/** Waits until `holds`, for at most `limitMs` of real time. */
export const eventually = (holds: () => boolean, what: string, limitMs = 60_000): Promise<true> =>
  until(holds, { what, limitMs });
