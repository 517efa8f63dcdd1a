// Commands that only read: every user may run them, and they change nothing.

import { exitCodes } from '../exit.ts';
import { stay } from '../follow/attend.ts';
import { readPlace } from '../place.ts';
import { answered, refused } from '../refused.ts';
import { onEngine } from '../session.ts';
import { historyLines } from '../show/deployment.ts';
import { releaseLines } from '../show/plan.ts';
import { statusLines, targetLines, wideLines } from '../show/status.ts';
import { readCount } from './amounts.ts';
import type { Command } from './command.ts';
import { findDeployment } from './which.ts';

export const looking: readonly Command[] = [
  {
    usage: 'status [place]',
    summary: 'what runs where, who may be sent back, what can be done now',
    options: [['--wide', 'also what the next start of each side would change']],
    examples: ['bg status', 'bg status shop/staging', 'bg status --json'],
    run: onEngine(async ({ engine, screen, stop }, [place], options) => {
      const ref = readPlace(place, options);
      await engine.lookNow(stop);
      const wide = options.wide === true;
      if (ref.service !== undefined || ref.target !== undefined)
        return answered(screen, engine.target(ref), wide ? wideLines : targetLines);
      screen.answer(engine.status(), (status, light) => statusLines(status, light, { wide }));
      return exitCodes.done;
    }),
  },
  {
    usage: 'history [place]',
    summary: 'the deployments of a target, newest first',
    options: [['--limit <n>', 'at most so many (20)']],
    examples: ['bg history', 'bg history shop/staging --limit 5'],
    run: onEngine(({ engine, screen }, [place], options) => {
      const limit = readCount('--limit', options.limit, { otherwise: 20, most: 1000 });
      return answered(screen, engine.history(readPlace(place, options), limit), historyLines);
    }),
  },
  {
    usage: 'releases [place]',
    summary: 'the versions that can be deployed',
    examples: ['bg releases', 'bg releases shop --json'],
    run: onEngine(({ engine, screen }, [place], options) =>
      answered(screen, engine.releases(readPlace(place, options)), (releases, { paint }) =>
        releaseLines(releases, paint),
      ),
    ),
  },
  {
    usage: 'follow [deployment]',
    summary: 'watch a deployment to its end; drives it where no process does',
    examples: ['bg follow', 'bg follow shop/staging', 'bg follow --json'],
    run: onEngine((session, [word], options) => {
      const found = findDeployment(session.engine, word, options);
      if (!found.ok) return refused(session.screen, found.refusal);
      return stay(session, found.value.id, { desired: 'forward', follow: true });
    }),
  },
];
