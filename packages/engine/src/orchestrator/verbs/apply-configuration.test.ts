// A configuration that changed while a release runs: announced once, applied or left by a person, and never by itself.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HealthSettings } from '../../config/health/settings.ts';
import type { TargetSettings } from '../../config/settings.ts';
import type { SlotName } from '../../domain/target.ts';
import { pendingKey, putSnapshot } from '../../state/snapshots.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';
import { type FlowProcess, startProcess } from '../../testing/flow-process.ts';
import { announcePending, recordHealthRules } from '../controller/pending-changes.ts';
import { changedFields, digestOfChanges, pendingChanges } from '../controller/running.ts';
import { healthOf } from '../core.ts';
import { refusalOf } from './testing/refusals.ts';

let flow: Flow;
let opened: FlowProcess[];
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
  opened = [];
});
afterEach(async () => {
  for (const each of opened) each.close();
  await flow.close();
});

/** The controller was started again, with another configuration; it looks at what runs. */
function reconfigured(change: (target: TargetSettings) => Partial<TargetSettings>, digest = 'changed'): FlowProcess {
  const targets = flow.settings.targets.map((target) => ({ ...target, ...change(target) }));
  const next = startProcess({ ...flow, settings: { ...flow.settings, targets, digest } }, digest);
  opened.push(next);
  flow.clock.advance(60_000);
  announcePending(next.core, next.lease());
  return next;
}
const withRule = (rule: Partial<HealthSettings>, digest?: string) =>
  reconfigured(({ health }) => ({ health: { ...health, ...rule } }), digest);
const pending = ({ engine }: FlowProcess) => engine.pendingConfiguration({});
const refused = ({ core, engine }: FlowProcess, act: Parameters<typeof refusalOf>[1], code: string) =>
  refusalOf({ store: core.store, audit: engine.audit }, act, code);

describe('a health rule that changed', () => {
  it('is announced once for each side, with the names of its fields and no values', () => {
    const began = flow.lastSeq();
    const next = withRule({ failures: 5, headers: { authorization: 'Bearer s3cret' } });
    announcePending(next.core, next.lease());
    expect(flow.actions(began)).toEqual(['configuration-pending', 'configuration-pending']);
    expect(flow.story(began)[0]).toMatch(/v1 and is judged by .* changed since: headers, failures\. .*config apply/);
    expect(JSON.stringify(flow.people.audit.after(began, 9))).not.toContain('s3cret');
    expect(pending(next)).toMatchObject({
      name: 'shop',
      leftBy: undefined,
      changes: [{ slot: 'blue' }, { slot: 'green' }],
    });
    expect(healthOf(next.target, 'green').failures).toBe(3);
  });

  it('holds for both sides from when a person applies it, and the question is over', async () => {
    const next = withRule({ failures: 5, headers: { authorization: 'Bearer s3cret' } });
    const began = flow.lastSeq();
    const seen = pending(next)?.digest;
    expect(await next.engine.applyConfiguration({ actor: alice, seen })).toMatchObject({ ok: true });
    expect([healthOf(next.target, 'blue').failures, healthOf(next.target, 'green').failures]).toEqual([5, 5]);
    expect(flow.actions(began)).toEqual(['configuration-applied', 'configuration-applied']);
    expect(JSON.stringify(flow.people.audit.after(began, 9))).not.toContain('s3cret');
    expect(pending(next)).toBeUndefined();
    announcePending(next.core, next.lease());
    expect(flow.actions(began)).toHaveLength(2);
    await refused(next, () => next.engine.applyConfiguration({ actor: bob, seen }), 'not-allowed-now');
  });

  it('by two people at once is applied once', async () => {
    const next = withRule({ failures: 5 });
    const answers = await Promise.all([alice, bob].map((actor) => next.engine.applyConfiguration({ actor })));
    expect(answers.map(({ ok }) => ok).toSorted()).toEqual([false, true]);
  });

  it.each<SlotName>(['blue', 'green'])(
    'is not applied while %s is not healthy by it, and nothing changes',
    async (slot) => {
      const next = withRule({ failures: 5 });
      flow.environments.machine.behave(slot === 'blue' ? 'v1' : 'v2', { health: 'unhealthy' });
      const { sentence } = await refused(
        next,
        () => next.engine.applyConfiguration({ actor: alice }),
        'side-unhealthy',
      );
      expect(sentence).toContain(`in ${slot} is not healthy by the changed rule`);
      expect(healthOf(next.target, 'blue').failures).toBe(3);
      expect(pending(next)).toBeDefined();
    },
  );

  it('of a card that was drawn for another change is refused, by apply and by leave', async () => {
    const seen = pending(withRule({ failures: 5 }))?.digest ?? '';
    const next = withRule({ failures: 6 }, 'changed again');
    await refused(next, () => next.engine.applyConfiguration({ actor: alice, seen }), 'stale-card');
    await refused(next, () => next.engine.leaveConfiguration({ actor: alice, seen }), 'stale-card');
  });

  it('that a person leaves to the next start is not asked about again, unless it changes', async () => {
    const next = withRule({ failures: 5 });
    const seen = pending(next)?.digest ?? '';
    expect(next.engine.leaveConfiguration({ actor: alice, seen })).toMatchObject({ ok: true });
    expect(pending(next)).toMatchObject({ leftBy: 'person:alice' });
    expect(
      (await refused(next, () => next.engine.leaveConfiguration({ actor: bob, seen }), 'not-allowed-now')).sentence,
    ).toContain('alice');
    expect(healthOf(next.target, 'green').failures).toBe(3);
    expect(pending(withRule({ failures: 6 }, 'changed again'))).toMatchObject({ leftBy: undefined });
  });

  it('is not applied while a deployment is at work', async () => {
    const next = withRule({ failures: 5 });
    expect(next.engine.deploy({ version: 'v3', actor: alice }).ok).toBe(true);
    await refused(next, () => next.engine.applyConfiguration({ actor: alice }), 'target-busy');
  });

  it('and is put back is announced as settled', () => {
    withRule({ failures: 5 });
    const began = flow.lastSeq();
    withRule({}, 'as before');
    expect(flow.story(began)).toEqual([
      'configuration-settled: everything that runs was started as the configuration says',
    ]);
  });

  it('is in force for what is started next, which leaves one difference less', async () => {
    const next = withRule({ failures: 5 });
    const id = flow.lastSeq();
    const answer = next.engine.deploy({ version: 'v3', actor: alice });
    await flow.passing(next.run(answer.ok ? answer.value.id : ''));
    expect(healthOf(next.target, 'blue').failures).toBe(5);
    announcePending(next.core, next.lease());
    expect(flow.story(id).at(-1)).toBe(
      'configuration-settled: fewer instances differ from the configuration than before: 1 left',
    );
  });

  it('is announced once more after a version that stored sentences instead of changes', () => {
    const next = withRule({ failures: 5 });
    next.core.store.note((db, now) => putSnapshot(db, pendingKey, ['blue runs v1 …'], now));
    const began = flow.lastSeq();
    announcePending(next.core, next.lease());
    expect(flow.actions(began)).toEqual(['configuration-pending', 'configuration-pending']);
  });

  it('cannot be announced by a controller that lost its lease', () => {
    const { core, lease } = flow.process();
    const held = lease();
    withRule({ failures: 5 });
    const began = flow.lastSeq();
    expect(() => announcePending(core, held)).toThrow('lost the lease');
    expect(flow.actions(began)).toEqual([]);
  });
});

