import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { createHaproxyBalancer } from './driver.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-hapc-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what is shown to people holds no header that checks of instances send, but the host', () => {
  const at = (port: number) => ({ host: '127.0.0.1', port });
  const headers = { host: 'shop.example.com', 'x-key': 'a "secret" of the service', 'x-other': 'another-one' };
  const timing = { intervalMs: 5_000, timeoutMs: 2_000, failures: 3, successes: 2 };
  const spec: BalancerSpec = {
    service: 'shop',
    target: 'production',
    listen: at(8080),
    upstreams: { blue: [at(8001), at(8002)], green: [at(8011), at(8012)] },
    checks: { path: '/health', headers, statuses: [[200, 299]], ...timing },
    sticky: { by: 'address', name: '' },
    preview: undefined,
    allow: undefined,
    requestTimeoutMs: 5_000,
    drainSpreadMs: 0,
  };
  const settings = { mode: 'managed', program: 'haproxy', tls: undefined } as const;
  const options = { spec, settings, folder, node: process.execPath, clock: systemClock, log: silentLog };
  const shown = (createHaproxyBalancer(options).configuration?.() ?? []).map(({ text }) => text).join('\n');
  expect(shown.match(/http-check send .*/g)).toEqual(
    Array.from(
      { length: 2 },
      () =>
        'http-check send meth GET uri "/health" ver HTTP/1.1 hdr host "shop.example.com" hdr x-key "-secret-" hdr x-other "-secret-"',
    ),
  );
  expect(shown).not.toMatch(/secret\\?" of the service|another-one/);
});
