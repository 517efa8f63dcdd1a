// The program between users and the shop: there before the tour, seen while it runs, gone after it.

import { setTimeout as delay } from 'node:timers/promises';
import { installPrograms } from '../check/programs.ts';
import type { LoadBalancerName } from '../stack/demo-config.ts';
import { type RunningProcess, runningIn } from '../stack/running.ts';
import type { Checks } from './checks.ts';
import { finished, liveVersion, proofOf, type Scene, until } from './scene.ts';

/** How each looks among the processes. */
const looks: Readonly<Record<LoadBalancerName, RegExp>> = {
  embedded: /^\S*node\S* .*apps\/proxy\/src\/main\.ts/,
  haproxy: /^\S*haproxy /,
  nginx: /^nginx: master process /,
};
/** A side that got the signal to end may take its grace. */
const goneLimitMs = 15_000;

/** What to report when the program is not here, and cannot be installed. */
export function whatIsMissing(loadBalancer: LoadBalancerName, path: string): string | undefined {
  if (loadBalancer === 'embedded') return undefined;
  const [missing] = installPrograms([loadBalancer], path);
  return missing && `${missing} is not on this machine. Install it (Debian: apt-get install ${missing}) and try again.`;
}

/** That the shop is reached through the program that was asked for and no other, as its first release has proved. */
export async function checkBalancer(scene: Scene, loadBalancer: LoadBalancerName): Promise<void> {
  const { check } = scene.checks;
  const first = await until(scene, liveVersion(scene), finished);
  check(`${first.version} is live, proved through the load balancer`, first.receipt?.proved === true, proofOf(first));
  const running = runningIn(scene.places.folder);
  if (running === undefined) return;
  const names = (Object.keys(looks) as LoadBalancerName[]).filter((name) => find(running, name) !== undefined);
  const [name, ...others] = names;
  const pid = name && find(running, name)?.pid;
  check(
    `the load balancer is ${loadBalancer}`,
    name === loadBalancer && others.length === 0,
    names.length === 0 ? 'none runs' : `${names.join(' and ')}, process ${pid}`,
  );
}

function find(running: readonly RunningProcess[], name: LoadBalancerName): RunningProcess | undefined {
  return running.find(({ command }) => looks[name].test(command));
}

export async function checkNothingIsLeft({ check }: Checks, folder: string): Promise<void> {
  let running = runningIn(folder);
  for (const end = Date.now() + goneLimitMs; running?.length && Date.now() < end; running = runningIn(folder))
    await delay(100);
  if (running === undefined) return;
  const left = running.map(({ pid, command }) => `${pid} ${command.slice(0, 80)}`);
  check('nothing of it runs any more', left.length === 0, left.join('; ') || 'no process is left');
}
