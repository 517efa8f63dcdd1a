// Who holds a lease, and what a process does that cannot even ask for it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Desk, setDesk } from './verbs/testing/desk.ts';

const child = resolve(import.meta.dirname, '../state/testing/open-once.ts');
let desk: Desk;
afterEach(() => desk.remove());

describe('a process that competes for a lease', () => {
  it('goes on competing when somebody stands still in the middle of a write for longer than it waits', async () => {
    desk = setDesk();
    const args = [child, desk.settings.stateFolder, 'hold', '6500'];
    const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const over = new AbortController();
    let worked = 0;
    const alone = desk.engine.alone('slack', over.signal, async () => {
      worked += 1;
      over.abort();
    });
    const limit = setTimeout(() => over.abort(), 40_000);
    await alone;
    clearTimeout(limit);
    expect(worked).toBe(1);
  });
});
