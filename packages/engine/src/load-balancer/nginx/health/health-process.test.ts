import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../lib/clock.ts';
import { until } from '../../../lib/testing/until.ts';
import type { BalancerSpec } from '../../load-balancer.ts';
import { type NginxPlaces, placesOf } from '../places.ts';
import { createHealthProcess, type HealthProcess } from './health-process.ts';
import { marksIn } from './marks.ts';

let folder: string;
let servers: readonly Server[];
let status: readonly [number, number];
let spec: BalancerSpec;
let places: NginxPlaces;
let processes: HealthProcess[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bg-health-'));
  status = [200, 200];
  servers = [0, 1].map((at) => createServer((_request, response) => response.writeHead(status[at] ?? 500).end()));
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const [one, two] = servers.map((server) => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }));
  if (!one || !two) throw new Error('two servers were started');
  const checks = { path: '/', headers: {}, statuses: [[200, 299]], intervalMs: 100, timeoutMs: 5_000 } as const;
  spec = {
    service: 'shop',
    target: 'production',
    listen: { host: '127.0.0.1', port: 1 },
    upstreams: { blue: [one, two], green: [one] },
    checks: { ...checks, failures: 1, successes: 1 },
    sticky: { by: 'address', name: '' },
    preview: undefined,
    allow: undefined,
    requestTimeoutMs: 5_000,
    drainSpreadMs: 0,
  };
  places = placesOf(folder, spec);
  processes = [];
});

afterEach(async () => {
  for (const each of processes) await each.stop();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

function made(changes: Partial<BalancerSpec> = {}): HealthProcess {
  const created = createHealthProcess({ spec: { ...spec, ...changes }, places, clock: systemClock });
  processes.push(created);
  return created;
}

const running = () => JSON.parse(readFileSync(join(places.folder, 'health.running'), 'utf8')) as { pid: number };

function marks(): readonly string[] {
  try {
    return readdirSync(join(marksIn(places.routing), 'blue'));
  } catch {
    return [];
  }
}

test('one process checks for several engines, marks what is not healthy, and takes the marks back', async () => {
  const health = made();
  await Promise.all([health.ensure(), made().ensure(), health.ensure()]);
  const { pid } = running();
  await health.ensure();
  expect(running().pid).toBe(pid);
  status = [200, 503];
  await until(() => marks().join() === '2');
  status = [200, 200];
  await until(() => marks().length === 0);
  status = [500, 200];
  await until(() => marks().join() === '1');
  await health.stop();
  expect(marks()).toEqual([]);
});

test('one that was killed is started again, and another configuration is followed', async () => {
  await made().ensure();
  const { pid } = running();
  process.kill(pid, 'SIGKILL');
  await until(async () => {
    await made().revive();
    return running().pid !== pid;
  });
  const second = running().pid;
  const other = made({ upstreams: { blue: spec.upstreams.blue, green: spec.upstreams.blue } });
  await other.revive();
  expect(running().pid).toBe(second);
  await other.ensure();
  expect(running().pid).not.toBe(second);
});

test('sides with one instance have none, and end the one that was there', async () => {
  await made().ensure();
  status = [200, 503];
  await until(() => marks().join() === '2');
  await made({ upstreams: { blue: spec.upstreams.green, green: spec.upstreams.green } }).ensure();
  expect(() => running()).toThrow('ENOENT');
  expect(marks()).toEqual([]);
});
