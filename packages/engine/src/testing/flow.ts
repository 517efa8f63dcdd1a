// A whole deployment flow in one process and in no time: the real state in SQLite, the real verbs and the real runner,
// on a clock, an environment and a load balancer that a test controls. A process can be killed, and another continue.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate as nextRound } from 'node:timers/promises';
import type { DeployRequest } from '../api/deploy-request.ts';
import type { DeploymentView } from '../api/deployment.ts';
import type { Actor } from '../domain/actor.ts';
import type { Endpoint, SlotName } from '../domain/target.ts';
import { freePorts } from '../lib/testing/ports.ts';
import type { BalancerSpec } from '../load-balancer/load-balancer.ts';
import type { Migrator } from '../migrator/migrator.ts';
import { auditAfter } from '../state/audit.ts';
import { type DeploymentRow, readDeployment } from '../state/deployments.ts';
import { readSlot } from '../state/targets.ts';
import { createFakeBalancers } from './fake-balancer.ts';
import { createFakeChangeSignal, type FakeChangeSignal } from './fake-change-signal.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { createFakeEnvironments } from './fake-environment.ts';
import { createFakeMigrators } from './fake-migrator.ts';
import { type FlowProcess, previewRoute, startProcess, type World } from './flow-process.ts';
import { loadSettings } from './small-drivers.ts';

export const alice: Actor = { kind: 'person', id: 'alice', door: 'cli' };
export const bob: Actor = { kind: 'person', id: 'bob', door: 'slack' };

export interface Flow extends World {
  /** Where people's commands and clicks arrive: it moves nothing, and is never killed. */
  readonly people: FlowProcess['engine'];
  /** The process that moves deployments now. */
  process(): FlowProcess;
  /** The process dies where it is, and another opens the same state. */
  restart(): FlowProcess;
  layRelease(version: string, files?: Readonly<Record<string, string>>): void;
  /** @returns the id; @throws when the verb is refused */
  ask(version: string, change?: Partial<DeployRequest>): string;
  /** Moves the deployment and the time until `isSo`, or until it is finished or its process is dead. */
  until(id: string, isSo: (row: DeploymentRow) => boolean): Promise<DeploymentRow>;
  /** The same for all that people are asked on the way: a hold is promoted, and an approval is given by bob. */
  finishWithPeople(id: string): Promise<DeploymentView>;
  /** Lets so much time pass while it is moved; less when it is finished before. */
  wait(id: string, ms: number): Promise<DeploymentRow>;
  /** Lets time pass until this has settled. */
  passing<T>(work: Promise<T>): Promise<T>;
  /** Lets time pass while this works, until it is so, and stops it. @throws what `work` throws */
  during(work: (stop: AbortSignal) => Promise<void>, isSo: () => boolean): Promise<void>;
  /** The process dies with the write that makes `isSo` true, such as the one that begins a step. */
  killWhen(id: string, isSo: (row: DeploymentRow) => boolean): Promise<void>;
  /** Until it has begun the step of this name. */
  at(id: string, step: string): Promise<DeploymentRow>;
  finish(id: string): Promise<DeploymentView>;
  /** This version is deployed at once and serves. */
  live(version: string): Promise<void>;
  view(id: string): DeploymentView;
  row(id: string): DeploymentRow;
  slots(): Readonly<Record<SlotName, string>>;
  /** The audit log as `action: sentence`, from the first row after `seq`. */
  story(after?: number): readonly string[];
  actions(after?: number): readonly string[];
  lastSeq(): number;
  close(): Promise<void>;
}

export interface FlowOptions {
  /** Lines of the service's options. Default: a short plan without people. */
  readonly options?: string;
  /** Lines at the top of the file. */
  readonly file?: string;
  /** Lines of the target's options. */
  readonly target?: string;
  /** The target has a database. */
  readonly database?: boolean;
  /** In place of the fake one. */
  readonly migrator?: Migrator;
  /** Of the load balancer. */
  readonly nodes?: number;
  /** In each slot. */
  readonly instances?: number;
}

export const shortPlan = `
    canary: [{ percent: 10, watch: 5s }]
    bake: 5s`;

