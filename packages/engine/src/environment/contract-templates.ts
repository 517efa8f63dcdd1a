// The part of the contract about templates of a release, and about what the driver remembers of a start.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ask, type EnvironmentFixture, type Fixture, refusalOf } from './contract-fixture.ts';
import type { ReleaseFiles, SlotPlace } from './environment.ts';

const configOf = async (place: SlotPlace): Promise<string> => (await ask(place)).env.CONFIG_DIR ?? '';

function withFiles(release: ReleaseFiles, files: Readonly<Record<string, string>>): ReleaseFiles {
  for (const [name, content] of Object.entries(files)) {
    const path = join(release.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, 0o444);
  }
  return release;
}

const secrets = ({ folder }: EnvironmentFixture): string => {
  const file = join(folder, 'secrets.conf');
  writeFileSync(file, 'PASSWORD=correct-horse\nEMPTY=\n');
  return file;
};

export function renders(fixture: Fixture): void {
  it('fills them in with the environment of the slot, for its user alone, and tells the service where', async () => {
    const { environment, green, release, settings } = fixture();
    const v1 = withFiles(release('v1'), {
      'config/app.yaml.hbs':
        '{{! who }}port: {{APPLICATION_PORT}}\n{{#if EMPTY}}\nnever\n{{else}}\npassword: {{PASSWORD}}\n{{/if}}\n',
      'site.conf': `listen \${APPLICATION_PORT}; # $host stays, and so does $\${PASSWORD}\n`,
    });
    const templates = ['config/app.yaml.hbs', 'site.conf'];
    await environment.start(green, v1, { ...settings, envFiles: [secrets(fixture())], templates });
    const folder = await configOf(green);
    expect(readFileSync(join(folder, 'config/app.yaml'), 'utf8')).toBe(
      `port: ${green.port}\npassword: correct-horse\n`,
    );
    expect(readFileSync(join(folder, 'site.conf'), 'utf8')).toBe(
      `listen ${green.port}; # $host stays, and so does \${PASSWORD}\n`,
    );
    expect(statSync(join(folder, 'config/app.yaml')).mode & 0o777).toBe(0o600);
    expect(folder.startsWith(v1.folder)).toBe(false);
  });

  it('tells nothing where there are none, and lets `env` name the folder all the same', async () => {
    const { environment, blue, release, settings } = fixture();
    const env = { ...settings.env, APP_CONFIG: `\${CONFIG_DIR}/app.yaml` };
    await environment.start(blue, release('v1'), { ...settings, env });
    const reported = (await ask(blue)).env;
    expect(reported).not.toHaveProperty('CONFIG_DIR');
    expect(reported.APP_CONFIG).toMatch(/^\/.*\/app\.yaml$/);
  });
}

