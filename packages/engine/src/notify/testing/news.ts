// A real engine that notifies, on a separate state, and a way to make something happen: rows of the audit log as the
// flow and the builds write them.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../api/engine.ts';
import type { Settings } from '../../config/settings.ts';
import type { AuditEvent, AuditFact } from '../../domain/audit-events.ts';
import type { OutcomeKind } from '../../domain/deployment.ts';
import { type Log, silentLog } from '../../lib/log.ts';
import { until } from '../../lib/testing/until.ts';
import { openDatabase } from '../../state/database.ts';
import { addDeployment } from '../../state/deployments.ts';
import { createStore, type Store } from '../../state/store.ts';
import { movableClock } from '../../state/testing/state.ts';
import { loadSettings, openEngine } from '../../testing/small-engine.ts';

export interface Newsroom {
  readonly folder: string;
  readonly settings: Settings;
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: ReturnType<typeof movableClock>;
  /** Notifies until `stop` is called. */
  notify(): { stop(): Promise<void> };
  happens(event: AuditFact & Partial<Omit<AuditEvent, keyof AuditFact>>): void;
  /** A deployment that has ended. */
  ends(ending: Ending): void;
  /** A deployment of v2.1 that runs. */
  begins(id: string): void;
  /** Actions of the audit log, in order. */
  audited(): readonly string[];
  close(): Promise<void>;
}

export interface Ending {
  readonly id: string;
  readonly outcome: OutcomeKind;
  readonly version?: string;
  readonly mode?: 'deploy' | 'rollback';
  readonly sentence?: string;
  readonly reason?: string;
  readonly actor?: string;
}

/** `notify`, `reported` and `audit` are YAML in one line. */
export function openNewsroom(options: {
  readonly notify: string;
  readonly reported?: string;
  readonly audit?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly log?: Log;
  readonly folder?: string;
}): Newsroom {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'bg-n-'));
  mkdirSync(join(folder, 'releases'), { recursive: true });
  const file = join(folder, 'bluegreen.yaml');
  writeFileSync(file, configText(options));
  const settings = loadSettings({ file, environment: options.environment ?? {} });
  const clock = movableClock();
  const engine = openEngine({ settings, log: options.log ?? silentLog, processName: 'test', clock });
  const db = openDatabase(settings.stateFolder);
  const store = createStore({ db, clock, redact: (text) => text, committed: () => undefined });
  const tellings = new Set<{ stop(): Promise<void> }>();
  const happens: Newsroom['happens'] = (event) =>
    store.write((tx) => tx.audit({ actor: 'engine', service: 'shop', sentence: 'something happened', ...event }));
  return {
    folder,
    settings,
    engine,
    store,
    clock,
    happens,
    notify() {
      const over = new AbortController();
      const notifying = engine.notify(over.signal);
      const stop = async () => {
        over.abort();
        await notifying;
      };
      tellings.add({ stop });
      return { stop };
    },
    ends: (ending) => endDeployment(store, ending),
    begins: (id) =>
      store.note((_, now) =>
        addDeployment(
          { db, now, audit: () => undefined, redact: (text) => text },
          { ...deploymentOf(id, now), phase: 'watch' },
        ),
      ),
    audited: () => engine.audit.after(0, 1_000).map(({ action }) => action),
    async close() {
      for (const { stop } of tellings) await stop();
      engine.close();
      db.$client.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const deploymentOf = (id: string, now: number) =>
  ({
    id,
    service: 'shop',
    target: 'production',
    version: 'v2.1',
    mode: 'deploy',
    slot: 'green',
    fromSlot: 'blue',
    fromVersion: 'v2.0',
    hold: false,
    requestedBy: 'person:alice',
    requestedAt: now,
    position: 0,
    direction: 'forward',
    stateVersion: 1,
  }) as const;

function endDeployment(store: Store, ending: Ending): void {
  const { id, outcome, version = 'v2.1', mode = 'deploy', sentence = `${version} ended`, actor = 'engine' } = ending;
  store.write((tx) => {
    const cause = {
      outcome,
      causeCode: 'never-healthy',
      cause: sentence,
      causeActor: actor,
      finishedAt: tx.now,
    } as const;
    addDeployment(tx, {
      ...deploymentOf(id, tx.now),
      version,
      mode,
      reason: ending.reason ?? null,
      phase: 'finished',
      ...cause,
    });
    tx.audit({
      actor,
      action: 'deployment-finished',
      service: 'shop',
      target: 'production',
      deploymentId: id,
      code: outcome === 'promoted' ? mode : 'never-healthy',
      sentence,
      detail: { outcome, version, from: 'v2.0' },
    });
  });
}

function configText({
  notify,
  reported = '{}',
  audit = '{}',
}: {
  readonly notify: string;
  readonly reported?: string;
  readonly audit?: string;
}): string {
  return `state: state
people:
  - { id: alice, name: Alice Adams, slack: U0ALICE, email: alice@example.com, codeHost: alice-adams }
  - { id: bob, name: Bob Brown, slack: U0BOB, email: bob@example.com }
  - { id: carol, slack: U0CAROL, email: carol@example.com }
approvers: [bob]
notify: ${notify}
audit: ${audit}
services:
  shop:
    releases: releases
    command: [node, server.mjs]
    channel: "#deploys"
    notify: ${reported}
    canary: []
    targets:
      production:
        slots: { blue: { port: 8001 }, green: { port: 8002 } }
        loadBalancer: { listen: 8080 }
`;
}

/** A build as CI reports it. */
export const buildDetail = {
  build: 7,
  version: 'v2.1',
  repository: 'example/shop',
  branch: 'main',
  commit: '0f3c9a1b2d4e5f60718293a4b5c6d7e8f9012345',
  subject: 'Show prices with <b>tax</b> & more',
  url: 'https://ci.example.com/runs/7',
  authors: [{ name: 'Alice Adams', email: 'alice@users.example.net', login: 'Alice-Adams' }],
};

/** Waits for anything; the limit is generous because the machine is small. */
export const eventually = (holds: () => boolean, limitMs?: number): Promise<true> =>
  until(holds, limitMs === undefined ? {} : { limitMs });

/** Long enough that a message that should not come would have come. */
export const aWhile = (ms = 1_500): Promise<void> => new Promise((changeSignal) => setTimeout(changeSignal, ms));