export async function startFlow({
  options = shortPlan,
  file = '',
  target = '',
  database = false,
  migrator,
  nodes = 1,
  instances = 1,
}: FlowOptions = {}): Promise<Flow> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-flow-'));
  const ports = await freePorts(2 * instances + nodes);
  const [blue, green] = [ports.slice(0, instances), ports.slice(instances, 2 * instances)];
  const listen = ports.slice(2 * instances);
  writeFileSync(
    join(folder, 'bluegreen.yaml'),
    configOf({
      folder,
      blue,
      green,
      listen: listen[0] ?? 0,
      options,
      file,
      target: database
        ? `${target}\n        database: { driver: sqlite, url: "sqlite:unused", rollbackFor: 1h }`
        : target,
    }),
  );
  const settings = loadSettings({ file: join(folder, 'bluegreen.yaml'), environment: {} });
  const clock = createFakeClock();
  const environments = createFakeEnvironments({ folder: join(folder, 'slots'), clock });
  const balancers = createFakeBalancers({ spec: specOf(blue, green, listen[0] ?? 0), clock, ports: listen });
  await balancers.create().ensure();
  for (const version of ['v1', 'v2', 'v3']) layRelease(folder, version);
  const migrators = createFakeMigrators(clock);
  const changeSignal = createFakeChangeSignal(clock);
  return flowOf(
    { settings, clock, changeSignal, environments, balancers, migrators, hasDatabase: database, migrator },
    folder,
  );
}