export function rendersStrictly(fixture: Fixture): void {
  it.each([
    [
      'a name that nothing gives, in a branch too',
      '\n{{#if TZ}}x{{else}}{{PASWORD}}{{/if}}',
      ':2: PASWORD is not known',
    ],
    ['a helper', '{{lookup this "PASSWORD"}}', ':1: only {{NAME}}, {{#if NAME}} and {{#unless NAME}} are understood'],
    ['a log line', '{{log PASSWORD}}', ':1: only {{NAME}}'],
    ['a property of what is below', '{{constructor}}', ':1: constructor is not known'],
    ['a path', '{{PASSWORD.length}}', ':1: only {{NAME}}'],
    ['another context', '{{@root}}', ':1: only {{NAME}}'],
    ['a file beside it', '{{> /etc/passwd}}', 'a.hbs:1: '],
    ['a text that is no template', 'fine\n{{#if TZ}}', 'a.hbs:'],
  ])('refuses %s before anything is stopped', async (_, text, said) => {
    const { environment, blue, release, settings } = fixture();
    const before = await environment.start(blue, release('v1'), settings);
    const v2 = withFiles(release('v2'), { 'a.hbs': text });
    const asked = { ...settings, envFiles: [secrets(fixture())], templates: ['a.hbs'] };
    expect(() => environment.preflight(blue, v2, asked)).toThrow(said);
    const refusal = await refusalOf(environment.start(blue, v2, asked));
    expect(refusal.code).toBe('template-unfilled');
    expect(refusal.message).toContain(said);
    expect(refusal.message).not.toContain('correct-horse');
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'running', pid: before.pid, version: 'v1' });
  });

  it('names every file, line and name of plain files, and what is no file of the release', async () => {
    const { environment, blue, folder, release, settings } = fixture();
    const v1 = withFiles(release('v1'), { 'a.conf': `ok\n\${NOPE}\n\${}`, 'b.conf': `\${ALSO}` });
    writeFileSync(join(folder, 'outside'), 'secret');
    symlinkSync(join(folder, 'outside'), join(v1.folder, 'link'));
    const templates = ['a.conf', 'b.conf', 'link', 'none'];
    const refusal = await refusalOf(environment.start(blue, v1, { ...settings, templates }));
    expect(refusal.message).toBe(
      `blue of shop/production cannot start v1: a.conf:2: \${NOPE} is not known; a.conf:3: \${} is not known; b.conf:1: \${ALSO} is not known; link: is no plain file of the release; none: cannot be read (ENOENT)`,
    );
  });

  it('leaves nothing of an earlier start behind, and nothing when the slot is stopped', async () => {
    const { environment, blue, release, settings } = fixture();
    const asked = { ...settings, templates: ['a.hbs'] };
    await environment.start(blue, withFiles(release('v1'), { 'a.hbs': '{{APP_VERSION}}' }), asked);
    const first = await configOf(blue);
    await environment.start(blue, withFiles(release('v2'), { 'a.hbs': '{{APP_VERSION}}' }), asked);
    const second = await configOf(blue);
    expect(readFileSync(join(second, 'a'), 'utf8')).toBe('v2');
    expect(readdirSync(dirname(second))).toEqual([second.slice(dirname(second).length + 1)]);
    expect(first).not.toBe(second);
    await environment.stop(blue, settings.graceMs);
    expect(existsSync(dirname(second))).toBe(false);
  });
}

export function remembers(fixture: Fixture): void {
  it('knows what a slot was started with, by names and marks that show no value', async () => {
    const { environment, another, blue, green, folder, release, settings } = fixture();
    const [common, own] = [join(folder, 'common.conf'), join(folder, 'own.conf')];
    writeFileSync(common, 'A=alpha-value\nB=bravo-value\n');
    writeFileSync(own, 'B=another-value\n');
    const env = { ...settings.env, URL: `x://\${B}:\${APPLICATION_PORT}`, ME: `\${ENVIRONMENT_COLOR}` };
    const asked = { ...settings, env, envFiles: [common, own] };
    await environment.start(blue, release('v1'), asked);
    const seen = await another().inspect(blue);
    const startedWith = seen.kind === 'running' ? seen.startedWith : undefined;
    expect(startedWith).toMatchObject({ envFiles: [common, own] });
    expect(startedWith?.variables).toMatchObject({ A: { from: [common] }, B: { from: [own] }, URL: { from: [own] } });
    expect(JSON.stringify(startedWith)).not.toMatch(/alpha|bravo|another-value/);
    // Neither colour, port nor version makes a difference; a value does.
    expect(environment.preflight(green, release('v2'), asked)).toEqual(startedWith);
    writeFileSync(common, 'A=changed-value\nB=bravo-value\n');
    const now = environment.preflight(blue, release('v1'), asked);
    expect(now.variables.A?.mark).not.toBe(startedWith?.variables.A?.mark);
    expect(now.variables.B).toEqual(startedWith?.variables.B);
    expect(now.command).toBe(startedWith?.command);
    const otherwise = { ...asked, command: ['node', '--no-warnings', 'server.mjs'] as const };
    expect(environment.preflight(blue, release('v1'), otherwise).command).not.toBe(startedWith?.command);
  });
}
