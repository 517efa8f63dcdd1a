// The examples of the README do what they say: its script and the commands of each CI, run against the real receiver.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Stage, setStage } from '../../../test/support/stage.ts';
import { type Receiver, startReceiver } from './testing/receiver.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const commit = '9c1f3d2e8b7a60415263748596a7b8c9d0e1f203';

let stage: Stage;
let receiver: Receiver;
const workspace = mkdtempSync(join(tmpdir(), 'bg-ci-'));

beforeAll(async () => {
  stage = await setStage();
  receiver = await startReceiver(stage, [secret]);
  mkdirSync(join(workspace, 'ci'));
  writeFileSync(join(workspace, 'ci/announce.sh'), /^```sh\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? '');
});
afterAll(async () => {
  receiver.child.kill('SIGKILL');
  await receiver.ended;
  await stage.strike();
  rmSync(workspace, { recursive: true, force: true });
});

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

function run(script: string, environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn('sh', ['-c', script], {
    cwd: workspace,
    env: {
      PATH: process.env.PATH ?? '',
      WEBHOOK_SECRET: secret,
      DEPLOY_HOOK_URL: `${receiver.url}/hooks/generic`,
      ...environment,
    },
    timeout: 60_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece) => {
      output += piece;
    });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

const taken = (delivery: string) => {
  const { inbox } = stage.open('look');
  const found = inbox.list({ limit: 100 }).find((each) => each.delivery === delivery);
  return found && { state: found.state, body: JSON.parse(String(inbox.body(found.id))) };
};

describe('the script of the README', () => {
  const order = { service: 'shop', version: 'v1.0', deploy: false, reason: 'äöü ✓ "quoted" $HOME `id` %s\\n' };

  it('delivers what a file contains, whatever it contains', async () => {
    writeFileSync(join(workspace, 'order.json'), JSON.stringify(order));
    const { code, output } = await run('sh ci/announce.sh order.json', { DELIVERY_ID: 'once' });
    expect([code, output]).toEqual([0, expect.stringContaining('"deployment":null')]);
    expect(taken('once')?.body).toEqual(order);
  });

  it('delivers nothing twice under one id, and makes an id where none is given', async () => {
    const known = stage.open('look').inbox.list({ limit: 100 }).length;
    for (const environment of [{ DELIVERY_ID: 'once' }, { DELIVERY_ID: 'once' }, {}])
      expect((await run('sh ci/announce.sh order.json', environment)).code).toBe(0);
    expect(stage.open('look').inbox.list({ limit: 100 })).toHaveLength(known + 1);
  });

  it('fails the step when it is refused, and says why where the answer does', async () => {
    const other = { WEBHOOK_SECRET: `whsec_${randomBytes(32).toString('base64')}` };
    const refused = await run('sh ci/announce.sh order.json', other);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain('This delivery is not proved.');
    writeFileSync(join(workspace, 'wrong.json'), '{"service":"shop"}');
    const wrong = await run('sh ci/announce.sh wrong.json');
    expect(wrong.code).not.toBe(0);
    expect(wrong.output).toContain('\\"version\\" is missing');
  });
});

/** The block behind a heading such as `GitLab CI (…):`. */
function example(name: string): string {
  const block = new RegExp(`^${name}[^\\n]*:\\n\\n\`\`\`\\w+\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(readme)?.[1];
  expect(block, name).toBeDefined();
  return block ?? '';
}

/** The lines from the first `printf` to the one that delivers, as the CI passes them to a shell. */
function commands(block: string): string {
  const lines = block.split('\n').map((line) => line.trim().replace(/^- (?=DELIVERY_ID)/, ''));
  const from = lines.findIndex((line) => line.startsWith('printf '));
  const to = lines.findIndex((line) => line.includes('ci/announce.sh'));
  return lines.slice(from, to + 1).join('\n');
}

describe('the example of', () => {
  it.each<[string, string, Readonly<Record<string, string>>]>([
    [
      'GitHub Actions',
      'github-7913-2',
      {
        GITHUB_RUN_NUMBER: '117',
        GITHUB_SHA: commit,
        GITHUB_SERVER_URL: 'https://github.example',
        GITHUB_REPOSITORY: 'acme/shop',
        GITHUB_RUN_ID: '7913',
        GITHUB_RUN_ATTEMPT: '2',
      },
    ],
    [
      'GitLab CI',
      'gitlab-61003',
      { CI_PIPELINE_IID: '118', CI_COMMIT_SHA: commit, CI_PIPELINE_URL: 'https://x.example/1', CI_JOB_ID: '61003' },
    ],
    [
      'Jenkins',
      'jenkins-shop-119',
      { BUILD_NUMBER: '119', GIT_COMMIT: commit, BUILD_URL: 'https://x.example/2', BUILD_TAG: 'shop-119' },
    ],
    [
      'CircleCI',
      'circleci-a1b2',
      {
        CIRCLE_BUILD_NUM: '120',
        CIRCLE_SHA1: commit,
        CIRCLE_BUILD_URL: 'https://x.example/3',
        CIRCLE_WORKFLOW_JOB_ID: 'a1b2',
      },
    ],
    [
      'Buildkite',
      'buildkite-c3d4',
      {
        BUILDKITE_BUILD_NUMBER: '121',
        BUILDKITE_COMMIT: commit,
        BUILDKITE_BUILD_URL: 'https://x.example/4',
        BUILDKITE_JOB_ID: 'c3d4',
      },
    ],
  ])('%s announces a build', async (name, delivery, environment) => {
    // What Buildkite does when a pipeline is uploaded.
    const script = commands(example(name)).replaceAll('$$', '$');
    const { code, output } = await run(`set -e\n${script}`, environment);
    expect([code, output]).toEqual([0, expect.stringContaining('"state":')]);
    expect(taken(delivery)).toMatchObject({
      state: 'done',
      body: {
        event: 'build',
        service: 'shop',
        version: expect.stringMatching(/^build-1[12]\d$/),
        commit,
        url: expect.stringMatching(/^https:\/\/\w+\.example\/\S+$/),
      },
    });
  });
});
