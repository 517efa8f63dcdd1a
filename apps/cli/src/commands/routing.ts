// Drift: the load balancer does something else than was decided. An approver puts it back, or decides for what is.

import { readPlace } from '../place.ts';
import { answered } from '../refused.ts';
import { onEngine } from '../session.ts';
import { targetLines } from '../show/status.ts';
import type { Command } from './command.ts';

export const routing: readonly Command[] = [
  {
    group: 'routing',
    usage: 'restore [place]',
    summary: 'put the routing back that was decided; for approvers',
    examples: ['bg routing restore', 'bg routing restore shop/staging'],
    run: onEngine(async ({ engine, actor, screen }, [place], options) =>
      answered(screen, await engine.restoreRouting({ ...readPlace(place, options), actor }), targetLines),
    ),
  },
  {
    group: 'routing',
    usage: 'adopt [place]',
    summary: 'decide for what the load balancer does now; no user is moved; for approvers',
    examples: ['bg routing adopt', 'bg routing adopt shop/staging'],
    run: onEngine(async ({ engine, actor, screen }, [place], options) =>
      answered(screen, await engine.adoptRouting({ ...readPlace(place, options), actor }), targetLines),
    ),
  },
];
