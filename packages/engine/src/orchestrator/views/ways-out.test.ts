// No state without a legal way out: every state that a deployment and its sides can be in, each with what people are
// offered there, each offer taken by its verb, and one of them ends it. Where people can do nothing, the controller can.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActionName, DeploymentView } from '../../api/deployment.ts';
import type { Direction, OutcomeKind, PlannedStep } from '../../domain/deployment.ts';
import type { Result } from '../../domain/refusal.ts';
import { type ApprovalRow, addApproval, addDeployment } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { readSlot, type SlotRow, setSlot } from '../../state/targets.ts';
import { alice, bob, type Flow, shortPlan, startFlow } from '../../testing/flow.ts';
import { currentHash } from '../plan/register.ts';
import { nextMove } from '../run/next-move.ts';
import { steps } from '../run/steps/registry.ts';

let flow: Flow;
beforeAll(async () => {
  // No approval counts in the first five minutes.
  flow = await startFlow({ options: `${shortPlan}\n    approval: { minimumWait: 5m }` });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
});
afterAll(() => flow.close());

const id = 'd_state';
const engine = () => flow.process().engine;
const db = () => flow.process().core.store.db;
const key = () => flow.process().target.key;

/** Lays the state out, looks at it, and takes all of it back. */
function inState<T>(lay: (tx: Tx) => void, look: () => T): T {
  const { $client: client } = db();
  client.exec('BEGIN IMMEDIATE');
  try {
    flow.process().core.store.write((tx) => {
      lay(tx);
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
    });
    return look();
  } finally {
    client.exec('ROLLBACK');
  }
}

const minuteMs = 60_000;

interface Live {
  readonly step: string;
  readonly direction: Direction;
  readonly isPaused: boolean;
  readonly isPromoted: boolean;
  readonly approval: ApprovalRow['status'] | 'none';
  readonly at: Moment;
  readonly onTimeout: ApprovalRow['onTimeout'];
}

/** Of an approval's time; `extended`: as far as extensions go. */
const moments = {
  early: { askedAt: -minuteMs, deadlineAt: 4 * minuteMs },
  open: { askedAt: -6 * minuteMs, deadlineAt: minuteMs },
  extended: { askedAt: -7 * 24 * 60 * minuteMs + 2 * minuteMs, deadlineAt: 2 * minuteMs },
  overdue: { askedAt: -6 * minuteMs, deadlineAt: -1 },
} as const;
type Moment = keyof typeof moments;

function layLive(tx: Tx, state: Live): void {
  const { core, target } = flow.process();
  const planned: PlannedStep & Record<string, unknown> = { name: state.step, percent: 10, watchMs: 1, bakeMs: 1 };
  const plan = state.step === 'fetching' ? null : ({ mode: 'deploy', schema: [], steps: [planned] } as const);
  const { digest } = readSlot(tx.db, target.key, 'blue');
  const hash = plan && currentHash(core, target, { plan, digest: digest ?? '', fromSlot: 'green' });
  addDeployment(tx, {
    id,
    ...target.key,
    version: 'v3',
    digest,
    mode: 'deploy',
    slot: 'blue',
    fromSlot: 'green',
    fromVersion: 'v2',
    fromDigest: readSlot(tx.db, target.key, 'green').digest,
    hold: false,
    requestedBy: 'person:alice',
    requestedAt: tx.now,
    plan,
    planHash: hash,
    position: 0,
    direction: state.direction,
    phase: state.step,
    stateVersion: 3,
    promotedAt: state.isPromoted ? tx.now : null,
    pausedAt: state.isPaused ? tx.now : null,
    pausedBy: state.isPaused ? 'person:bob' : null,
  });
  if (state.approval === 'none') return;
  addApproval(tx, {
    id: `${id}.a`,
    deploymentId: id,
    position: 0,
    planHash: hash ?? '',
    needed: 1,
    askedAt: tx.now + moments[state.at].askedAt,
    deadlineAt: tx.now + moments[state.at].deadlineAt,
    onTimeout: state.onTimeout,
    status: state.approval,
  });
}

