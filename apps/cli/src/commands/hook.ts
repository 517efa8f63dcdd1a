// What the rules of the configuration see in something that CI sent, before CI sends it. Nothing is changed.

import { readFileSync } from 'node:fs';
import { type BuildHost, buildHosts } from '@bg/engine';
import { exitCodes } from '../exit.ts';
import { onEngine } from '../session.ts';
import { explanationLines } from '../show/explanation.ts';
import { usageError } from '../usage.ts';
import type { Command } from './command.ts';

export const hook: readonly Command[] = [
  {
    group: 'hook',
    usage: 'test <file>',
    placeless: true,
    summary: 'show what each rule sees in a payload, and what its delivery would do; 1 when it is no build of ours',
    options: [
      ['--hook <name>', `whose payload it is: ${buildHosts.join(', ')} (default: the payload shows it)`],
      [
        '--event <name>',
        'the kind of event, as the header names it: workflow_run, release, … (default: the payload shows it)',
      ],
    ],
    examples: ['bg hook test workflow-run.json', 'bg hook test payload.json --hook github --event workflow_run --json'],
    run: onEngine(({ engine, screen }, [file = ''], options) => {
      const body = readPayload(file);
      const hook = options.hook === undefined ? undefined : hookNamed(options.hook);
      const seen = engine.builds.explain({ hook, kind: options.event ?? '', body });
      if (seen.hook === undefined)
        throw usageError(
          'This payload is no event of a build that is known here.',
          'bg hook test <file> --hook github --event workflow_run',
        );
      screen.answer({ ...seen, hook: seen.hook }, explanationLines);
      const isBuild = seen.rules.some(({ build, problem }) => build !== undefined && problem === undefined);
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

function hookNamed(name: string): BuildHost {
  const known = buildHosts.find((each) => each === name);
  if (known) return known;
  throw usageError(`"${name}" is no hook: ${buildHosts.join(', ')}.`);
}
