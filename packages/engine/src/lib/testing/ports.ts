// Ports for what a test starts later. Several packages of tests run at a time, and the system gives the ports that it
// picks itself to any connection: so these are picked below them, and each is claimed by a file until its process ends.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [lowest, highest] = [11_000, 32_000] as const;
const mostTries = 1_000;
const claims = join(tmpdir(), `bluegreen-test-ports-${process.getuid?.() ?? 0}`);
const ours = new Set<string>();
process.on('exit', () => {
  for (const file of ours) rmSync(file, { force: true });
});

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** Free now, and given to no other test until this process ends. */
export async function freePorts(count: number): Promise<readonly number[]> {
  if (ours.size === 0) clearClaims();
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries > mostTries) throw new Error(`no ${count} free ports between ${lowest} and ${highest}`);
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (claim(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

/** Of processes that were killed. */
function clearClaims(): void {
  mkdirSync(claims, { recursive: true });
  for (const name of readdirSync(claims)) {
    const file = join(claims, name);
    if (!isHeld(file)) rmSync(file, { force: true });
  }
}

function claim(port: number): boolean {
  const file = join(claims, String(port));
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch {
    return false;
  }
  ours.add(file);
  return true;
}

function isHeld(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
