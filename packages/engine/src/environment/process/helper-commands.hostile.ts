// Commands that an engine which is not root runs as the account of a slot, through the helper: health checks and the smoke
// commands of releases on a scratch copy.

import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processStat } from '../proc-fs.ts';
import { canTry, games, type HelpedMachine, installHelper, nobody, scriptOfGames } from './helper-fixture.ts';

let machine: HelpedMachine;
beforeAll(async () => {
  if (canTry) machine = await installHelper();
});
afterAll(() => {
  if (canTry) machine.remove();
});

const account = { user: 'nobody' };
const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith('bg-scratch-') && ownerOf(name) === games);

function ownerOf(name: string): number | undefined {
  return statSync(join(tmpdir(), name), { throwIfNoEntry: false })?.uid;
}

function health(argv: readonly string[], more: object = {}) {
  const command = { argv, cwd: '/', account };
  const rule = { type: 'command', command, timeoutMs: 20_000, ...more };
  return machine.engine('health', { url: 'http://127.0.0.1:4321', rule }).value;
}

const smokeScript = join(import.meta.dirname, '../../migrator/sqlite/evidence/testing/smoke-of-another.ts');

describe.skipIf(!canTry)('through the helper (needs root, sudo and perl)', () => {
  it('a health check by command runs as the account, with its own environment', () => {
    const script =
      'test "$(id -u) $ENVIRONMENT_COLOR $APPLICATION_PORT $APP_VERSION" = "65534 blue 4321 v1" && test -z "$SUDO_USER"';
    expect(health(['sh', '-c', script])).toMatchObject({ healthy: true, proof: 'command' });
    expect(health(['sh', '-c', 'echo queue is gone >&2; exit 3'])).toMatchObject({
      healthy: false,
      problem: 'sh ended with 3: queue is gone',
    });
    expect(health(['no-such-program'])?.problem).toMatch(/no-such-program: No such file/);
  });

  it('one that takes too long, writes too much or leaves processes is ended with all of them', () => {
    const file = join(machine.folder, 'pid');
    writeFileSync(file, '', { mode: 0o666 });
    chmodSync(file, 0o666);
    const hide = `setsid sleep 600 >/dev/null 2>&1 & echo $! >${file}; sleep 600`;
    expect(health(['sh', '-c', hide], { timeoutMs: 500 })?.problem).toMatch(/sh ran longer than 500 ms/);
    const hidden = Number(readFileSync(file, 'utf8'));
    expect(hidden).toBeGreaterThan(1);
    expect(processStat(hidden)?.zombie ?? true).toBe(true);
    const loud = health(['sh', '-c', 'while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaa; done'], { timeoutMs: 3_000 });
    expect(loud?.healthy).toBe(false);
  });

  it('an account that no slot is listed with is refused with what to do', () => {
    const command = { argv: ['true'], cwd: '/', account: { user: 'daemon' } };
    const rule = { type: 'command', command, timeoutMs: 20_000 };
    const { value } = machine.engine('health', { url: 'http://127.0.0.1:1', rule });
    expect(value?.problem).toMatch(/only root can start a program as daemon.*install the helper/);
  });

  it('a smoke command gets a scratch copy that it can write, and no copy is left', () => {
    const file = join(machine.folder, 'shop.sqlite');
    const script = `
      const { DatabaseSync } = require('node:sqlite');
      const path = process.env.DATABASE_URL.replace('sqlite:', '');
      const database = new DatabaseSync(path);
      database.exec('PRAGMA journal_mode = WAL; INSERT INTO users VALUES (1)');
      require('node:fs').mkdirSync(path + '.left/behind', { recursive: true });
      console.error('as', process.getuid());
      process.exit(database.prepare('SELECT count(*) AS n FROM users').get().n === 1 ? 0 : 1);`;
    const run = (argv: readonly string[]) => scriptOfGames(smokeScript, { file, argv, account }).value;
    expect(run([process.execPath, '-e', script])).toMatchObject({ smoke: 'passed' });
    const failing = run(['/bin/sh', '-c', 'echo "as $(id -u)" >&2; exit 1']);
    expect(JSON.stringify(failing)).toContain(`as ${nobody}`);
    expect(copies()).toEqual([]);
  });
});
