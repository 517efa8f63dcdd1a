// The state becomes read-only (a disk fault, a wrong mount) while a deployment is in each of its steps, and the controller
// ends. Commands and the next controller say so and change nothing, users keep their side, and once the state can be
// written again the deployment goes on.

import { execFile, execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { canMountDisks } from '../../packages/engine/src/lib/testing/small-disk.ts';
import { alice, bob, deployed, eventually, finished, type Stage, setStage, until, value } from '../support/stage.ts';
import { startUsers } from '../support/users.ts';
import { type Controller, startController } from './controllers.ts';

const bg = resolve(import.meta.dirname, '../../apps/cli/src/main.ts');
const limitMs = 120_000;
const forward = [
  'expand-schema',
  'start-preview',
  'check-health',
  'smoke-test',
  'prove-preview',
  'shift-traffic',
  'watch',
  'promote',
  'verify-live',
  'bake',
];

let stage: Stage | undefined;
let controller: Controller | undefined;
let isMounted = false;
afterEach(async () => {
  await controller?.kill();
  if (stage && isMounted) makeWritable(stage);
  await stage?.strike();
}, limitMs);

const mount = (...words: readonly string[]) => execFileSync('mount', words, { stdio: 'pipe' });

/** For every process that opens a file from now on. */
function makeReadOnly({ settings: { stateFolder } }: Stage): void {
  mount('--bind', stateFolder, stateFolder);
  mount('-o', 'remount,bind,ro', stateFolder);
  isMounted = true;
}

function makeWritable({ settings: { stateFolder } }: Stage): void {
  execFileSync('umount', ['-l', stateFolder], { stdio: 'pipe' });
  isMounted = false;
}

interface Ran {
  readonly code: number;
  readonly output: string;
}

function run({ folder }: Stage, ...words: readonly string[]): Promise<Ran> {
  const argv = [bg, ...words, '--config', join(folder, 'bluegreen.yaml')];
  return new Promise((done) => {
    execFile(process.execPath, argv, { timeout: limitMs }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}` }),
    );
  });
}

/** What the users' side answers now. */
const versionOf = async ({ front }: Stage): Promise<string | undefined> =>
  ((await (await fetch(`${front}/health`)).json()) as { version?: string }).version;

async function nothingCanBeChanged(on: Stage, words: readonly string[], served: readonly string[]): Promise<void> {
  const next = startController(on, 'on a read-only state');
  const { code, output } = await run(on, ...words);
  await eventually(() => next.ended() !== undefined, limitMs);
  expect(next.lines.join('\n')).toMatch(/is read-only: it cannot be written/);
  expect(output).toMatch(/is read-only: it cannot be written/);
  expect(output).not.toMatch(/\n\s+at .*\.ts:/);
  expect(code).not.toBe(0);
  expect(served).toContain(await versionOf(on));
}

const commands = [['deploy', 'v2.0'], ['rollback'], ['status']] as const;

/** What users may get before the step is done, as the share says. */
function servedIn(step: string): readonly string[] {
  const shared = forward.slice(forward.indexOf('watch'), forward.indexOf('verify-live'));
  if (shared.includes(step)) return ['v1.0', 'v2.1'];
  return forward.indexOf(step) < forward.indexOf('watch') ? ['v1.0'] : ['v2.1'];
}

describe.skipIf(!canMountDisks())('a state that becomes read-only (needs root)', { timeout: 900_000 }, () => {
  it('in each step of a deployment: it is said, users keep their side, and the deployment goes on afterwards', async () => {
    const on = await setStage();
    stage = on;
    const engine = on.open('observer');
    controller = startController(on, 'first');
    await deployed(engine, 'v1.0');
    const users = startUsers(on.front);
    const { arm } = controller;
    await arm({ label: `commit step-started ${forward[0]}`, edge: 'after', nth: 1, delayMs: 0, signal: 'SIGKILL' });
    const { id } = value(engine.deploy({ version: 'v2.1', actor: alice }));
    for (const [at, step] of forward.entries()) {
      await eventually(() => controller?.ended() !== undefined, limitMs);
      expect(engine.deployment(id)?.phase).toBe(step);
      makeReadOnly(on);
      await nothingCanBeChanged(on, commands[at % commands.length] ?? ['status'], servedIn(step));
      makeWritable(on);
      controller = startController(on, `after ${step}`);
      const next = forward[at + 1];
      if (next !== undefined)
        await controller.arm({
          label: `commit step-started ${next}`,
          edge: 'after',
          nth: 1,
          delayMs: 0,
          signal: 'SIGKILL',
        });
    }
    expect((await until(engine, id, finished, limitMs)).outcome).toMatchObject({ kind: 'promoted' });
    const back = value(engine.rollback({ actor: bob, reason: 'wrong prices' }));
    expect((await until(engine, back.id, finished, limitMs)).outcome).toMatchObject({ kind: 'promoted' });
    const { sent, lost } = await users.stop();
    expect(lost).toEqual([]);
    console.log(`${forward.length} steps on a read-only state, ${sent} requests sent, ${lost.length} lost`);
    expect(engine.audit.verify()).toMatchObject({ intact: true });
  });
});
