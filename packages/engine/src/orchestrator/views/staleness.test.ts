import { afterEach, expect, it } from 'vitest';
import { announceAll, buildBody, deliver, setCi } from '../../builds/testing/ci.ts';
import type { TestEngine } from '../verbs/testing/test-engine.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

const dayMs = 86_400_000;
const staleness = () => {
  const found = testEngine.engine.target({});
  return found.ok ? found.value.staleness : undefined;
};

function start(): void {
  testEngine = setCi(announceAll.replace('host: generic', '{ host: generic, branch: "*" }'));
  testEngine.serving();
}
const live = () => {
  const found = testEngine.engine.target({});
  return (found.ok ? found.value.slots.find(({ role }) => role === 'active')?.version : undefined) ?? '';
};
const build = (version: string, digit: number, more = {}) =>
  deliver(testEngine.engine, buildBody(version, digit, { committedAt: undefined, ...more }));

it('is not said of a release that no build announced, nor of the newest', async () => {
  start();
  await build('v7', 7);
  expect(staleness()).toBeUndefined();
  await build(live(), 8);
  expect(staleness()).toBeUndefined();
});

it('counts the good builds of newer commits of the same branch, and their time', async () => {
  start();
  await build(live(), 1);
  await build('v5', 2);
  testEngine.clock.advance(12 * dayMs);
  await build('v6', 3);
  await build('other', 4, { branch: 'hotfix' });
  await build('broken', 5, { conclusion: 'failed' });
  await build('v6', 3);
  testEngine.clock.advance(dayMs);
  expect(staleness()).toMatchObject({
    branch: 'main',
    live: live(),
    newest: 'v6',
    builds: 2,
    sentence: 'shop is 2 builds, 13 days behind main',
  });
});

it('does not count what is of an older commit, or of the same', async () => {
  start();
  await build(live(), 5, { committedAt: new Date(5 * dayMs).toISOString() });
  await build('older', 4, { committedAt: new Date(4 * dayMs).toISOString() });
  await build('again', 5, { committedAt: new Date(5 * dayMs).toISOString() });
  expect(staleness()).toBeUndefined();
});

it('says what waits, and for what', async () => {
  start();
  await build(live(), 1);
  testEngine.running('watch');
  const running = testEngine.engine.target({});
  await build(running.ok ? (running.value.live?.version ?? '') : '', 2);
  expect(staleness()?.sentence).toMatch(/^shop is 1 build, 0 s behind main; v[\d.]+ is being deployed$/);
});

it('names the people whose approval the newer version waits for', async () => {
  start();
  await build(live(), 1);
  testEngine.running('await-approval');
  await build('v2.1', 2);
  expect(staleness()?.sentence).toBe('shop is 1 build, 0 s behind main; v2.1 waits for alice or bob or carol');
});
