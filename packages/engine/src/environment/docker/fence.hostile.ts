// Two engines on the same slot: the one whose lease has ended is late, and changes nothing.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, refusalOf } from '../contract-fixture.ts';
import type { Environment } from '../environment.ts';
import { labels } from './container.ts';
import { recordFile } from './record.ts';
import { dockerForTests } from './testing/docker-for-tests.ts';
import { type DockerFixture, makeDockerFixture } from './testing/fixture.ts';

const { socket, why } = await dockerForTests();

let fixture: DockerFixture;
/** Of the lease with this token. */
const engine = (fence: number, deployment?: string): Environment => {
  const acting = fixture.another().actedBy?.({ fence, deployment });
  if (!acting) throw new Error('the docker driver knows who acts');
  return acting;
};

describe.skipIf(socket === undefined)(`the label of a lease${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  beforeEach(async () => {
    fixture = await makeDockerFixture(socket ?? '');
  });
  afterEach(() => fixture.close());

  it('says with the others whose a container is', async () => {
    const { blue, release, settings, containers } = fixture;
    await engine(7, 'd-12').start(blue, release('v1'), settings);
    const [{ Labels } = { Labels: {} as Record<string, string> }] = await containers();
    const { mark, launch, ...shown } = labels;
    expect(Object.values(shown).map((label) => Labels[label])).toEqual([
      'shop',
      'production',
      'blue',
      '1',
      'v1',
      'digest-of-v1',
      'd-12',
      '7',
    ]);
    expect(Labels[mark]).toBeDefined();
    expect(Labels[launch]).toBeDefined();
  });

  it('refuses a late engine, whatever it wants, and what the later one started goes on', async () => {
    const { blue, release, settings, containers } = fixture;
    const [late, later] = [engine(6), engine(7)];
    await late.start(blue, release('v1'), settings);
    await later.start(blue, release('v2'), settings);
    const before = (await containers()).map(({ Id }) => Id);
    const attempts = [
      () => late.start(blue, release('v1'), settings),
      () => late.start(blue, release('v2'), settings),
      () => late.stop(blue, 1_000),
      async () => late.adoption?.adopt(blue, { version: 'v2', digest: 'digest-of-v2' }),
    ];
    for (const attempt of attempts) {
      const refusal = await refusalOf(attempt());
      expect(refusal.code).toBe('fenced-out');
      expect(refusal.message).toContain('a later lease (7) than this one (6)');
    }
    expect((await containers()).map(({ Id }) => Id)).toEqual(before);
    expect((await ask(blue)).env.APP_VERSION).toBe('v2');
    await later.stop(blue, 10_000);
    expect((await refusalOf(late.start(blue, release('v1'), settings))).code).toBe('fenced-out');
    expect(await containers()).toEqual([]);
  });

  it('is enough where the records were lost: what a later lease started is not removed, stopped or adopted', async () => {
    const { blue, release, settings, containers, stateFolder } = fixture;
    await engine(7).start(blue, release('v1'), settings);
    const before = (await containers()).map(({ Id }) => Id);
    const record = readFileSync(recordFile(stateFolder, blue), 'utf8');
    rmSync(join(stateFolder, 'containers'), { recursive: true });
    expect(await engine(6).sweep([blue], 1_000_000)).toEqual([]);
    const adopted = engine(6).adoption?.adopt(blue, { version: 'v1', digest: 'digest-of-v1' });
    expect((await refusalOf(adopted ?? Promise.resolve())).code).toBe('fenced-out');
    rmSync(join(stateFolder, 'containers'), { recursive: true });
    mkdirSync(dirname(recordFile(stateFolder, blue)), { recursive: true });
    writeFileSync(recordFile(stateFolder, blue), record);
    expect((await refusalOf(engine(6).stop(blue, 1_000))).code).toBe('fenced-out');
    expect((await containers()).map(({ Id }) => Id)).toEqual(before);
    expect(await engine(8).inspect(blue)).toMatchObject({ kind: 'running', version: 'v1' });
    await engine(8).stop(blue, 10_000);
  });

  it('of another slot saves a container that a wrong record names', async () => {
    const { environment, blue, green, release, settings, containers, stateFolder } = fixture;
    await environment.start(green, release('v1'), settings);
    await environment.start(blue, release('v1'), settings);
    await environment.stop(blue, 10_000);
    writeFileSync(recordFile(stateFolder, blue), readFileSync(recordFile(stateFolder, green)));
    const refusal = await refusalOf(environment.stop(blue, 1_000));
    expect(refusal.code).toBe('stop-failed');
    expect(refusal.message).toContain('bears the labels of instance 1 of shop/production/green');
    expect(await containers()).toHaveLength(1);
    expect((await ask(green)).env.APP_VERSION).toBe('v1');
  });
});
