// A real engine on a real state file, with releases on disk and rows laid out as a test needs them; nothing is driven.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Engine } from '../../../api/engine.ts';
import type { Settings } from '../../../config/settings.ts';
import type { Actor } from '../../../domain/actor.ts';
import type { StepName } from '../../../domain/deployment.ts';
import type { Result } from '../../../domain/refusal.ts';
import type { SlotName } from '../../../domain/target.ts';
import { silentLog } from '../../../lib/log.ts';
import { openDatabase } from '../../../state/database.ts';
import {
  addApproval,
  addDeployment,
  type DeploymentRow,
  liveDeployment,
  readDeployment,
} from '../../../state/deployments.ts';
import { acquireLease } from '../../../state/leases.ts';
import { createStore, type Store, type Tx } from '../../../state/store.ts';
import { addRelease, setSlot } from '../../../state/targets.ts';
import { movableClock, shop } from '../../../state/testing/state.ts';
import { fakeCapabilities } from '../../../testing/fake-balancer.ts';
import { loadSettings, openEngine } from '../../../testing/small-engine.ts';
import { buildPlan, planHash } from '../../plan/plan.ts';

export const alice: Actor = { kind: 'person', id: 'alice', door: 'cli' };
export const bob: Actor = { kind: 'person', id: 'bob', door: 'slack' };
export const carol: Actor = { kind: 'person', id: 'carol', door: 'slack' };
export const dave: Actor = { kind: 'person', id: 'dave', door: 'slack' };
export const eve: Actor = { kind: 'stranger', name: 'U0EVE', door: 'slack' };
export const ci: Actor = { kind: 'machine', name: 'ci', door: 'webhook' };

export const versions = ['v1.0', 'v2.0', 'v2.1'] as const;
export const digestOf = (version: string): string => Buffer.from(version).toString('hex').padEnd(64, '0');

export interface TestEngine {
  readonly folder: string;
  readonly settings: Settings;
  readonly engine: Engine;
  readonly clock: ReturnType<typeof movableClock>;
  readonly store: Store;
  open(processName?: string): Engine;
  /** v1.0 serves in blue; with `standby`, that version is warm in green. */
  serving(standby?: string): void;
  /** A live deployment of v2.1 onto green, at the first step of this name. */
  running(step: StepName, change?: Partial<DeploymentRow>): { readonly id: string; readonly stateVersion: number };
  /** The last steps as a controller would run them: the deployment is over. */
  ended(id: string): void;
  driven(configDigest?: string): void;
  remove(): void;
}

