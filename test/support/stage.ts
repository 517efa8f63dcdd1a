// A real stage for tests that cross rooms: temporary folder, free ports, the sample shop's releases, a real engine,
// real processes, a real balancer. Everything it starts it stops.

import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Actor,
  type Clock,
  type DeploymentView,
  type DeployRequest,
  type Engine,
  loadSettings,
  openEngine,
  type Settings,
  silentLog,
  systemClock,
} from '@bg/engine';
import { freePorts, until as poll } from '@bg/engine/test-kit';
import { removeFolder } from '../../packages/engine/src/lib/remove-folder.ts';
import { mountSmallDisk, type SmallDisk } from '../../packages/engine/src/lib/testing/small-disk.ts';
import { layReleases } from '../../tools/sample-shop/build-releases.ts';

export const alice: Actor = { kind: 'person', id: 'alice', door: 'cli' };
export const bob: Actor = { kind: 'person', id: 'bob', door: 'cli' };
export const eve: Actor = { kind: 'stranger', name: 'eve', door: 'cli' };

export interface Stage {
  readonly folder: string;
  readonly settings: Settings;
  readonly ports: { readonly blue: number; readonly green: number; readonly front: number };
  readonly front: string;
  /** Where `stateMegabytes` was given. */
  readonly disk: SmallDisk | undefined;
  open(processName?: string, settings?: Settings): Engine;
  /** Opens an engine that is the controller until the stage is struck or `stop` is called. */
  drive(processName?: string, settings?: Settings): { readonly engine: Engine; stop(): Promise<void> };
  /** Edits the configuration on the disk. @returns the settings of processes that start from now on */
  edit(change: (text: string) => string): Promise<Settings>;
  strike(): Promise<void>;
}

export interface StageOptions {
  /** YAML lines of the target, indented by eight blanks; replaces the defaults of `fastTarget`. */
  readonly target?: string;
  readonly service?: string;
  /** The load balancer; `embedded` unless said. */
  readonly balancer?: 'embedded' | 'nginx' | 'haproxy';
  /** In the place of `balancer`: what is below `loadBalancer`, except `listen`. */
  readonly attached?: (place: { readonly folder: string; readonly front: number }) => object;
  readonly clock?: Clock;
  /** The state is on a separate file system, of so many megabytes; needs root. */
  readonly stateMegabytes?: number;
  /** How that file system is made; in memory unless said. */
  readonly mountState?: (folder: string, megabytes: number) => SmallDisk;
  /** In each slot; 1 unless said. */
  readonly instances?: number;
  /** Gives the shop its own SQLite database; `target` says the rest. */
  readonly database?: boolean;
}

/** Short waits and no approvals, so that a test takes seconds. */
export const fastTarget = `
        canary: [{ percent: 10, watch: 1s }]
        bake: 1s
`;

export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'bg-'));
  await layReleases(join(folder, 'releases'));
  const { instances = 1 } = options;
  const [blue = 0, green = 0, front = 0, ...others] = await freePorts(1 + 2 * instances);
  const ports = { blue, green, front };
  const all = { blue: [blue, ...others.slice(instances - 1)], green: [green, ...others.slice(0, instances - 1)] };
  const { stateMegabytes, mountState = mountSmallDisk } = options;
  const disk = stateMegabytes === undefined ? undefined : mountState(join(folder, 'state'), stateMegabytes);
  const file = join(folder, 'bluegreen.yaml');
  await writeFile(file, configText({ folder, ports, all, ...options }));
  const settings = loadSettings({ file, environment: {} });
  const engines: { engine: Engine; stop(): Promise<void> }[] = [];

  async function edit(change: (text: string) => string): Promise<Settings> {
    const text = change(await readFile(file, 'utf8'));
    await writeFile(file, text);
    return loadSettings({ file, environment: {} });
  }

  function open(processName = 'test', now = settings): Engine {
    const engine = openEngine({
      settings: now,
      log: silentLog,
      processName,
      ...(options.clock ? { clock: options.clock } : {}),
    });
    engines.push({ engine, stop: async () => engine.close() });
    return engine;
  }

  function drive(processName = 'driver', now = settings): { engine: Engine; stop(): Promise<void> } {
    const engine = openEngine({
      settings: now,
      log: silentLog,
      processName,
      ...(options.clock ? { clock: options.clock } : {}),
    });
    const over = new AbortController();
    const driving = engine.drive(over.signal);
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= (async () => {
        over.abort();
        await driving;
        engine.close();
      })();
      return stopped;
    };
    engines.push({ engine, stop });
    return { engine, stop };
  }

  async function strike(): Promise<void> {
    for (const { stop } of engines) await stop();
    await strikeSettings(settings);
    disk?.unmount();
    await removeFolder(folder);
  }

  return { folder, settings, ports, front: `http://127.0.0.1:${ports.front}`, disk, open, drive, edit, strike };
}

