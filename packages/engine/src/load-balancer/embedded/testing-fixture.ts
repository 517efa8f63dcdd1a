import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import type { CountingBalancer } from '../capabilities.ts';
import type { BalancerFixture } from '../contract/stage.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { createControlClient } from './control-client.ts';
import { createEmbeddedBalancer } from './driver.ts';
import { proxyFiles } from './spec-file.ts';
import { endWatcher } from './watcher.ts';

const proxyEntry = fileURLToPath(new URL('../../../../../apps/proxy/src/main.ts', import.meta.url));

export async function embeddedFixture(spec: BalancerSpec): Promise<BalancerFixture<CountingBalancer>> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-lb-'));
  const options = { spec, folder, node: process.execPath, proxyEntry, clock: systemClock, log: silentLog };
  const balancer = createEmbeddedBalancer(options);
  return {
    balancer,
    another: () => createEmbeddedBalancer(options),
    kill: async () => {
      const { pid } = await createControlClient(proxyFiles(folder, spec).socket).status();
      // With its watcher, which would start it again at once.
      endWatcher(proxyFiles(folder, spec).watcher);
      process.kill(pid, 'SIGKILL');
      for (let looks = 0; looks < 500 && isAlive(pid); looks++) await systemClock.sleep(10);
    },
    dispose: async () => {
      await balancer.shutdown();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
