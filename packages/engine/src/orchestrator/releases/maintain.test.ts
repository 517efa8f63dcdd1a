// The rounds of the controller over releases: a new start is checked at once and the rest now and then, old files go a few
// at a time, one failure stops no other work, and a lost lease stops all of it.

import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Log } from '../../lib/log.ts';
import { addBuild } from '../../state/builds.ts';
import { addRelease, ensureTarget, setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { aBuild } from '../../testing/a-build.ts';
import { type Flow, shortPlan, startFlow } from '../../testing/flow.ts';
import { digestOf, write } from '../../testing/schema-flow.ts';
import type { Core } from '../core.ts';
import { maintainReleases } from './maintain.ts';
import { isGone, storedReleasesOf } from './stored.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({ options: `${shortPlan}\n    keepReleases: { count: 1, age: 1d }` });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
});
afterEach(() => flow.close());

const place = (): string => flow.settings.targets[0]?.releasesFolder ?? '';
const is = (version: string): boolean => existsSync(join(place(), version));
const problems: string[] = [];
/** Counts what could not be done. */
function noisy(): Core {
  problems.length = 0;
  const { core } = flow.process();
  const error = ({ problem }: { problem?: string }): void => void problems.push(problem ?? '');
  return { ...core, log: { ...core.log, error } as unknown as Log };
}
const maintain = (isSo: () => boolean, core: Core = flow.process().core) => {
  const lease = flow.process().lease();
  return flow.during((stop) => maintainReleases(core, lease, stop), isSo);
};
const forMs = (ms: number) => {
  const until = flow.clock.monotonic() + ms;
  return () => flow.clock.monotonic() >= until;
};
const drifts = () => flow.actions().filter((action) => action === 'release-drifted').length;
const pruned = () => flow.actions().filter((action) => action === 'release-pruned').length;
const change = (version: string, text: string) => writeFileSync(join(place(), version, 'server.mjs'), text);

function layOld(count: number): readonly string[] {
  const versions = Array.from({ length: count }, (_, at) => `r${at + 10}`);
  for (const version of versions) {
    flow.layRelease(version);
    write(flow, (tx) =>
      addRelease(tx, {
        ...{ service: 'shop', version, digest: digestOf(version), folder: join(place(), version), bytes: 1 },
        registeredAt: tx.now - 90 * day,
      }),
    );
  }
  return versions;
}

describe('what runs', () => {
  it('is checked once a minute, and what came into a slot just now at once', async () => {
    await flow.live('v2');
    await flow.live('v3');
    change('v1', 'changed');
    const [began, at]: [number, number[]] = [flow.clock.monotonic(), []];
    await maintain(() => {
      const passedMs = flow.clock.monotonic() - began;
      // Between two rounds: v1 is started in the slot of v2.
      if (passedMs > 20_000 && at.push(passedMs) === 1)
        write(flow, (tx) => setSlot(tx, shop, 'green', { version: 'v1', since: tx.now }));
      return drifts() === 1;
    });
    expect(flow.clock.monotonic() - began).toBeLessThan(55_000);
    change('v3', 'changed too');
    const changed = flow.clock.monotonic();
    await maintain(() => drifts() === 2);
    expect(flow.clock.monotonic() - changed).toBeLessThan(30 * minute);
  });

  it('is checked on every target though one of them cannot be', async () => {
    change('v1', 'changed');
    const core = noisy();
    const { target } = flow.process();
    const key = { service: 'till', target: 'production' };
    write(flow, (tx) => ensureTarget(tx.db, key, tx.now));
    const broken = {
      ...target,
      key,
      get environment(): never {
        throw new Error('no driver answers');
      },
    };
    await maintain(() => drifts() === 1, { ...core, targets: [broken, target] });
    expect(new Set(problems)).toEqual(new Set(['no driver answers']));
  });
});

describe('releases that nothing holds', () => {
  it('go five at a time, oldest first, and every ten minutes', async () => {
    const versions = layOld(8);
    flow.layRelease('by-hand');
    await maintain(() => pruned() === 5);
    await maintain(forMs(5_000));
    expect(versions.filter(is)).toHaveLength(versions.length - pruned());
    expect(pruned()).toBe(8);
    expect([is('v1'), is('by-hand')]).toEqual([true, true]);
  });

  it('are left to the next controller by one that stops, and not touched by one without a lease', async () => {
    const versions = layOld(3);
    flow.process().life.dieAt(1, 'before');
    await expect(maintain(() => false)).rejects.toMatchObject({ code: 'fenced-out' });
    expect(versions.filter(is)).toEqual(versions);
    flow.restart();
    await maintain(() => pruned() === 3);
    expect(versions.filter(is)).toEqual([]);
  });

  it('are tried again when one cannot be moved, and the others go meanwhile', async () => {
    layOld(2);
    const core = noisy();
    mkdirSync(join(place(), 'r10', 'below'));
    chmodSync(join(place(), 'r10', 'below'), 0o500);
    await maintain(() => pruned() === 2, core);
    expect([is('r10'), is('r11')]).toEqual([false, false]);
  });
});

describe('a release whose files are gone', () => {
  it.each<[string, prepare: () => void, gone: boolean]>([
    [
      'and that is announced can be fetched again',
      () => write(flow, (tx) => void addBuild(tx, aBuild('r10', { artifact: { kind: 'directory', path: '/x' } }))),
      false,
    ],
    ['and that is not announced is gone', () => undefined, true],
    ['is not gone where they are', () => flow.layRelease('r10'), false],
  ])('%s', async (_, prepare, gone) => {
    layOld(1);
    await maintain(() => pruned() === 1);
    prepare();
    expect(isGone(flow.process().core, flow.process().target, 'r10')).toBe(gone);
    expect(isGone(flow.process().core, flow.process().target, 'unknown')).toBe(false);
  });
});

describe('two services that take releases from one folder', () => {
  it('remove nothing that may be the other one’s', () => {
    layOld(1);
    const { core, target } = flow.process();
    const other = { ...target, key: { service: 'till', target: 'production' } };
    const kept = (targets: Core['targets']) =>
      storedReleasesOf({ ...core, targets }, 'shop').find(({ version }) => version === 'r10')?.kept;
    expect(kept([target])).toBeUndefined();
    expect(kept([target, other])).toBe('in a folder that till takes its releases from, too');
  });
});