const both = [false, true] as const;
const timed = (['early', 'open', 'extended', 'overdue'] as const).flatMap((at) =>
  (['hold', 'abort', 'rollback'] as const).map((onTimeout) => ({ at, onTimeout })),
);
const known = steps.map(({ name }): string => name);
const approvals = ['none', 'pending', 'approved', 'rejected', 'expired', 'cancelled'] as const;
const liveStates: readonly Live[] = ['fetching', ...known, 'a-step-of-another-version'].flatMap((step) =>
  (['forward', 'unwinding'] as const).flatMap((direction) =>
    both.flatMap((isPaused) =>
      both.flatMap((isPromoted) =>
        (step === 'await-approval' ? approvals : (['none'] as const)).flatMap((approval) =>
          (approval === 'pending' ? timed : ([{ at: 'open', onTimeout: 'hold' }] as const)).map((time) => ({
            step,
            direction,
            isPaused,
            isPromoted,
            approval,
            ...time,
          })),
        ),
      ),
    ),
  ),
);
const name = (state: object): string => JSON.stringify(state);

/** The button of each action, pressed by an approver who is not the requester, on the card that shows it. */
const pressed: Readonly<Record<ActionName, (card: DeploymentView) => Result<unknown>>> = {
  approve: (card) => engine().approve(card, bob),
  reject: (card) => engine().reject(card, bob, 'no'),
  promote: (card) => engine().promote(card, bob),
  'promote-full': (card) => engine().promote(card, bob, { full: true }),
  pause: (card) => engine().pause(card, bob),
  resume: (card) => engine().resume(card, bob),
  abort: (card) => engine().abort(card, bob),
  // Bound to the version of the card; of a running deployment it takes that back.
  rollback: (card) => engine().rollback({ actor: bob, from: card.version }),
  extend: (card) => engine().extend(card, bob),
  continue: (card) => engine().continueFrozen(card, bob, 'nearly done'),
  'restore-failed': () => engine().restoreFailed({ actor: bob }),
  'keep-failed': () => engine().keepFailed({ actor: bob }),
  'stop-standby': () => engine().settleStandby({ actor: bob, to: 'stop' }),
  'upgrade-standby': () => engine().settleStandby({ actor: bob, to: 'upgrade' }),
  unsuspend: () => engine().unsuspend({ actor: bob }),
};

const cardOf = (): DeploymentView => {
  const card = engine().deployment(id);
  if (!card) throw new Error('the state was not laid out');
  return card;
};

/** Presses every button that is offered in this state, each in a state of its own. @returns those that are refused */
function refusedButtons(lay: (tx: Tx) => void, offered: readonly ActionName[]): readonly string[] {
  return offered.flatMap((action) => {
    const answer = inState(lay, () => pressed[action](cardOf()));
    return answer.ok ? [] : [`${action}: ${answer.refusal.code} ${answer.refusal.sentence}`];
  });
}

describe('a deployment that runs', () => {
  const forward = liveStates.filter(({ direction }) => direction === 'forward');

  it('offers in every state a way to give it up, and every offer is taken by its verb', () => {
    expect(forward.length).toBeGreaterThan(60);
    for (const state of forward) {
      const lay = (tx: Tx) => layLive(tx, state);
      const offered = inState(lay, () => cardOf().actions.map((action) => action.name));
      expect(offered, name(state)).toContain(state.isPromoted ? 'rollback' : 'abort');
      expect(refusedButtons(lay, offered), name(state)).toEqual([]);
    }
  });

  it('can be given up by command and by rollback, also under a lock, while it is paused, and past a deadline', () => {
    for (const state of forward) {
      const lay = (tx: Tx) => layLive(tx, state);
      const answers = inState(lay, () => {
        engine().lock({ actor: alice, reason: 'stock-taking' });
        return [engine().abort({ id }, bob), engine().rollback({ actor: bob })];
      });
      expect(answers[0], name(state)).toMatchObject({ ok: true });
      expect(answers[1], name(state)).toMatchObject({ ok: false, refusal: { code: 'already-decided' } });
      const back = inState(lay, () => engine().rollback({ actor: bob }));
      expect(back, name(state)).toMatchObject({ ok: true, value: { id } });
    }
  });

  it('waits for people only where they are offered something beyond giving it up', () => {
    for (const state of liveStates) {
      const { waitsFor, actions } = inState(
        (tx) => layLive(tx, state),
        () => cardOf(),
      );
      if (waitsFor !== 'people') continue;
      const more = actions.filter((action) => !['pause', 'resume', 'abort', 'rollback'].includes(action.name));
      expect(state.isPaused || more.length > 0, name(state)).toBe(true);
    }
  });

  it('is moved by the controller in every state; on the way back by it alone, and people need not act', () => {
    for (const state of liveStates) {
      const lay = (tx: Tx) => layLive(tx, state);
      const row = inState(lay, () => flow.row(id));
      expect(nextMove(row).kind, name(state)).not.toBe('none');
      if (state.direction === 'forward') continue;
      expect(['undo', 'finish'], name(state)).toContain(nextMove(row).kind);
      expect(inState(lay, cardOf), name(state)).toMatchObject({ actions: [], waitsFor: 'nothing' });
      for (const act of [() => engine().abort({ id }, bob), () => engine().rollback({ actor: bob })])
        expect(inState(lay, act), name(state)).toMatchObject({ refusal: { code: 'already-decided' } });
    }
  });
});