export function startTestEngine(target = ''): TestEngine {
  const folder = mkdtempSync(join(tmpdir(), 'bg-engine-'));
  for (const version of versions) {
    mkdirSync(join(folder, 'releases', version), { recursive: true });
    writeFileSync(join(folder, 'releases', version, 'server.mjs'), `export const version = '${version}';\n`);
  }
  writeFileSync(join(folder, 'bluegreen.yaml'), configOf(folder, target));
  const settings = loadSettings({ file: join(folder, 'bluegreen.yaml'), environment: {} });
  const clock = movableClock();
  const db = openDatabase(settings.stateFolder);
  const store = createStore({ db, clock, redact: (text) => text, committed: () => undefined });
  const engines: Engine[] = [];
  const open = (processName = 'test-engine'): Engine => {
    const engine = openEngine({ settings, log: silentLog, processName, clock });
    engines.push(engine);
    return engine;
  };
  const write = (change: (tx: Tx) => void) =>
    store.write((tx) => {
      change(tx);
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
    });
  const engine = open();
  return {
    folder,
    settings,
    engine,
    clock,
    store,
    open,
    serving: (standby) => write((tx) => serve(tx, folder, standby)),
    running: (step, change = {}) => {
      write((tx) => run(tx, settings, step, change));
      const row = liveDeployment(db, shop);
      return { id: row?.id ?? '', stateVersion: row?.stateVersion ?? 0 };
    },
    ended: (id) =>
      write((tx) =>
        tx.db.$client
          .prepare("UPDATE deployments SET outcome = 'failed', finished_at = ?, phase = 'finished' WHERE id = ?")
          .run(tx.now, id),
      ),
    driven: (configDigest = settings.digest) =>
      void acquireLease(db, { name: 'driver', holder: 'bot (pid 7)', configDigest, clock }),
    remove: () => {
      for (const each of engines) each.close();
      db.$client.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function serve(tx: Tx, place: string, standby: string | undefined): void {
  for (const version of versions)
    addRelease(tx, {
      service: 'shop',
      version,
      digest: digestOf(version),
      folder: join(place, 'releases', version),
      registeredAt: tx.now,
    });
  const stand = (slot: SlotName, role: 'active' | 'standby', version: string) =>
    setSlot(tx, shop, slot, {
      role,
      version,
      digest: digestOf(version),
      since: tx.now,
      deploymentId: null,
      label: null,
      keepUntil: null,
    });
  wasLive(tx, 'v1.0', 'blue', 9_000);
  stand('blue', 'active', 'v1.0');
  if (standby === undefined) return;
  stand('green', 'standby', standby);
  wasLive(tx, standby, 'green', 5_000);
}

function wasLive(tx: Tx, version: string, slot: SlotName, agoMs: number): void {
  addDeployment(tx, {
    id: `d_${version}`,
    ...shop,
    version,
    digest: digestOf(version),
    mode: 'deploy',
    slot,
    hold: false,
    requestedBy: 'person:alice',
    requestedAt: tx.now - 10_000,
    position: 1,
    direction: 'forward',
    phase: 'finished',
    stateVersion: 9,
    promotedAt: tx.now - agoMs,
    outcome: 'promoted',
    finishedAt: tx.now - agoMs,
  });
}

function run(tx: Tx, settings: Settings, step: StepName, change: Partial<DeploymentRow>): void {
  const [target] = settings.targets;
  if (!target) throw new Error('no target');
  const nothing = () => Promise.reject(new Error('nothing is driven'));
  const counts = { traffic: nothing, failures: nothing };
  const balancer = { ...fakeCapabilities, counts };
  const plan = buildPlan({
    mode: 'deploy',
    settings: target,
    balancer,
    hasActive: true,
    warm: false,
    hold: true,
    schema: [],
  });
  const position = plan.steps.findIndex(({ name }) => name === step);
  const hash = planHash({
    plan,
    digest: digestOf('v2.1'),
    activeDigest: digestOf('v1.0'),
    configDigest: settings.digest,
  });
  addDeployment(tx, {
    id: 'd_live',
    ...shop,
    version: 'v2.1',
    digest: digestOf('v2.1'),
    mode: 'deploy',
    slot: 'green',
    fromSlot: 'blue',
    fromVersion: 'v1.0',
    fromDigest: digestOf('v1.0'),
    hold: true,
    requestedBy: 'person:alice',
    requestedAt: tx.now,
    plan,
    planHash: hash,
    position,
    direction: 'forward',
    phase: step,
    stateVersion: 5,
    ...change,
  });
  if (step !== 'await-approval') return;
  const { count, deadlineMs, onTimeout } = target.approval;
  addApproval(tx, {
    id: 'd_live.a',
    deploymentId: 'd_live',
    position,
    planHash: hash,
    needed: count,
    askedAt: tx.now,
    deadlineAt: tx.now + deadlineMs,
    onTimeout,
    status: 'pending',
  });
}

const configOf = (folder: string, target: string): string => `
state: ${folder}/state
people: [{ id: alice, name: Alice, email: alice@acme.example, codeHost: alice-adams }, { id: bob, name: Bob, email: bob@acme.example }, { id: carol, name: Carol }, { id: dave, name: Dave }]
approvers: [alice, bob, carol]
services:
  shop:
    releases: ${folder}/releases
    command: [node, server.mjs]
    channel: "#deploys"
    smokeTests: [{ name: front page, path: / }]
    canary: [{ percent: 10, watch: 60s }, { percent: 10, approval: true }]
    targets:
      production:
        slots: { blue: { port: 31001 }, green: { port: 31002 } }
        loadBalancer: { listen: "127.0.0.1:31000" }
${target}`;

/** The code of a refusal; `ok` when there was none. */
export const codeOf = (answer: Result<unknown>): string => (answer.ok ? 'ok' : answer.refusal.code);

/** The row as it is now. */
export const rowOf = ({ store }: TestEngine, id: string): DeploymentRow | undefined => readDeployment(store.db, id);

const decided = ['slots', 'targets', 'deployments', 'approvals', 'votes', 'signals', 'locks', 'quarantine', 'releases'];
export const everythingIn = ({ store }: TestEngine): string =>
  JSON.stringify(decided.map((table) => store.db.$client.prepare(`SELECT * FROM ${table}`).all()));

/** Asserts the code, that no decided table changed, and that one audit row says so. */
export function expectRefused(testEngine: TestEngine, act: () => Result<unknown>, code: string): void {
  const before = everythingIn(testEngine);
  const seq = testEngine.engine.audit.after(0, 1_000).length;
  expect(codeOf(act())).toBe(code);
  expect(everythingIn(testEngine)).toBe(before);
  expect(testEngine.engine.audit.after(seq, 10)).toMatchObject([{ action: 'refused', code }]);
}
