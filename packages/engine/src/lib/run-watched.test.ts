import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startTicksOf } from './process-mark.ts';
import { runWatched } from './run-watched.ts';

const never = new AbortController().signal;
const shell = (text: string) => ['/bin/bash', '-c', text] as const;
const env = { PATH: '/usr/bin:/bin' };

/** A process that no parent has waited for counts as gone too. */
const isAlive = (pid: number): boolean => startTicksOf(pid) !== undefined;

it('passes on the lines of both outputs while it runs, and what draws over itself', async () => {
  const lines: string[] = [];
  const onLine = (line: string) => lines.push(line);
  const text = "echo one; echo two >&2; printf '10%%\\r20%%\\r'; sleep 0.2; exit 4";
  const end = await runWatched({ argv: shell(text), env, timeoutMs: 20_000, signal: never, graceMs: 100, onLine });
  expect(end).toEqual({ kind: 'ended', code: 4, signal: null });
  expect(lines.toSorted()).toEqual(['10%', '20%', 'one', 'two']);
});

it('asks it to end when its time is over, and ends what does not listen, with all that it started', async () => {
  const pids: number[] = [];
  const text = 'trap "" TERM; echo $$; (trap "" TERM; echo $BASHPID; exec sleep 300) & wait; sleep 300';
  const onLine = (line: string) => pids.push(Number(line));
  const command = { argv: shell(text), env, signal: never, graceMs: 300, onLine };
  expect(await runWatched({ ...command, timeoutMs: 1_000 })).toEqual({ kind: 'timed-out' });
  expect(pids).toHaveLength(2);
  await expect.poll(() => pids.some(isAlive), { timeout: 10_000 }).toBe(false);
});

it('lets one that listens clean up after a stop', async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line);
    if (line === 'ready') stop.abort();
  };
  const text = 'trap "echo cleaned; exit 0" TERM; echo ready; sleep 300 & wait';
  const command = { argv: shell(text), env, timeoutMs: 60_000, signal: stop.signal, graceMs: 20_000, onLine };
  expect(await runWatched(command)).toEqual({ kind: 'stopped' });
  expect(lines).toEqual(['ready', 'cleaned']);
});

it('ends with the process that started it', async () => {
  const script = `const { runWatched } = await import(process.argv[1]);
    await runWatched({ argv: ['/bin/sleep', '300'], env: {}, timeoutMs: 300_000, signal: new AbortController().signal,
      graceMs: 100, onLine: () => {}, onStart: async (pid) => { console.log(pid); } });`;
  const module = join(import.meta.dirname, 'run-watched.ts');
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script, module], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
});

it('names the program that cannot be executed', async () => {
  const command = { env, timeoutMs: 10_000, signal: never, graceMs: 100 };
  const lines: string[] = [];
  const end = await runWatched({ ...command, argv: ['/no/such/tool'], onLine: (line) => lines.push(line) }).catch(
    String,
  );
  expect(`${JSON.stringify(end)} ${lines.join()}`).toContain('/no/such/tool');
});
