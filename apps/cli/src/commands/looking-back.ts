// Commands that look back: they read the audit log and the journal, and change nothing.

import { exitCodes } from '../exit.ts';
import { readPlace } from '../place.ts';
import { answered, refused } from '../refused.ts';
import { onEngine } from '../session.ts';
import { impactOf, incidentLines } from '../show/incident.ts';
import { timelineLines } from '../show/timeline.ts';
import type { Command } from './command.ts';

export const lookingBack: readonly Command[] = [
  {
    usage: 'show <deployment> [place]',
    summary: 'what happened in a deployment: steps, waits, approvals, numbers, proofs, refusals, log lines',
    options: [['--all', 'also every row of the audit log']],
    examples: ['bg show latest', 'bg show latest shop/staging', 'bg show d_c379', 'bg show d_c3797810 --json'],
    run: onEngine(({ engine, screen }, [word = '', place], options) =>
      answered(screen, engine.timelines.find(word, readPlace(place, options)), (view, light) =>
        timelineLines(view, light, { all: options.all === true }),
      ),
    ),
  },
  {
    usage: 'incident <deployment> [place]',
    summary: 'what a post-mortem of a deployment needs, as Markdown on stdout',
    examples: ['bg incident latest > incident.md', 'bg incident d_c379', 'bg incident latest shop/staging --json'],
    run: onEngine(({ engine, screen }, [word = '', place], options) => {
      const found = engine.timelines.find(word, readPlace(place, options));
      if (!found.ok) return refused(screen, found.refusal);
      screen.answer({ impact: impactOf(found.value), timeline: found.value }, ({ timeline }) =>
        incidentLines(timeline),
      );
      return exitCodes.done;
    }),
  },
];
