// What the rules of the configuration see in something that CI sent, before CI sends it. Nothing is changed.

import { readFileSync } from 'node:fs';
import type { Engine, Explanation } from '@bg/engine';
import { exitCodes } from '../exit.ts';
import { onEngine } from '../session.ts';
import { explanationLines } from '../show/explanation.ts';
import { usageError } from '../usage.ts';
import type { Command } from './command.ts';

const hooks = ['github', 'gitlab', 'cdevents', 'generic'] as const;
type Hook = (typeof hooks)[number];

export const hook: readonly Command[] = [
  {
    group: 'hook',
    usage: 'test <file>',
    placeless: true,
    summary: 'show what each rule sees in a payload, and what would come of it; 1 when it is no build of ours',
    options: [
      ['--hook <name>', `whose payload it is: ${hooks.join(', ')} (told from the payload)`],
      ['--event <name>', 'the kind of event, as the header names it: workflow_run, release, … (told from the payload)'],
    ],
    examples: ['bg hook test workflow-run.json', 'bg hook test payload.json --hook github --event workflow_run --json'],
    run: onEngine(({ engine, screen }, [file = ''], options) => {
      const body = readPayload(file);
      const given = { body, kind: options.event ?? '' };
      const named = options.hook === undefined ? undefined : hookNamed(options.hook);
      const found = named
        ? { hook: named, seen: engine.builds.explain({ ...given, hook: named }) }
        : guess(engine, given);
      screen.answer({ hook: found.hook, ...found.seen }, explanationLines);
      const isBuild = found.seen.rules.some(({ build, problem }) => build !== undefined && problem === undefined);
      return isBuild ? exitCodes.done : exitCodes.failed;
    }),
  },
];

function readPayload(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (thrown) {
    throw usageError(`${file} cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'no reason given'}).`);
  }
}

function hookNamed(name: string): Hook {
  const known = hooks.find((each) => each === name);
  if (known) return known;
  throw usageError(`"${name}" is no hook: ${hooks.join(', ')}.`);
}

/** The first hook that finds an event in it. */
function guess(
  engine: Pick<Engine, 'builds'>,
  given: { readonly body: Buffer; readonly kind: string },
): { readonly hook: Hook; readonly seen: Explanation } {
  for (const each of hooks) {
    const seen = engine.builds.explain({ ...given, hook: each });
    if (seen.event !== undefined || seen.problem !== undefined) return { hook: each, seen };
  }
  throw usageError(
    'This payload is no event of a build that is known here.',
    'bg hook test <file> --hook github --event workflow_run',
  );
}
