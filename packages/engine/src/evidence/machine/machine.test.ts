import { expect, it } from 'vitest';
import type { Question, SideUse } from '../../domain/evidence.ts';
import type { SlotName } from '../../domain/target.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { machine } from './descriptor.ts';

const side = (slot: SlotName, version: string) => ({
  ...{ slot, version, digest: `sha256:${version}`, host: '127.0.0.1', port: 1, instances: [] },
});
const question: Question = {
  ...{ service: 'shop', target: 'production', deployment: 'd_1' },
  stable: side('blue', 'v1'),
  canary: side('green', 'v2'),
};

const usual: SideUse = {
  ...{ mark: '1:0', percent: 90, cpuMs: 0, memoryBytes: 300 << 20, openFiles: 100, threads: 20, restarts: 0 },
};

type File = Parameters<typeof machine.resolve>[0];

/** What each side uses may be changed at any time. */
function started(file: File) {
  const clock = createFakeClock();
  const uses: Record<SlotName, SideUse | string> = { blue: usual, green: { ...usual, percent: 10 } };
  const source = machine.create({
    settings: machine.resolve(file),
    ...{ authorization: undefined, secrets: {}, timeoutMs: 1_000, clock },
    usage: async (slot) => {
      const use = uses[slot];
      if (typeof use === 'string') throw new Error(use);
      return use;
    },
  });
  const set = (slot: SlotName, use: Partial<SideUse> | string) => {
    const before = uses[slot];
    uses[slot] = typeof use === 'string' ? use : { ...(typeof before === 'string' ? usual : before), ...use };
  };
  const ask = (about: Partial<Question> = {}) => source.ask({ ...question, ...about }, new AbortController().signal);
  return { clock, set, ask, source };
}

it('gives a number of the new side', async () => {
  for (const [of, value] of [
    ['memory', 300],
    ['openFiles', 100],
    ['threads', 20],
    ['restarts', 0],
  ] as const)
    expect(await started({ of }).ask(), of).toEqual({ kind: 'number', value });
});

it('gives the share of a core from one answer to the next', async () => {
  const { ask, set, clock } = started({ of: 'cpu' });
  expect(await ask()).toMatchObject({ kind: 'none', why: 'empty' });
  clock.advance(10_000);
  set('green', { cpuMs: 7_000 });
  expect(await ask()).toEqual({ kind: 'number', value: 70 });
  // A start counts from zero.
  clock.advance(10_000);
  set('green', { mark: '1:5', cpuMs: 9_000 });
  expect(await ask()).toMatchObject({ kind: 'none', why: 'empty' });
  // Another deployment is another release.
  clock.advance(10_000);
  expect(await ask({ deployment: 'd_2' })).toMatchObject({ kind: 'none', why: 'empty' });
});

it.each<[File['of'], string, Partial<SideUse>, Partial<SideUse>]>([
  ['memory', '50%', { memoryBytes: 440 << 20 }, { memoryBytes: 460 << 20 }],
  ['openFiles', '10%', { openFiles: 116 }, { openFiles: 117 }],
  ['threads', '200%', { threads: 60 }, { threads: 61 }],
  ['restarts', '50%', { restarts: 0 }, { restarts: 1 }],
])('compares %s with the stable side (%s)', async (of, worse, good, bad) => {
  const { ask, set } = started({ of, worse });
  set('green', good);
  expect(await ask()).toMatchObject({ kind: 'opinion', result: 'pass' });
  set('green', bad);
  expect(await ask()).toMatchObject({ kind: 'opinion', result: 'fail' });
});

it('says what it has compared', async () => {
  const { ask, set } = started({ of: 'memory', worse: '50%' });
  set('green', { memoryBytes: 600 << 20 });
  expect(await ask()).toMatchObject({ text: 'memory of v2 is 600 MB, 100 % more than the 300 MB of v1' });
  set('green', { memoryBytes: 290 << 20 });
  expect(await ask()).toMatchObject({ text: 'memory of v2 is 290 MB, 3 % less than the 300 MB of v1' });
});

it('compares with the stable side as it was with users, when they have left it', async () => {
  const { ask, set } = started({ of: 'threads', worse: '50%' });
  set('blue', { threads: 100 });
  set('green', { threads: 100 });
  await ask();
  set('blue', { threads: 3, percent: 0 });
  expect(await ask()).toMatchObject({ result: 'pass', text: expect.stringContaining('of v1') });
  set('blue', 'nothing runs in blue');
  expect(await ask()).toMatchObject({ result: 'pass' });
  set('green', { threads: 160 });
  expect(await ask()).toMatchObject({ result: 'fail' });
  // Nothing of it counts for the next deployment.
  expect(await ask({ deployment: 'd_2' })).toEqual({ kind: 'none', why: 'failed', sentence: 'nothing runs in blue' });
});

it('never passes a side that cannot be read or compared', async () => {
  const { ask, set } = started({ of: 'openFiles', worse: '50%' });
  set('blue', { percent: 10 });
  expect(await ask()).toMatchObject({
    kind: 'none',
    why: 'empty',
    sentence: expect.stringContaining('half of the users'),
  });
  set('blue', { percent: 90 });
  set('green', { openFiles: undefined });
  expect(await ask()).toEqual({
    kind: 'none',
    why: 'failed',
    sentence: 'open files of v2 in green cannot be read by the account of the engine',
  });
  set('green', '1 of 2 instances run in green');
  expect(await ask()).toEqual({ kind: 'none', why: 'failed', sentence: '1 of 2 instances run in green' });
});

it('shows what it asks, in a plan and of a deployment', () => {
  expect(machine.describe(machine.resolve({ of: 'cpu', worse: '50%' }))).toBe(
    'CPU, at most 50 % more than on the stable side',
  );
  expect(machine.describe(machine.resolve({ of: 'memory' }))).toBe('memory in MB of the new side');
  expect(started({ of: 'memory', worse: '5%' }).source.shown(question)).toEqual(['memory in MB of green against blue']);
});
