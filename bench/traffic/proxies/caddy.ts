// Caddy as people switch it: a PATCH of the running configuration through its admin address.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@bg/engine/test-kit';
import { processesNaming } from '../processes.ts';
import { endAll, launch, listening } from './program.ts';
import type { Ground, Mechanism } from './proxy.ts';

const patchLimitMs = 20_000;
const maxTries = 20;

export const caddyPatch: Mechanism = {
  name: 'Caddy PATCH',
  kind: 'raw',
  family: 'caddy',
  start: async (ground) => {
    const { folder, port, backends } = ground;
    const admin = await freePort();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'caddy.json'), JSON.stringify(configOf(ground, admin)));
    launch(['caddy', 'run', '--config', join(folder, 'caddy.json')], folder);
    await listening(port, 'Caddy');
    return {
      switchTo: (slot) => patch({ folder, admin, port: backends[slot] }),
      // This version has no shares of users.
      weigh: undefined,
      stop: () => endAll(folder),
    };
  },
};

interface Change {
  readonly folder: string;
  readonly admin: number;
  readonly port: number;
}

/** Caddy opens its admin address again with each change, so that the next may come too early. */
async function patch({ folder, admin, port }: Change): Promise<void> {
  for (let tries = 1; ; tries += 1)
    try {
      const response = await fetch(`http://127.0.0.1:${admin}/id/side/upstreams/0/dial`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(`127.0.0.1:${port}`),
        signal: AbortSignal.timeout(patchLimitMs),
      });
      if (!response.ok) throw new Error(`Caddy answers ${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
      return;
    } catch (thrown) {
      if (processesNaming(folder).length === 0) throw new Error(`Caddy is dead: ${lastPanic(folder)}`);
      if (tries === maxTries) throw thrown;
      await delay(50);
    }
}

function lastPanic(folder: string): string {
  return /^panic: .*$/m.exec(readFileSync(join(folder, 'output.log'), 'utf8'))?.[0] ?? 'it says nothing about it';
}

function configOf({ port, backends }: Ground, admin: number): unknown {
  const handler = {
    '@id': 'side',
    handler: 'reverse_proxy',
    upstreams: [{ dial: `127.0.0.1:${backends.blue}` }],
    flush_interval: -1,
  };
  return {
    admin: { listen: `127.0.0.1:${admin}`, config: { persist: false } },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: {
      http: {
        servers: {
          users: {
            listen: [`127.0.0.1:${port}`],
            automatic_https: { disable: true },
            routes: [{ handle: [handler] }],
          },
        },
      },
    },
  };
}
