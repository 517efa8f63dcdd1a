// The drivers of this project, as the engine uses them.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BalancerSpec, type Routing, type SlotName, silentLog, systemClock } from '@bg/engine';
import { freePort } from '@bg/engine/test-kit';
import type { CountingBalancer } from '../../../packages/engine/src/load-balancer/capabilities.ts';
import { createEmbeddedBalancer } from '../../../packages/engine/src/load-balancer/embedded/driver.ts';
import { createHaproxyBalancer } from '../../../packages/engine/src/load-balancer/haproxy/driver.ts';
import { createNginxBalancer } from '../../../packages/engine/src/load-balancer/nginx/driver.ts';
import { makeCertificate } from './certificate.ts';
import { type Ground, type Mechanism, type RunningProxy, userCookie } from './proxy.ts';

const proxyEntry = fileURLToPath(new URL('../../../apps/proxy/src/main.ts', import.meta.url));
const surroundings = { clock: systemClock, log: silentLog } as const;
const fence = 1;
const countEveryMs = 1_000;

export const embeddedDriver: Mechanism = {
  name: 'embedded driver',
  kind: 'driver',
  family: 'embedded',
  start: (ground) =>
    startDriver(
      ground,
      createEmbeddedBalancer({
        spec: specOf(ground),
        folder: ground.folder,
        node: process.execPath,
        proxyEntry,
        ...surroundings,
      }),
    ),
};

export const nginxDriver: Mechanism = {
  name: 'nginx driver',
  kind: 'driver',
  family: 'nginx',
  start: (ground) =>
    startDriver(
      ground,
      createNginxBalancer({
        spec: specOf(ground),
        folder: ground.folder,
        settings: { mode: 'managed', program: 'nginx', tls: undefined },
        ...surroundings,
      }),
    ),
};

export const haproxyDriver: Mechanism = {
  name: 'HAProxy driver',
  kind: 'driver',
  family: 'haproxy',
  start: (ground) =>
    startDriver(
      ground,
      createHaproxyBalancer({
        spec: specOf(ground),
        folder: ground.folder,
        settings: { mode: 'managed', program: 'haproxy', tls: undefined },
        node: process.execPath,
        ...surroundings,
      }),
    ),
};

/** The same drivers with their users on TLS and HTTP/2. */
export const nginxDriverSecure: Mechanism = {
  name: 'nginx driver, TLS and HTTP/2',
  kind: 'driver',
  family: 'nginx',
  start: (ground) =>
    startSecure(ground, ({ listen, file }) =>
      createNginxBalancer({
        spec: specOf(ground),
        folder: ground.folder,
        settings: { mode: 'managed', program: 'nginx', tls: { listen, certificate: file, key: file } },
        ...surroundings,
      }),
    ),
};

export const haproxyDriverSecure: Mechanism = {
  name: 'HAProxy driver, TLS and HTTP/2',
  kind: 'driver',
  family: 'haproxy',
  start: (ground) =>
    startSecure(ground, ({ listen, file }) =>
      createHaproxyBalancer({
        spec: specOf(ground),
        folder: ground.folder,
        settings: { mode: 'managed', program: 'haproxy', tls: { listen, certificate: file } },
        node: process.execPath,
        ...surroundings,
      }),
    ),
};

interface Door {
  readonly listen: BalancerSpec['listen'];
  readonly file: string;
}

async function startSecure(ground: Ground, create: (door: Door) => CountingBalancer): Promise<RunningProxy> {
  mkdirSync(ground.folder, { recursive: true });
  const { file, authority } = await makeCertificate(ground.folder);
  const port = await freePort();
  const running = await startDriver(ground, create({ listen: { host: '127.0.0.1', port }, file }));
  return { ...running, secure: { port, authority } };
}

async function startDriver({ folder }: Ground, balancer: CountingBalancer): Promise<RunningProxy> {
  mkdirSync(folder, { recursive: true });
  let generation = 0;
  const route = (routing: Partial<Routing>): Promise<void> =>
    balancer.apply(
      { active: undefined, canary: undefined, preview: undefined, ...routing, generation: ++generation },
      fence,
    );
  await balancer.ensure();
  await route({ active: 'blue' });
  // As the engine does while a canary is watched.
  const counting = setInterval(() => void balancer.traffic(Date.now() - 5_000).catch(() => undefined), countEveryMs);
  return {
    switchTo: (active) => route({ active }),
    weigh: (percent) => route({ active: 'blue', canary: percent === 0 ? undefined : { slot: 'green', percent } }),
    stop: async () => {
      clearInterval(counting);
      await balancer.shutdown();
    },
  };
}

function specOf({ port, backends }: Ground): BalancerSpec {
  const host = '127.0.0.1';
  const upstream = (slot: SlotName) => [{ host, port: backends[slot] }] as const;
  return {
    service: 'shop',
    target: 'production',
    listen: { host, port },
    upstreams: { blue: upstream('blue'), green: upstream('green') },
    sticky: { by: 'cookie', name: userCookie },
    preview: { header: 'x-preview-token', cookie: 'bg_preview', token: 'a-token-of-the-bench' },
    allow: undefined,
    requestTimeoutMs: 30_000,
    drainSpreadMs: 0,
  };
}
