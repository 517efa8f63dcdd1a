import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { spawnDetached } from '../lib/spawn-detached.ts';
import { listenersOn, portHolder } from './port-holder.ts';
import { currentBootId, identify, isAlive, processStat, programName, startedAtMs } from './proc-fs.ts';

it('a program whose name holds spaces and brackets is read like any other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bg-proc-'));
  const program = join(folder, 'a) R 1 (b');
  copyFileSync('/bin/sleep', program);
  const child = await spawnDetached({ argv: [program, '60'], cwd: folder, env: {}, logFile: join(folder, 'out.txt') });
  try {
    const stat = processStat(child.pid);
    expect(stat).toMatchObject({ pid: child.pid, parent: process.pid, group: child.pid, zombie: false });
    expect(Math.abs(startedAtMs(stat!.startTicks) - Date.now())).toBeLessThan(60_000);
    expect(programName(child.pid)).toBe('a) R 1 (b');
  } finally {
    process.kill(child.pid, 'SIGKILL');
    await child.exited;
    rmSync(folder, { recursive: true });
  }
});

it('a process is itself only with its pid, its start time and this run of the machine', () => {
  const me = identify(process.pid)!;
  expect(me.bootId).toBe(currentBootId());
  expect(isAlive(me)).toBe(true);
  expect(isAlive({ ...me, startTicks: me.startTicks + 1 })).toBe(false);
  expect(isAlive({ ...me, bootId: 'another' })).toBe(false);
  expect(isAlive({ ...me, pid: 2 ** 22 + 1 })).toBe(false);
});

it.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('the holder of a port is found when it listens on %s', async (host) => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, host, () => resolve((server.address() as { port: number }).port));
  });
  expect(portHolder(port)).toEqual({ pid: process.pid, program: 'node' });
  await new Promise((resolve) => server.close(resolve));
  expect(portHolder(port)).toBeUndefined();
});

it('only rows that listen on exactly this port count', () => {
  const table = `
   0: 0100007F:0BB9 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 777 1 0 100 0 0 10 0
   1: 0100007F:0BB9 0100007F:9999 01 00000000:00000000 00:00000000 00000000    33        0 778 1 0 100 0 0 10 0
   2: 0100007F:1234 0100007F:0BB9 01 00000000:00000000 00:00000000 00000000    33        0 779 1 0 100 0 0 10 0`;
  expect(listenersOn(3001, table)).toEqual([{ inode: '777', uid: '33' }]);
});
