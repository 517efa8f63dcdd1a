// One rule for every command: an argument that cannot be understood ends with 2, whether the command line or the engine reads it.

import { CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, commands } from './program.ts';
import { openShell, type Shell } from './testing/shell.ts';

const nothing = { write: () => true, isTTY: false } as never;
const world = {
  environment: {},
  out: nothing,
  err: nothing,
  stop: new AbortController().signal,
  reader: { hasLeft: false },
};

async function endOf(words: readonly string[]): Promise<unknown> {
  let ran: unknown;
  try {
    await buildProgram(world as never, (code) => {
      ran = code;
    }).parseAsync([...words], { from: 'user' });
  } catch (thrown) {
    return thrown;
  }
  return ran;
}

const named = commands.map(({ group, usage }) => {
  const [name = '', ...words] = usage.split(' ');
  return { words: group === undefined ? [name] : [group, name], needed: words.filter((word) => word.startsWith('<')) };
});

describe('every command', () => {
  it.each(named)('bg $words does not take an option that it does not have', async ({ words, needed }) => {
    const end = await endOf([...words, ...needed.map(() => 'x'), '--no-such-option']);
    expect(end).toBeInstanceOf(CommanderError);
    expect((end as CommanderError).code).toBe('commander.unknownOption');
  });

  it.each(named.filter(({ needed }) => needed.length > 0))('bg $words needs its arguments', async ({ words }) => {
    const end = await endOf(words);
    expect(end).toBeInstanceOf(CommanderError);
    expect((end as CommanderError).code).toBe('commander.missingArgument');
  });
});

describe('a bad value', () => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell();
  });
  afterAll(() => shell.close());

  it.each([
    { words: ['audit', 'list', '--action', 'bad'], who: 'the engine' },
    { words: ['audit', 'list', '--actor', 'nobody-knows-them'], who: 'the engine' },
    { words: ['audit', 'list', '--since', 'yesterday-ish'], who: 'the command line' },
    { words: ['deploy', 'v1.0', '--at', '25:99'], who: 'the engine' },
    { words: ['deploy', 'v1.0', '--at', '22:00', '--zone', 'Mars/Olympus'], who: 'the engine' },
    { words: ['calendar', 'test', '--from', 'soon'], who: 'the engine' },
    { words: ['lock', ' '], who: 'the engine' },
  ])('ends with 2: $words, which $who reads', async ({ words }) => {
    const { code, err } = await shell.bg(...words);
    expect([code, err.trim() === '']).toEqual([2, false]);
  });

  it('is 3 only where a rule refuses, or what is named does not exist', async () => {
    expect((await shell.bg('cancel', 'w_nothing')).code).toBe(3);
    expect((await shell.bg('status', 'shpo')).code).toBe(3);
  });
});
