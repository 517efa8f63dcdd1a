// One nginx in its own folder with two small real services behind it, for the tests of this driver.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { freePort } from '../../lib/testing/ports.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { type Backend, startBackend } from '../contract/backend.ts';
import { type Call, call, type Reply } from '../contract/user.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { createNginxBalancer } from './driver.ts';
import type { NginxOptions } from './parts.ts';
import { type NginxPlaces, placesOf } from './places.ts';

export interface NginxStage {
  readonly folder: string;
  readonly options: NginxOptions;
  readonly places: NginxPlaces;
  readonly backends: Readonly<Record<SlotName, Backend>>;
  /** Another engine's balancer on the same folder; all are shut down at the end. */
  balancer(changes?: Partial<NginxOptions>): CountingBalancer;
  user(options?: Call): Promise<Reply>;
  end(): Promise<void>;
}

export async function nginxStage(changes: Partial<BalancerSpec> = {}): Promise<NginxStage> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-ngx-'));
  const backends = { blue: await startBackend('blue'), green: await startBackend('green') };
  const host = '127.0.0.1';
  const spec: BalancerSpec = {
    service: 'shop',
    target: 'production',
    listen: { host, port: await freePort() },
    upstreams: { blue: [{ host, port: backends.blue.port }], green: [{ host, port: backends.green.port }] },
    sticky: { by: 'address', name: '' },
    preview: { header: 'x-preview', cookie: 'bg_preview', token: 'a-token-that-nobody-may-log' },
    allow: undefined,
    requestTimeoutMs: 5_000,
    drainSpreadMs: 0,
    ...changes,
  };
  const settings = { mode: 'managed', program: 'nginx', tls: undefined } as const;
  const options: NginxOptions = { spec, settings, folder, clock: systemClock, log: silentLog };
  const made: CountingBalancer[] = [];
  return {
    folder,
    options,
    places: placesOf(folder, spec),
    backends,
    balancer: (other = {}) => {
      const balancer = createNginxBalancer({ ...options, ...other });
      made.push(balancer);
      return balancer;
    },
    user: (given) => call(`http://${host}:${spec.listen.port}`, given),
    end: async () => {
      for (const balancer of made) await balancer.shutdown();
      await Promise.all([backends.blue.close(), backends.green.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A certificate for `localhost` and its key, as files in the folder. */
export function selfSigned(folder: string): { readonly certificate: string; readonly key: string } {
  const certificate = join(folder, 'shop.pem');
  const key = join(folder, 'shop.key');
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  return { certificate, key };
}

/** A routing from only the fields that matter. */
export const routed = (generation: number, rest: Partial<Routing>): Routing => ({
  generation,
  active: undefined,
  canary: undefined,
  preview: undefined,
  ...rest,
});
