// A captured delivery that is sent again after the inbox has forgotten the first one.

import { afterEach, describe, expect, it } from 'vitest';
import type { TestEngine } from '../orchestrator/verbs/testing/test-engine.ts';
import { actionsReported, reported, setCi } from './testing/ci.ts';
import { documentOf, payload } from './testing/payloads.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

const deploys = (host: string, more: string) =>
  `      - { host: ${host}, repository: acme/shop, ${more}, version: v2.1, targets: { production: deploy } }\n`;

type Recipients = Record<string, Record<string, unknown>>;

/** The run ended `daysAgo`. */
const run = (daysAgo: number, id = 77) =>
  payload('github', 'workflow-run-success', (body: Recipients) => {
    Object.assign(body.workflow_run ?? {}, { id, updated_at: before(daysAgo) });
  });
const before = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

/** As after more than a month: the first rows of the inbox are gone. */
function forget(): void {
  testEngine.store.db.$client
    .prepare(
      `INSERT INTO inbox (id, hook, delivery, content, kind, received_at, next_at, bytes) VALUES (501, 'github', 'x', 'y', '', ?, 0, 1)`,
    )
    .run(Date.now());
}

async function deliver(hook: string, body: Buffer) {
  const ending = await testEngine.engine.builds.take({ hook, kind: '', document: documentOf(body) });
  return typeof ending === 'function' ? ending() : ending;
}

function set(rules: string): void {
  testEngine = setCi(rules);
  testEngine.serving();
}

describe('a delivery from before the time that the inbox remembers', () => {
  it('is refused where its run is not known, and deploys nothing', async () => {
    set(deploys('github', 'workflow: Release'));
    forget();
    const settlement = await deliver('github', run(45));
    expect(settlement.state).toBe('parked');
    expect(settlement.sentence).toMatch(
      / it is of \d{4}-\d\d-\d\d, and deliveries of before .* deploy its version by hand/,
    );
    expect(reported(testEngine.engine)).toEqual([]);
  });

  it('is no news where its run is known, whatever became of it since', async () => {
    set(deploys('github', 'workflow: Release'));
    await deliver('github', run(45));
    expect(actionsReported(testEngine.engine)).toEqual(['build-announced', 'deployment-requested']);
    forget();
    expect(await deliver('github', run(45))).toMatchObject({
      state: 'done',
      sentence: expect.stringContaining('announced before'),
    });
    expect(actionsReported(testEngine.engine)).toEqual(['build-announced', 'deployment-requested']);
  });

  it.each([
    ['a run that ended a minute ago', () => forget(), () => run(0.001)],
    ['an old run, while nothing is forgotten yet', () => undefined, () => run(45)],
  ])('is not %s', async (_, first, body) => {
    set(deploys('github', 'workflow: Release'));
    first();
    expect(await deliver('github', body())).toMatchObject({ state: 'done' });
    expect(actionsReported(testEngine.engine)).toEqual(['build-announced', 'deployment-requested']);
  });

  it.each([
    ['github', 'events: [push]', 'push-tag', 'repository', { pushed_at: Math.floor(Date.parse(before(45)) / 1000) }],
    [
      'gitlab',
      'events: [pipeline]',
      'pipeline-success',
      'object_attributes',
      { finished_at: before(45).replace('T', ' ').replace(/\..*/, ' UTC') },
    ],
  ])('of %s %s is told by the time in its body', async (host, rule, name, key, change) => {
    set(deploys(host, `${rule}${host === 'github' ? ', tag: "*"' : ''}`));
    forget();
    const body = payload(host, name, (whole: Recipients) => {
      Object.assign(whole[key] ?? {}, change);
    });
    expect(await deliver(host, body)).toMatchObject({ state: 'parked', sentence: expect.stringContaining('it is of') });
  });
});
