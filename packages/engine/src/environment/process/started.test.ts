// What the record of a start says about an instance: where it answers and which rule judges it, until its next start.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HealthSettings } from '../../config/health/settings.ts';
import { systemClock } from '../../lib/clock.ts';
import { logFileIn, processOf } from '../contract-fixture.ts';
import type { SlotObservation } from '../environment.ts';
import { lastLines } from '../tail.ts';
import { makeProcessFixture, type ProcessFixture } from './process-fixture.ts';

let fixture: ProcessFixture;
beforeEach(async () => {
  fixture = await makeProcessFixture();
});
afterEach(() => fixture.close());

const health = { path: '/health', failures: 3 } as HealthSettings;

describe('the record of a start', () => {
  it('holds port and health rule, in every process and after a crash, until the slot is stopped', async () => {
    const { environment, another, blue, green, release, settings } = fixture;
    const pid = processOf(await environment.start(blue, release('v1'), { ...settings, health }));
    const expected = { version: 'v1', port: blue.port, health };
    expect(another().startedAs(blue)).toMatchObject(expected);
    expect(another().running()).toMatchObject([{ slot: 'blue', ...expected }]);
    process.kill(-pid, 'SIGKILL');
    await stopped(() => environment.inspect(blue));
    expect(environment.startedAs(blue)).toMatchObject(expected);
    expect(environment.running()).toEqual([]);
    await environment.stop(blue, settings.graceMs);
    expect(environment.startedAs(blue)).toBeUndefined();
    expect(environment.startedAs(green)).toBeUndefined();
  });

  it('starts the same release again where it is to answer on another port', async () => {
    const { environment, blue, green, release, settings } = fixture;
    const v1 = release('v1');
    const first = await environment.start(blue, v1, settings);
    expect((await environment.start(blue, v1, settings)).pid).toBe(first.pid);
    const moved = await environment.start({ ...blue, port: green.port }, v1, settings);
    expect(moved.pid).not.toBe(first.pid);
    expect(environment.startedAs(blue)).toMatchObject({ port: green.port });
  });

  it('of an earlier version has no health rule, and takes one', async () => {
    const { environment, stateFolder, blue, release, settings } = fixture;
    await environment.start(blue, release('v1'), { ...settings, health });
    const file = join(stateFolder, 'slots/shop/production/blue.json');
    const { health: _, ...earlier } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify(earlier));
    expect(environment.startedAs(blue)).toMatchObject({ port: blue.port, health: undefined });
    await environment.judgeBy(blue, { ...health, path: '/alive' });
    expect(environment.startedAs(blue)).toMatchObject({ version: 'v1', health: { path: '/alive' } });
  });
});

describe('the output of a release that ends after it was started', () => {
  it('holds the lines of this start, and none that the engine wrote', async () => {
    const { environment, blue, release, settings } = fixture;
    const waiting = 'setInterval(() => {}, 1_000);';
    const silent = await environment.start(blue, release('v1', waiting), settings);
    process.kill(processOf(silent), 'SIGKILL');
    expect(await stopped(() => environment.inspect(blue))).toMatchObject({ lastLog: [] });
    const source = `console.log('no database'); ${waiting}`;
    const talking = await environment.start(blue, release('v2', source), settings);
    await expect.poll(() => lastLines(logFileIn(environment, blue), 1)).toEqual(['no database']);
    process.kill(processOf(talking), 'SIGKILL');
    expect(await stopped(() => environment.inspect(blue))).toMatchObject({ lastLog: ['no database'] });
  });
});

async function stopped(look: () => Promise<SlotObservation>): Promise<SlotObservation> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const seen = await look();
    if (seen.kind === 'stopped') return seen;
    await systemClock.sleep(25);
  }
  throw new Error('it never ended');
}