function flowOf(world: World & { readonly changeSignal: FakeChangeSignal }, folder: string): Flow {
  const { clock, environments, balancers, changeSignal } = world;
  const people = startProcess(world, 'people');
  const processes = [startProcess(world, 'process 1')];
  const process = (): FlowProcess => processes.at(-1) as FlowProcess;
  const row = (id: string): DeploymentRow => {
    const found = readDeployment(process().core.store.db, id);
    if (!found) throw new Error(`there is no deployment ${id}`);
    return found;
  };
  const until = async (id: string, isSo: (row: DeploymentRow) => boolean): Promise<DeploymentRow> => {
    const { life, run } = process();
    let isOver = false;
    const look = () => {
      const now = row(id);
      isOver ||= isSo(now) || now.finishedAt !== null || life.isDead();
    };
    look();
    const ended = changeSignal.watch(look);
    let fault: unknown;
    void run(id).catch((thrown: unknown) => {
      fault = thrown;
    });
    await moveTime(clock, () => isOver || life.isDead() || fault !== undefined).finally(ended);
    if (fault !== undefined && !life.isDead()) throw fault;
    return row(id);
  };
  const ask: Flow['ask'] = (version, change = {}) => {
    const answer = people.engine.deploy({ version, actor: alice, ...change });
    if (!answer.ok) throw new Error(`${answer.refusal.code}: ${answer.refusal.sentence}`);
    return answer.value.id;
  };
  const finish = async (id: string): Promise<DeploymentView> => {
    await until(id, () => false);
    return viewOf(people, id);
  };
  const audit = (after = 0) => auditAfter(process().core.store.db, after, 10_000);
  return {
    ...world,
    people: people.engine,
    process,
    restart: () => {
      process().life.kill();
      process().stop();
      processes.push(startProcess(world, `process ${processes.length + 1}`));
      return process();
    },
    layRelease: (version, files) => layRelease(folder, version, files),
    ask,
    until,
    passing: async (work) => {
      let isOver = false;
      const end = () => {
        isOver = true;
      };
      void work.then(end, end);
      await moveTime(clock, () => isOver, 1);
      return work;
    },
    during: async (work, isSo) => {
      const over = new AbortController();
      let fault: { readonly thrown: unknown } | undefined;
      let hasEnded = false;
      const running = work(over.signal)
        .catch((thrown: unknown) => {
          fault = { thrown };
        })
        .finally(() => {
          hasEnded = true;
        });
      await moveTime(clock, () => hasEnded || isSo());
      over.abort();
      await moveTime(clock, () => hasEnded);
      await running;
      if (fault) throw fault.thrown;
    },
    wait: async (id, ms) => {
      const { life, run } = process();
      const until = clock.monotonic() + ms;
      let fault: unknown;
      void run(id).catch((thrown: unknown) => {
        fault = thrown;
      });
      await moveTime(clock, () => clock.monotonic() >= until || row(id).finishedAt !== null || fault !== undefined);
      if (fault !== undefined && !life.isDead()) throw fault;
      return row(id);
    },
    killWhen: async (id, isSo) => {
      const { life } = process();
      await until(id, (now) => {
        if (isSo(now)) life.kill();
        return life.isDead();
      });
      if (!life.isDead()) throw new Error('the process was not killed: it never came to be so');
    },
    at: (id, step) => until(id, ({ phase }) => phase === step),
    finish,
    finishWithPeople: async (id) => {
      for (;;) {
        const { phase, finishedAt } = await until(id, ({ phase: now }) =>
          waitsForPeople(people.engine.deployment(id), now),
        );
        if (finishedAt !== null || process().life.isDead()) return viewOf(people, id);
        const answer = phase === 'hold' ? people.engine.promote({ id }, alice) : people.engine.approve({ id }, bob);
        if (!answer.ok) throw new Error(`${answer.refusal.code}: ${answer.refusal.sentence}`);
        await until(id, ({ phase: now }) => now !== phase);
      }
    },
    live: async (version) => {
      const { outcome } = await finish(ask(version));
      if (outcome?.kind !== 'promoted') throw new Error(`${version} is not live: ${outcome?.sentence}`);
    },
    view: (id) => viewOf(people, id),
    row,
    slots: () => ({ blue: slotOf(process(), 'blue'), green: slotOf(process(), 'green') }),
    story: (after) => audit(after).map(({ action, sentence }) => `${action}: ${sentence}`),
    actions: (after) => audit(after).map(({ action }) => action),
    lastSeq: () => audit().at(-1)?.seq ?? 0,
    close: async () => {
      for (const each of processes) each.stop();
      await moveTime(clock, () => processes.every(({ running }) => running() === 0));
      for (const each of [people, ...processes]) each.close();
      await environments.machine.close();
      await balancers.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Of one deployment, the step and the watch for an abort both sleep; where only one of them does, work goes on. */
const sleepersAtRest = 2;
/** A check of work that continues without a sleep, such as an undo that pauses. */
const longestWorkMs = 40;
const longestRoundMs = 1;
const longestRunMs = 120_000;

async function moveTime(clock: FakeClock, isOver: () => boolean, atRest = sleepersAtRest): Promise<void> {
  const began = performance.now();
  let last = began;
  let restedMs = 0;
  while (!isOver()) {
    await nextRound();
    const now = performance.now();
    // Where a busy machine lets this process wait, the work waits too: that is no rest.
    restedMs += Math.min(now - last, longestRoundMs);
    last = now;
    if (now - began > longestRunMs)
      throw new Error('the deployment did not come to what was waited for within two minutes');
    if (clock.sleeping() < atRest && restedMs < longestWorkMs) continue;
    clock.step();
    restedMs = 0;
  }
}

function waitsForPeople(view: DeploymentView | undefined, phase: string): boolean {
  return view?.direction === 'forward' && (phase === 'hold' || view.approval?.status === 'pending');
}

function viewOf({ engine }: FlowProcess, id: string): DeploymentView {
  const view = engine.deployment(id);
  if (!view) throw new Error(`there is no deployment ${id}`);
  return view;
}

/** `v2 active`, `v1 standby`, `v2 preview (failed)`, `idle`. */
function slotOf({ core, target }: FlowProcess, slot: SlotName): string {
  const { role, version, label } = readSlot(core.store.db, target.key, slot);
  return `${version === null ? '' : `${version} `}${role}${label === null ? '' : ` (${label})`}`;
}

export function layRelease(folder: string, version: string, files: Readonly<Record<string, string>> = {}): void {
  const release = join(folder, 'releases', version);
  for (const [name, text] of Object.entries({ 'server.mjs': `export const version = '${version}';\n`, ...files })) {
    mkdirSync(dirname(join(release, name)), { recursive: true });
    writeFileSync(join(release, name), text);
  }
}

export function specOf(blue: readonly number[], green: readonly number[], listen: number): BalancerSpec {
  const upstreams = (ports: readonly number[]) =>
    ports.map((port) => ({ host: '127.0.0.1', port })) as [Endpoint, ...Endpoint[]];
  return {
    service: 'shop',
    target: 'production',
    listen: { host: '127.0.0.1', port: listen },
    upstreams: { blue: upstreams(blue), green: upstreams(green) },
    sticky: { by: 'cookie', name: 'bg_bucket' },
    preview: previewRoute,
    allow: undefined,
    requestTimeoutMs: 5_000,
    drainSpreadMs: 0,
  };
}

const slotText = (ports: readonly number[]): string =>
  ports.length === 1 ? `{ port: ${ports[0]} }` : `{ ports: [${ports}] }`;

interface ConfigParts {
  readonly folder: string;
  /** Of the instances. */
  readonly blue: readonly number[];
  readonly green: readonly number[];
  readonly listen: number;
  readonly options: string;
  readonly file: string;
  readonly target: string;
}

const configOf = ({ folder, blue, green, listen, options, file, target }: ConfigParts): string => `
state: ${folder}/state
people: [{ id: alice, name: Alice }, { id: bob, name: Bob }, { id: carol, name: Carol }]
approvers: [alice, bob, carol]${file}
services:
  shop:
    releases: ${folder}/releases
    command: [node, server.mjs]
    channel: "#deploys"
    smokeTests: [{ name: front page, path: / }]${options}
    targets:
      production:
        slots: { blue: ${slotText(blue)}, green: ${slotText(green)} }
        loadBalancer: { listen: "127.0.0.1:${listen}", receiptProbes: 2 }
${target}`;
