import { expect, it } from 'vitest';
import type { LoadBalancer } from '../../load-balancer/capabilities.ts';
import type { Lease } from '../../state/leases.ts';
import type { Core } from '../core.ts';
import { watchBalancerFiles } from './watch-balancer-files.ts';

it('a balancer that answers is asked to compare its files; one that does not is left to the supervisor', async () => {
  const stop = new AbortController();
  const asked: string[] = [];
  const target = (name: string, reachable: boolean) => ({
    name,
    balancer: {
      observe: async () => [{ node: name, reachable, routing: undefined }],
      ensure: async () => {
        asked.push(name);
        if (asked.length === 1) throw new Error('the disk is full');
        stop.abort();
      },
    } as unknown as LoadBalancer,
  });
  const errors: unknown[] = [];
  const core = {
    targets: [target('gone', false), target('shop', true)],
    clock: {
      sleep: async () => {
        if (stop.signal.aborted) throw new Error('stopped');
      },
    },
    log: { error: (given: unknown) => void errors.push(given) },
  } as unknown as Core;
  await watchBalancerFiles(core, {} as Lease, stop.signal);
  expect(asked).toEqual(['shop', 'shop']);
  expect(errors).toMatchObject([{ target: 'shop', problem: 'the disk is full' }]);
});
