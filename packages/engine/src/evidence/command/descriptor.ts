// A program of the team that is run and says whether the new side is good.

import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { error } from '../../config/kit/problems.ts';
import { listOf, matching } from '../../config/kit/values.ts';
import type { Answer, Question } from '../../domain/evidence.ts';
import { run } from '../../lib/exec.ts';
import type { EvidenceDriver, EvidenceParts } from '../driver.ts';
import { jsonIn, problemOf } from '../http-source.ts';
import { opinionIn, questionText } from '../opinion.ts';
import { checkPlaceholders } from '../pair-keys.ts';
import { fillIn } from '../placeholders.ts';
import type { EvidenceSource } from '../source.ts';

interface CommandSettings {
  readonly argv: readonly [string, ...string[]];
}

const keys = z
  .strictObject({
    argv: listOf(matching(/^[^\0]{1,2000}$/, 'a word of a command'), 64)
      .min(1, { error: 'a list of a program and its arguments' })
      .describe(
        'Program and arguments, never through a shell. It reads the facts of both sides as JSON and prints {"result": "pass", "fail" or "unknown", "text": "…"}.',
      ),
  })
  .describe('A program that is asked whether the new side is good.');

export const command: EvidenceDriver<typeof keys, CommandSettings> = {
  name: 'command',
  summary: 'a program that prints pass, fail or unknown',
  keys,
  takesAuthorization: false,
  check: (own, at) => [
    ...(own?.argv?.[0] === undefined || isAbsolute(own.argv[0])
      ? []
      : [error([...at, 'argv', 0], 'expected the absolute path of a program')]),
    ...(own?.argv ?? []).flatMap((word, index) => checkPlaceholders(word, [...at, 'argv', index])),
  ],
  resolve: ({ argv: [program = '', ...args] }) => ({ argv: [program, ...args] }),
  describe: ({ argv: [program] }) => `what ${program} prints`,
  create: createCommandSource,
};

const mostOutputBytes = 64 * 1024;

function createCommandSource({ settings, timeoutMs }: EvidenceParts<CommandSettings>): EvidenceSource {
  const [program, ...args] = settings.argv;
  const argvFor = (question: Question): [string, ...string[]] => [
    program,
    ...args.map((word) => fillIn(word, question.canary, question, (value) => value)),
  ];
  return {
    ask: async (question, signal): Promise<Answer> => {
      try {
        const { stdout } = await run({
          argv: argvFor(question),
          // Secrets of this process are none of its business.
          env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
          input: questionText(question),
          timeoutMs,
          signal,
          group: true,
          maxOutputBytes: mostOutputBytes,
        });
        return opinionIn(jsonIn(stdout, program), program, stdout);
      } catch (thrown) {
        signal.throwIfAborted();
        return { kind: 'none', why: 'failed', sentence: problemOf(thrown) };
      }
    },
    shown: (question) => [argvFor(question).join(' ')],
  };
}
