// `bg` within the process of the test: the same command table, engine and screen as the program, without the second that a
// process takes to start. What is about a process (signals, pipes, its environment) needs the shell.

import { CommanderError } from 'commander';
import { type ExitCode, exitCodes } from '../exit.ts';
import { buildProgram } from '../program.ts';
import type { Stream } from '../screen.ts';

export interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** @throws what the command throws, except where its arguments make no sense */
export async function runHere(config: string, words: readonly string[]): Promise<Ran> {
  const said = { out: '', err: '' };
  const into = (name: keyof typeof said): Stream => {
    const write = (text: string | Uint8Array): boolean => {
      said[name] += String(text);
      return true;
    };
    return { write, once: () => undefined, isTTY: false, columns: 80, rows: 24 } as unknown as Stream;
  };
  let code: ExitCode = exitCodes.done;
  const program = buildProgram(
    {
      environment: { BLUEGREEN_CONFIG: config },
      out: into('out'),
      err: into('err'),
      stop: new AbortController().signal,
      reader: { hasLeft: false, isOutlived: false },
    },
    (given) => {
      code = given;
    },
  );
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    return { code: exitCodes.usage, out: said.out, err: `${said.err}${thrown.message}` };
  }
  return { code, ...said };
}
