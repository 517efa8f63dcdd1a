// Whether a role works: its processes stay up, and what checks it says so.

import type { ProcessRoleSettings } from '../../config/process-roles/process-roles.ts';
import { probeInstances } from '../../environment/instance-checks.ts';
import { instancesOf, portsOf } from '../../environment/instances.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { poll } from '../../lib/poll.ts';
import { asSlot, type Core, type Target, urlOf } from '../core.ts';
import { placeOfRole, type Side } from './places.ts';

export interface Asked {
  readonly core: Pick<Core, 'clock'>;
  readonly target: Target;
  readonly side: Side;
  readonly role: ProcessRoleSettings;
  readonly signal: AbortSignal;
}

const pollMs = 250;

/** For as long as its check allows. @throws BlueGreenError `start-failed` */
export async function awaitRole(asked: Asked): Promise<void> {
  const { core, target, side, role, signal } = asked;
  if (!role.check) return;
  const { startupMs } = role.check.rule;
  let problem: string | undefined;
  const isWell = await poll(
    async () => {
      await requireUp(asked);
      problem = await problemOfRole(asked);
      return problem === undefined;
    },
    { clock: core.clock, everyMs: pollMs, limitMs: startupMs, signal },
  );
  if (isWell) return;
  signal.throwIfAborted();
  const quoted = target.environment.quoteLog(placeOfRole(target, side.slot, role), 5).join(' / ');
  throw new BlueGreenError(
    'start-failed',
    `${role.name} of ${side.release.version} was not healthy within ${startupMs / 1000} s: ${problem ?? 'no reason given'}${quoted === '' ? '' : `; its last lines: ${quoted}`}`,
  );
}

async function requireUp({ target, side, role }: Asked): Promise<void> {
  const seen = await target.environment.inspect(placeOfRole(target, side.slot, role));
  const ended = instancesOf(seen).find(({ kind }) => kind === 'stopped');
  if (ended?.kind !== 'stopped') return;
  const lastLog = ended.lastLog.slice(-5).join(' / ');
  throw new BlueGreenError(
    'start-failed',
    `${role.name} of ${side.release.version} ended (${ended.lastExit ?? 'nobody saw how'}): ${lastLog === '' ? 'it wrote nothing' : lastLog}`,
  );
}

/** What its check says now; undefined when it is well, and for a role without a check. */
export async function problemOfRole({ target, side, role, signal }: Asked): Promise<string | undefined> {
  if (!role.check) return undefined;
  const ports = portsOf(placeOfRole(target, side.slot, role));
  const report = await probeInstances({
    urls: ports.map((port) => urlOf({ host: '127.0.0.1', port })),
    enough: ports.length,
    expected: { slot: side.slot, version: side.release.version },
    settings: asSlot(target, side.slot, role.check.rule),
    signal,
  });
  return report.healthy ? undefined : (report.problem ?? 'no reason given');
}
