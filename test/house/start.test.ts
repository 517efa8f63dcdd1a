// `npm start` as people use it: it comes up soon, says so, is there once, stops all of what it started, comes back with
// what was live, and clears up after a death without warning. Real processes, a separate folder and separate ports.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'bg-st-'));
const longMs = 120_000;
const running = new Set<Run>();
const held: Server[] = [];

interface Run {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly ended: Promise<number | string | null>;
}

function start(): Run {
  const child = spawn(process.execPath, [join(root, 'tools/run.mjs'), 'start', '--folder', folder], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
  const run: Run = {
    child,
    said: () => text,
    ended: new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code))),
  };
  running.add(run);
  void run.ended.then(() => running.delete(run));
  return run;
}

async function says(run: Run, desired: RegExp, limitMs = longMs): Promise<RegExpExecArray> {
  for (const end = Date.now() + limitMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = desired.exec(run.said());
    if (found) return found;
  }
  throw new Error(`nothing like ${desired} within ${limitMs} ms, but:\n${run.said()}`);
}

/** What still runs out of this test's folder: the demonstration, its bot, balancer and slots. */
function leftovers(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => ({ pid, command: read(pid, 'cmdline').replaceAll('\0', ' '), environment: read(pid, 'environ') }))
    .filter(({ command, environment }) => command !== '' && `${command}${environment}`.includes(folder))
    .map(({ pid, command }) => `${pid} ${command}`);
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

const shopVersion = async (run: Run): Promise<string> => {
  const [, shop = ''] = await says(run, /The shop: +(\S+)/);
  return ((await (await fetch(`${shop}/health`)).json()) as { version: string }).version;
};

async function answering(address: string): Promise<void> {
  for (const end = Date.now() + longMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20)))
    if (
      await fetch(`http://${address}/health`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
  throw new Error(`nobody answers at ${address} within ${longMs} ms`);
}

describe.skipIf(process.platform !== 'linux')('npm start', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    const server = createServer();
    held.push(server);
    // The port is taken in either case, by this test or by another process.
    await new Promise<void>((resolve) => server.once('error', () => resolve()).listen(4242, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    for (const { child, ended } of running) {
      child.kill('SIGTERM');
      await ended;
    }
    for (const server of held) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('stops in the middle of its very first deployment, with users on it already', async () => {
    const run = start();
    await says(run, /Putting v1\.0 live/);
    await answering(/listen: "?([\d.]+:\d+)/.exec(readFileSync(join(folder, 'bluegreen.yaml'), 'utf8'))?.[1] ?? '');
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    expect(run.said()).not.toContain('Ctrl-C stops everything');
    expect(leftovers()).toEqual([]);
  });

  it('gives way where a port is taken, says where the page is, and the page answers before the rest is up', async () => {
    const run = start();
    const [, page = ''] = await says(run, /The page will be (\S+)/, 30_000);
    expect(run.said()).toContain('Port 4242 is taken');
    let status = 0;
    for (const end = Date.now() + 30_000; Date.now() < end && status !== 200; )
      status = await fetch(page).then(
        (answer) => answer.status,
        () => 0,
      );
    expect(status).toBe(200);
    expect(run.said()).not.toContain('Ctrl-C stops everything');
  });

  it('puts the first release live and shows people what to type', async () => {
    const [run] = running;
    await says(run as Run, /Ctrl-C stops everything/);
    expect((run as Run).said()).toContain('/deploy v2.1');
    expect(await shopVersion(run as Run)).toBe('v1.0');
  });

  it('is there once: a second one says so and ends with 1', async () => {
    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.said()).toMatch(/It runs already \(process \d+\): http/);
  });

  it('stops everything on Ctrl-C, and nothing is left', async () => {
    const [run] = running;
    expect(leftovers().length).toBeGreaterThan(3);
    (run as Run).child.kill('SIGINT');
    expect(await (run as Run).ended).toBe(0);
    expect((run as Run).said()).toMatch(/, 0 lost/);
    expect(leftovers()).toEqual([]);
  });

  it('comes back with what was live, and clears up after it was killed outright', async () => {
    const killed = start();
    await says(killed, /Bringing back v1\.0/);
    await says(killed, /Ctrl-C stops everything/);
    const demonstration = JSON.parse(readFileSync(join(folder, 'running.json'), 'utf8')) as { owner: { pid: number } };
    process.kill(demonstration.owner.pid, 'SIGKILL');
    expect(await killed.ended).toBe(137);
    expect(leftovers().length).toBeGreaterThan(1);
    const run = start();
    await says(run, /was killed: clearing what it left/);
    expect(await shopVersion(run)).toBe('v1.0');
    // A closed terminal.
    run.child.kill('SIGHUP');
    expect(await run.ended).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  it('does not outlive the process that started it', async () => {
    const run = start();
    await says(run, /Ctrl-C stops everything/);
    run.child.kill('SIGKILL');
    expect(await run.ended).toBe('SIGKILL');
    for (const end = Date.now() + 30_000; Date.now() < end && leftovers().length > 0; )
      await new Promise((resolve) => setTimeout(resolve, 200));
    expect(leftovers()).toEqual([]);
  });
});