describe('what runs and is configured otherwise', () => {
  const runs = () => {
    const { environment } = flow.process().target;
    return { running: environment.running(), addresses: environment.addresses };
  };
  const changesFor = (change: (target: TargetSettings) => Partial<TargetSettings>) =>
    pendingChanges({ targets: flow.settings.targets.map((target) => ({ ...target, ...change(target) })) }, runs());

  it('on another port says when that takes effect, and who has it', () => {
    const [free] = changesFor(({ slots }) => ({ slots: { ...slots, blue: { ...slots.blue, port: 1 } } }));
    expect(free).toMatchObject({ kind: 'port', slot: 'blue' });
    expect(free?.sentence).toMatch(/the configuration says port 1: it takes effect at the next start of this slot/);
    const exchanged = changesFor(({ slots }) => ({ slots: { blue: slots.green, green: slots.blue } }));
    expect(exchanged.map(({ sentence }) => sentence.includes('no release can be started'))).toEqual([true, true]);
  });

  it('under a name that is not configured any more is named, and not stopped', () => {
    const orphans = pendingChanges({ targets: [] }, runs());
    expect(orphans.map(({ kind }) => kind)).toEqual(['not-configured', 'not-configured']);
    expect(orphans[0]?.sentence).toContain('nothing stops it');
  });

  it('has one digest for the same changes, another for each other, and none without a change', () => {
    const rule = (failures: number) =>
      digestOfChanges(changesFor(({ health }) => ({ health: { ...health, failures } })));
    expect([rule(5), rule(5) === rule(6), rule(3)]).toEqual([rule(5), false, undefined]);
  });

  it.each<[what: string, recorded: Partial<HealthSettings> | undefined, fields: readonly string[]]>([
    ['an instance of a version that recorded no rule', undefined, []],
    ['a field that its version did not know', {}, []],
    ['another value', { failures: 9 }, ['failures']],
    ['a field that is undefined now', { command: { argv: ['check'], cwd: '/' } }, ['command']],
    ['an order of headers', { headers: {} }, []],
  ])('%s differs in %j', (_, recorded, fields) => {
    const now = flow.process().target.settings.health;
    expect(changedFields(now, recorded)).toEqual(fields);
  });

  it('without a recorded rule gets the configured one, once', async () => {
    const { core, target } = flow.process();
    const judged: string[] = [];
    const environment: typeof target.environment = {
      ...target.environment,
      startedAs: (slot) => {
        const started = target.environment.startedAs(slot);
        return started && { ...started, health: slot.slot === 'blue' ? undefined : started.health };
      },
      judgeBy: async ({ slot }) => void judged.push(slot),
    };
    await recordHealthRules({ ...core, targets: [{ ...target, environment }] });
    expect(judged).toEqual(['blue']);
  });
});
