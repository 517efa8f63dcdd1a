// A balancer with three real processes behind each side.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SlotName } from '../../domain/target.ts';
import { freePorts } from '../../lib/testing/ports.ts';
import { until } from '../../lib/testing/until.ts';
import type { LoadBalancer } from '../capabilities.ts';
import { withCapabilities } from '../driver.ts';
import type { InstanceChecks } from '../instances/checks.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import type { BalancerFixture, Declared } from './stage.ts';
import { call } from './user.ts';

export interface RealInstance {
  readonly slot: SlotName;
  readonly number: number;
  readonly port: number;
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void;
  /** Resolves when the process has ended. */
  ended(): Promise<void>;
  /** Again, on the same port. */
  start(): Promise<void>;
  answerHealth(status: number): Promise<void>;
  /** Ids of requests by their last line: `began` for those that were never answered. */
  requests(): ReadonlyMap<string, 'began' | 'ended'>;
}

export interface InstancesStage {
  readonly fixture: BalancerFixture<LoadBalancer>;
  readonly spec: BalancerSpec;
  readonly base: string;
  readonly instances: Readonly<Record<SlotName, readonly RealInstance[]>>;
  route(routing: Partial<Parameters<LoadBalancer['apply']>[0]>): Promise<void>;
  dispose(): Promise<void>;
}

export const perSide = 3;
export const previewOfInstances = 'preview-token-of-the-instances';

/** A failing instance is out within one interval and the time of its checks. */
const checks: InstanceChecks = {
  path: '/health',
  headers: {},
  statuses: [[200, 299]],
  intervalMs: 500,
  timeoutMs: 1_500,
  failures: 2,
  successes: 2,
};

export async function buildInstancesStage(
  driver: Declared,
  makeFixture: (spec: BalancerSpec) => Promise<BalancerFixture>,
  changes: Partial<BalancerSpec> = {},
): Promise<InstancesStage> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-inst-'));
  const [listen = 0, ...ports] = await freePorts(2 * perSide + 1);
  const side = (slot: SlotName) =>
    ports
      .slice(slot === 'blue' ? 0 : perSide)
      .slice(0, perSide)
      .map((port, at) => createInstance({ slot, number: at + 1, port, file: join(folder, `${slot}-${at + 1}`) }));
  const instances = { blue: side('blue'), green: side('green') };
  const all = [...instances.blue, ...instances.green];
  await Promise.all(all.map((each) => each.start()));
  const spec: BalancerSpec = {
    service: 'shop',
    target: 'production',
    listen: { host: '127.0.0.1', port: listen },
    upstreams: { blue: endpointsOf(instances.blue), green: endpointsOf(instances.green) },
    checks,
    sticky: { by: 'cookie', name: 'bg_bucket' },
    preview: { header: 'x-preview-token', cookie: 'bg_preview', token: previewOfInstances },
    allow: undefined,
    requestTimeoutMs: 20_000,
    drainSpreadMs: 0,
    ...changes,
  };
  const made = await makeFixture(spec);
  const fixture = { ...made, balancer: withCapabilities(driver, made.balancer) };
  await fixture.balancer.ensure();
  let generation = 0;
  return {
    fixture,
    spec,
    base: fixture.balancer.entrypoints[0] ?? '',
    instances,
    route: (routing) => {
      const whole = { active: undefined, canary: undefined, preview: undefined, ...routing };
      return fixture.balancer.apply({ ...whole, generation: ++generation }, 1);
    },
    dispose: async () => {
      await fixture.dispose();
      for (const each of all) each.signal('SIGKILL');
      await Promise.all(all.map((each) => each.ended()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function endpointsOf(instances: readonly RealInstance[]): BalancerSpec['upstreams'][SlotName] {
  const [first, ...others] = instances.map(({ port }) => ({ host: '127.0.0.1', port }));
  if (first === undefined) throw new Error('a side has an instance');
  return [first, ...others];
}

interface Place {
  readonly slot: SlotName;
  readonly number: number;
  readonly port: number;
  readonly file: string;
}

function createInstance({ slot, number, port, file }: Place): RealInstance {
  let child: ChildProcess | undefined;
  let over = Promise.resolve();
  writeFileSync(file, '');
  const base = `http://127.0.0.1:${port}`;
  return {
    slot,
    number,
    port,
    signal: (name) => void child?.kill(name),
    ended: () => over,
    start: async () => {
      const script = join(import.meta.dirname, 'testing-instance.ts');
      const started = spawn(process.execPath, [script, slot, String(number), String(port), file], { stdio: 'ignore' });
      child = started;
      over = new Promise((resolve) => started.once('exit', () => resolve()));
      await until(() =>
        call(base, { path: '/health' }).then(
          () => true,
          () => false,
        ),
      );
    },
    answerHealth: async (status) => void (await call(base, { path: `/set-health/${status}` })),
    requests: () =>
      new Map(
        readFileSync(file, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => line.split(' ') as ['began' | 'ended', string])
          .map(([what, id]) => [id, what]),
      ),
  };
}
