// Through the helper a slot has its rendered files and its group, as one that root starts.

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { canTry, games, type HelpedMachine, helpedSettings, installHelper, nobody } from './helper-fixture.ts';

let machine: HelpedMachine;
beforeAll(async () => {
  if (canTry) machine = await installHelper();
});
afterAll(() => {
  if (canTry) machine.remove();
});
afterEach(() => {
  if (canTry) for (const service of ['shop', 'web']) machine.engine('stop', { ...machine.place, service }, 2_000);
});

/** Says what it finds in CONFIG_DIR, and what it may do there. */
const reader = `
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
const folder = process.env.CONFIG_DIR;
const attempt = (act) => { try { return act(); } catch (thrown) { return thrown.code; } };
createServer((request, response) => response.end(JSON.stringify({
  folder,
  ids: [process.getuid(), process.getgid()],
  names: attempt(() => readdirSync(folder)),
  text: attempt(() => readFileSync(folder + '/sub/a.conf', 'utf8')),
  others: attempt(() => readdirSync(folder + '/../../../../..')),
  writes: attempt(() => writeFileSync(folder + '/b', '')),
}))).listen(Number(process.env.APPLICATION_PORT), '127.0.0.1');
`;

const seen = async () => {
  await expect.poll(() => machine.answer().catch(() => ''), { timeout: 20_000 }).not.toBe('');
  return JSON.parse(await machine.answer());
};

describe.skipIf(!canTry)('through the helper (needs root, sudo and perl)', () => {
  it('a release reads its rendered files, which no other account can, and they go with the slot', async () => {
    const { folder } = machine.release('v1', reader);
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub/a.conf'), `password = \${PASSWORD}\n`);
    machine.started('v1', reader, { templates: ['sub/a.conf'] });
    const found = await seen();
    expect(found).toMatchObject({
      names: ['sub'],
      text: 'password = correct-horse\n',
      others: 'EACCES',
      writes: 'EACCES',
    });
    expect(statSync(join(found.folder, 'sub/a.conf'))).toMatchObject({ uid: nobody, mode: 0o100600 });
    expect(statSync(found.folder)).toMatchObject({ uid: games, mode: 0o040750 });
    expect(machine.engine('stop', machine.place, 10_000)).toEqual({ value: null });
    const left = readdirSync(machine.stateFolder, { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => name.includes('.config'))).toEqual([]);
  });

  it('a slot has the group that list and configuration name, and a difference between them is refused', async () => {
    const web = { ...machine.place, service: 'web' };
    const start = (account: object) =>
      machine.engine('start', web, machine.release('v2', reader), helpedSettings({ account }));
    expect(start({ user: 'nobody' }).message).toMatch(/names the group daemon for it, and the configuration none/);
    const { value, message } = start({ user: 'nobody', group: 'daemon' });
    expect(message).toBeUndefined();
    expect(await seen()).toMatchObject({ ids: [nobody, 1] });
    const status = readFileSync(`/proc/${value?.pid}/status`, 'utf8');
    expect(status).toMatch(/^Gid:\s+1\s+1\s+1\s+1$/m);
    expect(status).toMatch(/^CapPrm:\s+0{16}$/m);
  });
});
