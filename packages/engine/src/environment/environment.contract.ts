// What every driver promises, proved with real programs. A driver signs by calling `environmentContract` in its test.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, deafServer, type EnvironmentFixture, type Fixture, refusalOf } from './contract-fixture.ts';
import { failsOfSeveral, hasInstances } from './contract-instances.ts';
import { endsAtOnce, fillsCommand, gives, leavesScripts, refuses } from './contract-launch.ts';
import { remembers, renders, rendersStrictly } from './contract-templates.ts';
import type { Adoption, Environment } from './environment.ts';

/** The core, and a part for each capability that the driver signs. */
interface Signed {
  readonly name: string;
  /** Of those that an environment has once it was created. */
  readonly capabilities: readonly ('adoption' | 'instances')[];
}

export function environmentContract(signed: Signed, makeFixture: () => Promise<EnvironmentFixture>): void {
  describeContract(signed.name, makeFixture, (fixture) => {
    slotContract(fixture, signed);
    describe('what a service is given', () => gives(fixture));
    describe('the command of a service', () => fillsCommand(fixture));
    describe('a script of a service', () => leavesScripts(fixture));
    describe('a start that is refused', () => refuses(fixture));
    describe('a release that ends at once', () => endsAtOnce(fixture));
    if (signed.capabilities.includes('instances'))
      describe('one instance of several that ends at once', () => failsOfSeveral(fixture));
    describe('templates of a release', () => renders(fixture));
    describe('a template that cannot be filled in', () => rendersStrictly(fixture));
    describe('what is remembered of a start', () => remembers(fixture));
  });
}

/** What the flow depends on, for any kind of release. The fake environment of the flow's tests signs this part. */
export function slotsContract(signed: Signed, makeFixture: () => Promise<EnvironmentFixture>): void {
  describeContract(signed.name, makeFixture, (fixture) => slotContract(fixture, signed));
}

/** The beginning of it, for a driver whose whole contract takes minutes and is run by another command. */
export function startsContract(name: string, makeFixture: () => Promise<EnvironmentFixture>): void {
  describeContract(name, makeFixture, (fixture) => describe('start', () => starts(fixture)));
}

function slotContract(fixture: Fixture, { capabilities }: Signed): void {
  it('has the capabilities that it signs, and no other', () => {
    const known = capabilities.filter((capability) => capability !== 'instances');
    expect(fixture().environment.adoption ? ['adoption'] : []).toEqual(known);
  });
  describe('start', () => starts(fixture));
  describe('addresses', () => isReached(fixture));
  describe('stop', () => stops(fixture));
  if (capabilities.includes('instances')) describe('several instances', () => hasInstances(fixture));
  if (capabilities.includes('adoption')) describe('adoption', () => adopts(fixture));
}

function describeContract(
  name: string,
  makeFixture: () => Promise<EnvironmentFixture>,
  contract: (fixture: Fixture) => void,
): void {
  describe(`${name} keeps the contract of an environment`, () => {
    let current: EnvironmentFixture | undefined;
    const fixture = (): EnvironmentFixture => {
      if (!current) throw new Error('the fixture is made before each test');
      return current;
    };
    beforeEach(async () => {
      current = await makeFixture();
    });
    afterEach(async () => {
      await current?.close();
    });
    contract(fixture);
  });
}

function starts(fixture: Fixture): void {
  it('runs the release in the slot and reports its process, version and use of the machine', async () => {
    const { environment, blue, release, settings, pidOf } = fixture();
    const started = await environment.start(blue, release('v1'), settings);
    const pid = await pidOf(await ask(blue));
    expect(started).toMatchObject({ kind: 'running', version: 'v1', digest: 'digest-of-v1', adopted: false, pid });
    const seen = await environment.inspect(blue);
    expect(seen).toMatchObject({ kind: 'running', version: 'v1', pid });
    expect(seen.kind === 'running' && seen.memoryBytes).toBeGreaterThan(10_000_000);
  });

  it('does nothing when the same release runs there already', async () => {
    const { environment, blue, release, settings, pidOf } = fixture();
    const first = await environment.start(blue, release('v1'), settings);
    const second = await environment.start(blue, release('v1'), settings);
    expect(second.pid).toBe(first.pid);
    expect(await pidOf(await ask(blue))).toBe(first.pid);
  });

  it('ends another release in the slot first', async () => {
    const { environment, blue, release, settings } = fixture();
    const first = await environment.start(blue, release('v1'), settings);
    const second = await environment.start(blue, release('v2'), settings);
    expect(second.pid).not.toBe(first.pid);
    expect((await ask(blue)).env.APP_VERSION).toBe('v2');
  });

  it('starts one process when two engines start the same release at once', async () => {
    const { environment, another, blue, release, settings } = fixture();
    const engines = [environment, another(), another()];
    const started = await Promise.all(engines.map((engine) => engine.start(blue, release('v1'), settings)));
    expect(new Set(started.map(({ pid }) => pid)).size).toBe(1);
  });

  it('is recognised by an engine that was started later', async () => {
    const { environment, another, blue, release, settings } = fixture();
    const started = await environment.start(blue, release('v1'), settings);
    expect(await another().inspect(blue)).toMatchObject({
      kind: 'running',
      pid: started.pid,
      version: 'v1',
      adopted: false,
    });
    expect((await another().start(blue, release('v1'), settings)).pid).toBe(started.pid);
  });

  it('writes a line into the log before the output of the release', async () => {
    const { environment, blue, release, settings } = fixture();
    await environment.start(blue, release('v1'), settings);
    await ask(blue);
    const read = async (): Promise<readonly string[]> => {
      const lines: string[] = [];
      // Output that is not written on this machine is copied by each inspection.
      await environment.inspect(blue);
      for await (const line of environment.logs(blue)[0].read({ lines: 10, follow: false })) lines.push(line);
      return lines;
    };
    await expect.poll(read, { timeout: 20_000 }).toHaveLength(2);
    const lines = await read();
    expect(lines[0]).toMatch(/^--- starting v1 in blue on port \d+ at /);
    expect(lines[1]).toBe('listening as v1');
  });
}

