// A log that cannot be written ends no process: lines are lost, and counted.

import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { lossy } from './log.ts';

const fault = (code: string) => Object.assign(new Error(`${code}: no room`), { code });

it('reports how many lines were lost when there is room again, and never joins two lines', () => {
  let room = 7;
  let written = '';
  const log = lossy(1, ((_fd: number, bytes: Buffer) => {
    const taken = bytes.subarray(0, room);
    if (taken.length === 0) throw fault('ENOSPC');
    room -= taken.length;
    written += taken.toString();
    return taken.length;
  }) as never);
  log.write('first\n');
  log.write('second\n');
  log.write('third\n');
  room = 1000;
  log.write('fourth\n');
  log.write('fifth\n');
  const lines = written.trim().split('\n');
  expect(lines).toEqual(['first', 's', expect.stringContaining('2 lines lost: ENOSPC'), 'fourth', 'fifth']);
});

it.each([
  ['a full disk', '/dev/full'],
  ['a reader that has left', 'closed pipe'],
])(
  'a process whose log goes to %s goes on',
  async (_name, place) => {
    const source = `
    import { createLog } from ${JSON.stringify(join(import.meta.dirname, 'log.ts'))};
    const log = createLog({ name: 'x', terminal: false });
    for (let i = 0; i < 20; i += 1) { log.error('x'.repeat(100_000)); await new Promise((wake) => setTimeout(wake, 5)); }
    process.stderr.write('still here');`;
    const isFile = place.startsWith('/');
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', isFile ? openSync(place, 'w') : 'pipe', 'pipe'],
    });
    child.stdout?.destroy();
    const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
    expect(child.stderr && (await text(child.stderr))).toBe('still here');
    clearTimeout(limit);
  },
  30_000,
);
