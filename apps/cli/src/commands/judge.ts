// What the judge said about a canary, and why.

import { readPlace } from '../place.ts';
import { answered } from '../refused.ts';
import { onEngine } from '../session.ts';
import { judgeReportLines } from '../show/judge-report.ts';
import { judgementLines } from '../show/judgement.ts';
import { replayLines } from '../show/replay.ts';
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
  {
    group: 'judge',
    usage: 'replay <recording> [place]',
    summary: 'judge a recorded canary once more, with this or another policy: when it would have decided what',
    options: [['--set <policy>', 'other values of judge, as in the configuration: "falseRollback: 2%, least: 5m"']],
    examples: [
      'bg judge replay latest',
      'bg judge replay d_c379 --set "critical: [errors, p50], least: 30s"',
      'bg judge replay ./d_c3797810.jsonl --json',
    ],
    run: onEngine(({ engine, screen }, [word = '', place], options) => {
      const file = /[./\\]/.test(word) ? word : undefined;
      const { set } = options;
      return answered(screen, engine.timelines.replay(word, readPlace(place, options), { file, set }), replayLines);
    }),
  },
  {
    group: 'judge',
    usage: 'report [place]',
    summary: 'what the comparison said of the last 100 deployments, what became of them, and whether it may decide',
    examples: ['bg judge report', 'bg judge report shop/staging', 'bg judge report --json'],
    run: onEngine(({ engine, screen }, [place], options) =>
      answered(screen, engine.timelines.judged(readPlace(place, options)), judgeReportLines),
    ),
  },
];
