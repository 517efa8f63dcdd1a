// What every driver promises of a slot with several instances.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { ask, type EnvironmentFixture, type Fixture, refusalOf } from './contract-fixture.ts';
import type { SlotObservation, SlotPlace } from './environment.ts';
import { instancePlaces, instancesOf } from './instances.ts';

export function hasInstances(made: Fixture): void {
  const fixture = () => withSeveral(made());
  it('are started all, each with its number, port and address, and are one observation', async () => {
    const { environment, several, release, settings, pidOf } = fixture();
    const started = await environment.start(several, release('v1'), settings);
    const answers = await Promise.all(instancePlaces(several).map(ask));
    expect(answers.map(({ env }) => env.INSTANCE)).toEqual(['1', '2', '3']);
    expect(answers.map(({ env }) => Number(env.APPLICATION_PORT))).toEqual(several.ports);
    expect(new Set(await Promise.all(answers.map(pidOf))).size).toBe(3);
    const { addresses } = environment;
    expect(addresses.endpoints(addresses.asStarted(several)).map(({ port }) => port)).toEqual(several.ports);
    const seen = await environment.inspect(several);
    expect(statesOf(seen)).toEqual(['1 running', '2 running', '3 running']);
    expect(seen).toMatchObject({ kind: 'running', version: 'v1', digest: 'digest-of-v1' });
    expect(started.memoryBytes).toBeGreaterThan(0);
    expect(environment.running()).toMatchObject([{ slot: 'blue', version: 'v1', ports: several.ports }]);
    expect(environment.logs(several).map(({ instance }) => instance)).toEqual([1, 2, 3]);
  });

  it('stay as they are when the same release is started again, and are one start for two engines', async () => {
    const { environment, another, several, release, settings } = fixture();
    const engines = [environment, another()];
    const started = await Promise.all(engines.map((engine) => engine.start(several, release('v1'), settings)));
    const again = await another().start(several, release('v1'), settings);
    expect(new Set([...started, again].map((each) => environment.describe(each))).size).toBe(1);
  });

  it('are running while one of them is; a start starts only what has ended', async () => {
    const { environment, several, release, settings, kill, pidOf } = fixture();
    await environment.start(several, release('v1'), settings);
    const before = await answersOf(several, pidOf);
    await kill(2);
    await expect
      .poll(async () => statesOf(await environment.inspect(several)), { timeout: 20_000 })
      .toEqual(['1 running', '2 stopped', '3 running']);
    expect((await environment.inspect(several)).kind).toBe('running');
    await environment.start(several, release('v1'), settings);
    const after = await answersOf(several, pidOf);
    expect(after.map((pid, index) => pid === before[index])).toEqual([true, false, true]);
  });

  it('are replaced all by another release, and by fewer or more of them', async () => {
    const { environment, several, blue, release, settings } = fixture();
    await environment.start(several, release('v1'), settings);
    await environment.start(several, release('v2'), settings);
    for (const place of instancePlaces(several)) expect((await ask(place)).env.APP_VERSION).toBe('v2');
    await environment.start(blue, release('v2'), settings);
    expect(await listening(several)).toEqual([true, false, false]);
    expect((await environment.inspect(several)).instances).toBeUndefined();
    await environment.start(several, release('v2'), settings);
    expect(statesOf(await environment.inspect(blue))).toEqual(['1 running', '2 running', '3 running']);
  });

  it('are stopped all, also by an engine whose configuration has fewer', async () => {
    const { environment, several, blue, release, settings } = fixture();
    await environment.start(several, release('v1'), settings);
    await environment.stop(blue, 20_000);
    expect(await listening(several)).toEqual([false, false, false]);
    expect((await environment.inspect(several)).kind).toBe('stopped');
    expect(environment.running()).toEqual([]);
  });

  it('keep the number of their start until the next one, whatever the configuration says', async () => {
    const { environment, several, blue, release, settings } = fixture();
    await environment.start(several, release('v1'), settings);
    const { addresses } = environment;
    expect(addresses.endpoints(addresses.asStarted(blue))).toHaveLength(3);
    expect(addresses.markOf(several)).not.toBe(addresses.markOf(blue));
    expect(statesOf(await environment.inspect(blue))).toEqual(['1 running', '2 running', '3 running']);
  });
}

/** With real programs. */
export function failsOfSeveral(made: Fixture): void {
  const fixture = () => withSeveral(made());
  it('fails the start with its own lines', async () => {
    const { environment, several, release, settings } = fixture();
    const source = `console.log('no luck for ' + process.env.INSTANCE); process.exit(3);`;
    const refusal = await refusalOf(
      environment.start(several, release('v1', source), { ...settings, settleMs: 60_000 }),
    );
    expect(refusal.code).toBe('start-failed');
    const [, instance] = /instance (\d) of blue/.exec(refusal.message) ?? [];
    expect(refusal.message).toContain(`no luck for ${instance}`);
    expect((await environment.inspect(several)).kind).toBe('stopped');
  });

  it('fails the start when it cannot begin, and stops the others that were started', async () => {
    const { environment, several, release, settings } = fixture();
    const holder = createServer().listen(several.ports?.[1], '127.0.0.1');
    await once(holder, 'listening');
    try {
      const refusal = await refusalOf(environment.start(several, release('v1'), settings));
      expect(refusal.code).toBe('port-in-use');
      expect(refusal.message).toContain('instance 2 of blue');
    } finally {
      holder.close();
    }
    expect(await listening(several)).toEqual([false, false, false]);
    expect(await environment.inspect(several)).toMatchObject({ kind: 'stopped' });
    expect(environment.running()).toEqual([]);
  });

  it('is quoted with its number', async () => {
    const { environment, several, release, settings } = fixture();
    await environment.start(several, release('v1'), settings);
    await Promise.all(instancePlaces(several).map(ask));
    const quoted = async (): Promise<readonly string[]> => {
      // Output that is not written on this machine is copied by each inspection.
      await environment.inspect(several);
      return environment.quoteLog(several, 9).toSorted();
    };
    await expect
      .poll(quoted, { timeout: 20_000 })
      .toEqual(['[1] listening as v1', '[2] listening as v1', '[3] listening as v1']);
  });
}

const statesOf = (seen: SlotObservation): readonly string[] =>
  instancesOf(seen).map(({ instance, kind }) => `${instance} ${kind}`);

const answersOf = async (place: SlotPlace, pidOf: EnvironmentFixture['pidOf']): Promise<readonly number[]> =>
  Promise.all(instancePlaces(place).map(async (each) => pidOf(await ask(each))));

function listening(place: SlotPlace): Promise<readonly boolean[]> {
  const asks = instancePlaces(place).map(({ port }) => fetch(`http://127.0.0.1:${port}/`));
  return Promise.all(
    asks.map((answer) =>
      answer.then(
        (got) => got.ok,
        () => false,
      ),
    ),
  );
}

/** @throws where the fixture of a driver that signs instances has none */
function withSeveral(fixture: EnvironmentFixture): Required<EnvironmentFixture> {
  const { several, kill } = fixture;
  if (!several || !kill) throw new Error('it has no place with several instances, but signs them');
  return { ...fixture, several, kill };
}
