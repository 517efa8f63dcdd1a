// What the tests of this folder share: a stage with two small services, and two HAProxies of a "user" to attach to.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { freePort } from '../../lib/testing/ports.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { type Backend, startBackend } from '../contract/backend.ts';
import { call, sideOf } from '../contract/user.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { createHaproxyBalancer } from './driver.ts';
import { type AttachedSettings, type HaproxyOptions, placeOf } from './options.ts';
import { ended, recall, signal } from './process.ts';

export interface HaproxyStage {
  readonly folder: string;
  readonly options: HaproxyOptions;
  readonly backends: Readonly<Record<SlotName, Backend>>;
  readonly balancer: CountingBalancer;
  side(entrypoint?: string): Promise<string>;
  dispose(): Promise<void>;
}

export const routingOf = (generation: number, desired: Partial<Routing>): Routing => ({
  active: undefined,
  canary: undefined,
  preview: undefined,
  ...desired,
  generation,
});

/** Not ensured yet. */
export async function haproxyStage(change: {
  readonly spec?: Partial<BalancerSpec>;
  readonly settings?: (folder: string, port: number) => HaproxyOptions['settings'];
}): Promise<HaproxyStage> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-hap-'));
  const backends = { blue: await startBackend('blue'), green: await startBackend('green') };
  const upstream = (slot: SlotName) => [{ host: '127.0.0.1', port: backends[slot].port }] as const;
  const port = await freePort();
  const spec: BalancerSpec = {
    service: 'shop',
    target: 'production',
    listen: { host: '127.0.0.1', port },
    upstreams: { blue: upstream('blue'), green: upstream('green') },
    sticky: { by: 'cookie', name: 'bg_bucket' },
    preview: undefined,
    allow: undefined,
    requestTimeoutMs: 5_000,
    drainSpreadMs: 0,
    ...change.spec,
  };
  const settings = change.settings?.(folder, port) ?? { mode: 'managed', program: 'haproxy', tls: undefined };
  const options = { spec, settings, folder, node: process.execPath, clock: systemClock, log: silentLog };
  const balancer = createHaproxyBalancer(options);
  return {
    folder,
    options,
    backends,
    balancer,
    side: async (entrypoint = balancer.entrypoints[0] ?? '') => sideOf(await call(entrypoint)),
    dispose: async () => {
      await balancer.shutdown();
      for (const name of ['a', 'b']) await killNode(folder, name);
      await Promise.all([backends.blue.close(), backends.green.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As a crash would: at once. */
export async function killHaproxy(options: HaproxyOptions): Promise<void> {
  await killByRecord(placeOf(options).pidFile);
}

/**
 * Two HAProxies that the user runs, each with its own main file and our file next to it. On one machine they cannot
 * share a port, so the second reads a copy of our file with another port: its "reload command" makes the copy.
 */
export function farmOf(
  folder: string,
  port: number,
  ports: { readonly b: number; readonly log: number },
): AttachedSettings {
  const own = join(folder, 'etc');
  mkdirSync(own, { recursive: true });
  for (const name of ['a', 'b']) {
    const socket = join(folder, `${name}.sock`);
    writeFileSync(
      join(folder, `${name}.cfg`),
      `global\n  stats socket ${socket} mode 600 level admin expose-fd listeners\n  hard-stop-after 1m\n`,
    );
  }
  const script = join(import.meta.dirname, 'testing-reload.ts');
  return {
    mode: 'attached',
    folder: own,
    nodes: [
      { name: 'a', socket: { path: join(folder, 'a.sock') }, entrypoint: `http://127.0.0.1:${port}` },
      { name: 'b', socket: { path: join(folder, 'b.sock') }, entrypoint: `http://127.0.0.1:${ports.b}` },
    ],
    check: ['haproxy', '-c', '-f', join(folder, 'a.cfg'), '-f', '{file}'],
    reload: [process.execPath, script, folder, String(port), String(ports.b)],
    logAddress: { host: '127.0.0.1', port: ports.log },
    tls: undefined,
  };
}

export const nodeRecord = (folder: string, name: string) => join(folder, `${name}.pid.json`);

export const killNode = (folder: string, name: string): Promise<void> => killByRecord(nodeRecord(folder, name));

export const pidOf = (record: string): number =>
  Number((JSON.parse(readFileSync(record, 'utf8')) as { pid: number }).pid);

async function killByRecord(record: string): Promise<void> {
  const process = recall(record);
  if (process === undefined) return;
  signal(process, 'SIGKILL');
  await ended(process, systemClock, 5_000);
}