/** Stops the slots' processes and the balancers that outlive every engine. */
export async function strikeSettings(settings: Settings): Promise<void> {
  const engine = openEngine({ settings, log: silentLog, processName: 'strike' });
  await engine.teardown();
  engine.close();
}

interface ConfigText extends StageOptions {
  readonly folder: string;
  readonly ports: Stage['ports'];
  /** Of all instances. */
  readonly all?: Readonly<Record<'blue' | 'green', readonly number[]>>;
}

export function configText({
  folder,
  ports,
  all = { blue: [ports.blue], green: [ports.green] },
  target = fastTarget,
  service = '',
  balancer = 'embedded',
  attached,
  database = false,
}: ConfigText): string {
  const driver = attached?.({ folder, front: ports.front }) ?? { driver: balancer };
  const loadBalancer = JSON.stringify({ ...driver, listen: `127.0.0.1:${ports.front}` });
  return `
state: ${join(folder, 'state')}
people:
  - { id: alice, name: Alice, slack: U0ALICE, email: alice@example.com, codeHost: alice-codes }
  - { id: bob, name: Bob, slack: U0BOB }
approvers: [bob]
services:
  shop:
    releases: ${join(folder, 'releases', 'shop')}
    command: [${process.execPath}, server.mjs]
    channel: "#deploys"
    grace: 5s
    env: { SHOP_LEDGER: ${join(folder, 'ledger')}${database ? `, DATABASE_URL: "sqlite:${join(folder, 'shop.sqlite')}"` : ''} }
    health: { interval: 1s, startup: 20s }
    smokeTests:
      - { name: front page, path: /, expect: { text: ["<html"] } }
      - { name: products, path: /api/products, expect: { status: 200 } }
      - { name: order, method: POST, path: /api/orders, body: { id: smoke-1, product: 1, quantity: 1 }, expect: { json: { id: smoke-1 } } }
${service}
    targets:
      production:
        slots: { blue: ${slotText(all.blue)}, green: ${slotText(all.green)} }
        loadBalancer: ${loadBalancer}
${target}`;
}

const slotText = (ports: readonly number[]): string =>
  ports.length === 1 ? `{ port: ${ports[0]} }` : `{ ports: [${ports}] }`;

/** Waits until the deployment is as expected; the limit is generous because the machine is small. */
export async function until(
  engine: Engine,
  id: string,
  desired: (view: DeploymentView) => boolean,
  limitMs = 120_000,
): Promise<DeploymentView> {
  const end = Date.now() + limitMs;
  for (;;) {
    const view = engine.deployment(id);
    if (view && desired(view)) return view;
    if (Date.now() > end)
      throw new Error(
        `still ${JSON.stringify(view && { phase: view.phase, direction: view.direction, cause: view.cause, outcome: view.outcome, observation: view.observation?.judgement })}`,
      );
    await engine.changed(250);
  }
}

export const finished = (view: DeploymentView): boolean => view.outcome !== undefined;
export const awaitsApproval = (view: DeploymentView): boolean =>
  view.approval?.status === 'pending' && view.phase === 'await-approval';

export function value<T>(
  answer: { ok: true; value: T } | { ok: false; refusal: { code: string; sentence: string } },
): T {
  if (!answer.ok) throw new Error(`${answer.refusal.code}: ${answer.refusal.sentence}`);
  return answer.value;
}

/** A separate stage for each of several tests that run at the same time. */
export async function onStage<T>(
  options: StageOptions,
  play: (stage: Stage, engine: Engine) => Promise<T>,
): Promise<T> {
  const stage = await setStage(options);
  try {
    return await play(stage, stage.drive().engine);
  } finally {
    await stage.strike();
  }
}

/** Deploys and waits for the end. */
export async function deployed(
  engine: Engine,
  version: string,
  more: Partial<DeployRequest> = {},
): Promise<DeploymentView> {
  return until(engine, value(engine.deploy({ version, actor: alice, ...more })).id, finished);
}

/** Waits for anything; the limit is generous because the machine is small. */
export const eventually = (holds: () => boolean | Promise<boolean>, limitMs?: number): Promise<true> =>
  poll(holds, limitMs === undefined ? {} : { limitMs });

/** Time that a test moves by hand; waiting is real. `jump`: a person sets the wall clock. */
export function movable(): Clock & { advance(ms: number): void; jump(ms: number): void } {
  let ahead = 0;
  let jumped = 0;
  return {
    now: () => Date.now() + ahead + jumped,
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: systemClock.sleep,
    advance: (ms) => {
      ahead += ms;
    },
    jump: (ms) => {
      jumped += ms;
    },
  };
}
