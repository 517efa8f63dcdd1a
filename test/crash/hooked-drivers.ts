// The engine's own drivers, whose calls that change the world pass a moment before and after them.

import { drivers } from '../../packages/engine/src/compose/drivers.ts';
import type { EnvironmentDriver } from '../../packages/engine/src/environment/driver.ts';
import type { BalancerDriver } from '../../packages/engine/src/load-balancer/driver.ts';
import type { Moments } from './moments.ts';

export function hookedDrivers(moments: Moments): typeof drivers {
  const [balancer, ...balancers] = drivers.balancers;
  const [environment, ...environments] = drivers.environments;
  return {
    ...drivers,
    balancers: [hookedBalancer(moments, balancer), ...balancers.map((each) => hookedBalancer(moments, each))],
    environments: [
      hookedEnvironment(moments, environment),
      ...environments.map((each) => hookedEnvironment(moments, each)),
    ],
  };
}

function hookedBalancer(moments: Moments, driver: BalancerDriver): BalancerDriver {
  return {
    ...driver,
    create: (parts) => {
      const own = driver.create(parts);
      return {
        ...own,
        ensure: () => around(moments, 'call balancer.ensure', () => own.ensure()),
        apply: (...given) => around(moments, 'call balancer.apply', () => own.apply(...given)),
      };
    },
  };
}

function hookedEnvironment(moments: Moments, driver: EnvironmentDriver): EnvironmentDriver {
  return {
    ...driver,
    create: (parts) => {
      const own = driver.create(parts);
      return {
        ...own,
        start: (...given) => around(moments, 'call environment.start', () => own.start(...given)),
        stop: (...given) => around(moments, 'call environment.stop', () => own.stop(...given)),
        judgeBy: (...given) => around(moments, 'call environment.judgeBy', () => own.judgeBy(...given)),
      };
    },
  };
}

async function around<T>({ pass }: Moments, label: string, call: () => Promise<T>): Promise<T> {
  pass(label, 'before');
  const result = await call();
  pass(label, 'after', (result as { pid?: number } | undefined)?.pid);
  return result;
}
