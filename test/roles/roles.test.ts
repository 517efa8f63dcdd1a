// Workers and a scheduler with a real job table: each job once and never two schedulers, whatever a deployment does.

import { afterEach, describe, expect, it } from 'vitest';
import { bob, deployed, eventually, finished, type Stage, setStage, until, value } from '../support/stage.ts';
import { startUsers } from '../support/users.ts';
import { type JobTable, layJobs } from './job-table.ts';

let stage: Stage | undefined;
let jobs: JobTable | undefined;
afterEach(async () => {
  await stage?.strike();
  jobs?.close();
});

interface Given {
  readonly broken?: string;
  readonly more?: string;
}

async function set({
  broken = '',
  more = '',
}: Given = {}): Promise<{ readonly stage: Stage; readonly jobs: JobTable }> {
  const role = `command: [${process.execPath}, jobs.mjs], settle: 200ms, env: { JOBS: JOBS-FILE, BROKEN: "${broken}" }`;
  stage = await setStage({
    service: `    processRoles:
      worker: { ${role}, instances: 2, stop: { grace: 20s } }
      scheduler: { ${role} }
${more}`,
    target: `
        canary: [{ percent: 10, watch: 1s }]
        bake: 1s
        crash: { firstRestart: 200ms, maxRestart: 1s }
`,
  });
  jobs = layJobs(stage.folder);
  const table = jobs;
  await stage.edit((text) => text.replaceAll('JOBS-FILE', table.file));
  return { stage, jobs };
}

describe('process roles', () => {
  it('are handed over by a deployment and a rollback, under load, with each job once', async () => {
    const { stage, jobs } = await set();
    const { engine } = stage.drive('driver', await stage.edit((text) => text));
    const first = await deployed(engine, 'v1.0');
    expect(first.outcome?.kind, first.outcome?.sentence).toBe('promoted');
    const users = startUsers(stage.front);
    const second = await deployed(engine, 'v2.0');
    expect(second.outcome?.kind, second.outcome?.sentence).toBe('promoted');
    expect(second.steps.map(({ title }) => title)).toContain('hand worker and scheduler over to v2.0');
    const back = await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
    expect(back.outcome?.kind, back.outcome?.sentence).toBe('promoted');
    await eventually(() => jobs.erasOf('scheduler').length === 3);
    await expect.poll(() => jobs.faults(), { timeout: 10_000 }).toEqual([]);
    expect(jobs.erasOf('scheduler')).toEqual(['v1.0', 'v2.0', 'v1.0']);
    expect(jobs.erasOf('worker').toSorted()).toEqual(['v1.0', 'v1.0', 'v1.0', 'v1.0', 'v2.0', 'v2.0']);
    const { sent, lost } = await users.stop(200);
    console.log(`${sent} requests, ${lost.length} lost; ${JSON.stringify(jobs.counts())}`);
    expect(lost).toEqual([]);
    const seen = () => value(engine.target({})).processRoles?.map(({ role, slot, running }) => [role, slot, running]);
    await expect.poll(seen, { timeout: 10_000 }).toEqual([
      ['worker', 'blue', 2],
      ['scheduler', 'blue', 1],
    ]);
  }, 120_000);
});