describe('a deployment that has ended', () => {
  const outcomes: readonly OutcomeKind[] = [
    'promoted',
    'aborted',
    'rolled-back',
    'failed',
    'superseded',
    'cancelled',
    'halted',
  ];
  type Side = Pick<SlotRow, 'role' | 'label'>;
  const idle: Side = { role: 'idle', label: null };
  const sides: readonly Side[] = [
    idle,
    { role: 'standby', label: null },
    { role: 'standby', label: 'failed' },
    { role: 'standby', label: 'upgrading' },
    { role: 'preview', label: 'failed' },
    { role: 'preview', label: 'aborted' },
    { role: 'preview', label: 'kept' },
    { role: 'preview', label: null },
  ];
  const states = outcomes.flatMap((outcome) => sides.map((side) => ({ outcome, side })));

  function layEnded(tx: Tx, { outcome, side }: (typeof states)[number]): void {
    const isLive = outcome === 'promoted';
    const mine = isLive ? ({ slot: 'green', version: 'v2' } as const) : ({ slot: 'blue', version: 'v1' } as const);
    addDeployment(tx, {
      id,
      ...key(),
      ...mine,
      digest: readSlot(tx.db, key(), mine.slot).digest,
      ...(isLive ? { fromSlot: 'blue', fromVersion: 'v1' } : { fromSlot: 'green', fromVersion: 'v2' }),
      mode: 'deploy',
      hold: false,
      requestedBy: 'person:alice',
      requestedAt: tx.now,
      plan: { mode: 'deploy', schema: [], steps: [] },
      planHash: 'x',
      position: 0,
      direction: isLive ? 'forward' : 'unwinding',
      phase: 'finished',
      stateVersion: 9,
      promotedAt: isLive || outcome === 'rolled-back' ? tx.now : null,
      outcome,
      finishedAt: tx.now,
      causeCode: isLive ? 'deploy' : 'side-crashed',
      cause: 'x',
      causeActor: 'engine',
    } satisfies Parameters<typeof addDeployment>[1]);
    const content = side.role === 'idle' ? { version: null, digest: null } : {};
    setSlot(tx, key(), 'blue', { ...side, ...content, deploymentId: id, keepUntil: tx.now + 60_000 });
    if (isLive) setSlot(tx, key(), 'green', { deploymentId: id });
  }

  it('offers only what its verbs take, and leaves the target free for the next deployment', () => {
    for (const state of states) {
      const lay = (tx: Tx) => layEnded(tx, state);
      const offered = inState(lay, () => cardOf().actions.map((action) => action.name));
      expect(refusedButtons(lay, offered), name(state)).toEqual([]);
      const next = inState(lay, () => engine().deploy({ version: 'v3', actor: alice }));
      expect(next, name(state)).toMatchObject({ ok: true });
      expect(nextMove(inState(lay, () => flow.row(id))).kind).toBe('none');
    }
  });

  it('shows a readiness for the way back that the verb keeps', () => {
    for (const state of states) {
      const lay = (tx: Tx) => layEnded(tx, state);
      const { readiness, version, sentence } = inState(lay, () => {
        const [target] = engine().status().targets;
        if (!target) throw new Error('no target');
        return target.rollback;
      });
      // Asked for by its version: a second rollback within minutes of another one is refused without one.
      const back = inState(lay, () => engine().rollback({ actor: bob, version }));
      expect(back.ok, `${name(state)} ${readiness}: ${sentence}`).toBe(readiness !== 'blocked');
      if (!back.ok) continue;
      expect(back.value.version).toBe(version);
      if (readiness === 'instant') expect(back.value.phase, name(state)).not.toBe('fetching');
    }
  });
});
