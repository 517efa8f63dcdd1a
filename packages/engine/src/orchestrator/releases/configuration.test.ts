// Two sides of one target that were started with other settings answer differently: people are told which names differ,
// once, and what a new start would change on each.

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlueGreenError } from '../../lib/errors.ts';
import { addRelease, setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { digestOf, write } from '../../testing/schema-flow.ts';
import { lookAtConfiguration, readSlotChange } from './configuration.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
});
afterEach(() => flow.close());

/** The configuration is changed, and the processes are started again with it. */
function configure(env: Readonly<Record<string, string>>, command?: readonly [string, ...string[]]): void {
  const settings = flow.process().target.settings as { env: unknown; command: unknown };
  settings.env = env;
  if (command) settings.command = command;
}

const look = async () => {
  const before = flow.lastSeq();
  const { core, target, lease } = flow.process();
  await lookAtConfiguration({ core, target, lease: lease() });
  return flow.story(before);
};
const changeOf = (slot: 'blue' | 'green', version: string) =>
  readSlotChange(flow.process().core, flow.process().target, slot, version);

describe('two sides', () => {
  it('of the same settings are no news, nor is one alone', async () => {
    configure({ A: '1' });
    await flow.live('v1');
    configure({ A: '2' });
    expect(await look()).toEqual([]);
    configure({ A: '1' });
    await flow.live('v2');
    expect(await look()).toEqual([]);
    expect([changeOf('blue', 'v1'), changeOf('green', 'v2')]).toEqual([undefined, undefined]);
  });

  it('that differ are reported once, by names and not by values, and again when other names differ', async () => {
    configure({ A: 'secret-1', B: '1' });
    await flow.live('v1');
    configure({ A: 'secret-2', C: '1' });
    await flow.live('v2');
    const said =
      'configuration-differs: v1 (standby in blue) and v2 (active in green) were not started with the same configuration: A, B, C';
    expect(await look()).toEqual([said]);
    expect(await look()).toEqual([]);
    flow.restart();
    expect(await look()).toEqual([]);
    expect(JSON.stringify(flow.people.audit.after(0, 1_000))).not.toContain('secret');
    configure({ A: 'secret-1' });
    await flow.live('v3');
    expect(await look()).toEqual([
      said
        .replace('v1', 'v3')
        .replace('standby', 'active')
        .replace('active in green', 'standby in green')
        .replace('A, B, C', 'A, C'),
    ]);
  });

  it('differ by their command only where it is the configuration that names it', async () => {
    configure({}, ['node', 'server.mjs']);
    await flow.live('v1');
    configure({}, ['node', '--watch', 'server.mjs']);
    flow.layRelease('v3', { 'bluegreen.release.yaml': 'command: [node, other.mjs]\n' });
    await flow.live('v3');
    expect(await look()).toEqual([]);
    await flow.live('v2');
    configure({}, ['node', 'server.mjs']);
    flow.layRelease('v4');
    await flow.live('v4');
    expect((await look()).join()).toMatch(/same configuration: the command$/);
  });

  it('with more names than a person reads are cut to twenty', async () => {
    await flow.live('v1');
    configure(Object.fromEntries(Array.from({ length: 23 }, (_, at) => [`N${at + 10}`, '1'])));
    await flow.live('v2');
    expect((await look()).join()).toMatch(/N10, N11, .*, N29 and 3 more$/);
  });
});

describe('a side that a new start would change', () => {
  beforeEach(async () => {
    configure({ A: '1' });
    await flow.live('v1');
  });

  it.each<[string, change: () => void, expected: object | undefined]>([
    ['nothing', () => undefined, undefined],
    ['a value', () => configure({ A: '2' }), { variables: ['A'], command: false, problem: undefined }],
    ['a name', () => configure({ A: '1', B: '1' }), { variables: ['B'], command: false, problem: undefined }],
    ['the command', () => configure({ A: '1' }, ['deno', 'run']), { variables: [], command: true, problem: undefined }],
    [
      'it could not be started at all',
      () => flow.environments.refuseStart('v1', new BlueGreenError('variable-missing', 'TOKEN is not set')),
      { variables: [], command: false, problem: 'TOKEN is not set' },
    ],
  ])('in %s says so, until another release is there', async (_, change, expected) => {
    change();
    await look();
    expect(changeOf('blue', 'v1')).toEqual(expected && { ...expected, version: 'v1' });
    expect(changeOf('blue', 'v2')).toBeUndefined();
  });

  it.each<[string, () => unknown]>([
    ['has ended', () => flow.environments.crash({ ...shop, slot: 'blue' })],
    [
      'is of another release than this state says',
      () =>
        write(flow, (tx) => {
          const place = { folder: join(flow.settings.targets[0]?.releasesFolder ?? '', 'v2'), registeredAt: 1 };
          addRelease(tx, { service: 'shop', version: 'v2', digest: digestOf('v2'), ...place });
          setSlot(tx, shop, 'blue', { version: 'v2' });
        }),
    ],
    ['is idle', () => write(flow, (tx) => setSlot(tx, shop, 'blue', { role: 'idle', version: null, digest: null }))],
  ])('is not compared while it %s', async (_, prepare) => {
    configure({ A: '2' });
    await prepare();
    await look();
    expect([changeOf('blue', 'v1'), changeOf('blue', 'v2')]).toEqual([undefined, undefined]);
  });

  it('is not taken for a side that cannot be started by a fault of this program', async () => {
    flow.environments.refuseStart('v1', new TypeError('a fault') as BlueGreenError);
    await expect(look()).rejects.toThrow('a fault');
  });
});
