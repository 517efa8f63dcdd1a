// Limits of a slot with control groups of version 2, and without any. The tree of version 2 is the kernel's own, the
// only one in a mount namespace; if version 1 has the controllers, this tree groups processes and limits nothing.

import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { limitsNotes } from '../../config/process/notes.ts';
import { reserveBytes, withLimits } from '../../lib/process-limits.ts';

const lib = (name: string): string => JSON.stringify(join(import.meta.dirname, `../../lib/${name}.ts`));
const alone = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c'] as const;
const showVersion2 = 'mount -t cgroup2 none /sys/fs/cgroup';
const canShow = process.getuid?.() === 0 && spawnSync(alone[0], [...alone.slice(1), showVersion2]).status === 0;

/** What the script prints in a separate namespace, whose /sys/fs/cgroup `show` has changed. */
function within(show: string, script: string): Record<string, unknown> {
  const argv = [...alone.slice(1), `${show} && exec "$0" -e "$1"`, process.execPath, script];
  return JSON.parse(execFileSync(alone[0], argv, { encoding: 'utf8', timeout: 60_000 }));
}

const groups = `
import(${lib('control-group')}).then(async ({ endGroup, inGroup, makeGroup, missingHere }) => {
  const { readFileSync, existsSync } = await import('node:fs');
  const { spawn } = await import('node:child_process');
  const { systemClock } = await import(${lib('clock')});
  const limits = { memoryBytes: 64 << 20, pids: 20, cpus: 0.5 };
  const name = 'test-' + process.pid;
  const group = makeGroup(name, limits);
  // It leaves its process group, and its parent ends.
  const [file, ...args] = inGroup(['sh', '-c', 'setsid sleep 600 & exec sleep 0.2'], group);
  const child = spawn(file, args, { detached: true, stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  const members = group.folders.flatMap((folder) => readFileSync(folder + '/cgroup.procs', 'utf8').match(/\\d+/g) ?? []);
  const left = await endGroup(name, systemClock);
  console.log(JSON.stringify({
    folders: group.folders.length, missing: group.missing.map(({ part }) => part), expected: missingHere(limits), members: members.length, left,
    gone: group.folders.every((folder) => !existsSync(folder)),
    alive: members.filter((pid) => { try { return !readFileSync('/proc/' + pid + '/stat', 'utf8').includes(') Z '); } catch { return false; } }),
  }));
});
`;

describe.skipIf(!canShow)('a group of version 2 (needs root and unshare)', () => {
  it('holds what left its process group, ends all at once and is removed; what it cannot limit is reported before', () => {
    const seen = within(showVersion2, groups);
    expect(seen).toMatchObject({ folders: 1, members: 1, left: [], gone: true, alive: [] });
    expect(seen.missing).toEqual(seen.expected);
  });
});

/** A folder in the place of the tree, whose controllers this kernel has in version 1: plain files take what is written. */
const standIn = [
  'mount -t tmpfs none /sys/fs/cgroup',
  'cd /sys/fs/cgroup',
  'mkdir -p bluegreen/shop',
  'echo cpu memory pids >cgroup.controllers',
  'touch cgroup.procs cgroup.subtree_control bluegreen/cgroup.subtree_control',
  'cd bluegreen/shop',
  'touch cgroup.procs cgroup.kill memory.max pids.max cpu.max',
].join(' && ');

const limited = `
import(${lib('control-group')}).then(async ({ inGroup, makeGroup, missingHere }) => {
  const { readFileSync, writeFileSync } = await import('node:fs');
  const { execFileSync } = await import('node:child_process');
  const root = '/sys/fs/cgroup/';
  const levels = ['cgroup.subtree_control', 'bluegreen/cgroup.subtree_control'];
  const made = [['memoryBytes', 64 << 20, 'memory.max'], ['pids', 20, 'pids.max'], ['cpus', 0.5, 'cpu.max']].map(([part, limit, file]) => {
    for (const level of levels) writeFileSync(root + level, '');
    const group = makeGroup('shop', { [part]: limit });
    return [group.missing.length, ...[...levels, 'bluegreen/shop/' + file].map((each) => readFileSync(root + each, 'utf8'))];
  });
  const [file, ...args] = inGroup(['sh', '-c', 'echo $$'], makeGroup('shop', {}));
  const pid = execFileSync(file, args, { encoding: 'utf8' });
  const entered = readFileSync(root + 'bluegreen/shop/cgroup.procs', 'utf8') === pid;
  console.log(JSON.stringify({ made, entered, missing: missingHere({ memoryBytes: 1, pids: 1, cpus: 1 }) }));
});
`;

describe.skipIf(!canShow)(
  'limits of version 2, on a folder that stands in for the tree (needs root and unshare)',
  () => {
    it('are allowed to the levels above, written into the files of the group, and the program enters it', () => {
      expect(within(standIn, limited)).toEqual({
        made: [
          [0, '+memory', '+memory', String(64 << 20)],
          [0, '+pids', '+pids', '20'],
          [0, '+cpu', '+cpu', '50000 100000'],
        ],
        entered: true,
        missing: [],
      });
    });
  },
);

describe.skipIf(!canShow)('a machine without control groups (needs root and unshare)', () => {
  const none = 'mount -t tmpfs none /sys/fs/cgroup';

  it('makes none, and says so before', () => {
    const seen = within(none, groups);
    expect(seen).toMatchObject({ folders: 0, missing: ['memoryBytes', 'pids', 'cpus'], members: 0, left: [] });
    expect(seen.expected).toEqual(['memoryBytes', 'pids', 'cpus']);
  });
});

describe('limits of single processes', () => {
  it('keep a process from more memory and the account from more processes', () => {
    const argv = withLimits(['sh', '-c', 'grep -E "Max (data size|processes)" /proc/self/limits'], {
      memoryBytes: 100 << 20,
      pids: 4_000,
    });
    const [program, ...words] = argv;
    const limits = execFileSync(program, words, { encoding: 'utf8' });
    expect(limits).toMatch(new RegExp(`Max data size +${(100 << 20) + reserveBytes} +`));
    expect(limits).toMatch(/Max processes +4000 +4000 /);
  });

  it('let Node start, and refuse it what goes beyond', () => {
    const greedy =
      'try { const all = []; for (;;) all.push(Buffer.alloc(16 << 20, 1)); } catch { console.log("refused"); }';
    const [program, ...words] = withLimits([process.execPath, '-e', greedy], { memoryBytes: 200 << 20 });
    const { stdout, status, signal } = spawnSync(program, words, { encoding: 'utf8', timeout: 60_000 });
    // V8 says so, or ends the process, which it may do as well.
    expect(stdout.includes('refused') || (status !== 0 && signal !== 'SIGKILL')).toBe(true);
  });

  it('are left out where nothing is limited', () => {
    expect(withLimits(['true'], {})).toEqual(['true']);
  });

  it('are said in the plan, with what they mean', () => {
    const slots = { blue: { port: 1, envFiles: [] }, green: { port: 2, envFiles: [], account: { user: 'shop' } } };
    const target = { quota: { memoryBytes: 1, pids: 1, cpus: 1 }, slots };
    expect(limitsNotes(target, 'green', [])).toEqual([]);
    expect(limitsNotes(target, 'green', ['memoryBytes', 'pids', 'cpus'])).toEqual([
      expect.stringContaining('quota.memory limits each process separately'),
      expect.stringContaining('for both slots together, as twice the number for the account shop'),
      'quota.cpu is not enforced: no control group can be made here',
    ]);
    expect(limitsNotes(target, 'blue', ['pids'])[0]).toContain('quota.pids is not enforced');
  });
});
