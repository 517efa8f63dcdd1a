// An engine that is not root starts slots under separate accounts through one command, which sudo allows (see
// deploy/helper). The command's own file names the slots that it knows; the engine asks it for nothing else.

import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SlotKey } from '../../domain/target.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { run } from '../../lib/exec.ts';
import type { Variables } from '../env-files.ts';
import { describePlace, type LaunchSettings, type ReleaseFiles } from '../environment.ts';
import type { Room } from './room.ts';

export interface SlotHelper {
  /** The account that its file names for the slot, and the folder below which releases are. */
  readonly user: string;
  readonly releases: string;
  /** The command that becomes the program, which reads its environment from `input`. */
  argv(start: HelperStart): readonly [string, ...string[]];
  /** Processes of the slot, even where they changed their group or environment. */
  members(): Promise<readonly number[]>;
  signal(name: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Ends what is left. @returns what does not end */
  clear(): Promise<readonly number[]>;
}

interface HelperStart {
  readonly quota: LaunchSettings['quota'];
  readonly folder: string;
  /** The whole path. */
  readonly program: string;
  readonly words: readonly string[];
}

const helper = '/usr/local/sbin/bluegreen-slot';
const list = '/etc/bluegreen/slots.conf';
const limitMs = 20_000;
const path = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Undefined for root, which needs none, and for a slot that the helper's file does not name. */
export function helperFor({ mark }: Pick<Room, 'mark'>, { service, target, slot }: SlotKey): SlotHelper | undefined {
  if (process.getuid?.() === 0) return undefined;
  const name = `${service}.${target}.${slot}`;
  const [, user, releases] = lineOf(name) ?? [];
  if (user === undefined || releases === undefined) return undefined;
  const command = (...words: readonly string[]) => ['sudo', '-n', helper, ...words] as const;
  const ask = async (...words: readonly string[]) => {
    const { stdout } = await run({ argv: command(...words), env: { PATH: path }, timeoutMs: limitMs });
    return (stdout.match(/\d+/g) ?? []).map(Number);
  };
  return {
    user,
    releases,
    argv: ({ quota, folder, program, words }) =>
      command('start', name, mark, ...limitsOf(quota), folder, program, ...words),
    members: () => ask('members', name, mark),
    signal: async (signal) => void (await ask('signal', name, mark, signal.slice(3))),
    clear: () => ask('clear', name, mark),
  };
}

/** Parses the list as the helper does; the helper checks it again. */
function lineOf(name: string): readonly string[] | undefined {
  try {
    const lines = readFileSync(list, 'utf8').split('\n');
    return lines.map((line) => line.trim().split(/\s+/)).find(([slot]) => slot === name);
  } catch {
    return undefined;
  }
}

function limitsOf(quota: LaunchSettings['quota']): readonly string[] {
  const { memoryBytes, pids, cpus } = quota ?? {};
  return [memoryBytes, pids, cpus === undefined ? undefined : cpus * 1000].map((limit) =>
    limit === undefined ? '-' : String(Math.max(1, Math.floor(limit))),
  );
}

/** Checks what the helper would refuse, before anything is stopped. @throws BlueGreenError `account-refused` */
export function requireHelped(
  place: SlotKey,
  { user, releases }: SlotHelper,
  { release, settings: { account, templates } }: { readonly release: ReleaseFiles; readonly settings: LaunchSettings },
): void {
  const refuse = (why: string) => refusal(place, why);
  if (account?.user !== user)
    throw refuse(`${list} names the account ${user} for it, and the configuration ${account?.user ?? 'none'}`);
  if (account.group !== undefined) throw refuse('a group beside the user needs an engine that is root');
  if (templates.length > 0)
    throw refuse('templates with a user need an engine that is root, which gives the account its files');
  if (!`${real(release.folder)}/`.startsWith(`${real(releases)}/`))
    throw refuse(`${release.folder} is not within ${releases}, which ${list} names for it`);
}

const real = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

/** Whether sudo lets this account run it. @throws BlueGreenError `account-refused` */
export async function requireHelper(place: SlotKey, helper: SlotHelper | undefined): Promise<void> {
  try {
    await helper?.members();
  } catch (thrown) {
    throw refusal(place, `the helper cannot be run: ${messageOf(thrown)}; docs/accounts.md says how it is installed`);
  }
}

const refusal = (place: SlotKey, why: string): BlueGreenError =>
  new BlueGreenError('account-refused', `${describePlace(place)} cannot start: ${why}`);

/**
 * The descriptor of a file without a name, so that the text is in no argument and does not stay on the disk; a file
 * that a killed process leaves is cleared with the other half-written files. The caller closes it.
 */
function environmentInput({ stateFolder }: Pick<Room, 'stateFolder'>, env: Variables): number {
  const file = join(stateFolder, `environment.${randomBytes(4).toString('hex')}.tmp`);
  const entries = Object.entries(env).map(([name, value]) => `${name}=${value}\0`);
  try {
    writeFileSync(file, entries.join(''), { mode: 0o600, flag: 'wx' });
    return openSync(file, 'r');
  } finally {
    rmSync(file, { force: true });
  }
}

interface Helped {
  readonly helper: SlotHelper;
  readonly start: HelperStart;
  readonly env: Variables;
}

/** How a process begins that becomes the program and passes the environment on. Call `close` when it has begun. */
export function helpedStart(room: Pick<Room, 'stateFolder'>, { helper, start, env }: Helped) {
  const input = environmentInput(room, env);
  return { argv: helper.argv(start), env: { PATH: path }, input, close: () => closeSync(input) };
}
