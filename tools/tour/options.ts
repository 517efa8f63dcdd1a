// What `npm run tour` can be asked for.

import { parseArgs } from 'node:util';
import type { LoadBalancerName } from '../stack/demo-config.ts';

export interface TourOptions {
  readonly loadBalancer: LoadBalancerName;
  /** Only deploy, canary, promote and rollback. */
  readonly core: boolean;
}

type Asked =
  | { readonly kind: 'understood'; readonly options: TourOptions }
  | { readonly kind: 'not understood' /** For people. */; readonly why: string };

const loadBalancers: readonly LoadBalancerName[] = ['embedded', 'haproxy', 'nginx'];
const usage = `usage: npm run tour -- [--load-balancer ${loadBalancers.join('|')}] [--core]`;

export function tourOptions(args: readonly string[]): Asked {
  const notUnderstood = (why: string): Asked => ({ kind: 'not understood', why: `${why}\n${usage}` });
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        'load-balancer': { type: 'string', default: 'embedded' },
        core: { type: 'boolean', default: false },
      },
    });
    const requested = values['load-balancer'];
    const loadBalancer = loadBalancers.find((name) => name === requested);
    if (loadBalancer === undefined)
      return notUnderstood(`There is no load balancer "${requested}": it is one of ${loadBalancers.join(', ')}.`);
    return { kind: 'understood', options: { loadBalancer, core: values.core } };
  } catch (thrown) {
    return notUnderstood(thrown instanceof Error ? thrown.message : String(thrown));
  }
}
