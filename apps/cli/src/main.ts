#!/usr/bin/env node
// `bg`: the verbs of the engine without Slack. The only reader of the process's environment, arguments and signals.

import { createInterface } from 'node:readline/promises';
import { BlueGreenError, hasCode, keepFilesPrivate, messageOf, storageFault, withSecretFiles } from '@bg/engine';
import { CommanderError } from 'commander';
import { type ExitCode, exitCodes } from './exit.ts';
import { buildProgram } from './program.ts';
import type { Reader, World } from './session.ts';
import { jsonLine, plain } from './show/plain.ts';

keepFilesPrivate();
process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<ExitCode> {
  const world: World = {
    // A shell that may not read a secret can still roll back.
    environment: withSecretFiles(process.env, 'leave-out'),
    out: process.stdout,
    err: process.stderr,
    stop: stopSignal(),
    reader: watchReader(),
    ask: asker(),
  };
  let code: ExitCode = exitCodes.done;
  try {
    const program = buildProgram(world, (given) => {
      code = given;
    });
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (thrown) {
    return failed(thrown, words.includes('--json'));
  }
}

/** The first signal asks the command to end in order; the second ends the process where it is. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(exitCodes.stopped);
    stop.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return stop.signal;
}

/**
 * A reader that closed early (`| head`) has seen enough, and a full disk takes no answer: this process ends, unless it
 * is the controller of a deployment, which never depends on its output.
 */
function watchReader(): Reader {
  const reader: Reader = { hasLeft: false, isOutlived: false };
  const onError = (error: NodeJS.ErrnoException): void => {
    reader.hasLeft = true;
    reader.problem ??= error.code === 'EPIPE' ? undefined : messageOf(error);
    if (!reader.isOutlived) endWithoutReader(error);
  };
  process.stdout.on('error', onError);
  // The process continues when it loses its messages on stderr, but not when it loses a result.
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') onError(error);
  });
  return reader;
}

/** Only a terminal can be asked. What stands in brackets is taken for an empty answer; a closed input is one. */
function asker(): World['ask'] {
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true) return undefined;
  return async (question, proposal) => {
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    try {
      const answer = await lines.question(`${question}${proposal === '' ? '' : ` [${proposal}]`}: `);
      return answer.trim() || proposal;
    } finally {
      lines.close();
    }
  };
}

function endWithoutReader(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  process.stderr.write(`failed: the answer could not be written: ${plain(messageOf(error))}\n`);
  process.exit(exitCodes.failed);
}

function failed(thrown: unknown, json: boolean): ExitCode {
  if (thrown instanceof CommanderError) return commandLineEnd(thrown, json);
  const fault = storageFault(thrown) ?? thrown;
  const { code, help } =
    fault instanceof BlueGreenError ? fault : { code: 'unexpected', help: 'LOG_LEVEL=debug shows where it happened.' };
  const message = messageOf(fault);
  if (json) process.stdout.write(jsonLine({ error: { code, message, help } }));
  else
    process.stderr.write(
      `${[`failed (${code}): ${message}`, `  ${help}`]
        .flatMap((text) => text.split('\n'))
        .map(plain)
        .join('\n')}\n`,
    );
  if (process.env.LOG_LEVEL === 'debug' && thrown instanceof Error) process.stderr.write(`${thrown.stack}\n`);
  return hasCode(thrown, 'config-invalid') || hasCode(thrown, 'config-changed')
    ? exitCodes.configInvalid
    : exitCodes.failed;
}

/** `--help` is an answer; everything else that commander throws is a command line that makes no sense. */
function commandLineEnd({ exitCode, code, message }: CommanderError, json: boolean): ExitCode {
  if (exitCode === 0) return exitCodes.done;
  // `bg` or `bg audit` without arguments: the help was written already.
  if (code === 'commander.help') return exitCodes.usage;
  const sentence = message.replace(/^error: /, '');
  if (json) process.stdout.write(jsonLine({ error: { code: 'usage', message: sentence, help: 'bg --help' } }));
  else process.stderr.write(`${sentence.split('\n').map(plain).join('\n')}\n  See: bg --help\n`);
  return exitCodes.usage;
}
