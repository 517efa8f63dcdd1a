// What a person does with the load balancer's own tools, past the engine: the same drivers, on the same folder, with no state.

import { type Routing, type Settings, silentLog, systemClock } from '@bg/engine';
import { drivers } from '../../packages/engine/src/compose/drivers.ts';
import { ownOf, requireDriver } from '../../packages/engine/src/config/drivers.ts';
import type { BalancerCore, BalancerSpec } from '../../packages/engine/src/load-balancer/load-balancer.ts';
import { openDatabase } from '../../packages/engine/src/state/database.ts';

/** Under the next generation and the fence that holds, as nothing else is accepted. */
export async function routeByHand(settings: Settings, routing: Partial<Routing>): Promise<void> {
  const balancer = balancerOf(settings);
  const [seen] = await balancer.observe();
  const generation = (seen?.routing?.generation ?? 0) + 1;
  const whole = { active: undefined, canary: undefined, preview: undefined, ...routing, generation };
  await balancer.apply(whole, seen?.fence ?? 0, { direction: 'back' });
}

function balancerOf({ stateFolder, targets: [target] }: Settings): BalancerCore {
  if (!target) throw new Error('no target');
  const { service, slots, balancer } = target;
  const upstream = (slot: 'blue' | 'green') => [{ host: '127.0.0.1', port: slots[slot].port }] as const;
  const spec: BalancerSpec = {
    service,
    target: target.target,
    listen: balancer.listen,
    upstreams: { blue: upstream('blue'), green: upstream('green') },
    sticky: balancer.sticky,
    preview: { header: 'x-bluegreen-preview', cookie: 'bg_preview', token: tokenOf(stateFolder) },
    allow: balancer.allow,
    requestTimeoutMs: balancer.requestTimeoutMs,
    drainSpreadMs: balancer.drainSpreadMs,
    trustedProxies: balancer.trustedProxies,
    maxHeaderBytes: balancer.maxHeaderBytes,
  };
  const driver = requireDriver(drivers.balancers, balancer.driver);
  return driver.create({
    spec,
    settings: ownOf(balancer, driver.name),
    stateFolder,
    accessLog: false,
    clock: systemClock,
    log: silentLog,
  });
}

function tokenOf(stateFolder: string): string {
  const { $client } = openDatabase(stateFolder);
  try {
    return String($client.prepare("SELECT value FROM meta WHERE key LIKE 'preview-token:%'").pluck().get());
  } finally {
    $client.close();
  }
}
