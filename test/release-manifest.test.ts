// What a release says of itself holds wherever it is started: by a deployment, after a crash, on the way back, by hand.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, SlotView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { alice, deployed, eventually, finished, onStage, type Stage, until, value } from './support/stage.ts';

const plain = '\n        canary: []\n        bake: 1s\n        crash: { firstRestart: 200ms }\n';

async function say(stage: Stage, version: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(stage.folder, 'releases', 'shop', version, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
  }
}

const manifestOf = (version: string, more = ''): string => `
command: [${process.execPath}, server.mjs, --as-${version}-says]
${more}
schema: { statements: statements.sql }
`;

const slot = (engine: Engine, name: 'blue' | 'green'): SlotView | undefined =>
  engine.status().targets[0]?.slots.find((each) => each.slot === name);

async function commandOf(engine: Engine, name: 'blue' | 'green'): Promise<string> {
  await eventually(() => slot(engine, name)?.pid !== undefined);
  return (await readFile(`/proc/${slot(engine, name)?.pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
}

async function variableOf(engine: Engine, name: 'blue' | 'green', variable: string): Promise<string | undefined> {
  const environment = await readFile(`/proc/${slot(engine, name)?.pid}/environ`, 'utf8');
  return environment
    .split('\0')
    .find((line) => line.startsWith(`${variable}=`))
    ?.slice(variable.length + 1);
}

describe.concurrent('the manifest of a release', { timeout: 120_000 }, () => {
  it('decides its command on deployment, after a crash and on the way back, and for no other release', () =>
    onStage({ target: plain }, async (stage, engine) => {
      await say(stage, 'v1.0', { 'bluegreen.release.yaml': manifestOf('v1') });
      expect((await deployed(engine, 'v1.0')).outcome?.kind).toBe('promoted');
      expect(await commandOf(engine, 'blue')).toContain('--as-v1-says');

      const pid = slot(engine, 'blue')?.pid ?? 0;
      process.kill(pid, 'SIGKILL');
      await eventually(() => slot(engine, 'blue')?.pid !== undefined && slot(engine, 'blue')?.pid !== pid);
      await eventually(() => slot(engine, 'blue')?.health === 'healthy');
      expect(await commandOf(engine, 'blue')).toContain('--as-v1-says');

      await deployed(engine, 'v2.0');
      expect(await commandOf(engine, 'green')).not.toContain('--as-v1-says');
      value(engine.settleStandby({ actor: alice, to: 'stop' }));
      await eventually(() => slot(engine, 'blue')?.role === 'idle');
      const back = await until(engine, value(engine.rollback({ actor: alice })).id, finished);
      expect(back.outcome?.kind).toBe('promoted');
      expect(await commandOf(engine, 'blue')).toContain('--as-v1-says');

      value(await engine.slots.start({ slot: 'green', version: 'v2.1', actor: alice }));
      expect(await commandOf(engine, 'green')).not.toContain('says');
    }));

  it('has its templates filled in, and its own smoke tests run in addition to those of the configuration', () =>
    onStage({ target: plain }, async (stage, engine) => {
      const more = `
templates: [config/app.conf.hbs]
notes: Runs with a file of its own.
smokeTests:
  - { name: front page, path: /nowhere, expect: { status: 500 } }
  - { name: of the release, path: /api/products }
`;
      const files = {
        'bluegreen.release.yaml': manifestOf('v1', more),
        'config/app.conf.hbs': 'port {{APPLICATION_PORT}}\n',
      };
      await say(stage, 'v1.0', files);
      const plan = value(await engine.plan({ version: 'v1.0', actor: alice }));
      expect(plan.run).toMatchObject({
        commandFrom: 'release',
        command: [process.execPath, 'server.mjs', '--as-v1-says'],
        templates: ['config/app.conf.hbs'],
        smokeTests: ['front page', 'products', 'order', 'of the release'],
        notes: 'Runs with a file of its own.',
      });
      expect(plan.warnings.join()).toContain('"front page"');
      const first = await deployed(engine, 'v1.0');
      expect(first).toMatchObject({ outcome: { kind: 'promoted' }, notes: 'Runs with a file of its own.' });
      const folder = await variableOf(engine, 'blue', 'CONFIG_DIR');
      expect(await readFile(join(folder ?? '', 'config/app.conf'), 'utf8')).toBe(`port ${stage.ports.blue}\n`);
      const { change } = await deployed(engine, 'v2.0');
      expect(change).toMatchObject({ bytesBefore: first.change?.bytes, filesBefore: first.change?.files });
      expect(change?.bytes).toBeGreaterThan(10_000);
      const smoke = value(await engine.slots.smoke({}, 'blue'));
      expect(smoke.results.map(({ name }) => name)).toContain('of the release');
    }));

  it('fails a deployment before anything is touched when it cannot be started: a name, a variable, a smoke test', () =>
    onStage({ target: plain }, async (stage, engine) => {
      const reported = () => engine.audit.after(0, 1_000).map(({ action }) => action);
      await say(stage, 'v1.0', {
        'bluegreen.release.yaml': manifestOf('v1', 'requiredEnv: [PAYMENTS_URL]\ntemplates: [a.hbs]'),
        'a.hbs': 'one\n{{NOPE}}\n',
      });
      const plan = value(await engine.plan({ version: 'v1.0', actor: alice }));
      expect(plan.gates.find(({ name }) => name === 'start')?.refusal).toMatchObject({
        code: 'not-startable',
        sentence: expect.stringContaining('PAYMENTS_URL must be set'),
      });
      expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'failed', code: 'variable-missing' });
      await say(stage, 'v1.0', { 'bluegreen.release.yaml': manifestOf('v1', 'templates: [a.hbs]') });
      expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({
        code: 'template-unfilled',
        sentence: expect.stringContaining('a.hbs:2: NOPE is not known'),
      });
      await say(stage, 'v1.0', { 'bluegreen.release.yaml': 'comand: [node]' });
      expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({
        code: 'release-invalid',
        sentence: expect.stringMatching(/release\.yaml:1:1 comand: .*did you mean "command"/),
      });
      expect(reported()).not.toContain('slot-claimed');
      expect(reported()).not.toContain('planned');

      const failing = 'smokeTests: [{ name: of the release, path: /nowhere }]';
      await say(stage, 'v1.0', { 'bluegreen.release.yaml': manifestOf('v1', failing) });
      expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({
        code: 'smoke-test-failed',
        sentence: expect.stringContaining('"of the release"'),
      });
    }));
});
