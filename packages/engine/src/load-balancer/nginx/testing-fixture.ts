import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import type { CountingBalancer } from '../capabilities.ts';
import type { BalancerFixture } from '../contract/stage.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { createNginxBalancer } from './driver.ts';
import { placesOf } from './places.ts';
import { masterOf, workersOf } from './process-of.ts';

export async function nginxFixture(spec: BalancerSpec): Promise<BalancerFixture<CountingBalancer>> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-nginx-'));
  const settings = { mode: 'managed', program: 'nginx', tls: undefined } as const;
  const options = { spec, settings, folder, clock: systemClock, log: silentLog };
  const balancer = createNginxBalancer(options);
  const places = placesOf(folder, spec);
  return {
    balancer,
    another: () => createNginxBalancer(options),
    kill: async () => {
      const pids = [masterOf(places) ?? 0, ...workersOf(places)].filter((pid) => pid > 0);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      for (let looks = 0; looks < 500 && workersOf(places).length > 0; looks++) await systemClock.sleep(10);
    },
    dispose: async () => {
      await balancer.shutdown();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
