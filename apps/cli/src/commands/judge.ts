// What the judge said about a canary, and why.

import { readPlace } from '../place.ts';
import { answered } from '../refused.ts';
import { onEngine } from '../session.ts';
import { judgementLines } from '../show/judgement.ts';
import type { Command } from './command.ts';

export const judge: readonly Command[] = [
  {
    group: 'judge',
    usage: 'explain <deployment> [place]',
    summary: 'what decided a canary: verdicts with both sides’ numbers, the rule, checks, and what people did',
    examples: ['bg judge explain latest', 'bg judge explain latest shop/staging', 'bg judge explain d_c379 --json'],
    run: onEngine(({ engine, screen }, [word = '', place], options) =>
      answered(screen, engine.timelines.explain(word, readPlace(place, options)), judgementLines),
    ),
  },
];
