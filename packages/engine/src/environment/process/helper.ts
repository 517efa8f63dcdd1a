// An engine that is not root starts slots under separate accounts through one command, which sudo allows (see
// deploy/helper). The command's own list names the slots that it knows.

import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { helperArgv, helperEnv, helperInput, helperList, listedSlots } from '../../lib/account-helper.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { run } from '../../lib/exec.ts';
import type { Variables } from '../env-files.ts';
import { describePlace, type InstanceKey, type LaunchSettings, type ReleaseFiles } from '../environment.ts';
import { dottedName } from '../recorded-instances.ts';
import type { Room } from './room.ts';

export interface SlotHelper {
  /** As the helper's list names it. */
  readonly name: string;
  /** The account that its list names for the slot, and the folder below which releases are. */
  readonly user: string;
  readonly group: string | undefined;
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

const limitMs = 20_000;

/** Undefined for root, which needs none, and for a slot that the helper's file does not name. */
export function helperFor({ mark }: Pick<Room, 'mark'>, place: InstanceKey): SlotHelper | undefined {
  if (process.getuid?.() === 0) return undefined;
  const name = dottedName(place);
  const listed = listedSlots().find((slot) => slot.name === name);
  if (listed === undefined) return undefined;
  const ask = async (...words: readonly string[]) => {
    const { stdout } = await run({ argv: helperArgv(...words), env: helperEnv, timeoutMs: limitMs });
    return (stdout.match(/\d+/g) ?? []).map(Number);
  };
  return {
    ...listed,
    argv: ({ quota, folder, program, words }) =>
      helperArgv('start', name, mark, ...limitsOf(quota), folder, program, ...words),
    members: () => ask('members', name, mark),
    signal: async (signal) => void (await ask('signal', name, mark, signal.slice(3))),
    clear: () => ask('clear', name, mark),
  };
}

function limitsOf(quota: LaunchSettings['quota']): readonly string[] {
  const { memoryBytes, pids, cpus } = quota ?? {};
  return [memoryBytes, pids, cpus === undefined ? undefined : cpus * 1000].map((limit) =>
    limit === undefined ? '-' : String(Math.max(1, Math.floor(limit))),
  );
}

/** Checks what the helper would refuse, before anything is stopped. @throws BlueGreenError `account-refused` */
export function requireHelped(
  place: InstanceKey,
  { user, group, releases }: SlotHelper,
  { release, settings: { account } }: { readonly release: ReleaseFiles; readonly settings: LaunchSettings },
): void {
  const refuse = (why: string) => refusal(place, why);
  if (account?.user !== user)
    throw refuse(`${helperList} names the account ${user} for it, and the configuration ${account?.user ?? 'none'}`);
  if (account.group !== group)
    throw refuse(
      `${helperList} names ${group ? `the group ${group}` : 'no group'} for it, and the configuration ${account.group ?? 'none'}`,
    );
  if (!`${real(release.folder)}/`.startsWith(`${real(releases)}/`))
    throw refuse(`${release.folder} is not within ${releases}, which ${helperList} names for it`);
}

const real = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

/** Whether sudo lets this account run it. @throws BlueGreenError `account-refused` */
export async function requireHelper(place: InstanceKey, helper: SlotHelper | undefined): Promise<void> {
  try {
    await helper?.members();
  } catch (thrown) {
    throw refusal(place, `the helper cannot be run: ${messageOf(thrown)}; docs/accounts.md says how it is installed`);
  }
}

const refusal = (place: InstanceKey, why: string): BlueGreenError =>
  new BlueGreenError('account-refused', `${describePlace(place)} cannot start: ${why}`);

/**
 * The descriptor of a file without a name, so that the text is in no argument and does not stay on the disk; a file
 * that a killed process leaves is cleared with the other half-written files. The caller closes it.
 */
function environmentInput({ stateFolder }: Pick<Room, 'stateFolder'>, env: Variables): number {
  const file = join(stateFolder, `environment.${randomBytes(4).toString('hex')}.tmp`);
  try {
    writeFileSync(file, helperInput(env), { mode: 0o600, flag: 'wx' });
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
  return { argv: helper.argv(start), env: helperEnv, input, close: () => closeSync(input) };
}
