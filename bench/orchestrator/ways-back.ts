// The way back under load: from the command to the last answer of the release that users are taken off, and from a live
// side that hangs to the first answer of the standby.

import { setTimeout as delay } from 'node:timers/promises';
import { bob, deployed, finished, setStage, until, value } from '../../test/support/stage.ts';
import { bars } from '../bars.ts';
import { type Figure, percentile } from '../figures.ts';
import { type Driver, type Measuring, stepsOf } from './measuring.ts';
import { nowMs, startUsers } from './users.ts';

const [before, after] = ['v1.0', 'v2.1'] as const;
const healthMs = { interval: 1_000, timeout: 1_000, failures: 3 };
const target = `
        canary: []
        bake: 1s
        health: { interval: 1s, timeout: 1s, failures: ${healthMs.failures} }
`;
const users = 8;
const restMs = 300;

export async function measureRollbacks({ say, signal, runs }: Measuring, driver: Driver): Promise<readonly Figure[]> {
  const stage = await setStage({ balancer: driver, target });
  const { engine } = stage.drive();
  const crowd = await startUsers(stage.ports.front, { users, limitMs: 5_000 });
  try {
    await deployed(engine, before);
    await deployed(engine, after);
    await crowd.look();
    const lastOld: number[] = [];
    let [sent, lost] = [0, 0];
    for (let run = 0; run < runs; run += 1) {
      signal.throwIfAborted();
      await delay(restMs);
      const clickedAt = nowMs();
      const { id } = value(engine.rollback({ actor: bob, version: before, reason: 'measured' }));
      const view = await until(engine, id, finished);
      await delay(restMs);
      const seen = await crowd.look();
      if (view.outcome?.kind !== 'promoted') throw new Error(view.outcome?.sentence);
      const tookMs = (seen.versions[after]?.last ?? clickedAt) - clickedAt;
      lastOld.push(tookMs);
      if (tookMs > bars.orchestrator.lastOldP99Ms) say(`${driver}: ${Math.round(tookMs)} ms; ${stepsOf(view.steps)}`);
      [sent, lost] = [sent + seen.sent, lost + seen.lost];
      value(engine.storedReleases.clearMark({ version: after, actor: bob, reason: 'only measured' }));
      const { id: forward } = value(engine.switch({ to: view.from?.slot, actor: bob }));
      await until(engine, forward, finished);
    }
    say(
      `${driver}: ${runs} rollbacks, ${sent} requests, ${lost} lost; last old answers ${lastOld.map(Math.round).join(', ')} ms`,
    );
    return [
      {
        name: `click to last old answer, p99, ${driver}`,
        unit: 'ms',
        value: percentile(lastOld, 0.99),
        peer: { name: 'median', value: percentile(lastOld, 0.5) },
        bar: bars.orchestrator.lastOldP99Ms,
      },
      { name: `requests during rollbacks, ${driver}`, unit: 'count', value: sent, peer: undefined, bar: undefined },
      {
        name: `requests lost in rollbacks, ${driver}`,
        unit: 'count',
        value: lost,
        peer: undefined,
        bar: bars.orchestrator.lost,
        reach: 'at most',
      },
    ];
  } finally {
    crowd.end();
    await stage.strike();
  }
}

/** The process is stopped as by SIGSTOP: it takes connections and never answers. */
export async function measureHang({ say, signal }: Measuring, driver: Driver): Promise<readonly Figure[]> {
  const stage = await setStage({ balancer: driver, target });
  const { engine } = stage.drive();
  const crowd = await startUsers(stage.ports.front, { users: 4, limitMs: 500 });
  const { interval, timeout, failures } = healthMs;
  const bar = failures * interval + timeout + 1_000;
  let stopped: number | undefined;
  try {
    await deployed(engine, before);
    await deployed(engine, after);
    // The standby must have been seen healthy for as long as the live side is ill.
    await delay(bar);
    await crowd.look();
    const pid = engine.status().targets[0]?.slots.find(({ role }) => role === 'active')?.pid;
    if (pid === undefined) throw new Error('no process of the live side is known');
    const at = nowMs();
    process.kill(pid, 'SIGSTOP');
    stopped = pid;
    let firstOf: number | undefined;
    for (let looks = 0; firstOf === undefined && looks < 300; looks += 1) {
      signal.throwIfAborted();
      await delay(100);
      firstOf = (await crowd.look()).versions[before]?.first;
    }
    const tookMs = firstOf === undefined ? Number.NaN : firstOf - at;
    say(`${driver}: users have the standby ${Math.round(tookMs)} ms after the live side hung`);
    return [
      { name: `hung side to standby, ${driver}`, unit: 'ms', value: tookMs, peer: undefined, bar, reach: 'at most' },
    ];
  } finally {
    if (stopped !== undefined)
      try {
        process.kill(stopped, 'SIGCONT');
      } catch {
        // The engine has ended it.
      }
    crowd.end();
    await stage.strike();
  }
}
