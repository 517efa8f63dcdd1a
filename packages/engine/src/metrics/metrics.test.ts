// What the metrics say, read as a scraper does: each ended deployment once, and nothing that is not so any more.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Metrics } from '../api/metrics.ts';
import { alice, type Flow, startFlow } from '../testing/flow.ts';
import { createMetrics } from './metrics.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  await flow.live('v1');
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
});
afterEach(() => flow.close());

/** As another process that begins to be asked now. */
const measuring = (): Metrics =>
  createMetrics({ stepsOfPeople: [], engine: flow.people, store: { db: flow.process().core.store.db } });

/** The value of one line, by its name and some of its labels. */
async function value(metrics: Metrics, name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const { text } = await metrics.read();
  const found = text.split('\n').filter((line) => {
    const matches = Object.entries(labels).every(([label, is]) => line.includes(`${label}="${is}"`));
    return new RegExp(`^${name}[{ ]`).test(line) && matches;
  });
  if (found.length > 1) throw new Error(`more than one line: ${found.join('; ')}`);
  return Number(found[0]?.split(' ').at(-1));
}

const total = 'bluegreen_deployments_total';
const promoted = { outcome: 'promoted', mode: 'deploy' };
const aborted = { outcome: 'aborted', mode: 'deploy' };

describe('deployments that have ended', () => {
  it('are counted from the first, and each that ends later once', async () => {
    const metrics = measuring();
    expect(await value(metrics, total, promoted)).toBe(1);
    expect(await value(metrics, total, aborted)).toBe(0);
    await flow.live('v2');
    expect(await value(metrics, total, promoted)).toBe(2);
    expect(await value(metrics, total, promoted)).toBe(2);
    expect(await value(measuring(), total, promoted)).toBe(2);
  });

  it('are counted once when one is under way at the first reading', async () => {
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    const metrics = measuring();
    expect(await value(metrics, total, promoted)).toBe(1);
    flow.people.abort({ id }, alice);
    await flow.finish(id);
    expect(await value(metrics, total, aborted)).toBe(1);
    expect(await value(metrics, total, promoted)).toBe(1);
  });

  it('are counted by a process that was not asked for a while', async () => {
    const metrics = measuring();
    await metrics.read();
    await flow.live('v2');
    await flow.live('v3');
    expect(await value(metrics, 'bluegreen_deployment_duration_seconds_count', promoted)).toBe(3);
    expect(await value(metrics, 'bluegreen_deployment_people_seconds_count')).toBe(3);
  });
});

describe('what is so now', () => {
  it('is each side, its share of the users, and what waits', async () => {
    const metrics = measuring();
    expect(await value(metrics, 'bluegreen_users_ratio', { slot: 'blue' })).toBe(1);
    expect(await value(metrics, 'bluegreen_deployment_in_progress')).toBe(0);
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    expect(await value(metrics, 'bluegreen_users_ratio', { slot: 'blue' })).toBeCloseTo(0.9);
    expect(await value(metrics, 'bluegreen_users_ratio', { slot: 'green' })).toBeCloseTo(0.1);
    expect(await value(metrics, 'bluegreen_deployment_in_progress')).toBe(1);
    expect(await value(metrics, 'bluegreen_slot_info', { slot: 'green', version: 'v2' })).toBe(1);
    flow.people.request({ version: 'v3', actor: alice });
    expect(await value(metrics, 'bluegreen_waiting_deployments', { status: 'queued' })).toBe(1);
  });

  it('is not said any more when it has ended', async () => {
    const metrics = measuring();
    flow.people.lock({ actor: alice, reason: 'audit' });
    expect(await value(metrics, 'bluegreen_locked')).toBe(1);
    flow.people.unlock({ actor: alice });
    expect(await value(metrics, 'bluegreen_locked')).toBe(0);
    await flow.live('v2');
    expect(await value(metrics, 'bluegreen_slot_info', { slot: 'blue', version: 'v1' })).toBe(1);
    await flow.live('v3');
    expect(await value(metrics, 'bluegreen_slot_info', { slot: 'blue', version: 'v1' })).toBeNaN();
  });

  it('is read once for calls that overlap', async () => {
    const metrics = measuring();
    const [one, other] = await Promise.all([metrics.read(), metrics.read()]);
    expect(one).toBe(other);
    expect(one?.text.endsWith('# EOF\n')).toBe(true);
  });
});

it('is documented: each by its name, and no other', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/metrics.md'), 'utf8');
  const documented = Array.from(
    page.matchAll(/^\| `(bluegreen_\w+)` \| (\w+)/gm),
    ([, name, type]) => `${name} ${type}`,
  );
  const { text } = await measuring().read();
  const served = Array.from(text.matchAll(/^# TYPE (bluegreen_\w+) (\w+)/gm), ([, name, type]) =>
    type === 'counter' ? `${name}_total ${type}` : `${name} ${type}`,
  );
  expect(documented.toSorted()).toEqual(served.toSorted());
});
