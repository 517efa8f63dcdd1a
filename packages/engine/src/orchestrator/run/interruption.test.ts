// What a step throws becomes a reason that people can read, or is no result at all: this process may not act any more, or
// cannot write, and another one begins the step again.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlueGreenError } from '../../lib/errors.ts';
import { MigrationError } from '../../migrator/error.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { interruptible } from './interruption.ts';
import type { Run } from './journal.ts';
import { done, failed, type StepResult } from './step.ts';

let flow: Flow;
let id: string;
const over = { current: new AbortController() };
beforeEach(async () => {
  flow = await startFlow();
  id = flow.ask('v1');
  over.current = new AbortController();
});
afterEach(() => flow.close());

const run = (): Run => {
  const { core, lease } = flow.process();
  return { core, lease: lease(), row: flow.row(id), signal: over.current.signal };
};
const interrupted = (work: (stop: AbortSignal) => Promise<StepResult>) => flow.passing(interruptible(run(), work));
const stopped = (stop: AbortSignal) => new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()));

describe('a step that throws', () => {
  it.each<[Error, code: string, sentence: string]>([
    [new BlueGreenError('port-in-use', 'port 1 is taken'), 'port-in-use', 'port 1 is taken'],
    [
      new MigrationError('blocked', 'session 7 holds it', { hint: 'end it' }),
      'schema-blocked',
      'session 7 holds it (end it)',
    ],
    [new TypeError('x is undefined'), 'fault', 'x is undefined'],
    [Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', path: '/x' }), 'disk-full', ''],
  ])('%s has failed by that', async (thrown, code, sentence) => {
    const result = await interrupted(() => Promise.reject(thrown));
    expect(result).toMatchObject({ kind: 'failed', code, sentence: expect.stringContaining(sentence) });
  });

  it.each(['fenced-out', 'state-locked', 'state-replaced'] as const)('%s has no result', async (code) => {
    await expect(interrupted(() => Promise.reject(new BlueGreenError(code, 'not now')))).rejects.toMatchObject({
      code,
    });
    // Nothing goes on behind it.
    expect(flow.clock.sleeping()).toBe(0);
  });
});

describe('a step whose process stops', () => {
  it('has not failed, whatever it threw: the next process begins it again', async () => {
    const result = await interrupted(async (stop) => {
      over.current.abort();
      expect(stop.aborted).toBe(true);
      throw new Error('the connection was cut');
    });
    expect(result).toMatchObject({ kind: 'interrupted' });
  });

  it('is done when it was done: that is not done twice', async () => {
    const result = await interrupted(async () => {
      over.current.abort();
      return done('it runs');
    });
    expect(result).toEqual(done('it runs'));
  });
});

describe('a step of a deployment that is given up', () => {
  it('is asked to stop, and its result is waited for', async () => {
    const story: string[] = [];
    const result = await interrupted(async (stop) => {
      flow.people.abort({ id }, alice);
      await stopped(stop);
      story.push('stopped');
      await flow.clock.sleep(5_000);
      story.push('cleaned up');
      return failed('fault', 'it was cut off');
    });
    expect([result, story]).toEqual([failed('fault', 'it was cut off'), ['stopped', 'cleaned up']]);
  });

  it('before it began is asked at once', async () => {
    flow.people.abort({ id }, alice);
    expect(await interrupted(async (stop) => done(`stops: ${stop.aborted}`))).toEqual(done('stops: true'));
  });

  it('leaves the abort to the write that ends the step', async () => {
    flow.people.abort({ id }, alice, 'enough');
    expect((await flow.finish(id)).outcome).toMatchObject({ code: 'given-up', sentence: 'aborted by alice: enough' });
    expect(flow.actions().filter((action) => action === 'signal-taken')).toHaveLength(1);
  });
});
