// The files of what runs are compared with what was registered: a change is found, reported once and not every minute,
// and its end is reported too, over restarts of the controller.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { write } from '../../testing/schema-flow.ts';
import { type FilesMemory, lookAtFiles, readFilesDrift } from './files.ts';

let flow: Flow;
let memory: FilesMemory;
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  memory = new Map();
});
afterEach(() => flow.close());

const folder = (version = 'v1') => join(flow.settings.targets[0]?.releasesFolder ?? '', version);
const file = (name = 'server.mjs') => join(folder(), name);
const listing = (version = 'v1') => join(flow.settings.stateFolder, 'listings', 'shop', `${version}.json`);
const look = async (signal = new AbortController().signal) => {
  const { core, lease } = flow.process();
  const before = flow.lastSeq();
  await lookAtFiles({ core, lease: lease(), memory, signal });
  return flow.story(before);
};
const later = (ms: number) => flow.clock.advance(ms);
const drift = () => readFilesDrift(flow.process().core, 'shop', 'v1');
const minute = 60_000;
const hour = 60 * minute;
const drifted = (what: string) =>
  `release-drifted: the files of shop v1, which runs, are not those that were registered: ${what}`;
const restored = 'release-restored: the files of shop v1 are again those that were registered';

describe('the files of a release that runs', () => {
  it('are no news while they are the same, whatever their times say', async () => {
    expect(await look()).toEqual([]);
    later(minute);
    utimesSync(file(), 1, 1);
    expect(await look()).toEqual([]);
    expect(drift()).toBeUndefined();
  });

  it.each<[string, change: () => void, what: string]>([
    ['one is changed', () => writeFileSync(file(), 'changed'), 'server.mjs'],
    ['one is added', () => writeFileSync(file('more.txt'), ''), 'more.txt'],
    ['one is removed', () => rmSync(file()), 'server.mjs'],
    ['one is renamed', () => renameSync(file(), file('other.mjs')), 'other.mjs, server.mjs'],
    ['a name holds a control character', () => writeFileSync(file('a\u001b[31mb'), ''), 'a?[31mb'],
    ['a name is long', () => writeFileSync(file(`${'x'.repeat(130)}.log`), ''), `…${'x'.repeat(116)}.log`],
    [
      'many are added',
      () => Array.from({ length: 12 }, (_, at) => writeFileSync(file(`f${String.fromCharCode(97 + at)}`), '')),
      'fa, fb, fc, fd, fe, ff, fg, fh, fi, fj and 2 more',
    ],
  ])('are reported once when %s, by name', async (_, change, what) => {
    await look();
    later(minute);
    change();
    expect(await look()).toEqual([drifted(what)]);
    later(minute);
    expect(await look()).toEqual([]);
    expect(flow.people.audit.after(0, 1_000).at(-1)).toMatchObject({ action: 'release-drifted', service: 'shop' });
  });

  it('are reported as they were when the old files are back, with the time at which it began', async () => {
    const good = readFileSync(file());
    await look();
    later(minute);
    writeFileSync(file(), 'changed');
    await look();
    const since = drift()?.since;
    later(2 * hour);
    writeFileSync(file('more'), '');
    expect(await look()).toEqual([drifted('more, server.mjs')]);
    expect(drift()).toMatchObject({ since, count: 2 });
    rmSync(file('more'));
    writeFileSync(file(), good);
    later(minute);
    expect(await look()).toEqual([restored]);
    expect(drift()).toBeUndefined();
    expect(await look()).toEqual([]);
  });

  it('that change all the time are reported once an hour, and read once a minute', async () => {
    await look();
    later(minute);
    writeFileSync(file('a.log'), '1');
    expect(await look()).toEqual([drifted('a.log')]);
    writeFileSync(file('b.log'), '1');
    later(minute - 1);
    expect(await look()).toEqual([]);
    const count = drift()?.count;
    later(1);
    expect(await look()).toEqual([]);
    // The hour since the last report counts, not that since the last change.
    expect([count, drift()?.count]).toEqual([1, 1]);
    later(hour);
    writeFileSync(file('c.log'), '1');
    expect(await look()).toEqual([drifted('a.log, b.log, c.log')]);
  });

  it('that cannot be read whole are reported, and again when they can be', async () => {
    await look();
    renameSync(folder(), `${folder()}.away`);
    expect(await look()).toEqual([drifted('they cannot be read whole')]);
    expect(await look()).toEqual([]);
    renameSync(`${folder()}.away`, folder());
    expect(await look()).toEqual([restored]);
  });

  it('of both sides are compared, of an idle slot are not, and its list goes', async () => {
    await flow.live('v2');
    await look();
    expect([existsSync(listing('v1')), existsSync(listing('v2'))]).toEqual([true, true]);
    later(minute);
    writeFileSync(file(), 'changed');
    write(flow, (tx) => setSlot(tx, shop, 'blue', { role: 'idle', version: null, digest: null }));
    expect(await look()).toEqual([]);
    expect([existsSync(listing('v1')), existsSync(listing('v2'))]).toEqual([false, true]);
    expect([...memory.keys()]).toEqual(['shop v2']);
  });
});

describe('the next controller', () => {
  it.each<[string, spoil: () => void, what: string]>([
    ['knows from the list which file has changed', () => undefined, 'server.mjs'],
    [
      'without the list cannot say which',
      () => rmSync(listing()),
      'it is not known which, since they changed before they were looked at',
    ],
    [
      'cannot say which from a list that is half written',
      () => writeFileSync(listing(), '{"digest": "'),
      'it is not known which, since they changed before they were looked at',
    ],
    [
      'cannot say which from a list of other files',
      () => writeFileSync(listing(), JSON.stringify({ digest: 'other', files: [] })),
      'it is not known which, since they changed before they were looked at',
    ],
  ])('%s', async (_, spoil, what) => {
    await look();
    memory = new Map();
    spoil();
    writeFileSync(file(), 'changed');
    later(minute);
    expect(await look()).toEqual([drifted(what)]);
    memory = new Map();
    later(minute);
    // What was reported is not reported again by another process.
    expect(await look()).toEqual([]);
  });

  it('works without the list where none can be written', async () => {
    mkdirSync(join(flow.settings.stateFolder, 'listings', 'shop'), { recursive: true });
    mkdirSync(join(listing(), 'in the way'), { recursive: true });
    expect(await look()).toEqual([]);
    later(minute);
    writeFileSync(file(), 'changed');
    expect(await look()).toEqual([drifted('server.mjs')]);
  });

  it('writes nothing once its lease is lost, and the report is not lost with it', async () => {
    await look();
    later(minute);
    writeFileSync(file(), 'changed');
    flow.process().life.dieAt(1, 'before');
    await expect(look()).rejects.toMatchObject({ code: 'fenced-out' });
    flow.restart();
    memory = new Map();
    expect(await look()).toEqual([drifted('server.mjs')]);
  });

  it('that stops reports nothing of what it could not read', async () => {
    await look();
    later(minute);
    writeFileSync(file(), 'changed');
    await expect(look(AbortSignal.abort(new Error('stops')))).rejects.toThrow('stops');
    expect(drift()).toBeUndefined();
  });
});
