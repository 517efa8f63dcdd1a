// The machine loses its power at a commit of a deployment, and its disk loses the last writes of the state: transactions
// that had been announced, and a half of a page. After the start, users get what the load balancer had stored; the engine
// goes on, or reports that the state is older than the world and discovers it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, TargetView } from '@bg/engine';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cut, copyState, cutLog, framesOf } from '../../packages/engine/src/state/testing/cut-log.ts';
import { killAll } from '../support/reboot.ts';
import { alice, bob, deployed, eventually, type Stage, setStage, value } from '../support/stage.ts';
import { aboutUsers, isDecided } from './checks.ts';
import { type Controller, startController } from './controllers.ts';
import type { Order } from './moments.ts';

const limitMs = 120_000;
const target = '        canary: []\n        bake: 1s\n';

interface Loss {
  /** The commit after which the power goes. */
  readonly at: RegExp;
  /** Transactions that the disk had not written. */
  readonly transactions: number;
  readonly half: boolean;
}

/** One for each state that users and the slots may be in. */
const losses: readonly Loss[] = [
  { at: /step-started start-preview/, transactions: 1, half: true },
  { at: /^commit routing-intended in promote/, transactions: 1, half: false },
  { at: /step-done promote/, transactions: 5, half: true },
  { at: /deployment-finished/, transactions: 8, half: false },
];

let stage: Stage | undefined;
let controller: Controller | undefined;
afterEach(async () => {
  await controller?.kill();
  await stage?.strike();
}, 120_000);

/** So many transactions before the end, and a half of the next frame where asked. */
function cutOf(folder: string, { transactions, half }: Loss): Cut {
  const frames = framesOf(folder);
  const ends = frames.flatMap(({ isCommit }, at) => (isCommit ? [at + 1] : []));
  return { kind: half ? 'half a frame' : 'frames', left: ends.at(-1 - transactions) ?? 0 };
}

describe('after a loss of power', { timeout: 900_000 }, () => {
  it('users get what they had, and the engine goes on or discovers what is so', async () => {
    const on = await setStage({ target });
    stage = on;
    let engine = on.open('observer');
    controller = startController(on, 'first');
    await deployed(engine, 'v1.0');
    await controller.arm('only-record');
    await deployed(engine, 'v2.0');
    const labels = controller.moments.filter(({ edge }) => edge === 'after').map(({ label }) => label);
    const wrong: string[] = [];
    let lostBytes = 0;
    for (const [round, loss] of losses.entries()) {
      const label = labels.find((each) => loss.at.test(each));
      if (label === undefined) throw new Error(`no commit is like ${loss.at}: ${labels.join(', ')}`);
      await goDown(on, engine, { label, edge: 'after', nth: 1, delayMs: 0, signal: 'SIGKILL' });
      lostBytes += loseLast(on, engine, loss);
      engine = on.open(`observer-${round + 2}`);
      controller = startController(on, `after-${round + 1}`);
      const found = await afterwards(on, engine);
      if (found.length === 0) continue;
      wrong.push(`${label}, ${loss.transactions} transactions lost: ${found.join('; ')}\n${storyOf(engine)}`);
      break; // What is left behind must not be taken for a fault of the next one.
    }
    console.log(`${losses.length} losses of power, ${lostBytes} bytes of the log lost, ${wrong.length} disagreements`);
    expect(wrong).toEqual([]);
    expect(lostBytes).toBeGreaterThan(losses.length * 4_096);
  });
});

/** The controller reaches its commit, and every process of the machine ends. */
async function goDown(on: Stage, engine: Engine, order: Order): Promise<void> {
  const present = value(engine.target({})).slots.map(({ version }) => version);
  const version = ['v1.0', 'v2.0', 'v2.1'].find((each) => !present.includes(each)) ?? 'v1.0';
  await controller?.arm(order);
  value(engine.deploy({ version, actor: alice }));
  await eventually(() => controller?.ended() !== undefined, limitMs);
  await killAll(on.folder);
}

/** @returns how many bytes of the log are lost */
function loseLast({ settings: { stateFolder: folder } }: Stage, engine: Engine, loss: Loss): number {
  // The last process that closes the state writes all of the log into the file.
  const saved = mkdtempSync(join(tmpdir(), 'bg-saved-'));
  copyState(folder, saved);
  engine.close();
  copyState(saved, folder);
  rmSync(saved, { recursive: true });
  const before = framesOf(folder).length;
  cutLog(folder, cutOf(folder, loss));
  return (before - framesOf(folder).length) * 4_096;
}

/** A state that is older than the load balancer says so, and a person decides what is right. */
async function afterwards(on: Stage, engine: Engine): Promise<readonly string[]> {
  const view = () => value(engine.target({}));
  await eventually(() => engine.controllerAlive(), limitMs);
  const isOlder = () => view().live === undefined && view().drift !== undefined;
  await eventually(() => isSettled(view()) || isOlder(), limitMs).catch(() => undefined);
  if (view().drift !== undefined) {
    const adopted = await engine.adoptRouting({ actor: bob });
    // What the load balancer does leads to a side whose process is gone: then what was decided is put back.
    const answer = adopted.ok ? adopted : await engine.restoreRouting({ actor: bob });
    if (!answer.ok && view().drift !== undefined)
      return [`the drift has no way out: ${answer.refusal.code}: ${answer.refusal.sentence}`];
  }
  await eventually(() => isSettled(view()), limitMs).catch(() => undefined);
  const { live, drift, slots } = view();
  const sides = slots.map(({ slot, role, health }) => `${slot} is ${role} and ${health}`).join(', ');
  return [
    ...(isSettled(view()) ? [] : [`not settled: ${live?.phase}, ${drift?.sentence}, ${sides}`]),
    ...(await aboutUsers(on, view())),
    ...(engine.audit.verify().intact ? [] : ['the audit log is not intact']),
  ];
}

/** The other side may be one that was left for inspection: nothing starts it again. */
const isSettled = (view: TargetView): boolean => {
  const active = view.slots.filter(({ role }) => role === 'active');
  return isDecided(view) && active.length === 1 && active[0]?.health === 'healthy';
};

function storyOf(engine: Engine): string {
  const rows = engine.audit.after(0, 10_000).slice(-60);
  return rows.map(({ action, code, sentence }) => `  ${action} ${code ?? ''}: ${sentence}`).join('\n');
}