function isReached(fixture: Fixture): void {
  it('reports where it answers, even after the configuration gave the slot another address', async () => {
    const { environment, blue, green, release, settings } = fixture();
    const running = await environment.start(blue, release('v1'), settings);
    const { addresses } = environment;
    const changed = { ...blue, port: green.port };
    expect(addresses.endpoints(addresses.asStarted(changed))).toEqual(addresses.endpoints(blue));
    expect(addresses.asStarted(green)).toEqual(green);
    expect(addresses.holderOf({ ...green, port: blue.port }, [blue, green])).toMatchObject({ slot: 'blue' });
    expect(addresses.holderOf(green, [blue, green])).toBeUndefined();
    expect(environment.describe(running)).toMatch(/\w/);
  });
}

function stops(fixture: Fixture): void {
  it('ends the release with SIGTERM, and may be repeated', async () => {
    const { environment, blue, release, settings } = fixture();
    await environment.start(blue, release('v1'), settings);
    await ask(blue);
    await environment.stop(blue, 20_000);
    await environment.stop(blue, 20_000);
    expect(await environment.inspect(blue)).toMatchObject({
      kind: 'stopped',
      lastExit: 'stopped (SIGTERM)',
      endedBy: 'engine',
    });
  });

  it('ends a release that ignores SIGTERM, after the grace period', async () => {
    const { environment, blue, release, settings } = fixture();
    await environment.start(blue, release('v1', deafServer), settings);
    await ask(blue);
    const began = performance.now();
    await environment.stop(blue, 700);
    expect(performance.now() - began).toBeGreaterThanOrEqual(690);
    expect(await environment.inspect(blue)).toMatchObject({
      kind: 'stopped',
      lastExit: expect.stringContaining('SIGKILL'),
    });
  });

  it('does not touch the other slot', async () => {
    const { environment, blue, green, release, settings } = fixture();
    await environment.start(blue, release('v1'), settings);
    const other = await environment.start(green, release('v2'), settings);
    await environment.stop(blue, 20_000);
    expect(await environment.inspect(green)).toMatchObject({ kind: 'running', pid: other.pid });
  });

  it('does nothing to a slot that was never used', async () => {
    const { environment, green } = fixture();
    await environment.stop(green, 0);
    expect(await environment.inspect(green)).toEqual({ kind: 'stopped', lastLog: [] });
    for await (const line of environment.logs(green)[0].read({ lines: 10, follow: false })) expect(line).toBe('');
    expect(environment.quoteLog(green, 10)).toEqual([]);
  });
}

function adopts(fixture: Fixture): void {
  it('cannot be adopted when nothing listens', async () => {
    const { environment, blue } = fixture();
    const refusal = await refusalOf(adoptionOf(environment).adopt(blue, { version: 'v1', digest: 'd' }));
    expect(refusal.code).toBe('not-found');
    expect(refusal.message).toContain(`nothing listens on port ${blue.port}`);
  });

  it('retains its record when the slot is its own', async () => {
    const { environment, another, blue, release, settings } = fixture();
    const started = await environment.start(blue, release('v1'), settings);
    await ask(blue);
    const adopted = await adoptionOf(another()).adopt(blue, { version: 'rumour', digest: 'rumour' });
    expect(adopted).toMatchObject({ pid: started.pid, version: 'v1', adopted: false });
  });
}

function adoptionOf({ adoption }: Environment): Adoption {
  if (!adoption) throw new Error('it has no adoption, but signs it');
  return adoption;
}
