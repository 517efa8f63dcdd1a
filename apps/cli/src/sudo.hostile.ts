// The service account's command line behind the real sudo: who typed it is known, and no variable makes it another. Needs root
// and sudo, and puts its own rule into /etc/sudoers.d while it runs.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const canTry = process.getuid?.() === 0 && existsSync('/usr/bin/sudo') && existsSync('/usr/bin/setpriv');
const rule = `/etc/sudoers.d/bluegreen-test-${process.pid}`;
const asked = `import(${JSON.stringify(join(import.meta.dirname, 'actor.ts'))}).then(({ operatingSystemUser }) => console.log(operatingSystemUser(process.env.SUDO_USER)))`;

beforeAll(() => {
  if (canTry) writeFileSync(rule, 'nobody ALL=(daemon) NOPASSWD: ALL\n', { mode: 0o440 });
});
afterAll(() => rmSync(rule, { force: true }));

/** `nobody` types it; `daemon` is the service account. */
function typed(...words: readonly string[]): string {
  const asUnprivileged = ['--reuid=nobody', '--regid=nogroup', '--clear-groups', ...words];
  return execFileSync('/usr/bin/setpriv', asUnprivileged, { encoding: 'utf8', cwd: '/', stdio: 'pipe' }).trim();
}

const command = [process.execPath, '-e', asked] as const;
const line = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');

describe.skipIf(!canTry)('a command line behind sudo (needs root and sudo)', () => {
  it('is of the person who typed it', () => {
    expect(typed('sudo', '-n', '-u', 'daemon', ...command)).toBe('nobody');
  });

  it('is of the person who opened the shell', () => {
    expect(typed('sudo', '-n', '-u', 'daemon', '/bin/sh', '-c', `${line}; true`)).toBe('nobody');
  });

  it('is of no other user, whatever the variables say', () => {
    const lie = ['env', 'SUDO_USER=alice', 'SUDO_UID=0', 'USER=alice', 'LOGNAME=alice'];
    expect(typed('sudo', '-n', '-u', 'daemon', ...lie, ...command)).toBe('nobody');
    const alone = spawnSync(
      '/usr/bin/setpriv',
      ['--reuid=daemon', '--regid=daemon', '--clear-groups', ...lie, ...command],
      {
        encoding: 'utf8',
        cwd: '/',
      },
    );
    expect(alone.stdout.trim()).toBe('daemon');
  });

  it('is of no person where a service that was started that way runs it in a session apart', () => {
    const output = typed(
      'sudo',
      '-n',
      '-u',
      'daemon',
      '/bin/sh',
      '-c',
      `setsid -w /bin/sh -c "${line.replaceAll('"', '\\"')}; true"`,
    );
    expect(output).toBe('daemon');
  });
});
