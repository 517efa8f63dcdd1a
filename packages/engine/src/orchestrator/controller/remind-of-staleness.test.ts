// When the channel is reminded of a live release that is behind its branch, and how often.

import { afterEach, describe, expect, it } from 'vitest';
import type { Build } from '../../domain/build.ts';
import { addBuild } from '../../state/builds.ts';
import type { Tx } from '../../state/store.ts';
import { addQuarantine } from '../../state/targets.ts';
import { bob, type Flow, startFlow } from '../../testing/flow.ts';
import { suspendAutomation } from '../gates/suspension.ts';
import { remindOfStaleness } from './remind-of-staleness.ts';
import { supervise } from './supervisor.ts';

let flow: Flow;
afterEach(() => flow.close());

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const plan = `
    canary: []
    bake: 0s`;

async function serving(staleness: string): Promise<void> {
  flow = await startFlow({ options: `${plan}\n${staleness}` });
  await flow.live('v1');
  build('v1');
}

const inState = (change: (tx: Tx) => void) =>
  flow.process().core.store.write((tx) => {
    change(tx);
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
  });

const build = (version: string, more: Partial<Build> = {}) =>
  inState((tx) => addBuild(tx, { ...blank, version, run: `${version}/${tx.now}`, ...more }));

const blank: Build = {
  service: 'shop',
  version: '',
  conclusion: 'succeeded',
  host: 'generic',
  repository: 'acme/shop',
  branch: 'main',
  tag: undefined,
  commit: undefined,
  committedAt: undefined,
  subject: undefined,
  url: undefined,
  authors: [],
  run: undefined,
  artifact: undefined,
  endedAt: undefined,
  pullRequest: undefined,
};

function look(): void {
  const { core, target, lease } = flow.process();
  remindOfStaleness({ core, target, lease: lease() });
}

const said = () =>
  flow
    .story()
    .flatMap((row) => (row.startsWith('staleness-reminder') ? [row.replace(/^staleness-reminder\S* /, '')] : []));

function reminders(afterMs = 0): readonly string[] {
  flow.clock.advance(afterMs);
  look();
  look();
  return said();
}

describe('a live release that is behind its branch', () => {
  it('is reminded of once it is behind by more builds than allowed, also by another process, and again after a week', async () => {
    await serving('    staleness: { builds: 1 }');
    build('v2');
    expect(reminders(20 * dayMs)).toEqual([]);
    build('v3');
    expect(reminders()).toEqual([
      expect.stringMatching(/2 builds, 20 days behind main; the newest build, v3, waits for a person to deploy it$/),
    ]);
    flow.restart();
    expect(reminders(6.9 * dayMs)).toHaveLength(1);
    build('v4');
    expect(reminders()).toHaveLength(1);
    expect(reminders(0.2 * dayMs)).toHaveLength(2);
  });

  it('is reminded of once it is behind for longer than allowed, however few the builds', async () => {
    await serving('    staleness: { age: 3d }');
    build('v2', { branch: 'other' });
    expect(reminders(4 * dayMs)).toEqual([]);
    build('v2');
    expect(reminders(3 * dayMs)).toEqual([]);
    expect(reminders(hourMs)).toHaveLength(1);
  });

  it('is reminded of for each release, and not again for one that is back within the week', async () => {
    await serving('    staleness: { builds: 1 }');
    build('v2');
    build('v3');
    expect(reminders()).toHaveLength(1);
    await flow.live('v2');
    build('v4');
    expect(reminders(hourMs)).toEqual([
      expect.anything(),
      expect.stringMatching(/2 builds, .* behind main; the newest build, v4,/),
    ]);
    await flow.live('v1');
    expect(reminders(hourMs)).toHaveLength(2);
  });

  it('is never reminded of without the setting, nor when it is the newest', async () => {
    await serving('');
    build('v2');
    expect(reminders(90 * dayMs)).toEqual([]);
    await flow.close();
    await serving('    staleness: {}');
    expect(reminders(90 * dayMs)).toEqual([]);
  });
});

it('is said by the controller', async () => {
  await serving('    staleness: { builds: 1 }');
  build('v2');
  build('v3');
  const { core, lease } = flow.process();
  const end = new AbortController();
  const ended = supervise(core, lease(), end.signal).catch((thrown: unknown) => thrown);
  try {
    await expect.poll(said, { timeout: 20_000 }).toHaveLength(1);
  } finally {
    end.abort();
    await ended;
  }
});

describe('the reminder', () => {
  const sentence = async (arrange: () => void) => {
    await serving('    staleness: { age: 1h }');
    build('v2');
    flow.clock.advance(2 * hourMs);
    arrange();
    return reminders().join();
  };

  it('names the lock that the newest build waits for', async () => {
    expect(await sentence(() => void flow.people.lock({ actor: bob, reason: 'stock-taking', forMs: dayMs }))).toMatch(
      /v2, waits for the end of the lock of bob: stock-taking$/,
    );
  });

  it('names the suspension', async () => {
    const key = { service: 'shop', target: 'production' };
    expect(
      await sentence(() =>
        inState((tx) => suspendAutomation(tx, key, { by: 'person:bob', reason: 'odd', deploymentId: undefined })),
      ),
    ).toMatch(/v2, waits for a person: the automation is suspended \(odd\)$/);
  });

  it('says that the newest build was marked bad', async () => {
    await serving('    staleness: { age: 1h }');
    await flow.live('v2');
    await flow.live('v1');
    build('v2');
    const digest = flow.process().core.store.db.$client.prepare("SELECT digest FROM releases WHERE version = 'v2'");
    const quarantine = { service: 'shop', version: 'v2', reason: 'wrong prices', by: 'person:bob' };
    inState((tx) => addQuarantine(tx, { ...quarantine, digest: String(digest.pluck().get()), at: tx.now }));
    expect(reminders(2 * hourMs)).toEqual([
      expect.stringMatching(/the newest build, v2, is marked bad: wrong prices$/),
    ]);
  });

  it('says what is on its way, and nothing more when that is the newest', async () => {
    await serving('    staleness: { age: 1h }');
    build('v2');
    flow.clock.advance(2 * hourMs);
    flow.ask('v2');
    expect(reminders()).toEqual([expect.stringMatching(/1 build, 2 h.* behind main; v2 is being deployed$/)]);
  });

  it('says what the newest waits for where another is before it', async () => {
    await serving('    staleness: { age: 1h }');
    build('v2');
    build('v3');
    flow.clock.advance(2 * hourMs);
    flow.ask('v2');
    expect(flow.people.request({ version: 'v3', actor: bob }).ok).toBe(true);
    expect(reminders()).toEqual([
      expect.stringMatching(/v2 is being deployed; the newest build, v3, waits in place 1$/),
    ]);
  });
});
