// A process that a version without instances started still serves: what the engine says about it.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { createEmbeddedBalancer } from './driver.ts';
import { proxyFiles } from './spec-file.ts';

const at = (port: number) => ({ host: '127.0.0.1', port });
const spec: BalancerSpec = {
  service: 'shop',
  target: 'production',
  listen: at(9),
  upstreams: { blue: [at(8001), at(8002)], green: [at(8011), at(8012)] },
  sticky: { by: 'address', name: '' },
  preview: undefined,
  allow: undefined,
  requestTimeoutMs: 5_000,
  drainSpreadMs: 0,
};

it('is said to be of an earlier version, with the way to restart it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bg-old-'));
  const files = proxyFiles(folder, spec);
  // As that version answered.
  const message = `spec file ${files.spec}: upstreams.blue must be an object, not a list`;
  const old = createServer((request, response) => {
    const status = { pid: 4711, digest: 'of an earlier spec', routing: { generation: 3, active: 'blue' }, fence: 1 };
    if (request.method === 'GET') response.end(JSON.stringify(status));
    else response.writeHead(400).end(JSON.stringify({ error: 'invalid', message }));
  });
  await new Promise<void>((resolve) => old.listen(files.socket, resolve));
  try {
    const options = { folder, node: process.execPath, proxyEntry: '/nowhere', clock: systemClock, log: silentLog };
    const ensure = (wanted: BalancerSpec) => createEmbeddedBalancer({ spec: wanted, ...options }).ensure();
    const refused = await ensure(spec).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: 'balancer-unsettled', message: expect.stringContaining('kill -9 4711') });
    // What its watcher starts then reads.
    expect(JSON.parse(readFileSync(files.spec, 'utf8')).upstreams.blue).toHaveLength(2);
    // A refusal that has nothing to do with instances stays as it is.
    const single = { ...spec, upstreams: { blue: [at(8001)], green: [at(8011)] } } as const;
    await expect(ensure(single)).rejects.toThrow(message);
  } finally {
    old.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
