// What decided a canary: real `bg` processes, releases, users and a balancer.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let shell: Shell;
let id: string;
beforeAll(async () => {
  shell = await openShell(`        canary: [{ percent: 50, watch: 1s }]
        bake: 1s
        approval: { approvers: [alice], fourEyes: false }
        judge: { minRequests: 5, patience: 60s }
`);
  await deployedUnderLoad('v1.0');
  id = await deployedUnderLoad('v2.0');
});
afterAll(() => shell.close());

/** With requests that come for as long as the deployment lasts. */
async function deployedUnderLoad(version: string): Promise<string> {
  const deploying = shell.bg('deploy', version, '--json');
  const over = deploying.then(() => true);
  const pause = (): Promise<boolean> => new Promise((resolve) => setTimeout(resolve, 20, false));
  do
    await fetch(shell.front, { signal: AbortSignal.timeout(5_000) }).then(
      (answer) => answer.arrayBuffer(),
      () => {},
    );
  while (!(await Promise.race([over, pause()])));
  const { code, out, err } = await deploying;
  if (code !== 0) throw new Error(`${version} was not deployed: ${out}${err}`);
  return String((await deploying).json().id);
}

describe('bg judge explain', () => {
  it('prints each share with the verdict, both sides’ numbers, the comparison and the rule', async () => {
    const { code, out } = await shell.bg('judge', 'explain', 'latest');
    expect(code).toBe(0);
    expect(out).toContain(`shop  v1.0 → v2.0  ${id} in green`);
    expect(out).toMatch(/^✓ promoted: no verdict was against it; at the end: /m);
    expect(out).toMatch(/^watch 50 % for 1 s {2}50 % of the users, ended \d\d:\d\d:\d\d$/m);
    expect(out).toMatch(/^ {2}new v2\.0 +\d+ +0 \(0\.0 %\) +\d+ ms/m);
    expect(out).toMatch(/^ {2}Successful: 0 of \d+ requests failed on the new side/m);
    expect(out).toMatch(/^ {2}by: the fixed limits$/m);
    expect(out).toMatch(/^ {2}comparison: \w+: /m);
    expect(out).toContain('    More than 5.00 % errors in at least 5 requests is a failure, once it is certain ');
    expect(out).toContain('With all users on the new side there is nothing to compare with');
    expect(out).not.toContain('earlier version');
  });

  it('gives programs every field', async () => {
    const view = (await shell.bg('judge', 'explain', id, 'shop', '--json')).json();
    expect(view).toMatchObject({
      id,
      version: 'v2.0',
      shares: [
        { decider: { by: 'limits' }, judged: { percent: 50, rule: { mode: 'manual', minRequests: 5 } } },
        { judged: { percent: 100 } },
      ],
      acts: [],
      remarks: [],
    });
  });

  it('is followed by bg judge replay, which judges the recording once more', async () => {
    const { code, out } = await shell.bg('judge', 'replay', 'latest');
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+ looks in .+, judged by the policy of shop/m);
    expect(out).toMatch(/^decided then:\n {2}after 0 ms at 50 % {2}/m);
    expect(out).toMatch(/^compared now:\n/m);
    const changed = await shell.bg('judge', 'replay', id, '--set', 'least: 1s, critical: [errors]', '--json');
    expect(changed.json()).toMatchObject({ id, version: 'v2.0', set: 'least: 1s, critical: [errors]' });
  });

  it('is summed up by bg judge report, which says that more canaries are needed', async () => {
    const { code, out } = await shell.bg('judge', 'report');
    expect(code).toBe(0);
    expect(out).toMatch(/^shop {2}1 canaries compared, 1 deployments without a comparison$/m);
    expect(out).toContain('not yet: 1 of 20 canaries compared');
  });

  it('refuses to replay with a policy that there is not, and a file that is no recording', async () => {
    const wrong = await shell.bg('judge', 'replay', id, '--set', 'tolerance: 3');
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('has no tolerance')]);
    const missing = await shell.bg('judge', 'replay', './none.jsonl');
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('there is no such file')]);
  });

  it('refuses a deployment that it does not know', async () => {
    const { code, out, err } = await shell.bg('judge', 'explain', 'd_nothing');
    expect([code, out]).toEqual([3, '']);
    expect(err).toContain('there is no deployment "d_nothing"');
  });
});
