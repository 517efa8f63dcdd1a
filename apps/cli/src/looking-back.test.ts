// Looking back at a deployment that went well and one that did not: real `bg` processes, releases and a balancer.

import { appendFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let shell: Shell;
let good: string;
let bad: string;
beforeAll(async () => {
  shell = await openShell('        canary: []\n        bake: 1s\n');
  good = await deployed('v1.0');
  const releases = join(shell.folder, 'releases', 'shop');
  cpSync(join(releases, 'v1.0'), join(releases, 'v1.1'), { recursive: true });
  const broken = "\nconsole.log('cannot open \\u001b[2J/etc/shop.conf');\nsetTimeout(() => process.exit(3), 1_000);\n";
  appendFileSync(join(releases, 'v1.1', 'server.mjs'), broken);
  bad = await deployed('v1.1', '--reason', 'prices in cents');
});
afterAll(() => shell.close());

async function deployed(version: string, ...words: readonly string[]): Promise<string> {
  return String((await shell.bg('deploy', version, ...words, '--json')).json().id);
}

describe('bg show', () => {
  it('shows the last deployment of a target with its steps, times and proofs', async () => {
    const { code, out } = await shell.bg('show', good);
    expect(code).toBe(0);
    expect(out).toContain(`shop  v1.0  deploy ${good} in blue`);
    expect(out).toMatch(/^✓ promoted \d\d:\d\d \(deploy\): v1\.0 is live$/m);
    expect(out).toMatch(/^ {2}\d\d:\d\d:\d\d {2}✓ start v1\.0 +\d+ m?s/m);
    expect(out).toMatch(/proved: generation \d+, v1\.0 in blue/);
    expect(out).toMatch(/http:\/\/127\.0\.0\.1:\d+: \d+ of \d+ probes saw it/);
    expect(out).not.toContain('waited for people');
    expect(out).not.toContain('deployment-requested');
    expect((await shell.bg('show', good, '--all')).out).toContain('deployment-requested (deploy)');
  });

  it('quotes what the new side wrote when a step failed, as text that steers no terminal', async () => {
    const { code, out } = await shell.bg('show', 'latest', 'shop');
    expect(code).toBe(0);
    expect(out).toContain(`deploy ${bad} in green`);
    expect(out).toContain('"prices in cents"');
    expect(out).toMatch(/^✗ failed .*side-crashed/m);
    expect(out).toMatch(/last lines of v1\.1 in green when ".*" failed/);
    expect(out).toContain('  | cannot open /etc/shop.conf');
    expect(out).not.toContain('\u001b');
    expect(out).toContain('undo: start v1.1');
  });

  it('gives programs every field of the documented shape', async () => {
    const view = (await shell.bg('show', bad, '--json')).json();
    const fields = ['id', 'service', 'target', 'name', 'mode', 'version', 'digest', 'commit', 'from', 'slot'];
    const more = ['requestedBy', 'reason', 'askedAt', 'beganAt', 'endedAt', 'outcome', 'duration', 'steps', 'waits'];
    const rest = ['approvals', 'shares', 'routings', 'refusals', 'entries', 'remarks'];
    for (const field of [...fields, ...more, ...rest]) expect(Object.keys(view)).toContain(field);
    expect(view).toMatchObject({ id: bad, from: 'v1.0', outcome: { kind: 'failed' }, shares: [] });
  });

  it.each([[['show', 'd_nothing'], 3, 'there is no deployment "d_nothing"']])(
    '%j ends with %i',
    async (words, exit, sentence) => {
      const { code, out, err } = await shell.bg(...words);
      expect([code, out]).toEqual([exit, '']);
      expect(err).toContain(sentence);
    },
  );
});

describe('bg diff', () => {
  it('shows both sides in the order asked for', async () => {
    const { code, out } = await shell.bg('diff', 'shop', 'green', 'blue');
    expect(code).toBe(0);
    expect(out).toMatch(/^shop {2}green and blue$/m);
    expect(out).toMatch(/≠ +version +v1\.1 +v1\.0/);
    expect(out).toMatch(/≠ +digest +[0-9a-f]{12} +[0-9a-f]{12}/);
    expect((await shell.bg('diff', '--json')).json()).toMatchObject({
      service: 'shop',
      blue: { version: 'v1.0', role: 'active', configuration: expect.stringMatching(/^[0-9a-f]{12}$/) },
      green: { version: 'v1.1' },
    });
  });

  it('takes two sides or none', async () => {
    const { code, err } = await shell.bg('diff', 'shop', 'green');
    expect([code, err.includes('Did you mean: bg diff shop blue green')]).toEqual([2, true]);
  });
});

describe('bg incident', () => {
  it('is Markdown for a post-mortem', async () => {
    const { code, out } = await shell.bg('incident', bad);
    expect(code).toBe(0);
    expect(out).toContain('# Incident: shop v1\\.0 → v1\\.1');
    expect(out).toContain('No user was sent to the new side.');
    expect(out).toMatch(/- Outcome: \*\*failed\*\* \(side\\-crashed\)/);
    expect(out).toContain('```text\n');
    expect(out).toContain('cannot open /etc/shop.conf');
    expect(out).toContain('- **alice**');
    expect(out).toContain('## To fill in');
  });
});

describe('bg audit list', () => {
  it('shows the last rows that the filters let through, oldest first', async () => {
    const { out } = await shell.bg(
      'audit',
      'list',
      '--deployment',
      bad,
      '--action',
      'step-fail*,turned-back',
      '--json',
    );
    const rows = JSON.parse(out) as { seq: number; action: string }[];
    expect(rows.map(({ action }) => action)).toEqual(['step-failed', 'turned-back']);
    const text = (await shell.bg('audit', 'list', '--deployment', bad, '--action', 'turned-back')).out;
    expect(text).toMatch(
      new RegExp(
        `^${rows[1]?.seq} +\\d\\d:\\d\\d:\\d\\d +the engine +turned-back \\(side-crashed\\) +shop/production +${bad}`,
        'm',
      ),
    );
  });

  it('limits, and says that there is more', async () => {
    const { out } = await shell.bg('audit', 'list', '--limit', '2', '--actor', 'engine');
    expect(out.trim().split('\n')).toHaveLength(3);
    expect(out).toContain('The last 2 rows; --limit shows more.');
    expect((await shell.bg('audit', 'list', '--action', 'approved')).out).toContain(
      'No row of the audit log is like this.',
    );
  });

  it('gives CSV, and the export takes the same filters', async () => {
    const filter = ['--actor', 'alice', '--action', 'deployment-requested', '--since', '1d'];
    const { out } = await shell.bg('audit', 'list', ...filter, '--csv');
    const exported = await shell.bg('audit', 'export', ...filter, '--csv');
    expect(out).toBe(exported.out);
    expect(out.split('\r\n')).toHaveLength(4);
    expect((await shell.bg('audit', 'export', ...filter, '--until', '2020-01-01T00:00+01:00')).out).toBe('');
  });

  it.each([
    [['--until', '2026-02-30'], 2, '--until takes a duration like 2h or a date'],
    [['--action', 'step-failde'], 2, 'Did you mean step-failed?'],
  ])('%j ends with %i', async (words, exit, sentence) => {
    const { code, out, err } = await shell.bg('audit', 'list', ...words);
    expect(code).toBe(exit);
    expect(`${out}${err}`).toContain(sentence);
  });
});
