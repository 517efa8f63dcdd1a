import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { checkManifest, RESERVED_COMMANDS } from '../../../../tools/simulator/manifest.ts';
import { commandTable } from '../commands/table.ts';
import { buildManifest, registeredWord, reservedWords } from './manifest.ts';

const script = fileURLToPath(new URL('./manifest-main.ts', import.meta.url));
const run = promisify(execFile);

test('a manifest for HTTP and one for Socket Mode are both accepted, and never name /status', () => {
  for (const options of [{ url: 'https://deploy.example.com' }, { socketMode: true }]) {
    const manifest = buildManifest(options);
    expect(checkManifest(manifest)).toBe(manifest);
    expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual([
      '/deploy',
      '/switch',
      '/rollback',
      '/deploy-status',
    ]);
  }
});

test('every command reaches the one endpoint, and Socket Mode names no address at all', () => {
  const manifest = buildManifest({ url: 'https://deploy.example.com/somewhere' });
  const addresses = manifest.features.slash_commands.map((command) => 'url' in command && command.url);
  expect(new Set(addresses)).toEqual(new Set(['https://deploy.example.com/slack/events']));
  expect(JSON.stringify(buildManifest({ socketMode: true }))).not.toContain('http');
});

test('the limits that Slack publishes are not exceeded', () => {
  const { display_information, features } = buildManifest({ socketMode: true });
  expect(display_information.name.length).toBeLessThanOrEqual(35);
  expect(features.bot_user.display_name).toMatch(/^[a-z0-9._-]{1,80}$/);
  expect(features.app_home.messages_tab_enabled).toBe(true);
  for (const { command, description, usage_hint } of features.slash_commands) {
    expect(command).toMatch(/^\/[a-z0-9_-]{1,31}$/);
    expect(description.length).toBeLessThanOrEqual(2000);
    expect(usage_hint.length).toBeLessThanOrEqual(1000);
  }
});

test('a prefix moves every command, and a reserved word is never registered', () => {
  const words = { deploy: 'bg-deploy', switch: 'bg-switch', rollback: 'bg-rollback', status: 'bg-status' };
  expect(registeredWord('status', words)).toBe('/bg-status');
  expect(registeredWord('status')).toBe('/deploy-status');
  expect([...RESERVED_COMMANDS].sort()).toEqual([...reservedWords].map((word) => `/${word}`).sort());
  for (const { key } of commandTable) expect(RESERVED_COMMANDS.has(registeredWord(key))).toBe(false);
});

test('the script prints JSON for --url and --socket, and says what is missing otherwise', async () => {
  const { stdout } = await run(process.execPath, [script, '--url', 'https://deploy.example.com']);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(buildManifest({ url: 'https://deploy.example.com' }))));
  const failed = await run(process.execPath, [script]).then(
    () => undefined,
    (thrown: { code: number; stderr: string }) => thrown,
  );
  expect(failed?.code).toBe(2);
  expect(failed?.stderr).toContain('--url https://');
  await expect(run(process.execPath, [script, '--url', 'http://deploy.example.com'])).rejects.toMatchObject({
    code: 2,
  });
});
