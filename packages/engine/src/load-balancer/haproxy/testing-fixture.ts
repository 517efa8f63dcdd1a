import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import type { CountingBalancer } from '../capabilities.ts';
import type { BalancerFixture } from '../contract/stage.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { createHaproxyBalancer } from './driver.ts';
import { killHaproxy } from './testing.ts';

export async function haproxyFixture(spec: BalancerSpec): Promise<BalancerFixture<CountingBalancer>> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-hap-'));
  const settings = { mode: 'managed', program: 'haproxy', tls: undefined } as const;
  const options = { spec, settings, folder, node: process.execPath, clock: systemClock, log: silentLog };
  const balancer = createHaproxyBalancer(options);
  return {
    balancer,
    another: () => createHaproxyBalancer(options),
    kill: () => killHaproxy(options),
    dispose: async () => {
      await balancer.shutdown();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
