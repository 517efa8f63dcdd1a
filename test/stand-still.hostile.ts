// All engine processes are stopped for longer than a lease, a watch and a bake last, as on a machine that is suspended.

import { afterEach, expect, it } from 'vitest';
import { type Driver, reached, startDriver } from './support/drivers.ts';
import { alice, awaitsApproval, bob, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const stillMs = 15_000;

let stage: Stage;
const drivers: Driver[] = [];
afterEach(async () => {
  for (const driver of drivers.splice(0)) {
    driver.signal('SIGCONT');
    await driver.kill('SIGTERM');
  }
  await stage.strike();
});

const target = `
        canary: [{ percent: 10, approval: true }, { percent: 50, watch: 6s }]
        judge: { minRequests: 1, maxErrorRate: 50%, patience: 60s }
        bake: 4s
`;

it('in a watch: the deployment goes on, each decision happens once, and no user notices', async () => {
  stage = await setStage({ target });
  drivers.push(...['first', 'second'].map((name) => startDriver(stage, name)));
  const observer = stage.open('observer');
  await until(observer, value(observer.deploy({ version: 'v1.0', actor: alice })).id, finished, 90_000);
  const seq = observer.audit.after(0, 10_000).at(-1)?.seq ?? 0;
  const { id } = value(observer.deploy({ version: 'v2.1', actor: alice }));
  const asked = await until(observer, id, awaitsApproval, 60_000);
  const users = startUsers(stage.front, { count: 2, everyMs: 50 });
  value(observer.approve({ id, stateVersion: asked.stateVersion }, bob));
  await reached(observer, { action: 'step-started', sentence: 'watch' }, seq);
  for (const driver of drivers) driver.signal('SIGSTOP');
  await new Promise((wake) => setTimeout(wake, stillMs));
  for (const driver of drivers) driver.signal('SIGCONT');
  expect((await until(observer, id, finished, 90_000)).outcome).toMatchObject({ kind: 'promoted' });
  expect((await users.stop()).lost).toEqual([]);
  const rows = observer.audit.after(seq, 10_000);
  const times = (action: string, sentence: string): number =>
    rows.filter((row) => row.action === action && row.sentence.startsWith(sentence)).length;
  expect([times('approved', ''), times('step-done', 'promote')]).toEqual([1, 1]);
  expect(observer.audit.verify()).toMatchObject({ intact: true });
});
