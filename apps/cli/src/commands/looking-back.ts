// Commands that look back: they read the audit log and the journal, and change nothing.

import { exitCodes } from '../exit.ts';
import { readPlace } from '../place.ts';
import { answered, refused } from '../refused.ts';
import { onEngine } from '../session.ts';
import { impactOf, incidentLines } from '../show/incident.ts';
import { type Order, sidesLines } from '../show/sides.ts';
import { timelineLines } from '../show/timeline.ts';
import { usageError } from '../usage.ts';
import { readChartFile, writeChart } from './chart-file.ts';
import type { Command } from './command.ts';

export const lookingBack: readonly Command[] = [
  {
    usage: 'diff [words...]',
    summary: 'both sides of a target next to each other: release, settings, health, resources, numbers, schema',
    examples: ['bg diff', 'bg diff blue green', 'bg diff shop/staging green blue', 'bg diff --json'],
    run: onEngine(async ({ engine, screen }, words, options) => {
      const { order, place } = readSides(words);
      return answered(screen, await engine.compareSides(readPlace(place, options)), (view, light) =>
        sidesLines(view, light, order),
      );
    }),
  },
  {
    usage: 'show <deployment> [place]',
    summary: 'what happened in a deployment: steps, waits, approvals, numbers, proofs, refusals, log lines',
    options: [
      ['--all', 'also every row of the audit log'],
      ['--chart <file>', 'also draw errors and latency of both sides into this SVG file'],
    ],
    examples: [
      'bg show latest',
      'bg show latest shop/staging',
      'bg show d_c379',
      'bg show latest --chart canary.svg',
      'bg show d_c3797810 --json',
    ],
    run: onEngine(async ({ engine, screen }, [word = '', place], options) => {
      const file = options.chart === undefined ? undefined : readChartFile(options.chart);
      const found = engine.timelines.find(word, readPlace(place, options));
      if (found.ok && file !== undefined) screen.aside(await writeChart(found.value, file));
      return answered(screen, found, (view, light) => timelineLines(view, light, { all: options.all === true }));
    }),
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

/** `shop/staging green blue`: a place, and the sides in the order in which they are shown. */
function readSides(words: readonly string[]): { readonly order: Order; readonly place: string | undefined } {
  const slots = words.filter((word) => word === 'blue' || word === 'green');
  const [place, ...more] = words.filter((word) => word !== 'blue' && word !== 'green');
  const [first = 'blue', second = 'green'] = slots;
  if (more.length > 0 || slots.length === 1 || slots.length > 2 || first === second)
    throw usageError(
      `"${words.join(' ')}" does not name two sides.`,
      `bg diff ${[place, 'blue', 'green'].filter(Boolean).join(' ')}`,
    );
  return { order: [first, second], place };
}
