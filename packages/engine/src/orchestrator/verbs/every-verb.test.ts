// What holds for every verb that changes something: who may ask, for which target, and under which configuration.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '../../domain/actor.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { type Asking, acts, layEverything, onEngine, onTargets } from './testing/every-act.ts';
import { decidedRows, refusalOf } from './testing/refusals.ts';
import { createScriptedMigrator } from './testing/scripted-migrator.ts';

/** A copy and a delivery are no part of the configured state. */
const ofAnyConfiguration = ['replay', 'migrations.tryOn'];

let flow: Flow;
let laid: Awaited<ReturnType<typeof layEverything>>;
beforeAll(async () => {
  const migrator = createScriptedMigrator();
  flow = await startFlow({ migrator });
  laid = await layEverything(flow, migrator);
});
afterAll(() => flow.close());

const asked = () => ({ store: flow.process().core.store, audit: flow.people.audit });
const asking = (change: Partial<Asking> = {}): Asking => ({
  engine: flow.people,
  actor: alice,
  ref: {},
  ...laid,
  ...change,
});
const counted = (): number =>
  Number(flow.process().core.store.db.$client.prepare('SELECT coalesce(sum(count), 0) FROM strangers').pluck().get());

describe('every verb that changes something', () => {
  it.each(acts)('%s refuses an unauthenticated sender, counts it, and writes no row per request', async (_, act) => {
    const eve: Actor = { kind: 'stranger', name: 'U0EVE', door: 'slack' };
    const [before, seq, count] = [decidedRows(asked().store), flow.lastSeq(), counted()];
    const answer = await act(asking({ actor: eve }));
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'not-in-team' } });
    expect([decidedRows(asked().store), flow.lastSeq(), counted()]).toEqual([before, seq, count + 1]);
  });

  it.each(onTargets)('%s refuses a target that is not configured, and names those that are', async (_, act) => {
    for (const ref of [{ service: 'shpo' }, { target: 'produktion' }, { service: 'shop', target: '' }]) {
      const { sentence, hint } = await refusalOf(asked(), () => act(asking({ ref })), 'target-unknown');
      expect(sentence).toContain(ref.service ?? ref.target);
      expect(hint).toContain('shop');
    }
  });

  it.each(acts.filter(([name]) => !ofAnyConfiguration.includes(name)))(
    '%s refuses a process that was started with another configuration than the controller',
    async (_, act) => {
      const { store } = flow.process().core;
      flow.process().lease();
      const digests = store.db.$client.prepare("UPDATE leases SET config_digest = ? WHERE name = 'driver'");
      store.note(() => digests.run('another'));
      try {
        const { sentence } = await refusalOf(asked(), () => act(asking()), 'config-changed');
        expect(sentence).toContain('process 1');
      } finally {
        store.note(() => digests.run(flow.settings.digest));
      }
    },
  );

  it.each(['approve', 'reject', 'promote', 'pause', 'resume', 'abort', 'extend'] as const)(
    '%s refuses a deployment that does not exist, and a name that is far too long',
    async (name) => {
      for (const id of ['d_nothing', 'x'.repeat(100_000), "'; DROP TABLE deployments; --"]) {
        const act = () => onEngine[name](asking({ deployment: id }));
        const { sentence } = await refusalOf(asked(), act, 'no-such-deployment');
        expect(sentence.length).toBeLessThan(100);
      }
    },
  );
});
