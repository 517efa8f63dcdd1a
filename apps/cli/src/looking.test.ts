// What can be asked without changing anything: real `bg` processes, an engine that has nothing deployed yet.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from './program.ts';
import { openShell, type Shell } from './testing/shell.ts';

let shell: Shell;
beforeAll(async () => {
  shell = await openShell();
});
afterAll(() => shell.close());

describe('bg --help', () => {
  it('explains every exit code', async () => {
    const { code, out } = await shell.bg('--help');
    expect(code).toBe(0);
    for (const number of ['0 ', '1 ', '2 ', '3 ', '4 ', '5 ', '130 '])
      expect(out).toMatch(new RegExp(`^  ${number}`, 'm'));
  });

  it('shows examples with every command', async () => {
    const { code, out } = await shell.bg('lock', '--help');
    expect(code).toBe(0);
    expect(out).toContain('bg lock "sale starts at 18:00" --for 2h');
    expect(commands.filter(({ examples }) => examples.length === 0)).toEqual([]);
  });

  it('does not take silence for a command', async () => {
    const { code, err, out } = await shell.bg();
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('Usage: bg');
  });
});

describe('looking', () => {
  it('shows a target on which nothing runs yet', async () => {
    const { code, out } = await shell.bg('status');
    expect(code).toBe(0);
    expect(out).toMatch(/^shop {2}shop\/production {2}http:\/\/127\.0\.0\.1:\d+$/m);
    expect(out).toMatch(/^ {2}blue +idle/m);
    expect(out).toContain('driven by no process');
  });

  it('answers programs in one line of JSON whose keys are always there', async () => {
    const status = (await shell.bg('status', '--json')).json();
    expect(Object.keys(status).sort()).toEqual(['at', 'driver', 'targets', 'warnings']);
    expect(status.driver).toBeNull();
    expect((await shell.bg('status', 'shop', '--json')).json()).toMatchObject({
      service: 'shop',
      live: null,
      lock: null,
    });
  });

  it('lists the releases that can be deployed', async () => {
    const { out } = await shell.bg('releases', '--json');
    expect(JSON.parse(out).map(({ version }: { version: string }) => version)).toContain('v2.1');
  });

  it('shows a plan and what would refuse it, and changes nothing', async () => {
    const { code, out } = await shell.bg('plan', 'v1.0');
    expect(code).toBe(0);
    expect(out).toContain('start v1.0');
    expect(out).toContain('It would be accepted now. Nothing was changed.');
    expect((await shell.bg('history', '--json')).json()).toEqual([]);
  });

  it('lets unauthenticated users read, and nothing more', async () => {
    const asUnauthenticated = ['--config', shell.unauthenticatedConfig];
    expect((await shell.bg('status', ...asUnauthenticated)).code).toBe(0);
    const refusal = await shell.bg('deploy', 'v1.0', ...asUnauthenticated, '--json');
    expect(refusal.code).toBe(3);
    expect(refusal.json()).toMatchObject({
      refused: { code: 'not-in-team', rule: expect.any(String), sentence: expect.any(String) },
    });
    expect((await shell.bg('drive', ...asUnauthenticated)).code).toBe(3);
    expect((await shell.bg('status', '--json')).json().targets).toMatchObject([{ live: null }]);
  });

  it.runIf(process.geteuid?.() === 0)('believes sudo about who is asking, since root runs it', async () => {
    const asEve = await shell.start(['deploy', 'v1.0', '--json'], { SUDO_USER: 'eve' }).ended;
    expect(asEve.code).toBe(3);
    expect(asEve.json()).toMatchObject({ refused: { code: 'not-in-team', sentence: expect.stringContaining('eve') } });
  });
});

describe('a command line that makes no sense', () => {
  it.each([
    [['deploy'], "missing required argument 'version'"],
    [['deploy', 'v1.0', '--hodl'], '(Did you mean --hold?)'],
    [['deplyo', 'v1.0'], '(Did you mean deploy?)'],
    [['deploy', 'shop', 'v1.0'], 'Did you mean: bg deploy v1.0 shop'],
    [['deploy', 'shop'], 'bg deploy <version> shop'],
    [['start', 'v1.0', 'green'], 'Did you mean: bg start green v1.0'],
    [['stop', 'red'], 'a slot is blue or green'],
    [['lock', 'why', '--for', 'ever'], '--for takes a duration'],
    [['history', '--limit', 'ten'], '--limit takes a whole number'],
    [['audit', 'export', '--since', 'lately'], '--since takes a duration'],
    [['audit', 'export', '--csv', '--jsonl'], 'exclude each other'],
  ])('%j ends with 2 and says what was expected', async (words, sentence) => {
    const { code, out, err } = await shell.bg(...words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(sentence);
  });

  it('is given to programs as JSON', async () => {
    const { code, json } = await shell.bg('deploy', 'shop', 'v1.0', '--json');
    expect(code).toBe(2);
    expect(json()).toMatchObject({ error: { code: 'usage', message: expect.stringContaining('bg deploy v1.0 shop') } });
  });

  it('is in the audit log with the name of the person who typed it', async () => {
    await shell.bg('deploy', 'shop', 'v9.9');
    const { out } = await shell.bg('audit', 'export');
    const last = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ actor: 'person:alice', action: 'refused', code: 'text-invalid' });
    expect(last.sentence).toContain('bg deploy v9.9 shop');
  });

  it('names an unknown place with the nearest known one', async () => {
    const { code, err } = await shell.bg('deploy', 'v1.0', 'shpo');
    expect(code).toBe(3);
    expect(err).toContain('refused (target-unknown)');
    expect(err).toContain('shop');
  });
});

describe('bg config check', () => {
  it('is content with a sound file', async () => {
    const { code, out } = await shell.bg('config', 'check');
    expect(code).toBe(0);
    expect(out).toContain(`✓ ${shell.config} is valid`);
    expect(out).toMatch(/a release of shop runs under the account of the engine.*set `user`/);
  });

  it('names every problem at once with its place, and ends with 5', async () => {
    const file = join(shell.folder, 'wrong.yaml');
    writeFileSync(file, 'state: s\npeople: []\nservices:\n  shop:\n    relaeses: x\n    targets: {}\n');
    const { code, out } = await shell.bg('config', 'check', file);
    expect(code).toBe(5);
    expect(out).toMatch(/wrong\.yaml:5:\d+ services\.shop\.relaeses: .*releases/);
    expect(out.match(/wrong\.yaml:\d+:\d+ /g)?.length).toBeGreaterThan(1);
    const checked = (await shell.bg('config', 'check', file, '--json')).json();
    expect(checked).toMatchObject({ file, valid: false });
    expect(checked.problems).toContainEqual(expect.objectContaining({ line: 5, path: 'services.shop.relaeses' }));
  });

  it('counts a single problem as one', async () => {
    const { code, out } = await shell.bg('config', 'check', join(shell.folder, 'none.yaml'));
    expect(code).toBe(5);
    expect(out).toMatch(/one problem in .*none\.yaml/);
  });

  it('lets no other command run on a file with a problem', async () => {
    const missing = await shell.bg('status', '--config', join(shell.folder, 'none.yaml'), '--json');
    expect(missing.code).toBe(5);
    expect(missing.json()).toMatchObject({
      error: { code: 'config-invalid', message: expect.stringContaining('none.yaml') },
    });
  });
});
