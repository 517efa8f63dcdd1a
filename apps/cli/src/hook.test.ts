// `bg hook test` as a real process, on payloads of real hosts.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

const payloads = join(import.meta.dirname, '../../webhook/src/testing/payloads');
const success = join(payloads, 'github/workflow-run-success.json');

let shell: Shell;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bg-hook-'));
  shell = await openShell(`
        canary: [{ percent: 10, watch: 1s }]
    builds:
      - { host: github, repository: acme/shop, workflow: Release, version: "v2.1", targets: { production: deploy } }
      - { host: gitlab, repository: acme/shop, version: $.no_such }
`);
});
afterAll(async () => {
  await shell.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('bg hook test', () => {
  it('shows what the rule saw, the build, and what would come of it, and changes nothing', async () => {
    const { code, out } = await shell.bg('hook', 'test', success);
    expect(code).toBe(0);
    expect(out).toMatch(/^workflow_run of github\n✓ services\.shop\.builds\[0\] takes it$/m);
    expect(out).toMatch(/^ {4}✓ branch +main *$/m);
    expect(out).toMatch(/^ {4}commit +9c1f3d2e8b7a60415263748596a7b8c9d0e1f203$/m);
    expect(out).toMatch(/^ {4}committedAt +2026-05-04T08:12:30\.000Z$/m);
    expect(out).toMatch(/^ {4}production +deploying +deployed by the rule$/m);
    expect(out).toMatch(/Nothing was changed\.$/m);
    expect((await shell.bg('history', '--json')).json()).toEqual([]);
  });

  it('says which condition does not hold: 1', async () => {
    const { code, out } = await shell.bg('hook', 'test', join(payloads, 'github/workflow-run-pull-request.json'));
    expect(code).toBe(1);
    expect(out).toMatch(/^ {4}✗ pull request +#42 +expected none$/m);
    expect(out).toMatch(/^ {4}✗ branch +empty-basket +expected main \(the default one\)$/m);
  });

  it('names the rule, the expression and the place where nothing is found: 1', async () => {
    const { code, out } = await shell.bg('hook', 'test', join(payloads, 'gitlab/pipeline-success.json'));
    expect(code).toBe(1);
    expect(out).toContain('services.shop.builds[1]: version: $.no_such finds nothing');
  });

  it('answers programs in one line of JSON', async () => {
    const { code, json } = await shell.bg(
      'hook',
      'test',
      success,
      '--hook',
      'github',
      '--event',
      'workflow_run',
      '--json',
    );
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      hook: 'github',
      event: 'workflow_run',
      rules: [{ takes: true, build: { version: 'v2.1' }, reactions: [{ target: 'production', became: 'deploying' }] }],
    });
  });

  it('lets no text of a payload steer the terminal', async () => {
    const file = join(folder, 'hostile.json');
    writeFileSync(
      file,
      JSON.stringify({
        event: 'build',
        service: 'shop',
        version: 'v1',
        branch: '\u001b[2Jmain',
        workflow: '\u001b]0;x',
      }),
    );
    const { code, out } = await shell.bg('hook', 'test', file);
    expect(code).toBe(0);
    expect(out).not.toContain('\u001b');
  });

  it.each([
    [['nothing.json'], /nothing\.json cannot be read \(ENOENT\)/],
    [[success, '--hook', 'gihub'], /"gihub" is no hook: github, gitlab, bitbucket, cdevents, generic/],
    [[join(payloads, 'github/ping.json')], /no event of a build that is known here/],
  ])('%j cannot be understood: 2', async (words, sentence) => {
    const { code, err } = await shell.bg('hook', 'test', ...words);
    expect(code).toBe(2);
    expect(err).toMatch(sentence);
  });
});
