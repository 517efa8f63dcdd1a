// Holding a target, and settling what a deployment left behind.

import type { Actor, Engine, Result, TargetRef, TargetView } from '@bg/engine';
import { readPlace, readSlot, readVersion } from '../place.ts';
import { answered } from '../refused.ts';
import { onEngine } from '../session.ts';
import { targetLines } from '../show/status.ts';
import { readDuration } from './amounts.ts';
import type { Command } from './command.ts';

type TargetVerb = (engine: Engine, request: TargetRef & { readonly actor: Actor }) => Result<TargetView>;

export const holding: readonly Command[] = [
  {
    usage: 'lock <reason> [place]',
    summary: 'refuse new deployments of a target until the lock ends; rollback still works',
    options: [['--for <duration>', 'how long, like 30m or 2h']],
    examples: ['bg lock "sale starts at 18:00" --for 2h', 'bg lock "incident" shop/staging'],
    run: onEngine(({ engine, actor, screen }, [reason = '', place], options) => {
      const forMs = options.for === undefined ? {} : { forMs: readDuration('--for', options.for) };
      return answered(screen, engine.lock({ ...readPlace(place, options), actor, reason, ...forMs }), targetLines);
    }),
  },
  {
    usage: 'unlock [place]',
    summary: 'end a lock; that of another person only with --of, and its owner gets a message',
    options: [['--of <owner>', 'whose lock it is, when it is not your own']],
    examples: ['bg unlock', 'bg unlock shop/staging --of bob'],
    run: onEngine(({ engine, actor, screen }, [place], options) =>
      answered(screen, engine.unlock({ ...readPlace(place, options), actor, of: options.of }), targetLines),
    ),
  },
  {
    usage: 'suspend <reason> [place]',
    summary: 'machines deploy nothing on the target until the automation is resumed; people deploy as before',
    examples: ['bg suspend "waiting for the fix of v2.1"', 'bg suspend "incident" shop/staging'],
    run: onEngine(({ engine, actor, screen }, [reason = '', place], options) =>
      answered(screen, engine.suspend({ ...readPlace(place, options), actor, reason }), targetLines),
    ),
  },
  onTarget('unsuspend', 'resume the automation of a target, also after a rollback suspended it', (engine, request) =>
    engine.unsuspend(request),
  ),
  onTarget('restore', 'put the last good release back into the slot that holds a failed one', (engine, request) =>
    engine.restoreFailed(request),
  ),
  onTarget('keep', 'keep the failed side as it is, to look into it', (engine, request) => engine.keepFailed(request)),
  onTarget('standby keep', 'keep the standby running for rollback', (engine, request) =>
    engine.settleStandby({ ...request, to: 'keep' }),
  ),
  onTarget('standby stop', 'stop the standby; a rollback must start it first then', (engine, request) =>
    engine.settleStandby({ ...request, to: 'stop' }),
  ),
  onTarget('standby upgrade', 'bring the standby to the version that is live', (engine, request) =>
    engine.settleStandby({ ...request, to: 'upgrade' }),
  ),
  {
    usage: 'adopt <slot> <version> [place]',
    summary: 'take over a service that already runs on the port of a slot, without a restart',
    examples: ['bg adopt blue v1.0', 'bg adopt green v2.0 shop/staging'],
    run: onEngine(async ({ engine, actor, screen }, [word = '', version = '', place], options) => {
      const slot = readSlot('bg adopt', word, [version, place]);
      const request = { ...readPlace(place, options), slot, version: readVersion(version), actor };
      return answered(screen, await engine.adopt(request), targetLines);
    }),
  },
];

function onTarget(name: string, summary: string, verb: TargetVerb): Command {
  const [word = '', inner] = name.split(' ');
  return {
    ...(inner === undefined ? {} : { group: 'standby' as const }),
    usage: `${inner ?? word} [place]`,
    summary,
    examples: [`bg ${name}`, `bg ${name} shop/staging`],
    run: onEngine(({ engine, actor, screen }, [place], options) =>
      answered(screen, verb(engine, { ...readPlace(place, options), actor }), targetLines),
    ),
  };
}
