// A driver in a separate process that stops itself, as SIGSTOP from outside would, right before or after one question
// to HAProxy or one step of the routing file. Its last line says how its write ended.

import { pathToFileURL } from 'node:url';
import type { Routing } from '../../domain/routing.ts';
import type { BalancerSpec } from '../load-balancer.ts';

/** In the order in which a write meets them. */
export const sleeperMoments = [
  'before it begins',
  'before it prepares its version',
  'after it prepared its version',
  'after it read what is in force',
  'after it added its routing',
  'after its routing was committed',
  'before it moves its file into place',
] as const;

export type SleeperMoment = (typeof sleeperMoments)[number];

export interface SleeperOrder {
  readonly moment: SleeperMoment;
  readonly spec: BalancerSpec;
  readonly folder: string;
  readonly routing: Routing;
  readonly fence: number;
}

/** The command to HAProxy at that moment; `after`: once HAProxy has answered. */
const breakpoints: Readonly<
  Record<SleeperMoment, { readonly command: RegExp; readonly when: 'before' | 'after' } | undefined>
> = {
  'before it begins': undefined,
  'before it prepares its version': { command: /^prepare map/, when: 'before' },
  'after it prepared its version': { command: /^prepare map/, when: 'after' },
  'after it read what is in force': { command: /^add map/, when: 'before' },
  'after it added its routing': { command: /^add map/, when: 'after' },
  'after its routing was committed': { command: /^commit map/, when: 'after' },
  'before it moves its file into place': undefined,
};

async function main(order: SleeperOrder): Promise<void> {
  const { Socket } = await import('node:net');
  const breakpoint = breakpoints[order.moment];
  if (breakpoint) {
    const write = Socket.prototype.write;
    const patched = function (this: InstanceType<typeof Socket>, data: unknown, ...rest: unknown[]): boolean {
      const hit = typeof data === 'string' && breakpoint.command.test(data);
      if (hit && breakpoint.when === 'before') sleep();
      if (hit && breakpoint.when === 'after') this.prependOnceListener('data', sleep);
      return Reflect.apply(write, this, [data, ...rest]) as boolean;
    };
    Socket.prototype.write = patched as typeof write;
  }
  if (order.moment === 'before it moves its file into place') await sleepBeforeRename(order.folder);
  const [{ createHaproxyBalancer }, { systemClock }, { silentLog }] = await Promise.all([
    import('./driver.ts'),
    import('../../lib/clock.ts'),
    import('../../lib/log.ts'),
  ]);
  const settings = { mode: 'managed', program: 'haproxy', tls: undefined } as const;
  const { spec, folder, routing, fence } = order;
  const balancer = createHaproxyBalancer({
    spec,
    settings,
    folder,
    node: process.execPath,
    clock: systemClock,
    log: silentLog,
  });
  if (order.moment === 'before it begins') sleep();
  const whole = { ...routing, canary: routing.canary, preview: routing.preview };
  await balancer.apply(whole, fence).then(
    () => process.stdout.write('applied\n'),
    (thrown: { code?: string; message?: string }) => process.stdout.write(`${thrown.code ?? thrown.message}\n`),
  );
}

async function sleepBeforeRename(folder: string): Promise<void> {
  const [{ default: fs }, { syncBuiltinESMExports }] = await Promise.all([import('node:fs'), import('node:module')]);
  const rename = fs.renameSync;
  fs.renameSync = (from, to) => {
    if (String(from).startsWith(folder) && String(from).includes('lease-')) sleep();
    rename(from, to);
  };
  syncBuiltinESMExports();
}

let slept = false;

function sleep(): void {
  if (slept) return;
  slept = true;
  process.stdout.write('asleep\n');
  process.kill(process.pid, 'SIGSTOP');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await main(JSON.parse(process.argv[2] ?? '{}') as SleeperOrder);
