import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { spawnDetached } from './spawn-detached.ts';
import { until } from './testing/until.ts';

let folder: string;
const pids: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-spawn-'));
});

afterEach(() => {
  for (const pid of pids.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const start = (argv: readonly [string, ...string[]], env: Record<string, string> = {}) =>
  spawnDetached({ argv, cwd: folder, env, logFile: join(folder, 'logs/out.log') });

const log = () => readFileSync(join(folder, 'logs/out.log'), 'utf8');

describe('a detached process', () => {
  test('outlives a parent that is killed with its whole group, and continues to write its log', async () => {
    const ticker = `let n = 0; setInterval(() => console.log('tick', ++n), 20)`;
    const parentScript = `
      import { spawnDetached } from ${JSON.stringify(new URL('./spawn-detached.ts', import.meta.url).href)};
      const options = { cwd: ${JSON.stringify(folder)}, env: {}, logFile: ${JSON.stringify(join(folder, 'logs/out.log'))} };
      const { pid } = await spawnDetached({ ...options, argv: [process.execPath, '-e', ${JSON.stringify(ticker)}] });
      process.stdout.write(String(pid) + '\\n');
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', parentScript], { detached: true });
    const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))));
    pids.push(pid);
    const parentGone = new Promise((resolve) => parent.once('exit', resolve));
    process.kill(-(parent.pid as number), 'SIGKILL');
    await parentGone;

    const linesAtDeath = log().split('\n').length;
    await until(() => log().split('\n').length > linesAtDeath + 3);
    expect(isAlive(pid)).toBe(true);
  });

  test('does not keep its parent alive', async () => {
    const parentScript = `
      import { spawnDetached } from ${JSON.stringify(new URL('./spawn-detached.ts', import.meta.url).href)};
      const options = { cwd: ${JSON.stringify(folder)}, env: {}, logFile: ${JSON.stringify(join(folder, 'logs/out.log'))} };
      const { pid } = await spawnDetached({ ...options, argv: [process.execPath, '-e', 'setInterval(() => {}, 1000)'] });
      process.stdout.write(String(pid) + '\\n');`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', parentScript]);
    parent.stdout.once('data', (text) => pids.push(Number(text)));
    const code = await new Promise((resolve) => parent.once('exit', resolve));
    expect(code).toBe(0);
    expect(isAlive(pids[0]!)).toBe(true);
  });

  test('sees only the environment it was given', async () => {
    const { exited } = await start([process.execPath, '-p', 'JSON.stringify(process.env)'], { ONLY: 'this' });
    expect(await exited).toEqual({ code: 0, signal: null });
    expect(JSON.parse(log())).toEqual({ ONLY: 'this' });
  });

  test('leads its own process group', async () => {
    const { pid } = await start([process.execPath, '-e', 'setInterval(() => {}, 1000)']);
    pids.push(pid);
    const group = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
    expect(Number(group)).toBe(pid);
  });

  test('reports how it ended', async () => {
    const failing = await start([process.execPath, '-e', 'process.exit(3)']);
    expect(await failing.exited).toEqual({ code: 3, signal: null });
    const killed = await start([process.execPath, '-e', 'setInterval(() => {}, 1000)']);
    process.kill(killed.pid, 'SIGKILL');
    expect(await killed.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('appends to a log that is already there', async () => {
    await (await start([process.execPath, '-p', '"first"'])).exited;
    await (await start([process.execPath, '-p', '"second"'])).exited;
    expect(log()).toBe('first\nsecond\n');
  });
});

describe('what cannot be executed is refused', () => {
  test('a program that does not exist', async () => {
    await expect(start(['/nowhere/program'])).rejects.toMatchObject({
      code: 'exec-not-found',
      message: '/nowhere/program cannot be executed (ENOENT)',
    });
  });

  test('a file that may not be executed', async () => {
    const file = join(folder, 'plain.txt');
    writeFileSync(file, 'no program', { mode: 0o600 });
    await expect(start([file])).rejects.toMatchObject({
      code: 'exec-not-found',
      message: `${file} cannot be executed (EACCES)`,
    });
  });

  test('a folder that does not exist is named', async () => {
    const missing = join(folder, 'missing');
    const attempt = spawnDetached({
      argv: [process.execPath],
      cwd: missing,
      env: {},
      logFile: join(folder, 'out.log'),
    });
    await expect(attempt).rejects.toMatchObject({ code: 'exec-not-found', message: expect.stringContaining(missing) });
  });
});
