// `bg state archive` and what other commands say afterwards, on a log whose first rows are old. Real `bg` processes archive and
// verify once; the rest runs in this process.

import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { loadSettings } from '@bg/engine';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../packages/engine/src/lib/clock.ts';
import { openDatabase } from '../../../packages/engine/src/state/database.ts';
import { createStore } from '../../../packages/engine/src/state/store.ts';
import { type Ran, runHere } from './testing/in-process.ts';
import { openShell, type Shell } from './testing/shell.ts';

const oldRows = 30;
let shell: Shell;
let archive: string;
const bg = (...words: string[]): Promise<Ran> => runHere(shell.config, words);
beforeAll(async () => {
  shell = await openShell();
  const { stateFolder } = loadSettings({ file: shell.config, environment: {} });
  archive = join(stateFolder, 'archive');
  const db = openDatabase(stateFolder);
  const clock = { ...systemClock, now: () => Date.now() - 90 * 86_400_000 };
  createStore({ db, clock, redact: (text) => text, committed: () => undefined }).write((tx) => {
    for (let row = 1; row <= oldRows; row += 1)
      tx.audit({ actor: 'person:alice', action: 'resumed', sentence: `row ${row}` });
  });
  db.$client.close();
  await bg('lock', 'stock-taking');
});
afterAll(() => shell.close());

test('refuses an age that is none, and a person who is not in the list', async () => {
  const without = await bg('state', 'archive');
  expect([without.code, without.err]).toEqual([2, expect.stringContaining('no age is given')]);
  const other = await bg('state', 'archive', '--older-than', '30d', '--config', shell.unauthenticatedConfig);
  expect(other.code).toBe(3);
});

test('archives the old rows, and verifies files and state as one chain', async () => {
  const made = await shell.bg('state', 'archive', '--older-than', '30d');
  expect([made.code, made.out]).toEqual([0, expect.stringContaining(`✓ ${oldRows} rows are in 1 files in ${archive}`)]);
  const state = await bg('audit', 'verify', '--full');
  expect([state.code, state.out]).toEqual([
    0,
    expect.stringContaining(`Rows 1 to ${oldRows} are in 1 archives, which were not read`),
  ]);
  const whole = await bg('audit', 'verify', '--full', '--archives', archive);
  expect([whole.code, whole.out]).toEqual([0, expect.stringContaining(`✓ intact: rows 1 to ${oldRows} in 1 archives`)]);
  expect(whole.out).toContain(`The rows of this state follow them, from row ${oldRows + 1} on.`);
  expect((await shell.bg('audit', 'verify', '--archives', archive, '--json')).json()).toMatchObject({
    intact: true,
    files: { intact: true, files: 1, rows: oldRows },
    archived: { rows: oldRows, files: 1 },
  });
});

test('lists, exports and proves what is left, and says where the rest is', async () => {
  const listed = await bg('audit', 'list', '--limit', '100');
  expect(listed.out).toContain(`Rows 1 to ${oldRows} are in archives`);
  expect(listed.out).not.toContain('row 7');
  const exported = await bg('audit', 'export');
  expect(exported.err).toContain(`Rows 1 to ${oldRows} are in archives`);
  expect(JSON.parse(exported.out.split('\n')[0] ?? '')).toMatchObject({ seq: oldRows + 1 });
  const [name = ''] = readdirSync(archive);
  const before = gunzipSync(readFileSync(join(archive, name))).toString();
  for (const text of [exported.out, before + exported.out]) {
    const copy = join(shell.folder, 'copy.jsonl');
    writeFileSync(copy, text);
    const proved = await bg('report', '--since', '120d', '--prove', copy);
    expect([proved.code, proved.out]).toEqual([0, expect.stringContaining('✓ equal')]);
    expect(proved.out).toContain(`rows 1 to ${oldRows} are in archives and are not counted`);
  }
});

test('finds a changed, a missing and another file', async () => {
  const [name = ''] = readdirSync(archive);
  const path = join(archive, name);
  const content = readFileSync(path);
  const text = gunzipSync(content).toString();
  const verify = async () => {
    const { code, out } = await bg('audit', 'verify', '--full', '--archives', archive);
    return [code, out.split('\n')[0]];
  };
  writeFileSync(path, gzipSync(text.replace('"row 7"', '"row 8"')));
  expect(await verify()).toEqual([1, expect.stringContaining('row 7 was changed')]);
  writeFileSync(path, gzipSync(text, { level: 1 }));
  expect(await verify()).toEqual([1, expect.stringContaining('another file than the one that was recorded')]);
  renameSync(path, `${path}.moved`);
  expect(await verify()).toEqual([1, expect.stringContaining('cannot be read')]);
  writeFileSync(path, content);
  expect((await bg('audit', 'verify', '--archives', '/no/such/folder')).code).toBe(2);
});
