// Six processes that die inside take the lock thousands of times: the check-then-delete lock of the previous version
// let two in at once about twice in a thousand.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compete, count } from './testing/lock-holders.ts';

it('six processes whose holders die inside never hold one lock twice at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bg-lock-'));
  const place = { path: join(folder, 'lock'), journal: join(folder, 'journal') };
  try {
    await compete(place, 6, 5_000);
    const counted = count(place);
    console.log(`${counted.entries} holdings, ${counted.deaths} died inside, ${counted.double} double`);
    expect(counted.entries).toBeGreaterThanOrEqual(4_000);
    expect(counted.double).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 540_000);
