import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { balancerContract } from '../load-balancer.contract.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { haproxy } from './descriptor.ts';
import { createHaproxyBalancer } from './driver.ts';
import { killHaproxy } from './testing.ts';

balancerContract({ name: 'HAProxy', driver: haproxy }, async (spec: BalancerSpec) => {
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
});
