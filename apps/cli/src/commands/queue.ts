// What waits for a target: deployments for a set time, and those behind the one that runs.

import { readPlace } from '../place.ts';
import { answered } from '../refused.ts';
import { onEngine } from '../session.ts';
import { waitingLines } from '../show/waiting.ts';
import { type Command, reasonOption } from './command.ts';

export const queue: readonly Command[] = [
  {
    usage: 'queue [place]',
    summary: 'show what waits, with its place and when it is expected, and what has ended lately',
    examples: ['bg queue', 'bg queue shop/staging --json'],
    run: onEngine(({ engine, screen }, [place], options) =>
      answered(screen, engine.waiting(readPlace(place, options)), ({ now, ended }, light) => [
        ...(now.length === 0 ? ['nothing waits'] : now.flatMap((each) => waitingLines(each, light))),
        ...(ended.length === 0 ? [] : [light.paint.dim('ended lately:')]),
        ...ended.flatMap((each) => waitingLines(each, light)),
      ]),
    ),
  },
  {
    usage: 'cancel <request>',
    summary: 'take a deployment or a build out of the queue, or cancel a scheduled one',
    options: [reasonOption],
    placeless: true,
    examples: ['bg cancel w_1a2b3c4d', 'bg cancel build-17 --reason "found a mistake"'],
    run: onEngine(({ engine, actor, screen }, [id = ''], { reason }) =>
      answered(screen, engine.cancelWaiting(id, actor, reason), waitingLines),
    ),
  },
  {
    usage: 'first <request>',
    summary: 'put a deployment or a build that waits before the others; needs --reason',
    options: [reasonOption],
    placeless: true,
    examples: ['bg first w_1a2b3c4d --reason "fixes the outage"'],
    run: onEngine(({ engine, actor, screen }, [id = ''], { reason = '' }) =>
      answered(screen, engine.putFirst(id, actor, reason), waitingLines),
    ),
  },
];
