// Who holds a lease, and what a process does that cannot even ask for it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { patiently } from '../../state/patience.ts';
import { startTestEngine, type TestEngine } from '../verbs/testing/test-engine.ts';

const child = resolve(import.meta.dirname, '../../state/testing/open-once.ts');
let testEngine: TestEngine;
afterEach(() => testEngine.remove());

describe('a process that competes for a lease', () => {
  it('goes on competing when a process stops in the middle of a write for longer than it waits', async () => {
    testEngine = startTestEngine();
    const args = [child, testEngine.settings.stateFolder, 'hold', '6500'];
    const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const over = new AbortController();
    let worked = 0;
    const alone = testEngine.engine.withLease('slack', over.signal, async () => {
      worked += 1;
      over.abort();
    });
    const limit = setTimeout(() => over.abort(), 120_000);
    await alone;
    clearTimeout(limit);
    expect(worked).toBe(1);
  });

  it('keeps its lease, and its event loop, while the state is locked for less long than the lease lasts', async () => {
    testEngine = startTestEngine();
    const { engine, settings } = testEngine;
    const over = new AbortController();
    const works: AbortSignal[] = [];
    const alone = engine.withLease('slack', over.signal, async (stop) => {
      works.push(stop);
      await systemClock.sleep(60_000, stop).catch(() => undefined);
    });
    while (works.length === 0) await systemClock.sleep(20);
    const holder = spawn(process.execPath, [child, settings.stateFolder, 'hold', '3000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const loop = monitorEventLoopDelay({ resolution: 10 });
    loop.enable();
    const write = patiently(engine.whenWritable, () => engine.moveCursor('test', 7));
    await once(holder, 'exit');
    await write;
    loop.disable();
    expect([works.map(({ aborted }) => aborted), engine.cursor('test')]).toEqual([[false], 7]);
    // About 150 ms on a quiet machine; SQLite's own wait would last until the holder ends.
    expect(loop.max / 1e6).toBeLessThan(2_000);
    over.abort();
    await alone;
  });
});
