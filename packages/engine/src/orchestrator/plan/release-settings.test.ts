import { describe, expect, it } from 'vitest';
import type { ReleaseManifest } from '../../config/release-manifest/release-manifest.ts';
import type { SmokeTest } from '../../config/settings.ts';
import { merged } from './release-settings.ts';

const test = (name: string, path: string): SmokeTest => ({
  name,
  method: 'GET',
  path,
  headers: {},
  body: undefined,
  timeoutMs: 1_000,
  expect: { status: 200, json: {}, text: [] },
});

const settings = {
  command: ['node', 'server.mjs'] as const,
  requiredEnv: ['DATABASE_URL'],
  smokeTests: [test('front page', '/'), test('products', '/api/products')],
};

const says = (more: Partial<ReleaseManifest>): ReleaseManifest => ({
  command: undefined,
  requiredEnv: [],
  envFormats: [],
  smokeTests: [],
  notes: undefined,
  risk: 'normal',
  templates: [],
  reads: undefined,
  writes: undefined,
  statements: undefined,
  smoke: undefined,
  ...more,
});

describe('the settings of the configuration and those of a release', () => {
  it('is only the configuration where the release sets nothing', () => {
    for (const manifest of [undefined, says({})])
      expect(merged(settings, manifest)).toMatchObject({ ...settings, commandFrom: 'configuration', warnings: [] });
  });

  it('lets the release set its command, and add variables and smoke tests', () => {
    const own = {
      command: ['./shop'] as const,
      requiredEnv: ['DATABASE_URL', 'KEY'],
      smokeTests: [test('own', '/own')],
    };
    expect(merged(settings, says(own))).toMatchObject({
      command: ['./shop'],
      commandFrom: 'release',
      requiredEnv: ['DATABASE_URL', 'KEY'],
      smokeTests: [{ name: 'front page' }, { name: 'products' }, { name: 'own' }],
    });
  });

  it('lets no release soften a smoke test that all must pass, and warns about it', () => {
    const { smokeTests, warnings } = merged(settings, says({ smokeTests: [test('front page', '/always-fine')] }));
    expect(smokeTests).toEqual(settings.smokeTests);
    expect(warnings.join()).toContain('"front page"');
  });

  it('is warned of for a command that only a shell understands', () => {
    const { warnings } = merged(settings, says({ command: ['gunicorn', '-b', '0.0.0.0:$PORT'] }));
    expect(warnings).toEqual([
      expect.stringContaining('command[2] of bluegreen.release.yaml holds $PORT, which no shell fills in'),
    ]);
    expect(merged(settings, says({ command: ['sh', '-c', 'exec gunicorn -b "0.0.0.0:$PORT"'] })).warnings).toEqual([]);
  });
});
