// An engine on a state with history: the real verbs, store and settings with fakes for what is outside of this process.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Actor, type AuditHead, type Inbox, type Settings, silentLog, systemClock } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { connectBuilds } from '../../packages/engine/src/compose/builds.ts';
import { createKeyedMutex } from '../../packages/engine/src/lib/keyed-mutex.ts';
import { noMigrator } from '../../packages/engine/src/migrator/none.ts';
import type { Core, Target } from '../../packages/engine/src/orchestrator/core.ts';
import { createVerbs } from '../../packages/engine/src/orchestrator/verbs/verbs.ts';
import { createChangeSignal } from '../../packages/engine/src/state/change-signal.ts';
import { type Db, openDatabase } from '../../packages/engine/src/state/database.ts';
import { createInbox } from '../../packages/engine/src/state/inbox.ts';
import { createStore, type Store } from '../../packages/engine/src/state/store.ts';
import { smallDrivers } from '../../packages/engine/src/testing/small-drivers.ts';
import { loadSettings, openEngine } from '../../packages/engine/src/testing/small-engine.ts';
import { versionAt } from './growth-rows.ts';

export const alice: Actor = { kind: 'person', id: 'alice', door: 'cli' };
export const bob: Actor = { kind: 'person', id: 'bob', door: 'slack' };
export const production = { service: 'shop', target: 'production' } as const;

export interface GrownEngine {
  readonly core: Core;
  readonly store: Store;
  readonly engine: ReturnType<typeof createVerbs>;
  readonly builds: ReturnType<typeof connectBuilds>['builds'];
  readonly inbox: Inbox;
  /** The row before the last 200. */
  readonly from: AuditHead;
  readonly lastSeq: number;
  /** The next release, whose files are there. */
  readonly next: string;
  lock(): void;
  /** A deployment that the lock refuses. */
  refused(): void;
  unlock(): void;
  close(): Promise<void>;
}

/** As a command or the bot does it when it starts. */
export async function timeOpening(stateFolder: string): Promise<number> {
  const place = await placeFor(stateFolder);
  const began = performance.now();
  const engine = openEngine({ settings: place.settings, log: silentLog, processName: 'bench' });
  engine.status();
  const ms = performance.now() - began;
  engine.close();
  place.remove();
  return ms;
}

export async function openGrown(stateFolder: string): Promise<GrownEngine> {
  const { settings, next, remove } = await placeFor(stateFolder);
  const db = openDatabase(stateFolder);
  const changeSignal = createChangeSignal(db, systemClock);
  const store = createStore({ db, clock: systemClock, redact: (text) => text, committed: changeSignal.announce });
  const targets = settings.targets.map((target) => targetOf(target, stateFolder));
  const parts = {
    settings,
    store,
    changeSignal,
    clock: systemClock,
    log: silentLog,
    targets,
    mutex: createKeyedMutex(),
  };
  const { core, builds } = connectBuilds(parts);
  const engine = createVerbs(core, 'bench');
  const must = (name: string, isSo: boolean): void => {
    if (!isSo) throw new Error(`${name} did not do what it should`);
  };
  engine.unlock({ ...production, actor: bob, of: 'bob' });
  return {
    core,
    store,
    engine,
    builds,
    inbox: createInbox(store),
    from: auditBefore(db, 200),
    lastSeq: Number(db.$client.prepare('SELECT max(seq) FROM audit').pluck().get()),
    next,
    lock: () => must('lock', engine.lock({ ...production, actor: bob, reason: 'a bench' }).ok),
    refused: () => must('a refused deployment', !engine.deploy({ ...production, version: next, actor: alice }).ok),
    unlock: () => must('unlock', engine.unlock({ ...production, actor: bob }).ok),
    close: async () => {
      await delay(50);
      db.$client.close();
      remove();
    },
  };
}

function auditBefore(db: Db, rows: number): AuditHead {
  const before = db.$client.prepare('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1 OFFSET ?').get(rows);
  return before as AuditHead;
}

/** What no question of this bench reaches is left out. */
function targetOf(settings: Settings['targets'][number], stateFolder: string): Target {
  const unused = new Proxy(
    {},
    { get: (_, name) => () => Promise.reject(new Error(`${String(name)} is not part of it`)) },
  );
  return {
    key: { service: settings.service, target: settings.target },
    name: `${settings.service}/${settings.target}`,
    settings,
    preview: { header: 'x-bluegreen-preview', token: 'token' },
    environment: smallDrivers.environments[0]?.create({
      stateFolder,
      settingsOf: () => undefined,
      clock: systemClock,
      log: silentLog,
    }) as Target['environment'],
    balancer: unused as Target['balancer'],
    migrator: noMigrator,
  };
}

interface GrownPlace {
  readonly settings: Settings;
  readonly next: string;
  remove(): void;
}

/** Twenty releases are on the disk, as they are where old ones are pruned. */
async function placeFor(stateFolder: string): Promise<GrownPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-grown-'));
  const [blue = 0, green = 0, front = 0] = await freePorts(3);
  const deployments = Number(/-(\d+)-\d+-[0-9a-f]+$/.exec(stateFolder)?.[1]);
  const next = versionAt(deployments + 1);
  for (let back = -1; back < 19; back += 1) {
    const release = join(folder, 'releases', versionAt(deployments - back));
    mkdirSync(release, { recursive: true });
    writeFileSync(join(release, 'server.mjs'), '');
  }
  const file = join(folder, 'bluegreen.yaml');
  writeFileSync(
    file,
    `
state: ${stateFolder}
people: [{ id: alice, name: Alice }, { id: bob, name: Bob }, { id: carol, name: Carol }]
approvers: [alice, bob, carol]
services:
  shop:
    releases: ${folder}/releases
    command: [node, server.mjs]
    channel: "#deploys"
    builds: [{ host: generic }]
    targets:
      production:
        keepReleases: { count: 100, age: 30d }
        slots: { blue: { port: ${blue} }, green: { port: ${green} } }
        loadBalancer: { listen: "127.0.0.1:${front}" }
`,
  );
  return {
    settings: loadSettings({ file, environment: {} }),
    next,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
