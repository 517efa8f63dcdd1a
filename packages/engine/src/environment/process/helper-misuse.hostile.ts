// What the account of an engine could try with the one command that it may run as root, with the real sudo.

import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { processStat } from '../proc-fs.ts';
import {
  asGames,
  canTry,
  games,
  type HelpedMachine,
  helper,
  installHelper,
  list,
  nobody,
  slot,
} from './helper-fixture.ts';

let machine: HelpedMachine;
beforeAll(async () => {
  if (canTry) machine = await installHelper();
});
afterAll(() => {
  if (canTry) machine.remove();
});
afterEach(() => {
  if (canTry) machine.engine('stop', machine.place, 2_000);
});

describe.skipIf(!canTry)("what the engine's account may try (needs root, sudo and perl)", () => {
  const mark = '0123456789ab';
  const tried = (...words: readonly string[]) => asGames(['sudo', '-n', ...words], { input: 'A=1\0' });
  const start = (...words: readonly string[]) => tried(helper, 'start', slot, mark, '-', '-', '-', ...words);

  it.each([
    ['another command', ['/bin/sh', '-c', 'id'], /password is required|not allowed/],
    [
      'a slot that is not listed',
      [helper, 'start', 'shop.production.grey', mark, '-', '-', '-', '/', '/bin/id'],
      /no name of a slot/,
    ],
    ['a way out of the list', [helper, 'members', '../../etc.x.blue', mark], /no name of a slot/],
    [
      'a slot of root',
      [helper, 'start', 'shop.production.green', mark, '-', '-', '-', '/', '/bin/id'],
      /root, which no release runs as/,
    ],
    ['another mark', [helper, 'clear', slot, '../../../system'], /no mark/],
    [
      'a signal of its own',
      [helper, 'signal', slot, mark, 'STOP'],
      /expected start, members, signal, clear, run or give/,
    ],
    ['a verb of its own', [helper, 'exec', slot, mark], /expected start/],
    ['a limit with a path', [helper, 'start', slot, mark, '../x', '-', '-', '/', '/bin/id'], /a limit is a number/],
    ['nothing', [helper], /expected start/],
    [
      'a command as root',
      [helper, 'run', 'shop.production.green', '1000', '/', '/bin/id'],
      /root, which no release runs as/,
    ],
    ['a command without a limit', [helper, 'run', slot, '-', '/', '/bin/id'], /a limit is a number/],
    ['a command in some folder', [helper, 'run', slot, '1000', '.', '/bin/id'], /named by its whole path/],
    ['a gift by a path', [helper, 'give', slot, '/etc/passwd'], /no mark/],
    ['a gift to root', [helper, 'give', 'shop.production.green'], /root, which no release runs as/],
    [
      'variables for it',
      ['PERL5OPT=-Mevil', 'LD_PRELOAD=/tmp/x.so', helper, 'members', slot, mark],
      /not allowed to set/,
    ],
  ])('%s is refused', (_, words, sentence) => {
    const { status, stderr } = tried(...words);
    expect(stderr).toMatch(sentence);
    expect(status).not.toBe(0);
  });

  it.each([
    ['a folder elsewhere', () => ['/etc', '/bin/id'], /not within/],
    ['a way out of the folder', () => [`${machine.folder}/releases/../state`, '/bin/id'], /not within/],
    ['a program by its name', () => [`${machine.folder}/releases`, 'id'], /by its whole path/],
  ])('%s is refused', (_, words, sentence) => {
    const { status, stderr } = start(...words());
    expect(stderr).toMatch(sentence);
    expect(status).not.toBe(0);
  });

  it('whatever it starts is of the listed account, and its variables reach nothing that is root', () => {
    const seen = asGames(
      [
        'sudo',
        '-n',
        helper,
        'start',
        slot,
        mark,
        '-',
        '-',
        '-',
        `${machine.folder}/releases`,
        '/bin/sh',
        '-c',
        'id -u; echo "$LD_PRELOAD $PERL5OPT"',
      ],
      {
        input: 'LD_PRELOAD=/no/such.so\0PERL5OPT=-Mevil\0',
      },
    );
    expect(seen.stdout).toBe(`${nobody}\n/no/such.so -Mevil\n`);
    expect(tried(helper, 'clear', slot, mark).status).toBe(0);
  });

  it('gives away no file of others that it has open as its output', () => {
    const before = statSync('/etc/passwd');
    const script = `exec sudo -n ${helper} start ${slot} ${mark} - - - ${machine.folder}/releases /bin/true 1</etc/passwd </dev/null`;
    asGames(['/bin/sh', '-c', script]);
    expect(statSync('/etc/passwd')).toMatchObject({ uid: before.uid, gid: before.gid, mode: before.mode });
    tried(helper, 'clear', slot, mark);
  });

  it('a command through it is of the listed account, and nothing that it started is left', () => {
    const script = 'id -u; echo "$A"; setsid sleep 600 >/dev/null 2>&1 & echo $!';
    const { stdout, status } = tried(helper, 'run', slot, '20000', '/', '/bin/sh', '-c', script);
    const [uid, variable, pid] = stdout.trim().split('\n');
    expect([status, uid, variable]).toEqual([0, String(nobody), '1']);
    expect(processStat(Number(pid))?.zombie ?? true).toBe(true);
    const over = tried(
      helper,
      'run',
      slot,
      '300',
      '/',
      '/bin/sh',
      '-c',
      'echo $$; trap "" TERM; while :; do sleep 9; done',
    );
    expect(over).toMatchObject({ status: 124, stderr: expect.stringContaining('ended after 300 ms') });
    expect(processStat(Number(over.stdout))?.zombie ?? true).toBe(true);
    expect(readdirSync('/sys/fs/cgroup/pids/bluegreen').filter((name) => name.startsWith(`run.${slot}`))).toEqual([]);
  });

  it('gives what the caller owns and has open, and nothing else', () => {
    const give = (path: string) => asGames(['/bin/sh', '-c', `exec sudo -n ${helper} give ${slot} <"$1"`, 'sh', path]);
    const own = join(machine.folder, 'own');
    const made = (act: () => void) => {
      rmSync(own, { recursive: true, force: true });
      act();
      lchownSync(own, games, 60);
      return give(own);
    };
    const secret = join(machine.folder, 'of-root');
    writeFileSync(secret, '', { mode: 0o644 });
    for (const refused of [
      give('/etc/passwd'),
      give('/etc'),
      give('/dev/null'),
      made(() => symlinkSync(secret, own)),
      made(() => {
        writeFileSync(own, '');
        linkSync(own, join(machine.folder, 'its-other-name'));
      }),
      asGames(['/bin/sh', '-c', `echo | sudo -n ${helper} give ${slot}`]),
    ])
      expect(refused.status).not.toBe(0);
    expect(statSync(secret)).toMatchObject({ uid: 0, gid: 0 });
    expect(made(() => writeFileSync(own, '', { mode: 0o4755 })).status).toBe(0);
    expect(statSync(own)).toMatchObject({ uid: nobody, mode: 0o100600 });
    expect(made(() => mkdirSync(own)).status).toBe(0);
    expect(statSync(own)).toMatchObject({ uid: games, gid: nobody });
  });

  it.each([
    ['others may write', () => chmodSync(list, 0o646), () => chmodSync(list, 0o644)],
    ['is of another account', () => chownSync(list, games, 60), () => chownSync(list, 0, 0)],
  ])('a list that %s is not read', (_, spoil, mend) => {
    spoil();
    expect(tried(helper, 'members', slot, mark).stderr).toContain('must be a file of root that nobody else may write');
    mend();
    expect(tried(helper, 'members', slot, mark).status).toBe(0);
  });
});
